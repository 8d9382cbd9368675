#include <algorithm>
#include <cstring>

#include "fsst.h"

namespace varve::columnar {
namespace {

struct Symbol {
  uint64_t word = 0;
  unsigned length = 0;
};

uint64_t mask_of(unsigned length) { return length >= 8 ? ~0ULL : (1ULL << (8 * length)) - 1; }

uint64_t load_front(const char* p, size_t available) {
  uint64_t word = 0;
  std::memcpy(&word, p, std::min<size_t>(available, 8));
  return word;
}

size_t hash_of(uint64_t word) { return (word & 0xFFFFFF) * 2971215073ULL >> 15 & 2047; }

}  // namespace

// Finds the longest symbol that a text begins with: those of three bytes and more by a hash of the first
// three, one to a slot; the shorter ones by an array over the first two.
struct FsstEncoder::Matcher {
  struct Long {
    uint64_t word = 0;
    uint8_t length = 0;  // 0: empty slot
    uint8_t code = 0;
  };
  struct Short {
    uint8_t code = kEscape;
    uint8_t length = 0;  // 0: no symbol begins so
  };
  std::array<Long, 2048> longs{};
  std::array<Short, 65536> shorts{};
  std::array<Short, 256> singles{};

  // A slot holds one long symbol: false if it is taken.
  bool add(const Symbol& symbol, uint8_t code) {
    if (symbol.length >= 3) {
      Long& slot = longs[hash_of(symbol.word)];
      if (slot.length != 0) return false;
      slot = {symbol.word, static_cast<uint8_t>(symbol.length), code};
    } else if (symbol.length == 2) {
      shorts[symbol.word] = {code, 2};
    } else {
      singles[symbol.word] = {code, 1};
      for (size_t high = 0; high < 256; ++high) {
        Short& slot = shorts[symbol.word | high << 8];
        if (slot.length < 2) slot = {code, 1};
      }
    }
    return true;
  }

  // Length 0 if no symbol fits.
  Short find(uint64_t word, size_t available) const {
    const Long& slot = longs[hash_of(word)];
    if (slot.length != 0 && slot.length <= available && (word & mask_of(slot.length)) == slot.word) {
      return {slot.code, slot.length};
    }
    return available >= 2 ? shorts[word & 0xFFFF] : singles[word & 0xFF];
  }
};

FsstEncoder::FsstEncoder(const SymbolTable& table) : matcher_(std::make_unique<Matcher>()) {
  for (unsigned i = 0; i < table.count(); ++i) {
    // Where two want the same slot the first stays; the other is then never used.
    (void)matcher_->add({table.word(i), table.length(i)}, static_cast<uint8_t>(i));
  }
}
FsstEncoder::~FsstEncoder() = default;
FsstEncoder::FsstEncoder(FsstEncoder&&) noexcept = default;
FsstEncoder& FsstEncoder::operator=(FsstEncoder&&) noexcept = default;

void FsstEncoder::encode(std::string_view s, Bytes& out) const {
  size_t at = out.size();
  out.resize(at + 2 * s.size());
  uint8_t* to = out.data() + at;
  for (size_t i = 0; i < s.size();) {
    size_t available = s.size() - i;
    uint64_t word = available >= 8 ? load_raw<uint64_t>(s.data() + i) : load_front(s.data() + i, available);
    Matcher::Short found = matcher_->find(word, available);
    *to++ = found.code;
    if (found.length == 0) *to++ = static_cast<uint8_t>(s[i++]);
    i += found.length;
  }
  out.resize(static_cast<size_t>(to - out.data()));
}

namespace {

constexpr size_t kSampleBytes = 16384;
constexpr int kGenerations = 5;

// Pieces of the strings, evenly from all of them.
std::vector<std::string_view> sample_strings(std::span<const std::string_view> strings) {
  size_t total = 0;
  for (std::string_view s : strings) total += s.size();
  size_t stride = std::max<size_t>(1, total / kSampleBytes);
  std::vector<std::string_view> sample;
  constexpr size_t kPiece = 512;
  size_t taken = 0;
  for (size_t i = 0; i < strings.size() && taken < 2 * kSampleBytes; i += stride) {
    std::string_view s = strings[i];
    if (s.size() > kPiece) s = s.substr((i * 7919) % (s.size() - kPiece), kPiece);
    sample.push_back(s);
    taken += s.size();
  }
  return sample;
}

// A trial table: codes 0 … 255 are the bytes themselves, from 256 on the symbols.
class Trial {
 public:
  static constexpr unsigned kCodes = 512;

  Trial() : matcher_(kBuckets), pairs_(kCodes * kCodes) {}

