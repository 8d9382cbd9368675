// CREATE TABLE in all its forms, constraints, partitions, CREATE TABLE AS.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

// [TEMP|UNLOGGED] between CREATE and the kind of object.
Persistence Parser::opt_temp() {
  if (at_any(kLocal, kGlobal)) {
    advance();
    if (!accept(kTemporary)) expect(kTemp);
    return Persistence::kTemporary;
  }
  if (accept(kTemporary) || accept(kTemp)) return Persistence::kTemporary;
  return accept(kUnlogged) ? Persistence::kUnlogged : Persistence::kPermanent;
}

// Stands behind CREATE [TEMP] TABLE. `only_as`: EXPLAIN takes none but CREATE TABLE AS.
Node* Parser::create_table(Persistence persistence, int32_t loc, bool only_as, bool only_plain) {
  bool guarded = if_not_exists();
  RangeVar* relation = qualified_name();
  relation->persistence = persistence;
  if (!only_as) {
    if (at(kOf) || at(kPartition)) return typed_table(relation, guarded, loc);
    bool columns_only = at('(') && has_flag(peek(), kIsColumnId) &&
                        (peek(2) == static_cast<Tok>(',') || peek(2) == static_cast<Tok>(')'));
    if (only_plain && columns_only) {
      pos_ += 2;
      syntax_error();
    }
    if (at('(') && !columns_only) {
      auto* node = make<CreateTableStmt>(loc);
      node->relation = relation;
      node->if_not_exists = guarded;
      advance();
      if (!at(')')) node->elements = comma_list([&] { return table_element(); });
      expect(')');
      if (accept(kInherits)) node->inherits = paren_list([&] { return qualified_name(); });
      table_tail(node);
      return node;
    }
    if (only_plain) syntax_error();
  }
  return create_table_as(relation, guarded, loc, false);
}

Node* Parser::create_table_as(RangeVar* relation, bool guarded, int32_t loc, bool materialized) {
  auto* node = make<CreateTableAsStmt>(loc);
  node->if_not_exists = guarded;
  node->materialized_view = materialized;
  auto* into = make<IntoClause>();
  node->into = into;
  into->relation = relation;
  into->columns = opt_column_list();
  if (accept(kUsing)) into->access_method = col_id();
  into->options = materialized ? opt_reloptions() : opt_with_storage();
  if (!materialized) into->on_commit = on_commit();
  if (accept(kTablespace)) into->tablespace = col_id();
  expect(kAs);
  node->query = !materialized && at(kExecute) ? execute_stmt() : static_cast<Node*>(select_stmt());
  into->skip_data = opt_with_no_data();
  return node;
}

// WITH DATA | WITH NO DATA
bool Parser::opt_with_no_data() {
  if (!accept(kWith)) return false;
  bool no = accept(kNo);
  expect(kData);
  return no;
}

Node* Parser::create_as_only() {
  int32_t loc = location();
  expect(kCreate);
  Persistence persistence = Persistence::kPermanent;
  if (!at(kMaterialized)) persistence = opt_temp();
  if (persistence != Persistence::kTemporary && at(kMaterialized)) {
    return create_matview(persistence, loc);
  }
  expect(kTable);
  return create_table(persistence, loc, true, false);
}

Node* Parser::create_matview(Persistence persistence, int32_t loc) {
  expect(kMaterialized);
  expect(kView);
  bool guarded = if_not_exists();
  RangeVar* relation = qualified_name();
  relation->persistence = persistence;
  return create_table_as(relation, guarded, loc, true);
}

// OF type and PARTITION OF parent.
Node* Parser::typed_table(RangeVar* relation, bool guarded, int32_t loc) {
  auto* node = make<CreateTableStmt>(loc);
  node->relation = relation;
  node->if_not_exists = guarded;
  bool partition = accept(kPartition);
  expect(kOf);
  if (partition) {
    node->is_partition = true;
    node->inherits = one(qualified_name());
  } else {
    int32_t type_loc = location();
    node->of_type = make<TypeName>(type_loc);
    node->of_type->names = any_name();
  }
  if (at('(')) node->elements = paren_list([&] { return typed_table_element(); });
  if (partition) node->partition_bound = partition_bound();
  table_tail(node);
  return node;
}

void Parser::table_tail(CreateTableStmt* node) {
  if (at(kPartition)) node->partition_by = partition_spec();
  if (accept(kUsing)) node->access_method = col_id();
  node->options = opt_with_storage();
  node->on_commit = on_commit();
  if (accept(kTablespace)) node->tablespace = col_id();
}

