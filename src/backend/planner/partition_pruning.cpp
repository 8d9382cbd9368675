#include "planner/partition_pruning.h"

#include <algorithm>
#include <optional>

#include "analyzer/expression_walk.h"

namespace varve::planner {

using catalog::Partitioning;
using catalog::PartitionStrategy;
using types::Value;
using Kind = PruningTerm::Kind;
using Set = std::vector<bool>;

namespace {

// What a conjunction says of one key column.
struct KeyFacts {
  std::optional<std::string> equal, lower, upper;  // encoded
  Value equal_value{};
  bool lower_inclusive = true, upper_inclusive = true;
  bool is_null = false, not_null = false;
  bool strict() const { return equal || lower || upper || not_null; }
};

class Pruner {
 public:
  Pruner(const Partitioning& table, PruningValues& values) : table_(table), values_(values) {}

  Set prune(const PruningTerm& term) {
    if (term.kind == Kind::kOr) {
      Set any(size(), false);
      for (const PruningTerm* t : term.terms) unite(&any, prune(*t));
      return any;
    }
    if (term.kind == Kind::kNever) return Set(size(), false);
    std::vector<KeyFacts> facts(table_.keys.size());
    std::vector<const PruningTerm*> others;
    bool possible = true;
    if (term.kind == Kind::kAnd) {
      for (const PruningTerm* t : term.terms) possible = possible && note(*t, &facts, &others);
    } else {
      possible = note(term, &facts, &others);
    }
    if (!possible) return Set(size(), false);
    Set keep = by_facts(facts);
    for (const PruningTerm* t : others)
      intersect(&keep, t->kind == Kind::kIn ? prune_in(*t, facts) : prune(*t));
    return keep;
  }

 private:
  size_t size() const { return table_.partitions.size(); }
  static void unite(Set* a, const Set& b) {
    for (size_t i = 0; i < a->size(); ++i) (*a)[i] = (*a)[i] || b[i];
  }
  static void intersect(Set* a, const Set& b) {
    for (size_t i = 0; i < a->size(); ++i) (*a)[i] = (*a)[i] && b[i];
  }
  void keep(Set* set, int partition) const {
    if (partition >= 0) (*set)[static_cast<size_t>(partition)] = true;
  }

  // False: no row can pass.
  bool note(const PruningTerm& t, std::vector<KeyFacts>* facts, std::vector<const PruningTerm*>* others) {
    switch (t.kind) {
      case Kind::kNever:
        return false;
      case Kind::kAnd:
        for (const PruningTerm* inner : t.terms) {
          if (!note(*inner, facts, others)) return false;
        }
        return true;
      case Kind::kOr:
      case Kind::kIn:
        others->push_back(&t);
        return true;
      case Kind::kIsNull:
        (*facts)[t.key].is_null = true;
        return !(*facts)[t.key].strict();
      case Kind::kIsNotNull:
        (*facts)[t.key].not_null = true;
        return !(*facts)[t.key].is_null;
      default:
        break;
    }
    Value v;
    if (!values_.value(*t.value, &v)) return true;
    KeyFacts& f = (*facts)[t.key];
    if (v.null || f.is_null) return false;  // a comparison with NULL is never true
    std::string encoded;
    table_.append_key_value(encoded, t.key, v);
    switch (t.kind) {
      case Kind::kEqual:
        if (f.equal && *f.equal != encoded) return false;
        f.equal = std::move(encoded);
        f.equal_value = v;
        break;
      case Kind::kLess:
      case Kind::kLessEqual:
        if (f.upper && *f.upper < encoded) break;
        f.upper_inclusive =
            t.kind == Kind::kLessEqual && (!f.upper || *f.upper != encoded || f.upper_inclusive);
        f.upper = std::move(encoded);
        break;
      default:
        if (f.lower && *f.lower > encoded) break;
        f.lower_inclusive =
            t.kind == Kind::kGreaterEqual && (!f.lower || *f.lower != encoded || f.lower_inclusive);
        f.lower = std::move(encoded);
        break;
    }
    return true;
  }

  Set prune_in(const PruningTerm& t, const std::vector<KeyFacts>& facts) {
    std::vector<Value> values;
    if (t.value != nullptr) {
      if (!values_.elements(*t.value, &values)) return Set(size(), true);
    }
    for (const analyzer::Expr* e : t.values) {
      Value v;
      if (!values_.value(*e, &v)) return Set(size(), true);
      values.push_back(v);
    }
    Set any(size(), false);
    std::vector<KeyFacts> with = facts;
    for (const Value& v : values) {
      if (v.null) continue;
      std::string encoded;
      table_.append_key_value(encoded, t.key, v);
      with[t.key].equal = encoded;
      with[t.key].equal_value = v;
      unite(&any, by_facts(with));
    }
    return any;
  }

  Set by_facts(const std::vector<KeyFacts>& facts) {
    switch (table_.strategy) {
      case PartitionStrategy::kHash:
        return by_hash(facts);
      case PartitionStrategy::kList:
        return by_list(facts[0]);
      default:
        return by_range(facts);
    }
  }

