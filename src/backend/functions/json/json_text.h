// JSON text, checked and taken apart into a tape: one node a value, in the order of the text. Parsing
// allocates nothing once the tape has grown to its size.
//
// Errors: 22P02 `invalid input syntax for type json` with PostgreSQL's detail and `JSON data, line n: …`
// context; 22P05 for \u0000.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jsonb.h"

namespace varve::functions {

struct JsonNode {
  JsonType type;
  bool escaped = false;  // a string with escapes
  uint32_t begin, end;   // its text, quotes and brackets included
  uint32_t next;         // index of the first node behind it and its parts
  uint32_t count = 0;    // items, or pairs of an object: a key node and its value each
};

class JsonTape {
 public:
  // `unescape`: whether strings are to be read, and so their escapes must stand for characters.
  void parse(std::string_view text, bool unescape);

  std::string_view text() const { return text_; }
  const JsonNode& node(uint32_t i) const { return nodes_[i]; }
  const JsonNode& root() const { return nodes_[0]; }
  std::string_view raw(uint32_t i) const {
    return text_.substr(nodes_[i].begin, nodes_[i].end - nodes_[i].begin);
  }
  // A string's characters: in place, or in `buffer` if it has escapes.
  std::string_view string(uint32_t i, std::string& buffer) const;
  // The last value of that name in the object at `object`; the item of the array at `array`. kNotFound if
  // none.
  uint32_t find_field(uint32_t object, std::string_view name) const;
  uint32_t find_item(uint32_t array, int64_t index) const;

  void append_jsonb(std::string& out, uint32_t at = 0) const;

 private:
  friend class JsonTextParser;
  std::string_view text_;
  std::vector<JsonNode> nodes_;
};

void append_json_as_jsonb(std::string& out, std::string_view text);
void check_json(std::string_view text);

// The path behind argument `first`: a text[] or the spread arguments of a VARIADIC one. False if it has a
// NULL.
struct KernelCall;
bool json_path_argument(const KernelCall& call, size_t first, uint32_t row,
                        std::vector<JsonPathElement>& path);

}  // namespace varve::functions
