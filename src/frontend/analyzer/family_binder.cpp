// Partitioned tables and tables with children: the tables that they stand for, and what those have of their
// own.
#include <algorithm>

#include "binder.h"

namespace varve::analyzer {

using catalog::ColumnNumber;

namespace {

// Every column of the one has the number and name it has in the other.
bool same_layout(const catalog::Relation& a, const catalog::Relation& b) {
  if (a.columns.size() != b.columns.size()) return false;
  for (size_t i = 0; i < a.columns.size(); ++i) {
    if (a.columns[i].dropped != b.columns[i].dropped) return false;
    if (!a.columns[i].dropped && a.columns[i].name != b.columns[i].name) return false;
  }
  return true;
}

bool is_plain(const catalog::Index& index) {
  return index.predicate_sql.empty() &&
         std::all_of(index.keys.begin(), index.keys.end(),
                     [](const catalog::IndexColumn& k) { return k.column != 0; });
}

bool same_expressions(const catalog::Index& a, const catalog::Index& b) {
  if (a.predicate_sql != b.predicate_sql || a.keys.size() != b.keys.size()) return false;
  for (size_t i = 0; i < a.keys.size(); ++i) {
    if ((a.keys[i].column == 0) != (b.keys[i].column == 0) ||
        a.keys[i].expression_sql != b.keys[i].expression_sql)
      return false;
  }
  return true;
}

// What a statement that writes them has to bind is the same text over the same columns.
bool same_rules(const catalog::Relation& a, const catalog::Relation& b) {
  if (a.checks.size() != b.checks.size()) return false;
  for (size_t i = 0; i < a.checks.size(); ++i) {
    if (a.checks[i].name != b.checks[i].name || a.checks[i].expression_sql != b.checks[i].expression_sql)
      return false;
  }
  for (size_t i = 0; i < a.columns.size(); ++i) {
    if (a.columns[i].generated != b.columns[i].generated) return false;
    if (a.columns[i].generated != 0 && a.columns[i].default_sql != b.columns[i].default_sql) return false;
  }
  return true;
}

}  // namespace

// Of one range's table. `writes`: the members' checks and generated columns are needed too.
class FamilyBinder {
 public:
  FamilyBinder(Binder& binder, Range& range, bool writes, txn::LockMode lock)
      : binder_(binder), range_(range), root_(*range.relation), writes_(writes), lock_(lock) {}

  Family* bind() {
    auto* family = binder_.arena().make<Family>();
    if (root_->is_partitioned()) {
      add_table(root_);
    } else {
      add_inheriting();
    }
    family->members = binder_.arena().copy(members_);
    family->tables = binder_.arena().copy(tables_);
    return family;
  }

 private:
  const catalog::RelationPtr* keep(catalog::RelationPtr relation) {
    binder_.context().relations.push_back(catalog::readable_at(relation, binder_.context().snapshot));
    return &binder_.context().relations.back();
  }

  int32_t add_table(const catalog::RelationPtr& table) {
    auto at = static_cast<int32_t>(tables_.size());
    tables_.emplace_back();
    PartitionedTable self;
    self.relation = table == root_ ? range_.relation : keep(table);
    const catalog::Partitioning& p = *table->partitioning;
    self.keys = binder_.bind_partition_keys(*table, *range_.relation);
    auto* slots = binder_.arena().make_array<PartitionedTable::Slot>(p.partitions.size());
    for (size_t i = 0; i < p.partitions.size(); ++i) {
      slots[i] = {};
      catalog::RelationPtr child = binder_.context().catalog.relation(p.partitions[i].oid);
      if (child == nullptr) continue;
      if (child->is_partitioned())
        slots[i].table = add_table(child);
      else
        slots[i].member = add_member(child);
    }
    self.slots = {slots, p.partitions.size()};
    tables_[static_cast<size_t>(at)] = self;
    return at;
  }

  // The table itself and all below it, each once.
  void add_inheriting() {
    std::vector<catalog::RelationPtr> all{root_};
    for (size_t i = 0; i < all.size(); ++i) {
      std::vector<Oid> children = all[i]->children;
      for (Oid oid : children) {
        bool there =
            std::any_of(all.begin(), all.end(), [&](const catalog::RelationPtr& r) { return r->oid == oid; });
        if (there) continue;
        // Nothing holds the children in place but locks of their own: partitions have their parent's.
        if (binder_.context().locker != nullptr) binder_.context().locker->lock(oid, lock_);
        catalog::RelationPtr child = binder_.context().catalog.relation(oid);
        if (child != nullptr) all.push_back(std::move(child));
      }
    }
    for (const catalog::RelationPtr& r : all) add_member(r);
  }

