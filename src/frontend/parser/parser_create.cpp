// CREATE INDEX, SEQUENCE, VIEW, SCHEMA, DATABASE, TABLESPACE, STATISTICS, and the choice among all CREATE
// statements.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

Node* Parser::create_stmt() {
  int32_t loc = location();
  advance();
  bool replace = false;
  if (at(kOr)) {
    advance();
    expect(kReplace);
    replace = true;
  }
  switch (type()) {
    case kFunction:
    case kProcedure:
      return create_function(replace, loc);
    case kRule:
      return create_rule(replace, loc);
    case kTrigger:
    case kConstraint:
      return create_trigger(replace, loc);
    case kTransform:
      return create_transform(replace, loc);
    case kAggregate:
      return define_aggregate(replace, loc);
    case kTrusted:
    case kProcedural:
    case kLanguage:
      return create_language(replace, loc);
    case kTemporary:
    case kTemp:
    case kLocal:
    case kGlobal:
    case kUnlogged:
    case kView:
    case kRecursive:
      return create_persistent(replace, loc);
    default:
      if (replace) syntax_error();
      return create_other(loc);
  }
}

Node* Parser::create_persistent(bool replace, int32_t loc) {
  Persistence persistence = opt_temp();
  if (at_any(kView, kRecursive)) return create_view(persistence, replace, loc);
  if (replace) syntax_error();
  if (accept(kTable)) return create_table(persistence, loc, false, false);
  if (at(kSequence)) return create_sequence(persistence, loc);
  if (at(kMaterialized) && persistence == Persistence::kUnlogged) return create_matview(persistence, loc);
  syntax_error();
}

Node* Parser::create_other(int32_t loc) {
  switch (type()) {
    case kTable:
      advance();
      return create_table(Persistence::kPermanent, loc, false, false);
    case kSequence:
      return create_sequence(Persistence::kPermanent, loc);
    case kMaterialized:
      return create_matview(Persistence::kPermanent, loc);
    case kUnique:
    case kIndex:
      return create_index(loc);
    case kSchema:
      return create_schema(loc);
    case kDatabase:
      return create_database(loc);
    case kTablespace:
      return create_tablespace(loc);
    case kStatistics:
      return create_statistics(loc);
    case kRole:
    case kUser:
    case kGroup:
      if (at(kUser) && next_is(kMapping) && (peek(2) == kFor || peek(2) == kIf))
        return create_user_mapping(loc);
      return create_role(loc);
    case kType:
      return create_type(loc);
    case kDomain:
      return create_domain(loc);
    case kOperator:
      return create_operator(loc);
    case kText:
    case kCollation:
      return define_object(loc);
    case kEvent:
      return create_event_trigger(loc);
    case kPolicy:
      return create_policy(loc);
    case kPublication:
      return create_publication(loc);
    case kSubscription:
      return create_subscription(loc);
    case kExtension:
      return create_extension(loc);
    case kForeign:
      return create_foreign(loc);
    case kServer:
      return create_server(loc);
    case kCast:
      return create_cast(loc);
    case kConversion:
    case kDefault:
      return create_conversion(loc);
    case kAccess:
      return create_access_method(loc);
    case kAssertion: {
      advance();
      any_name();
      expect(kCheck);
      expect('(');
      a_expr();
      expect(')');
      Constraint ignored;
      constraint_attributes(&ignored, "CHECK", kMayBeDeferrable | kMayBeNotValid | kMayNotInherit);
      error_at(-1, sqlstate::kFeatureNotSupported, "CREATE ASSERTION is not yet implemented");
    }
    default:
      syntax_error();
  }
}

// A column name, a function call or an expression in parentheses.
IndexElem* Parser::index_key() {
  auto* node = make<IndexElem>(location());
  if (accept('(')) {
    node->expression = a_expr();
    expect(')');
  } else if (at_common_subexpr() || next_is('(') || next_is('.') || next_is('[') || !at_col_id()) {
    node->expression = func_expr_windowless();
  } else {
    node->column = col_id();
  }
  return node;
}

IndexElem* Parser::index_elem() {
  IndexElem* node = index_key();
  if (accept(kCollate)) node->collation = any_name();
  if (at_col_id()) {
    node->opclass = any_name();
    if (at('(')) node->opclass_options = reloptions();
  }
  node->direction = asc_desc();
  node->nulls = nulls_order();
  return node;
}

