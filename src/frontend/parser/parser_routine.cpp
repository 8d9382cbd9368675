// Functions, procedures, DO, CALL, triggers, rules.
#include <algorithm>
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

// Whether the token may begin a func_type.
static bool begins_type(Tok t) {
  if (has_flag(t, kIsTypeFunctionName)) return true;
  switch (t) {
    case kSetof:
    case kInt:
    case kInteger:
    case kSmallint:
    case kBigint:
    case kReal:
    case kFloat:
    case kDecimal:
    case kDec:
    case kNumeric:
    case kBoolean:
    case kBit:
    case kCharacter:
    case kChar:
    case kVarchar:
    case kNchar:
    case kTimestamp:
    case kTime:
    case kInterval:
    case kNational:
      return true;
    default:
      return false;
  }
}

static bool same_type(const TypeName* a, const TypeName* b) {
  auto equal = [](auto x, auto y) { return std::equal(x.begin(), x.end(), y.begin(), y.end()); };
  // Modifiers are compared by number only: aggregates' argument types have none that matter.
  return equal(a->names, b->names) && a->set_of == b->set_of && a->percent_type == b->percent_type &&
         a->typmods.size() == b->typmods.size() && equal(a->array_bounds, b->array_bounds);
}

bool Parser::argument_mode(ParameterMode& mode) {
  switch (type()) {
    case kIn:
      advance();
      mode = accept(kOut) ? ParameterMode::kInOut : ParameterMode::kIn;
      return true;
    case kOut:
      advance();
      mode = ParameterMode::kOut;
      return true;
    case kInout:
      advance();
      mode = ParameterMode::kInOut;
      return true;
    case kVariadic:
      advance();
      mode = ParameterMode::kVariadic;
      return true;
    default:
      return false;
  }
}

// [mode] [name] type or [name] [mode] type
FunctionParameter* Parser::function_parameter(bool with_default) {
  auto* node = make<FunctionParameter>(location());
  bool mode = argument_mode(node->mode);
  bool double_precision = at(kDouble) && next_is(kPrecision);
  if (has_flag(type(), kIsTypeFunctionName) && !double_precision) {
    Tok next = peek();
    bool mode_next = !mode && (next == kIn || next == kOut || next == kInout || next == kVariadic);
    if (mode_next || begins_type(next)) {
      node->name = type_function_name();
      if (mode_next) argument_mode(node->mode);
    }
  }
  node->type = func_type();
  if (with_default && (accept(kDefault) || accept('='))) node->default_value = a_expr();
  return node;
}

List<FunctionParameter> Parser::function_parameters(bool with_default) {
  expect('(');
  List<FunctionParameter> list;
  if (!at(')')) list = comma_list([&] { return function_parameter(with_default); });
  expect(')');
  return list;
}

void Parser::set_arg_types(RoutineRef* node) {
  ListBuilder<TypeName*> types;
  for (FunctionParameter* p : node->parameters) {
    if (p->mode != ParameterMode::kOut && p->mode != ParameterMode::kTable) types.add(p->type);
  }
  node->arg_types = finish(types);
}

// function_with_argtypes: a name with or without an argument list.
RoutineRef* Parser::function_with_args() {
  auto* node = make<RoutineRef>(location());
  bool column = at_col_id(), function = has_flag(type(), kIsTypeFunctionName);
  if (column && (next_is('.') || next_is('['))) {
    node->names = func_name();
  } else {
    if (!column && !function) syntax_error();
    node->names = one(cur().text);
    advance();
    if (at('(') && !function) syntax_error();
  }
  if (!at('(')) {
    node->args_unspecified = true;
    return node;
  }
  node->parameters = function_parameters(false);
  set_arg_types(node);
  return node;
}

// aggregate_with_argtypes: (*), (args), (ORDER BY args), (args ORDER BY args)
RoutineRef* Parser::aggregate_with_args() {
  auto* node = make<RoutineRef>(location());
  node->names = func_name();
  node->parameters = aggregate_args();
  set_arg_types(node);
  return node;
}

