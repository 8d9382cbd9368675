// What a C++ application does through libpqxx.
#include <iostream>
#include <pqxx/pqxx>
#include <string>

namespace {

int checks = 0;

template <typename A, typename B>
void same(const A& expected, const B& actual, const char* what) {
  ++checks;
  if (!(expected == actual)) throw std::runtime_error(std::string(what) + " differs");
}

void tables(pqxx::connection& connection) {
  pqxx::work work(connection);
  work.exec("DROP TABLE IF EXISTS x");
  work.exec("CREATE TABLE x (id int PRIMARY KEY, name text, n numeric)");
  for (int i = 0; i < 10; ++i)
    work.exec_params("INSERT INTO x VALUES ($1, $2, $3)", i, "n" + std::to_string(i), i * 1.5);
  work.commit();
  pqxx::nontransaction read(connection);
  pqxx::result rows = read.exec("SELECT id, name, n FROM x ORDER BY id");
  same(10u, static_cast<unsigned>(rows.size()), "row count");
  same(3, rows[3][0].as<int>(), "int");
  same(std::string("n3"), rows[3]["name"].as<std::string>(), "text");
  same(4.5, rows[3][2].as<double>(), "numeric");
}

void prepared(pqxx::connection& connection) {
  connection.prepare("by_id", "SELECT name FROM x WHERE id = $1");
  pqxx::work work(connection);
  for (int i = 0; i < 10; ++i) {
    same("n" + std::to_string(i), work.exec_prepared1("by_id", i)[0].as<std::string>(), "prepared");
  }
}

void aborted(pqxx::connection& connection) {
  try {
    pqxx::work work(connection);
    work.exec("INSERT INTO x VALUES (100)");
    work.exec("INSERT INTO x VALUES (100)");
    throw std::runtime_error("a duplicate key was accepted");
  } catch (const pqxx::unique_violation& violation) {
    same(std::string("23505"), violation.sqlstate(), "SQLSTATE");
  }
  pqxx::nontransaction read(connection);
  same(0, read.exec1("SELECT count(*) FROM x WHERE id = 100")[0].as<int>(), "after the abort");
}

void subtransaction(pqxx::connection& connection) {
  pqxx::work work(connection);
  try {
    pqxx::subtransaction inner(work, "inner");
    inner.exec("SELECT 1/0");
  } catch (const pqxx::sql_error&) {
    ++checks;
  }
  same(1, work.exec1("SELECT 1")[0].as<int>(), "after the subtransaction");
}

void cursor(pqxx::connection& connection) {
  pqxx::work work(connection);
  pqxx::icursorstream stream(work, "SELECT g FROM generate_series(1, 1000) g", "numbers", 100);
  pqxx::result part;
  long sum = 0;
  while (stream >> part) {
    for (const auto& row : part) sum += row[0].as<long>();
  }
  same(500500L, sum, "sum through a cursor");
}

void pipeline(pqxx::connection& connection) {
  pqxx::nontransaction work(connection);
  pqxx::pipeline pipe(work);
  auto first = pipe.insert("SELECT 1");
  auto second = pipe.insert("SELECT 2");
  same(2, pipe.retrieve(second)[0][0].as<int>(), "second of the pipeline");
  same(1, pipe.retrieve(first)[0][0].as<int>(), "first of the pipeline");
}

}  // namespace

int main(int, char** argv) {
  int failures = 0;
  pqxx::connection connection(argv[1]);
  struct {
    const char* name;
    void (*run)(pqxx::connection&);
  } parts[] = {{"tables", tables},   {"prepared", prepared},
               {"aborted", aborted}, {"subtransaction", subtransaction},
               {"cursor", cursor},   {"pipeline", pipeline}};
  for (const auto& part : parts) {
    try {
      part.run(connection);
      std::cout << "ok " << part.name << "\n";
    } catch (const std::exception& error) {
      ++failures;
      std::cout << "FAILED " << part.name << ": " << error.what() << "\n";
    }
  }
  std::cout << checks << " checks\n";
  return failures == 0 ? 0 : 1;
}
