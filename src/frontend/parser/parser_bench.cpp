#include <benchmark/benchmark.h>

#include "memory/arena.h"
#include "parser/normalize.h"
#include "parser/parser.h"

namespace varve::parser {
namespace {

constexpr std::string_view kPointRead = "SELECT abalance FROM pgbench_accounts WHERE aid = 4711";
constexpr std::string_view kUpdate = "UPDATE pgbench_accounts SET abalance = abalance + -42 WHERE aid = 4711";
constexpr std::string_view kJoin =
    "SELECT o.id, c.name, sum(l.quantity * l.price) AS total FROM orders o JOIN customers c ON c.id = "
    "o.customer_id "
    "LEFT JOIN lines l USING (order_id) WHERE o.day BETWEEN '2020-01-01' AND '2020-12-31' AND c.region IN "
    "('a', 'b') "
    "GROUP BY o.id, c.name HAVING count(*) > 3 ORDER BY total DESC NULLS LAST LIMIT 10";

void parse_one(benchmark::State& state, std::string_view sql) {
  Arena arena;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse(sql, arena).statements.data());
    arena.reset();
  }
}
void normalize_one(benchmark::State& state, std::string_view sql) {
  Arena arena;
  for (auto _ : state) {
    benchmark::DoNotOptimize(normalize_literals(sql, arena).text.data());
    arena.reset();
  }
}
BENCHMARK_CAPTURE(parse_one, point_read, kPointRead);
BENCHMARK_CAPTURE(parse_one, update, kUpdate);
BENCHMARK_CAPTURE(parse_one, join, kJoin);
BENCHMARK_CAPTURE(normalize_one, point_read, kPointRead);
BENCHMARK_CAPTURE(normalize_one, update, kUpdate);

}  // namespace
}  // namespace varve::parser
