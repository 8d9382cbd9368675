// What CREATE OPERATOR and CREATE CAST have made, all at once: there are few, and built-in ones have no rows
// in pg_depend, so they are found without reading past those.
#include "catalog/operators.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "catalog/catalog.h"

namespace varve::catalog {

using types::Value;

namespace {

constexpr Oid kOperatorClass{2617}, kCastClass{2605};

std::vector<Oid> objects_of_class(Catalog& catalog, Oid class_oid) {
  std::vector<Oid> found;
  const KeyMatch match[] = {{"classid", Value::of_oid(class_oid.value())}};
  catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    Oid oid = row.oid("objid");
    if (std::find(found.begin(), found.end(), oid) == found.end()) found.push_back(oid);
  });
  return found;
}

std::shared_ptr<UserOperations> load(Catalog& catalog) {
  auto all = std::make_shared<UserOperations>();
  for (Oid oid : objects_of_class(catalog, kOperatorClass)) {
    const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
    catalog.for_each(system_table("pg_operator"), match, [&](const Row& row) {
      if (row.oid("oprcode") == kInvalidOid) return;  // only promised, as another's commutator
      all->operators.push_back({oid, std::string(row.text("oprname")), row.oid("oprnamespace"),
                                catalog.schema_name(row.oid("oprnamespace")), row.oid("oprleft"),
                                row.oid("oprright"), row.oid("oprresult"), row.oid("oprcode")});
    });
  }
  for (Oid oid : objects_of_class(catalog, kCastClass)) {
    const KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
    catalog.for_each(system_table("pg_cast"), match, [&](const Row& row) {
      all->casts.push_back({oid, row.oid("castsource"), row.oid("casttarget"), row.oid("castfunc"),
                            row.letter("castcontext"), row.letter("castmethod")});
    });
  }
  return all;
}

}  // namespace

UserOperationsPtr user_operations(Catalog& catalog) {
  if (catalog.changed()) return load(catalog);
  struct Kept {
    uint64_t epoch = 0;
    UserOperationsPtr operations;
  };
  static std::shared_mutex mutex;
  static std::unordered_map<Oid, Kept> kept;  // by database
  uint64_t epoch = catalog.database().epoch();
  Oid database = catalog.database().oid();
  {
    std::shared_lock lock(mutex);
    auto it = kept.find(database);
    if (it != kept.end() && it->second.epoch == epoch) return it->second.operations;
  }
  UserOperationsPtr found = load(catalog);
  std::unique_lock lock(mutex);
  kept[database] = {epoch, found};
  return found;
}

AggregateDefinition aggregate_definition(Catalog& catalog, Oid aggregate) {
  AggregateDefinition found;
  const KeyMatch match[] = {{"aggfnoid", Value::of_oid(aggregate.value())}};
  catalog.for_each(system_table("pg_aggregate"), match, [&](const Row& row) {
    found.plain = {row.oid("aggtransfn"),        {}, row.oid("aggfinalfn"), row.oid("aggtranstype"),
                   row.boolean("aggfinalextra"), {}};
    if (!row.is_null("agginitval")) found.plain.initial = std::string(row.text("agginitval"));
    found.moving = {row.oid("aggmtransfn"),   row.oid("aggminvtransfn"),     row.oid("aggmfinalfn"),
                    row.oid("aggmtranstype"), row.boolean("aggmfinalextra"), {}};
    if (!row.is_null("aggminitval")) found.moving.initial = std::string(row.text("aggminitval"));
    found.kind = row.text("aggkind")[0];
    found.direct_args = static_cast<uint16_t>(row.int2("aggnumdirectargs"));
  });
  return found;
}

}  // namespace varve::catalog