List<FunctionParameter> Parser::aggregate_args(int32_t* direct_args) {
  expect('(');
  ListBuilder<FunctionParameter*> list;
  auto args = [&] {
    do {
      FunctionParameter* parameter = function_parameter(false);
      if (parameter->mode == ParameterMode::kOut || parameter->mode == ParameterMode::kInOut) {
        error_at(parameter->location, sqlstate::kFeatureNotSupported,
                 "aggregates cannot have output arguments");
      }
      list.add(parameter);
    } while (accept(','));
  };
  if (!accept('*')) {
    if (!at(kOrder)) args();
    if (accept(kOrder)) {
      expect(kBy);
      size_t direct = list.size();
      if (direct_args != nullptr) *direct_args = static_cast<int32_t>(direct);
      args();
      List<FunctionParameter> all = finish(list);
      if (direct > 0 && all[direct - 1]->mode == ParameterMode::kVariadic) {
        bool same = all.size() == direct + 1 && all[direct]->mode == ParameterMode::kVariadic &&
                    same_type(all[direct - 1]->type, all[direct]->type);
        if (!same) {
          expect(')');
          error_at(
              all[direct]->type->location, sqlstate::kFeatureNotSupported,
              "an ordered-set aggregate with a VARIADIC direct argument must have one VARIADIC aggregated "
              "argument of the same data type");
        }
      }
    }
  }
  expect(')');
  return finish(list);
}

// operator (left, right); NONE for the missing side of a prefix operator.
RoutineRef* Parser::operator_with_args() {
  auto* node = make<RoutineRef>(location());
  node->names = any_operator();
  expect('(');
  ListBuilder<TypeName*> types;
  if (accept(kNone)) {
    types.add(nullptr);
    expect(',');
    types.add(type_name());
  } else {
    types.add(type_name());
    if (at(')')) {
      int32_t loc = location();
      advance();
      error_at(loc, "missing argument", "Use NONE to denote the missing argument of a unary operator.");
    }
    expect(',');
    types.add(accept(kNone) ? nullptr : type_name());
  }
  expect(')');
  node->arg_types = finish(types);
  return node;
}

Node* Parser::create_function(bool replace, int32_t loc) {
  auto* node = make<CreateFunctionStmt>(loc);
  node->replace = replace;
  node->is_procedure = at(kProcedure);
  advance();
  node->names = func_name();
  node->parameters = function_parameters(true);
  if (!node->is_procedure && at(kReturns) && !next_is(kNull)) {
    advance();
    if (accept(kTable)) {
      ListBuilder<FunctionParameter*> all;
      for (auto* p : node->parameters) all.add(p);
      for (auto* p : paren_list([&] { return table_func_column(); })) all.add(p);
      node->parameters = finish(all);
    } else {
      node->return_type = func_type();
    }
  }
  ListBuilder<Option*> options;
  while (Option* item = function_option(true)) options.add(item);
  node->options = finish(options);
  node->sql_body = routine_body();
  return node;
}

FunctionParameter* Parser::table_func_column() {
  auto* node = make<FunctionParameter>(location());
  node->mode = ParameterMode::kTable;
  node->name = type_function_name();
  node->type = func_type();
  return node;
}

Node* Parser::return_stmt() {
  auto* node = make<ReturnStmt>(location());
  expect(kReturn);
  node->value = a_expr();
  return node;
}

// RETURN expression | BEGIN ATOMIC statement; … END
Node* Parser::routine_body() {
  if (at(kReturn)) return return_stmt();
  if (!at(kBegin)) return nullptr;
  check_stack();
  auto* list = make<ListNode>(location());
  advance();
  expect(kAtomic);
  ListBuilder<Node*> statements;
  while (!accept(kEnd)) {
    if (at(kBegin)) syntax_error();
    if (!at(';')) statements.add(at(kReturn) ? return_stmt() : statement());
    expect(';');
  }
  list->items = finish(statements);
  return list;
}

