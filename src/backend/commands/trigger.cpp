#include "trigger.h"

#include <algorithm>
#include <fmt/format.h>

#include "analyzer/expression_walk.h"
#include "analyzer/trigger_rows.h"
#include "catalog_rows.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/type_oids.h"
#include "inheritance.h"
#include "names.h"
#include "parser/parser.h"
#include "privileges.h"
#include "routine.h"

namespace varve::commands {

using catalog::RelationKind;
using catalog::Trigger;
using parser::TriggerTiming;

namespace {

SqlError invalid_trigger(std::string message) {
  return SqlError(sqlstate::kInvalidObjectDefinition, std::move(message));
}
SqlError unsupported(std::string message) {
  return SqlError(sqlstate::kFeatureNotSupported, std::move(message));
}

class TriggerBuilder {
 public:
  TriggerBuilder(CommandContext& context, const parser::CreateTriggerStmt& stmt)
      : context_(context), stmt_(stmt) {}
  std::string run();

 private:
  void check_relation();
  void check_transitions();
  void bind_when();
  std::string columns();
  void constraint(Oid trigger);

  CommandContext& context_;
  const parser::CreateTriggerStmt& stmt_;
  RelationPtr relation_;
  std::string when_;
  std::vector<ColumnNumber> when_columns_;
};

void TriggerBuilder::check_relation() {
  auto wrong = [&](std::string_view kind, std::string_view detail) {
    throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is a {}", relation_->name, kind))
        .detail(std::string(detail));
  };
  if (relation_->is_table()) {
    if (relation_->is_system) {
      throw SqlError(sqlstate::kInsufficientPrivilege,
                     fmt::format("permission denied: \"{}\" is a system catalog", relation_->name));
    }
    if (stmt_.timing == TriggerTiming::kInsteadOf) wrong("table", "Tables cannot have INSTEAD OF triggers.");
    if (!stmt_.transitions.empty() && stmt_.row && relation_->is_partitioned()) {
      throw unsupported(fmt::format("\"{}\" is a partitioned table", relation_->name))
          .detail("ROW triggers with transition tables are not supported on partitioned tables.");
    }
    if (!stmt_.transitions.empty() && stmt_.row && !relation_->parents.empty()) {
      throw unsupported(
          relation_->is_partition
              ? "ROW triggers with transition tables are not supported on partitions"
              : "ROW triggers with transition tables are not supported on inheritance children");
    }
  } else if (relation_->kind == RelationKind::kView) {
    if (stmt_.timing != TriggerTiming::kInsteadOf && stmt_.row) {
      wrong("view", "Views cannot have row-level BEFORE or AFTER triggers.");
    }
    if ((stmt_.events & parser::kOnTruncate) != 0) wrong("view", "Views cannot have TRUNCATE triggers.");
  } else {
    throw SqlError(sqlstate::kWrongObjectType,
                   fmt::format("relation \"{}\" cannot have triggers", relation_->name))
        .detail(fmt::format("This operation is not supported for {}s.", kind_word(relation_->kind)));
  }
  if (stmt_.row && (stmt_.events & parser::kOnTruncate) != 0) {
    throw unsupported("TRUNCATE FOR EACH ROW triggers are not supported");
  }
  if (stmt_.timing == TriggerTiming::kInsteadOf) {
    if (!stmt_.row) throw unsupported("INSTEAD OF triggers must be FOR EACH ROW");
    if (stmt_.when != nullptr) throw unsupported("INSTEAD OF triggers cannot have WHEN conditions");
    if (!stmt_.columns.empty()) throw unsupported("INSTEAD OF triggers cannot have column lists");
  }
}

void TriggerBuilder::check_transitions() {
  bool old_seen = false, new_seen = false;
  std::string_view old_name, new_name;
  for (const parser::TriggerTransition& t : stmt_.transitions) {
    if (!t.is_table) {
      throw unsupported("ROW variable naming in the REFERENCING clause is not supported")
          .hint("Use OLD TABLE or NEW TABLE for naming transition tables.");
    }
    if (stmt_.timing != TriggerTiming::kAfter) {
      throw invalid_trigger("transition table name can only be specified for an AFTER trigger");
    }
    if ((stmt_.events & parser::kOnTruncate) != 0) {
      throw invalid_trigger("TRUNCATE triggers cannot specify transition tables");
    }
    int events = ((stmt_.events & parser::kOnInsert) != 0) + ((stmt_.events & parser::kOnUpdate) != 0) +
                 ((stmt_.events & parser::kOnDelete) != 0);
    if (events != 1)
      throw unsupported("transition tables cannot be specified for triggers with more than one event");
    if (!stmt_.columns.empty())
      throw unsupported("transition tables cannot be specified for triggers with column lists");
    if (t.is_new) {
      if ((stmt_.events & (parser::kOnInsert | parser::kOnUpdate)) == 0) {
        throw invalid_trigger("NEW TABLE can only be specified for an INSERT or UPDATE trigger");
      }
      if (new_seen) throw invalid_trigger("NEW TABLE cannot be specified multiple times");
      new_seen = true, new_name = t.name;
    } else {
      if ((stmt_.events & (parser::kOnDelete | parser::kOnUpdate)) == 0) {
        throw invalid_trigger("OLD TABLE can only be specified for a DELETE or UPDATE trigger");
      }
      if (old_seen) throw invalid_trigger("OLD TABLE cannot be specified multiple times");
      old_seen = true, old_name = t.name;
    }
  }
  if (old_seen && new_seen && old_name == new_name) {
    throw invalid_trigger("OLD TABLE name and NEW TABLE name cannot be the same");
  }
}

class RowNames final : public analyzer::PlanNames {
 public:
  explicit RowNames(const analyzer::TriggerRows& rows) : rows_(rows) {}
  void input(uint32_t, std::string&) override {}
  void exec_param(uint32_t, std::string&) override {}
  void subplan(const analyzer::SubplanExpr&, std::string&) override {}
  bool param(uint32_t index, std::string& out) override {
    out += rows_.name_of(index);
    return true;
  }

