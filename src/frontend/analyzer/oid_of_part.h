// `tableoid` where parts of a relation have oids of their own (analyzer/table_oid.h). Private to the
// analyzer.
#pragma once

namespace varve::analyzer {

class Binder;
struct Expr;
struct ScopeItem;

// Null: all rows of the relation have its own oid.
Expr* oid_of_part(Binder& binder, const ScopeItem& item);

}  // namespace varve::analyzer
