#include "view_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "analyzer/analyzer.h"
#include "analyzer/expression_walk.h"
#include "common/sql_error.h"
#include "drop.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "query_text.h"

namespace varve::commands {

using analyzer::Expr;
using analyzer::ExprKind;
using analyzer::Query;
using analyzer::Range;

namespace {

class QualifiedNames final : public analyzer::RelationNames {
 public:
  std::string relation(const Relation& r) override {
    return parser::quote_identifier(r.schema_name) + "." + parser::quote_identifier(r.name);
  }
  std::string function(const functions::Function& f) override {
    std::string name = parser::quote_identifier(f.name);
    return f.routine == nullptr ? name : parser::quote_identifier(f.routine->schema) + "." + name;
  }
};

// Does the printed text mean what was bound? Same columns, same types.
bool means_the_same(CommandContext& context, std::string_view text, const Query& query) {
  std::deque<RelationPtr> relations;
  std::string_view sql = context.arena.copy(text);
  analyzer::AnalyzerContext inner{context.catalog, context.arena, relations, context.eval, sql, {}};
  const Query* again;
  try {
    parser::ParsedScript script = parser::parse(sql, context.arena);
    if (script.statements.size() != 1) return false;
    again = analyzer::analyze(inner, script.statements[0].statement);
  } catch (const SqlError&) {
    return false;
  }
  auto visible = [](const Query& q) {
    std::vector<const analyzer::Target*> targets;
    for (const analyzer::Target& t : q.targets) {
      if (!t.junk) targets.push_back(&t);
    }
    return targets;
  };
  std::vector<const analyzer::Target*> a = visible(query), b = visible(*again);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const analyzer::Target* x, const analyzer::Target* y) {
                      return x->expr->type == y->expr->type && x->expr->typmod == y->expr->typmod;
                    });
}

}  // namespace

std::string view_text(CommandContext& context, const Query& query, const parser::SelectStmt& written,
                      int32_t location, std::span<const std::string> columns) {
  QualifiedNames names;
  try {
    std::string text = analyzer::deparse_query(query, columns, names, context.eval, false);
    if (means_the_same(context, text, query)) return text;
  } catch (const SqlError& e) {
    if (e.state() != sqlstate::kFeatureNotSupported) throw;
  }
  // What cannot be printed is kept as it was written.
  return with_qualified_tables(context, written, text_after_as(context.sql, location));
}

std::string policy_text(CommandContext& context, const Expr& condition, const RelationPtr& table) {
  QualifiedNames names;
  return analyzer::deparse_policy(condition, table, names, context.eval, false);
}

// --- what a query reads

namespace {

class SourceFinder {
 public:
  void query(const Query& q) {
    levels_.push_back(&q);
    for (const Range* r : q.ranges) range(*r);
    for (const analyzer::Cte* cte : q.ctes) {
      if (cte->query != nullptr) query(*cte->query);
    }
    for (const analyzer::FromItem* f : q.from) from(*f);
    changes(q);
    expression(q.where);
    all(q.group_by);
    constraints.insert(q.primary_keys.begin(), q.primary_keys.end());
    expression(q.having);
    expression(q.limit);
    expression(q.offset);
    for (const analyzer::Window& w : q.windows) window(w);
    levels_.pop_back();
  }
  std::set<QuerySource> found;
  std::set<Oid> routines, operators;  // functions that SQL made
  std::set<Oid> constraints;

