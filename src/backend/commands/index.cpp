#include "index.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/btree.h"
#include "access/table_method.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "constraints.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index_build.h"
#include "inheritance.h"
#include "parser/parser.h"
#include "partition.h"
#include "table_expression.h"

namespace varve::commands {

using catalog::RelationKind;

std::string storage_options(parser::List<parser::Option> options, bool index, Oid access_method) {
  std::vector<std::string> items = storage_option_items(options, index, access_method);
  return items.empty() ? std::string() : text_array(items);
}

namespace {

// PostgreSQL's of a list of entries that wait, which is not there: kept, so that dumps are complete.
bool is_inverted_option(const parser::Option& option) {
  if (option.name == "fastupdate") {
    try {
      (void)option_boolean(option);
    } catch (const SqlError&) {
      throw SqlError(
          sqlstate::kInvalidParameterValue,
          fmt::format("invalid value for boolean option \"{}\": {}", option.name, option_text(option)));
    }
    return true;
  }
  if (option.name != "gin_pending_list_limit") return false;
  constexpr int64_t kLeast = 64, kMost = INT32_MAX;
  const int64_t value = option_integer(option);
  if (value < kLeast || value > kMost) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   fmt::format("value {} out of bounds for option \"{}\"", value, option.name))
        .detail(fmt::format("Valid values are between \"{}\" and \"{}\".", kLeast, kMost));
  }
  return true;
}

}  // namespace

std::vector<std::string> storage_option_items(parser::List<parser::Option> options, bool index,
                                              Oid access_method) {
  std::vector<std::string> items;
  for (const parser::Option* option : options) {
    if (option->name == "fillfactor" && option->name_space.empty() &&
        access_method != catalog::kInvertedMethod) {
      int64_t value = option_integer(*option);
      if (value < (index ? 50 : 10) || value > 100) {
        throw SqlError(sqlstate::kInvalidParameterValue,
                       fmt::format("value {} out of bounds for option \"fillfactor\"", value))
            .detail(fmt::format("Valid values are between \"{}\" and \"100\".", index ? 50 : 10));
      }
      items.push_back(fmt::format("fillfactor={}", value));
    } else if ((option->name == "orderby" || option->name == "hypertable") && option->name_space.empty() &&
               access_method == access::kColumnarMethod) {
      items.push_back(fmt::format("{}={}", option->name, option_text(*option)));
    } else if (index && access_method == catalog::kInvertedMethod && option->name_space.empty() &&
               is_inverted_option(*option)) {
      items.push_back(fmt::format("{}={}", option->name, option_text(*option)));
    } else if (option->name == "in_name_only" && index && option->name_space.empty()) {
      // pg_index.indisready says it.
    } else if (option->name.starts_with("autovacuum_") || option->name == "toast_tuple_target" ||
               option->name == "parallel_workers" || option->name_space == "toast" ||
               (option->name == "deduplicate_items" && access_method != catalog::kInvertedMethod)) {
      // Hints to machinery that works in another way here; kept, so that dumps are complete.
      std::string space = option->name_space.empty() ? "" : std::string(option->name_space) + ".";
      items.push_back(fmt::format("{}{}={}", space, option->name, option_text(*option)));
    } else {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized parameter \"{}\"", option->name));
    }
  }
  return items;
}

IndexKeySpec plain_key(CommandContext&, const Relation& table, ColumnNumber column) {
  const catalog::Column& c = table.column(column);
  IndexKeySpec key;
  key.column = column;
  key.name = c.name;
  key.type = c.type;
  key.typmod = c.typmod;
  key.collation = c.collation;
  return key;
}

