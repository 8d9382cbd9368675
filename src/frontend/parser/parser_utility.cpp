// Transactions, settings, prepared statements, cursors, EXPLAIN, maintenance.
#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

bool Parser::opt_transaction_word() { return accept(kWork) || accept(kTransaction); }

bool Parser::opt_chain() {
  if (!accept(kAnd)) return false;
  bool no = accept(kNo);
  expect(kChain);
  return !no;
}

List<Option> Parser::transaction_modes(bool required) {
  ListBuilder<Option*> list;
  while (true) {
    int32_t loc = location();
    if (accept(kIsolation)) {
      expect(kLevel);
      list.add(option("transaction_isolation", isolation_level(), loc));
    } else if (accept(kRead)) {
      bool only = at(kOnly);
      if (!only && !at(kWrite)) syntax_error();
      advance();
      list.add(option("transaction_read_only", make_integer(only, loc), loc));
    } else if (accept(kDeferrable)) {
      list.add(option("transaction_deferrable", make_integer(1, loc), loc));
    } else if (accept(kNot)) {
      expect(kDeferrable);
      list.add(option("transaction_deferrable", make_integer(0, loc), loc));
    } else if (list.size() == 0 && !required) {
      return {};
    } else {
      syntax_error();
    }
    if (!accept(',') && !at_any(kIsolation, kRead, kDeferrable, kNot)) return finish(list);
  }
}

Node* Parser::isolation_level() {
  int32_t loc = location();
  if (accept(kRead)) {
    bool committed = at(kCommitted);
    if (!committed && !at(kUncommitted)) syntax_error();
    advance();
    return make_string(committed ? "read committed" : "read uncommitted", loc);
  }
  if (accept(kRepeatable)) {
    expect(kRead);
    return make_string("repeatable read", loc);
  }
  expect(kSerializable);
  return make_string("serializable", loc);
}

Node* Parser::transaction_stmt() {
  auto* node = make<TransactionStmt>(location());
  Tok word = type();
  advance();
  switch (word) {
    case kBegin:
    case kStart:
      if (word == kStart) {
        expect(kTransaction);
      } else {
        opt_transaction_word();
      }
      node->action = word == kStart ? TransactionKind::kStart : TransactionKind::kBegin;
      node->options = transaction_modes(false);
      return node;
    case kSavepoint:
      node->action = TransactionKind::kSavepoint;
      node->name = col_id();
      return node;
    case kRelease:
      node->action = TransactionKind::kRelease;
      if (at(kSavepoint) && has_flag(peek(), kIsColumnId)) advance();
      node->name = col_id();
      return node;
    case kPrepare:
      advance();
      node->action = TransactionKind::kPrepare;
      node->name = string_const();
      return node;
    default:
      break;
  }
  bool rollback = word == kRollback || word == kAbort;
  node->action = rollback ? TransactionKind::kRollback : TransactionKind::kCommit;
  if ((word == kCommit || word == kRollback) && accept(kPrepared)) {
    node->action = rollback ? TransactionKind::kRollbackPrepared : TransactionKind::kCommitPrepared;
    node->name = string_const();
    return node;
  }
  opt_transaction_word();
  if (word == kRollback && accept(kTo)) {
    node->action = TransactionKind::kRollbackTo;
    if (at(kSavepoint) && has_flag(peek(), kIsColumnId)) advance();
    node->name = col_id();
    return node;
  }
  node->chain = opt_chain();
  return node;
}

// --- settings

std::string_view Parser::var_name() {
  std::string_view first = col_id();
  if (!at('.')) return first;
  std::string name(first);
  while (accept('.')) {
    name += '.';
    name += col_id();
  }
  return arena_.copy(std::string_view(name));
}

// TRUE, FALSE, ON, a word or a string; null if none of them is here.
Node* Parser::opt_boolean_or_string() {
  int32_t loc = location();
  if (at_any(kTrue, kFalse, kOn, kStringConst) || has_flag(type(), kIsColumnId) ||
      has_flag(type(), kIsTypeFunctionName)) {
    std::string_view word = cur().text;
    advance();
    return make_string(word, loc);
  }
  return nullptr;
}

std::string_view Parser::word_or_string() { return at(kStringConst) ? string_const() : non_reserved_word(); }

Node* Parser::var_value() {
  Node* word = opt_boolean_or_string();
  return word != nullptr ? word : numeric_only();
}