 private:
  static Oid relation_of(const Range& r) {
    const RelationPtr* relation = r.relation != nullptr ? r.relation : r.view;
    return relation == nullptr ? kInvalidOid : (*relation)->oid;
  }
  // The targets; of INSERT and UPDATE the columns that get values too. Defaults are the table's own business.
  void changes(const Query& q) {
    const bool insert = q.command == analyzer::CommandType::kInsert;
    Oid table =
        q.command == analyzer::CommandType::kSelect ? kInvalidOid : relation_of(*q.ranges[q.result_range]);
    for (ColumnNumber column : q.supplied) found.insert({table, column});
    for (const analyzer::Target& t : q.targets) {
      bool given = std::find(q.supplied.begin(), q.supplied.end(), t.assigned_column) != q.supplied.end();
      if (insert && !given) continue;
      expression(t.expr);
      if (t.assigned_column > 0 && table != kInvalidOid) found.insert({table, t.assigned_column});
    }
    for (const analyzer::Target& t : q.returning) expression(t.expr);
    if (q.source != nullptr) query(*q.source);
  }
  void range(const Range& r) {
    if (Oid relation = relation_of(r); relation != kInvalidOid)
      found.insert({relation, 0});
    else if (r.query != nullptr)
      query(*r.query);
    note(r.function);
    all(r.args);
    for (const analyzer::ExprList& row : r.rows) all(row);
  }
  void note(const functions::Operator* op) {
    if (op != nullptr && op->oid.value() >= catalog::kFirstNormalOid) operators.insert(op->oid);
  }
  void note(const functions::Function* f) {
    if (f != nullptr && f->routine != nullptr) routines.insert(f->oid);
  }
  void from(const analyzer::FromItem& f) {
    if (f.kind == analyzer::FromKind::kRange) return;
    expression(f.condition);
    from(*f.left);
    from(*f.right);
  }
  void window(const analyzer::Window& w) {
    for (const analyzer::SortKey& k : w.partition) expression(k.expr);
    for (const analyzer::SortKey& k : w.order) expression(k.expr);
    expression(w.start_offset);
    expression(w.end_offset);
  }
  void all(analyzer::ExprList list) {
    for (const Expr* e : list) expression(e);
  }
  void expression(const Expr* e) {
    analyzer::any_of(e, [&](const Expr& x) {
      if (x.kind == ExprKind::kSubquery) query(*x.as<analyzer::SubqueryExpr>().query);
      if (x.kind == ExprKind::kFunction) note(x.as<analyzer::FunctionExpr>().function);
      if (x.kind == ExprKind::kFunction) note(x.as<analyzer::FunctionExpr>().op);
      if (x.kind == ExprKind::kArrayOp) note(x.as<analyzer::ArrayOpExpr>().op);
      if (x.kind == ExprKind::kAggregate) note(x.as<analyzer::AggregateExpr>().function);
      if (x.kind == ExprKind::kWindow) note(x.as<analyzer::WindowExpr>().function);
      if (x.kind == ExprKind::kSetReturning) note(x.as<analyzer::SetReturningExpr>().function);
      if (x.kind == ExprKind::kConst && x.type == type_oid::kRegclass) {
        const Value& named = x.as<analyzer::ConstExpr>().value;
        if (!named.null) found.insert({Oid{named.oid()}, 0});
      }
      if (x.kind != ExprKind::kColumn) return false;
      const auto& c = x.as<analyzer::ColumnExpr>();
      if (c.levels_up >= levels_.size()) return false;
      const Range& r = *levels_[levels_.size() - 1 - c.levels_up]->ranges[c.range];
      Oid relation = relation_of(r);
      if (relation == kInvalidOid) return false;
      if (c.column > 0) found.insert({relation, c.column});
      for (size_t i = 1; c.column == 0 && i <= r.columns.size(); ++i)
        found.insert({relation, static_cast<ColumnNumber>(i)});
      return false;
    });
  }
  std::vector<const Query*> levels_;
};

}  // namespace

std::vector<QuerySource> sources_of(const Query& query) {
  SourceFinder finder;
  finder.query(query);
  return {finder.found.begin(), finder.found.end()};
}

std::vector<Oid> routines_of(const Query& query) {
  SourceFinder finder;
  finder.query(query);
  return {finder.routines.begin(), finder.routines.end()};
}

std::vector<Oid> operators_of(const Query& query) {
  SourceFinder finder;
  finder.query(query);
  return {finder.operators.begin(), finder.operators.end()};
}

std::vector<Oid> constraints_of(const Query& query) {
  SourceFinder finder;
  finder.query(query);
  return {finder.constraints.begin(), finder.constraints.end()};
}

// --- renaming