IndexSpec spec_of(CommandContext& context, const RelationPtr& table, const catalog::Index& index) {
  IndexSpec spec;
  spec.method = index.method;
  spec.unique = index.unique;
  spec.primary = index.primary;
  spec.nulls_not_distinct = index.nulls_not_distinct;
  spec.is_constraint = index.constraint != kInvalidOid;
  spec.immediate = index.immediate;
  spec.initially_deferred = index.initially_deferred;
  spec.included = index.included;
  spec.predicate_sql = index.predicate_sql;
  RelationPtr self = context.catalog.relation(index.oid);
  for (size_t i = 0; i < index.keys.size(); ++i) {
    const catalog::IndexColumn& k = index.keys[i];
    IndexKeySpec key;
    key.column = k.column;
    key.name = k.column != 0 ? table->column(k.column).name : self->columns[i].name;
    key.expression_sql = k.expression_sql;
    key.type = k.type;
    key.collation = k.collation_oid;
    key.descending = k.descending;
    key.nulls_first = k.nulls_first;
    key.inverted = k.inverted;
    key.opclass = k.opclass;
    spec.keys.push_back(std::move(key));
  }
  return spec;
}

namespace {

void check_orderable(CommandContext& context, Oid type) {
  (void)context;
  if (functions::compare_function(type) != nullptr && functions::less_operator(type) != nullptr) return;
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("data type {} has no default operator class for access method \"btree\"",
                             functions::format_type(type, -1)))
      .hint(
          "You must specify an operator class for the index or define a default operator class for the data "
          "type.");
}

// The type whose operator class serves this one.
Oid class_input(CommandContext& context, Oid type) {
  const Oid base = catalog::base_type(context.catalog, type, -1).type;
  if (base == type_oid::kVarchar) return type_oid::kText;
  if (base == type_oid::kCidr) return type_oid::kInet;
  const functions::TypeInfo* info = functions::type_by_oid(base);
  if (info == nullptr || base == type_oid::kOidvector) return base;
  if (info->category == 'A') return type_oid::kAnyarray;
  switch (info->kind) {
    case 'e':
      return type_oid::kAnyenum;
    case 'r':
      return type_oid::kAnyrange;
    case 'm':
      return type_oid::kAnymultirange;
    case 'c':
      return type_oid::kRecord;
    default:
      return info->name.starts_with("reg") ? type_oid::kOid : base;
  }
}

// 0: there is none.
Oid default_btree_class(CommandContext& context, Oid type) {
  const Oid input = class_input(context, type);
  Oid found;
  const KeyMatch match[] = {{"opcmethod", Value::of_oid(catalog::kBtreeMethod.value())}};
  context.catalog.for_each(system_table("pg_opclass"), match, [&](const Row& row) {
    if (row.boolean("opcdefault") && row.oid("opcintype") == input) found = row.oid("oid");
  });
  return found;
}

void insert_index_row(CommandContext& context, Oid index, Oid table, const IndexSpec& spec) {
  std::vector<ColumnNumber> columns, options;
  std::string collations, classes, expressions;
  for (const IndexKeySpec& key : spec.keys) {
    columns.push_back(key.column);
    options.push_back(static_cast<ColumnNumber>((key.descending ? 1 : 0) | (key.nulls_first ? 2 : 0)));
    collations += fmt::format("{}{}", collations.empty() ? "" : " ", key.collation.value());
    const functions::InvertedClassInfo* inverted = functions::inverted_class(key.inverted);
    const Oid opclass = inverted != nullptr          ? inverted->oid
                        : key.opclass != kInvalidOid ? key.opclass
                                                     : default_btree_class(context, key.type);
    classes += fmt::format("{}{}", classes.empty() ? "" : " ", opclass.value());
    if (key.column == 0)
      expressions += fmt::format("{}{}", expressions.empty() ? "" : "\n", key.expression_sql);
  }
  for (ColumnNumber c : spec.included) columns.push_back(c);
  RowDraft row(system_table("pg_index"));
  row.oid("indexrelid", index).oid("indrelid", table).int2("indnatts", static_cast<int16_t>(columns.size()));
  row.int2("indnkeyatts", static_cast<int16_t>(spec.keys.size())).boolean("indisunique", spec.unique);
  row.boolean("indnullsnotdistinct", spec.nulls_not_distinct).boolean("indisprimary", spec.primary);
  row.boolean("indimmediate", spec.immediate)
      .boolean("indisvalid", spec.valid)
      .boolean("indisready", !spec.in_name_only)
      .boolean("indislive", true);
  row.text("indkey", vector_text(columns)).text("indcollation", collations).text("indclass", classes);
  row.text("indoption", vector_text(options));
  if (!expressions.empty()) row.text("indexprs", expressions);
  if (!spec.predicate_sql.empty()) row.text("indpred", spec.predicate_sql);
  context.catalog.insert(row);
}

