#include "textsearch/text_config.h"

#include <algorithm>
#include <fmt/format.h>
#include <libstemmer.h>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "common/sql_error.h"
#include "functions/text_search.h"
#include "textsearch/lexeme_vector.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

struct StopWords {
  std::string_view language, words;
};
constexpr StopWords kStopWords[] = {
#include "facts/stop_words.inc"
};

constexpr std::string_view kLanguages[] = {
    "arabic",  "armenian", "basque",     "catalan", "danish",    "dutch",      "english",
    "finnish", "french",   "german",     "greek",   "hindi",     "hungarian",  "indonesian",
    "irish",   "italian",  "lithuanian", "nepali",  "norwegian", "portuguese", "romanian",
    "russian", "serbian",  "spanish",    "swedish", "tamil",     "turkish",    "yiddish"};
constexpr uint32_t kFirstDictionary =
    13151;  // of the languages, in this order; configurations lie between them

struct Tables {
  std::vector<TextDictionary> dictionaries;
  std::vector<TextConfig> configs;
  std::vector<std::string> names;

  Tables() {
    names.reserve(std::size(kLanguages));
    dictionaries.push_back({Oid{3765}, "simple", {}});
    for (uint32_t i = 0; i < std::size(kLanguages); ++i) {
      names.push_back(std::string(kLanguages[i]) + "_stem");
      dictionaries.push_back({Oid{kFirstDictionary + 2 * i}, names.back(), kLanguages[i]});
    }
    configs.push_back({Oid{3748}, "simple", &dictionaries[0], &dictionaries[0]});
    const TextDictionary* english = nullptr;
    for (const TextDictionary& d : dictionaries)
      if (d.language == "english") english = &d;
    for (uint32_t i = 0; i < std::size(kLanguages); ++i) {
      const TextDictionary* own = &dictionaries[i + 1];
      bool foreign_script = kLanguages[i] == "hindi" || kLanguages[i] == "russian";
      configs.push_back(
          {Oid{kFirstDictionary + 2 * i + 1}, kLanguages[i], own, foreign_script ? english : own});
    }
  }
  static const Tables& get() {
    static const Tables tables;
    return tables;
  }
};

std::string_view without_schema(std::string_view name) {
  if (name.starts_with("pg_catalog.")) name.remove_prefix(11);
  return name;
}

const std::unordered_set<std::string_view>& stop_words(std::string_view language) {
  static const auto kSets = [] {
    std::unordered_map<std::string_view, std::unordered_set<std::string_view>> sets;
    for (const StopWords& s : kStopWords) {
      std::string_view words = s.words;
      while (!words.empty()) {
        size_t end = std::min(words.find(' '), words.size());
        sets[s.language].insert(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
      }
    }
    return sets;
  }();
  static const std::unordered_set<std::string_view> kNone;
  auto it = kSets.find(language);
  return it == kSets.end() ? kNone : it->second;
}

// A stemmer keeps the word under work, so each is lent to one thread at a time.
class Stemmers {
 public:
  static Stemmers& get() {
    static Stemmers stemmers;
    return stemmers;
  }
  std::string stem(std::string_view language, std::string_view word) {
    sb_stemmer* stemmer = borrow(language);
    const sb_symbol* result = sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(word.data()),
                                              static_cast<int>(word.size()));
    if (result == nullptr) throw SqlError(sqlstate::kOutOfMemory, "out of memory");
    std::string out(reinterpret_cast<const char*>(result), static_cast<size_t>(sb_stemmer_length(stemmer)));
    std::lock_guard lock(mutex_);
    idle_[language].push_back(stemmer);
    return out;
  }

 private:
  sb_stemmer* borrow(std::string_view language) {
    {
      std::lock_guard lock(mutex_);
      std::vector<sb_stemmer*>& idle = idle_[language];
      if (!idle.empty()) {
        sb_stemmer* stemmer = idle.back();
        idle.pop_back();
        return stemmer;
      }
    }
    sb_stemmer* stemmer = sb_stemmer_new(std::string(language).c_str(), nullptr);
    if (stemmer == nullptr) throw_not_supported(fmt::format("stemmer of language {}", language));
    return stemmer;
  }
  std::mutex mutex_;
  std::unordered_map<std::string_view, std::vector<sb_stemmer*>> idle_;
};

}  // namespace

std::span<const TextConfig> text_configs() { return Tables::get().configs; }
std::span<const TextDictionary> text_dictionaries() { return Tables::get().dictionaries; }

const TextConfig* find_text_config(std::string_view name) {
  name = without_schema(name);
  for (const TextConfig& c : text_configs())
    if (c.name == name) return &c;
  return nullptr;
}
const TextConfig* find_text_config(Oid oid) {
  for (const TextConfig& c : text_configs())
    if (c.oid == oid) return &c;
  return nullptr;
}
const TextDictionary* find_text_dictionary(std::string_view name) {
  name = without_schema(name);
  for (const TextDictionary& d : text_dictionaries())
    if (d.name == name) return &d;
  return nullptr;
}
const TextDictionary* find_text_dictionary(Oid oid) {
  for (const TextDictionary& d : text_dictionaries())
    if (d.oid == oid) return &d;
  return nullptr;
}

Oid text_config_oid(std::string_view name) {
  const TextConfig* config = find_text_config(name);
  return config == nullptr ? kInvalidOid : config->oid;
}
std::string_view text_config_name(Oid oid) {
  const TextConfig* config = find_text_config(oid);
  return config == nullptr ? std::string_view() : config->name;
}
Oid text_dictionary_oid(std::string_view name) {
  const TextDictionary* dictionary = find_text_dictionary(name);
  return dictionary == nullptr ? kInvalidOid : dictionary->oid;
}
std::string_view text_dictionary_name(Oid oid) {
  const TextDictionary* dictionary = find_text_dictionary(oid);
  return dictionary == nullptr ? std::string_view() : dictionary->name;
}

const TextDictionary* dictionary_for(const TextConfig& config, TokenType type) {
  switch (type) {
    case TokenType::kAsciiWord:
    case TokenType::kAsciiHword:
    case TokenType::kHwordAsciiPart:
      return config.ascii_words;
    case TokenType::kWord:
    case TokenType::kHword:
    case TokenType::kHwordPart:
      return config.other_words;
    case TokenType::kNone:
    case TokenType::kBlank:
    case TokenType::kTag:
    case TokenType::kProtocol:
    case TokenType::kEntity:
      return nullptr;
    default:
      return &text_dictionaries()[0];
  }
}

std::optional<std::string> lexize(const TextDictionary& dictionary, std::string_view word) {
  std::string lower;
  types::append_lower(lower, word, types::kSimpleCaseLocale);
  if (lower.empty()) return std::nullopt;
  if (dictionary.language.empty()) return lower;
  if (word.size() > 1000) return lower;  // too long to be a word of a language
  if (stop_words(dictionary.language).contains(lower)) return std::nullopt;
  return Stemmers::get().stem(dictionary.language, lower);
}

void parse_text(const TextConfig& config, std::string_view text, std::vector<PlacedLexeme>& out,
                int* position) {
  for (const Token& token : parse_tokens(text)) {
    const TextDictionary* dictionary = dictionary_for(config, token.type);
    if (dictionary == nullptr || token.text.size() > kMaxLexemeBytes) continue;
    ++*position;
    if (std::optional<std::string> lexeme = lexize(*dictionary, token.text))
      out.push_back({std::move(*lexeme), std::min(*position, kEndPosition - 1)});
  }
}

}  // namespace varve::functions
