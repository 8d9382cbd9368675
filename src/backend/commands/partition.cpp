#include "partition.h"

#include <algorithm>
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "functions/postgres_hash.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index_build.h"
#include "inheritance.h"
#include "parser/parser.h"

namespace varve::commands {

using catalog::BoundDatum;
using catalog::PartitionBound;
using catalog::Partitioning;
using catalog::PartitionKeyColumn;
using catalog::PartitionStrategy;

namespace {

bool is_system_name(std::string_view name) {
  for (std::string_view s : {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"}) {
    if (name == s) return true;
  }
  return false;
}

Oid collation_named(CommandContext& context, parser::NameList name) {
  Oid found;
  const KeyMatch match[] = {{"collname", Value::of_string(name.back())}};
  context.catalog.for_each(system_table("pg_collation"), match,
                           [&](const Row& row) { found = row.oid("oid"); });
  if (found != kInvalidOid) return found;
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", name.back()));
}

// A key as written: its column or expression, collation and operator class.
struct KeyText {
  ColumnNumber column = 0;
  std::string expression;  // with its type in front
  Oid type, collation;
};

KeyText read_key(CommandContext& context, const RelationPtr& table, const parser::IndexElem& element,
                 bool hash) {
  KeyText key;
  ColumnNumber column = 0;
  if (!element.column.empty()) {
    column = table->find_column(element.column);
    if (column == 0 && is_system_name(element.column)) {
      throw SqlError(sqlstate::kInvalidObjectDefinition,
                     fmt::format("cannot use system column \"{}\" in partition key", element.column))
          .at(position(context, element.location));
    }
    if (column == 0) {
      throw SqlError(sqlstate::kUndefinedColumn,
                     fmt::format("column \"{}\" named in partition key does not exist", element.column))
          .at(position(context, element.location));
    }
  } else {
    analyzer::AnalyzerContext inner = context.analyzer_context();
    analyzer::Expr* e =
        analyzer::analyze_table_expression(inner, element.expression, &table, "partition key expressions");
    if (e->kind == analyzer::ExprKind::kColumn) {
      column = e->as<analyzer::ColumnExpr>().column;
    } else {
      for (ColumnNumber c : columns_of(e)) {
        if (c < 0)
          throw SqlError(sqlstate::kInvalidObjectDefinition,
                         "partition key expressions cannot contain system column references");
        if (table->column(c).generated != 0) {
          throw SqlError(sqlstate::kInvalidObjectDefinition, "cannot use generated column in partition key")
              .detail(fmt::format("Column \"{}\" is a generated column.", table->column(c).name))
              .at(position(context, element.location));
        }
      }
      constexpr std::string_view kMutable = "functions in partition key expression must be marked IMMUTABLE";
      require_immutable(e, kMutable);
      // How a date or a time is printed depends on settings.
      if (analyzer::any_of(e, [](const analyzer::Expr& x) {
            if (x.kind != analyzer::ExprKind::kCoerceViaIo) return false;
            Oid from = x.as<analyzer::CastExpr>().arg->type;
            return from == type_oid::kDate || from == type_oid::kTimestamp || from == type_oid::kTimestamptz;
          })) {
        throw SqlError(sqlstate::kInvalidObjectDefinition, std::string(kMutable));
      }
      if (columns_of(e).empty()) {
        throw SqlError(sqlstate::kInvalidObjectDefinition, "cannot use constant expression as partition key");
      }
      key.type = e->type;
      key.collation = e->collation;
      key.expression =
          fmt::format("{} {}", e->type.value(), analyzer::deparse_expression(*e, table.get(), context.eval));
    }
  }
  if (column != 0) {
    const catalog::Column& c = table->column(column);
    if (c.generated != 0) {
      throw SqlError(sqlstate::kInvalidObjectDefinition, "cannot use generated column in partition key")
          .detail(fmt::format("Column \"{}\" is a generated column.", c.name))
          .at(position(context, element.location));
    }
    key.column = column;
    key.type = c.type;
    key.collation = c.collation;
  }
  if (!element.collation.empty()) key.collation = collation_named(context, element.collation);
  if (!element.opclass.empty()) {
    std::string_view name = element.opclass.back();
    if (!name.ends_with("_ops")) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("operator class \"{}\" does not exist for access method \"{}\"", name,
                                 hash ? "hash" : "btree"));
    }
    if (name.find("pattern") != std::string_view::npos) key.collation = catalog::kCCollation;
  }
  if (hash && key.type == Oid{1033}) throw_not_supported("hash partitioning by aclitem");
  bool fits = hash ? functions::has_hash_class(key.type)
                   : functions::compare_function(key.type) != nullptr &&
                         functions::less_operator(key.type) != nullptr;
  if (!fits) {
    throw SqlError(sqlstate::kUndefinedObject,
                   fmt::format("data type {} has no default operator class for access method \"{}\"",
                               functions::format_type(key.type, -1), hash ? "hash" : "btree"))
        .hint(fmt::format(
            "You must specify a {} operator class or define a default {} operator class for the data type.",
            hash ? "hash" : "btree", hash ? "hash" : "btree"));
  }
  return key;
}

char strategy_letter(std::string_view word) {
  auto is = [&](std::string_view name) {
    return word.size() == name.size() &&
           std::equal(word.begin(), word.end(), name.begin(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
  };
  return is("range") ? 'r' : is("list") ? 'l' : is("hash") ? 'h' : 0;
}

}  // namespace

void check_partition_strategy(CommandContext&, const parser::PartitionSpec& spec) {
  char letter = strategy_letter(spec.strategy);
  if (letter == 0) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("unrecognized partitioning strategy \"{}\"", spec.strategy));
  }
  if (letter == 'l' && spec.keys.size() != 1) {
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   "cannot use \"list\" partition strategy with more than one column");
  }
  if (spec.keys.size() > 32) {
    throw SqlError(sqlstate::kTooManyColumns, "cannot partition using more than 32 columns");
  }
}