Node* Parser::create_index(int32_t loc) {
  auto* node = make<CreateIndexStmt>(loc);
  node->unique = accept(kUnique);
  expect(kIndex);
  node->concurrently = accept(kConcurrently);
  node->if_not_exists = if_not_exists();
  if (node->if_not_exists || at_col_id()) node->name = col_id();
  expect(kOn);
  node->relation = relation_expr();
  node->access_method = accept(kUsing) ? col_id() : std::string_view("btree");
  node->columns = paren_list([&] { return index_elem(); });
  if (accept(kInclude)) node->including = paren_list([&] { return index_elem(); });
  node->nulls_not_distinct = null_treatment();
  node->options = opt_reloptions();
  if (accept(kTablespace)) node->tablespace = col_id();
  node->where = opt_where();
  return node;
}

bool Parser::at_sequence_option(size_t n) const {
  switch (peek(n)) {
    case kAs:
    case kCache:
    case kCycle:
    case kNo:
    case kIncrement:
    case kMaxvalue:
    case kMinvalue:
    case kOwned:
    case kSequence:
    case kStart:
    case kRestart:
      return true;
    default:
      return false;
  }
}

List<Option> Parser::sequence_options(bool required) {
  ListBuilder<Option*> list;
  if (required && !at_sequence_option(0)) syntax_error();
  while (at_sequence_option(0)) list.add(sequence_option());
  return finish(list);
}

Option* Parser::sequence_option() {
  int32_t loc = location();
  Tok word = type();
  if (!at_sequence_option(0)) syntax_error();
  advance();
  switch (word) {
    case kAs:
      return option("as", simple_type_name(), loc);
    case kCache:
      return option("cache", numeric_only(), loc);
    case kCycle:
      return option("cycle", make_boolean(true), loc);
    case kNo:
      if (accept(kCycle)) return option("cycle", make_boolean(false), loc);
      if (accept(kMaxvalue)) return option("maxvalue", nullptr, loc);
      expect(kMinvalue);
      return option("minvalue", nullptr, loc);
    case kIncrement:
      accept(kBy);
      return option("increment", numeric_only(), loc);
    case kMaxvalue:
      return option("maxvalue", numeric_only(), loc);
    case kMinvalue:
      return option("minvalue", numeric_only(), loc);
    case kOwned:
      expect(kBy);
      return option("owned_by", any_name_node(), loc);
    case kSequence:
      expect(kName);
      return option("sequence_name", any_name_node(), loc);
    case kStart:
      if (!accept(kWith)) accept(kWithLa);
      return option("start", numeric_only(), loc);
    default: {
      bool with = accept(kWith) || accept(kWithLa);
      bool number = with || at_any(kIntegerConst, kFloatConst) || at('+') || at('-');
      return option("restart", number ? numeric_only() : nullptr, loc);
    }
  }
}

Node* Parser::create_sequence(Persistence persistence, int32_t loc) {
  auto* node = make<CreateSequenceStmt>(loc);
  expect(kSequence);
  node->if_not_exists = if_not_exists();
  node->sequence = qualified_name();
  node->sequence->persistence = persistence;
  node->options = sequence_options(false);
  return node;
}

Node* Parser::create_view(Persistence persistence, bool replace, int32_t loc) {
  auto* node = make<CreateViewStmt>(loc);
  node->replace = replace;
  node->recursive = accept(kRecursive);
  expect(kView);
  node->view = qualified_name();
  node->view->persistence = persistence;
  node->columns = node->recursive ? column_list() : opt_column_list();
  node->options = opt_reloptions();
  expect(kAs);
  node->query = select_stmt();
  int32_t check_loc = location();
  if (accept(kWith)) {
    node->check_option = CheckOption::kCascaded;
    if (accept(kLocal)) {
      node->check_option = CheckOption::kLocal;
    } else {
      accept(kCascaded);
    }
    expect_all(kCheck, kOption);
    if (node->recursive) {
      error_at(check_loc, sqlstate::kFeatureNotSupported,
               "WITH CHECK OPTION not supported on recursive views");
    }
  }
  if (node->recursive) wrap_recursive_view(node);
  return node;
}