// name TO|= values|DEFAULT
void Parser::generic_set(VariableSetStmt* node) {
  node->name = var_name();
  if (!accept(kTo)) expect('=');
  if (accept(kDefault)) {
    node->action = VariableSetKind::kSetDefault;
    return;
  }
  node->args = comma_list([&] { return var_value(); });
}

void Parser::time_zone_value(VariableSetStmt* node) {
  node->name = "timezone";
  int32_t loc = location();
  if (at_any(kStringConst, kIdentifier)) {
    node->args = one<Node*>(make_string(cur().text, loc));
    advance();
  } else if (accept(kDefault) || accept(kLocal)) {
    node->action = VariableSetKind::kSetDefault;
  } else if (at(kInterval)) {
    bool fields_follow = !next_is('(');
    TypeName* type = keyword_type(true);
    Node* cast = typed_const(type, loc);
    if (fields_follow) {
      int32_t fields_loc = location();
      opt_interval_fields(type);
      if (!type->typmods.empty()) {
        constexpr int32_t kHourBit = 1 << 10, kMinuteBit = 1 << 11;
        int32_t mask = as<ConstExpr>(type->typmods[0])->integer;
        if ((mask & ~(kHourBit | kMinuteBit)) != 0) {
          error_at(fields_loc, "time zone interval must be HOUR or HOUR TO MINUTE");
        }
      }
    }
    node->args = one(cast);
  } else {
    node->args = one(numeric_only());
  }
}

// What follows SET, SET LOCAL or SET SESSION. `more`: the form that functions and roles may have, which does
// not set transaction modes.
VariableSetStmt* Parser::set_rest(bool more) {
  auto* node = make<VariableSetStmt>(location());
  bool is_variable = next_is('=') || next_is('.') || next_is(kTo) || next_is(kFrom);
  if (!is_variable) {
    int32_t loc = location();
    switch (type()) {
      case kTransaction:
        advance();
        node->action = VariableSetKind::kSetMulti;
        node->name = "TRANSACTION";
        if (accept(kSnapshot)) {
          node->name = "TRANSACTION SNAPSHOT";
          int32_t string_loc = location();
          node->args = one<Node*>(make_string(string_const(), string_loc));
          return node;
        }
        if (more) syntax_error();
        set_transaction_modes(node);
        return node;
      case kSession:
        if (!more && next_is(kCharacteristics)) {
          pos_ += 2;
          expect_all(kAs, kTransaction);
          node->action = VariableSetKind::kSetMulti;
          node->name = "SESSION CHARACTERISTICS";
          set_transaction_modes(node);
          return node;
        }
        if (!next_is(kAuthorization)) break;
        pos_ += 2;
        node->name = "session_authorization";
        if (accept(kDefault)) {
          node->action = VariableSetKind::kSetDefault;
        } else {
          int32_t word_loc = location();
          node->args = one<Node*>(make_string(word_or_string(), word_loc));
        }
        return node;
      case kTime:
        if (!next_is(kZone)) break;
        pos_ += 2;
        time_zone_value(node);
        return node;
      case kCatalog:
        if (!next_is(kStringConst)) break;
        pos_ += 2;
        error_at(tokens_[pos_ - 1].location, sqlstate::kFeatureNotSupported,
                 "current database cannot be changed");
      case kSchema:
        if (!next_is(kStringConst)) break;
        advance();
        node->name = "search_path";
        node->args = one<Node*>(string_node());
        return node;
      case kNames:
        advance();
        node->name = "client_encoding";
        if (at(kStringConst)) {
          node->args = one<Node*>(string_node());
        } else {
          accept(kDefault);
          node->action = VariableSetKind::kSetDefault;
        }
        return node;
      case kRole: {
        advance();
        node->name = "role";
        int32_t word_loc = location();
        node->args = one<Node*>(make_string(word_or_string(), word_loc));
        return node;
      }
      case kXml:
        if (!next_is(kOption)) break;
        pos_ += 2;
        node->name = "xmloption";
        node->args = one<Node*>(make_string(document_or_content() ? "DOCUMENT" : "CONTENT", loc));
        return node;
      default:
        break;
    }
  }
  if (next_is(kFrom)) {
    node->name = var_name();
    expect_all(kFrom, kCurrent);
    node->action = VariableSetKind::kSetCurrent;
    return node;
  }
  size_t start = pos_;
  std::string_view name = var_name();
  if (accept(kFrom)) {
    expect(kCurrent);
    node->name = name;
    node->action = VariableSetKind::kSetCurrent;
    return node;
  }
  pos_ = start;
  generic_set(node);
  return node;
}