void store_partition_key(CommandContext& context, Oid oid, const parser::PartitionSpec& spec) {
  // Its key is not there yet: what is looked at are the columns.
  auto columns_only = std::make_shared<Relation>(*context.catalog.relation(oid));
  columns_only->partitioning = nullptr;
  RelationPtr table = columns_only;
  char letter = strategy_letter(spec.strategy);
  std::vector<ColumnNumber> columns;
  std::string collations, classes, expressions;
  for (const parser::IndexElem* element : spec.keys) {
    KeyText key = read_key(context, table, *element, letter == 'h');
    columns.push_back(key.column);
    collations += fmt::format("{}{}", collations.empty() ? "" : " ", key.collation.value());
    classes += classes.empty() ? "0" : " 0";
    if (key.column == 0) expressions += fmt::format("{}{}", expressions.empty() ? "" : "\n", key.expression);
  }
  RowDraft row(system_table("pg_partitioned_table"));
  row.oid("partrelid", oid)
      .text("partstrat", std::string(1, letter))
      .int2("partnatts", static_cast<int16_t>(columns.size()));
  row.text("partattrs", vector_text(columns)).text("partclass", classes).text("partcollation", collations);
  if (!expressions.empty()) row.text("partexprs", expressions);
  context.catalog.insert(row);
}

// --- bounds

