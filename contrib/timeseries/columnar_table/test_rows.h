// For this module's tests: rows of the table (key int8, text, float8), and what settling and VACUUM do to its
// index.
#pragma once

#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>

#include "access/btree.h"
#include "access/column_store.h"
#include "access/key_codec.h"
#include "access/row_layout.h"
#include "memory/arena.h"

namespace varve::columnar_table {

struct TestRow {
  int64_t key = 0;
  std::optional<std::string> text;
  double number = 0;
  bool operator==(const TestRow&) const = default;
};
using TestRows = std::map<int64_t, TestRow>;

inline std::ostream& operator<<(std::ostream& out, const TestRow& row) {
  return out << "{" << row.key << ", " << row.text.value_or("NULL").substr(0, 20) << ", " << row.number
             << "}";
}
// What the first difference is.
inline testing::AssertionResult same_rows(const TestRows& found, const TestRows& expected) {
  for (const auto& [key, row] : expected) {
    auto it = found.find(key);
    if (it == found.end()) return testing::AssertionFailure() << row << " is missing";
    if (it->second != row) return testing::AssertionFailure() << it->second << " and not " << row;
  }
  for (const auto& [key, row] : found) {
    if (!expected.contains(key)) return testing::AssertionFailure() << row << " should not be there";
  }
  return testing::AssertionSuccess();
}

inline const access::RowLayout& test_layout() {
  using types::PhysicalType;
  static const access::ColumnSpec specs[] = {
      {PhysicalType::kInt64, types::Value::null_of(PhysicalType::kInt64)},
      {PhysicalType::kString, types::Value::null_of(PhysicalType::kString)},
      {PhysicalType::kFloat64, types::Value::null_of(PhysicalType::kFloat64)}};
  static const access::RowLayout layout(specs);
  return layout;
}

inline std::string test_key(int64_t key) {
  std::string out;
  access::append_key_column(out, {types::PhysicalType::kInt64}, types::Value::of_int64(key));
  return out;
}

inline TestRow decode_row(const access::RowVersion& row) {
  Arena arena;
  TestRow out;
  out.key = test_layout().get(row, 0, arena).int64;
  types::Value text = test_layout().get(row, 1, arena);
  if (!text.null) out.text = std::string(text.view());
  out.number = test_layout().get(row, 2, arena).float64;
  return out;
}

class TestEntries final : public access::SettledRowSink, public access::Heap::DeadRowSink {
 public:
  explicit TestEntries(access::Btree& index) : index_(index) {}

  Status rows_settled(txn::Transaction& txn, std::span<const Tid> from,
                      std::span<const access::RowVersion> rows, std::span<const Tid> to) override {
    VARVE_RETURN_IF_ERROR(rows_gone(txn, from, rows));
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string key = test_key(decode_row(rows[i]).key);
      VARVE_RETURN_IF_ERROR(index_.insert(txn, access::key_bytes(key), to[i], nullptr).status());
    }
    return {};
  }
  Status rows_gone(txn::Transaction& txn, std::span<const Tid> tids,
                   std::span<const access::RowVersion> rows) override {
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::string key = test_key(decode_row(rows[i]).key);
      VARVE_RETURN_IF_ERROR(index_.note_gone(txn, access::key_bytes(key), tids[i]));
    }
    return {};
  }
  Status remove_index_entries(std::span<const Tid> tids, std::span<const access::RowVersion> dead) override {
    for (size_t i = 0; i < tids.size(); ++i) {
      const std::string key = test_key(decode_row(dead[i]).key);
      VARVE_RETURN_IF_ERROR(index_.remove_dead(access::key_bytes(key), tids[i]));
    }
    return {};
  }

 private:
  access::Btree& index_;
};

}  // namespace varve::columnar_table