// WITH (…) | WITHOUT OIDS
List<Option> Parser::opt_with_storage() {
  if (accept(kWithout)) {
    expect(kOids);
    return {};
  }
  return opt_reloptions();
}

List<Option> Parser::opt_reloptions() { return accept(kWith) ? reloptions() : List<Option>{}; }

// name[.name] [= value], …
List<Option> Parser::reloptions() {
  return paren_list([&] {
    int32_t loc = location();
    auto* node = option(col_label(), nullptr, loc);
    if (accept('.')) {
      node->name_space = node->name;
      node->name = col_label();
    }
    if (accept('=')) node->value = def_arg();
    return node;
  });
}

Node* Parser::def_arg() {
  int32_t loc = location();
  if (at(kStringConst)) return string_node();
  if (at(kNone) || has_flag(type(), kIsReserved)) {
    std::string_view word = cur().text;
    advance();
    return make_string(word, loc);
  }
  if (at_any(kIntegerConst, kFloatConst) ||
      ((at('+') || at('-')) && (next_is(kIntegerConst) || next_is(kFloatConst)))) {
    return numeric_only();
  }
  if (has_flag(type(), kIsTypeFunctionName) || at_keyword_type() || at(kSetof)) {
    if (!at(kOperator) || !next_is('(')) return func_type();
  }
  auto* name = qualified(all_operator(), loc);
  name->is_operator = true;
  return name;
}

List<Option> Parser::definition() {
  return paren_list([&] {
    int32_t loc = location();
    auto* node = option(col_label(), nullptr, loc);
    if (accept('=')) node->value = def_arg();
    return node;
  });
}

OnCommit Parser::on_commit() {
  if (!accept(kOn)) return OnCommit::kNone;
  expect(kCommit);
  if (accept(kDrop)) return OnCommit::kDrop;
  bool remove = at(kDelete);
  if (!accept(kDelete)) expect(kPreserve);
  expect(kRows);
  return remove ? OnCommit::kDeleteRows : OnCommit::kPreserveRows;
}

bool Parser::at_table_constraint() const {
  return at_any(kConstraint, kCheck, kUnique, kPrimary, kForeign) ||
         (at(kExclude) && (next_is(kUsing) || next_is('(')));
}

Node* Parser::table_element() {
  if (at_table_constraint()) return table_constraint();
  if (at(kLike)) return table_like();
  return column_def();
}

Node* Parser::typed_table_element() {
  if (at_table_constraint()) return table_constraint();
  auto* node = make<ColumnDef>(location());
  node->name = col_id();
  if (accept(kWith)) expect(kOptions);
  column_qualifiers(node);
  return node;
}

Node* Parser::table_like() {
  auto* node = make<TableLikeClause>(location());
  expect(kLike);
  node->relation = qualified_name();
  while (at_any(kIncluding, kExcluding)) {
    bool including = at(kIncluding);
    advance();
    TableLikeOption bit;
    switch (type()) {
      case kComments:
        bit = TableLikeOption::kComments;
        break;
      case kCompression:
        bit = TableLikeOption::kCompression;
        break;
      case kConstraints:
        bit = TableLikeOption::kConstraints;
        break;
      case kDefaults:
        bit = TableLikeOption::kDefaults;
        break;
      case kIdentity:
        bit = TableLikeOption::kIdentity;
        break;
      case kGenerated:
        bit = TableLikeOption::kGenerated;
        break;
      case kIndexes:
        bit = TableLikeOption::kIndexes;
        break;
      case kStatistics:
        bit = TableLikeOption::kStatistics;
        break;
      case kStorage:
        bit = TableLikeOption::kStorage;
        break;
      case kAll:
        bit = TableLikeOption::kAll;
        break;
      default:
        syntax_error();
    }
    advance();
    if (including) {
      node->options |= static_cast<uint16_t>(bit);
    } else {
      node->options &= static_cast<uint16_t>(~static_cast<uint16_t>(bit));
    }
  }
  return node;
}

ColumnDef* Parser::column_def() {
  auto* node = make<ColumnDef>(location());
  node->name = col_id();
  node->type = type_name();
  if (accept(kCompression)) node->compression = accept(kDefault) ? std::string_view("default") : col_id();
  if (at(kOptions)) node->fdw_options = generic_options();
  column_qualifiers(node);
  return node;
}

