// ALTER TABLE's commands, shared with INDEX, SEQUENCE, VIEW, MATERIALIZED VIEW and FOREIGN TABLE.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;
using enum AlterTableAction;

AlterTableCmd* Parser::alter_cmd(AlterTableAction action) {
  auto* node = make<AlterTableCmd>(location());
  node->action = action;
  return node;
}

List<AlterTableCmd> Parser::alter_table_cmds() {
  return comma_list([&] { return alter_table_cmd(); });
}

AlterTableCmd* Parser::alter_table_cmd() {
  switch (type()) {
    case kAdd:
      return alter_add();
    case kAlter:
      return alter_alter();
    case kDrop:
      return alter_drop();
    case kSet:
      return alter_set();
    case kEnable:
    case kDisable:
      return alter_enable();
    default:
      break;
  }
  AlterTableCmd* node = alter_cmd(kAddColumn);
  auto name_is = [&](AlterTableAction action) {
    node->action = action;
    node->name = col_id();
    return node;
  };
  switch (type()) {
    case kValidate:
      advance();
      expect(kConstraint);
      return name_is(kValidateConstraint);
    case kCluster:
      advance();
      expect(kOn);
      return name_is(kClusterOn);
    case kReset:
      advance();
      node->action = kResetRelOptions;
      node->options = reloptions();
      return node;
    case kInherit:
      advance();
      node->action = kAddInherit;
      node->definition = qualified_name();
      return node;
    case kNo:
      advance();
      if (accept(kForce)) {
        expect_all(kRow, kLevel, kSecurity);
        node->action = kNoForceRowSecurity;
        return node;
      }
      expect(kInherit);
      node->action = kDropInherit;
      node->definition = qualified_name();
      return node;
    case kForce:
      advance();
      expect_all(kRow, kLevel, kSecurity);
      node->action = kForceRowSecurity;
      return node;
    case kOf: {
      advance();
      auto* target = make<TypeName>(location());
      target->names = any_name();
      node->action = kAddOf;
      node->definition = target;
      return node;
    }
    case kNot:
      advance();
      expect(kOf);
      node->action = kDropOf;
      return node;
    case kOwner:
      advance();
      expect(kTo);
      node->action = kChangeOwner;
      node->new_owner = role_spec();
      return node;
    case kReplica:
      return replica_identity(node);
    case kOptions:
      node->action = kGenericOptions;
      node->options = alter_generic_options();
      return node;
    default:
      syntax_error();
  }
}

AlterTableCmd* Parser::replica_identity(AlterTableCmd* node) {
  advance();
  expect(kIdentity);
  node->action = kReplicaIdentity;
  if (accept(kNothing)) {
    node->replica_identity = ReplicaIdentity::kNothing;
  } else if (accept(kFull)) {
    node->replica_identity = ReplicaIdentity::kFull;
  } else if (accept(kDefault)) {
    node->replica_identity = ReplicaIdentity::kDefault;
  } else {
    expect_all(kUsing, kIndex);
    node->replica_identity = ReplicaIdentity::kIndex;
    node->name = col_id();
  }
  return node;
}

AlterTableCmd* Parser::alter_add() {
  AlterTableCmd* node = alter_cmd(kAddColumn);
  advance();
  if (at_table_constraint()) {
    node->action = kAddConstraint;
    node->definition = table_constraint();
    return node;
  }
  accept(kColumn);
  node->missing_ok = if_not_exists();
  node->definition = column_def();
  return node;
}

AlterTableCmd* Parser::alter_drop() {
  AlterTableCmd* node = alter_cmd(kDropColumn);
  advance();
  if (accept(kConstraint)) {
    node->action = kDropConstraint;
  } else {
    accept(kColumn);
  }
  node->missing_ok = if_exists();
  node->name = col_id();
  node->behavior = drop_behavior();
  return node;
}