namespace {

[[noreturn]] void bad_bound(CommandContext& context, const parser::Node& at, std::string message,
                            SqlState state = sqlstate::kInvalidTableDefinition) {
  throw SqlError(state, std::move(message)).at(position(context, at.location));
}

std::string key_name(const Relation& parent, const PartitionKeyColumn& key) {
  return key.column != 0 ? parent.column(key.column).name : key.expression_sql;
}

// A constant of the key's type.
BoundDatum read_datum(CommandContext& context, const Relation& parent, size_t number,
                      const parser::Node* node) {
  const PartitionKeyColumn& key = parent.partitioning->keys[number];
  std::string name = key_name(parent, key);
  analyzer::AnalyzerContext inner = context.analyzer_context();
  if (node->kind == parser::NodeKind::kColumnRef) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "cannot use column reference in partition bound expression")
        .at(position(context, node->location));
  }
  analyzer::Expr* e = analyzer::analyze_table_expression(inner, node, nullptr, "partition bound expressions");
  try {
    int32_t typmod = key.column != 0 ? parent.column(key.column).typmod : -1;
    e = analyzer::coerce_for_assignment(inner, e, key.type, typmod, name);
  } catch (const SqlError& error) {
    if (error.state() != sqlstate::kDatatypeMismatch) throw;
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("specified value cannot be cast to type {} for column \"{}\"",
                               functions::format_type(key.type, -1), name))
        .at(position(context, node->location));
  }
  if (analyzer::any_of(e, [](const analyzer::Expr& x) { return x.kind == analyzer::ExprKind::kSubquery; })) {
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot use subquery in partition bound")
        .at(position(context, node->location));
  }
  analyzer::any_of(e, [&](const analyzer::Expr& x) {
    bool aggregate = x.kind == analyzer::ExprKind::kAggregate;
    if (!aggregate && x.kind != analyzer::ExprKind::kWindow && x.kind != analyzer::ExprKind::kSetReturning)
      return false;
    throw SqlError(aggregate                               ? sqlstate::kGroupingError
                   : x.kind == analyzer::ExprKind::kWindow ? sqlstate::kWindowingError
                                                           : sqlstate::kFeatureNotSupported,
                   fmt::format("{} are not allowed in partition bound",
                               aggregate                               ? "aggregate functions"
                               : x.kind == analyzer::ExprKind::kWindow ? "window functions"
                                                                       : "set-returning functions"))
        .at(position(context, x.location));
  });
  RowEvaluation evaluation(context);
  Arena memory;
  executor::ExpressionEvaluator evaluator(*e, evaluation.execution(), memory);
  Value v = evaluator.scalar();
  BoundDatum datum;
  datum.null = v.null;
  if (v.null) {
    datum.text = "NULL";
    return datum;
  }
  types::FormatSettings plain;
  functions::EvalContext stored = context.eval;
  stored.format = &plain;
  functions::append_value(key.type, v, datum.text, stored);
  return datum;
}

BoundDatum read_range_datum(CommandContext& context, const Relation& parent, size_t number,
                            const parser::Node* node) {
  if (parser::is<parser::ColumnRef>(node)) {
    const auto& ref = *parser::as<parser::ColumnRef>(node);
    if (ref.names.size() == 1 && !ref.star && (ref.names[0] == "minvalue" || ref.names[0] == "maxvalue")) {
      BoundDatum datum;
      bool min = ref.names[0] == "minvalue";
      datum.kind = min ? BoundDatum::Kind::kMinValue : BoundDatum::Kind::kMaxValue;
      datum.text = min ? "MINVALUE" : "MAXVALUE";
      return datum;
    }
  }
  BoundDatum datum = read_datum(context, parent, number, node);
  if (datum.null) throw SqlError(sqlstate::kInvalidObjectDefinition, "cannot specify NULL in range bound");
  return datum;
}

std::vector<BoundDatum> read_range(CommandContext& context, const Relation& parent, parser::NodeList nodes) {
  std::vector<BoundDatum> out;
  for (size_t i = 0; i < nodes.size(); ++i) out.push_back(read_range_datum(context, parent, i, nodes[i]));
  for (size_t i = 1; i < out.size(); ++i) {
    for (auto [kind, word] : {std::pair{BoundDatum::Kind::kMinValue, "MINVALUE"},
                              std::pair{BoundDatum::Kind::kMaxValue, "MAXVALUE"}}) {
      if (out[i - 1].kind != kind || out[i].kind == kind) continue;
      bad_bound(context, *nodes[i], fmt::format("every bound following {} must also be {}", word, word),
                sqlstate::kDatatypeMismatch);
    }
  }
  return out;
}

}  // namespace