// OPTIONS (name 'value', …)
List<Option> Parser::generic_options() {
  if (!accept(kOptions)) return {};
  return paren_list([&] { return generic_option(); });
}
Option* Parser::generic_option() {
  int32_t loc = location();
  std::string_view name = col_label();
  int32_t value_loc = location();
  return option(name, make_string(string_const(), value_loc), loc);
}

// OPTIONS ([ADD|SET|DROP] name ['value'], …)
List<Option> Parser::alter_generic_options() {
  expect(kOptions);
  return paren_list([&] {
    bool word_alone = next_is(kStringConst);
    OptionAction action = OptionAction::kUnspecified;
    if (!word_alone && at_any(kSet, kAdd, kDrop)) {
      action = at(kSet) ? OptionAction::kSet : at(kAdd) ? OptionAction::kAdd : OptionAction::kDrop;
      advance();
    }
    int32_t loc = location();
    Option* node = action == OptionAction::kDrop ? option(col_label(), nullptr, loc) : generic_option();
    node->action = action;
    return node;
  });
}

void Parser::column_qualifiers(ColumnDef* column) {
  ListBuilder<Constraint*> list;
  while (true) {
    int32_t loc = location();
    if (accept(kCollate)) {
      auto* collate = make<CollateExpr>(loc);
      collate->collation = any_name();
      if (column->collation != nullptr) error_at(loc, "multiple COLLATE clauses not allowed");
      column->collation = collate;
    } else if (Constraint* constraint = column_constraint()) {
      list.add(constraint);
    } else {
      break;
    }
  }
  column->constraints = finish(list);
}

// One constraint of a column; null if none is here.
Constraint* Parser::column_constraint() {
  int32_t loc = location();
  std::string_view name;
  bool named = accept(kConstraint);
  if (named) name = col_id();
  if (!named) {
    ConstraintKind attribute = ConstraintKind::kNull;
    if (accept(kDeferrable)) {
      attribute = ConstraintKind::kAttrDeferrable;
    } else if (accept2(kNot, kDeferrable)) {
      attribute = ConstraintKind::kAttrNotDeferrable;
    } else if (accept(kInitially)) {
      attribute = at(kDeferred) ? ConstraintKind::kAttrDeferred : ConstraintKind::kAttrImmediate;
      if (!accept(kDeferred)) expect(kImmediate);
    }
    if (attribute != ConstraintKind::kNull) {
      auto* node = make<Constraint>(loc);
      node->type = attribute;
      return node;
    }
  }
  Constraint* node = column_constraint_element(loc);
  if (node == nullptr) {
    if (named) syntax_error();
    return nullptr;
  }
  node->name = name;
  return node;
}

Constraint* Parser::column_constraint_element(int32_t loc) {
  Tok word = type();
  if (!at_any(kNot, kNull, kUnique, kPrimary, kCheck, kDefault, kGenerated, kReferences)) return nullptr;
  auto* node = make<Constraint>(loc);
  advance();
  switch (word) {
    case kNot:
      expect(kNull);
      node->type = ConstraintKind::kNotNull;
      break;
    case kNull:
      node->type = ConstraintKind::kNull;
      break;
    case kUnique:
    case kPrimary:
      if (word == kPrimary) expect(kKey);
      node->type = word == kUnique ? ConstraintKind::kUnique : ConstraintKind::kPrimaryKey;
      if (word == kUnique) node->nulls_not_distinct = null_treatment();
      if (accept(kWith)) node->options = definition();
      constraint_tablespace(node);
      break;
    case kCheck:
      node->type = ConstraintKind::kCheck;
      expect('(');
      node->expression = a_expr();
      expect(')');
      if (accept(kNo)) {
        expect(kInherit);
        node->no_inherit = true;
      }
      break;
    case kDefault:
      node->type = ConstraintKind::kDefault;
      node->expression = b_expr();
      break;
    case kGenerated:
      generated_constraint(node);
      break;
    default:
      node->type = ConstraintKind::kForeignKey;
      references(node);
      break;
  }
  return node;
}

// ALWAYS | BY DEFAULT
bool Parser::generated_always() {
  if (accept(kAlways)) return true;
  expect_all(kBy, kDefault);
  return false;
}

void Parser::generated_constraint(Constraint* node) {
  int32_t when_loc = location();
  node->identity_always = generated_always();
  expect(kAs);
  if (accept(kIdentity)) {
    node->type = ConstraintKind::kIdentity;
    if (accept('(')) {
      node->options = sequence_options(true);
      expect(')');
    }
    return;
  }
  node->type = ConstraintKind::kGenerated;
  expect('(');
  node->expression = a_expr();
  expect(')');
  expect(kStored);
  if (!node->identity_always) {
    error_at(when_loc, "for a generated column, GENERATED ALWAYS must be specified");
  }
}

