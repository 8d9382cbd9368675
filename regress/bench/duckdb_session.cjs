// One DuckDB database on standard input and output, for regress/bench/peers.py: a line of JSON {"sql": …} in, a
// line {"ms": …, "rows": [[…]]} or {"error": …} out. The time is that of running the query to its last row;
// turning the rows into text is not in it.
const readline = require("node:readline");
const duckdb = require("@duckdb/node-api");

async function main() {
  const [path, threads] = process.argv.slice(2);
  const instance = await duckdb.DuckDBInstance.create(path, { threads });
  const connection = await instance.connect();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      const { sql } = JSON.parse(line);
      const started = process.hrtime.bigint();
      const result = await connection.run(sql);
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      answer = { ms, rows: await result.getRowsJson() };
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}

main();