AlterTableCmd* Parser::alter_set() {
  AlterTableCmd* node = alter_cmd(kSetRelOptions);
  advance();
  switch (type()) {
    case kWithout:
      advance();
      node->action = at(kOids) ? kDropOids : kDropCluster;
      if (!accept(kOids)) expect(kCluster);
      return node;
    case kLogged:
      advance();
      node->action = kSetLogged;
      return node;
    case kUnlogged:
      advance();
      node->action = kSetUnlogged;
      return node;
    case kAccess:
      advance();
      expect(kMethod);
      node->action = kSetAccessMethod;
      node->name = col_id();
      return node;
    case kTablespace:
      advance();
      node->action = kSetTablespace;
      node->name = col_id();
      return node;
    default:
      node->options = reloptions();
      return node;
  }
}

AlterTableCmd* Parser::alter_enable() {
  bool enable = at(kEnable);
  AlterTableCmd* node = alter_cmd(enable ? kEnableTrigger : kDisableTrigger);
  advance();
  if (accept(kRow)) {
    expect_all(kLevel, kSecurity);
    node->action = enable ? kEnableRowSecurity : kDisableRowSecurity;
    return node;
  }
  bool always = enable && accept(kAlways);
  bool replica = enable && !always && accept(kReplica);
  if (accept(kRule)) {
    node->action = always    ? kEnableAlwaysRule
                   : replica ? kEnableReplicaRule
                   : enable  ? kEnableRule
                             : kDisableRule;
    node->name = col_id();
    return node;
  }
  expect(kTrigger);
  if (!always && !replica) {
    if (accept(kAll)) {
      node->action = enable ? kEnableTriggerAll : kDisableTriggerAll;
      return node;
    }
    if (accept(kUser)) {
      node->action = enable ? kEnableTriggerUser : kDisableTriggerUser;
      return node;
    }
  }
  if (always) node->action = kEnableAlwaysTrigger;
  if (replica) node->action = kEnableReplicaTrigger;
  node->name = col_id();
  return node;
}

// ALTER [COLUMN] name …, ALTER CONSTRAINT name …
AlterTableCmd* Parser::alter_alter() {
  AlterTableCmd* node = alter_cmd(kAlterConstraint);
  advance();
  if (accept(kConstraint)) {
    auto* constraint = make<Constraint>(location());
    constraint->type = ConstraintKind::kForeignKey;
    constraint->name = col_id();
    constraint_attributes(constraint, "ALTER CONSTRAINT statement", kMayBeDeferrable);
    node->definition = constraint;
    return node;
  }
  accept(kColumn);
  if (at(kIntegerConst)) {
    int32_t number_loc = location();
    node->column_number = integer_const();
    expect_all(kSet, kStatistics);
    node->action = kSetStatistics;
    node->definition = make_integer(signed_integer());
    if (node->column_number <= 0 || node->column_number > INT16_MAX) {
      error_at(number_loc, sqlstate::kInvalidParameterValue,
               fmt::format("column number must be in range from 1 to {}", INT16_MAX));
    }
    return node;
  }
  int32_t name_loc = location();
  node->name = col_id();
  switch (type()) {
    case kDrop:
      return alter_column_drop(node);
    case kSet:
      if (next_is(kGenerated) || at_sequence_option(1)) break;
      return alter_column_set(node, name_loc);
    case kReset:
      advance();
      node->action = kResetOptions;
      node->options = reloptions();
      return node;
    case kAdd: {
      auto* constraint = make<Constraint>(location());
      advance();
      expect(kGenerated);
      constraint->type = ConstraintKind::kIdentity;
      constraint->identity_always = generated_always();
      expect_all(kAs, kIdentity);
      if (accept('(')) {
        constraint->options = sequence_options(true);
        expect(')');
      }
      node->action = kAddIdentity;
      node->definition = constraint;
      return node;
    }
    case kOptions:
      node->action = kAlterColumnGenericOptions;
      node->options = alter_generic_options();
      return node;
    case kType:
      return alter_column_type(node, name_loc);
    case kRestart:
      break;
    default:
      syntax_error();
  }
  node->action = kSetIdentity;
  node->options = identity_options();
  return node;
}