  int32_t add_member(const catalog::RelationPtr& relation) {
    Member member;
    member.relation = relation == root_ ? range_.relation : keep(relation);
    bool same = relation == root_ || same_layout(*root_, *relation);
    if (!same) {
      auto* columns = binder_.arena().make_array<int16_t>(root_->columns.size());
      for (size_t i = 0; i < root_->columns.size(); ++i) {
        columns[i] = root_->columns[i].dropped ? int16_t{0} : relation->find_column(root_->columns[i].name);
      }
      member.columns = {columns, root_->columns.size()};
    }
    member.index_expressions = index_expressions(*member.relation, same);
    if (writes_) bind_rules(&member, same);
    members_.push_back(member);
    return static_cast<int32_t>(members_.size() - 1);
  }

  std::span<IndexExpressions> index_expressions(const catalog::RelationPtr& relation, bool same) {
    std::vector<IndexExpressions> bound;
    for (const catalog::Index& index : relation->indexes) {
      if (is_plain(index)) continue;
      const IndexExpressions* like = nullptr;
      for (const IndexExpressions& e : range_.index_expressions) {
        if (same && same_expressions(*e.index, index)) like = &e;
      }
      if (like == nullptr) return binder_.bind_index_expressions(relation);
      bound.push_back({&index, like->keys, like->predicate});
    }
    return binder_.arena().copy(bound);
  }

  void bind_rules(Member* member, bool same) {
    const catalog::Relation& relation = **member->relation;
    if (same && first_ >= 0 && same_rules(relation, **members_[static_cast<size_t>(first_)].relation)) {
      const Member& like = members_[static_cast<size_t>(first_)];
      member->checks = like.checks;
      member->check_names = like.check_names;
      member->generated = like.generated;
      member->generated_exprs = like.generated_exprs;
      return;
    }
    Query rules;
    binder_.add_constraints(rules, *member->relation);
    member->checks = rules.checks;
    member->check_names = rules.check_names;
    member->generated = rules.generated;
    member->generated_exprs = rules.generated_exprs;
    if (same && first_ < 0) first_ = static_cast<int>(members_.size());
  }

  Binder& binder_;
  Range& range_;
  catalog::RelationPtr root_;
  bool writes_;
  txn::LockMode lock_;
  std::vector<Member> members_;
  std::vector<PartitionedTable> tables_;
  int first_ = -1;  // the first member with the root's layout
};

// The key of `partitioned` over the columns that `rows` has of the same names.
ExprList Binder::bind_partition_keys(const catalog::Relation& partitioned, const catalog::RelationPtr& rows) {
  std::vector<Expr*> keys;
  for (const catalog::PartitionKeyColumn& key : partitioned.partitioning->keys) {
    if (key.column == 0) {
      keys.push_back(bind_sql_expression(key.expression_sql, &rows, Clause::kIndexExpression));
      continue;
    }
    const catalog::Column& column = partitioned.column(key.column);
    auto* e = make<ColumnExpr>(ExprKind::kColumn, column.type);
    e->typmod = column.typmod;
    e->collation = column.collation;
    e->column = &partitioned == rows.get() ? key.column : rows->find_column(column.name);
    keys.push_back(e);
  }
  return list(keys);
}

// The tables that a range stands for, when it is not the one alone that it names.
void Binder::add_family(Range& range, bool inherit, bool writes, txn::LockMode lock) {
  const catalog::Relation& relation = **range.relation;
  range.only = !inherit;
  if (!inherit && relation.is_partitioned()) {
    range.family = arena_.make<Family>();  // no rows
    return;
  }
  if (!inherit || (!relation.is_partitioned() && relation.children.empty())) return;
  range.family = FamilyBinder(*this, range, writes, lock).bind();
}

// A partition that is written by its own name takes only rows that belong to it.
void Binder::add_partition_checks(Query& query, const catalog::RelationPtr& relation) {
  if (!relation->is_partition) return;
  std::vector<PartitionCheck> checks;
  catalog::RelationPtr below = relation;
  while (below->is_partition && !below->parents.empty()) {
    catalog::RelationPtr parent = context_.catalog.relation(below->parents[0]);
    if (parent == nullptr || parent->partitioning == nullptr) break;
    PartitionCheck check;
    check.keys = bind_partition_keys(*parent, relation);
    check.partition = parent->partitioning->find_oid(below->oid);
    context_.relations.push_back(parent);
    check.parent = &context_.relations.back();
    checks.push_back(check);
    below = std::move(parent);
  }
  query.partition_checks = arena_.copy(checks);
}

}  // namespace varve::analyzer
