// Rows of a file in COPY's text format into a table by prepared INSERT statements, as collectors of metrics
// do it.
//
//   tsbs_insert DSN FILE TABLE ROWS batch N      one statement of N rows at a time, each a transaction
//   tsbs_insert DSN FILE TABLE ROWS pipeline N   statements of one row, N of them in a transaction, pipelined
//
// Prints the seconds that it took until the last commit was acknowledged.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <libpq-fe.h>
#include <string>
#include <vector>

namespace {

struct Row {
  std::string line;
  std::vector<const char*> fields;
};

[[noreturn]] void fail(PGconn* connection, const char* what) {
  std::fprintf(stderr, "%s: %s", what, PQerrorMessage(connection));
  std::exit(1);
}

std::vector<Row> read_rows(const char* path, size_t count) {
  std::ifstream file(path);
  std::vector<Row> rows(count);
  for (size_t i = 0; i < count; ++i) {
    if (!std::getline(file, rows[i].line)) {
      std::fprintf(stderr, "%s has not that many rows\n", path);
      std::exit(1);
    }
  }
  for (Row& row : rows) {
    row.fields.push_back(row.line.data());
    for (char& c : row.line) {
      if (c != '\t') continue;
      c = '\0';
      row.fields.push_back(&c + 1);
    }
  }
  return rows;
}

std::string insert_statement(const std::string& table, size_t rows, size_t columns) {
  std::string sql = "INSERT INTO " + table + " VALUES ";
  for (size_t i = 0; i < rows * columns; ++i) {
    sql += i % columns != 0 ? "," : i == 0 ? "(" : "),(";
    sql += "$" + std::to_string(i + 1);
  }
  return sql + ")";
}

void prepare(PGconn* connection, const std::string& table, size_t rows, size_t columns) {
  PGresult* result =
      PQprepare(connection, "insert", insert_statement(table, rows, columns).c_str(), 0, nullptr);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(connection, "prepare");
  PQclear(result);
}

void run_batches(PGconn* connection, const std::vector<Row>& rows, size_t batch) {
  std::vector<const char*> values;
  for (size_t at = 0; at + batch <= rows.size(); at += batch) {
    values.clear();
    for (size_t i = at; i < at + batch; ++i)
      values.insert(values.end(), rows[i].fields.begin(), rows[i].fields.end());
    PGresult* result = PQexecPrepared(connection, "insert", static_cast<int>(values.size()), values.data(),
                                      nullptr, nullptr, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(connection, "insert");
    PQclear(result);
  }
}

// What PostgreSQL sends between two synchronisation points is one transaction.
void run_pipeline(PGconn* connection, const std::vector<Row>& rows, size_t batch) {
  if (PQenterPipelineMode(connection) != 1) fail(connection, "pipeline");
  for (size_t at = 0; at + batch <= rows.size(); at += batch) {
    for (size_t i = at; i < at + batch; ++i) {
      if (PQsendQueryPrepared(connection, "insert", static_cast<int>(rows[i].fields.size()),
                              rows[i].fields.data(), nullptr, nullptr, 0) != 1)
        fail(connection, "insert");
    }
    if (PQpipelineSync(connection) != 1) fail(connection, "sync");
    for (bool synchronised = false; !synchronised;) {
      PGresult* result = PQgetResult(connection);
      if (result == nullptr) continue;  // between the results of two statements
      const ExecStatusType status = PQresultStatus(result);
      synchronised = status == PGRES_PIPELINE_SYNC;
      if (!synchronised && status != PGRES_COMMAND_OK) fail(connection, "insert");
      PQclear(result);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: tsbs_insert DSN FILE TABLE ROWS batch|pipeline N\n");
    return 2;
  }
  const std::vector<Row> rows = read_rows(argv[2], std::strtoul(argv[4], nullptr, 10));
  const size_t batch = std::strtoul(argv[6], nullptr, 10);
  const bool pipelined = std::string(argv[5]) == "pipeline";
  PGconn* connection = PQconnectdb(argv[1]);
  if (PQstatus(connection) != CONNECTION_OK) fail(connection, "connect");
  prepare(connection, argv[3], pipelined ? 1 : batch, rows[0].fields.size());
  const auto started = std::chrono::steady_clock::now();
  if (pipelined)
    run_pipeline(connection, rows, batch);
  else
    run_batches(connection, rows, batch);
  std::printf("%.4f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  PQfinish(connection);
  return 0;
}
