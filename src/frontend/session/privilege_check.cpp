#include "privilege_check.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "analyzer/expression_walk.h"
#include "commands/acl.h"
#include "common/sql_error.h"
#include "functions/registry.h"
#include "functions/type_oids.h"

namespace varve::session {

using analyzer::CommandType;
using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::Query;
using analyzer::Range;
using commands::RoleRights;

namespace {

std::string_view kind_name(catalog::RelationKind kind) {
  switch (kind) {
    case catalog::RelationKind::kView:
      return "view";
    case catalog::RelationKind::kSequence:
      return "sequence";
    case catalog::RelationKind::kMaterializedView:
      return "materialized view";
    case catalog::RelationKind::kForeign:
      return "foreign table";
    default:
      return "table";
  }
}

[[noreturn]] void deny(const catalog::Relation& r) {
  throw SqlError(sqlstate::kInsufficientPrivilege,
                 fmt::format("permission denied for {} {}", kind_name(r.kind), r.name));
}

bool on_some_column(const RoleRights& rights, const catalog::Relation& r, char privilege) {
  if (rights.table_allows(r, privilege)) return true;
  for (size_t i = 1; i <= r.columns.size(); ++i) {
    bool live = !r.columns[i - 1].dropped;
    if (live && rights.column_allows(r, static_cast<int16_t>(i), privilege)) return true;
  }
  return false;
}

void require_columns(const RoleRights& rights, const catalog::Relation& r, const std::set<int16_t>& columns,
                     char privilege) {
  if (rights.table_allows(r, privilege)) return;
  if (columns.empty() && !on_some_column(rights, r, privilege)) deny(r);
  for (int16_t column : columns) {
    if (column < 0 || !rights.column_allows(r, column, privilege)) deny(r);
  }
}

class Checker {
 public:
  Checker(catalog::Catalog& catalog, Oid role) : catalog_(catalog), user_(role) {}

  void collect(const Query& q) { query(q, user_); }
  void check() {
    for (const Entry& e : entries_) {
      const RoleRights& rights = *rights_of(e.role);
      const catalog::Relation& r = **e.relation;
      if (e.selects || !e.reads.empty()) require_columns(rights, r, e.reads, 'r');
      if (e.inserts) require_columns(rights, r, e.inserted, 'a');
      if (e.updates) require_columns(rights, r, e.updated, 'w');
      if (e.deletes && !rights.table_allows(r, 'd')) deny(r);
    }
  }

 private:
  struct Entry {
    const catalog::RelationPtr* relation;
    Oid role;
    bool selects = false, inserts = false, updates = false, deletes = false;
    std::set<int16_t> reads, inserted, updated;
  };
  struct Level {
    const Query* query;
    std::vector<Entry*> entries;  // one a range; null: not a relation
  };

  RoleRights* rights_of(Oid role) {
    auto& rights = rights_[role];
    if (rights == nullptr) rights = std::make_unique<RoleRights>(catalog_, role);
    return rights.get();
  }

