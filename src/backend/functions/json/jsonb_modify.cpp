// jsonb_set(), jsonb_insert(), #-, ||, jsonb_strip_nulls(): a changed copy of a value.
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <deque>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/jsonb_assign.h"
#include "jsonb.h"

namespace varve::functions {

namespace {

class Change {
 public:
  Change(const std::vector<JsonPathElement>& path, std::string_view replacement, const JsonChange& change)
      : path_(path), replacement_(replacement), change_(change) {}

  void append(std::string& out, JsonbView v, size_t level) {
    if (level > kMaxJsonDepth) throw_json_depth();
    if (path_[level].null) {
      throw SqlError(sqlstate::kNullValueNotAllowed,
                     fmt::format("path element at position {} is null", level + 1));
    }
    if (v.is_array())
      append_array(out, v, level);
    else if (v.is_object())
      append_object(out, v, level);
    else
      out += v.bytes();
  }

 private:
  bool adds() const { return change_.create_if_missing || change_.insert_before || change_.insert_after; }
  bool inserts() const { return change_.insert_before || change_.insert_after; }
  std::string_view changed_part(JsonbView v, size_t level) {
    parts_.emplace_back();
    std::string& part = parts_.back();
    append(part, v, level + 1);
    return part;
  }

  void append_object(std::string& out, JsonbView v, size_t level) {
    bool last = level + 1 == path_.size();
    std::string_view wanted = path_[level].text;
    std::vector<JsonPair> pairs;
    bool found = false;
    for (uint32_t i = 0; i < v.count(); ++i) {
      if (v.key(i) != wanted) {
        pairs.emplace_back(v.key(i), v.item_bytes(i));
        continue;
      }
      found = true;
      if (!last) {
        pairs.emplace_back(wanted, changed_part(v.item(i), level));
      } else if (inserts()) {
        throw SqlError(sqlstate::kInvalidParameterValue, "cannot replace existing key")
            .hint("Try using the function jsonb_set to replace key value.");
      } else if (!change_.erase) {
        pairs.emplace_back(wanted, replacement_);
      }
    }
    if (!found && last && adds()) pairs.emplace_back(wanted, replacement_);
    append_jsonb_object(out, pairs);
  }

  int64_t index_of(size_t level, int64_t count) const {
    std::string text(path_[level].text);
    char* end;
    errno = 0;
    long v = std::strtol(text.c_str(), &end, 10);
    if (end == text.c_str() || *end != '\0' || errno != 0 || v < INT_MIN || v > INT_MAX) {
      throw SqlError(sqlstate::kInvalidTextRepresentation,
                     fmt::format("path element at position {} is not an integer: \"{}\"", level + 1, text));
    }
    if (v < 0) return -v > count ? INT_MIN : count + v;
    return v > count ? count : v;
  }

  void append_array(std::string& out, JsonbView v, size_t level) {
    bool last = level + 1 == path_.size();
    int64_t count = v.count(), at = index_of(level, count);
    std::vector<std::string_view> items;
    bool done = false;
    if ((at == INT_MIN || count == 0) && last && adds()) {
      items.push_back(replacement_);
      done = true;
    }
    for (uint32_t i = 0; i < v.count(); ++i) {
      if (i != at) {
        items.push_back(v.item_bytes(i));
        continue;
      }
      done = true;
      if (!last) {
        items.push_back(changed_part(v.item(i), level));
      } else if (inserts()) {
        if (change_.insert_before) items.push_back(replacement_);
        items.push_back(v.item_bytes(i));
        if (change_.insert_after) items.push_back(replacement_);
      } else if (!change_.erase) {
        items.push_back(replacement_);
      }
    }
    if (!done && last && adds()) items.push_back(replacement_);
    append_jsonb_array(out, items);
  }