PartitionBound read_bound(CommandContext& context, const Relation& parent,
                          const parser::PartitionBoundSpec& spec) {
  const Partitioning& p = *parent.partitioning;
  PartitionBound bound;
  bound.strategy = p.strategy;
  if (spec.type == parser::PartitionBoundKind::kDefault) {
    if (p.strategy == PartitionStrategy::kHash) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     "a hash-partitioned table may not have a default partition");
    }
    bound.is_default = true;
    return bound;
  }
  if (p.strategy == PartitionStrategy::kHash) {
    if (spec.type != parser::PartitionBoundKind::kHash)
      bad_bound(context, spec, "invalid bound specification for a hash partition");
    if (spec.modulus <= 0) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     "modulus for hash partition must be an integer value greater than zero");
    }
    if (spec.remainder < 0) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     "remainder for hash partition must be an integer value greater than or equal to zero");
    }
    if (spec.remainder >= spec.modulus) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     "remainder for hash partition must be less than modulus");
    }
    bound.modulus = spec.modulus;
    bound.remainder = spec.remainder;
    return bound;
  }
  if (p.strategy == PartitionStrategy::kList) {
    if (spec.type != parser::PartitionBoundKind::kList)
      bad_bound(context, spec, "invalid bound specification for a list partition");
    for (const parser::Node* node : spec.values) {
      BoundDatum datum = read_datum(context, parent, 0, node);
      bool there = std::any_of(bound.values.begin(), bound.values.end(), [&](const BoundDatum& d) {
        return d.null == datum.null && d.text == datum.text;
      });
      if (!there) bound.values.push_back(std::move(datum));
    }
    return bound;
  }
  if (spec.type != parser::PartitionBoundKind::kRange)
    bad_bound(context, spec, "invalid bound specification for a range partition");
  if (spec.lower.size() != p.keys.size()) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   "FROM must specify exactly one value per partitioning column");
  }
  if (spec.upper.size() != p.keys.size()) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   "TO must specify exactly one value per partitioning column");
  }
  bound.lower = read_range(context, parent, spec.lower);
  bound.upper = read_range(context, parent, spec.upper);
  return bound;
}

namespace {

std::string relation_name(CommandContext& context, Oid oid) { return context.catalog.relation(oid)->name; }

functions::EvalContext plain_eval(CommandContext& context) {
  static const types::FormatSettings kPlain;
  functions::EvalContext eval = context.eval;
  eval.format = &kPlain;
  return eval;
}

[[noreturn]] void overlap(CommandContext& context, std::string_view name, Oid with, int32_t location) {
  throw SqlError(
      sqlstate::kInvalidObjectDefinition,
      fmt::format("partition \"{}\" would overlap partition \"{}\"", name, relation_name(context, with)))
      .at(position(context, location));
}

void check_hash(CommandContext& context, const Partitioning& p, std::string_view name,
                const PartitionBound& bound, const parser::PartitionBoundSpec& spec) {
  const Partitioning::Partition *below = nullptr, *above = nullptr;
  for (const auto& other : p.partitions) {
    if (other.bound.modulus <= bound.modulus &&
        (below == nullptr || other.bound.modulus >= below->bound.modulus))
      below = &other;
    if (other.bound.modulus > bound.modulus &&
        (above == nullptr || other.bound.modulus < above->bound.modulus))
      above = &other;
  }
  auto not_a_factor = [&](std::string detail) {
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   "every hash partition modulus must be a factor of the next larger modulus")
        .detail(std::move(detail));
  };
  if (below != nullptr && bound.modulus % below->bound.modulus != 0) {
    not_a_factor(
        fmt::format("The new modulus {} is not divisible by {}, the modulus of existing partition \"{}\".",
                    bound.modulus, below->bound.modulus, relation_name(context, below->oid)));
  }
  if (above != nullptr && above->bound.modulus % bound.modulus != 0) {
    not_a_factor(
        fmt::format("The new modulus {} is not a factor of {}, the modulus of existing partition \"{}\".",
                    bound.modulus, above->bound.modulus, relation_name(context, above->oid)));
  }
  size_t greatest = std::max(p.by_remainder.size(), static_cast<size_t>(bound.modulus));
  for (auto r = static_cast<size_t>(bound.remainder); r < greatest; r += static_cast<size_t>(bound.modulus)) {
    if (p.by_remainder.empty()) continue;
    int owner = p.by_remainder[r % p.by_remainder.size()];
    if (owner >= 0) overlap(context, name, p.partitions[static_cast<size_t>(owner)].oid, spec.location);
  }
}