void ViewRenewal::bind_readers_of(const Relation& relation) {
  std::vector<Oid> rules, policies;
  const KeyMatch match[] = {{"refclassid", Value::of_oid(kClassClass.value())},
                            {"refobjid", Value::of_oid(relation.oid.value())}};
  context_.catalog.for_each(system_table("pg_depend"), match, [&](const Row& row) {
    if (row.oid("classid") == kRewriteClass && row.letter("deptype") == 'n')
      rules.push_back(row.oid("objid"));
    if (row.oid("classid") == kPolicyClass) policies.push_back(row.oid("objid"));
  });
  for (Oid policy : policies) {
    bool known =
        std::any_of(policies_.begin(), policies_.end(), [&](const Policy& p) { return p.oid == policy; });
    if (!known) bind_policy(policy);
  }
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
  for (Oid rule : rules) {
    Oid view;
    const KeyMatch key[] = {{"oid", Value::of_oid(rule.value())}};
    context_.catalog.for_each(system_table("pg_rewrite"), key,
                              [&](const Row& row) { view = row.oid("ev_class"); });
    bool known = std::any_of(views_.begin(), views_.end(), [&](const View& v) { return v.rule == rule; });
    if (!known) bind(view, rule);
  }
}

void ViewRenewal::bind(Oid view, Oid rule) {
  RelationPtr relation = context_.catalog.relation(view);
  View entry{view, rule, nullptr, std::make_unique<std::deque<RelationPtr>>()};
  std::string_view sql = context_.arena.copy(relation->view_sql);
  analyzer::AnalyzerContext inner{context_.catalog,    context_.arena, *entry.relations, context_.eval, sql,
                                  context_.search_path};
  entry.query = analyzer::analyze(inner, parser::parse(sql, context_.arena).statements[0].statement);
  views_.push_back(std::move(entry));
}

void ViewRenewal::bind_policy(Oid policy) {
  Policy entry{policy, kInvalidOid, nullptr, nullptr, std::make_unique<std::deque<RelationPtr>>()};
  std::string_view texts[2];
  const KeyMatch match[] = {{"oid", Value::of_oid(policy.value())}};
  context_.catalog.for_each(system_table("pg_policy"), match, [&](const Row& row) {
    entry.table = row.oid("polrelid");
    texts[0] = context_.arena.copy(row.text("polqual"));
    texts[1] = context_.arena.copy(row.text("polwithcheck"));
  });
  RelationPtr table = context_.catalog.relation(entry.table);
  const Expr** conditions[] = {&entry.condition, &entry.check};
  for (size_t i = 0; i < 2; ++i) {
    if (texts[i].empty()) continue;
    analyzer::AnalyzerContext inner{context_.catalog, context_.arena, *entry.relations,
                                    context_.eval,    texts[i],       context_.search_path};
    *conditions[i] =
        analyzer::analyze_policy(inner, parser::parse_expression(texts[i], context_.arena), table);
  }
  policies_.push_back(std::move(entry));
}

void ViewRenewal::print_policies() {
  for (Policy& p : policies_) {
    for (RelationPtr& relation : *p.relations) {
      if (RelationPtr now = context_.catalog.relation(relation->oid)) relation = now;
    }
    RelationPtr table = context_.catalog.relation(p.table);
    const KeyMatch key[] = {{"oid", Value::of_oid(p.oid.value())}};
    context_.catalog.for_each(system_table("pg_policy"), key, [&](const Row& row) {
      RowDraft draft(system_table("pg_policy"), row);
      if (p.condition != nullptr) draft.text("polqual", policy_text(context_, *p.condition, table));
      if (p.check != nullptr) draft.text("polwithcheck", policy_text(context_, *p.check, table));
      context_.catalog.update(row, draft);
      return false;
    });
  }
}

void ViewRenewal::print_all() {
  print_policies();
  QualifiedNames names;
  for (View& view : views_) {
    for (RelationPtr& relation : *view.relations) {
      if (RelationPtr now = context_.catalog.relation(relation->oid)) relation = now;
    }
    RelationPtr self = context_.catalog.relation(view.oid);
    std::vector<std::string> columns;
    for (const catalog::Column& c : self->columns) columns.push_back(c.name);
    std::string text = analyzer::deparse_query(*view.query, columns, names, context_.eval, false);
    if (!means_the_same(context_, text, *view.query)) {
      throw_not_supported(fmt::format("renaming what the view behind {} reads",
                                      describe(context_, {kRewriteClass, view.rule})));
    }
    const KeyMatch key[] = {{"oid", Value::of_oid(view.rule.value())}};
    context_.catalog.for_each(system_table("pg_rewrite"), key, [&](const Row& row) {
      RowDraft draft(system_table("pg_rewrite"), row);
      draft.text("ev_action", text);
      context_.catalog.update(row, draft);
      return false;
    });
  }
}

}  // namespace varve::commands
