// Row security: which policies hold for a table that a statement reads or changes, and what they make of its
// rows. The rules are those of PostgreSQL's documentation of CREATE POLICY ("Policies Applied by Command
// Type").
#include <algorithm>

#include "analyzer/query_walk.h"
#include "binder.h"
#include "parser/parser.h"

namespace varve::analyzer {

using catalog::Policy;

namespace {

// The policies of a table for one command and one role.
struct PolicySet {
  std::vector<const Policy*> permissive, restrictive;  // each in order of the names
};

PolicySet policies_for(RowSecurity& security, const catalog::Relation& table, char command, Oid role) {
  PolicySet set;
  for (const Policy& p : table.policies) {
    if (p.command != Policy::kAll && p.command != command) continue;
    if (security.concerns(p, role)) (p.permissive ? set.permissive : set.restrictive).push_back(&p);
  }
  return set;
}

const std::string& check_of(const Policy& p) { return p.check_sql.empty() ? p.using_sql : p.check_sql; }
const std::string& using_of(const Policy& p) { return p.using_sql; }

// Does the statement read columns of what it changes, so that its rows must be visible to a SELECT?
bool reads_target(const Query& query) {
  if (query.on_conflict != nullptr && !query.on_conflict->arbiters.empty()) return true;
  bool reads = false;
  walk_deep(query, 0, [&](const Expr& e, uint32_t depth) {
    if (e.kind == ExprKind::kColumn) {
      const auto& c = e.as<ColumnExpr>();
      reads = reads || (c.levels_up == depth && c.range == query.result_range);
    }
    return !reads;
  });
  return reads;
}

}  // namespace

// Of one range of a query.
class PolicyBinder {
 public:
  PolicyBinder(Binder& binder, Scope& scope, uint32_t range, Oid acts_as)
      : binder_(binder),
        security_(*binder.context().security),
        scope_(scope),
        range_(range),
        acts_as_(acts_as),
        role_(acts_as != kInvalidOid ? acts_as : security_.role()) {}

  bool applies() {
    const Range& range = *scope_.ranges[range_];
    if (range.relation == nullptr || !(*range.relation)->row_security || !security_.applies(table(), role_))
      return false;
    security_.used = true;
    return true;
  }

  // Existing rows must pass: put before what they have to pass already.
  void restrict(char command) {
    PolicySet set = policies_for(security_, table(), command, role_);
    std::vector<Expr*> conditions;
    for (const Policy* p : set.restrictive) {
      if (!p->using_sql.empty()) conditions.push_back(bind(p->using_sql));
    }
    Expr* permitted = any_permits(set, using_of);
    if (permitted == nullptr) conditions.clear();
    conditions.push_back(permitted == nullptr ? binder_.make_bool(false) : permitted);
    Range& range = *scope_.ranges[range_];
    conditions.insert(conditions.end(), range.security.begin(), range.security.end());
    range.security = binder_.list(conditions);
    range.acts_as = acts_as_;
  }

  // A row must pass, or the statement fails. `by_using`: the conditions for existing rows, even of a new one.
  void check(RowCheck kind, char command, bool by_using, std::vector<ViewCheck>* checks) {
    const auto text_of = by_using ? using_of : check_of;
    PolicySet set = policies_for(security_, table(), command, role_);
    Expr* permitted = any_permits(set, text_of);
    std::string_view name = binder_.arena().copy(table().name);
    checks->push_back({permitted == nullptr ? binder_.make_bool(false) : permitted, {}, kind, name});
    for (const Policy* p : set.restrictive) {
      if (permitted == nullptr || text_of(*p).empty()) continue;
      checks->push_back({bind(text_of(*p)), binder_.arena().copy(p->name), kind, name});
    }
    scope_.ranges[range_]->acts_as = acts_as_;
  }

 private:
  const catalog::Relation& table() const { return **scope_.ranges[range_]->relation; }

  // Null: there is nothing that permits, which denies everything.
  Expr* any_permits(const PolicySet& set, const std::string& (*text_of)(const Policy&)) {
    std::vector<Expr*> any;
    for (const Policy* p : set.permissive) {
      if (!text_of(*p).empty()) any.push_back(bind(text_of(*p)));
    }
    if (any.size() <= 1) return any.empty() ? nullptr : any[0];
    auto* either = binder_.make<BoolExpr>(ExprKind::kOr, type_oid::kBool);
    either->args = binder_.list(any);
    return either;
  }