void insert_index_attributes(CommandContext& context, Oid index, const Relation& table,
                             const IndexSpec& spec) {
  ColumnNumber number = 0;
  std::vector<std::string> taken;
  auto unique_name = [&](std::string name) {
    std::string candidate = name;
    for (int i = 1; std::find(taken.begin(), taken.end(), candidate) != taken.end(); ++i) {
      candidate = fmt::format("{}{}", name.substr(0, kMaxNameBytes - 4), i);
    }
    taken.push_back(candidate);
    return candidate;
  };
  auto insert = [&](const IndexKeySpec& key) {
    AttributeRow row;
    row.name = unique_name(key.name);
    row.type = key.type;
    row.typmod = key.typmod;
    row.collation = key.collation;
    insert_attribute_row(context, index, ++number, row);
  };
  for (const IndexKeySpec& key : spec.keys) insert(key);
  for (ColumnNumber c : spec.included) insert(plain_key(context, table, c));
}

}  // namespace

Oid create_index_relation(CommandContext& context, Oid table_oid, const IndexSpec& spec) {
  RelationPtr table = context.catalog.relation(table_oid);
  if (context.catalog.find_relation_oid(table->schema, spec.name) != kInvalidOid) {
    throw SqlError(sqlstate::kDuplicateTable, fmt::format("relation \"{}\" already exists", spec.name));
  }
  for (const IndexKeySpec& key : spec.keys) {
    if (spec.method == catalog::kBtreeMethod) check_orderable(context, key.type);
  }
  context.txn.assign_xid();
  ClassRow row;
  row.oid = catalog::Database::new_oid();
  row.name = spec.name;
  row.schema = table->schema;
  row.kind = table->is_partitioned() ? 'I' : 'i';
  row.access_method = spec.method;
  if (!table->is_partitioned() && !spec.in_name_only) {
    auto segment = context.catalog.database().create_btree(context.txn);
    check_ok(segment.status());
    row.segment = *segment;
  }
  row.columns = static_cast<int16_t>(spec.keys.size() + spec.included.size());
  row.owner = table->owner;
  row.options = spec.options;
  row.persistence = table->persistence;
  insert_class_row(context, row);
  insert_index_attributes(context, row.oid, *table, spec);
  insert_index_row(context, row.oid, table_oid, spec);
  if (!spec.is_constraint) {
    std::vector<ColumnNumber> read = spec.predicate_columns;
    for (const IndexKeySpec& key : spec.keys) {
      if (key.column != 0)
        read.push_back(key.column);
      else
        for (ColumnNumber c : columns_of(key.expression)) read.push_back(c);
    }
    for (ColumnNumber c : spec.included) read.push_back(c);
    for (const IndexKeySpec& key : spec.keys) {
      if (key.column == 0) depend_on_named_objects(context, relation_address(row.oid), *key.expression);
    }
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    for (ColumnNumber c : read)
      add_dependency(context, relation_address(row.oid), column_address(table_oid, c), 'a');
    if (read.empty()) add_dependency(context, relation_address(row.oid), relation_address(table_oid), 'a');
  }
  change_class_row(context, table_oid, [](RowDraft& draft) { draft.boolean("relhasindex", true); });
  if (table->is_partitioned() || spec.in_name_only || spec.empty) return row.oid;
  table = context.catalog.relation(table_oid);
  for (const catalog::Index& index : table->indexes) {
    if (index.oid != row.oid) continue;
    context.services.report_progress(
        "CREATE INDEX", table->oid,
        {{1, spec.concurrently ? 2 : 1}, {7, static_cast<int64_t>(index.oid.value())}});
    build_index(context, table, index, spec.concurrently);
  }
  return row.oid;
}

