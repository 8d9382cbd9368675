// What a session keeps of statements that come again: simple-protocol statements by their text with the
// constants taken out (parser/normalize.h), unnamed Parse messages by their whole text and types.
//
// A statement is kept when it is seen for the second time; the least recently used one goes. Belongs to one
// session.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace varve::session {

struct Statement;
using StatementPtr = std::shared_ptr<Statement>;

class PlanCache {
 public:
  struct Entry {
    StatementPtr statement;  // null: this text must be planned with its constants each time
    uint64_t last_used = 0;
  };
  static constexpr size_t kMaxEntries = 32;
  static constexpr size_t kMaxTextBytes = 4096;  // longer statements are not worth a copy

  // Null if the text is not kept.
  Entry* find(std::string_view key);
  // Remembers that the text came; true if it had come before, not long ago.
  bool seen_before(std::string_view key);
  Entry& add(std::string_view key, StatementPtr statement);
  void erase(std::string_view key);
  void clear();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::array<uint64_t, 32> sightings_{};  // hashes
  size_t next_sighting_ = 0;
  uint64_t clock_ = 0;
};

}  // namespace varve::session
