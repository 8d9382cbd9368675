// Which partitions a condition leaves: at plan time with the constants it has, and at the start of a scan
// with the values of parameters. One code for both; what differs is where the values come from.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/expression.h"
#include "catalog/partition.h"

namespace varve::planner {

// What a condition says of one partitioned table's key; what says nothing of it is left out.
struct PruningTerm {
  enum class Kind : uint8_t {
    kAnd,
    kOr,
    kEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,  // one of `values`, or of the array `value`
    kIsNull,
    kIsNotNull,
    kNever,  // no row passes
  };
  Kind kind = Kind::kAnd;
  uint32_t key = 0;                 // number of the key column
  analyzer::Expr* value = nullptr;  // of the key's type (kIn: an array of it)
  analyzer::ExprList values;
  std::span<PruningTerm*> terms;  // kAnd, kOr
};

// Gives values to expressions, if they have any yet. Strings must live as long as this object.
class PruningValues {
 public:
  virtual ~PruningValues() = default;
  virtual bool value(const analyzer::Expr& e, types::Value* out) = 0;
  virtual bool elements(const analyzer::Expr& array, std::vector<types::Value>* out) = 0;
};

// keep[i]: rows that pass may lie in partition i. Never leaves out one that they do. `term` null: no
// condition.
std::vector<bool> prune_partitions(const catalog::Partitioning& table, const PruningTerm* term,
                                   PruningValues& values);
// True when the terms have values that are not constants: pruning them again in each run may leave less.
bool is_dynamic(const PruningTerm& term);

// A scan's partition tree, for pruning in each run: by `term`s, and by what hash joins find out (their keys).
struct PartitionPruning {
  static constexpr int32_t kGone = INT32_MIN;  // left out by the plan
  struct Table {
    const catalog::Partitioning* partitioning = nullptr;
    const PruningTerm* term = nullptr;  // resolved: over params and exec params
    // By key: the scan's column that it is, by the number ScanPlan::columns has for it; 0: none.
    std::span<int16_t> key_columns;
    std::span<int32_t> slots;  // by partition: >= 0 the scan's member, < 0 the table -1 - slot
  };
  std::span<Table> tables;  // the first is the scanned table
};
// members[i]: the scan's member i is to be read.
void prune_members(const PartitionPruning& pruning, PruningValues& values, std::vector<bool>* members);

}  // namespace varve::planner