// NULLS [NOT] DISTINCT
bool Parser::null_treatment() {
  if (!accept(kNulls)) return false;
  bool no = accept(kNot);
  expect(kDistinct);
  return no;
}

void Parser::constraint_tablespace(Constraint* node) {
  if (!accept(kUsing)) return;
  expect_all(kIndex, kTablespace);
  node->index_tablespace = col_id();
}

// Behind REFERENCES.
void Parser::references(Constraint* node) {
  node->referenced = qualified_name();
  node->referenced_columns = opt_column_list();
  int32_t loc = location();
  if (accept(kMatch)) {
    if (accept(kFull)) {
      node->match = ForeignKeyMatch::kFull;
    } else if (accept(kPartial)) {
      error_at(loc, sqlstate::kFeatureNotSupported, "MATCH PARTIAL not yet implemented");
    } else {
      expect(kSimple);
    }
  }
  bool update_seen = false, delete_seen = false;
  while (at(kOn)) {
    int32_t action_loc = location();
    advance();
    if (!delete_seen && accept(kDelete)) {
      delete_seen = true;
      node->on_delete = key_action(node->on_delete_set_columns);
    } else if (!update_seen && accept(kUpdate)) {
      update_seen = true;
      NameList columns;
      node->on_update = key_action(columns);
      if (!columns.empty()) {
        error_at(action_loc, sqlstate::kFeatureNotSupported,
                 fmt::format("a column list with {} is only supported for ON DELETE actions",
                             node->on_update == ForeignKeyAction::kSetNull ? "SET NULL" : "SET DEFAULT"));
      }
    } else {
      syntax_error();
    }
    if (update_seen && delete_seen) break;
  }
}

ForeignKeyAction Parser::key_action(NameList& columns) {
  if (accept(kNo)) {
    expect(kAction);
    return ForeignKeyAction::kNoAction;
  }
  if (accept(kRestrict)) return ForeignKeyAction::kRestrict;
  if (accept(kCascade)) return ForeignKeyAction::kCascade;
  expect(kSet);
  bool null = accept(kNull);
  if (!null) expect(kDefault);
  columns = opt_column_list();
  return null ? ForeignKeyAction::kSetNull : ForeignKeyAction::kSetDefault;
}

Constraint* Parser::table_constraint() {
  int32_t loc = location();
  if (!accept(kConstraint)) return table_constraint_element(loc);
  std::string_view name = col_id();
  Constraint* node = table_constraint_element(loc);
  node->name = name;
  return node;
}

Constraint* Parser::table_constraint_element(int32_t loc) {
  auto* node = make<Constraint>(loc);
  if (accept(kCheck)) {
    node->type = ConstraintKind::kCheck;
    expect('(');
    node->expression = a_expr();
    expect(')');
    constraint_attributes(node, "CHECK", kMayBeNotValid | kMayNotInherit);
    return node;
  }
  if (at(kUnique) || at(kPrimary)) {
    bool unique = accept(kUnique);
    if (!unique) {
      advance();
      expect(kKey);
    }
    node->type = unique ? ConstraintKind::kUnique : ConstraintKind::kPrimaryKey;
    if (accept(kUsing)) {
      expect(kIndex);
      node->index_name = col_id();
    } else {
      if (unique) node->nulls_not_distinct = null_treatment();
      node->columns = column_list();
      if (accept(kInclude)) node->including = column_list();
      if (accept(kWith)) node->options = definition();
      constraint_tablespace(node);
    }
    constraint_attributes(node, unique ? "UNIQUE" : "PRIMARY KEY", kMayBeDeferrable);
    return node;
  }
  if (accept(kExclude)) {
    exclusion_constraint(node);
    return node;
  }
  expect_all(kForeign, kKey);
  node->type = ConstraintKind::kForeignKey;
  node->columns = column_list();
  expect(kReferences);
  references(node);
  constraint_attributes(node, "FOREIGN KEY", kMayBeDeferrable | kMayBeNotValid);
  return node;
}