 private:
  const analyzer::TriggerRows& rows_;
};

void TriggerBuilder::bind_when() {
  if (stmt_.when == nullptr) return;
  analyzer::AnalyzerContext inner = context_.analyzer_context();
  analyzer::TriggerRows rows(*relation_);
  inner.variables = &rows;
  analyzer::Expr* e =
      analyzer::analyze_table_expression(inner, stmt_.when, nullptr, "trigger WHEN conditions");
  if (e->type == type_oid::kUnknown)
    e = analyzer::coerce_for_assignment(inner, e, type_oid::kBool, -1, "when");
  if (e->type != type_oid::kBool) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("argument of WHEN must be type boolean, not type {}",
                               functions::format_type(e->type, -1)))
        .at(position(context_, e->location));
  }
  analyzer::any_of(e, [&](const analyzer::Expr& x) {
    if (x.kind == analyzer::ExprKind::kSubquery) {
      throw unsupported("cannot use subquery in trigger WHEN condition").at(position(context_, x.location));
    }
    if (x.kind != analyzer::ExprKind::kParam) return false;
    bool is_new = x.as<analyzer::ParamExpr>().index < rows.live_count();
    if (!stmt_.row) {
      throw invalid_trigger("statement trigger's WHEN condition cannot reference column values")
          .at(position(context_, x.location));
    }
    if (!is_new && (stmt_.events & parser::kOnInsert) != 0) {
      throw invalid_trigger("INSERT trigger's WHEN condition cannot reference OLD values")
          .at(position(context_, x.location));
    }
    if (is_new && (stmt_.events & parser::kOnDelete) != 0) {
      throw invalid_trigger("DELETE trigger's WHEN condition cannot reference NEW values")
          .at(position(context_, x.location));
    }
    return false;
  });
  RowNames names(rows);
  when_ = analyzer::deparse_expression(*e, names, context_.eval);
}

std::string TriggerBuilder::columns() {
  std::vector<ColumnNumber> numbers;
  for (std::string_view name : stmt_.columns) {
    ColumnNumber number = require_column(context_, *relation_, name);
    if (std::find(numbers.begin(), numbers.end(), number) != numbers.end()) {
      throw SqlError(sqlstate::kDuplicateColumn, fmt::format("column \"{}\" specified more than once", name));
    }
    numbers.push_back(number);
  }
  return vector_text(numbers);
}

