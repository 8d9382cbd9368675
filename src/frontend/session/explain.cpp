// EXPLAIN: options, the statement that is explained, and its run under ANALYZE.
#include "explain.h"

#include <chrono>
#include <deque>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "analyzer/analyzer.h"
#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "session.h"

namespace varve::session {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

class ExplainCommand {
 public:
  ExplainCommand(Session& session, const parser::ExplainStmt& stmt, const Statement& outer, net::Output& out)
      : session_(session),
        outer_(outer),
        out_(out),
        options_(read_explain_options(stmt, outer.sql)),
        query_(stmt.query) {}

  void run(std::span<const types::Value> params) { write(text(params)); }

  // What it says; nothing where there is nothing to say.
  std::optional<std::string> text(std::span<const types::Value> params) {
    session_.ensure_transaction();
    StatementPtr statement = target(&params);
    if (is_done_) return std::nullopt;
    if (statement == nullptr) return "Utility statements have no plan structure";
    auto start = std::chrono::steady_clock::now();
    IoCounters io = t_io_counters;
    session_.ensure_plan(*statement);
    summary_.planning_io = t_io_counters - io;
    summary_.planning_ms = milliseconds_since(start);
    auto plan = statement->plan;
    functions::EvalContext eval = session_.eval_context(arena_);
    if (options_.settings) collect_settings();
    if (!options_.analyze) {
      auto root = explain_plan(*plan, options_, {}, eval);
      return format_explain(*root, options_, summary_);
    }
    session_.check_read_only(*statement);
    executor::ExecutionSettings settings = session_.execution_settings();
    settings.instrument = true;
    executor::Execution execution(*plan, settings, &session_.instance_.scheduler());
    start = std::chrono::steady_clock::now();
    size_t mark = session_.constraints_.begin_statement();
    struct Measure {
      Session& session;
      ~Measure() {
        session.pl_.measure_triggers(nullptr);
        session.constraints_.measure(nullptr);
      }
    } measure{session_};
    session_.pl_.measure_triggers(&summary_.triggers);
    std::vector<executor::ConstraintTime> constraints;
    session_.constraints_.measure(&constraints);
    session_.start_execution(execution, params);
    vector::Chunk* chunk = nullptr;
    while (execution.next(chunk)) {
    }
    std::vector<executor::NodeCounters> counters = execution.context().counters;
    execution.finish();
    session_.constraints_.end_statement(mark);
    summary_.execution_ms = milliseconds_since(start);
    for (const executor::ConstraintTime& t : constraints) {
      std::string name = fmt::format("RI_ConstraintTrigger_{}", t.constraint.value());
      summary_.triggers.push_back({t.constraint, std::move(name), t.name, t.relation, false, t.calls, t.ms});
    }
    if (!session_.nested_) session_.txn_->release_snapshot();
    auto root = explain_plan(*plan, options_, counters, eval);
    if (fills_table_) root = without_insert(std::move(root));
    return format_explain(*root, options_, summary_);
  }

  bool is_text() const { return options_.format == ExplainFormat::kText; }

 private:
  // The statement whose plan is shown; null: it has none.
  StatementPtr target(std::span<const types::Value>* params) {
    using parser::NodeKind;
    parser::Node* node = query_;
    if (node->kind == NodeKind::kExecuteStmt) {
      const auto& execute = *parser::as<parser::ExecuteStmt>(node);
      auto it = session_.statements_.find(std::string(execute.name));
      if (it == session_.statements_.end()) {
        throw SqlError(sqlstate::kInvalidSqlStatementName,
                       fmt::format("prepared statement \"{}\" does not exist", execute.name));
      }
      if (!Session::is_planned(it->second->node)) return nullptr;
      session_.ensure_plan(*it->second);
      params_ = session_.execute_params(execute, *it->second, outer_.sql, arena_);
      *params = params_;
      return it->second;
    }
    if (node->kind == NodeKind::kCreateTableAsStmt) {
      const auto& create = *parser::as<parser::CreateTableAsStmt>(node);
      if (options_.analyze) return create_table(create);
      node = create.query;
    }
    if (node->kind == NodeKind::kDeclareCursorStmt) node = parser::as<parser::DeclareCursorStmt>(node)->query;
    if (!Session::is_planned(node)) return nullptr;
    StatementPtr statement = session_.make_statement(outer_.sql, node);
    statement->local_tables = outer_.local_tables;
    statement->param_types = outer_.param_types;
    statement->variables = outer_.variables;
    return statement;
  }

