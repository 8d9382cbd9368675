// Rows of pg_stat_get_wal() and its kind.
#pragma once

#include <vector>

#include "memory/arena.h"
#include "types/value.h"

namespace varve::session {

class Session;

void log_statistics_row(Session& session, Arena& arena, std::vector<types::Value>& out);
void archiver_row(Session& session, std::vector<types::Value>& out);

}  // namespace varve::session
