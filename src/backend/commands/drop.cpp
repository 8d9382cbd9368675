#include "drop.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "access/heap.h"
#include "access/segment.h"
#include "common/sql_error.h"
#include "composite_type.h"
#include "extended_statistics.h"
#include "extension.h"
#include "functions/registry.h"
#include "index.h"
#include "index_build.h"
#include "inheritance.h"
#include "operator.h"
#include "parser/parser.h"
#include "policy.h"
#include "routine.h"
#include "trigger.h"
#include "type.h"

namespace varve::commands {

using catalog::RelationKind;
using parser::DropBehavior;
using parser::ObjectType;

namespace {

struct Dependent {
  ObjectAddress object;
  char type;
};

// Rows of pg_depend that refer to the object (to any of its columns, when it is a whole relation).
std::vector<Dependent> dependents_of(CommandContext& context, const ObjectAddress& object) {
  std::vector<Dependent> found;
  const KeyMatch match[] = {{"refclassid", Value::of_oid(object.class_oid.value())},
                            {"refobjid", Value::of_oid(object.object.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (object.sub != 0 && row.int4("refobjsubid") != object.sub) return;
    found.push_back({{row.oid("classid"), row.oid("objid"), row.int4("objsubid")}, row.letter("deptype")});
  });
  return found;
}

// The partitioned table's index, constraint or trigger that this one belongs to.
std::optional<ObjectAddress> whole_of(CommandContext& context, const ObjectAddress& object) {
  std::optional<ObjectAddress> whole;
  const KeyMatch match[] = {{"classid", Value::of_oid(object.class_oid.value())},
                            {"objid", Value::of_oid(object.object.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.letter("deptype") == 'P')
      whole = {row.oid("refclassid"), row.oid("refobjid"), row.int4("refobjsubid")};
  });
  return whole;
}

// The object this one is an inner part of (an index of its constraint, a sequence of its identity column, a
// function of its extension).
std::optional<ObjectAddress> owner_of(CommandContext& context, const ObjectAddress& object) {
  std::optional<ObjectAddress> owner;
  const KeyMatch match[] = {{"classid", Value::of_oid(object.class_oid.value())},
                            {"objid", Value::of_oid(object.object.value())}};
  context.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    char type = row.letter("deptype");
    if ((type == 'i' || type == 'e') && row.int4("objsubid") == object.sub) {
      owner = {row.oid("refclassid"), row.oid("refobjid"), row.int4("refobjsubid")};
    }
  });
  return owner;
}

std::string relation_text(CommandContext& context, Oid oid) {
  RelationPtr relation = context.catalog.relation(oid);
  if (relation == nullptr) return fmt::format("relation {}", oid.value());
  bool visible = false;
  for (Oid schema : context.search_path) {
    Oid found = context.catalog.find_relation_oid(schema, relation->name);
    if (found == kInvalidOid) continue;
    visible = found == oid;
    break;
  }
  return fmt::format("{} {}", kind_word(relation->kind),
                     visible ? parser::quote_identifier(relation->name)
                             : qualified_name(context, relation->schema, relation->name));
}

template <class F>
void with_row(CommandContext& context, std::string_view table, Oid oid, F&& f) {
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  context.catalog.for_each(system_table(table), match, [&](const Row& row) { f(row); });
}

// As the session would have to write it; an array type by its elements.
std::string type_name(CommandContext& context, Oid oid) {
  std::string name;
  Oid schema, element;
  with_row(context, "pg_type", oid, [&](const Row& row) {
    name = row.text("typname");
    schema = row.oid("typnamespace");
    if (row.letter("typcategory") == 'A') element = row.oid("typelem");
  });
  if (element != kInvalidOid) return type_name(context, element) + "[]";
  bool visible =
      std::find(context.search_path.begin(), context.search_path.end(), schema) != context.search_path.end();
  return visible ? parser::quote_identifier(name) : qualified_name(context, schema, name);
}

}  // namespace