void replace_index_segment(CommandContext& context, Oid index, PageId old_segment) {
  context.txn.assign_xid();
  auto segment = context.catalog.database().create_btree(context.txn);
  check_ok(segment.status());
  check_ok(access::drop_segment(context.txn.manager().pool(), context.txn, old_segment));
  change_class_row(context, index, [&](RowDraft& draft) {
    draft.oid("relfilenode", Oid{static_cast<uint32_t>(segment->value())});
  });
  // Its row tells from when on the index has what snapshots look for (catalog::Index::made).
  change_index_row(context, index, [](RowDraft&) {});
}

void rebuild_indexes(CommandContext& context, Oid table_oid) {
  RelationPtr table = context.catalog.relation(table_oid);
  if (table->is_partitioned()) return;  // its partitions have them
  for (const catalog::Index& index : table->indexes) replace_index_segment(context, index.oid, index.segment);
  table = context.catalog.relation(table_oid);
  for (const catalog::Index& index : table->indexes) build_index(context, table, index);
}

namespace {

// The name PostgreSQL gives an expression's column.
std::string expression_name(const parser::Node* node) {
  using parser::NodeKind;
  switch (node->kind) {
    case NodeKind::kFuncCall:
      return std::string(parser::as<parser::FuncCall>(node)->names.back());
    case NodeKind::kColumnRef:
      return std::string(parser::as<parser::ColumnRef>(node)->names.back());
    case NodeKind::kTypeCast: {
      std::string name = expression_name(parser::as<parser::TypeCast>(node)->arg);
      return name == "expr" ? std::string(parser::as<parser::TypeCast>(node)->type->names.back()) : name;
    }
    case NodeKind::kCollateExpr:
      return expression_name(parser::as<parser::CollateExpr>(node)->arg);
    case NodeKind::kCoalesceExpr:
      return "coalesce";
    case NodeKind::kCaseExpr:
      return "case";
    case NodeKind::kMinMaxExpr:
      return parser::as<parser::MinMaxExpr>(node)->greatest ? "greatest" : "least";
    default:
      return "expr";
  }
}

Oid named_btree_class(CommandContext& context, std::string_view name) {
  Oid found;
  const KeyMatch match[] = {{"opcmethod", Value::of_oid(catalog::kBtreeMethod.value())},
                            {"opcname", Value::of_string(name)}};
  context.catalog.for_each(system_table("pg_opclass"), match,
                           [&](const Row& row) { found = row.oid("oid"); });
  return found;
}

IndexKeySpec read_key(CommandContext& context, const RelationPtr& table, const parser::IndexElem& element,
                      Oid method = catalog::kBtreeMethod) {
  IndexKeySpec key;
  // COLLATE around all of it is the key's and no part of the expression.
  const parser::Node* expression = element.expression;
  Oid collation;
  while (expression != nullptr && parser::is<parser::CollateExpr>(expression)) {
    const auto& collate = *parser::as<parser::CollateExpr>(expression);
    if (collation == kInvalidOid)
      collation = require_collation(context, collate.collation, expression->location);
    expression = collate.arg;
  }
  std::string_view column_name = element.column;
  if (expression != element.expression && parser::is<parser::ColumnRef>(expression)) {
    const auto& column = *parser::as<parser::ColumnRef>(expression);
    if (column.names.size() == 1 && !column.star) column_name = column.names[0];
  }
  if (!column_name.empty()) {
    ColumnNumber column = table->find_column(column_name);
    if (column == 0) {
      throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", column_name));
    }
    key = plain_key(context, *table, column);
  } else {
    analyzer::AnalyzerContext inner = context.analyzer_context();
    key.expression = analyzer::analyze_table_expression(inner, expression, &table, "index expressions");
    require_immutable(key.expression, "functions in index expression must be marked IMMUTABLE");
    key.expression_sql = analyzer::deparse_expression(*key.expression, table.get(), context.eval);
    key.name = expression_name(expression);
    key.type = key.expression->type;
    key.typmod = key.expression->typmod;
    key.collation = key.expression->collation;
  }
  const functions::TypeInfo* info = functions::type_by_oid(key.type);
  const bool has_collation = info != nullptr && info->collatable;
  if (!has_collation && (collation != kInvalidOid || !element.collation.empty())) {
    SqlError error(sqlstate::kDatatypeMismatch, fmt::format("collations are not supported by type {}",
                                                            functions::format_type(key.type, -1)));
    if (collation != kInvalidOid) error.at(position(context, element.expression->location));
    throw error;
  }
  if (collation != kInvalidOid) key.collation = collation;
  if (!element.collation.empty())
    key.collation = require_collation(context, element.collation, element.location);
  if (method == catalog::kInvertedMethod) {
    key.inverted = choose_inverted_class(element.opclass, key.type);
    if (element.direction != parser::SortDirection::kDefault)
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "access method \"gin\" does not support ASC/DESC options");
    if (element.nulls != parser::NullsOrder::kDefault)
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "access method \"gin\" does not support NULLS FIRST/LAST options");
    return key;
  }
  if (!element.opclass.empty()) {
    std::string_view name = element.opclass.back();
    key.opclass = named_btree_class(context, name);
    if (key.opclass == kInvalidOid) {
      throw SqlError(sqlstate::kUndefinedObject,
                     fmt::format("operator class \"{}\" does not exist for access method \"btree\"", name));
    }
  }
  key.descending = element.direction == parser::SortDirection::kDescending;
  key.nulls_first = element.nulls == parser::NullsOrder::kDefault
                        ? key.descending
                        : element.nulls == parser::NullsOrder::kFirst;
  return key;
}