  const std::vector<JsonPathElement>& path_;
  std::string_view replacement_;
  const JsonChange& change_;
  std::deque<std::string> parts_;  // stay where they are until the whole is put together
};

void add_items(std::vector<std::string_view>& items, JsonbView v) {
  if (!v.is_array()) {
    items.push_back(v.bytes());
    return;
  }
  for (uint32_t i = 0; i < v.count(); ++i) items.push_back(v.item_bytes(i));
}

void append_stripped(std::string& out, JsonbView v, uint32_t depth) {
  if (depth > kMaxJsonDepth) throw_json_depth();
  if (!v.is_container()) {
    out += v.bytes();
    return;
  }
  std::deque<std::string> parts;
  std::vector<std::string_view> items;
  std::vector<JsonPair> pairs;
  for (uint32_t i = 0; i < v.count(); ++i) {
    JsonbView item = v.item(i);
    if (v.is_object() && item.is_null()) continue;
    std::string_view bytes = item.bytes();
    if (item.is_container()) {
      parts.emplace_back();
      append_stripped(parts.back(), item, depth + 1);
      bytes = parts.back();
    }
    if (v.is_object())
      pairs.emplace_back(v.key(i), bytes);
    else
      items.push_back(bytes);
  }
  if (v.is_object())
    append_jsonb_object(out, pairs);
  else
    append_jsonb_array(out, items);
}

}  // namespace

void append_jsonb_changed(std::string& out, JsonbView v, const std::vector<JsonPathElement>& path,
                          std::string_view replacement, const JsonChange& change) {
  Change(path, replacement, change).append(out, v, 0);
}

void append_jsonb_concatenated(std::string& out, JsonbView a, JsonbView b) {
  if (a.is_object() && b.is_object()) {
    std::vector<JsonPair> pairs;
    for (uint32_t i = 0; i < a.count(); ++i) pairs.emplace_back(a.key(i), a.item_bytes(i));
    for (uint32_t i = 0; i < b.count(); ++i) pairs.emplace_back(b.key(i), b.item_bytes(i));
    append_jsonb_object(out, pairs);
    return;
  }
  std::vector<std::string_view> items;
  add_items(items, a);
  add_items(items, b);
  append_jsonb_array(out, items);
}

void append_jsonb_without_nulls(std::string& out, JsonbView v) { append_stripped(out, v, 0); }

namespace {

class Assignment {
 public:
  Assignment(std::span<const std::string_view> path, std::string_view value) : path_(path), value_(value) {}

  void append(std::string& out, JsonbView v, size_t level) {
    if (level > kMaxJsonDepth) throw_json_depth();
    if (v.is_array()) return append_array(out, v, level);
    if (v.is_object()) return append_object(out, v, level);
    throw SqlError(sqlstate::kInvalidParameterValue, "cannot replace existing key")
        .detail("The path assumes key is a composite object, but it is a scalar value.");
  }

  // What stands where there was nothing.
  void append_new(std::string& out, size_t level) {
    if (level == path_.size()) {
      out += value_;
      return;
    }
    std::string inner;
    append_new(inner, level + 1);
    int64_t index = 0;
    if (is_index(level, &index) && index >= 0) {
      std::string null;
      append_jsonb_null(null);
      std::vector<std::string_view> items(static_cast<size_t>(index), null);
      items.emplace_back(inner);
      append_jsonb_array(out, items);
    } else {
      std::vector<JsonPair> pairs{{path_[level], inner}};
      append_jsonb_object(out, pairs);
    }
  }

 private:
  bool is_index(size_t level, int64_t* index) const {
    const std::string text(path_[level]);
    char* end = nullptr;
    errno = 0;
    *index = std::strtoll(text.c_str(), &end, 10);
    return end != text.c_str() && *end == '\0' && errno == 0 && *index >= INT_MIN && *index <= INT_MAX;
  }

  void append_object(std::string& out, JsonbView v, size_t level) {
    std::vector<JsonPair> pairs;
    std::string changed;
    bool found = false;
    for (uint32_t i = 0; i < v.count(); ++i) {
      if (v.key(i) != path_[level]) {
        pairs.emplace_back(v.key(i), v.item_bytes(i));
        continue;
      }
      found = true;
      change(changed, v.item(i), level);
      pairs.emplace_back(v.key(i), changed);
    }
    if (!found) {
      append_new(changed, level + 1);
      pairs.emplace_back(path_[level], changed);
    }
    append_jsonb_object(out, pairs);
  }

  void append_array(std::string& out, JsonbView v, size_t level) {
    int64_t index = 0;
    if (!is_index(level, &index)) {
      throw SqlError(
          sqlstate::kInvalidTextRepresentation,
          fmt::format("path element at position {} is not an integer: \"{}\"", level + 1, path_[level]));
    }
    const int64_t count = v.count();
    if (index < -count) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("path element at position {} is out of range: {}", level + 1, index));
    }
    if (index < 0) index += count;
    std::string changed, null;
    append_jsonb_null(null);
    std::vector<std::string_view> items;
    for (uint32_t i = 0; i < v.count(); ++i) items.push_back(v.item_bytes(i));
    if (index < count) {
      change(changed, v.item(static_cast<uint32_t>(index)), level);
      items[static_cast<size_t>(index)] = changed;
    } else {
      append_new(changed, level + 1);
      items.resize(static_cast<size_t>(index), null);
      items.emplace_back(changed);
    }
    append_jsonb_array(out, items);
  }

  void change(std::string& out, JsonbView item, size_t level) {
    if (level + 1 == path_.size())
      out += value_;
    else
      append(out, item, level + 1);
  }

  std::span<const std::string_view> path_;
  std::string_view value_;
};

}  // namespace

std::string jsonb_with_element(std::string_view json, bool as_array, std::span<const std::string_view> path,
                               std::string_view value) {
  std::string out, empty;
  if (json.empty()) {
    std::vector<JsonPair> pairs;
    if (as_array)
      append_jsonb_array(empty, {});
    else
      append_jsonb_object(empty, pairs);
    json = empty;
  }
  Assignment(path, value).append(out, JsonbView(json), 0);
  return out;
}

}  // namespace varve::functions