// CREATE RECURSIVE VIEW v (a) AS q means CREATE VIEW v AS WITH RECURSIVE v (a) AS (q) SELECT a FROM v.
void Parser::wrap_recursive_view(CreateViewStmt* view) {
  auto* cte = make<CommonTableExpr>();
  cte->name = view->view->name;
  cte->columns = view->columns;
  cte->query = view->query;
  auto* with = make<WithClause>();
  with->recursive = true;
  with->ctes = one(cte);
  auto* query = make<SelectStmt>();
  query->with = with;
  ListBuilder<TargetEntry*> targets;
  for (std::string_view column : view->columns) {
    auto* target = make<TargetEntry>();
    target->value = column_ref(column, {}, -1);
    targets.add(target);
  }
  query->targets = finish(targets);
  auto* relation = make<RangeVar>();
  relation->name = view->view->name;
  query->from = one<Node*>(relation);
  view->query = query;
}

Node* Parser::refresh_stmt() {
  auto* node = make<RefreshMatViewStmt>(location());
  advance();
  expect_all(kMaterialized, kView);
  node->concurrently = accept(kConcurrently);
  node->relation = qualified_name();
  node->skip_data = opt_with_no_data();
  return node;
}

Node* Parser::create_schema(int32_t loc) {
  auto* node = make<CreateSchemaStmt>(loc);
  advance();
  node->if_not_exists = if_not_exists();
  if (!at(kAuthorization)) node->name = col_id();
  if (accept(kAuthorization)) node->owner = role_spec();
  ListBuilder<Node*> elements;
  int32_t element_loc = location();
  while (at_any(kCreate, kGrant)) elements.add(schema_element());
  if (node->if_not_exists && elements.size() > 0) {
    error_at(element_loc, sqlstate::kFeatureNotSupported,
             "CREATE SCHEMA IF NOT EXISTS cannot include schema elements");
  }
  node->elements = finish(elements);
  return node;
}

Node* Parser::schema_element() {
  int32_t loc = location();
  if (at(kGrant)) return grant_stmt(true);
  advance();
  bool replace = false;
  if (accept(kOr)) {
    expect(kReplace);
    replace = true;
  }
  if (at_any(kTrigger, kConstraint)) return create_trigger(replace, loc);
  if (!replace && at_any(kUnique, kIndex)) return create_index(loc);
  Persistence persistence = opt_temp();
  if (at_any(kView, kRecursive)) return create_view(persistence, replace, loc);
  if (replace) syntax_error();
  if (at(kSequence)) return create_sequence(persistence, loc);
  expect(kTable);
  return create_table(persistence, loc, false, true);
}

// Options of CREATE and ALTER DATABASE.
List<Option> Parser::database_options() {
  ListBuilder<Option*> list;
  while (at_any(kIdentifier, kConnection, kEncoding, kLocation, kOwner, kTablespace, kTemplate)) {
    int32_t loc = location();
    std::string_view name = cur().text;
    if (accept(kConnection)) {
      expect(kLimit);
      name = "connection_limit";
    } else {
      advance();
    }
    accept('=');
    Node* value = nullptr;
    if (!accept(kDefault)) {
      value = opt_boolean_or_string();
      if (value == nullptr) value = numeric_only();
    }
    list.add(option(name, value, loc));
  }
  return finish(list);
}

Node* Parser::create_database(int32_t loc) {
  auto* node = make<CreateDatabaseStmt>(loc);
  advance();
  node->name = col_id();
  if (!accept(kWith)) accept(kWithLa);
  node->options = database_options();
  return node;
}

Node* Parser::create_tablespace(int32_t loc) {
  auto* node = make<CreateTablespaceStmt>(loc);
  advance();
  node->name = col_id();
  if (accept(kOwner)) node->owner = role_spec();
  expect(kLocation);
  node->directory = string_const();
  node->options = opt_reloptions();
  return node;
}

Node* Parser::create_statistics(int32_t loc) {
  auto* node = make<CreateStatisticsStmt>(loc);
  advance();
  node->if_not_exists = if_not_exists();
  node->names = any_name();
  if (at('(')) node->kinds = column_list();
  expect(kOn);
  node->expressions = comma_list([&] {
    auto* item = make<StatisticsElem>(location());
    if (accept('(')) {
      item->expression = a_expr();
      expect(')');
    } else if (at_common_subexpr() || next_is('(') || next_is('.') || next_is('[') || !at_col_id()) {
      item->expression = func_expr_windowless();
    } else {
      item->column = col_id();
    }
    return item;
  });
  expect(kFrom);
  node->relations = from_list();
  return node;
}

}  // namespace varve::parser
