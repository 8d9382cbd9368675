// May a role run this query? Checked on what was bound, table by table and column by column, as PostgreSQL's
// executor does it. Private to the module.
#pragma once

#include "analyzer/query.h"
#include "catalog/catalog.h"
#include "parser/ast.h"

namespace varve::session {

// 42501 permission denied for table x.
void check_query_privileges(catalog::Catalog& catalog, Oid role, const analyzer::Query& query);
// INSERT into these columns of a table (COPY FROM); empty: any.
void check_insert_privilege(catalog::Catalog& catalog, Oid role, const catalog::Relation& table,
                            std::span<const catalog::ColumnNumber> columns);

}  // namespace varve::session
