// Definitions as SQL text: pg_get_viewdef(), pg_get_expr(), pg_get_indexdef(), pg_get_constraintdef(),
// pg_get_statisticsobjdef(). What
// the catalog stores is bound again and printed as this session would name it: search path, column names of
// today.
#include <deque>
#include <fmt/format.h>
#include <unordered_map>

#include "analyzer/analyzer.h"
#include "analyzer/expression_walk.h"
#include "analyzer/instead_of.h"
#include "analyzer/query.h"
#include "catalog/extended_statistics.h"
#include "catalog/partition.h"
#include "catalog/user_type.h"
#include "catalog_functions.h"
#include "common/sql_error.h"
#include "functions/array.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/parser.h"
#include "partition_condition.h"
#include "partition_links.h"
#include "session.h"

namespace varve::session {

using types::PhysicalType;
using types::Value;

class DefinitionFunctions {
 public:
  static Value get_expr(Session& s, std::span<const Value> args, Arena& arena) {
    bool pretty = args.size() > 2 && args[2].boolean != 0;
    catalog::RelationPtr table = args[1].oid() == 0 ? nullptr : s.catalog().relation(Oid{args[1].oid()});
    if (args[1].oid() != 0 && table == nullptr) return none();
    if (table != nullptr && table->is_partition && args[0].view() == table->partition_bound) {
      catalog::RelationPtr parent = s.catalog().relation(table->parents.at(0));
      functions::EvalContext eval = s.eval_context(arena);
      return text(
          catalog::bound_text(*parent->partitioning, catalog::parse_bound(table->partition_bound), eval),
          arena);
    }
    if (table != nullptr) {
      for (const catalog::Policy& p : table->policies) {
        if (args[0].view() == p.using_sql || args[0].view() == p.check_sql)
          return text(policy_text(s, args[0].view(), table, pretty), arena);
      }
    }
    // The expressions of an index stand on lines of their own.
    std::string out;
    std::string_view rest = args[0].view();
    while (!rest.empty()) {
      size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      out += (out.empty() ? "" : ", ") + expression(s, line, table, pretty);
    }
    return text(out, arena);
  }

  static Value get_partkeydef(Session& s, std::span<const Value> args, Arena& arena) {
    catalog::RelationPtr table = s.catalog().relation(Oid{args[0].oid()});
    if (table == nullptr || table->partitioning == nullptr) return none();
    const catalog::Partitioning& p = *table->partitioning;
    std::string keys;
    for (const catalog::PartitionKeyColumn& key : p.keys) {
      if (!keys.empty()) keys += ", ";
      if (key.column != 0) {
        keys += parser::quote_identifier(table->column(key.column).name);
      } else {
        std::string sql = expression(s, key.expression_sql, table, false);
        keys += looks_like_call(sql) ? sql : "(" + sql + ")";
      }
      Oid own = key.column != 0 ? table->column(key.column).collation : kInvalidOid;
      if (key.column != 0 && key.collation_oid != own && key.collation_oid != kInvalidOid) {
        keys += " COLLATE ";
        s.append_reg(type_oid::kRegcollation, key.collation_oid.value(), keys);
      }
    }
    std::string_view word = p.strategy == catalog::PartitionStrategy::kRange  ? "RANGE"
                            : p.strategy == catalog::PartitionStrategy::kList ? "LIST"
                                                                              : "HASH";
    return text(fmt::format("{} ({})", word, keys), arena);
  }

  // As far as one column is enough to say it.
  static Value get_partition_constraintdef(Session& s, std::span<const Value> args, Arena& arena) {
    catalog::RelationPtr table = s.catalog().relation(Oid{args[0].oid()});
    std::string all;
    for (catalog::RelationPtr below = table; below != nullptr && below->is_partition;) {
      catalog::RelationPtr parent = s.catalog().relation(below->parents.at(0));
      std::string own = partition_condition(*parent, catalog::parse_bound(below->partition_bound));
      if (!own.empty()) all = all.empty() ? own : own + " AND " + all;
      below = std::move(parent);
    }
    if (all.empty()) return none();
    return text(expression(s, all, table, false), arena);
  }

