#include <array>

#include "token.h"

namespace varve::parser {
namespace {

using enum KeywordCategory;
constexpr KeywordInfo kKeywords[] = {
#define VARVE_X(name, word, category, bare) {word, category, bare},
    VARVE_KEYWORDS(VARVE_X)
#undef VARVE_X
};
constexpr int kKeywordCount = std::size(kKeywords);
constexpr int kFirstCode = static_cast<int>(kFirstKeyword);

constexpr uint8_t flags_of(const KeywordInfo& keyword) {
  uint8_t flags = kIsLabel;
  if (keyword.bare_label) flags |= kIsBareLabel;
  switch (keyword.category) {
    case kUnreserved:
      flags |= kIsColumnId | kIsTypeFunctionName | kIsUnreserved;
      break;
    case kColumnName:
      flags |= kIsColumnId;
      break;
    case kTypeFunctionName:
      flags |= kIsTypeFunctionName;
      break;
    case kReserved:
      flags |= kIsReserved;
      break;
  }
  return flags;
}

constexpr auto make_flags() {
  std::array<uint8_t, static_cast<int>(Tok::kTokenCount)> flags{};
  flags[static_cast<int>(Tok::kIdentifier)] = kIsColumnId | kIsTypeFunctionName | kIsLabel | kIsBareLabel;
  for (int i = 0; i < kKeywordCount; ++i) flags[kFirstCode + i] = flags_of(kKeywords[i]);
  return flags;
}
constexpr auto kFlags = make_flags();

// Open addressing over a table four times the number of keywords, built at compile time.
constexpr uint32_t kSlots = 2048;
constexpr size_t kLongestKeyword = 17;

constexpr uint32_t hash_word(std::string_view word) {
  uint32_t h = static_cast<uint32_t>(word.size());
  for (char c : word) h = h * 0x01000193u + static_cast<uint8_t>(c);
  return (h ^ h >> 15) & (kSlots - 1);
}

constexpr auto make_slots() {
  std::array<uint16_t, kSlots> slots{};
  for (int i = 0; i < kKeywordCount; ++i) {
    uint32_t at = hash_word(kKeywords[i].word);
    while (slots[at] != 0) at = (at + 1) & (kSlots - 1);
    slots[at] = static_cast<uint16_t>(i + 1);
  }
  return slots;
}
constexpr auto kSlotTable = make_slots();

}  // namespace

const uint8_t* const kTokenFlags = kFlags.data();

Tok find_keyword(std::string_view word) {
  if (word.size() > kLongestKeyword || word.size() < 2) return Tok::kIdentifier;
  for (uint32_t at = hash_word(word); kSlotTable[at] != 0; at = (at + 1) & (kSlots - 1)) {
    int i = kSlotTable[at] - 1;
    if (kKeywords[i].word == word) return static_cast<Tok>(kFirstCode + i);
  }
  return Tok::kIdentifier;
}

std::span<const KeywordInfo> keywords() { return kKeywords; }

}  // namespace varve::parser