  void query(const Query& q, Oid role) {
    levels_.push_back({&q, {}});
    size_t self = levels_.size() - 1;
    for (const Range* r : q.ranges) {
      const catalog::RelationPtr* relation = r->relation != nullptr ? r->relation : r->view;
      Entry* entry = nullptr;
      if (relation != nullptr) {
        entry = &entries_.emplace_back();
        entry->relation = relation;
        entry->role = role;
      }
      levels_[self].entries.push_back(entry);
    }
    for (const Range* r : q.ranges) policies(r->security, r->acts_as != kInvalidOid ? r->acts_as : role);
    for (const analyzer::ViewCheck& check : q.view_checks) {
      Oid owner = q.ranges[q.result_range]->acts_as;
      if (check.kind != analyzer::RowCheck::kView)
        policies({const_cast<Expr**>(&check.condition), 1}, owner != kInvalidOid ? owner : role);
    }
    for (size_t i = 0; i < q.ranges.size(); ++i) {
      bool target = q.command != CommandType::kSelect && i == q.result_range;
      bool excluded =
          q.on_conflict != nullptr && i == q.on_conflict->excluded_range && !q.on_conflict->do_nothing;
      Entry* entry = levels_[self].entries[i];
      if (entry != nullptr && !target && !excluded) entry->selects = true;
      bool through_view = entry != nullptr && target && !q.written_views.empty();
      if (through_view) entry->role = q.target_acts_as != kInvalidOid ? q.target_acts_as : user_;
    }
    for (const analyzer::ViewCondition& c : q.view_conditions) {
      expression(c.condition, c.acts_as != kInvalidOid ? c.acts_as : user_);
      view_conditions_.insert(c.condition);
    }
    // What the statement itself reads of the row, for the views in between; then what their conditions do.
    Entry* written = q.command == CommandType::kSelect ? nullptr : levels_[self].entries[q.result_range];
    std::set<int16_t> of_conditions;
    if (written != nullptr && !q.written_views.empty()) of_conditions.swap(written->reads);
    result_range(q);
    for (size_t i = 0; i < q.ranges.size(); ++i) {
      nested(*q.ranges[i], role);
    }
    for (const analyzer::Cte* cte : q.ctes) {
      if (cte->query != nullptr) query(*cte->query, role);
    }
    if (q.source != nullptr) query(*q.source, role);
    for (const analyzer::FromItem* f : q.from) from(*f, role);
    for (const analyzer::Target& t : q.targets) expression(t.expr, role);
    for (const analyzer::Target& t : q.returning) expression(t.expr, role);
    expression(q.where, role);
    all(q.group_by, role);
    expression(q.having, role);
    expression(q.limit, role);
    expression(q.offset, role);
    for (const analyzer::Window& w : q.windows) {
      for (const analyzer::SortKey& k : w.partition) expression(k.expr, role);
      for (const analyzer::SortKey& k : w.order) expression(k.expr, role);
    }
    for (const analyzer::RowLocking& l : q.locking) {
      if (Entry* e = levels_[self].entries[l.range]) e->updates = true;
    }
    for (const analyzer::RowLocking& l : q.locked_within) {
      if (Entry* e = levels_[self].entries[l.range]) e->updates = true;
    }
    if (written != nullptr) {
      // The one that the statement names is complained of first.
      for (size_t i = q.written_views.size(); i-- > 0;) through(q.written_views[i], *written);
      written->reads.merge(of_conditions);
    }
    levels_.pop_back();
  }

  // A view needs of its user what the table needs of the view's owner, on the columns that are the table's.
  void through(const analyzer::WrittenView& v, const Entry& table) {
    Entry entry;
    entry.relation = v.view;
    entry.role = v.acts_as != kInvalidOid ? v.acts_as : user_;
    entry.inserts = table.inserts;
    entry.updates = table.updates;
    entry.deletes = table.deletes;
    auto map = [&](const std::set<int16_t>& columns, std::set<int16_t>* out) {
      for (int16_t c : columns) {
        auto at = std::find(v.base.begin(), v.base.end(), c);
        // Read by a column that is more than a column of the table: all of the view must be readable.
        if (at != v.base.end())
          out->insert(static_cast<int16_t>(at - v.base.begin() + 1));
        else
          for (size_t i = 1; i <= v.base.size(); ++i) out->insert(static_cast<int16_t>(i));
      }
    };
    map(table.reads, &entry.reads);
    map(table.inserted, &entry.inserted);
    map(table.updated, &entry.updated);
    entries_.push_front(entry);
  }

  // What policies read besides the row itself, whose columns are theirs to see.
  void policies(analyzer::ExprList conditions, Oid role) {
    size_t outer = std::exchange(floor_, levels_.size());
    all(conditions, role);
    floor_ = outer;
  }