  static Value partition_root(Session& s, std::span<const Value> args, Arena&) {
    catalog::RelationPtr r = s.catalog().relation(Oid{args[0].oid()});
    if (!in_partition_tree(r.get())) return Value::null_of(PhysicalType::kInt32);
    Oid root = r->oid;
    for (Oid up = root; up != kInvalidOid; up = partition_parent(s.catalog(), up)) root = up;
    return Value::of_oid(root.value());
  }

  static Value get_viewdef(Session& s, std::span<const Value> args, Arena& arena) {
    Oid oid{args[0].type == PhysicalType::kString ? s.parse_reg(type_oid::kRegclass, args[0].view())
                                                  : args[0].oid()};
    bool pretty = args.size() > 1 && args[1].type == PhysicalType::kBool && args[1].boolean != 0;
    if (args.size() > 1 && args[1].type == PhysicalType::kInt32) {
      if (args[1].int32 > 0) throw_not_supported("wrapping the lines of a view's definition");
      pretty = true;
    }
    catalog::RelationPtr view = s.catalog().relation(oid);
    if (view == nullptr || view->view_sql.empty()) return none();
    return text(view_text(s, *view, pretty) + ";", arena);
  }

  static int events(Session& s, Oid oid, bool with_triggers, catalog::ColumnNumber column, Arena& arena) {
    catalog::RelationPtr relation = s.catalog().relation(oid);
    if (relation == nullptr) return 0;
    if (relation->is_table()) return 28;
    if (relation->kind != catalog::RelationKind::kView) return 0;
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = s.eval_context(arena);
    std::vector<Oid> schemas = s.search_path_oids();
    analyzer::AnalyzerContext context{s.catalog(), arena, relations, eval, relation->view_sql, schemas};
    return analyzer::view_events(context, relation, with_triggers, column);
  }
  static Value relation_is_updatable(Session& s, std::span<const Value> args, Arena& arena) {
    return Value::of_int32(events(s, Oid{args[0].oid()}, args[1].boolean != 0, 0, arena));
  }
  static Value column_is_updatable(Session& s, std::span<const Value> args, Arena& arena) {
    auto column = static_cast<catalog::ColumnNumber>(args[1].int16);
    if (column <= 0) return Value::of_bool(false);
    constexpr int kUpdateAndDelete = 4 | 16;
    int found = events(s, Oid{args[0].oid()}, args[2].boolean != 0, column, arena);
    return Value::of_bool((found & kUpdateAndDelete) == kUpdateAndDelete);
  }