void Parser::set_transaction_modes(VariableSetStmt* node) {
  List<Option> modes = transaction_modes(true);
  ListBuilder<Node*> args;
  for (Option* mode : modes) args.add(mode);
  node->args = finish(args);
}

Node* Parser::set_stmt() {
  advance();
  bool variable = next_is('=') || next_is('.') || next_is(kTo) || next_is(kFrom);
  if (at(kConstraints) && !variable) return set_constraints();
  bool local = false;
  if (!variable && at(kLocal)) {
    local = true;
    advance();
  } else if (!variable && at(kSession) && !next_is(kAuthorization) &&
             (!next_is(kCharacteristics) || peek(2) == kFrom || peek(2) == kTo ||
              peek(2) == static_cast<Tok>('=') || peek(2) == static_cast<Tok>('.'))) {
    advance();
  }
  VariableSetStmt* node = set_rest(false);
  node->is_local = local;
  return node;
}

Node* Parser::set_constraints() {
  auto* node = make<ConstraintsSetStmt>(location());
  advance();
  if (!accept(kAll)) node->constraints = qualified_name_list();
  node->deferred = at(kDeferred);
  if (!accept(kDeferred)) expect(kImmediate);
  return node;
}

// The name behind SHOW or RESET, with the two-word forms.
std::string_view Parser::setting_name() {
  if (accept(kAll)) return "all";
  if (accept2(kTime, kZone)) return "timezone";
  if (accept2(kSession, kAuthorization)) return "session_authorization";
  if (accept2(kTransaction, kIsolation)) {
    expect(kLevel);
    return "transaction_isolation";
  }
  return var_name();
}

VariableSetStmt* Parser::reset_stmt(bool generic_only) {
  auto* node = make<VariableSetStmt>(location());
  advance();
  node->action = at(kAll) ? VariableSetKind::kResetAll : VariableSetKind::kReset;
  if (generic_only) {
    if (!accept(kAll)) node->name = var_name();
  } else {
    node->name = setting_name();
  }
  if (node->action == VariableSetKind::kResetAll) node->name = {};
  return node;
}

Node* Parser::show_stmt() {
  auto* node = make<VariableShowStmt>(location());
  advance();
  node->name = setting_name();
  return node;
}

// --- prepared statements and cursors

Node* Parser::prepare_stmt() {
  if (next_is(kTransaction) && peek(2) == kStringConst) return transaction_stmt();
  auto* node = make<PrepareStmt>(location());
  advance();
  node->name = col_id();
  if (at('(')) node->arg_types = paren_list([&] { return type_name(); });
  expect(kAs);
  node->query = preparable_stmt();
  return node;
}

ExecuteStmt* Parser::execute_stmt() {
  auto* node = make<ExecuteStmt>(location());
  expect(kExecute);
  node->name = col_id();
  if (at('(')) node->params = paren_list([&] { return a_expr(); });
  return node;
}

Node* Parser::deallocate_stmt() {
  auto* node = make<DeallocateStmt>(location());
  advance();
  if (at(kPrepare) && (has_flag(peek(), kIsColumnId) || next_is(kAll))) advance();
  if (!accept(kAll)) node->name = col_id();
  return node;
}

Node* Parser::declare_cursor() {
  auto* node = make<DeclareCursorStmt>(location());
  advance();
  node->name = col_id();
  while (!at(kCursor)) {
    if (accept(kNo)) {
      expect(kScroll);
      node->options |= kCursorNoScroll;
    } else if (accept(kScroll)) {
      node->options |= kCursorScroll;
    } else if (accept(Tok::kBinary)) {
      node->options |= kCursorBinary;
    } else if (accept(kAsensitive)) {
      node->options |= kCursorAsensitive;
    } else if (accept(kInsensitive)) {
      node->options |= kCursorInsensitive;
    } else {
      syntax_error();
    }
  }
  advance();
  if (accept(kWith)) {
    expect(kHold);
    node->options |= kCursorHold;
  } else if (accept(kWithout)) {
    expect(kHold);
  }
  expect(kFor);
  node->query = select_stmt();
  return node;
}