std::string describe(CommandContext& context, const ObjectAddress& object) {
  std::string text;
  if (object.class_oid == kClassClass) {
    text = relation_text(context, object.object);
    if (object.sub == 0) return text;
    RelationPtr relation = context.catalog.relation(object.object);
    if (relation->kind == RelationKind::kComposite) text = "composite " + text;
    return fmt::format("column {} of {}", relation->column(static_cast<ColumnNumber>(object.sub)).name, text);
  }
  if (object.class_oid == kConstraintClass) {
    with_row(context, "pg_constraint", object.object, [&](const Row& row) {
      std::string name(row.text("conname"));
      Oid relation = row.oid("conrelid");
      std::string_view kind = row.letter("contype") == 't' ? "trigger" : "constraint";
      text = fmt::format("{} {} on {}", kind, name, relation_text(context, relation));
    });
  } else if (object.class_oid == kDefaultClass) {
    with_row(context, "pg_attrdef", object.object, [&](const Row& row) {
      ObjectAddress column = column_address(row.oid("adrelid"), row.int2("adnum"));
      text = "default value for " + describe(context, column);
    });
  } else if (object.class_oid == kTypeClass) {
    text = "type " + type_name(context, object.object);
  } else if (object.class_oid == kNamespaceClass) {
    text = fmt::format("schema {}", context.catalog.schema_name(object.object));
  } else if (object.class_oid == kProcClass) {
    catalog::RoutinePtr r = context.catalog.routine(object.object);
    if (r != nullptr) {
      // PostgreSQL calls an aggregate a function here.
      text = fmt::format("{} {}", r->kind == 'p' ? "procedure" : "function",
                         routine_description(context, object.object));
    }
  } else if (object.class_oid == kOperatorClass) {
    text = describe_operator(context, object.object);
  } else if (object.class_oid == kCastClass) {
    text = describe_cast(context, object.object);
  } else if (object.class_oid == kTriggerClass) {
    with_row(context, "pg_trigger", object.object, [&](const Row& row) {
      std::string name(row.text("tgname"));
      Oid relation = row.oid("tgrelid");
      text = fmt::format("trigger {} on {}", name, relation_text(context, relation));
    });
  } else if (object.class_oid == kPolicyClass) {
    with_row(context, "pg_policy", object.object, [&](const Row& row) {
      std::string name(row.text("polname"));
      Oid relation = row.oid("polrelid");
      text = fmt::format("policy {} on {}", name, relation_text(context, relation));
    });
  } else if (object.class_oid == kStatisticsClass) {
    text = describe_statistics(context, object.object);
  } else if (object.class_oid == kLanguageClass) {
    with_row(context, "pg_language", object.object,
             [&](const Row& row) { text = fmt::format("language {}", row.text("lanname")); });
  } else if (object.class_oid == kExtensionClass) {
    with_row(context, "pg_extension", object.object,
             [&](const Row& row) { text = fmt::format("extension {}", row.text("extname")); });
  } else if (object.class_oid == kRewriteClass) {
    with_row(context, "pg_rewrite", object.object, [&](const Row& row) {
      Oid view = row.oid("ev_class");
      text = fmt::format("rule {} on {}", row.text("rulename"), relation_text(context, view));
    });
  }
  return text.empty() ? fmt::format("object {}", object.object.value()) : text;
}

std::string describe_object(CommandContext& context, Oid class_oid, Oid object, int32_t sub) {
  if (class_oid == kInvalidOid && object == kInvalidOid) return {};
  std::string text = describe(context, {class_oid, object, sub});
  return text.starts_with("object ") ? std::string() : text;
}

namespace {

// Walks pg_depend from the objects to be dropped, then removes everything, dependents first.
class Dropper {
 public:
  Dropper(CommandContext& context, DropBehavior behavior) : context_(context), behavior_(behavior) {}

  void run(const std::vector<ObjectAddress>& objects);
  // Throws where that would.
  void check(const std::vector<ObjectAddress>& objects);

 private:
  struct Victim {
    ObjectAddress object;
    ObjectAddress cause;  // what it depends on
    bool quiet;           // goes without asking: auto and internal dependents, and what the command named
  };
  void collect(const ObjectAddress& object, const ObjectAddress& cause, bool quiet);
  const Victim* find(const ObjectAddress& object) const;
  void report();
  void remove(const ObjectAddress& object);
  void remove_relation(Oid oid);
  void forget_default_partition(Oid partition);
  void remove_column(Oid relation, ColumnNumber column);
  void remove_constraint(Oid oid);
  void remove_default(Oid oid);
  void remove_from(std::string_view table, std::string_view column, Oid oid);
  void forget(const ObjectAddress& object);

