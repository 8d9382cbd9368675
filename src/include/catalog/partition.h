// How a table is partitioned: its key, the bounds of its partitions, and which of them a row belongs to.
//
// pg_class.relpartbound holds a bound as the text that pg_get_expr() prints under the ISO date style and UTC.
// Bounds of ranges and lists are compared as encoded keys (access/key_codec.h), as B-tree indexes compare
// theirs: MINVALUE adds nothing to a key, MAXVALUE a byte 0xFF, which no encoded column begins with. Hash
// partitions are told apart by PostgreSQL's own hash functions, so that rows lie in the partitions in which
// PostgreSQL has them.
//
// Immutable once made; shared by all who hold the table's picture.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/key_codec.h"
#include "common/strong_id.h"
#include "functions/eval_context.h"
#include "types/value.h"

namespace varve::catalog {

enum class PartitionStrategy : char { kRange = 'r', kList = 'l', kHash = 'h' };

struct PartitionKeyColumn {
  int16_t column = 0;          // 0: an expression
  std::string expression_sql;  // canonical SQL when column is 0
  Oid type;                    // under a domain
  Oid collation_oid;
  access::KeyColumn order;
};

// One value of a bound.
struct BoundDatum {
  enum class Kind : uint8_t { kValue, kMinValue, kMaxValue };
  Kind kind = Kind::kValue;
  bool null = false;  // lists only
  std::string text;   // the value as its type prints it
};

struct PartitionBound {
  bool is_default = false;
  PartitionStrategy strategy = PartitionStrategy::kRange;
  int32_t modulus = 0, remainder = 0;
  std::vector<BoundDatum> lower, upper;  // range
  std::vector<BoundDatum> values;        // list
};

// `sql` as relpartbound has it. Throws XX000 for anything else.
PartitionBound parse_bound(std::string_view sql);

struct Partitioning {
  PartitionStrategy strategy = PartitionStrategy::kRange;
  std::vector<PartitionKeyColumn> keys;

  struct Partition {
    Oid oid;
    PartitionBound bound;
    std::vector<std::string> value_keys;  // list: of the bound's values, NULL left out
  };
  // In the order of their bounds, as PostgreSQL lists them; the default partition is the last.
  std::vector<Partition> partitions;
  int default_partition = -1;

  // Range: what lies in [edges[i - 1], edges[i]) belongs to owners[i]; -1: to none but the default partition.
  std::vector<std::string> edges;
  std::vector<int> owners;
  // List: ascending by key.
  std::vector<std::pair<std::string, int>> list;
  int null_partition = -1;
  // Hash: by the hash modulo the greatest modulus.
  std::vector<int> by_remainder;

  // The partition of a row with these key values, the default one where no other takes it; -1: none.
  int find(std::span<const types::Value> values) const;
  int find_oid(Oid partition) const;
  // Of the first values.size() key columns, none of them NULL.
  void append_key(std::string& out, std::span<const types::Value> values) const;
  void append_key_value(std::string& out, size_t key, const types::Value& value) const;
  // The key that a bound's datums stand for. `context` reads their text.
  std::string bound_key(std::span<const BoundDatum> datums, functions::EvalContext& context) const;

  // Fills what find() needs from `partitions`, which it sorts.
  void finish(functions::EvalContext& context);
};

// "FOR VALUES FROM (1) TO (10)" …: with the types of the key, so that it reads as PostgreSQL prints it.
std::string bound_text(const Partitioning& table, const PartitionBound& bound);
// The same, values printed under the session's settings.
std::string bound_text(const Partitioning& table, const PartitionBound& bound,
                       functions::EvalContext& session);

// PostgreSQL's hash of a row's key (hash_..._extended of each value that is not NULL, combined).
uint64_t partition_hash(std::span<const PartitionKeyColumn> keys, std::span<const types::Value> values);

// The order of a key column of this type and collation.
access::KeyColumn ordered_key_column(Oid type, const types::Collation* collation);
// append_key_column() of a value of this SQL type: values whose bytes are not in order are brought into a
// form that is.
void append_ordered_value(std::string& out, Oid type, const access::KeyColumn& column,
                          const types::Value& value);
// What an inverted index has of an element of an array: functions::InvertedElement.
void append_inverted_element(std::string& out, Oid type, const types::Value& value);

}  // namespace varve::catalog
