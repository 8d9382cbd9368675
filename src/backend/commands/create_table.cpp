#include "create_table.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/heap.h"
#include "analyzer/own_database.h"
#include "common/sql_error.h"
#include "constraints.h"
#include "extended_statistics.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "index.h"
#include "index_build.h"
#include "inheritance.h"
#include "parser/parser.h"
#include "partition.h"
#include "privileges.h"
#include "sequence.h"
#include "settle_rows.h"
#include "table_expression.h"
#include "type.h"
#include "typed_table.h"

namespace varve::commands {

using parser::Constraint;
using parser::ConstraintKind;

namespace {

Oid serial_type(const parser::TypeName& name) {
  std::string_view word = name.names.back();
  if (name.names.size() > 1 && name.names[0] != "pg_catalog") return kInvalidOid;
  if (word == "serial" || word == "serial4") return type_oid::kInt4;
  if (word == "bigserial" || word == "serial8") return type_oid::kInt8;
  if (word == "smallserial" || word == "serial2") return type_oid::kInt2;
  return kInvalidOid;
}

void resolve_column_type(CommandContext& context, const parser::ColumnDef& source, ColumnDefinition& column) {
  AttributeRow& attribute = column.attribute;
  if (Oid serial = serial_type(*source.type); serial != kInvalidOid) {
    if (!source.type->array_bounds.empty()) {
      throw SqlError(sqlstate::kFeatureNotSupported, "array of serial is not implemented")
          .at(position(context, source.type->location));
    }
    attribute.type = serial;
    attribute.not_null = true;
    column.serial = true;
    return;
  }
  analyzer::AnalyzerContext inner = context.analyzer_context();
  analyzer::TypeReference type = analyzer::resolve_type_name(inner, *source.type);
  const functions::TypeInfo* info =
      functions::type_by_oid(catalog::base_type(context.catalog, type.type, type.typmod).type);
  if (type.set_of) {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   fmt::format("column \"{}\" cannot be declared SETOF", source.name))
        .at(position(context, source.location));
  }
  if (info != nullptr && info->kind == 'p') {
    throw SqlError(sqlstate::kInvalidTableDefinition,
                   fmt::format("column \"{}\" has pseudo-type {}", source.name, info->sql_name));
  }
  attribute.type = type.type;
  attribute.typmod = type.typmod;
  attribute.dimensions = static_cast<int32_t>(source.type->array_bounds.size());
  attribute.collation = column_collation(context, type.type, nullptr);
}

[[noreturn]] void column_error(CommandContext& context, const parser::Node& at, std::string message) {
  throw SqlError(sqlstate::kSyntaxError, std::move(message)).at(position(context, at.location));
}

// State of one column while its constraints are read.
class ColumnReader {
 public:
  ColumnReader(CommandContext& context, std::string_view table, const parser::ColumnDef& source,
               std::vector<ColumnConstraint>* constraints, const catalog::Column* like)
      : context_(context), table_(table), source_(source), constraints_(constraints), like_(like) {}

  ColumnDefinition read();

 private:
  void apply(const Constraint& c);
  void take_default(const Constraint& c);
  void take_identity(const Constraint& c);
  void take_generated(const Constraint& c);
  void fold_attribute(const Constraint& c);