void check_range(CommandContext& context, const Partitioning& p, std::string_view name,
                 const PartitionBound& bound, const parser::PartitionBoundSpec& spec) {
  functions::EvalContext eval = plain_eval(context);
  std::string low = p.bound_key(bound.lower, eval), high = p.bound_key(bound.upper, eval);
  if (low >= high) {
    PartitionBound copy = bound;
    std::string text = catalog::bound_text(p, copy, context.eval);
    size_t from = text.find("FROM "), to = text.find(" TO (");
    throw SqlError(sqlstate::kInvalidObjectDefinition,
                   fmt::format("empty range bound specified for partition \"{}\"", name))
        .detail(fmt::format("Specified lower bound {} is greater than or equal to upper bound {}.",
                            text.substr(from + 5, to - from - 5), text.substr(to + 4)))
        .at(position(context, spec.lower[0]->location));
  }
  auto edge = std::upper_bound(p.edges.begin(), p.edges.end(), low);
  auto at = static_cast<size_t>(edge - p.edges.begin());
  // The error points at the first value that tells the bound from its neighbour's.
  auto differs = [](const std::vector<BoundDatum>& a, const std::vector<BoundDatum>& b) {
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].kind != b[i].kind || a[i].text != b[i].text) return i;
    }
    return size_t{0};
  };
  if (p.owners[at] >= 0) {
    const Partitioning::Partition& other = p.partitions[static_cast<size_t>(p.owners[at])];
    overlap(context, name, other.oid, spec.lower[differs(bound.lower, other.bound.lower)]->location);
  }
  if (edge != p.edges.end() && *edge < high) {
    const Partitioning::Partition& other = p.partitions[static_cast<size_t>(p.owners[at + 1])];
    overlap(context, name, other.oid, spec.upper[differs(bound.upper, other.bound.lower)]->location);
  }
}

}  // namespace

void check_bound_is_free(CommandContext& context, const Relation& parent, std::string_view name,
                         const PartitionBound& bound, const parser::PartitionBoundSpec& spec) {
  const Partitioning& p = *parent.partitioning;
  if (bound.is_default) {
    if (p.default_partition < 0) return;
    throw SqlError(
        sqlstate::kInvalidObjectDefinition,
        fmt::format("partition \"{}\" conflicts with existing default partition \"{}\"", name,
                    relation_name(context, p.partitions[static_cast<size_t>(p.default_partition)].oid)))
        .at(position(context, spec.location));
  }
  if (p.strategy == PartitionStrategy::kHash) return check_hash(context, p, name, bound, spec);
  if (p.strategy == PartitionStrategy::kRange) return check_range(context, p, name, bound, spec);
  functions::EvalContext eval = plain_eval(context);
  for (size_t i = 0; i < bound.values.size(); ++i) {
    int owner = p.null_partition;
    if (!bound.values[i].null) {
      std::string key = p.bound_key({&bound.values[i], 1}, eval);
      auto it = std::lower_bound(p.list.begin(), p.list.end(), key,
                                 [](const auto& e, const std::string& k) { return e.first < k; });
      owner = it != p.list.end() && it->first == key ? it->second : -1;
    }
    if (owner >= 0) {
      overlap(context, name, p.partitions[static_cast<size_t>(owner)].oid,
              spec.values[std::min(i, spec.values.size() - 1)]->location);
    }
  }
}

PartitionKeyOfRows::PartitionKeyOfRows(CommandContext& context, const RelationPtr& partitioned,
                                       const RelationPtr& rows) {
  std::vector<analyzer::Expr*> expressions;
  std::vector<ColumnNumber> live = live_columns(*rows);
  for (const PartitionKeyColumn& key : partitioned->partitioning->keys) {
    if (key.column == 0) {
      ordinals_.push_back(-1);
      expressions.push_back(bind_stored(context, key.expression_sql, rows, "partition key expressions"));
      continue;
    }
    ColumnNumber column = rows->find_column(partitioned->column(key.column).name);
    ordinals_.push_back(static_cast<int>(std::find(live.begin(), live.end(), column) - live.begin()));
  }
  if (!expressions.empty()) expressions_ = std::make_unique<RowExpressions>(context, *rows, expressions);
  values_.resize(ordinals_.size());
}

