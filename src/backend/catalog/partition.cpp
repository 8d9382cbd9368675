#include "catalog/partition.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "common/sql_error.h"
#include "functions/postgres_hash.h"
#include "functions/registry.h"
#include "functions/sort_key.h"
#include "functions/type_oids.h"

namespace varve::catalog {

using types::Value;

access::KeyColumn ordered_key_column(Oid type, const types::Collation* collation) {
  access::KeyColumn key;
  key.type = functions::physical_type_of(type);
  key.collation = collation;
  if (type == type_oid::kOid || type == type_oid::kXid || type == type_oid::kCid ||
      type == type_oid::kRegproc) {
    key.order = access::KeyOrder::kUnsigned;
  } else if (type == type_oid::kTimetz) {
    key.order = access::KeyOrder::kTimeTz;
  } else if (type == type_oid::kBpchar) {
    key.order = access::KeyOrder::kBpchar;
  }
  if (key.type == types::PhysicalType::kString && functions::sort_key_function(type) != nullptr)
    key.collation = nullptr;
  return key;
}

void append_inverted_element(std::string& out, Oid type, const Value& value) {
  access::KeyColumn column = ordered_key_column(type, nullptr);
  column.nullable = false;
  append_ordered_value(out, type, column, value);
}

void append_ordered_value(std::string& out, Oid type, const access::KeyColumn& column, const Value& value) {
  bool plain = column.type != types::PhysicalType::kString || value.null || type == type_oid::kText ||
               type == type_oid::kVarchar || type == type_oid::kBpchar || type == type_oid::kName;
  functions::SortKeyFunction sort_key = plain ? nullptr : functions::sort_key_function(type);
  if (sort_key == nullptr) return access::append_key_column(out, column, value);
  std::string key;
  sort_key(key, value.view());
  Value ordered = Value::of_string(key);
  access::append_key_column(out, column, ordered);
}

// --- bounds as text

namespace {

[[noreturn]] void bad_bound(std::string_view sql) {
  throw SqlError(sqlstate::kInternalError, fmt::format("a stored partition bound cannot be read: {}", sql));
}

class BoundReader {
 public:
  explicit BoundReader(std::string_view sql) : sql_(sql), rest_(sql) {}

  PartitionBound read() {
    PartitionBound bound;
    if (take("DEFAULT")) {
      bound.is_default = true;
    } else if (take("FOR VALUES FROM (")) {
      bound.lower = datums();
      if (!take(" TO (")) bad_bound(sql_);
      bound.upper = datums();
    } else if (take("FOR VALUES IN (")) {
      bound.strategy = PartitionStrategy::kList;
      bound.values = datums();
    } else if (take("FOR VALUES WITH (modulus ")) {
      bound.strategy = PartitionStrategy::kHash;
      bound.modulus = number();
      if (!take(", remainder ")) bad_bound(sql_);
      bound.remainder = number();
    } else {
      bad_bound(sql_);
    }
    return bound;
  }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  int32_t number() {
    int32_t n = 0;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
      n = n * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return n;
  }
  std::vector<BoundDatum> datums() {
    std::vector<BoundDatum> out;
    do out.push_back(datum());
    while (take(", "));
    if (!take(")")) bad_bound(sql_);
    return out;
  }
  BoundDatum datum() {
    BoundDatum d;
    if (take("'")) {
      for (;;) {
        size_t quote = rest_.find('\'');
        if (quote == std::string_view::npos) bad_bound(sql_);
        d.text += rest_.substr(0, quote);
        rest_.remove_prefix(quote + 1);
        if (!take("'")) return d;
        d.text += '\'';
      }
    }
    size_t end = std::min(rest_.find_first_of(",)"), rest_.size());
    d.text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (d.text == "MINVALUE") d.kind = BoundDatum::Kind::kMinValue;
    if (d.text == "MAXVALUE") d.kind = BoundDatum::Kind::kMaxValue;
    d.null = d.text == "NULL";
    return d;
  }

  std::string_view sql_, rest_;
};

// As the deparser writes a constant without saying its type.
std::string literal(Oid type, const std::string& text) {
  bool digits = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (type == type_oid::kInt4 && digits) return text;
  if (type == type_oid::kNumeric && digits && text.find_first_of("eE.") != std::string::npos) return text;
  if (type == type_oid::kBool) return text == "t" ? "true" : text == "f" ? "false" : text;
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out += c;
    out += c;
  }
  return out + "'";
}

template <class F>
std::string datum_list(std::span<const BoundDatum> datums, F&& print) {
  std::string out = "(";
  for (size_t i = 0; i < datums.size(); ++i) {
    if (i > 0) out += ", ";
    const BoundDatum& d = datums[i];
    if (d.kind == BoundDatum::Kind::kMinValue)
      out += "MINVALUE";
    else if (d.kind == BoundDatum::Kind::kMaxValue)
      out += "MAXVALUE";
    else if (d.null)
      out += "NULL";
    else
      out += print(i, d.text);
  }
  return out + ")";
}

template <class F>
std::string print_bound(const Partitioning& table, const PartitionBound& bound, F&& value) {
  if (bound.is_default) return "DEFAULT";
  switch (table.strategy) {
    case PartitionStrategy::kHash:
      return fmt::format("FOR VALUES WITH (modulus {}, remainder {})", bound.modulus, bound.remainder);
    case PartitionStrategy::kList:
      return "FOR VALUES IN " +
             datum_list(bound.values, [&](size_t, const std::string& text) { return value(0, text); });
    default:
      break;
  }
  return fmt::format("FOR VALUES FROM {} TO {}", datum_list(bound.lower, value),
                     datum_list(bound.upper, value));
}

}  // namespace

PartitionBound parse_bound(std::string_view sql) { return BoundReader(sql).read(); }