  CommandContext& context_;
  std::string_view table_;
  const parser::ColumnDef& source_;
  std::vector<ColumnConstraint>* constraints_;
  const catalog::Column* like_;
  ColumnDefinition column_;
  bool saw_null_ = false, saw_not_null_ = false, saw_default_ = false;
  bool last_was_kept_ = false;                           // the constraint before may be deferrable …
  bool saw_deferrable_ = false, saw_initially_ = false;  // … and this has been said of it
};

ColumnDefinition ColumnReader::read() {
  column_.attribute.name = source_.name;
  column_.location = source_.location;
  if (like_ != nullptr) {
    column_.attribute.type = like_->domain != kInvalidOid ? like_->domain : like_->type;
    column_.attribute.typmod = like_->domain != kInvalidOid ? -1 : like_->typmod;
    column_.attribute.collation = like_->collation;
  } else {
    resolve_column_type(context_, source_, column_);
  }
  if (source_.collation != nullptr)
    column_.attribute.collation = column_collation(context_, column_.attribute.type, source_.collation);
  saw_default_ = column_.serial;
  for (const Constraint* c : source_.constraints) apply(*c);
  if (column_.serial) column_.attribute.has_default = true;
  if (column_.attribute.identity != 0 && column_.attribute.generated != 0) {
    column_error(context_, source_,
                 fmt::format("both identity and generation expression specified for column \"{}\" of "
                             "table \"{}\"",
                             source_.name, table_));
  }
  return std::move(column_);
}

void ColumnReader::take_default(const Constraint& c) {
  if (saw_default_ && column_.attribute.identity == 0) {
    column_error(context_, c,
                 fmt::format("multiple default values specified for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  }
  if (column_.attribute.identity != 0) {
    column_error(context_, c,
                 fmt::format("both default and identity specified for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  }
  saw_default_ = true;
  const auto* constant =
      parser::is<parser::ConstExpr>(c.expression) ? parser::as<parser::ConstExpr>(c.expression) : nullptr;
  if (constant != nullptr && constant->type == parser::ConstKind::kNull) return;  // DEFAULT NULL is none
  column_.default_expression = c.expression;
  column_.attribute.has_default = true;
}

void ColumnReader::take_identity(const Constraint& c) {
  Oid type = column_.attribute.type;
  if (column_.attribute.identity != 0) {
    column_error(context_, c,
                 fmt::format("multiple identity specifications for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  }
  if (saw_default_) {
    column_error(context_, c,
                 fmt::format("both default and identity specified for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  }
  if (saw_null_) {
    column_error(context_, c,
                 fmt::format("conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  }
  if (type != type_oid::kInt2 && type != type_oid::kInt4 && type != type_oid::kInt8) {
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "identity column type must be smallint, integer, or bigint");
  }
  column_.attribute.identity = c.identity_always ? 'a' : 'd';
  column_.attribute.not_null = true;
  column_.sequence_options = c.options;
}

void ColumnReader::take_generated(const Constraint& c) {
  if (column_.attribute.generated != 0) {
    column_error(context_, c,
                 fmt::format("multiple generation clauses specified for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  }
  if (saw_default_) {
    column_error(context_, c,
                 fmt::format("both default and generation expression specified for column \"{}\" of table "
                             "\"{}\"",
                             source_.name, table_));
  }
  saw_default_ = true;
  column_.attribute.generated = 's';
  column_.attribute.has_default = true;
  column_.default_expression = c.expression;
}

void ColumnReader::fold_attribute(const Constraint& c) {
  bool about_deferrable =
      c.type == ConstraintKind::kAttrDeferrable || c.type == ConstraintKind::kAttrNotDeferrable;
  if (!last_was_kept_) {
    std::string_view words = c.type == ConstraintKind::kAttrDeferrable      ? "DEFERRABLE"
                             : c.type == ConstraintKind::kAttrNotDeferrable ? "NOT DEFERRABLE"
                             : c.type == ConstraintKind::kAttrDeferred      ? "INITIALLY DEFERRED"
                                                                            : "INITIALLY IMMEDIATE";
    column_error(context_, c, fmt::format("misplaced {} clause", words));
  }
  bool& seen = about_deferrable ? saw_deferrable_ : saw_initially_;
  if (seen) {
    column_error(
        context_, c,
        fmt::format("multiple {} clauses not allowed",
                    about_deferrable ? "DEFERRABLE/NOT DEFERRABLE" : "INITIALLY IMMEDIATE/DEFERRED"));
  }
  seen = true;
  Constraint& last = constraints_->back().constraint;
  auto contradiction = [&] {
    column_error(context_, c, "constraint declared INITIALLY DEFERRED must be DEFERRABLE");
  };
  switch (c.type) {
    case ConstraintKind::kAttrDeferrable:
      last.deferrable = true;
      break;
    case ConstraintKind::kAttrNotDeferrable:
      last.deferrable = false;
      if (last.initially_deferred) contradiction();
      break;
    case ConstraintKind::kAttrDeferred:
      last.initially_deferred = true;
      if (saw_deferrable_ && !last.deferrable) contradiction();
      last.deferrable = true;
      break;
    default:
      last.initially_deferred = false;
      break;
  }
}

void ColumnReader::apply(const Constraint& c) {
  auto conflicting = [&] {
    column_error(context_, c,
                 fmt::format("conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                             source_.name, table_));
  };
  switch (c.type) {
    case ConstraintKind::kNull:
      if (saw_not_null_ || column_.attribute.not_null) conflicting();
      saw_null_ = true;
      break;
    case ConstraintKind::kNotNull:
      if (saw_null_) conflicting();
      saw_not_null_ = column_.attribute.not_null = true;
      break;
    case ConstraintKind::kDefault:
      take_default(c);
      break;
    case ConstraintKind::kIdentity:
      take_identity(c);
      break;
    case ConstraintKind::kGenerated:
      take_generated(c);
      break;
    case ConstraintKind::kAttrDeferrable:
    case ConstraintKind::kAttrNotDeferrable:
    case ConstraintKind::kAttrDeferred:
    case ConstraintKind::kAttrImmediate:
      fold_attribute(c);
      return;
    case ConstraintKind::kPrimaryKey:
      if (saw_null_) conflicting();
      [[fallthrough]];
    default:
      constraints_->push_back({c, std::string(source_.name)});
      last_was_kept_ = c.type != ConstraintKind::kCheck;
      saw_deferrable_ = saw_initially_ = false;
      return;
  }
  last_was_kept_ = false;
}

}  // namespace

ColumnDefinition read_column(CommandContext& context, std::string_view table, const parser::ColumnDef& source,
                             std::vector<ColumnConstraint>* constraints, const catalog::Column* like) {
  return ColumnReader(context, table, source, constraints, like).read();
}

std::string make_column_sequence(CommandContext& context, const Relation& table, ColumnNumber number,
                                 const ColumnDefinition& column) {
  SequenceDefinition d =
      read_sequence_options(context, column.sequence_options, column.attribute.type, nullptr);
  std::string name =
      choose_relation_name(context, table.name, column.attribute.name, "seq", table.schema, false);
  for (const parser::Option* option : column.sequence_options) {
    if (option->name == "sequence_name") name = option_text(*option);
  }
  Oid sequence = create_sequence_relation(context, name, table.schema, table.owner, d);
  own_sequence(context, sequence, table.oid, number, column.attribute.identity != 0 ? 'i' : 'a');
  // The name is qualified: the default means this sequence whatever the search path.
  std::string text = qualified_name(context, table.schema, name), quoted;
  for (char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return fmt::format("nextval('{}'::regclass)", quoted);
}

void store_column_default(CommandContext& context, Oid table_oid, ColumnNumber number,
                          const ColumnDefinition& column) {
  RelationPtr table = context.catalog.relation(table_oid);
  AttributeRow a = column.attribute;
  // A default is one of the type under a domain: whether the domain takes it is seen when it is used.
  catalog::BaseType base = catalog::base_type(context.catalog, a.type, a.typmod);
  a.type = base.type;
  a.typmod = base.typmod;
  std::string sql = column.default_sql;
  const analyzer::Expr* bound = nullptr;
  if (column.serial || (a.identity != 0 && sql.empty())) {
    sql = make_column_sequence(context, *table, number, column);
  } else if (a.generated != 0 && column.default_expression != nullptr) {
    analyzer::Expr* e = bind_default(context, column.default_expression, a.type, a.typmod, a.name, &table,
                                     "column generation expressions", &sql);
    require_immutable(e, "generation expression is not immutable");
    for (ColumnNumber c : columns_of(e)) {
      if (c > 0 && table->column(c).generated != 0) {
        throw SqlError(sqlstate::kInvalidObjectDefinition,
                       fmt::format("cannot use generated column \"{}\" in column "
                                   "generation expression",
                                   table->column(c).name))
            .detail("A generated column cannot reference another generated column.");
      }
      // Dropping a column that another is made from takes a CASCADE.
      if (c > 0)
        add_dependency(context, column_address(table_oid, number), column_address(table_oid, c), 'a');
    }
  } else if (column.default_expression != nullptr) {
    bound = bind_default(context, column.default_expression, a.type, a.typmod, a.name, nullptr,
                         "DEFAULT expressions", &sql);
  }
  // An identity column finds its sequence through pg_depend.
  if (sql.empty() || a.identity != 0) return;
  Oid oid = set_default_row(context, table_oid, number, sql);
  if (bound != nullptr) depend_on_named_objects(context, {kDefaultClass, oid}, *bound);
  if (column.serial) {
    for (Oid sequence : owned_sequences(context, table_oid, number, "a")) {
      add_dependency(context, {kDefaultClass, oid}, relation_address(sequence), 'n');
    }
  }
}

void add_constraints(CommandContext& context, Oid table, std::span<const ColumnConstraint> constraints) {
  auto pass = [&](ConstraintKind kind, auto&& add) {
    for (const ColumnConstraint& c : constraints) {
      if (c.constraint.type == kind) add(context, table, c.constraint, c.column);
    }
  };
  pass(ConstraintKind::kCheck, add_check_constraint);
  pass(ConstraintKind::kPrimaryKey, add_index_constraint);
  pass(ConstraintKind::kUnique, add_index_constraint);
  pass(ConstraintKind::kForeignKey, add_foreign_key);
  pass(ConstraintKind::kExclusion, [](CommandContext&, Oid, const Constraint&, std::string_view) {
    throw_not_supported("an EXCLUDE constraint");
  });
}

void check_columns(CommandContext& context, const NewTable& table) {
  if (table.columns.size() > 1600) {
    throw SqlError(sqlstate::kTooManyColumns, "tables can have at most 1600 columns");
  }
  static constexpr std::string_view kSystem[] = {"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"};
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i].attribute.name;
    if (table.kind != 'v' && std::find(std::begin(kSystem), std::end(kSystem), name) != std::end(kSystem)) {
      throw SqlError(sqlstate::kDuplicateColumn,
                     fmt::format("column name \"{}\" conflicts with a system column name", name));
    }
    for (size_t j = 0; j < i; ++j) {
      if (table.columns[j].attribute.name != name) continue;
      throw SqlError(sqlstate::kDuplicateColumn, fmt::format("column \"{}\" specified more than once", name))
          .at(position(context, -1));
    }
  }
}

Oid table_access_method(CommandContext& context, std::string_view name) {
  const std::string by_default = name.empty() ? context.services.setting("default_table_access_method") : "";
  if (name.empty()) name = by_default;
  if (name.empty() || name == "heap") return access::kHeapMethod;
  Oid found;
  char type = 't';
  context.catalog.for_each(system_table("pg_am"), {}, [&](const Row& row) {
    if (row.text("amname") != name) return;
    found = row.oid("oid");
    type = row.letter("amtype");
  });
  if (found == kInvalidOid) {
    throw SqlError(sqlstate::kUndefinedObject, fmt::format("access method \"{}\" does not exist", name));
  }
  if (type != 't') {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   fmt::format("access method \"{}\" is not of type TABLE", name));
  }
  if (!access::has_table_method(found))
    throw_not_supported(fmt::format("access method {} in this program", name));
  return found;
}

void require_column_types(CommandContext& context, const NewTable& table) {
  for (const ColumnDefinition& column : table.columns) require_type_usage(context, column.attribute.type);
}

Oid create_table_relation(CommandContext& context, const NewTable& table) {
  require_column_types(context, table);
  check_columns(context, table);
  context.txn.assign_xid();
  ClassRow row;
  row.oid = catalog::Database::new_oid();
  row.name = table.name;
  row.schema = table.schema;
  row.kind = table.kind;
  row.owner = context.role;
  row.columns = static_cast<int16_t>(table.columns.size());
  row.persistence = table.persistence;
  row.options = table.options;
  row.has_rules = table.kind == 'v';
  row.is_partition = table.is_partition;
  if (table.kind == 'r' || table.kind == 'm') {
    row.access_method = table.access_method;
    auto segment = context.catalog.database().create_heap(context.txn);
    check_ok(segment.status());
    row.segment = *segment;
  }
  row.row_type = insert_row_type(context, row.oid, table.name, table.schema, context.role);
  insert_class_row(context, row);
  ColumnNumber number = 0;
  for (const ColumnDefinition& column : table.columns) {
    AttributeRow attribute = column.attribute;
    // An identity column's nextval() is not its default: DEFAULT means the identity.
    if (attribute.identity != 0) attribute.has_default = false;
    insert_attribute_row(context, row.oid, ++number, attribute);
    if (table.kind != 'i') depend_on_type(context, column_address(row.oid, number), attribute.type);
  }
  if (table.kind != 'v' && table.kind != 'c') insert_system_attributes(context, row.oid);
  add_dependency(context, relation_address(row.oid), {kNamespaceClass, table.schema}, 'n');
  // Dumps look for the type among an extension's members, DROP TYPE for the relation behind it.
  if (table.kind == 'c') add_to_extension(context, {kTypeClass, row.row_type});
  return row.oid;
}

bool name_is_free(CommandContext& context, Oid schema, std::string_view name, bool if_not_exists) {
  if (context.catalog.find_relation_oid(schema, name) == kInvalidOid) return true;
  if (!if_not_exists) {
    throw SqlError(sqlstate::kDuplicateTable, fmt::format("relation \"{}\" already exists", name));
  }
  context.services.notice("NOTICE", sqlstate::kDuplicateTable,
                          fmt::format("relation \"{}\" already exists, skipping", name));
  return false;
}

namespace {

// What LIKE brings besides columns, applied once the table is there.
struct LikeSource {
  RelationPtr table;
  uint16_t options;
};

void add_like_columns(CommandContext& context, const parser::TableLikeClause& like, NewTable* table,
                      std::vector<LikeSource>* sources) {
  RelationPtr source = find_relation(context, *like.relation, txn::LockMode::kAccessShare);
  if (source->kind == catalog::RelationKind::kIndex || source->kind == catalog::RelationKind::kSequence) {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("relation \"{}\" is invalid in LIKE clause", source->name))
        .detail(fmt::format("This operation is not supported for {}.",
                            source->kind == catalog::RelationKind::kIndex ? "indexes" : "sequences"));
  }
  if (source->kind == catalog::RelationKind::kComposite)
    require_type_usage(context, source->row_type);
  else
    require_table_privilege(context, source->oid, 'r', kind_word(source->kind));
  auto wants = [&](parser::TableLikeOption o) { return (like.options & static_cast<uint16_t>(o)) != 0; };
  for (const catalog::Column& c : source->columns) {
    if (c.dropped) continue;
    ColumnDefinition column;
    column.attribute.name = c.name;
    const bool of_domain = c.domain != kInvalidOid;
    column.attribute.type = of_domain ? c.domain : c.type;
    column.attribute.typmod = of_domain ? -1 : c.typmod;
    column.attribute.collation = c.collation;
    column.attribute.not_null = c.not_null;
    if (c.identity != 0 && wants(parser::TableLikeOption::kIdentity)) {
      column.attribute.identity = c.identity;
    } else if (c.generated != 0 && wants(parser::TableLikeOption::kGenerated)) {
      column.attribute.generated = c.generated;
      column.attribute.has_default = true;
      column.default_sql = c.default_sql;
    } else if (c.has_default && c.generated == 0 && wants(parser::TableLikeOption::kDefaults)) {
      column.attribute.has_default = true;
      column.default_sql = c.default_sql;
    }
    table->columns.push_back(std::move(column));
  }
  sources->push_back({source, like.options});
}

// The comment on one object becomes another's too.
void copy_comment(CommandContext& context, Oid class_oid, Oid from, int32_t from_sub, Oid to,
                  int32_t to_sub) {
  const KeyMatch match[] = {{"objoid", Value::of_oid(from.value())},
                            {"classoid", Value::of_oid(class_oid.value())},
                            {"objsubid", Value::of_int32(from_sub)}};
  std::vector<RowDraft> copies;
  context.catalog.for_each(system_table("pg_description"), match, [&](const Row& row) {
    copies.emplace_back(system_table("pg_description"), row);
    copies.back().oid("objoid", to).int4("objsubid", to_sub);
  });
  for (RowDraft& copy : copies) context.catalog.insert(copy);
}

void copy_column_properties(CommandContext& context, Oid table, const LikeSource& source, bool comments,
                            bool storage) {
  RelationPtr target = context.catalog.relation(table);
  for (size_t i = 0; i < source.table->columns.size(); ++i) {
    const catalog::Column& column = source.table->columns[i];
    if (column.dropped) continue;
    const auto from = static_cast<ColumnNumber>(i + 1);
    const ColumnNumber to = target->find_column(column.name);
    if (comments) copy_comment(context, kClassClass, source.table->oid, from, table, to);
    if (!storage) continue;
    std::string letter;
    const KeyMatch match[] = {{"attrelid", Value::of_oid(source.table->oid.value())},
                              {"attnum", Value::of_int16(from)}};
    context.catalog.for_each(system_table("pg_attribute"), match,
                             [&](const Row& row) { letter = std::string(1, row.letter("attstorage")); });
    change_attribute_row(context, table, to, [&](RowDraft& draft) { draft.text("attstorage", letter); });
  }
}

void copy_indexes(CommandContext& context, Oid table, const LikeSource& source, bool comments) {
  for (const catalog::Index& index : source.table->indexes) {
    RelationPtr target = context.catalog.relation(table);
    IndexSpec spec = spec_of(context, source.table, index);
    const bool has_primary = std::any_of(target->indexes.begin(), target->indexes.end(),
                                         [](const catalog::Index& i) { return i.primary; });
    if (spec.primary && has_primary) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     fmt::format("multiple primary keys for table \"{}\" are not allowed", target->name));
    }
    MadeIndex made = make_index(context, table, moved_spec(context, *source.table, target, spec));
    if (!comments) continue;
    copy_comment(context, kClassClass, index.oid, 0, made.index, 0);
    if (made.constraint != kInvalidOid)
      copy_comment(context, kConstraintClass, index.constraint, 0, made.constraint, 0);
  }
}

void copy_like_parts(CommandContext& context, Oid table, const LikeSource& source) {
  auto wants = [&](parser::TableLikeOption o) { return (source.options & static_cast<uint16_t>(o)) != 0; };
  if (wants(parser::TableLikeOption::kConstraints)) {
    for (const catalog::CheckConstraint& check : source.table->checks) {
      add_check_text(context, table, check.name, check.expression_sql, check.no_inherit);
    }
    if (wants(parser::TableLikeOption::kComments)) {
      RelationPtr target = context.catalog.relation(table);
      for (const catalog::CheckConstraint& check : source.table->checks) {
        for (const catalog::CheckConstraint& own : target->checks) {
          if (own.name == check.name) copy_comment(context, kConstraintClass, check.oid, 0, own.oid, 0);
        }
      }
    }
  }
  copy_column_properties(context, table, source, wants(parser::TableLikeOption::kComments),
                         wants(parser::TableLikeOption::kStorage));
  if (wants(parser::TableLikeOption::kIndexes))
    copy_indexes(context, table, source, wants(parser::TableLikeOption::kComments));
  if (!wants(parser::TableLikeOption::kStatistics)) return;
  std::vector<Oid> copies = copy_statistics(context, source.table, table);
  for (size_t i = 0; i < copies.size() && wants(parser::TableLikeOption::kComments); ++i)
    copy_comment(context, kStatisticsClass, source.table->extended_statistics[i]->oid, 0, copies[i], 0);
}

void refuse_unsupported(const parser::CreateTableStmt& stmt) {
  if (!stmt.tablespace.empty() && stmt.tablespace != "pg_default")
    throw_not_supported("a tablespace other than pg_default");
  if (!stmt.access_method.empty() && stmt.partition_by != nullptr) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "specifying a table access method is not supported on a partitioned table");
  }
}

}  // namespace

void require_temporary_for_on_commit(CommandContext& context, Oid schema, parser::OnCommit action) {
  if (action == parser::OnCommit::kNone) return;
  if (schema != kInvalidOid && schema == context.services.temporary_schema(false)) return;
  throw SqlError(sqlstate::kInvalidTableDefinition, "ON COMMIT can only be used on temporary tables");
}

void note_on_commit(CommandContext& context, Oid table, parser::OnCommit action) {
  if (action == parser::OnCommit::kDrop) context.services.at_commit(table, CommandServices::OnCommit::kDrop);
  if (action == parser::OnCommit::kDeleteRows)
    context.services.at_commit(table, CommandServices::OnCommit::kDeleteRows);
}

namespace {

// A column of PARTITION OF, which has its parent's type.
ColumnDefinition read_partition_column(CommandContext& context, const NewTable& table,
                                       const parser::ColumnDef& source, const Relation& parent,
                                       std::vector<ColumnConstraint>* constraints) {
  ColumnNumber number = parent.find_column(source.name);
  if (number == 0)
    throw SqlError(sqlstate::kUndefinedColumn, fmt::format("column \"{}\" does not exist", source.name));
  return read_column(context, table.name, source, constraints, &parent.column(number));
}

void check_settle_options(parser::List<parser::Option> options, const NewTable& table) {
  std::vector<std::string> names;
  for (const ColumnDefinition& c : table.columns) names.push_back(c.attribute.name);
  for (const parser::Option* option : options) {
    if (option->name == "orderby") check_settle_order(option_text(*option), names);
  }
}

// The bound and the partition key; then what the parent has for all its partitions.
void make_partition(CommandContext& context, const parser::CreateTableStmt& stmt, const RelationPtr& parent,
                    Oid child) {
  RelationPtr fresh = context.catalog.relation(parent->oid);
  catalog::PartitionBound bound = read_bound(context, *fresh, *stmt.partition_bound);
  check_bound_is_free(context, *fresh, stmt.relation->name, bound, *stmt.partition_bound);
  check_default_rows(context, fresh, bound);
  store_bound(context, fresh, child, bound);
}

}  // namespace

std::string create_table(CommandContext& context, const parser::CreateTableStmt& stmt) {
  refuse_unsupported(stmt);
  NewTable table;
  table.name = stmt.relation->name;
  analyzer::require_own_database(context.analyzer_context(), *stmt.relation,
                                 position(context, stmt.relation->location));
  table.schema = creation_schema(context, *stmt.relation);
  require_temporary_for_on_commit(context, table.schema, stmt.on_commit);
  if (table.schema == catalog::kPgCatalogSchema) {
    throw SqlError(sqlstate::kInsufficientPrivilege,
                   fmt::format("permission denied to create \"pg_catalog.{}\"", table.name))
        .detail("System catalog modifications are currently disallowed.");
  }
  if (stmt.if_not_exists && !name_is_free(context, table.schema, table.name, true)) return "CREATE TABLE";
  if (stmt.relation->persistence == parser::Persistence::kUnlogged) table.persistence = 'u';
  if (table.schema != kInvalidOid && table.schema == context.catalog.temporary_schema()) {
    if (table.persistence == 'u') {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     "only temporary relations may be created in temporary schemas")
          .at(position(context, stmt.relation->location));
    }
    table.persistence = 't';
  }
  if (stmt.partition_by == nullptr) table.access_method = table_access_method(context, stmt.access_method);
  table.options = storage_options(stmt.options, false, table.access_method);
  table.is_partition = stmt.is_partition;
  if (stmt.partition_by != nullptr) {
    table.kind = 'p';
    if (!stmt.options.empty()) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("unrecognized parameter \"{}\"", stmt.options[0]->name));
    }
    check_partition_strategy(context, *stmt.partition_by);
  }
  std::vector<RelationPtr> parents = find_parents(context, stmt, table);
  std::vector<InheritedCheck> inherited_checks;
  std::vector<ColumnConstraint> constraints;
  std::vector<LikeSource> likes;
  RelationPtr type = stmt.of_type == nullptr ? nullptr : require_table_type(context, *stmt.of_type);
  if (type != nullptr) require_type_usage(context, type->row_type);
  if (type != nullptr) table.columns = typed_columns(context, *type, stmt, &constraints);
  for (const parser::Node* element : stmt.elements) {
    if (parser::is<parser::ColumnDef>(element) && type != nullptr) continue;
    if (parser::is<parser::ColumnDef>(element) && stmt.is_partition) {
      table.columns.push_back(read_partition_column(context, table, *parser::as<parser::ColumnDef>(element),
                                                    *parents[0], &constraints));
    } else if (parser::is<parser::ColumnDef>(element)) {
      table.columns.push_back(
          read_column(context, table.name, *parser::as<parser::ColumnDef>(element), &constraints));
    } else if (parser::is<parser::TableLikeClause>(element)) {
      add_like_columns(context, *parser::as<parser::TableLikeClause>(element), &table, &likes);
    } else {
      constraints.push_back({*parser::as<Constraint>(element), {}});
    }
  }
  size_t primary_keys = 0;
  for (ColumnConstraint& c : constraints) {
    c.constraint.not_valid = false;  // there is no row that it could not hold for
    if (c.constraint.type == ConstraintKind::kPrimaryKey && ++primary_keys > 1) {
      throw SqlError(sqlstate::kInvalidTableDefinition,
                     fmt::format("multiple primary keys for table \"{}\" are not allowed", table.name))
          .at(position(context, c.constraint.location));
    }
  }
  check_columns(context, table);
  name_is_free(context, table.schema, table.name, false);
  if (!parents.empty()) {
    merge_parents(context, parents, stmt.is_partition, &table, &inherited_checks);
  }
  if (stmt.partition_by != nullptr) {
    for (const ColumnDefinition& c : table.columns) {
      if (c.attribute.identity != 0)
        throw SqlError(sqlstate::kFeatureNotSupported, "identity columns are not supported on partitions");
    }
  }
  check_settle_options(stmt.options, table);
  Oid oid = create_table_relation(context, table);
  if (type != nullptr) set_table_type(context, *context.catalog.relation(oid), type->row_type);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    store_column_default(context, oid, static_cast<ColumnNumber>(i + 1), table.columns[i]);
  }
  if (stmt.is_partition)
    make_partition(context, stmt, parents[0], oid);
  else {
    int32_t sequence = 0;
    for (const RelationPtr& parent : parents) add_inheritance(context, oid, parent->oid, ++sequence, 'n');
  }
  if (stmt.partition_by != nullptr) store_partition_key(context, oid, *stmt.partition_by);
  for (const InheritedCheck& check : inherited_checks) {
    add_inherited_check(context, oid, check.name, check.sql, check.count, false, true);
  }
  if (stmt.is_partition) clone_parent_parts(context, parents[0]->oid, oid);
  add_constraints(context, oid, constraints);
  for (const LikeSource& like : likes) copy_like_parts(context, oid, like);
  note_on_commit(context, oid, stmt.on_commit);
  return "CREATE TABLE";
}

}  // namespace varve::commands