Node* Parser::fetch_stmt() {
  auto* node = make<FetchStmt>(location());
  node->is_move = at(kMove);
  advance();
  auto number_at = [&](size_t n) {
    return peek(n) == kIntegerConst || peek(n) == static_cast<Tok>('-') || peek(n) == static_cast<Tok>('+');
  };
  bool cursor_next = next_is(kFrom) || next_is(kIn) || has_flag(peek(), kIsColumnId);
  auto direction = [&](FetchDirection d, int64_t count) {
    node->direction = d;
    node->count = count;
  };
  if (at_any(kNext, kPrior, kFirst, kLast) && cursor_next) {
    if (at(kPrior)) direction(FetchDirection::kBackward, 1);
    if (at(kFirst)) direction(FetchDirection::kAbsolute, 1);
    if (at(kLast)) direction(FetchDirection::kAbsolute, -1);
    advance();
  } else if (at_any(kAbsolute, kRelative) && number_at(1)) {
    FetchDirection d = at(kAbsolute) ? FetchDirection::kAbsolute : FetchDirection::kRelative;
    advance();
    direction(d, signed_integer());
  } else if (at_any(kForward, kBackward) && (cursor_next || number_at(1) || next_is(kAll))) {
    FetchDirection d = at(kForward) ? FetchDirection::kForward : FetchDirection::kBackward;
    advance();
    direction(d, accept(kAll) ? kFetchAll : number_at(0) ? signed_integer() : 1);
  } else if (number_at(0)) {
    direction(FetchDirection::kForward, signed_integer());
  } else if (accept(kAll)) {
    direction(FetchDirection::kForward, kFetchAll);
  }
  if (!accept(kFrom)) accept(kIn);
  node->portal = col_id();
  return node;
}

Node* Parser::close_stmt() {
  auto* node = make<ClosePortalStmt>(location());
  advance();
  if (!accept(kAll)) node->portal = col_id();
  return node;
}

// --- options in parentheses: EXPLAIN, VACUUM, ANALYZE, CLUSTER, REINDEX

List<Option> Parser::utility_options() {
  return paren_list([&] {
    int32_t loc = location();
    std::string_view name;
    if (at_any(kAnalyze, kAnalyse)) {
      name = "analyze";
      advance();
    } else {
      name = non_reserved_word();
    }
    Node* value = opt_boolean_or_string();
    if (value == nullptr && !at(',') && !at(')')) value = numeric_only();
    return option(name, value, loc);
  });
}

Node* Parser::explain_stmt() {
  auto* node = make<ExplainStmt>(location());
  advance();
  ListBuilder<Option*> options;
  auto flag = [&](std::string_view name) {
    options.add(option(name, nullptr, location()));
    advance();
  };
  if (at('(') && !next_is('(') && !paren_starts_query()) {
    node->options = utility_options();
  } else {
    if (at_any(kAnalyze, kAnalyse)) flag("analyze");
    if (at(kVerbose)) flag("verbose");
    node->options = finish(options);
  }
  switch (type()) {
    case kDeclare:
      node->query = declare_cursor();
      break;
    case kCreate:
      node->query = create_as_only();
      break;
    case kRefresh:
      node->query = refresh_stmt();
      break;
    case kExecute:
      node->query = execute_stmt();
      break;
    default:
      node->query = preparable_stmt();
      break;
  }
  return node;
}

VacuumRelation* Parser::vacuum_relation() {
  auto* node = make<VacuumRelation>(location());
  node->relation = qualified_name();
  node->columns = opt_column_list();
  return node;
}

Node* Parser::vacuum_stmt() {
  auto* node = make<VacuumStmt>(location());
  node->is_vacuum = at(kVacuum);
  advance();
  ListBuilder<Option*> options;
  auto flag = [&](Tok word, std::string_view name) {
    int32_t loc = location();
    if (accept(word)) options.add(option(name, nullptr, loc));
  };
  if (at('(')) {
    node->options = utility_options();
  } else {
    if (node->is_vacuum) {
      flag(kFull, "full");
      flag(kFreeze, "freeze");
    }
    flag(kVerbose, "verbose");
    if (node->is_vacuum && at_any(kAnalyze, kAnalyse)) flag(type(), "analyze");
    node->options = finish(options);
  }
  if (at_col_id()) node->relations = comma_list([&] { return vacuum_relation(); });
  return node;
}

