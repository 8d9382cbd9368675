// The system views: pg_roles, pg_settings, information_schema …, as rows of a new database's catalog.
#pragma once

namespace varve::catalog {
class Catalog;
}

namespace varve::commands {

// Called once for a new database, inside the transaction that fills its system tables. Throws SqlError when a
// definition does not bind: a bug of system_views.sql.
void create_system_views(catalog::Catalog& catalog);

}  // namespace varve::commands