// One option of CREATE FUNCTION (`create`) or ALTER FUNCTION; null if none is here.
Option* Parser::function_option(bool create) {
  int32_t loc = location();
  Tok word = type();
  auto string_option = [&](std::string_view name, std::string_view value) {
    return option(name, make_string(value), loc);
  };
  switch (word) {
    case kCalled:
      advance();
      expect_all(kOn, kNull, kInput);
      return option("strict", make_boolean(false), loc);
    case kReturns:
      advance();
      expect_all(kNull, kOn, kNull, kInput);
      return option("strict", make_boolean(true), loc);
    case kStrict:
      advance();
      return option("strict", make_boolean(true), loc);
    case kImmutable:
      advance();
      return string_option("volatility", "immutable");
    case kStable:
      advance();
      return string_option("volatility", "stable");
    case kVolatile:
      advance();
      return string_option("volatility", "volatile");
    case kExternal:
    case kSecurity: {
      advance();
      if (word == kExternal) expect(kSecurity);
      bool definer = at(kDefiner);
      if (!accept(kDefiner)) expect(kInvoker);
      return option("security", make_boolean(definer), loc);
    }
    case kLeakproof:
      advance();
      return option("leakproof", make_boolean(true), loc);
    case kNot:
      advance();
      expect(kLeakproof);
      return option("leakproof", make_boolean(false), loc);
    case kCost:
      advance();
      return option("cost", numeric_only(), loc);
    case kRows:
      advance();
      return option("rows", numeric_only(), loc);
    case kSupport:
      advance();
      return option("support", any_name_node(), loc);
    case kSet:
    case kReset:
      return option("set", set_reset_clause(true), loc);
    case kParallel:
      advance();
      return string_option("parallel", col_id());
    default:
      break;
  }
  if (!create) return nullptr;
  switch (word) {
    case kAs: {
      advance();
      auto* list = make<ListNode>(location());
      ListBuilder<Node*> items;
      if (!at(kStringConst)) syntax_error();
      items.add(string_node());
      if (accept(',')) {
        if (!at(kStringConst)) syntax_error();
        items.add(string_node());
      }
      list->items = finish(items);
      return option("as", list, loc);
    }
    case kLanguage:
      advance();
      return string_option("language", word_or_string());
    case kTransform: {
      advance();
      auto* list = make<ListNode>(location());
      list->items = comma_list([&]() -> Node* {
        expect_all(kFor, kType);
        return type_name();
      });
      return option("transform", list, loc);
    }
    case kWindow:
      advance();
      return option("window", make_boolean(true), loc);
    default:
      return nullptr;
  }
}

Node* Parser::alter_function_options(RoutineRef* function, ObjectType object_type, int32_t loc) {
  auto* node = make<AlterFunctionStmt>(loc);
  node->object_type = object_type;
  node->function = function;
  ListBuilder<Option*> options;
  while (Option* item = function_option(false)) options.add(item);
  if (options.size() == 0) syntax_error();
  node->options = finish(options);
  accept(kRestrict);
  return node;
}

Node* Parser::do_stmt() {
  auto* node = make<DoStmt>(location());
  advance();
  ListBuilder<Option*> options;
  do {
    int32_t loc = location();
    if (at(kStringConst)) {
      options.add(option("as", string_node(), loc));
    } else {
      expect(kLanguage);
      options.add(option("language", make_string(word_or_string()), loc));
    }
  } while (at_any(kStringConst, kLanguage));
  node->options = finish(options);
  return node;
}

Node* Parser::call_stmt() {
  auto* node = make<CallStmt>(location());
  advance();
  int32_t loc = location();
  NameList name = func_name();
  if (!at('(')) syntax_error();
  node->call = as<FuncCall>(func_call(name, loc, true));
  return node;
}

// --- triggers

void Parser::trigger_events(CreateTriggerStmt* node) {
  do {
    uint8_t event;
    switch (type()) {
      case kInsert:
        event = kOnInsert;
        break;
      case kDelete:
        event = kOnDelete;
        break;
      case kUpdate:
        event = kOnUpdate;
        break;
      case kTruncate:
        event = kOnTruncate;
        break;
      default:
        syntax_error();
    }
    // UPDATE is complete only when the next word has been read: OF may follow.
    bool duplicate = (node->events & event) != 0;
    if (duplicate && event != kOnUpdate) error_near("duplicate trigger events specified");
    advance();
    if (event == kOnUpdate && accept(kOf)) {
      NameList columns = name_list();
      ListBuilder<std::string_view> all;
      for (auto c : node->columns) all.add(c);
      for (auto c : columns) all.add(c);
      node->columns = finish(all);
    }
    if (duplicate) error_near("duplicate trigger events specified");
    node->events |= event;
  } while (accept(kOr));
}

void Parser::trigger_action(CreateTriggerStmt* node) {
  if (accept(kWhen)) {
    expect('(');
    node->when = a_expr();
    expect(')');
  }
  expect(kExecute);
  if (!accept(kFunction)) expect(kProcedure);
  node->function = func_name();
  expect('(');
  if (!at(')')) {
    accept(',');  // the grammar's list may begin empty
    node->args = comma_list([&]() -> std::string_view {
      std::string_view text = cur().text;
      if (at(kIntegerConst)) {
        text = arena_.copy(fmt::format("{}", cur().integer));
      } else if (!at_any(kFloatConst, kStringConst) && !has_flag(type(), kIsLabel)) {
        syntax_error();
      }
      advance();
      return text;
    });
  }
  expect(')');
}

