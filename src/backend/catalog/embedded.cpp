#include "embedded.h"

#include "catalog/catalog.h"
#include "catalog/information_schema.h"
#include "common/embed.h"

// VARVE_BOOTSTRAP_DIR is set by the build.
VARVE_EMBED(system_tables, VARVE_BOOTSTRAP_DIR "/system_tables.tsv");
VARVE_EMBED(initial_rows, VARVE_BOOTSTRAP_DIR "/initial_rows.tsv");
VARVE_EMBED(system_views, VARVE_BOOTSTRAP_DIR "/system_views.sql");
VARVE_EMBED(information_schema, VARVE_BOOTSTRAP_DIR "/information_schema.sql");

namespace varve::catalog {

std::string_view system_tables_tsv() { return VARVE_EMBEDDED(system_tables); }
std::string_view initial_rows_tsv() { return VARVE_EMBEDDED(initial_rows); }
std::string_view system_views_sql() { return VARVE_EMBEDDED(system_views); }
std::string_view information_schema_sql() { return VARVE_EMBEDDED(information_schema); }

}  // namespace varve::catalog