int16_t type_bits(const parser::CreateTriggerStmt& stmt) {
  int16_t type = stmt.row ? Trigger::kRow : 0;
  if (stmt.timing == TriggerTiming::kBefore) type |= Trigger::kBefore;
  if (stmt.timing == TriggerTiming::kInsteadOf) type |= Trigger::kInstead;
  if ((stmt.events & parser::kOnInsert) != 0) type |= Trigger::kInsert;
  if ((stmt.events & parser::kOnDelete) != 0) type |= Trigger::kDelete;
  if ((stmt.events & parser::kOnUpdate) != 0) type |= Trigger::kUpdate;
  if ((stmt.events & parser::kOnTruncate) != 0) type |= Trigger::kTruncate;
  return type;
}

void TriggerBuilder::constraint(Oid trigger) {
  ConstraintRow row;
  row.oid = catalog::Database::new_oid();
  row.name = stmt_.name;
  row.schema = relation_->schema;
  row.kind = 't';
  row.relation = relation_->oid;
  row.deferrable = stmt_.deferrable;
  row.deferred = stmt_.initially_deferred;
  insert_constraint_row(context_, row);
  add_dependency(context_, {kConstraintClass, row.oid}, relation_address(relation_->oid), 'a');
  add_dependency(context_, {kTriggerClass, trigger}, {kConstraintClass, row.oid}, 'i');
  const KeyMatch match[] = {{"oid", Value::of_oid(trigger.value())}};
  context_.catalog.for_each(system_table("pg_trigger"), match, [&](const Row& found) {
    RowDraft draft(system_table("pg_trigger"), found);
    draft.oid("tgconstraint", row.oid);
    context_.catalog.update(found, draft);
    return false;
  });
}

std::string TriggerBuilder::run() {
  relation_ = find_relation(context_, *stmt_.relation, txn::LockMode::kShareRowExclusive);
  check_relation();
  require_table_privilege(context_, relation_->oid, 't', kind_word(relation_->kind));
  Oid from;
  if (stmt_.constraint_relation != nullptr) {
    from = find_relation(context_, *stmt_.constraint_relation, txn::LockMode::kAccessShare)->oid;
  }
  check_transitions();
  bind_when();
  catalog::RoutinePtr function = find_trigger_function(context_, stmt_.function);
  require_execute(context_, *function, dotted(stmt_.function));
  if (function->result != type_oid::kTrigger) {
    throw invalid_trigger(fmt::format("function {} must return type trigger", function->name));
  }
  const Trigger* old = nullptr;
  for (const Trigger& t : relation_->triggers) {
    if (t.name == stmt_.name) old = &t;
  }
  if (old != nullptr && !stmt_.replace) {
    throw SqlError(
        sqlstate::kDuplicateObject,
        fmt::format("trigger \"{}\" for relation \"{}\" already exists", stmt_.name, relation_->name));
  }
  if (old != nullptr && (old->constraint != kInvalidOid || stmt_.is_constraint)) {
    throw SqlError(sqlstate::kDuplicateObject,
                   fmt::format("trigger \"{}\" for relation \"{}\" is {}a constraint trigger", stmt_.name,
                               relation_->name, old->constraint == kInvalidOid ? "not " : ""));
  }
  Oid oid = old != nullptr ? old->oid : catalog::Database::new_oid();
  RowDraft row(system_table("pg_trigger"));
  row.oid("oid", oid).oid("tgrelid", relation_->oid).text("tgname", stmt_.name).oid("tgfoid", function->oid);
  row.int2("tgtype", type_bits(stmt_)).text("tgenabled", "O").oid("tgconstrrelid", from);
  row.boolean("tgdeferrable", stmt_.deferrable).boolean("tginitdeferred", stmt_.initially_deferred);
  row.int2("tgnargs", static_cast<int16_t>(stmt_.args.size())).text("tgattr", columns());
  std::string args;
  for (std::string_view a : stmt_.args) args.append(a).push_back('\0');
  row.set("tgargs", Value::of_string(std::string_view(args)));
  if (!when_.empty()) row.text("tgqual", when_);
  for (const parser::TriggerTransition& t : stmt_.transitions)
    row.text(t.is_new ? "tgnewtable" : "tgoldtable", t.name);
  if (old != nullptr) {
    const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
    context_.catalog.remove_where(system_table("pg_trigger"), match);
    remove_dependencies_of(context_, {kTriggerClass, oid});
  }
  context_.catalog.insert(row);
  add_dependency(context_, {kTriggerClass, oid}, relation_address(relation_->oid), 'a');
  add_dependency(context_, {kTriggerClass, oid}, {kProcClass, function->oid}, 'n');
  for (std::string_view name : stmt_.columns) {
    add_dependency(context_, {kTriggerClass, oid},
                   column_address(relation_->oid, relation_->find_column(name)), 'n');
  }
  if (stmt_.is_constraint) constraint(oid);
  change_class_row(context_, relation_->oid, [](RowDraft& draft) { draft.boolean("relhastriggers", true); });
  if (relation_->is_partitioned() && stmt_.row) {
    RelationPtr fresh = context_.catalog.relation(relation_->oid);
    lock_children(context_, fresh->oid, txn::LockMode::kShareRowExclusive);
    for (const Trigger& t : fresh->triggers) {
      if (t.oid != oid) continue;
      for (Oid partition : direct_children(context_, fresh->oid))
        clone_trigger(context_, fresh, t, partition);
    }
  }
  return "CREATE TRIGGER";
}