Oid access_method(const parser::CreateIndexStmt& stmt) {
  const std::string_view method = stmt.access_method;
  if (method == "btree") return catalog::kBtreeMethod;
  if (method == "gin") {
    auto refuse = [](std::string_view what) {
      throw SqlError(sqlstate::kFeatureNotSupported,
                     fmt::format("access method \"gin\" does not support {}", what));
    };
    if (stmt.unique) refuse("unique indexes");
    if (!stmt.including.empty()) refuse("included columns");
    return catalog::kInvertedMethod;
  }
  for (std::string_view known : {"hash", "gist", "brin", "spgist"}) {
    if (method == known) throw_not_supported(fmt::format("access method \"{}\"", method));
  }
  throw SqlError(sqlstate::kUndefinedObject, fmt::format("access method \"{}\" does not exist", method));
}

}  // namespace

std::string create_index(CommandContext& context, const parser::CreateIndexStmt& stmt) {
  RelationPtr table =
      find_relation(context, *stmt.relation,
                    stmt.concurrently ? txn::LockMode::kShareUpdateExclusive : txn::LockMode::kShare);
  if (!table->is_table() && table->kind != RelationKind::kMaterializedView) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("cannot create index on relation \"{}\"", table->name))
        .detail(fmt::format("This operation is not supported for {}s.", kind_word(table->kind)));
  }
  require_owner(context, *table);
  const Oid method = access_method(stmt);
  if (!stmt.tablespace.empty() && stmt.tablespace != "pg_default")
    throw_not_supported("a tablespace other than pg_default");
  if (stmt.columns.size() + stmt.including.size() > 32) {
    throw SqlError(sqlstate::kTooManyColumns, "cannot use more than 32 columns in an index");
  }
  IndexSpec spec;
  spec.method = method;
  spec.unique = stmt.unique;
  spec.concurrently = stmt.concurrently;
  spec.nulls_not_distinct = stmt.nulls_not_distinct;
  spec.options = storage_options(stmt.options, true, method);
  for (const parser::Option* option : stmt.options) {
    if (option->name == "in_name_only") spec.in_name_only = option_boolean(*option);
  }
  const bool expressions = std::any_of(stmt.columns.begin(), stmt.columns.end(),
                                       [](const parser::IndexElem* e) { return e->column.empty(); });
  if (spec.in_name_only &&
      (table->access_method != access::kColumnarMethod || spec.unique || expressions ||
       stmt.where != nullptr || !stmt.including.empty() || method != catalog::kBtreeMethod)) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "only plain indexes on columns of columnar tables can be in name only");
  }
  std::vector<std::string> names;
  for (const parser::IndexElem* element : stmt.columns) {
    spec.keys.push_back(read_key(context, table, *element, method));
    names.push_back(spec.keys.back().name);
  }
  for (const parser::IndexElem* element : stmt.including) {
    if (element->column.empty()) {
      throw SqlError(sqlstate::kFeatureNotSupported, "expressions are not supported in included columns");
    }
    spec.included.push_back(read_key(context, table, *element).column);
  }
  if (stmt.where != nullptr) {
    analyzer::Expr* where =
        bind_condition(context, stmt.where, table, "index predicates", &spec.predicate_sql);
    require_immutable(where, "functions in index predicate must be marked IMMUTABLE");
    spec.predicate_columns = columns_of(where);
  }
  spec.name = stmt.name;
  if (spec.name.empty()) {
    // Repeated column names are told apart by numbers, as the index's own columns are.
    std::vector<std::string> distinct, all = names;
    for (ColumnNumber n : spec.included) all.push_back(table->column(n).name);
    for (const std::string& name : all) {
      std::string candidate = name;
      for (int i = 1; std::find(distinct.begin(), distinct.end(), candidate) != distinct.end(); ++i) {
        candidate = fmt::format("{}{}", name, i);
      }
      distinct.push_back(candidate);
    }
    spec.name = choose_relation_name(context, table->name, join_names(distinct), "idx", table->schema, false);
  } else if (stmt.if_not_exists &&
             context.catalog.find_relation_oid(table->schema, spec.name) != kInvalidOid) {
    context.services.notice("NOTICE", sqlstate::kDuplicateTable,
                            fmt::format("relation \"{}\" already exists, skipping", spec.name));
    return "CREATE INDEX";
  }
  if (table->is_partitioned()) {
    if (stmt.concurrently) {
      throw SqlError(
          sqlstate::kFeatureNotSupported,
          fmt::format("cannot create index on partitioned table \"{}\" concurrently", table->name));
    }
    if (spec.unique) {
      std::vector<ColumnNumber> columns;
      for (const IndexKeySpec& key : spec.keys) columns.push_back(key.column);
      require_partition_key(*table, columns, "UNIQUE");
    }
    spec.valid = stmt.relation->inherit || table->partitioning->partitions.empty();
    lock_children(context, table->oid, txn::LockMode::kShare);
  }
  make_index(context, table->oid, spec, {}, stmt.relation->inherit);
  return "CREATE INDEX";
}