  // Under ANALYZE the table is made, and what is explained fills it.
  StatementPtr create_table(const parser::CreateTableAsStmt& create) {
    if (create.materialized_view || create.into->skip_data || !parser::is<parser::SelectStmt>(create.query))
      throw_not_supported("EXPLAIN ANALYZE of this form of CREATE TABLE AS");
    parser::IntoClause into = *create.into;
    into.skip_data = true;
    parser::CreateTableAsStmt empty = create;
    empty.into = &into;
    uint64_t changes = session_.catalog_changes_;
    session_.run_command(&empty, outer_.sql);
    is_done_ = session_.catalog_changes_ == changes;  // IF NOT EXISTS, and it does
    if (is_done_) return nullptr;
    std::deque<catalog::RelationPtr> relations;
    functions::EvalContext eval = session_.eval_context(arena_);
    std::vector<Oid> path = session_.search_path_oids();
    analyzer::AnalyzerContext context{session_.catalog(), arena_, relations, eval, outer_.sql, path};
    catalog::RelationPtr made = analyzer::find_relation(context, *into.relation, txn::LockMode::kNone);
    auto* table = arena_.make<parser::RangeVar>();
    table->schema = arena_.copy(made->schema_name);
    table->name = arena_.copy(made->name);
    auto* insert = arena_.make<parser::InsertStmt>();
    insert->relation = table;
    insert->source = parser::as<parser::SelectStmt>(create.query);
    fills_table_ = true;
    StatementPtr statement = session_.make_statement(outer_.sql, insert);
    statement->variables = outer_.variables;
    return statement;
  }

  // The query's plan, with what runs before it.
  static std::unique_ptr<ExplainNode> without_insert(std::unique_ptr<ExplainNode> root) {
    std::unique_ptr<ExplainNode> query = std::move(root->children.back());
    root->children.pop_back();
    query->relationship.clear();
    query->children.insert(query->children.begin(), std::make_move_iterator(root->children.begin()),
                           std::make_move_iterator(root->children.end()));
    return query;
  }

  void collect_settings() {
    for (const SettingInfo& info : all_settings()) {
      bool shown = info.category.starts_with("Query Tuning") || info.name == "work_mem" ||
                   info.name == "search_path" || info.name == "hash_mem_multiplier" ||
                   info.name == "temp_buffers" || info.name == "max_parallel_workers" ||
                   info.name == "max_parallel_workers_per_gather" || info.name == "effective_io_concurrency";
      if (!shown || session_.settings_.get(info.name) == info.default_value) continue;
      summary_.settings.emplace_back(info.name, display_setting(info, session_.settings_.get(info.name)));
    }
  }

  // Text is one row a line, the other formats are one value.
  void write(const std::optional<std::string>& answer) {
    planner::OutputColumn column = explain_column(options_.format);
    session_.begin_rows({&column, 1}, out_);
    if (!answer.has_value()) return;
    std::string_view text = *answer;
    while (true) {
      size_t end = options_.format == ExplainFormat::kText ? text.find('\n') : std::string_view::npos;
      out_.begin_data_row(1);
      out_.column(text.substr(0, end));
      out_.end_data_row();
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
  }

  Session& session_;
  const Statement& outer_;
  net::Output& out_;
  ExplainOptions options_;
  parser::Node* query_;
  ExplainSummary summary_;
  Arena arena_;
  std::vector<types::Value> params_;
  bool fills_table_ = false;  // EXPLAIN ANALYZE CREATE TABLE AS
  bool is_done_ = false;      // and there was nothing to do
};

// The answer as a query of constants, which can be read like any other.
pl::SqlStatementPtr Session::explain(const pl::SqlStatementPtr& statement,
                                     std::span<const types::Value> params) {
  const txn::Snapshot* active = pl_.active_snapshot();
  std::optional<std::string> answer;
  bool by_line = false;
  {
    struct Restore {
      bool& flag;
      bool outer;
      ~Restore() { flag = outer; }
    } restore{nested_, nested_};
    nested_ = true;
    ExplainCommand command(*this, *parser::as<parser::ExplainStmt>(statement->node),
                           static_cast<const Statement&>(*statement), client_.output());
    answer = command.text(params);
    by_line = command.is_text();
  }
  pl_.set_active_snapshot(active);
  std::string sql = "SELECT * FROM (VALUES ";
  std::string_view rest = answer.has_value() ? std::string_view(*answer) : std::string_view();
  for (bool more = true; more;) {
    size_t end = by_line ? rest.find('\n') : std::string_view::npos;
    sql += "(E'";
    for (char c : rest.substr(0, end))
      sql += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    sql += "'::pg_catalog.text)";
    more = end != std::string_view::npos;
    if (more) rest.remove_prefix(end + 1), sql += ", ";
  }
  sql += ") x(\"QUERY PLAN\")";
  if (!answer.has_value()) sql += " LIMIT 0";
  return make_statement(sql);
}

void Session::run_explain(const parser::ExplainStmt& stmt, const Statement& outer,
                          std::span<const types::Value> params, net::Output& out) {
  ExplainCommand(*this, stmt, outer, out).run(params);
}

}  // namespace varve::session
