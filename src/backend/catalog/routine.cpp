// Makes pictures of functions and procedures from their rows in pg_proc.
#include "catalog/routine.h"

#include "catalog/acl_column.h"
#include "catalog/catalog.h"
#include "database_cache.h"
#include "functions/array.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::catalog {

using types::Value;

namespace {

// Elements of a text[] or "char"[] column; NULL: none.
std::vector<std::string> strings(const Row& row, std::string_view column) {
  std::vector<std::string> out;
  if (row.is_null(column)) return out;
  Arena arena;
  functions::ArrayView array(row[column].view());
  for (uint32_t i = 0; i < array.count(); ++i) {
    Value v = array.at(i, arena);
    if (v.null)
      out.emplace_back();
    else if (v.type == types::PhysicalType::kString)
      out.emplace_back(v.view());
    else
      out.emplace_back(1, static_cast<char>(v.words[0] & 0xFF));
  }
  return out;
}

std::vector<Oid> oids(const Row& row, std::string_view column) {
  std::vector<Oid> out;
  if (row.is_null(column)) return out;
  for (int64_t n : row.numbers(column)) out.emplace_back(static_cast<uint32_t>(n));
  return out;
}

Oid transition_function(Catalog& catalog, Oid aggregate) {
  Oid found;
  const KeyMatch match[] = {{"aggfnoid", Value::of_oid(aggregate.value())}};
  catalog.for_each(system_table("pg_aggregate"), match,
                   [&](const Row& row) { found = row.oid("aggtransfn"); });
  return found;
}

// From here on pg_proc and pg_type hold what SQL has made; what is below is built in (functions/registry.h).
constexpr Oid kFirstUnpinnedOid{12000};

void load_own_type(Catalog& catalog, Oid type) {
  if (type >= kFirstUnpinnedOid) catalog.load_type(type);
}

RoutinePtr make_routine(Catalog& catalog, const Row& row) {
  auto r = std::make_shared<Routine>();
  r->oid = row.oid("oid");
  r->name = row.text("proname");
  r->schema = row.oid("pronamespace");
  r->schema_name = catalog.schema_name(r->schema);
  r->owner = row.oid("proowner");
  r->language = row.oid("prolang");
  r->kind = row.letter("prokind");
  r->strict = row.boolean("proisstrict");
  r->returns_set = row.boolean("proretset");
  r->security_definer = row.boolean("prosecdef");
  r->leakproof = row.boolean("proleakproof");
  r->volatility = row.letter("provolatile");
  r->parallel = row.letter("proparallel");
  r->cost = row.float4("procost");
  r->rows = row.float4("prorows");
  r->result = row.oid("prorettype");
  r->variadic = row.oid("provariadic");
  r->args = oids(row, "proargtypes");
  r->all_args = oids(row, "proallargtypes");
  for (const std::string& mode : strings(row, "proargmodes"))
    r->modes.push_back(mode.empty() ? 'i' : mode[0]);
  r->names = strings(row, "proargnames");
  r->default_count = static_cast<uint16_t>(row.int2("pronargdefaults"));
  r->defaults = row.text("proargdefaults");
  r->source = row.text("prosrc");
  r->library = row.text("probin");
  if (r->kind == 'a') r->transition = transition_function(catalog, r->oid);
  r->sql_body = row.text("prosqlbody");
  r->config = strings(row, "proconfig");
  r->acl = acl_column(row, "proacl");
  // Who calls it may be the first since the server started to meet a type that SQL has made.
  for (Oid type : r->args) load_own_type(catalog, type);
  for (Oid type : r->all_args) load_own_type(catalog, type);
  load_own_type(catalog, r->result);
  return r;
}

}  // namespace

std::vector<RoutinePtr> Catalog::routines_named(std::string_view name) {
  std::string key(name);
  uint64_t epoch = database_.epoch();
  if (!changed_) {
    std::shared_lock lock(database_.cache_->mutex);
    auto it = database_.cache_->routines_by_name.find(key);
    if (it != database_.cache_->routines_by_name.end() && it->second.first == epoch) return it->second.second;
  }
  std::vector<RoutinePtr> found;
  const KeyMatch match[] = {{"proname", Value::of_string(name)}};
  for_each(system_table("pg_proc"), match, [&](const Row& row) {
    if (row.oid("oid") >= kFirstUnpinnedOid) found.push_back(make_routine(*this, row));
  });
  if (!changed_) {
    std::unique_lock lock(database_.cache_->mutex);
    database_.cache_->routines_by_name[key] = {epoch, found};
  }
  return found;
}

RoutinePtr Catalog::routine(Oid oid) {
  uint64_t epoch = database_.epoch();
  if (!changed_) {
    std::shared_lock lock(database_.cache_->mutex);
    auto it = database_.cache_->routines_by_oid.find(oid);
    if (it != database_.cache_->routines_by_oid.end() && it->second.first == epoch) return it->second.second;
  }
  RoutinePtr found;
  const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
  for_each(system_table("pg_proc"), match, [&](const Row& row) {
    if (oid >= kFirstUnpinnedOid) found = make_routine(*this, row);
  });
  if (!changed_) {
    std::unique_lock lock(database_.cache_->mutex);
    database_.cache_->routines_by_oid[oid] = {epoch, found};
  }
  return found;
}

}  // namespace varve::catalog