const Trigger* find_trigger(const Relation& relation, std::string_view name) {
  for (const Trigger& t : relation.triggers) {
    if (t.name == name) return &t;
  }
  return nullptr;
}

[[noreturn]] void no_trigger(const Relation& relation, std::string_view name) {
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("trigger \"{}\" for table \"{}\" does not exist", name, relation.name));
}

}  // namespace

void clone_trigger(CommandContext& context, const RelationPtr& parent, const Trigger& trigger,
                   Oid partition_oid) {
  RelationPtr partition = context.catalog.relation(partition_oid);
  for (const Trigger& own : partition->triggers) {
    if (own.name != trigger.name) continue;
    if (own.parent == trigger.oid) return;
    throw SqlError(
        sqlstate::kDuplicateObject,
        fmt::format("trigger \"{}\" for relation \"{}\" already exists", trigger.name, partition->name));
  }
  Oid oid = catalog::Database::new_oid(), constraint;
  if (trigger.constraint != kInvalidOid) {
    ConstraintRow row;
    constraint = row.oid = catalog::Database::new_oid();
    row.name = trigger.name;
    row.schema = partition->schema;
    row.kind = 't';
    row.relation = partition_oid;
    row.deferrable = trigger.deferrable;
    row.deferred = trigger.initially_deferred;
    row.parent = trigger.constraint;
    insert_constraint_row(context, row);
    add_dependency(context, {kConstraintClass, row.oid}, relation_address(partition_oid), 'a');
    add_dependency(context, {kTriggerClass, oid}, {kConstraintClass, row.oid}, 'i');
  }
  std::vector<ColumnNumber> columns;
  for (ColumnNumber c : trigger.columns) columns.push_back(partition->find_column(parent->column(c).name));
  const KeyMatch match[] = {{"oid", Value::of_oid(trigger.oid.value())}};
  context.catalog.for_each(system_table("pg_trigger"), match, [&](const Row& row) {
    RowDraft draft(system_table("pg_trigger"), row);
    draft.oid("oid", oid)
        .oid("tgrelid", partition_oid)
        .oid("tgparentid", trigger.oid)
        .oid("tgconstraint", constraint);
    draft.text("tgattr", vector_text(columns));
    context.catalog.insert(draft);
    return false;
  });
  add_dependency(context, {kTriggerClass, oid}, relation_address(partition_oid), 'a');
  add_dependency(context, {kTriggerClass, oid}, {kProcClass, trigger.function}, 'n');
  add_dependency(context, {kTriggerClass, oid}, {kTriggerClass, trigger.oid}, 'P');
  change_class_row(context, partition_oid, [](RowDraft& draft) { draft.boolean("relhastriggers", true); });
  partition = context.catalog.relation(partition_oid);
  if (!partition->is_partitioned()) return;
  for (const Trigger& own : partition->triggers) {
    if (own.oid != oid) continue;
    for (Oid below : direct_children(context, partition_oid)) clone_trigger(context, partition, own, below);
  }
}