  Expr* bind(std::string_view sql) {
    const AnalyzerContext& outer = binder_.context();
    std::string_view text = binder_.arena().copy(sql);
    AnalyzerContext inner{outer.catalog, outer.arena, outer.relations, outer.eval, text, outer.search_path};
    inner.locker = outer.locker;
    inner.routines = outer.routines;
    inner.security = outer.security;
    inner.acts_as = acts_as_;
    // A stored text has this word where it has a subquery.
    const bool has_subquery = text.find("SELECT ") != std::string_view::npos;
    std::vector<Oid>& open = security_.open;
    if (has_subquery && std::find(open.begin(), open.end(), table().oid) != open.end()) {
      throw SqlError(sqlstate::kInvalidObjectDefinition,
                     fmt::format("infinite recursion detected in policy for relation \"{}\"", table().name));
    }
    if (has_subquery) open.push_back(table().oid);
    Binder binder(inner);
    Scope scope;
    scope.clause = Clause::kPolicy;
    // The table gets the number that it has in the query.
    scope.ranges.assign(range_, scope_.ranges[range_]);
    catalog::RelationPtr relation = *scope_.ranges[range_]->relation;
    binder.add_relation(scope, relation, {}, {}, txn::LockMode::kNone);
    Expr* condition = binder.coerce_to_boolean(
        binder.bind_expr(scope, parser::parse_expression(text, binder_.arena())), "POLICY");
    if (has_subquery) open.pop_back();
    return condition;
  }

  Binder& binder_;
  RowSecurity& security_;
  Scope& scope_;
  uint32_t range_;
  Oid acts_as_, role_;
};

void Binder::secure_range(Scope& scope, uint32_t range, char command) {
  if (context_.security == nullptr) return;
  PolicyBinder policies(*this, scope, range, context_.acts_as);
  if (policies.applies()) policies.restrict(command);
}

void Binder::secure_locked_range(Query& query, uint32_t range) {
  if (context_.security == nullptr) return;
  Scope scope;
  scope.ranges.assign(query.ranges.begin(), query.ranges.end());
  PolicyBinder policies(*this, scope, range, query.ranges[range]->acts_as);
  if (policies.applies()) policies.restrict(Policy::kUpdate);
}

void Binder::secure_target(Scope& scope, const ModifyTarget& target, Query& query) {
  if (context_.security == nullptr) return;
  PolicyBinder policies(*this, scope, query.result_range, target.acts_as);
  if (!policies.applies()) return;
  const bool reads = reads_target(query);
  std::vector<ViewCheck> checks;
  auto new_row = [&](RowCheck kind, char command) {
    policies.check(kind, command, false, &checks);
    if (reads) policies.check(kind, Policy::kSelect, true, &checks);
  };
  switch (query.command) {
    case CommandType::kSelect:
      return;
    case CommandType::kInsert:
      new_row(RowCheck::kInsert, Policy::kInsert);
      if (query.on_conflict == nullptr || query.on_conflict->do_nothing) break;
      policies.check(RowCheck::kConflict, Policy::kUpdate, true, &checks);
      if (reads) policies.check(RowCheck::kConflict, Policy::kSelect, true, &checks);
      new_row(RowCheck::kUpdate, Policy::kUpdate);
      break;
    case CommandType::kUpdate:
      new_row(RowCheck::kUpdate, Policy::kUpdate);
      if (reads) policies.restrict(Policy::kSelect);
      policies.restrict(Policy::kUpdate);
      break;
    case CommandType::kDelete:
      if (reads) policies.restrict(Policy::kSelect);
      policies.restrict(Policy::kDelete);
      break;
    case CommandType::kMerge:
      if (reads) policies.restrict(Policy::kSelect);
      policies.check(RowCheck::kMergeUpdate, Policy::kUpdate, true, &checks);
      new_row(RowCheck::kUpdate, Policy::kUpdate);
      policies.check(RowCheck::kMergeDelete, Policy::kDelete, true, &checks);
      policies.check(RowCheck::kInsert, Policy::kInsert, false, &checks);
      break;
  }
  checks.insert(checks.end(), query.view_checks.begin(), query.view_checks.end());
  query.view_checks = arena_.copy(checks);
}

}  // namespace varve::analyzer