std::span<const Value> PartitionKeyOfRows::values(std::span<const Value> row) {
  if (expressions_ != nullptr) expressions_->load(row);
  size_t expression = 0;
  for (size_t i = 0; i < ordinals_.size(); ++i) {
    values_[i] =
        ordinals_[i] >= 0 ? row[static_cast<size_t>(ordinals_[i])] : expressions_->value(expression++);
  }
  return values_;
}

void check_default_rows(CommandContext& context, const RelationPtr& parent, const PartitionBound& bound) {
  const Partitioning& now = *parent->partitioning;
  if (bound.is_default || now.default_partition < 0) return;
  Oid default_oid = now.partitions[static_cast<size_t>(now.default_partition)].oid;
  context.services.lock_relation(default_oid, txn::LockMode::kAccessExclusive);
  Partitioning later = now;
  later.partitions.push_back({kInvalidOid, bound, {}});
  for (auto& p : later.partitions) p.value_keys.clear();
  functions::EvalContext eval = plain_eval(context);
  later.finish(eval);
  int fresh = later.find_oid(kInvalidOid);
  RelationPtr default_table = context.catalog.relation(default_oid);
  for (const RelationPtr& table : tables_with_rows(context, default_table)) {
    PartitionKeyOfRows keys(context, parent, table);
    scan_table(context, *table, {}, [&](Tid, std::span<const Value> row) {
      if (later.find(keys.values(row)) != fresh) return;
      throw SqlError(
          sqlstate::kCheckViolation,
          fmt::format(
              "updated partition constraint for default partition \"{}\" would be violated by some row",
              table->name))
          .schema(table->schema_name)
          .table(table->name);
    });
  }
}

void store_bound(CommandContext& context, const RelationPtr& parent, Oid child, const PartitionBound& bound) {
  std::string text = catalog::bound_text(*parent->partitioning, bound);
  change_class_row(context, child, [&](RowDraft& draft) {
    draft.boolean("relispartition", true).text("relpartbound", text);
  });
  add_inheritance(context, child, parent->oid, 1, 'a');
  if (!bound.is_default) return;
  const KeyMatch match[] = {{"partrelid", Value::of_oid(parent->oid.value())}};
  context.catalog.for_each(system_table("pg_partitioned_table"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_partitioned_table"), row);
    draft.oid("partdefid", child);
    context.catalog.update(row, draft);
    return false;
  });
}

std::vector<ColumnNumber> partition_key_columns(CommandContext& context, const RelationPtr& table) {
  std::vector<ColumnNumber> columns;
  if (table->partitioning == nullptr) return columns;
  for (const PartitionKeyColumn& key : table->partitioning->keys) {
    if (key.column != 0) {
      columns.push_back(key.column);
      continue;
    }
    std::string_view text = context.arena.copy(key.expression_sql);
    analyzer::AnalyzerContext inner = context.analyzer_context();
    inner.sql = text;
    RelationPtr self = table;
    analyzer::Expr* e = analyzer::analyze_table_expression(
        inner, parser::parse_expression(text, context.arena), &self, "partition key expressions");
    for (ColumnNumber c : columns_of(e)) columns.push_back(c);
  }
  return columns;
}

void require_partition_key(const Relation& table, std::span<const ColumnNumber> columns,
                           std::string_view what) {
  if (table.partitioning == nullptr) return;
  for (const PartitionKeyColumn& key : table.partitioning->keys) {
    if (key.column == 0) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("unsupported {} constraint with partition key definition", what))
          .detail(
              fmt::format("{} constraints cannot be used when partition keys include expressions.", what));
    }
    if (std::find(columns.begin(), columns.end(), key.column) != columns.end()) continue;
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "unique constraint on partitioned table must include all partitioning columns")
        .detail(fmt::format(
            "{} constraint on table \"{}\" lacks column \"{}\" which is part of the partition key.", what,
            table.name, table.column(key.column).name));
  }
}

}  // namespace varve::commands