Node* Parser::create_trigger(bool replace, int32_t loc) {
  auto* node = make<CreateTriggerStmt>(loc);
  node->replace = replace;
  node->is_constraint = accept(kConstraint);
  expect(kTrigger);
  node->name = col_id();
  if (node->is_constraint) {
    expect(kAfter);
  } else if (accept(kBefore)) {
    node->timing = TriggerTiming::kBefore;
  } else if (accept(kInstead)) {
    expect(kOf);
    node->timing = TriggerTiming::kInsteadOf;
  } else {
    expect(kAfter);
  }
  trigger_events(node);
  expect(kOn);
  node->relation = qualified_name();
  if (node->is_constraint) {
    constraint_trigger(node);
    if (replace) {
      error_at(-1, sqlstate::kFeatureNotSupported, "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported");
    }
    return node;
  }
  if (accept(kReferencing)) {
    ListBuilder<TriggerTransition> transitions;
    do {
      TriggerTransition t;
      t.is_new = at(kNew);
      if (!accept(kNew)) expect(kOld);
      t.is_table = at(kTable);
      if (!accept(kTable)) expect(kRow);
      accept(kAs);
      t.name = col_id();
      transitions.add(t);
    } while (at_any(kNew, kOld));
    node->transitions = finish(transitions);
  }
  if (accept(kFor)) {
    accept(kEach);
    node->row = at(kRow);
    if (!accept(kRow)) expect(kStatement);
  }
  trigger_action(node);
  return node;
}

void Parser::constraint_trigger(CreateTriggerStmt* node) {
  if (accept(kFrom)) node->constraint_relation = qualified_name();
  auto* attributes = make<Constraint>(location());
  read_constraint_attributes(attributes);
  node->deferrable = attributes->deferrable;
  node->initially_deferred = attributes->initially_deferred;
  expect_all(kFor, kEach, kRow);
  node->row = true;
  trigger_action(node);
  check_constraint_attributes(attributes, "TRIGGER", kMayBeDeferrable);
}

Node* Parser::create_event_trigger(int32_t loc) {
  auto* node = make<CreateEventTriggerStmt>(loc);
  advance();
  expect(kTrigger);
  node->name = col_id();
  expect(kOn);
  node->event = col_label();
  if (accept(kWhen)) {
    ListBuilder<Option*> conditions;
    do {
      int32_t item_loc = location();
      std::string_view name = col_id();
      expect(kIn);
      auto* list = make<ListNode>();
      list->items = paren_list([&]() -> Node* {
        if (!at(kStringConst)) syntax_error();
        return string_node();
      });
      conditions.add(option(name, list, item_loc));
    } while (accept(kAnd));
    node->conditions = finish(conditions);
  }
  expect(kExecute);
  if (!accept(kFunction)) expect(kProcedure);
  node->function = func_name();
  expect('(');
  expect(')');
  return node;
}

// --- rules

Node* Parser::rule_action() {
  switch (type()) {
    case kNotify:
      return notify_stmts();
    case kMerge:
      syntax_error();
    default:
      return preparable_stmt(false);
  }
}

Node* Parser::create_rule(bool replace, int32_t loc) {
  auto* node = make<CreateRuleStmt>(loc);
  node->replace = replace;
  advance();
  node->name = col_id();
  expect_all(kAs, kOn);
  switch (type()) {
    case kSelect:
      node->event = RuleEvent::kSelect;
      break;
    case kUpdate:
      node->event = RuleEvent::kUpdate;
      break;
    case kInsert:
      node->event = RuleEvent::kInsert;
      break;
    case kDelete:
      node->event = RuleEvent::kDelete;
      break;
    default:
      syntax_error();
  }
  advance();
  expect(kTo);
  node->relation = qualified_name();
  node->where = opt_where();
  expect(kDo);
  node->instead = accept(kInstead);
  if (!node->instead) accept(kAlso);
  if (accept(kNothing)) return node;
  if (!at('(') || paren_starts_query()) {
    // One query in parentheses is a one-statement list just as well.
    if (!at('(')) {
      node->actions = one(rule_action());
      return node;
    }
  }
  advance();
  ListBuilder<Node*> actions;
  while (true) {
    if (!at(';') && !at(')')) actions.add(rule_action());
    if (!accept(';')) break;
  }
  expect(')');
  node->actions = finish(actions);
  return node;
}

}  // namespace varve::parser