void drop_cloned_triggers(CommandContext& context, Oid table) {
  RelationPtr relation = context.catalog.relation(table);
  for (const Trigger& t : relation->triggers) {
    if (t.parent == kInvalidOid) continue;
    const KeyMatch depend[] = {{"classid", Value::of_oid(kTriggerClass.value())},
                               {"objid", Value::of_oid(t.oid.value())}};
    context.catalog.for_each(system_table("pg_depend"), depend, [&](const Row& row) {
      if (row.letter("deptype") == 'P') context.catalog.remove(system_table("pg_depend"), row);
    });
    ObjectAddress victim{kTriggerClass, t.oid};
    if (t.constraint != kInvalidOid) victim = {kConstraintClass, t.constraint};
    drop_objects(context, {victim}, parser::DropBehavior::kRestrict);
  }
}

std::string create_trigger(CommandContext& context, const parser::CreateTriggerStmt& stmt) {
  return TriggerBuilder(context, stmt).run();
}

void drop_trigger(CommandContext& context, const parser::DropStmt& stmt) {
  for (const parser::Node* node : stmt.objects) {
    // The table, then the trigger.
    const auto& pair = *parser::as<parser::ListNode>(node);
    parser::NameList table_names = parser::as<parser::QualifiedName>(pair.items[0])->names;
    std::string_view name = parser::as<parser::QualifiedName>(pair.items[1])->names.back();
    parser::RangeVar table;
    table.name = table_names.back();
    if (table_names.size() > 1) table.schema = table_names[table_names.size() - 2];
    RelationPtr relation = find_relation(context, table, txn::LockMode::kAccessExclusive, stmt.missing_ok);
    if (relation == nullptr) {
      context.services.notice(fmt::format("relation \"{}\" does not exist, skipping", table.name));
      continue;
    }
    require_owner(context, *relation);
    const Trigger* trigger = find_trigger(*relation, name);
    if (trigger == nullptr) {
      if (!stmt.missing_ok) no_trigger(*relation, name);
      context.services.notice(
          "NOTICE", sqlstate::kSuccessfulCompletion,
          fmt::format("trigger \"{}\" for relation \"{}\" does not exist, skipping", name, relation->name));
      continue;
    }
    drop_objects(context, {{kTriggerClass, trigger->oid}}, stmt.behavior);
  }
}

void rename_trigger(CommandContext& context, const parser::RenameStmt& stmt) {
  RelationPtr relation = find_relation(context, *stmt.relation, txn::LockMode::kAccessExclusive);
  require_owner(context, *relation);
  const Trigger* trigger = find_trigger(*relation, stmt.name);
  if (find_trigger(*relation, stmt.new_name) != nullptr) {
    throw SqlError(
        sqlstate::kDuplicateObject,
        fmt::format("trigger \"{}\" for relation \"{}\" already exists", stmt.new_name, relation->name));
  }
  if (trigger == nullptr) no_trigger(*relation, stmt.name);
  change_row(context, "pg_trigger", trigger->oid, [&](RowDraft& row) { row.text("tgname", stmt.new_name); });
}

void enable_trigger(CommandContext& context, const RelationPtr& table, const parser::AlterTableCmd& command) {
  using parser::AlterTableAction;
  std::string_view mode = command.action == AlterTableAction::kEnableAlwaysTrigger    ? "A"
                          : command.action == AlterTableAction::kEnableReplicaTrigger ? "R"
                          : command.action == AlterTableAction::kDisableTrigger ||
                                  command.action == AlterTableAction::kDisableTriggerAll ||
                                  command.action == AlterTableAction::kDisableTriggerUser
                              ? "D"
                              : "O";
  bool all = command.action == AlterTableAction::kEnableTriggerAll ||
             command.action == AlterTableAction::kDisableTriggerAll ||
             command.action == AlterTableAction::kEnableTriggerUser ||
             command.action == AlterTableAction::kDisableTriggerUser;
  if (!all && find_trigger(*table, command.name) == nullptr) no_trigger(*table, command.name);
  for (const Trigger& t : table->triggers) {
    if (all ? t.internal : t.name != command.name) continue;
    change_row(context, "pg_trigger", t.oid, [&](RowDraft& row) { row.text("tgenabled", mode); });
  }
}

}  // namespace varve::commands
