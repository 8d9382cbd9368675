// Row security for one statement of a session. Private to the module.
#pragma once

#include <map>
#include <memory>

#include "analyzer/analyzer.h"
#include "catalog/catalog.h"
#include "commands/acl.h"

namespace varve::session {

class SessionRowSecurity final : public analyzer::RowSecurity {
 public:
  // `enabled`: the setting row_security.
  SessionRowSecurity(catalog::Catalog& catalog, Oid role, bool enabled)
      : catalog_(catalog), role_(role), enabled_(enabled) {}
  Oid role() const override { return role_; }
  bool applies(const catalog::Relation& table, Oid role) override;
  bool concerns(const catalog::Policy& policy, Oid role) override;
  // Without the complaint.
  bool is_active(const catalog::Relation& table, Oid role);

 private:
  commands::RoleRights& rights_of(Oid role);
  // Only because it has FORCE ROW LEVEL SECURITY.
  bool is_forced_owner(const catalog::Relation& table, Oid role);

  catalog::Catalog& catalog_;
  const Oid role_;
  const bool enabled_;
  std::map<Oid, std::unique_ptr<commands::RoleRights>> rights_;
};

}  // namespace varve::session