void Parser::exclusion_constraint(Constraint* node) {
  node->type = ConstraintKind::kExclusion;
  if (accept(kUsing)) node->access_method = col_id();
  node->exclusions = paren_list([&] {
    ExclusionElement item;
    item.element = index_elem();
    expect(kWith);
    if (at(kOperator)) {
      item.operator_name = qual_operator();
    } else {
      item.operator_name = any_operator();
    }
    return item;
  });
  if (accept(kInclude)) node->including = column_list();
  if (accept(kWith)) node->options = definition();
  constraint_tablespace(node);
  if (accept(kWhere)) {
    expect('(');
    node->where = a_expr();
    expect(')');
  }
  constraint_attributes(node, "EXCLUDE", kMayBeDeferrable);
}

// [NOT] DEFERRABLE, INITIALLY …, NOT VALID, NO INHERIT: `allowed` are the ones this kind of constraint may
// have.
void Parser::constraint_attributes(Constraint* node, std::string_view kind, int allowed) {
  read_constraint_attributes(node);
  check_constraint_attributes(node, kind, allowed);
}

void Parser::read_constraint_attributes(Constraint* node) {
  bool not_deferrable = false, immediate = false;
  while (true) {
    int32_t item_loc = location();
    if (accept(kDeferrable)) {
      node->deferrable = true;
    } else if (accept2(kNot, kDeferrable)) {
      not_deferrable = true;
    } else if (at(kNot)) {
      advance();
      expect(kValid);
      node->not_valid = true;
    } else if (accept(kInitially)) {
      if (accept(kDeferred)) {
        node->initially_deferred = true;
      } else {
        expect(kImmediate);
        immediate = true;
      }
    } else if (accept(kNo)) {
      expect(kInherit);
      node->no_inherit = true;
    } else {
      break;
    }
    if (not_deferrable && node->initially_deferred) {
      error_at(item_loc, "constraint declared INITIALLY DEFERRED must be DEFERRABLE");
    }
    if ((not_deferrable && node->deferrable) || (immediate && node->initially_deferred)) {
      error_at(item_loc, "conflicting constraint properties");
    }
  }
  if (node->initially_deferred) node->deferrable = true;
}

void Parser::check_constraint_attributes(Constraint* node, std::string_view kind, int allowed) {
  auto refuse = [&](std::string_view what) {
    error_at(-1, sqlstate::kFeatureNotSupported,
             fmt::format("{} constraints cannot be marked {}", kind, what));
  };
  if (node->deferrable && !(allowed & kMayBeDeferrable)) refuse("DEFERRABLE");
  if (node->not_valid && !(allowed & kMayBeNotValid)) refuse("NOT VALID");
  if (node->no_inherit && !(allowed & kMayNotInherit)) refuse("NO INHERIT");
}

PartitionSpec* Parser::partition_spec() {
  auto* node = make<PartitionSpec>(location());
  expect_all(kPartition, kBy);
  node->strategy = col_id();
  node->keys = paren_list([&] {
    IndexElem* key = index_key();
    if (accept(kCollate)) key->collation = any_name();
    if (at_col_id()) key->opclass = any_name();
    return key;
  });
  return node;
}

PartitionBoundSpec* Parser::partition_bound() {
  auto* node = make<PartitionBoundSpec>(location());
  if (accept(kDefault)) return node;
  expect_all(kFor, kValues);
  node->location = location();
  auto list = [&] { return paren_list([&] { return a_expr(); }); };
  if (accept(kIn)) {
    node->type = PartitionBoundKind::kList;
    node->values = list();
  } else if (accept(kFrom)) {
    node->type = PartitionBoundKind::kRange;
    node->lower = list();
    expect(kTo);
    node->upper = list();
  } else {
    expect(kWith);
    node->type = PartitionBoundKind::kHash;
    List<Option> parts = paren_list([&] {
      int32_t part_loc = location();
      std::string_view name = non_reserved_word();
      return option(name, make_integer(integer_const()), part_loc);
    });
    hash_bound(node, parts);
  }
  return node;
}

void Parser::hash_bound(PartitionBoundSpec* node, List<Option> parts) {
  for (Option* part : parts) {
    bool modulus = part->name == "modulus";
    if (!modulus && part->name != "remainder") {
      error_at(part->location,
               fmt::format("unrecognized hash partition bound specification \"{}\"", part->name));
    }
    int32_t& target = modulus ? node->modulus : node->remainder;
    if (target != -1) {
      error_at(part->location, sqlstate::kDuplicateObject,
               fmt::format("{} for hash partition provided more than once", part->name));
    }
    target = as<ConstExpr>(part->value)->integer;
  }
  if (node->modulus == -1) error_at(-1, "modulus for hash partition must be specified");
  if (node->remainder == -1) error_at(-1, "remainder for hash partition must be specified");
}

}  // namespace varve::parser