Node* Parser::cluster_stmt() {
  auto* node = make<ClusterStmt>(location());
  advance();
  bool parens = at('(');
  if (parens) {
    node->options = utility_options();
  } else {
    int32_t loc = location();
    if (accept(kVerbose)) node->options = one(option("verbose", nullptr, loc));
    if (!at_col_id()) return node;
    if (next_is(kOn)) {
      node->index = col_id();
      advance();
      node->relation = qualified_name();
      return node;
    }
  }
  node->relation = qualified_name();
  if (accept(kUsing)) node->index = col_id();
  return node;
}

Node* Parser::reindex_stmt() {
  auto* node = make<ReindexStmt>(location());
  advance();
  ListBuilder<Option*> options;
  if (at('(')) {
    for (Option* o : utility_options()) options.add(o);
  }
  Tok target = type();
  switch (target) {
    case kIndex:
      node->target = ReindexTarget::kIndex;
      break;
    case kTable:
      node->target = ReindexTarget::kTable;
      break;
    case kSchema:
      node->target = ReindexTarget::kSchema;
      break;
    case kSystem:
      node->target = ReindexTarget::kSystem;
      break;
    case kDatabase:
      node->target = ReindexTarget::kDatabase;
      break;
    default:
      syntax_error();
  }
  advance();
  int32_t loc = location();
  if (accept(kConcurrently)) options.add(option("concurrently", nullptr, loc));
  node->options = finish(options);
  if (target == kIndex || target == kTable) {
    node->relation = qualified_name();
  } else {
    node->name = col_id();
  }
  return node;
}

Node* Parser::lock_stmt() {
  auto* node = make<LockStmt>(location());
  advance();
  accept(kTable);
  node->relations = comma_list([&] { return relation_expr(); });
  if (accept(kIn)) {
    if (accept(kAccess)) {
      node->mode = at(kShare) ? TableLockMode::kAccessShare : TableLockMode::kAccessExclusive;
      if (!accept(kShare)) expect(kExclusive);
    } else if (accept(kRow)) {
      node->mode = at(kShare) ? TableLockMode::kRowShare : TableLockMode::kRowExclusive;
      if (!accept(kShare)) expect(kExclusive);
    } else if (accept(kShare)) {
      node->mode = TableLockMode::kShare;
      if (accept(kUpdate)) {
        expect(kExclusive);
        node->mode = TableLockMode::kShareUpdateExclusive;
      } else if (accept(kRow)) {
        expect(kExclusive);
        node->mode = TableLockMode::kShareRowExclusive;
      }
    } else {
      expect(kExclusive);
      node->mode = TableLockMode::kExclusive;
    }
    expect(kMode);
  }
  node->nowait = accept(kNowait);
  return node;
}

Node* Parser::truncate_stmt() {
  auto* node = make<TruncateStmt>(location());
  advance();
  accept(kTable);
  node->relations = comma_list([&] { return relation_expr(); });
  if (accept(kContinue)) {
    expect(kIdentity);
  } else if (accept(kRestart)) {
    expect(kIdentity);
    node->restart_identity = true;
  }
  node->behavior = drop_behavior();
  return node;
}

Node* Parser::discard_stmt() {
  auto* node = make<DiscardStmt>(location());
  advance();
  switch (type()) {
    case kAll:
      node->target = DiscardTarget::kAll;
      break;
    case kPlans:
      node->target = DiscardTarget::kPlans;
      break;
    case kSequences:
      node->target = DiscardTarget::kSequences;
      break;
    case kTemp:
    case kTemporary:
      node->target = DiscardTarget::kTemp;
      break;
    default:
      syntax_error();
  }
  advance();
  return node;
}

Node* Parser::notify_stmts() {
  int32_t loc = location();
  Tok word = type();
  advance();
  if (word == kListen) {
    auto* node = make<ListenStmt>(loc);
    node->channel = col_id();
    return node;
  }
  if (word == kUnlisten) {
    auto* node = make<UnlistenStmt>(loc);
    if (!accept('*')) node->channel = col_id();
    return node;
  }
  auto* node = make<NotifyStmt>(loc);
  node->channel = col_id();
  if (accept(',')) node->payload = string_const();
  return node;
}

}  // namespace varve::parser
