#include "privilege_check.h"

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
  Checker(catalog::Catalog& catalog, Oid role, Oid writer)
      : catalog_(catalog), first_(role), writer_(writer) {}

  void collect(const Query& q, const parser::Node* statement) { query(q, first_, statement); }
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

  void query(const Query& q, Oid role, const parser::Node* statement) {
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
      if (entry != nullptr && target && self == 0) entry->role = writer_;
    }
    result_range(q, statement);
    for (const Range* r : q.ranges) nested(*r, role);
    for (const analyzer::Cte* cte : q.ctes) {
      if (cte->query != nullptr) query(*cte->query, role, nullptr);
    }
    if (q.source != nullptr) query(*q.source, role, nullptr);
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
    levels_.pop_back();
  }

  // What policies read besides the row itself, whose columns are theirs to see.
  void policies(analyzer::ExprList conditions, Oid role) {
    size_t outer = std::exchange(floor_, levels_.size());
    all(conditions, role);
    floor_ = outer;
  }

  void result_range(const Query& q, const parser::Node* statement) {
    if (q.command == CommandType::kSelect) return;
    Entry* e = levels_.back().entries[q.result_range];
    if (e == nullptr) return;
    switch (q.command) {
      case CommandType::kInsert: {
        e->inserts = true;
        const auto* insert = statement != nullptr && parser::is<parser::InsertStmt>(statement)
                                 ? parser::as<parser::InsertStmt>(statement)
                                 : nullptr;
        if (insert != nullptr && !insert->columns.empty()) {
          for (const auto* column : insert->columns) {
            if (catalog::ColumnNumber n = (*e->relation)->find_column(column->name)) e->inserted.insert(n);
          }
        } else {
          // The first columns, as many as one row of VALUES gives; DEFAULT VALUES names none.
          size_t given = q.source != nullptr ? q.targets.size() : 0;
          if (q.source == nullptr && insert != nullptr && insert->source != nullptr &&
              !insert->source->values.empty()) {
            given = insert->source->values[0]->items.size();
          }
          for (const analyzer::Target& t : q.targets.first(std::min(given, q.targets.size()))) {
            if (t.assigned_column > 0) e->inserted.insert(t.assigned_column);
          }
        }
        break;
      }
      case CommandType::kUpdate:
        e->updates = true;
        for (const analyzer::Target& t : q.targets) {
          if (t.assigned_column > 0) e->updated.insert(t.assigned_column);
        }
        break;
      case CommandType::kDelete:
        e->deletes = true;
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

  void nested(const Range& r, Oid role) {
    if (r.query != nullptr) {
      Oid inside = role;
      // A view reads with its owner's rights.
      if (r.view != nullptr && !(*r.view)->has_option("security_invoker")) inside = (*r.view)->owner;
      query(*r.query, inside, nullptr);
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
    analyzer::any_of(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery) query(*x.as<analyzer::SubqueryExpr>().query, role, nullptr);
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
  const Oid first_, writer_;
  std::map<Oid, std::unique_ptr<RoleRights>> rights_;
  std::deque<Entry> entries_;  // outer queries' first
  std::vector<Level> levels_;
  size_t floor_ = 0;  // columns of levels below it are not asked for
};

}  // namespace

void check_query_privileges(catalog::Catalog& catalog, Oid role, Oid writer, const Query& query,
                            const parser::Node* statement) {
  Checker checker(catalog, role, writer);
  checker.collect(query, statement);
  checker.check();
}

void check_insert_privilege(catalog::Catalog& catalog, Oid role, const catalog::Relation& table,
                            std::span<const catalog::ColumnNumber> columns) {
  RoleRights rights(catalog, role);
  require_columns(rights, table, {columns.begin(), columns.end()}, 'a');
}

}  // namespace varve::session