std::string bound_text(const Partitioning& table, const PartitionBound& bound) {
  return print_bound(table, bound,
                     [&](size_t i, const std::string& text) { return literal(table.keys[i].type, text); });
}

std::string bound_text(const Partitioning& table, const PartitionBound& bound,
                       functions::EvalContext& session) {
  types::FormatSettings plain;
  functions::EvalContext stored = session;
  stored.format = &plain;
  return print_bound(table, bound, [&](size_t i, const std::string& text) {
    Oid type = table.keys[i].type;
    Value v = functions::parse_value(type, -1, text, stored);
    std::string printed;
    functions::append_value(type, v, printed, session);
    return literal(type, printed);
  });
}

// --- what lies where

void Partitioning::append_key_value(std::string& out, size_t key, const Value& value) const {
  append_ordered_value(out, keys[key].type, keys[key].order, value);
}

void Partitioning::append_key(std::string& out, std::span<const Value> values) const {
  for (size_t i = 0; i < values.size(); ++i) append_key_value(out, i, values[i]);
}

std::string Partitioning::bound_key(std::span<const BoundDatum> datums,
                                    functions::EvalContext& context) const {
  std::string key;
  for (size_t i = 0; i < datums.size(); ++i) {
    if (datums[i].kind == BoundDatum::Kind::kMinValue) return key;
    if (datums[i].kind == BoundDatum::Kind::kMaxValue) return key + '\xFF';
    append_key_value(key, i, functions::parse_value(keys[i].type, -1, datums[i].text, context));
  }
  return key;
}

void Partitioning::finish(functions::EvalContext& context) {
  struct Order {
    std::string key, upper;
    Partition partition;
  };
  std::vector<Order> sorted;
  for (Partition& p : partitions) {
    Order o;
    if (p.bound.is_default) {
      o.key = "\xFF\xFF";  // after all others
    } else if (strategy == PartitionStrategy::kRange) {
      o.key = bound_key(p.bound.lower, context);
      o.upper = bound_key(p.bound.upper, context);
    } else if (strategy == PartitionStrategy::kList) {
      bool null = false;
      for (const BoundDatum& d : p.bound.values) {
        if (d.null)
          null = true;
        else
          p.value_keys.push_back(bound_key({&d, 1}, context));
      }
      std::sort(p.value_keys.begin(), p.value_keys.end());
      p.value_keys.erase(std::unique(p.value_keys.begin(), p.value_keys.end()), p.value_keys.end());
      o.key = p.value_keys.empty() && null ? "\xFF" : p.value_keys.front();
    } else {
      o.key = fmt::format("{:010}{:010}", p.bound.modulus, p.bound.remainder);
    }
    o.partition = std::move(p);
    sorted.push_back(std::move(o));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Order& a, const Order& b) { return a.key < b.key; });
  partitions.clear();
  edges.clear();
  owners.assign(1, -1);
  list.clear();
  by_remainder.clear();
  default_partition = null_partition = -1;
  size_t modulus = 0;
  for (Order& o : sorted) {
    int number = static_cast<int>(partitions.size());
    const PartitionBound& bound = o.partition.bound;
    if (bound.is_default) {
      default_partition = number;
    } else if (strategy == PartitionStrategy::kRange) {
      if (!edges.empty() && edges.back() == o.key) {
        owners.back() = number;
      } else {
        edges.push_back(o.key);
        owners.push_back(number);
      }
      edges.push_back(o.upper);
      owners.push_back(-1);
    } else if (strategy == PartitionStrategy::kList) {
      for (const std::string& key : o.partition.value_keys) list.emplace_back(key, number);
      for (const BoundDatum& d : bound.values) {
        if (d.null) null_partition = number;
      }
    } else {
      modulus = std::max(modulus, static_cast<size_t>(bound.modulus));
    }
    partitions.push_back(std::move(o.partition));
  }
  std::sort(list.begin(), list.end());
  by_remainder.assign(modulus, -1);
  for (size_t i = 0; i < partitions.size() && modulus > 0; ++i) {
    const PartitionBound& b = partitions[i].bound;
    for (auto r = static_cast<size_t>(b.remainder); r < modulus; r += static_cast<size_t>(b.modulus)) {
      by_remainder[r] = static_cast<int>(i);
    }
  }
}

uint64_t partition_hash(std::span<const PartitionKeyColumn> keys, std::span<const Value> values) {
  uint64_t row = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (values[i].null) continue;
    row = functions::combine_hashes(
        row, functions::hash_class_value(keys[i].type, values[i], functions::kHashPartitionSeed));
  }
  return row;
}

int Partitioning::find(std::span<const Value> values) const {
  if (strategy == PartitionStrategy::kHash) {
    return by_remainder.empty() ? -1 : by_remainder[partition_hash(keys, values) % by_remainder.size()];
  }
  if (strategy == PartitionStrategy::kList) {
    int found = -1;
    if (values[0].null) {
      found = null_partition;
    } else {
      std::string key;
      append_key_value(key, 0, values[0]);
      auto it = std::lower_bound(list.begin(), list.end(), key,
                                 [](const auto& e, const std::string& k) { return e.first < k; });
      if (it != list.end() && it->first == key) found = it->second;
    }
    return found >= 0 ? found : default_partition;
  }
  for (const Value& v : values) {
    if (v.null) return default_partition;
  }
  std::string key;
  append_key(key, values);
  auto edge = std::upper_bound(edges.begin(), edges.end(), key);
  int found = owners[static_cast<size_t>(edge - edges.begin())];
  return found >= 0 ? found : default_partition;
}

int Partitioning::find_oid(Oid partition) const {
  for (size_t i = 0; i < partitions.size(); ++i) {
    if (partitions[i].oid == partition) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace varve::catalog
