#include "embedded.h"

#include "catalog/catalog.h"

// VARVE_BOOTSTRAP_DIR is set by the build.
#define VARVE_EMBED(symbol, file)                 \
  asm(".section .rodata\n"                        \
      ".global varve_" #symbol                    \
      "_begin\n"                                  \
      ".global varve_" #symbol                    \
      "_end\n"                                    \
      "varve_" #symbol                            \
      "_begin:\n"                                 \
      ".incbin \"" VARVE_BOOTSTRAP_DIR "/" file   \
      "\"\n"                                      \
      "varve_" #symbol                            \
      "_end:\n"                                   \
      ".byte 0\n.text\n");                        \
  extern "C" const char varve_##symbol##_begin[]; \
  extern "C" const char varve_##symbol##_end[]

VARVE_EMBED(system_tables, "system_tables.tsv");
VARVE_EMBED(initial_rows, "initial_rows.tsv");
VARVE_EMBED(system_views, "system_views.sql");

namespace varve::catalog {

std::string_view system_tables_tsv() {
  return {varve_system_tables_begin,
          static_cast<size_t>(varve_system_tables_end - varve_system_tables_begin)};
}
std::string_view initial_rows_tsv() {
  return {varve_initial_rows_begin, static_cast<size_t>(varve_initial_rows_end - varve_initial_rows_begin)};
}
std::string_view system_views_sql() {
  return {varve_system_views_begin, static_cast<size_t>(varve_system_views_end - varve_system_views_begin)};
}

}  // namespace varve::catalog