bool is_concurrent(const parser::ReindexStmt& stmt) {
  return std::any_of(stmt.options.begin(), stmt.options.end(), [](const parser::Option* option) {
    return option->name == "concurrently" && option_boolean(*option);
  });
}

namespace {

// One table, or all; `index`: of it alone.
void rebuild(CommandContext& context, const RelationPtr& table, Oid only) {
  if (table->is_partitioned()) {
    // It has no storage of its own: what its partitions have of it.
    for (Oid child : direct_children(context, table->oid)) {
      context.services.lock_relation(child, txn::LockMode::kAccessExclusive);
      RelationPtr partition = context.catalog.relation(child);
      if (only == kInvalidOid) {
        rebuild(context, partition, only);
        continue;
      }
      for (const catalog::Index& index : partition->indexes) {
        if (index.parent == only) rebuild(context, partition, index.oid);
      }
    }
    return;
  }
  for (const catalog::Index& index : table->indexes) {
    if (only == kInvalidOid || index.oid == only) replace_index_segment(context, index.oid, index.segment);
  }
  RelationPtr fresh = context.catalog.relation(table->oid);
  for (const catalog::Index& index : fresh->indexes) {
    if (only != kInvalidOid && index.oid != only) continue;
    context.services.report_progress("CREATE INDEX", fresh->oid,
                                     {{1, 3}, {7, static_cast<int64_t>(index.oid.value())}});
    build_index(context, fresh, index);
  }
}

// The table and its partitions.
std::vector<Oid> with_partitions(CommandContext& context, const RelationPtr& table) {
  std::vector<Oid> all = {table->oid};
  if (!table->is_partitioned()) return all;
  for (Oid child : all_children(context, table->oid)) all.push_back(child);
  return all;
}

void refuse_catalogs(const Relation& relation) {
  if (relation.oid.value() < catalog::kFirstNormalOid)
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot reindex system catalogs concurrently");
}

void reindex_table(CommandContext& context, const parser::ReindexStmt& stmt, bool concurrently) {
  const auto lock = concurrently ? txn::LockMode::kShareUpdateExclusive : txn::LockMode::kAccessExclusive;
  RelationPtr table = find_relation(context, *stmt.relation, lock);
  if (!table->is_table() && table->kind != RelationKind::kMaterializedView) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("\"{}\" is not a table or materialized view", table->name));
  }
  if (concurrently) refuse_catalogs(*table);
  require_owner(context, *table);
  if (!concurrently || table->persistence == 't') return rebuild(context, table, kInvalidOid);
  const std::vector<Oid> tables = with_partitions(context, table);
  if (std::none_of(tables.begin(), tables.end(),
                   [&](Oid oid) { return !context.catalog.relation(oid)->indexes.empty(); })) {
    context.services.notice(
        "NOTICE", sqlstate::kSuccessfulCompletion,
        fmt::format("table \"{}\" has no indexes that can be reindexed concurrently", table->name));
  }
  reindex_concurrently(context, tables, kInvalidOid);
}