  CommandContext& context_;
  DropBehavior behavior_;
  std::vector<Victim> victims_;      // every object after its dependents
  std::vector<const Victim*> path_;  // from what the command named to what is being looked at
  std::vector<ObjectAddress> named_;
};

const Dropper::Victim* Dropper::find(const ObjectAddress& object) const {
  // A column goes with its relation.
  auto covers = [&](const ObjectAddress& o) {
    return o == object || (o.class_oid == object.class_oid && o.object == object.object && o.sub == 0);
  };
  for (const Victim* v : path_) {
    if (covers(v->object)) return v;
  }
  for (const Victim& v : victims_) {
    if (covers(v.object)) return &v;
  }
  return nullptr;
}

void Dropper::collect(const ObjectAddress& object, const ObjectAddress& cause, bool quiet) {
  if (const Victim* there = find(object)) {
    // What one way asks for and another brings along goes without asking.
    if (there->object == object) const_cast<Victim*>(there)->quiet |= quiet;
    return;
  }
  if (object.class_oid == kClassClass) {
    RelationPtr relation = context_.catalog.relation(object.object);
    if (relation != nullptr && relation->kind != RelationKind::kIndex &&
        relation->kind != RelationKind::kPartitionedIndex) {
      context_.services.lock_relation(object.object, txn::LockMode::kAccessExclusive);
      refuse_pending_events(context_, "DROP TABLE", *relation);
    }
  }
  Victim self{object, cause, quiet};
  path_.push_back(&self);
  // The newest first: they are the likeliest to depend on the others.
  std::vector<Dependent> dependents = dependents_of(context_, object);
  std::stable_sort(dependents.begin(), dependents.end(), [](const Dependent& a, const Dependent& b) {
    return a.object.object != b.object.object ? b.object.object < a.object.object
                                              : a.object.sub < b.object.sub;
  });
  for (const Dependent& d : dependents) {
    // A view's rule stands for the view.
    if (d.object.class_oid == kRewriteClass && d.type == 'n') {
      std::optional<ObjectAddress> view = owner_of(context_, d.object);
      if (view.has_value()) {
        collect(*view, object, false);
        continue;
      }
    }
    // An inner part of something else takes that along.
    if (d.type != 'i' && d.type != 'e') {
      std::optional<ObjectAddress> owner = owner_of(context_, d.object);
      if (owner.has_value()) {
        collect(*owner, object, d.type != 'n');
        continue;
      }
    }
    collect(d.object, object, d.type != 'n');
  }
  path_.pop_back();
  victims_.push_back(self);
}

void Dropper::report() {
  std::vector<const Victim*> loud;
  for (auto v = victims_.rbegin(); v != victims_.rend(); ++v) {
    bool named = std::find(named_.begin(), named_.end(), v->object) != named_.end();
    if (!v->quiet && !named) loud.push_back(&*v);
  }
  if (loud.empty()) return;
  if (behavior_ == DropBehavior::kRestrict) {
    std::string detail;
    for (const Victim* v : loud) {
      detail += fmt::format("{}{} depends on {}", detail.empty() ? "" : "\n", describe(context_, v->object),
                            describe(context_, v->cause));
    }
    std::string what =
        named_.size() == 1
            ? fmt::format("cannot drop {} because other objects depend on it", describe(context_, named_[0]))
            : "cannot drop desired object(s) because other objects depend on them";
    throw SqlError(sqlstate::kDependentObjectsStillExist, what)
        .detail(detail)
        .hint("Use DROP ... CASCADE to drop the dependent objects too.");
  }
  if (loud.size() == 1) {
    context_.services.notice(fmt::format("drop cascades to {}", describe(context_, loud[0]->object)));
    return;
  }
  std::string detail;
  for (const Victim* v : loud) {
    detail += fmt::format("{}drop cascades to {}", detail.empty() ? "" : "\n", describe(context_, v->object));
  }
  context_.services.notice(fmt::format("drop cascades to {} other objects", loud.size()), detail);
}

void Dropper::remove_from(std::string_view table, std::string_view column, Oid oid) {
  const KeyMatch match[] = {{column, Value::of_oid(oid.value())}};
  context_.catalog.remove_where(system_table(table), match);
}

// What is said of an object elsewhere: comments, dependencies.
void Dropper::forget(const ObjectAddress& object) {
  const KeyMatch depends[] = {{"classid", Value::of_oid(object.class_oid.value())},
                              {"objid", Value::of_oid(object.object.value())}};
  const KeyMatch comments[] = {{"objoid", Value::of_oid(object.object.value())},
                               {"classoid", Value::of_oid(object.class_oid.value())}};
  auto sub_matches = [&](const Row& row) { return object.sub == 0 || row.int4("objsubid") == object.sub; };
  context_.catalog.for_each(system_table("pg_depend"), depends, [&](const Row& row) {
    if (sub_matches(row)) context_.catalog.remove(system_table("pg_depend"), row);
  });
  context_.catalog.for_each(system_table("pg_description"), comments, [&](const Row& row) {
    if (sub_matches(row)) context_.catalog.remove(system_table("pg_description"), row);
  });
}

void Dropper::remove_relation(Oid oid) {
  RelationPtr relation = context_.catalog.relation(oid);
  if (relation == nullptr) return;
  if (relation->segment != kInvalidPageId) {
    context_.txn.assign_xid();
    if (context_.txn.serializable != nullptr && relation->heap != nullptr && relation->heap->tracked())
      check_ok(context_.txn.serializable->write_table(relation->heap->tracked()));
    check_ok(access::drop_segment(context_.txn.manager().pool(), context_.txn, relation->segment));
  }
  if (relation->kind == RelationKind::kIndex || relation->kind == RelationKind::kPartitionedIndex) {
    remove_from("pg_index", "indexrelid", oid);
  }
  remove_from("pg_inherits", "inhrelid", oid);
  remove_from("pg_partitioned_table", "partrelid", oid);
  if (relation->is_partition && relation->is_table()) forget_default_partition(oid);
  if (relation->kind == RelationKind::kSequence) remove_from("pg_sequence", "seqrelid", oid);
  remove_from("pg_attribute", "attrelid", oid);
  remove_from("pg_statistic", "starelid", oid);
  remove_from("pg_class", "oid", oid);
}

void Dropper::forget_default_partition(Oid partition) {
  RelationPtr relation = context_.catalog.relation(partition);
  if (relation == nullptr || relation->partition_bound != "DEFAULT") return;
  context_.catalog.for_each(system_table("pg_partitioned_table"), {}, [&](const Row& row) {
    if (row.oid("partdefid") != partition) return;
    RowDraft draft(system_table("pg_partitioned_table"), row);
    draft.oid("partdefid", kInvalidOid);
    context_.catalog.update(row, draft);
  });
}

void Dropper::remove_column(Oid relation, ColumnNumber column) {
  const KeyMatch statistic[] = {{"starelid", Value::of_oid(relation.value())},
                                {"staattnum", Value::of_int16(column)}};
  context_.catalog.remove_where(system_table("pg_statistic"), statistic);
  // The type stays: rows that are there still have to be found their way through.
  change_attribute_row(context_, relation, column, [&](RowDraft& draft) {
    draft.text("attname", fmt::format("........pg.dropped.{}........", column)).boolean("attisdropped", true);
    draft.boolean("attnotnull", false)
        .boolean("atthasdef", false)
        .text("attidentity", "")
        .text("attgenerated", "");
  });
}

void Dropper::remove_constraint(Oid oid) {
  Oid table;
  char kind = 0;
  with_row(context_, "pg_constraint", oid, [&](const Row& row) {
    table = row.oid("conrelid");
    kind = row.letter("contype");
  });
  remove_from("pg_constraint", "oid", oid);
  if (kind != 'c') return;
  RelationPtr relation = context_.catalog.relation(table);
  if (relation == nullptr) return;
  change_class_row(context_, table, [&](RowDraft& draft) {
    draft.int2("relchecks", static_cast<int16_t>(relation->checks.size()));
  });
}

void Dropper::remove_default(Oid oid) {
  Oid table;
  ColumnNumber column = 0;
  with_row(context_, "pg_attrdef", oid, [&](const Row& row) {
    table = row.oid("adrelid");
    column = row.int2("adnum");
  });
  remove_from("pg_attrdef", "oid", oid);
  if (table == kInvalidOid) return;
  change_attribute_row(context_, table, column,
                       [](RowDraft& draft) { draft.boolean("atthasdef", false).text("attgenerated", ""); });
}

void Dropper::remove(const ObjectAddress& object) {
  forget(object);
  if (object.class_oid == kClassClass) {
    if (object.sub != 0)
      remove_column(object.object, static_cast<ColumnNumber>(object.sub));
    else
      remove_relation(object.object);
  } else if (object.class_oid == kConstraintClass) {
    remove_constraint(object.object);
  } else if (object.class_oid == kDefaultClass) {
    remove_default(object.object);
  } else if (object.class_oid == kTypeClass) {
    remove_from("pg_enum", "enumtypid", object.object);
    remove_from("pg_range", "rngtypid", object.object);
    remove_from("pg_type", "oid", object.object);
  } else if (object.class_oid == kNamespaceClass) {
    remove_from("pg_namespace", "oid", object.object);
  } else if (object.class_oid == kProcClass) {
    remove_from("pg_aggregate", "aggfnoid", object.object);
    remove_from("pg_proc", "oid", object.object);
  } else if (object.class_oid == kExtensionClass) {
    remove_from("pg_extension", "oid", object.object);
  } else if (object.class_oid == kOperatorClass) {
    remove_from("pg_operator", "oid", object.object);
  } else if (object.class_oid == kCastClass) {
    remove_from("pg_cast", "oid", object.object);
  } else if (object.class_oid == kTriggerClass) {
    remove_from("pg_trigger", "oid", object.object);
  } else if (object.class_oid == kPolicyClass) {
    remove_from("pg_policy", "oid", object.object);
  } else if (object.class_oid == kStatisticsClass) {
    remove_from("pg_statistic_ext_data", "stxoid", object.object);
    remove_from("pg_statistic_ext", "oid", object.object);
  } else if (object.class_oid == kRewriteClass) {
    remove_from("pg_rewrite", "oid", object.object);
  }
}

void Dropper::run(const std::vector<ObjectAddress>& objects) {
  check(objects);
  for (const Victim& v : victims_) remove(v.object);
}

void Dropper::check(const std::vector<ObjectAddress>& objects) {
  named_ = objects;
  for (const ObjectAddress& object : objects) {
    std::optional<ObjectAddress> owner = whole_of(context_, object);
    if (!owner.has_value()) owner = owner_of(context_, object);
    if (!owner.has_value() || std::find(objects.begin(), objects.end(), *owner) != objects.end()) continue;
    std::string whole = describe(context_, *owner);
    throw SqlError(sqlstate::kDependentObjectsStillExist,
                   fmt::format("cannot drop {} because {} requires it", describe(context_, object), whole))
        .hint(fmt::format("You can drop {} instead.", whole));
  }
  for (const ObjectAddress& object : objects) collect(object, object, true);
  report();
}

std::string_view type_word(ObjectType type) {
  switch (type) {
    case ObjectType::kIndex:
      return "index";
    case ObjectType::kSequence:
      return "sequence";
    case ObjectType::kView:
      return "view";
    case ObjectType::kMaterializedView:
      return "materialized view";
    default:
      return "table";
  }
}

bool kind_to_drop(ObjectType type, RelationKind kind) {
  switch (type) {
    case ObjectType::kIndex:
      return kind == RelationKind::kIndex || kind == RelationKind::kPartitionedIndex;
    case ObjectType::kSequence:
      return kind == RelationKind::kSequence;
    case ObjectType::kView:
      return kind == RelationKind::kView;
    case ObjectType::kMaterializedView:
      return kind == RelationKind::kMaterializedView;
    default:
      return kind == RelationKind::kTable || kind == RelationKind::kPartitioned;
  }
}

[[noreturn]] void wrong_kind(ObjectType type, const Relation& relation) {
  std::string_view word = type_word(type), actual = kind_word(relation.kind);
  auto article = [](std::string_view w) { return w == "index" ? "an" : "a"; };
  std::string upper(actual);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' ? char(c - 32) : c; });
  throw SqlError(sqlstate::kWrongObjectType,
                 fmt::format("\"{}\" is not {} {}", relation.name, article(word), word))
      .hint(fmt::format("Use DROP {} to remove {} {}.", upper, article(actual), actual));
}

void drop_relations(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  if (stmt.concurrently && stmt.objects.size() > 1)
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "DROP INDEX CONCURRENTLY does not support dropping multiple objects");
  if (stmt.concurrently && stmt.behavior == DropBehavior::kCascade)
    throw SqlError(sqlstate::kFeatureNotSupported, "DROP INDEX CONCURRENTLY does not support CASCADE");
  const auto lock =
      stmt.concurrently ? txn::LockMode::kShareUpdateExclusive : txn::LockMode::kAccessExclusive;
  for (const parser::Node* node : stmt.objects) {
    const auto& name = *parser::as<parser::RangeVar>(node);
    if (!name.schema.empty() && context.catalog.find_schema(name.schema) == kInvalidOid) {
      if (!stmt.missing_ok) require_schema(context, name.schema);
      context.services.notice(fmt::format("schema \"{}\" does not exist, skipping", name.schema));
      continue;
    }
    RelationPtr relation = find_relation(context, name, lock, true);
    if (relation == nullptr) {
      std::string full =
          name.schema.empty() ? std::string(name.name) : fmt::format("{}.{}", name.schema, name.name);
      std::string_view word = type_word(stmt.object_type);
      if (!stmt.missing_ok) {
        SqlState state =
            stmt.object_type == ObjectType::kIndex ? sqlstate::kUndefinedObject : sqlstate::kUndefinedTable;
        throw SqlError(state,
                       fmt::format("{} \"{}\" does not exist", word,
                                   stmt.object_type == ObjectType::kTable ? std::string(name.name) : full));
      }
      context.services.notice(fmt::format("{} \"{}\" does not exist, skipping", word, name.name));
      continue;
    }
    if (!kind_to_drop(stmt.object_type, relation->kind)) wrong_kind(stmt.object_type, *relation);
    require_owner(context, *relation);
    refuse_pending_events(context, stmt.object_type == ObjectType::kTable ? "DROP TABLE" : "DROP INDEX",
                          *relation);
    ObjectAddress address = relation_address(relation->oid);
    if (stmt.concurrently && relation->persistence != 't') {
      if (relation->kind == RelationKind::kPartitionedIndex)
        throw SqlError(sqlstate::kFeatureNotSupported,
                       fmt::format("cannot drop partitioned index \"{}\" concurrently", relation->name));
      Dropper(context, stmt.behavior).check({address});
      return drop_index_concurrently(context, *relation);
    }
    if (stmt.object_type == ObjectType::kIndex) {
      // Those who use it hold a lock on its table.
      const Oid table = index_table(context, relation->oid);
      context.services.lock_relation(table, txn::LockMode::kAccessExclusive);
      if (relation->kind == RelationKind::kPartitionedIndex)
        lock_children(context, table, txn::LockMode::kAccessExclusive);
    }
    if (std::find(objects.begin(), objects.end(), address) == objects.end()) objects.push_back(address);
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

void drop_schemas(CommandContext& context, const parser::DropStmt& stmt) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : stmt.objects) {
    std::string_view name = parser::as<parser::QualifiedName>(node)->names.back();
    Oid schema = context.catalog.find_schema(name);
    if (schema == kInvalidOid) {
      if (!stmt.missing_ok) {
        throw SqlError(sqlstate::kInvalidSchemaName, fmt::format("schema \"{}\" does not exist", name));
      }
      context.services.notice(fmt::format("schema \"{}\" does not exist, skipping", name));
      continue;
    }
    Oid owner;
    with_row(context, "pg_namespace", schema, [&](const Row& row) { owner = row.oid("nspowner"); });
    require_owner_of(context, owner, "schema", name);
    if (schema == catalog::kPgCatalogSchema || schema == Oid{99}) {
      throw SqlError(
          sqlstate::kDependentObjectsStillExist,
          fmt::format("cannot drop schema {} because it is required by the database system", name));
    }
    objects.push_back({kNamespaceClass, schema});
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

// Enums, ranges and domains.
void drop_types(CommandContext& context, const parser::DropStmt& stmt,
                const std::vector<const parser::Node*>& types) {
  std::vector<ObjectAddress> objects;
  for (const parser::Node* node : types) {
    parser::NameList names = parser::is<parser::TypeName>(node)
                                 ? parser::as<parser::TypeName>(node)->names
                                 : parser::as<parser::QualifiedName>(node)->names;
    catalog::UserTypePtr type = find_type(context, names, stmt.missing_ok);
    if (type == nullptr) {
      std::string text;
      for (std::string_view name : names) text += (text.empty() ? "" : ".") + std::string(name);
      context.services.notice(fmt::format("type \"{}\" does not exist, skipping", text));
      continue;
    }
    if (stmt.object_type == ObjectType::kDomain && type->kind != 'd') {
      throw SqlError(sqlstate::kWrongObjectType, fmt::format("\"{}\" is not a domain", type->name));
    }
    require_owner_of(context, type->owner, "type", type->name);
    objects.push_back({kTypeClass, type->oid});
  }
  if (!objects.empty()) drop_objects(context, objects, stmt.behavior);
}

}  // namespace

void drop_schema_contents(CommandContext& context, Oid schema) {
  std::vector<ObjectAddress> objects;
  for (const Dependent& d : dependents_of(context, {kNamespaceClass, schema})) {
    ObjectAddress object = owner_of(context, d.object).value_or(d.object);
    if (std::find(objects.begin(), objects.end(), object) == objects.end()) objects.push_back(object);
  }
  if (!objects.empty()) Dropper(context, DropBehavior::kCascade).run(objects);
}

void drop_objects(CommandContext& context, const std::vector<ObjectAddress>& objects, DropBehavior behavior) {
  Dropper(context, behavior).run(objects);
}

std::string drop(CommandContext& context, const parser::DropStmt& stmt) {
  switch (stmt.object_type) {
    case ObjectType::kTable:
      drop_relations(context, stmt);
      return "DROP TABLE";
    case ObjectType::kIndex:
      drop_relations(context, stmt);
      return "DROP INDEX";
    case ObjectType::kSequence:
      drop_relations(context, stmt);
      return "DROP SEQUENCE";
    case ObjectType::kView:
      drop_relations(context, stmt);
      return "DROP VIEW";
    case ObjectType::kMaterializedView:
      drop_relations(context, stmt);
      return "DROP MATERIALIZED VIEW";
    case ObjectType::kSchema:
      drop_schemas(context, stmt);
      return "DROP SCHEMA";
    case ObjectType::kType:
      drop_types(context, stmt, drop_composite_types(context, stmt));
      return "DROP TYPE";
    case ObjectType::kDomain:
      drop_types(context, stmt, {stmt.objects.begin(), stmt.objects.end()});
      return "DROP DOMAIN";
    case ObjectType::kFunction:
      drop_routines(context, stmt);
      return "DROP FUNCTION";
    case ObjectType::kProcedure:
      drop_routines(context, stmt);
      return "DROP PROCEDURE";
    case ObjectType::kRoutine:
      drop_routines(context, stmt);
      return "DROP ROUTINE";
    case ObjectType::kAggregate:
      drop_routines(context, stmt);
      return "DROP AGGREGATE";
    case ObjectType::kOperator:
      drop_operators(context, stmt);
      return "DROP OPERATOR";
    case ObjectType::kCast:
      drop_casts(context, stmt);
      return "DROP CAST";
    case ObjectType::kExtension:
      drop_extensions(context, stmt);
      return "DROP EXTENSION";
    case ObjectType::kTrigger:
      drop_trigger(context, stmt);
      return "DROP TRIGGER";
    case ObjectType::kPolicy:
      drop_policy(context, stmt);
      return "DROP POLICY";
    case ObjectType::kStatistics:
      drop_statistics(context, stmt);
      return "DROP STATISTICS";
    default:
      return drop_named(context, stmt);
  }
}

}  // namespace varve::commands
