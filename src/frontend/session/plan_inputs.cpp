// What planning and execution take from the session's settings.
#include "plan_inputs.h"

#include <algorithm>
#include <optional>

#include "commands/acl.h"
#include "session.h"

namespace varve::session {

namespace {

// Whom a path is for.
struct PathUser {
  Oid role;
  std::string_view name;
  bool is_superuser;
  Oid temporary_schema;
};

std::vector<Oid> resolve_path(catalog::Catalog& catalog, std::string_view text, const PathUser& user,
                              bool* temporary_first) {
  std::vector<Oid> path;
  bool names_temporary = false;
  std::optional<commands::RoleRights> rights;  // schemas that may not be used are not there
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string item(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    if (item.size() >= 2 && item.front() == '"' && item.back() == '"') item = item.substr(1, item.size() - 2);
    if (item == "$user") item = user.name;
    if (item.empty()) continue;
    Oid oid = catalog.find_schema(item);
    if (oid == kInvalidOid) continue;
    if (oid == user.temporary_schema) {
      names_temporary = true;
    } else if (!user.is_superuser) {
      if (!rights) rights.emplace(catalog, user.role);
      if (!rights->schema_allows(oid, 'U')) continue;
    }
    path.push_back(oid);
  }
  *temporary_first = user.temporary_schema != kInvalidOid && !names_temporary;
  if (*temporary_first) path.insert(path.begin(), user.temporary_schema);
  return path;
}

}  // namespace

std::vector<Oid> Session::search_path_oids(bool* temporary_first) {
  PlanInputs& kept = plan_inputs_;
  // Under way to a changed catalog it is looked at each time.
  const PlanInputs::PathKey key{catalog().changed() ? 0 : plan_stamp(), role_, temporary_schema_};
  if (key.stamp == 0 || kept.path_key != key) {
    const PathUser user{role_, role_name_, is_superuser_, temporary_schema_};
    kept.path = resolve_path(catalog(), settings_.get("search_path"), user, &kept.temporary_first);
    kept.path_key = key;
  }
  if (temporary_first != nullptr) *temporary_first = kept.temporary_first;
  return kept.path;
}

namespace {

// The session's own thread and those that help it.
uint32_t parallel_threads(const Settings& settings,
                          std::string_view limit = "max_parallel_workers_per_gather") {
  int64_t helpers = std::min(settings.integer(limit), settings.integer("max_parallel_workers"));
  return static_cast<uint32_t>(helpers) + 1;
}

}  // namespace

const planner::PlannerSettings& Session::planner_settings() {
  planner::PlannerSettings& s = plan_inputs_.settings;
  if (plan_inputs_.settings_generation == settings_.generation()) return s;
  s.enable_hash_join = settings_.boolean("enable_hashjoin");
  s.enable_index_scan = settings_.boolean("enable_indexscan");
  s.enable_nested_loop = settings_.boolean("enable_nestloop");
  s.enable_seq_scan = settings_.boolean("enable_seqscan");
  s.enable_index_join = settings_.boolean("varve.enable_index_join");
  s.enable_subquery_pullup = settings_.boolean("varve.enable_subquery_pullup");
  s.enable_predicate_pushdown = settings_.boolean("varve.enable_predicate_pushdown");
  s.enable_subquery_unnesting = settings_.boolean("varve.enable_subquery_unnesting");
  s.enable_scalar_unnesting = settings_.boolean("varve.enable_scalar_unnesting");
  s.enable_constant_folding = settings_.boolean("varve.enable_constant_folding");
  s.enable_or_factoring = settings_.boolean("varve.enable_or_factoring");
  s.enable_transitive_equality = settings_.boolean("varve.enable_transitive_equality");
  s.enable_join_reordering = settings_.boolean("varve.enable_join_reordering");
  s.enable_column_pruning = settings_.boolean("varve.enable_column_pruning");
  s.enable_sort_avoidance = settings_.boolean("varve.enable_sort_avoidance");
  s.enable_partition_pruning = settings_.boolean("enable_partition_pruning");
  s.keep_join_order = settings_.integer("join_collapse_limit") == 1;
  s.join_search_limit = static_cast<uint32_t>(settings_.integer("varve.join_search_limit"));
  s.parallel_workers = parallel_threads(settings_);
  s.seq_page_cost = settings_.real("seq_page_cost");
  s.random_page_cost = settings_.real("random_page_cost");
  plan_inputs_.settings_generation = settings_.generation();
  return s;
}

executor::ExecutionSettings Session::execution_settings() {
  executor::ExecutionSettings& s = plan_inputs_.execution;
  if (plan_inputs_.execution_generation == settings_.generation()) return s;
  s.work_mem_bytes = static_cast<size_t>(settings_.integer("work_mem")) << 10;
  s.hash_mem_multiplier = settings_.real("hash_mem_multiplier");
  s.parallel_workers = parallel_threads(settings_);
  s.enable_memoize = settings_.boolean("enable_memoize");
  s.enable_runtime_filters = settings_.boolean("varve.enable_runtime_filters");
  s.chunk_rows = static_cast<uint32_t>(settings_.integer("varve.chunk_rows"));
  s.parallel_rows = settings_.real("varve.parallel_rows");
  s.vfs = &instance_.engine().vfs();
  plan_inputs_.execution_generation = settings_.generation();
  return s;
}

executor::ExecutionSettings Session::maintenance_settings() {
  executor::ExecutionSettings s = execution_settings();
  s.work_mem_bytes = static_cast<size_t>(settings_.integer("maintenance_work_mem")) << 10;
  s.parallel_workers = parallel_threads(settings_, "max_parallel_maintenance_workers");
  return s;
}

}  // namespace varve::session
