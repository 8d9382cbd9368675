#include "materialized_view.h"

#include <algorithm>
#include <fmt/format.h>

#include "access/heap.h"
#include "access/segment.h"
#include "common/sql_error.h"
#include "index.h"
#include "parser/parser.h"

namespace varve::commands {

using catalog::RelationKind;

uint64_t fill_materialized_view(CommandContext& context, Oid view) {
  RelationPtr relation = context.catalog.relation(view);
  std::string_view sql = context.arena.copy(fmt::format(
      "INSERT INTO {} {}", qualified_name(context, relation->schema, relation->name), relation->view_sql));
  return context.services.fill_view(sql);
}

namespace {

// A new, empty segment, or none, in the place of the view's rows.
void replace_storage(CommandContext& context, const Relation& view, bool populated) {
  context.txn.assign_xid();
  PageId fresh = kInvalidPageId;
  if (populated) {
    auto segment = context.catalog.database().create_heap(context.txn);
    check_ok(segment.status());
    fresh = *segment;
  }
  if (view.segment != kInvalidPageId)
    check_ok(access::drop_segment(context.txn.manager().pool(), context.txn, view.segment));
  change_class_row(context, view.oid, [&](RowDraft& draft) {
    draft.oid("relfilenode", Oid{populated ? static_cast<uint32_t>(fresh.value()) : 0})
        .float4("reltuples", -1)
        .int4("relpages", 0);
    draft.boolean("relispopulated", populated);
  });
  for (const catalog::Index& index : view.indexes) replace_index_segment(context, index.oid, index.segment);
}

}  // namespace

void set_unpopulated(CommandContext& context, Oid view) {
  replace_storage(context, *context.catalog.relation(view), false);
}

std::string refresh_materialized_view(CommandContext& context, const parser::RefreshMatViewStmt& stmt) {
  if (stmt.concurrently && stmt.skip_data) {
    throw SqlError(sqlstate::kSyntaxError, "CONCURRENTLY and WITH NO DATA options cannot be used together");
  }
  RelationPtr view =
      find_relation(context, *stmt.relation,
                    stmt.concurrently ? txn::LockMode::kExclusive : txn::LockMode::kAccessExclusive);
  if (view->kind != RelationKind::kMaterializedView) {
    throw SqlError(
        view->kind == RelationKind::kTable ? sqlstate::kFeatureNotSupported : sqlstate::kWrongObjectType,
        fmt::format("\"{}\" is not a materialized view", view->name));
  }
  require_owner(context, *view);
  if (!stmt.concurrently) {
    replace_storage(context, *view, !stmt.skip_data);
    try {
      if (!stmt.skip_data) fill_materialized_view(context, view->oid);
    } catch (const SqlError& error) {
      if (error.state() != sqlstate::kUniqueViolation) throw;
      // The rows are new ones: it is the index that cannot be made over them.
      std::string detail = error.fields().detail;
      if (size_t at = detail.rfind(" already exists."); at != std::string::npos)
        detail.replace(at, std::string::npos, " is duplicated.");
      throw SqlError(sqlstate::kUniqueViolation,
                     fmt::format("could not create unique index \"{}\"", error.fields().constraint))
          .detail(detail)
          .schema(view->schema_name)
          .table(view->name)
          .constraint(error.fields().constraint);
    }
    return "REFRESH MATERIALIZED VIEW";
  }
  if (view->heap == nullptr) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   "CONCURRENTLY cannot be used when the materialized view is not populated");
  }
  std::string name = qualified_name(context, view->schema, view->name);
  bool has_key = std::any_of(view->indexes.begin(), view->indexes.end(), [](const catalog::Index& index) {
    return index.unique && index.valid && index.predicate_sql.empty() &&
           std::all_of(index.keys.begin(), index.keys.end(),
                       [](const catalog::IndexColumn& k) { return k.column > 0; });
  });
  if (!has_key) {
    throw SqlError(
        sqlstate::kObjectNotInPrerequisiteState,
        fmt::format("cannot refresh materialized view \"{}.{}\" concurrently", view->schema_name, view->name))
        .hint("Create a unique index with no WHERE clause on one or more columns of the materialized view.");
  }
  // Readers go on seeing the old rows until this commits.
  context.services.fill_view(context.arena.copy(fmt::format("DELETE FROM {}", name)));
  fill_materialized_view(context, view->oid);
  return "REFRESH MATERIALIZED VIEW";
}

}  // namespace varve::commands
