// What a session keeps of statements that come again: simple-protocol statements by their text with the
// constants taken out (parser/normalize.h), unnamed Parse messages by their whole text and types.
//
// A statement is kept when it is seen for the second time; the least recently used one goes. Belongs to one
// session.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/literal_template.h"

namespace varve::session {

struct Statement;
using StatementPtr = std::shared_ptr<Statement>;

class PlanCache {
 public:
  struct Entry {
    StatementPtr statement;  // null: this text must be planned with its constants each time
    uint64_t last_used = 0;
    std::string_view key;
    std::optional<parser::LiteralTemplate> pattern;  // the latest text that led here
  };
  static constexpr size_t kMaxEntries = 32;
  static constexpr size_t kMaxPatterns = 8;      // each is compared with a statement's text until one matches
  static constexpr size_t kMaxTextBytes = 4096;  // longer statements are not worth a copy

  // Null if the text is not kept.
  Entry* find(std::string_view key);
  // The entry whose pattern the text fits, with the text's constants. Null if there is none.
  Entry* find_like(std::string_view sql, std::vector<parser::Literal>& literals);
  // From now on find_like() finds the entry by texts like this one.
  void set_pattern(Entry& entry, std::string_view sql, std::span<const parser::Literal> literals);
  // Remembers that the text came; true if it had come before, not long ago.
  bool seen_before(std::string_view key);
  Entry& add(std::string_view key, StatementPtr statement);
  void erase(Entry& entry);
  void clear();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  void forget_pattern(Entry& entry);

  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::vector<Entry*> patterns_;          // entries that have one, the latest used first
  std::array<uint64_t, 32> sightings_{};  // hashes
  size_t next_sighting_ = 0;
  uint64_t clock_ = 0;
};

}  // namespace varve::session