void reindex_index(CommandContext& context, const parser::ReindexStmt& stmt, bool concurrently) {
  const auto lock = concurrently ? txn::LockMode::kShareUpdateExclusive : txn::LockMode::kAccessExclusive;
  RelationPtr index = find_relation(context, *stmt.relation, lock);
  if (index->kind != RelationKind::kIndex && index->kind != RelationKind::kPartitionedIndex) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not an index", index->name));
  }
  if (concurrently) refuse_catalogs(*index);
  require_owner(context, *index);
  const Oid table_oid = index_table(context, index->oid);
  context.services.lock_relation(table_oid, lock);
  RelationPtr table = context.catalog.relation(table_oid);
  if (!concurrently || table->persistence == 't') return rebuild(context, table, index->oid);
  reindex_concurrently(context, with_partitions(context, table), index->oid);
}

}  // namespace

std::string reindex(CommandContext& context, const parser::ReindexStmt& stmt) {
  const bool concurrently = is_concurrent(stmt);
  if (stmt.target == parser::ReindexTarget::kTable) {
    reindex_table(context, stmt, concurrently);
    return "REINDEX";
  }
  if (stmt.target == parser::ReindexTarget::kIndex) {
    reindex_index(context, stmt, concurrently);
    return "REINDEX";
  }
  if (concurrently && stmt.target == parser::ReindexTarget::kSystem) {
    throw SqlError(sqlstate::kFeatureNotSupported, "cannot reindex system catalogs concurrently");
  }
  // Schemas and databases: every user table. System indexes are rebuilt by nobody.
  Oid schema;
  if (stmt.target == parser::ReindexTarget::kSchema) schema = require_schema(context, stmt.name);
  std::vector<Oid> tables;
  context.catalog.for_each(system_table("pg_class"), {}, [&](const Row& row) {
    if (row.letter("relkind") != 'r' || row.oid("oid").value() < catalog::kFirstNormalOid) return;
    if (schema != kInvalidOid && row.oid("relnamespace") != schema) return;
    tables.push_back(row.oid("oid"));
  });
  for (Oid oid : tables) {
    if (concurrently) {
      RelationPtr table = context.catalog.relation(oid);
      if (table != nullptr && table->persistence != 't' && has_privileges_of(context, table->owner))
        reindex_concurrently(context, {&oid, 1}, kInvalidOid);
      continue;
    }
    context.services.lock_relation(oid, txn::LockMode::kAccessExclusive);
    RelationPtr table = context.catalog.relation(oid);
    if (table == nullptr || !has_privileges_of(context, table->owner)) continue;
    rebuild(context, table, kInvalidOid);
  }
  return "REINDEX";
}

}  // namespace varve::commands