  // The types of a hash partitioned table's key columns, for satisfies_hash_partition().
  static Value hash_partition_key(Session& s, std::span<const Value> args, Arena& arena) {
    catalog::RelationPtr table = s.catalog().relation(Oid{args[0].oid()});
    if (table == nullptr) {
      throw SqlError(sqlstate::kInternalError,
                     fmt::format("could not open relation with OID {}", args[0].oid()));
    }
    if (table->partitioning == nullptr ||
        table->partitioning->strategy != catalog::PartitionStrategy::kHash) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("\"{}\" is not a hash partitioned table", table->name));
    }
    std::vector<Value> types;
    for (const catalog::PartitionKeyColumn& key : table->partitioning->keys)
      types.push_back(Value::of_oid(key.type.value()));
    return Value::of_string(functions::make_array(type_oid::kOid, types, arena));
  }

  static Value get_indexdef(Session& s, std::span<const Value> args, Arena& arena) {
    Oid oid{args[0].oid()};
    catalog::RelationPtr table;
    std::shared_ptr<const catalog::Index> index = find_index(s, oid, &table);
    if (index == nullptr) return none();
    int only = args.size() > 1 ? args[1].int32 : 0;
    bool pretty = args.size() > 2 && args[2].boolean != 0;
    if (only > 0) {
      size_t i = static_cast<size_t>(only) - 1;
      if (i < index->keys.size()) return text(index_key(s, *index, table, i, pretty), arena);
      i -= index->keys.size();
      if (i >= index->included.size()) return Value::of_string(std::string_view());
      return text(parser::quote_identifier(table->column(index->included[i]).name), arena);
    }
    return text(index_text(s, *index, table, pretty), arena);
  }

  // --- statistics objects

  using StatisticsPtr = std::shared_ptr<const catalog::ExtendedStatistics>;
  // Null: there is none.
  static StatisticsPtr find_statistics(Session& s, Oid oid, catalog::RelationPtr* table) {
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(oid.value())}};
    s.catalog().for_each(catalog::system_table("pg_statistic_ext"), match, [&](const catalog::Row& row) {
      *table = s.catalog().relation(row.oid("stxrelid"));
    });
    if (*table == nullptr) return nullptr;
    for (const StatisticsPtr& statistics : (*table)->extended_statistics) {
      if (statistics->oid == oid) return statistics;
    }
    return nullptr;
  }

  static std::string statistics_columns(Session& s, const catalog::ExtendedStatistics& statistics,
                                        const catalog::RelationPtr& table) {
    std::string out;
    auto add = [&](const std::string& item) { out += (out.empty() ? "" : ", ") + item; };
    for (catalog::ColumnNumber column : statistics.columns)
      add(parser::quote_identifier(table->column(column).name));
    for (const std::string& sql : statistics.expressions_sql) {
      const std::string printed = expression(s, sql, table, true, false, false);
      add(looks_like_call(printed) ? printed : "(" + printed + ")");
    }
    return out;
  }

  static Value get_statistics_columns(Session& s, std::span<const Value> args, Arena& arena) {
    catalog::RelationPtr table;
    StatisticsPtr statistics = find_statistics(s, Oid{args[0].oid()}, &table);
    return statistics == nullptr ? none() : text(statistics_columns(s, *statistics, table), arena);
  }

  static Value get_statisticsdef(Session& s, std::span<const Value> args, Arena& arena) {
    using catalog::ExtendedStatistics;
    constexpr std::pair<char, std::string_view> kKinds[] = {
        {ExtendedStatistics::kNdistinct, "ndistinct"},
        {ExtendedStatistics::kDependencies, "dependencies"},
        {ExtendedStatistics::kCommon, "mcv"}};
    catalog::RelationPtr table;
    StatisticsPtr statistics = find_statistics(s, Oid{args[0].oid()}, &table);
    if (statistics == nullptr) return none();
    std::string kinds;
    size_t count = 0;
    for (const auto& [letter, name] : kKinds) {
      if (!statistics->has(letter)) continue;
      kinds += fmt::format("{}{}", count++ == 0 ? "" : ", ", name);
    }
    // All of them are what is built without asking; one expression alone has none.
    const bool said = count < std::size(kKinds) && statistics->dimensions() > 1;
    std::string relation;
    s.append_reg(type_oid::kRegclass, table->oid.value(), relation);
    return text(fmt::format("CREATE STATISTICS {}.{}{} ON {} FROM {}",
                            parser::quote_identifier(s.catalog().schema_name(statistics->schema)),
                            parser::quote_identifier(statistics->name), said ? " (" + kinds + ")" : "",
                            statistics_columns(s, *statistics, table), relation),
                arena);
  }

  static Value get_statistics_expressions(Session& s, std::span<const Value> args, Arena& arena) {
    catalog::RelationPtr table;
    StatisticsPtr statistics = find_statistics(s, Oid{args[0].oid()}, &table);
    if (statistics == nullptr || statistics->expressions_sql.empty()) return none();
    std::vector<Value> items;
    for (const std::string& sql : statistics->expressions_sql)
      items.push_back(text(expression(s, sql, table, false), arena));
    return Value::of_string(functions::make_array(type_oid::kText, items, arena));
  }

  // Found by its name alone.
  static Value is_statistics_visible(Session& s, std::span<const Value> args, Arena& arena) {
    catalog::RelationPtr table;
    StatisticsPtr statistics = find_statistics(s, Oid{args[0].oid()}, &table);
    if (statistics == nullptr) return Value::null_of(PhysicalType::kBool);
    for (Oid schema : s.search_path_oids()) {
      if (schema == s.temporary_schema(false)) continue;
      Oid found;
      const catalog::KeyMatch match[] = {{"stxname", Value::of_string(arena.copy(statistics->name))},
                                         {"stxnamespace", Value::of_oid(schema.value())}};
      s.catalog().for_each(catalog::system_table("pg_statistic_ext"), match,
                           [&](const catalog::Row& row) { found = row.oid("oid"); });
      if (found != kInvalidOid) return Value::of_bool(found == statistics->oid);
    }
    return Value::of_bool(false);
  }

  static Value get_constraintdef(Session& s, std::span<const Value> args, Arena& arena) {
    bool pretty = args.size() > 1 && args[1].boolean != 0;
    std::string out;
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(args[0].oid())}};
    s.catalog().for_each(catalog::system_table("pg_constraint"), match, [&](const catalog::Row& row) {
      catalog::RelationPtr table = s.catalog().relation(row.oid("conrelid"));
      std::string own;
      switch (row.letter("contype")) {
        case 'c':
          own = fmt::format("CHECK ({}){}",
                            table == nullptr ? domain_condition(s, row, pretty)
                                             : expression(s, row.text("conbin"), table, pretty),
                            row.boolean("connoinherit") ? " NO INHERIT" : "");
          break;
        case 'p':
        case 'u':
          if (table != nullptr) own = index_constraint(*table, row);
          break;
        case 'f':
          if (table != nullptr) own = foreign_key(s, *table, row);
          break;
        default:
          break;
      }
      if (own.empty()) return;
      out = own;
      if (row.boolean("condeferrable")) out += " DEFERRABLE";
      if (row.boolean("condeferred")) out += " INITIALLY DEFERRED";
      if (!row.boolean("convalidated")) out += " NOT VALID";
    });
    return out.empty() ? none() : text(out, arena);
  }

 private:
  static Value text(std::string_view v, Arena& arena) { return Value::of_string(arena.copy(v)); }
  static Value none() { return Value::null_of(PhysicalType::kString); }

  static std::vector<Oid> path(Session& s) {
    std::vector<Oid> path = s.search_path_oids();
    if (std::find(path.begin(), path.end(), catalog::kPgCatalogSchema) == path.end()) {
      path.insert(path.begin(), catalog::kPgCatalogSchema);
    }
    return path;
  }
  static std::string relation_name(Session& s, const catalog::Relation& r, bool qualify) {
    std::string name = parser::quote_identifier(r.name);
    if (!qualify) {
      for (Oid schema : path(s)) {
        Oid found = s.catalog().find_relation_oid(schema, r.name);
        if (found == r.oid) return name;
        if (found != kInvalidOid) break;
      }
    }
    return parser::quote_identifier(r.schema_name) + "." + name;
  }

  class VisibleNames final : public analyzer::RelationNames {
   public:
    explicit VisibleNames(Session& session) : session_(session) {}
    std::string relation(const catalog::Relation& r) override { return relation_name(session_, r, false); }

   private:
    Session& session_;
  };

  // A domain's condition is over VALUE, which is a column of its own here for as long as it takes to print
  // it.
  static std::string domain_condition(Session& s, const catalog::Row& row, bool pretty) {
    constexpr std::string_view kWord = "VALUE", kColumn = "varve_domain_value";
    auto replaced = [](std::string text, std::string_view from, std::string_view to) {
      for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
      return text;
    };
    std::string sql(row.text("conbin"));
    catalog::UserTypePtr domain = catalog::user_type(s.catalog(), row.oid("contypid"));
    if (domain == nullptr) return sql;
    catalog::UserTypePtr below = catalog::user_type(s.catalog(), domain->base);
    bool of_domain = below != nullptr && below->kind == 'd';
    if (!pretty && !of_domain) return sql;
    auto value = std::make_shared<catalog::Relation>();
    catalog::Column column;
    catalog::BaseType base = catalog::base_type(s.catalog(), domain->base, domain->typmod);
    column.name = kColumn;
    column.type = base.type;
    column.typmod = base.typmod;
    column.collation = domain->collation;
    value->columns.push_back(std::move(column));
    return replaced(expression(s, replaced(sql, kWord, kColumn), value, pretty, of_domain), kColumn, kWord);
  }

  // Operators take a domain's value as one of the type under it, and the printed text says so.
  static analyzer::Expr* with_casts(analyzer::Expr* e, Arena& arena) {
    return analyzer::rewrite(e, arena, [&](analyzer::Expr* x) -> analyzer::Expr* {
      using analyzer::ExprKind;
      if (x->kind == ExprKind::kRelabel || x->kind == ExprKind::kNullTest) return x;
      if (x->kind != ExprKind::kColumn) return nullptr;
      auto* cast = arena.make<analyzer::CastExpr>();
      static_cast<analyzer::Expr&>(*cast) = *x;
      cast->kind = ExprKind::kRelabel;
      cast->arg = x;
      cast->implicit = true;
      return cast;
    });
  }

  // A default is printed as what its column takes of it.
  static analyzer::Expr* as_default(analyzer::AnalyzerContext& context, analyzer::Expr* e,
                                    const catalog::Relation& table, std::string_view sql) {
    for (const catalog::Column& c : table.columns) {
      if (!c.dropped && c.default_sql == sql && c.type != e->type)
        return analyzer::coerce_for_assignment(context, e, c.type, c.typmod, c.name);
    }
    return e;
  }

  static std::string expression(Session& s, std::string_view sql, const catalog::RelationPtr& table,
                                bool pretty, bool casts_columns = false, bool lines = true) {
    Arena arena;
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = s.eval_context(arena);
    std::vector<Oid> schemas = s.search_path_oids();
    analyzer::AnalyzerContext context{s.catalog(), arena, relations, eval, sql, schemas};
    analyzer::Expr* e =
        analyzer::analyze_table_expression(context, parser::parse_expression(sql, arena),
                                           table == nullptr ? nullptr : &table, "check constraints");
    if (casts_columns) e = with_casts(e, arena);
    if (table != nullptr) e = as_default(context, e, *table, sql);
    return analyzer::deparse_expression(*e, table.get(), eval, pretty, lines);
  }

  static std::string policy_text(Session& s, std::string_view sql, const catalog::RelationPtr& table,
                                 bool pretty) {
    Arena arena;
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = s.eval_context(arena);
    std::vector<Oid> schemas = s.search_path_oids();
    analyzer::AnalyzerContext context{s.catalog(), arena, relations, eval, sql, schemas};
    const analyzer::Expr* e = analyzer::analyze_policy(context, parser::parse_expression(sql, arena), table);
    VisibleNames names(s);
    return analyzer::deparse_policy(*e, table, names, eval, pretty);
  }

  static std::string view_text(Session& s, const catalog::Relation& view, bool pretty) {
    Arena arena;
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = s.eval_context(arena);
    std::vector<Oid> schemas = s.search_path_oids();
    analyzer::AnalyzerContext context{s.catalog(), arena, relations, eval, view.view_sql, schemas};
    std::vector<std::string> columns;
    for (const catalog::Column& c : view.columns) columns.push_back(c.name);
    try {
      const analyzer::Query* query =
          analyzer::analyze(context, parser::parse(view.view_sql, arena).statements[0].statement);
      VisibleNames names(s);
      return analyzer::deparse_query(*query, columns, names, eval, pretty);
    } catch (const SqlError& e) {
      if (e.state() != sqlstate::kFeatureNotSupported) throw;
      return " " + view.view_sql;  // as it was written
    }
  }

  // --- indexes
  static std::shared_ptr<const catalog::Index> find_index(Session& s, Oid oid, catalog::RelationPtr* table) {
    std::shared_ptr<const catalog::Index> found;
    const catalog::KeyMatch match[] = {{"indexrelid", Value::of_oid(oid.value())}};
    s.catalog().for_each(catalog::system_table("pg_index"), match, [&](const catalog::Row& row) {
      *table = s.catalog().relation(row.oid("indrelid"));
      if (!row.boolean("indisready")) found = index_in_name_only(s, oid, row);
      for (const catalog::Index& index : (*table)->indexes) {
        if (index.oid == oid) found = {*table, &index};
      }
    });
    return found;
  }
  // Nobody but the reader of its definition wants one, so that the table's picture does not have it.
  static std::shared_ptr<const catalog::Index> index_in_name_only(Session& s, Oid oid,
                                                                  const catalog::Row& row) {
    auto index = std::make_shared<catalog::Index>();
    index->oid = oid;
    if (catalog::RelationPtr self = s.catalog().relation(oid)) index->name = self->name;
    const std::vector<int64_t> columns = row.numbers("indkey"), options = row.numbers("indoption");
    for (size_t i = 0; i < columns.size(); ++i) {
      catalog::IndexColumn& key = index->keys.emplace_back();
      key.column = static_cast<catalog::ColumnNumber>(columns[i]);
      key.descending = (options[i] & 1) != 0;
      key.nulls_first = (options[i] & 2) != 0;
    }
    return index;
  }
  // A call needs no parentheses of its own.
  static bool looks_like_call(const std::string& sql) {
    size_t open = sql.find('(');
    if (open == std::string::npos || open == 0 || sql.back() != ')') return false;
    int depth = 0;
    for (size_t i = open; i < sql.size(); ++i) {
      if (sql[i] == '\'') {
        for (++i; i < sql.size() && sql[i] != '\''; ++i) {
        }
        continue;
      }
      if (sql[i] == '(') ++depth;
      if (sql[i] == ')' && --depth == 0 && i + 1 < sql.size()) return false;
    }
    std::string_view name(sql.data(), open);
    return name.find(' ') == std::string_view::npos && name.find(':') == std::string_view::npos;
  }
  static std::string index_key(Session& s, const catalog::Index& index, const catalog::RelationPtr& table,
                               size_t i, bool pretty) {
    const catalog::IndexColumn& key = index.keys[i];
    if (key.column > 0) return parser::quote_identifier(table->column(key.column).name);
    std::string sql = expression(s, key.expression_sql, table, pretty);
    return looks_like_call(sql) ? sql : "(" + sql + ")";
  }
  static Oid collation_of(Session& s, std::string_view sql, const catalog::RelationPtr& table) {
    Arena arena;
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = s.eval_context(arena);
    std::vector<Oid> schemas = s.search_path_oids();
    analyzer::AnalyzerContext context{s.catalog(), arena, relations, eval, sql, schemas};
    return analyzer::analyze_table_expression(context, parser::parse_expression(sql, arena), &table,
                                              "index expressions")
        ->collation;
  }
  // The operator class's name unless it is the one that its type has without being asked.
  static std::string chosen_class(Session& s, Oid opclass) {
    std::string name;
    if (opclass == kInvalidOid) return name;
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(opclass.value())}};
    s.catalog().for_each(catalog::system_table("pg_opclass"), match, [&](const catalog::Row& row) {
      if (!row.boolean("opcdefault")) name = row.text("opcname");
    });
    return name;
  }
  static std::string index_text(Session& s, const catalog::Index& index, const catalog::RelationPtr& table,
                                bool pretty) {
    std::string keys, included, options;
    for (size_t i = 0; i < index.keys.size(); ++i) {
      const catalog::IndexColumn& key = index.keys[i];
      keys += (keys.empty() ? "" : ", ") + index_key(s, index, table, i, pretty);
      const Oid own =
          key.column > 0 ? table->column(key.column).collation : collation_of(s, key.expression_sql, table);
      if (key.collation_oid != own && key.collation_oid != kInvalidOid) {
        keys += " COLLATE ";
        s.append_reg(type_oid::kRegcollation, key.collation_oid.value(), keys);
      }
      if (const std::string name = chosen_class(s, key.opclass); !name.empty()) keys += " " + name;
      const auto* inverted = functions::inverted_class(key.inverted);
      if (inverted != nullptr && inverted != functions::default_inverted_class(key.type))
        keys += fmt::format(" {}", inverted->name);
      if (key.descending)
        keys += key.nulls_first ? " DESC" : " DESC NULLS LAST";
      else if (key.nulls_first)
        keys += " NULLS FIRST";
    }
    for (catalog::ColumnNumber n : index.included) {
      included += (included.empty() ? "" : ", ") + parser::quote_identifier(table->column(n).name);
    }
    std::string out =
        fmt::format("CREATE {}INDEX {} ON {} USING {} ({})", index.unique ? "UNIQUE " : "",
                    parser::quote_identifier(index.name),
                    (table->is_partitioned() ? "ONLY " : "") + relation_name(s, *table, !pretty),
                    index.inverted() ? "gin" : "btree", keys);
    if (!included.empty()) out += fmt::format(" INCLUDE ({})", included);
    if (index.nulls_not_distinct) out += " NULLS NOT DISTINCT";
    if (std::string with = storage_options(s, index.oid); !with.empty())
      out += fmt::format(" WITH ({})", with);
    if (!index.predicate_sql.empty()) out += " WHERE " + expression(s, index.predicate_sql, table, pretty);
    return out;
  }
  // {fillfactor=70} as fillfactor='70'.
  static std::string storage_options(Session& s, Oid relation) {
    std::string out, printed;
    Arena arena;
    functions::EvalContext eval = s.eval_context(arena);
    const catalog::KeyMatch match[] = {{"oid", Value::of_oid(relation.value())}};
    s.catalog().for_each(catalog::system_table("pg_class"), match, [&](const catalog::Row& row) {
      if (!row.is_null("reloptions"))
        functions::append_value(type_oid::kTextArray, row["reloptions"], printed, eval);
    });
    std::string_view rest = printed;
    if (rest.size() < 2) return out;
    rest = rest.substr(1, rest.size() - 2);
    while (!rest.empty()) {
      size_t comma = rest.find(',');
      std::string_view option = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      size_t equals = option.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view value = option.substr(equals + 1);
      const bool bare = parser::quote_identifier(value) == value;
      out += fmt::format("{}{}={}{}{}", out.empty() ? "" : ", ",
                         parser::quote_identifier(option.substr(0, equals)), bare ? "" : "'", value,
                         bare ? "" : "'");
    }
    return out;
  }

  // --- constraints
  static std::string column_list(const catalog::Relation& table, std::span<const int64_t> numbers) {
    std::string out;
    for (int64_t n : numbers) {
      out += (out.empty() ? "" : ", ") +
             parser::quote_identifier(table.column(static_cast<catalog::ColumnNumber>(n)).name);
    }
    return out;
  }
  static std::string index_constraint(const catalog::Relation& table, const catalog::Row& row) {
    bool primary = row.letter("contype") == 'p';
    std::string nulls, included;
    for (const catalog::Index& index : table.indexes) {
      if (index.oid != row.oid("conindid")) continue;
      if (index.nulls_not_distinct && !primary) nulls = " NULLS NOT DISTINCT";
      std::vector<int64_t> numbers(index.included.begin(), index.included.end());
      if (!numbers.empty()) included = fmt::format(" INCLUDE ({})", column_list(table, numbers));
    }
    return fmt::format("{}{} ({}){}", primary ? "PRIMARY KEY" : "UNIQUE", nulls,
                       column_list(table, row.numbers("conkey")), included);
  }
  static std::string foreign_key(Session& s, const catalog::Relation& table, const catalog::Row& row) {
    catalog::RelationPtr other = s.catalog().relation(row.oid("confrelid"));
    std::string out =
        fmt::format("FOREIGN KEY ({}) REFERENCES {}({})", column_list(table, row.numbers("conkey")),
                    relation_name(s, *other, false), column_list(*other, row.numbers("confkey")));
    auto action = [&](char c, std::string_view on) {
      std::string_view what = c == 'c'   ? "CASCADE"
                              : c == 'n' ? "SET NULL"
                              : c == 'd' ? "SET DEFAULT"
                              : c == 'r' ? "RESTRICT"
                                         : "";
      if (!what.empty()) out += fmt::format(" ON {} {}", on, what);
    };
    if (row.letter("confmatchtype") == 'f') out += " MATCH FULL";
    action(row.letter("confupdtype"), "UPDATE");
    action(row.letter("confdeltype"), "DELETE");
    if (!row.is_null("confdelsetcols"))
      out += fmt::format(" ({})", column_list(table, row.numbers("confdelsetcols")));
    return out;
  }
};

CatalogFunction* find_definition_function(std::string_view name) {
  using F = DefinitionFunctions;
  static const std::unordered_map<std::string_view, CatalogFunction*> kTable = {
      {"pg_get_expr", F::get_expr},
      {"pg_get_viewdef", F::get_viewdef},
      {"pg_relation_is_updatable", F::relation_is_updatable},
      {"pg_column_is_updatable", F::column_is_updatable},
      {"pg_get_partkeydef", F::get_partkeydef},
      {"pg_get_partition_constraintdef", F::get_partition_constraintdef},
      {"hash_partition_key", F::hash_partition_key},
      {"pg_partition_root", F::partition_root},
      {"pg_get_indexdef", F::get_indexdef},
      {"pg_get_constraintdef", F::get_constraintdef},
      {"pg_get_statisticsobjdef", F::get_statisticsdef},
      {"pg_get_statisticsobjdef_columns", F::get_statistics_columns},
      {"pg_get_statisticsobjdef_expressions", F::get_statistics_expressions},
      {"pg_statistics_obj_is_visible", F::is_statistics_visible},
  };
  auto it = kTable.find(name);
  return it == kTable.end() ? nullptr : it->second;
}

}  // namespace varve::session
