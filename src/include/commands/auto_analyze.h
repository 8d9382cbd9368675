// ANALYZE without being asked: for tables of which much has changed since their statistics were made.
#pragma once

#include <cstdint>

namespace varve::catalog {
class Database;
}
namespace varve::sync {
class CancelToken;
}
namespace varve::txn {
class TxnManager;
}

namespace varve::commands {

// A table is due when more than `threshold` + `scale_factor` * its rows have changed.
struct AutoAnalyzeLimits {
  uint64_t threshold = 50;
  double scale_factor = 0.1;
};

// Analyzes the tables of the database that are due, one transaction each, and leaves alone those that
// somebody else has locked. Returns how many it did; what went wrong with one stands in the log. `now_us` is
// noted as the time. Throws SqlError (57014 when `cancel` is raised).
int auto_analyze(catalog::Database& database, txn::TxnManager& txns, const AutoAnalyzeLimits& limits,
                 sync::CancelToken* cancel, int64_t now_us);

}  // namespace varve::commands