  Set by_hash(const std::vector<KeyFacts>& facts) {
    std::vector<Value> values;
    for (size_t i = 0; i < facts.size(); ++i) {
      if (!facts[i].equal && !facts[i].is_null) return Set(size(), true);
      values.push_back(facts[i].equal ? facts[i].equal_value : Value::null_of(table_.keys[i].order.type));
    }
    Set set(size(), false);
    keep(&set, table_.find(values));
    return set;
  }

  Set by_list(const KeyFacts& f) {
    Set set(size(), false);
    if (f.is_null) {
      keep(&set, table_.null_partition >= 0 ? table_.null_partition : table_.default_partition);
      return set;
    }
    if (!f.equal && !f.lower && !f.upper) return Set(size(), true);
    if (f.equal) {
      auto it = std::lower_bound(table_.list.begin(), table_.list.end(), *f.equal,
                                 [](const auto& e, const std::string& k) { return e.first < k; });
      bool found = it != table_.list.end() && it->first == *f.equal;
      if (!inside(*f.equal, f)) return set;
      keep(&set, found ? it->second : table_.default_partition);
      return set;
    }
    for (const auto& [key, partition] : table_.list) {
      if (inside(key, f)) keep(&set, partition);
    }
    keep(&set, table_.default_partition);
    return set;
  }
  static bool inside(const std::string& key, const KeyFacts& f) {
    if (f.lower && (key < *f.lower || (key == *f.lower && !f.lower_inclusive))) return false;
    return !f.upper || key < *f.upper || (key == *f.upper && f.upper_inclusive);
  }

  // Equality of the first columns and then bounds of the next are one stretch of encoded keys.
  Set by_range(const std::vector<KeyFacts>& facts) {
    Set set(size(), false);
    size_t known = 0, strict = 0;
    bool null = false;
    for (const KeyFacts& f : facts) {
      null = null || f.is_null;
      strict += static_cast<size_t>(f.strict());
    }
    if (null) {
      keep(&set, table_.default_partition);  // where rows with a NULL in their key are
      return set;
    }
    std::string low, high;
    while (known < facts.size() && facts[known].equal) {
      if (!inside(*facts[known].equal, facts[known])) return set;
      low += *facts[known++].equal;
    }
    high = low;
    bool open = low.empty();
    if (known < facts.size()) {
      const KeyFacts& f = facts[known];
      if (f.upper) {
        high += *f.upper;
        if (f.upper_inclusive) high += '\xFF';
        open = false;
      } else {
        high += '\xFF';
      }
      if (f.lower) low += *f.lower;
      if (f.lower && !f.lower_inclusive) low += '\xFF';
      if (!f.upper && !f.lower && known == 0) return Set(size(), true);
    } else {
      high += '\xFF';
    }
    size_t at = static_cast<size_t>(std::upper_bound(table_.edges.begin(), table_.edges.end(), low) -
                                    table_.edges.begin());
    bool gap = strict < facts.size();  // a column may be NULL, which the default partition takes
    for (; at < table_.owners.size(); ++at) {
      if (at > 0 && !open && table_.edges[at - 1] >= high) break;
      if (table_.owners[at] >= 0)
        keep(&set, table_.owners[at]);
      else
        gap = true;
    }
    if (gap) keep(&set, table_.default_partition);
    return set;
  }

  const Partitioning& table_;
  PruningValues& values_;
};

bool is_known(const analyzer::Expr* e) { return e == nullptr || e->kind == analyzer::ExprKind::kConst; }

void prune_table(const PartitionPruning& pruning, size_t number, PruningValues& values,
                 std::vector<bool>* members) {
  const PartitionPruning::Table& table = pruning.tables[number];
  Set keep = prune_partitions(*table.partitioning, table.term, values);
  for (size_t i = 0; i < keep.size(); ++i) {
    int32_t slot = table.slots[i];
    if (!keep[i] || slot == PartitionPruning::kGone) continue;
    if (slot >= 0)
      (*members)[static_cast<size_t>(slot)] = true;
    else
      prune_table(pruning, static_cast<size_t>(-1 - slot), values, members);
  }
}

}  // namespace

std::vector<bool> prune_partitions(const Partitioning& table, const PruningTerm* term,
                                   PruningValues& values) {
  if (term == nullptr) return Set(table.partitions.size(), true);
  return Pruner(table, values).prune(*term);
}

bool is_dynamic(const PruningTerm& term) {
  if (!is_known(term.value)) return true;
  for (const analyzer::Expr* e : term.values) {
    if (!is_known(e)) return true;
  }
  return std::any_of(term.terms.begin(), term.terms.end(),
                     [](const PruningTerm* t) { return is_dynamic(*t); });
}

void prune_members(const PartitionPruning& pruning, PruningValues& values, std::vector<bool>* members) {
  std::fill(members->begin(), members->end(), false);
  prune_table(pruning, 0, values, members);
}

}  // namespace varve::planner