  void reset(const std::vector<Symbol>& symbols) {
    symbols_ = symbols;
    for (auto& bucket : matcher_) bucket.clear();
    for (size_t i = 0; i < symbols_.size(); ++i)
      matcher_[symbols_[i].word & 0xFF].push_back(static_cast<uint16_t>(i));
    for (auto& bucket : matcher_) {
      std::stable_sort(bucket.begin(), bucket.end(),
                       [&](uint16_t a, uint16_t b) { return symbols_[a].length > symbols_[b].length; });
    }
    std::fill(singles_.begin(), singles_.end(), 0);
    std::fill(pairs_.begin(), pairs_.end(), 0);
  }

  void count(std::string_view s) {
    unsigned previous = kCodes;
    for (size_t i = 0; i < s.size();) {
      unsigned code = match(s.substr(i));
      ++singles_[code];
      if (previous != kCodes) ++pairs_[previous * kCodes + code];
      // A symbol's first byte counts too, so that a table can shrink again.
      if (code >= 256) ++singles_[static_cast<uint8_t>(s[i])];
      previous = code;
      i += symbol(code).length;
    }
  }

  // The best symbols of what was counted, most useful first.
  std::vector<Symbol> best() const {
    std::vector<Candidate> candidates;
    for (unsigned a = 0; a < kCodes; ++a) {
      if (singles_[a] == 0) continue;
      Symbol first = symbol(a);
      // A single byte saves its escape; counted more, else it loses against anything longer.
      candidates.push_back({first, singles_[a] * (first.length == 1 ? 8ULL : first.length)});
      for (unsigned b = 0; b < kCodes && first.length < 8; ++b) {
        uint32_t times = pairs_[a * kCodes + b];
        if (times < 2) continue;
        Symbol second = symbol(b);
        Symbol both{first.word | second.word << (8 * first.length),
                    std::min(8u, first.length + second.length)};
        candidates.push_back({both, static_cast<uint64_t>(times) * both.length});
      }
    }
    return choose(std::move(candidates));
  }

 private:
  static constexpr size_t kBuckets = 256;
  struct Candidate {
    Symbol symbol;
    uint64_t gain;
  };

  static std::vector<Symbol> choose(std::vector<Candidate> candidates) {
    auto same = [](const Symbol& a, const Symbol& b) { return a.word == b.word && a.length == b.length; };
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return a.symbol.word != b.symbol.word ? a.symbol.word < b.symbol.word
                                            : a.symbol.length < b.symbol.length;
    });
    size_t kept = 0;
    for (const Candidate& c : candidates) {
      if (kept > 0 && same(candidates[kept - 1].symbol, c.symbol))
        candidates[kept - 1].gain += c.gain;
      else
        candidates[kept++] = c;
    }
    candidates.resize(kept);
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
    std::vector<Symbol> chosen;
    std::array<bool, 2048> taken{};  // as FsstEncoder's slots
    for (const Candidate& c : candidates) {
      if (chosen.size() == kMaxSymbols) break;
      if (c.symbol.length >= 3) {
        bool& slot = taken[hash_of(c.symbol.word)];
        if (slot) continue;
        slot = true;
      }
      chosen.push_back(c.symbol);
    }
    return chosen;
  }

  Symbol symbol(unsigned code) const { return code < 256 ? Symbol{code, 1} : symbols_[code - 256]; }

  unsigned match(std::string_view s) const {
    uint64_t word = load_front(s.data(), s.size());
    for (uint16_t i : matcher_[word & 0xFF]) {
      const Symbol& candidate = symbols_[i];
      if (candidate.length <= s.size() && (word & mask_of(candidate.length)) == candidate.word)
        return 256u + i;
    }
    return static_cast<unsigned>(word & 0xFF);
  }

  std::vector<Symbol> symbols_;
  std::vector<std::vector<uint16_t>> matcher_;  // by first byte, longest first
  std::array<uint32_t, kCodes> singles_{};
  std::vector<uint32_t> pairs_;
};

}  // namespace

SymbolTable build_symbol_table(std::span<const std::string_view> strings) {
  std::vector<std::string_view> sample = sample_strings(strings);
  Trial trial;
  std::vector<Symbol> symbols;
  for (int generation = 0; generation < kGenerations; ++generation) {
    trial.reset(symbols);
    for (std::string_view s : sample) trial.count(s);
    symbols = trial.best();
  }
  SymbolTable table;
  for (const Symbol& s : symbols) table.add({reinterpret_cast<const char*>(&s.word), s.length});
  return table;
}

}  // namespace varve::columnar