  void result_range(const Query& q) {
    if (q.command == CommandType::kSelect) return;
    Entry* e = levels_.back().entries[q.result_range];
    if (e == nullptr) return;
    switch (q.command) {
      case CommandType::kInsert:
        e->inserts = true;
        e->inserted.insert(q.supplied.begin(), q.supplied.end());
        break;
      case CommandType::kUpdate:
        e->updates = true;
        for (const analyzer::Target& t : q.targets) {
          if (t.assigned_column > 0) e->updated.insert(t.assigned_column);
        }
        break;
      case CommandType::kDelete:
        e->deletes = true;
        break;
      case CommandType::kMerge:
        for (const analyzer::MergeAction& action : q.merge_actions) merge_action(action, *e);
        break;
      default:
        break;
    }
    if (q.on_conflict == nullptr) return;
    for (const catalog::Index* index : q.on_conflict->arbiters) {
      for (const catalog::IndexColumn& key : index->keys) {
        if (key.column > 0) e->reads.insert(key.column);
      }
    }
    if (q.on_conflict->do_nothing) return;
    e->updates = true;
    for (const analyzer::Target& t : q.on_conflict->assignments) {
      if (t.assigned_column > 0) e->updated.insert(t.assigned_column);
      expression(t.expr, e->role);
    }
    expression(q.on_conflict->where, e->role);
  }

  void merge_action(const analyzer::MergeAction& action, Entry& e) {
    e.inserts = e.inserts || action.command == CommandType::kInsert;
    e.updates = e.updates || action.command == CommandType::kUpdate;
    e.deletes = e.deletes || action.command == CommandType::kDelete;
    expression(action.condition, e.role);
    e.inserted.insert(action.supplied.begin(), action.supplied.end());
    for (const analyzer::Target& t : action.targets) {
      if (t.assigned_column > 0 && action.command == CommandType::kUpdate)
        e.updated.insert(t.assigned_column);
      expression(t.expr, e.role);
    }
  }

  void nested(const Range& r, Oid role) {
    if (r.query != nullptr) {
      Oid inside = role;
      // A view reads with its owner's rights, or with those of who runs the statement, however deep it
      // stands.
      if (r.view != nullptr) inside = (*r.view)->has_option("security_invoker") ? user_ : (*r.view)->owner;
      query(*r.query, inside);
    }
    all(r.args, role);
    for (const analyzer::ExprList& row : r.rows) all(row, role);
  }
  void from(const analyzer::FromItem& f, Oid role) {
    if (f.kind == analyzer::FromKind::kRange) return;
    expression(f.condition, role);
    from(*f.left, role);
    from(*f.right, role);
  }
  void all(analyzer::ExprList list, Oid role) {
    for (const Expr* e : list) expression(e, role);
  }
  void expression(const Expr* e, Oid role) {
    if (view_conditions_.contains(e)) return;
    if (e != nullptr && e->kind == ExprKind::kAnd) return all(e->as<analyzer::BoolExpr>().args, role);
    analyzer::any_of(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery) query(*x.as<analyzer::SubqueryExpr>().query, role);
      if (x.kind != ExprKind::kColumn) return false;
      const auto& c = x.as<analyzer::ColumnExpr>();
      if (c.levels_up >= levels_.size() - floor_) return false;
      const Level& level = levels_[levels_.size() - 1 - c.levels_up];
      if (c.range >= level.entries.size() || level.entries[c.range] == nullptr) return false;
      Entry& entry = *level.entries[c.range];
      bool excluded = level.query->on_conflict != nullptr && !level.query->on_conflict->do_nothing &&
                      c.range == level.query->on_conflict->excluded_range;
      if (excluded) return false;
      if (c.column != 0) entry.reads.insert(c.column);
      for (size_t i = 1; c.column == 0 && i <= (*entry.relation)->columns.size(); ++i) {
        if (!(*entry.relation)->columns[i - 1].dropped) entry.reads.insert(static_cast<int16_t>(i));
      }
      return false;
    });
  }

  catalog::Catalog& catalog_;
  const Oid user_;
  std::map<Oid, std::unique_ptr<RoleRights>> rights_;
  std::deque<Entry> entries_;  // outer queries' first
  std::vector<Level> levels_;
  std::set<const Expr*> view_conditions_;  // looked at with the views' rights
  size_t floor_ = 0;                       // columns of levels below it are not asked for
};

}  // namespace

void check_query_privileges(catalog::Catalog& catalog, Oid role, const Query& query) {
  Checker checker(catalog, role);
  checker.collect(query);
  checker.check();
}

void check_insert_privilege(catalog::Catalog& catalog, Oid role, const catalog::Relation& table,
                            std::span<const catalog::ColumnNumber> columns) {
  RoleRights rights(catalog, role);
  require_columns(rights, table, {columns.begin(), columns.end()}, 'a');
}

}  // namespace varve::session
