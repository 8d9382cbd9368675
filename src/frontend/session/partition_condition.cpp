// A partition's bound as the condition that its rows fulfil.
#include "partition_condition.h"

#include <fmt/format.h>

#include "catalog/partition.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"

namespace varve::session {
namespace {

using catalog::BoundDatum;
using catalog::PartitionBound;
using catalog::Partitioning;
using catalog::PartitionStrategy;

std::string joined(const std::vector<std::string>& parts, std::string_view word) {
  if (parts.size() == 1) return parts[0];
  std::string out;
  for (const std::string& part : parts) out += fmt::format("{}{}", out.empty() ? "(" : word, part);
  return out + ")";
}

class Conditions {
 public:
  explicit Conditions(const catalog::Relation& parent) : parent_(parent), table_(*parent.partitioning) {}

  // Parts to be joined by AND; none: every row fulfils it.
  std::vector<std::string> of(const PartitionBound& bound) const {
    if (table_.strategy == PartitionStrategy::kHash) return {hash(bound)};
    if (bound.is_default) return otherwise();
    if (table_.strategy == PartitionStrategy::kList) return list(bound.values);
    std::vector<std::string> parts = present();
    for (std::string& part : range(bound)) parts.push_back(std::move(part));
    return parts;
  }

 private:
  std::string key(size_t i) const {
    const catalog::PartitionKeyColumn& k = table_.keys[i];
    return k.column != 0 ? parser::quote_identifier(parent_.column(k.column).name)
                         : "(" + k.expression_sql + ")";
  }

  std::string constant(size_t i, const BoundDatum& d) const {
    const Oid type = table_.keys[i].type;
    if (type == type_oid::kInt4 && !d.text.starts_with('-')) return d.text;
    std::string quoted = "'";
    for (char c : d.text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return quoted + "'::" + functions::format_type(type, -1);
  }

  std::string hash(const PartitionBound& bound) const {
    std::string keys;
    for (size_t i = 0; i < table_.keys.size(); ++i) keys += ", " + key(i);
    return fmt::format("satisfies_hash_partition('{}'::oid, {}, {}{})", parent_.oid.value(), bound.modulus,
                       bound.remainder, keys);
  }

  std::vector<std::string> list(const std::vector<BoundDatum>& values) const {
    std::string constants;
    size_t count = 0;
    bool null = false;
    for (const BoundDatum& d : values) {
      null = null || d.null;
      if (!d.null) constants += (count++ == 0 ? "" : ", ") + constant(0, d);
    }
    if (count == 0) return {key(0) + " IS NULL"};
    std::string equal = count == 1 ? fmt::format("{} = {}", key(0), constants)
                                   : fmt::format("{} = ANY (ARRAY[{}])", key(0), constants);
    if (null) return {fmt::format("({} IS NULL OR {})", key(0), equal)};
    return {key(0) + " IS NOT NULL", equal};
  }

  std::vector<std::string> present() const {
    std::vector<std::string> parts;
    for (size_t i = 0; i < table_.keys.size(); ++i) parts.push_back(key(i) + " IS NOT NULL");
    return parts;
  }

  static bool has_value(const std::vector<BoundDatum>& bound, size_t i) {
    return i < bound.size() && bound[i].kind == BoundDatum::Kind::kValue;
  }

  // Columns on which both ends agree are equal to that; over the others each end is a lexicographic
  // comparison: one arm for each number of leading columns that lie on the end itself.
  std::vector<std::string> range(const PartitionBound& bound) const {
    std::vector<std::string> parts;
    size_t first = 0;
    while (has_value(bound.lower, first) && has_value(bound.upper, first) &&
           bound.lower[first].text == bound.upper[first].text) {
      parts.push_back(fmt::format("{} = {}", key(first), constant(first, bound.lower[first])));
      ++first;
    }
    for (bool lower : {true, false}) {
      std::vector<std::string> arms = end(lower ? bound.lower : bound.upper, lower, first);
      if (!arms.empty()) parts.push_back(joined(arms, " OR "));
    }
    return parts;
  }

  std::vector<std::string> end(const std::vector<BoundDatum>& bound, bool lower, size_t first) const {
    const auto open = lower ? BoundDatum::Kind::kMinValue : BoundDatum::Kind::kMaxValue;
    std::vector<std::string> arms;
    for (size_t last = first; last < bound.size() && has_value(bound, last); ++last) {
      std::vector<std::string> arm;
      for (size_t i = first; i < last; ++i)
        arm.push_back(fmt::format("{} = {}", key(i), constant(i, bound[i])));
      const bool next_is_open = last + 1 < bound.size() && bound[last + 1].kind == open;
      const bool reaches = next_is_open || (lower && last + 1 == bound.size());
      arm.push_back(fmt::format("{} {}{} {}", key(last), lower ? ">" : "<", reaches ? "=" : "",
                                constant(last, bound[last])));
      arms.push_back(joined(arm, " AND "));
    }
    return arms;
  }

  // What no other partition takes.
  std::vector<std::string> otherwise() const {
    std::vector<BoundDatum> values;
    std::vector<std::string> others;
    for (const Partitioning::Partition& p : table_.partitions) {
      if (p.bound.is_default) continue;
      values.insert(values.end(), p.bound.values.begin(), p.bound.values.end());
      if (table_.strategy == PartitionStrategy::kRange) {
        std::vector<std::string> parts = range(p.bound);
        others.push_back(parts.empty() ? "true" : joined(parts, " AND "));
      }
    }
    if (table_.strategy == PartitionStrategy::kList) {
      if (values.empty()) return {};
      return {"NOT " + fmt::format("({})", joined(list(values), " AND "))};
    }
    if (others.empty()) return {};
    std::vector<std::string> all = present();
    all.push_back(joined(others, " OR "));
    return {"NOT " + joined(all, " AND ")};
  }

  const catalog::Relation& parent_;
  const Partitioning& table_;
};

}  // namespace

std::string partition_condition(const catalog::Relation& parent, const PartitionBound& bound) {
  std::string out;
  for (const std::string& part : Conditions(parent).of(bound)) out += (out.empty() ? "" : " AND ") + part;
  return out;
}

}  // namespace varve::session
