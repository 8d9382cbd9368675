// show_chunks() and drop_chunks(): sets of chunks by bounds of any type. What they mean is written in SQL;
// here values become text and type, because a function in SQL takes no "any".
#include <fmt/format.h>

#include "bindings.h"
#include "functions/quoting.h"
#include "functions/type_oids.h"

namespace varve::hypertable {

using functions::CallSite;
using functions::EvalContext;
using functions::quoted_literal;
using types::Value;

namespace {

struct Result {
  std::span<const Value> values;
  size_t at = 0;
};

// "'2024-01-01'::text, 1184::oid::regtype", the value as the session writes it.
std::string bound(EvalContext& context, const Value& value, Oid type) {
  std::string text = "NULL::pg_catalog.text";
  if (!value.null) {
    std::string written;
    functions::append_value(type, value, written, context);
    text = quoted_literal(written) + "::pg_catalog.text";
  }
  return fmt::format("{}, {}::pg_catalog.oid::pg_catalog.regtype", text, type.value());
}

std::string relation_text(const Value& relation) {
  return relation.null ? "NULL::pg_catalog.regclass"
                       : fmt::format("{}::pg_catalog.oid::pg_catalog.regclass", relation.oid());
}

std::vector<Value> query_row(EvalContext& context, std::string_view sql, Arena& arena) {
  std::vector<Value> row;
  const Value args[] = {Value::of_string(arena.copy(sql))};
  context.session->rows("varve_query_row", args, arena, row);
  return row;
}

// The chunks that the arguments from `first` on mean: text of the array that `what` makes of them.
std::string_view chunks_text(EvalContext& context, const CallSite& site, std::span<const Value> args,
                             std::string_view what, const size_t (&bounds)[4], Arena& arena) {
  std::string sql = fmt::format(
      "SELECT pg_catalog.string_agg({}, E'\\n' ORDER BY c.id) FROM "
      "_timescaledb_functions.chunks_between({}",
      what, relation_text(args[0]));
  for (size_t b : bounds) sql += ", " + bound(context, args[b], site.arg_types[b]);
  std::vector<Value> row = query_row(context, sql + ") c", arena);
  return row.empty() || row[0].null ? std::string_view() : arena.copy(row[0].view());
}

template <class F>
void for_each_line(std::string_view text, F&& f) {
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    f(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void* open_show(EvalContext& context, const CallSite& site, std::span<const Value> args, Arena& memory) {
  std::vector<Value> found;
  std::string_view oids = chunks_text(context, site, args,
                                      "_timescaledb_functions.chunk_relation(c.schema_name, "
                                      "c.table_name)::pg_catalog.oid::pg_catalog.text",
                                      {1, 2, 3, 4}, memory);
  for_each_line(oids, [&](std::string_view line) {
    found.push_back(Value::of_oid(static_cast<uint32_t>(std::stoul(std::string(line)))));
  });
  return memory.make<Result>(memory.copy(found));
}

// Names first: they are the result, and the chunks' relations are about to go.
void* open_drop(EvalContext& context, const CallSite& site, std::span<const Value> args, Arena& memory) {
  std::vector<Value> dropped;
  auto run = [&](const std::string& sql) {
    const Value text[] = {Value::of_string(memory.copy(sql))};
    context.session->call("varve_run_sql", text, memory);
  };
  constexpr size_t kBounds[] = {1, 2, 4, 5};
  bool any = false;
  for (size_t b : kBounds) any |= !args[b].null;
  run(fmt::format("SELECT _timescaledb_functions.check_drop_chunks({}, {})", relation_text(args[0]), any));
  std::string_view found = chunks_text(
      context, site, args,
      "c.id || ' ' || pg_catalog.quote_ident(c.schema_name) || '.' || pg_catalog.quote_ident(c.table_name)",
      kBounds, memory);
  std::string numbers;
  for_each_line(found, [&](std::string_view line) {
    const size_t space = line.find(' ');
    numbers.append(numbers.empty() ? "" : ",").append(line.substr(0, space));
    dropped.push_back(Value::of_string(line.substr(space + 1)));
  });
  run(fmt::format("SELECT _timescaledb_functions.drop_chunk_set('{{{}}}')", numbers));
  return memory.make<Result>(memory.copy(dropped));
}

void next(EvalContext&, void* state, vector::Chunk& out) {
  auto& result = *static_cast<Result*>(state);
  uint32_t rows = 0;
  for (; result.at < result.values.size() && rows < vector::kChunkRows; ++rows)
    out.column(0).set_value(rows, result.values[result.at++]);
  out.set_dense(rows);
}

}  // namespace

const functions::TableFunctionImpl kShowChunks{open_show, next};
const functions::TableFunctionImpl kDropChunks{open_drop, next};

}  // namespace varve::hypertable