AlterTableCmd* Parser::alter_column_drop(AlterTableCmd* node) {
  advance();
  if (accept(kNot)) {
    expect(kNull);
    node->action = kDropNotNull;
  } else if (accept(kExpression)) {
    node->action = kDropExpression;
    node->missing_ok = optional_if_exists();
  } else if (accept(kIdentity)) {
    node->action = kDropIdentity;
    node->missing_ok = optional_if_exists();
  } else {
    expect(kDefault);
    node->action = kColumnDefault;
  }
  return node;
}

AlterTableCmd* Parser::alter_column_set(AlterTableCmd* node, int32_t name_loc) {
  advance();
  switch (type()) {
    case kDefault:
      advance();
      node->action = kColumnDefault;
      node->definition = a_expr();
      return node;
    case kNot:
      advance();
      expect(kNull);
      node->action = kSetNotNull;
      return node;
    case kStatistics:
      advance();
      node->action = kSetStatistics;
      node->definition = make_integer(signed_integer());
      return node;
    case kStorage: {
      advance();
      node->action = kSetStorage;
      int32_t loc = location();
      node->definition = make_string(col_id(), loc);
      return node;
    }
    case kCompression: {
      advance();
      node->action = kSetCompression;
      int32_t loc = location();
      node->definition = make_string(accept(kDefault) ? std::string_view("default") : col_id(), loc);
      return node;
    }
    case kData:
      advance();
      return alter_column_type(node, name_loc);
    default:
      node->action = kSetOptions;
      node->options = reloptions();
      return node;
  }
}

AlterTableCmd* Parser::alter_column_type(AlterTableCmd* node, int32_t name_loc, bool may_use) {
  expect(kType);
  auto* column = make<ColumnDef>(name_loc);
  column->type = type_name();
  if (at(kCollate)) {
    column->collation = make<CollateExpr>(location());
    advance();
    column->collation->collation = any_name();
  }
  if (may_use && accept(kUsing)) column->using_expression = a_expr();
  node->action = kAlterColumnType;
  node->definition = column;
  return node;
}

// RESTART [[WITH] n] | SET sequence option | SET GENERATED …, one after the other.
List<Option> Parser::identity_options() {
  ListBuilder<Option*> list;
  while (true) {
    int32_t loc = location();
    if (accept(kRestart)) {
      bool with = accept(kWith) || accept(kWithLa);
      bool number = with || at_any(kIntegerConst, kFloatConst) || at('+') || at('-');
      list.add(option("restart", number ? numeric_only() : nullptr, loc));
    } else if (accept(kSet)) {
      if (accept(kGenerated)) {
        list.add(option("generated", make_boolean(generated_always()), loc));
      } else {
        Option* item = sequence_option();
        if (item->name == "as" || item->name == "restart" || item->name == "owned_by") {
          error_at(item->location, fmt::format("sequence option \"{}\" not supported here", item->name));
        }
        list.add(item);
      }
    } else {
      return finish(list);
    }
  }
}

// Commands of ALTER TABLE/INDEX that must stand alone; null if none is here.
AlterTableCmd* Parser::partition_cmd(bool index) {
  AlterTableCmd* node = alter_cmd(kAttachPartition);
  if (at(kAttach)) {
    advance();
    expect(kPartition);
    node->definition = qualified_name();
    if (!index) node->partition_bound = partition_bound();
    return node;
  }
  if (index || !at(kDetach)) return nullptr;
  advance();
  expect(kPartition);
  node->definition = qualified_name();
  node->action = kDetachPartition;
  if (accept(kFinalize)) {
    node->action = kDetachPartitionFinalize;
  } else {
    node->concurrently = accept(kConcurrently);
  }
  return node;
}

}  // namespace varve::parser
