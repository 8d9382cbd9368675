// NEW and OLD in a trigger's WHEN condition: parameters 0 … n - 1 are the new row's columns, n … 2n - 1 the
// old row's (n: columns that are not dropped, in order).
#pragma once

#include <fmt/format.h>

#include "analyzer/analyzer.h"
#include "common/sql_error.h"

namespace varve::analyzer {

class TriggerRows final : public Variables {
 public:
  explicit TriggerRows(const catalog::Relation& relation) : relation_(relation) {}

  bool find(std::span<const std::string_view> names, Variable* out) override {
    if (names.size() != 2 || (names[0] != "new" && names[0] != "old")) return false;
    bool is_new = names[0] == "new";
    uint32_t ordinal = 0;
    for (const catalog::Column& c : relation_.columns) {
      if (c.dropped) continue;
      if (c.name == names[1]) {
        (is_new ? new_used_ : old_used_) = true;
        *out = {is_new ? ordinal : ordinal + live_count(), c.type, c.typmod, c.collation};
        return true;
      }
      ++ordinal;
    }
    throw SqlError(sqlstate::kUndefinedColumn,
                   fmt::format("column {}.{} does not exist", names[0], names[1]));
  }
  bool find_number(int32_t, Variable*) override { return false; }
  bool expand(std::span<const std::string_view> names, std::vector<Field>* out) override {
    if (names.size() != 1 || (names[0] != "new" && names[0] != "old")) return false;
    for (const catalog::Column& c : relation_.columns) {
      if (c.dropped) continue;
      std::string_view parts[] = {names[0], c.name};
      Field field{c.name, {}};
      find(parts, &field.variable);
      out->push_back(field);
    }
    return true;
  }
  Conflict conflict() const override { return Conflict::kTables; }

  uint32_t live_count() const {
    uint32_t n = 0;
    for (const catalog::Column& c : relation_.columns) n += !c.dropped;
    return n;
  }
  bool new_used() const { return new_used_; }
  bool old_used() const { return old_used_; }
  // "new.a" for a parameter's number.
  std::string name_of(uint32_t param) const {
    uint32_t n = live_count(), wanted = param % n, ordinal = 0;
    for (const catalog::Column& c : relation_.columns) {
      if (c.dropped) continue;
      if (ordinal++ == wanted) return fmt::format("{}.{}", param < n ? "new" : "old", c.name);
    }
    return {};
  }

 private:
  const catalog::Relation& relation_;
  bool new_used_ = false, old_used_ = false;
};

}  // namespace varve::analyzer
