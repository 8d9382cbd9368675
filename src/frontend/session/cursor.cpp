#include "cursor.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "access/heap.h"
#include "common/sql_error.h"
#include "inner_statement.h"
#include "parser/lock_clause.h"
#include "session.h"

namespace varve::session {

using types::Value;

// --- CursorRows
// -----------------------------------------------------------------------------------------------

CursorRows::CursorRows(const executor::ExecutionSettings& settings,
                       std::span<const planner::OutputColumn> columns)
    : settings_(settings),
      rows_(settings_, executor::physical_types(columns), settings_.work_mem_bytes),
      reader_(rows_) {}

void CursorRows::append(const vector::Chunk& chunk) {
  if (chunk.count() == 0) return;
  first_.push_back(size() + 1);
  rows_.append(chunk);
}

const vector::Chunk& CursorRows::chunk_of(int64_t number, uint32_t* at) {
  const auto after = std::upper_bound(first_.begin(), first_.end(), number);
  const auto chunk = static_cast<size_t>(after - first_.begin()) - 1;
  if (chunk != current_) {
    shown_ = reader_.read(chunk);
    current_ = chunk;
  }
  *at = static_cast<uint32_t>(number - first_[chunk]);
  return *shown_;
}

Portal::Portal() = default;
Portal::~Portal() = default;

// --- Cursors
// -----------------------------------------------------------------------------------------------

namespace {

SqlError read_only_needed(SqlState state, std::string text, std::string_view kind) {
  return SqlError(state, std::move(text)).detail(fmt::format("{} cursors must be READ ONLY.", kind));
}

void check_options(const parser::DeclareCursorStmt& stmt) {
  auto has = [&](uint16_t option) { return (stmt.options & option) != 0; };
  if (has(parser::kCursorScroll) && has(parser::kCursorNoScroll))
    throw SqlError(sqlstate::kInvalidCursorDefinition, "cannot specify both SCROLL and NO SCROLL");
  if (!parser::is<parser::SelectStmt>(stmt.query)) return;
  const auto& select = *parser::as<parser::SelectStmt>(stmt.query);
  if (select.with != nullptr) {
    for (const parser::CommonTableExpr* cte : select.with->ctes) {
      if (parser::is<parser::SelectStmt>(cte->query)) continue;
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "DECLARE CURSOR must not contain data-modifying statements in WITH");
    }
  }
  if (select.locking.empty() || select.from.empty()) return;
  const std::string_view lock = parser::lock_clause_text(select.locking[0]->strength);
  if (has(parser::kCursorHold)) {
    throw read_only_needed(sqlstate::kFeatureNotSupported,
                           fmt::format("DECLARE CURSOR WITH HOLD ... {} is not supported", lock), "Holdable");
  }
  if (has(parser::kCursorScroll)) {
    throw read_only_needed(sqlstate::kFeatureNotSupported,
                           fmt::format("DECLARE SCROLL CURSOR ... {} is not supported", lock), "Scrollable");
  }
  if (has(parser::kCursorInsensitive)) {
    throw read_only_needed(sqlstate::kInvalidCursorDefinition,
                           fmt::format("DECLARE INSENSITIVE CURSOR ... {} is not valid", lock),
                           "Insensitive");
  }
}

}  // namespace

void Cursors::declare(const parser::DeclareCursorStmt& stmt, const Statement& outer,
                      std::span<const Value> params) {
  check_options(stmt);
  const bool hold = (stmt.options & parser::kCursorHold) != 0;
  if (!hold) s_.require_block("DECLARE CURSOR");
  std::string name(stmt.name);
  if (s_.portals_.count(name) != 0) {
    throw SqlError(sqlstate::kDuplicateCursor, fmt::format("cursor \"{}\" already exists", name));
  }
  auto portal = std::make_unique<Portal>();
  portal->name = name;
  portal->statement = inner_statement(outer, stmt);
  portal->statement->is_cursor = true;
  portal->statement->param_types = outer.param_types;
  s_.ensure_plan(*portal->statement);
  portal->plan = portal->statement->plan;
  portal->execution = s_.take_execution(*portal->statement);
  for (const Value& v : params) portal->params.push_back(types::copy_value(v, portal->arena));
  s_.start_execution(*portal->execution, portal->params);
  portal->started = true;
  const bool locks = parser::is<parser::SelectStmt>(stmt.query) &&
                     !parser::as<parser::SelectStmt>(stmt.query)->locking.empty();
  keep_rows(*portal, locks ? stmt.options | parser::kCursorNoScroll : stmt.options);
  if (hold) {
    // It outlives its transaction: fetch everything now.
    while (!portal->complete) pull(*portal);
  }
  s_.portals_[name] = std::move(portal);
}

void Cursors::keep_rows(Portal& portal, uint16_t options) {
  portal.serial = s_.next_portal_++;
  portal.is_cursor = true;
  portal.cursor_options = options;
  portal.complete = portal.execution == nullptr;
  portal.rows = std::make_unique<CursorRows>(s_.execution_settings(), portal.plan->root->output);
  if (portal.pinned || portal.execution == nullptr) return;
  portal.snapshot_pin = s_.txn_->pin_snapshot(portal.execution->context().snapshot);
  portal.pinned = true;
}

// A portal that Bind made can be fetched from and moved in as well, forwards from where it stands.
void Cursors::make_cursor(Portal& portal) {
  if (portal.is_cursor && !portal.failed) return;
  if (portal.failed || portal.plan == nullptr || !portal.plan->returns_rows) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                   fmt::format("portal \"{}\" cannot be run", portal.name));
  }
  if (!portal.plan->read_only)
    throw_not_supported("FETCH and MOVE in a portal of a statement that changes data");
  s_.start(portal);
  keep_rows(portal, parser::kCursorNoScroll);
}

// More rows to keep, or complete.
void Cursors::pull(Portal& cursor) {
  // Functions that the query calls read by its snapshot.
  const txn::Snapshot* outer = s_.pl_.active_snapshot();
  if (cursor.execution != nullptr) s_.pl_.set_active_snapshot(&cursor.execution->context().snapshot);
  struct Restore {
    pl::Runtime& runtime;
    const txn::Snapshot* snapshot;
    ~Restore() { runtime.set_active_snapshot(snapshot); }
  } restore{s_.pl_, outer};
  // What an Execute with a limit has left of a chunk comes first.
  if (cursor.chunk != nullptr && cursor.chunk_position < cursor.chunk->count()) {
    std::vector<uint16_t> rest;
    for (uint32_t i = cursor.chunk_position; i < cursor.chunk->count(); ++i)
      rest.push_back(static_cast<uint16_t>(cursor.chunk->selection()[i]));
    const vector::Selection all = cursor.chunk->selection();
    cursor.chunk->set_selection({rest.data(), static_cast<uint32_t>(rest.size())});
    cursor.rows->append(*cursor.chunk);
    cursor.chunk->set_selection(all);
    cursor.chunk = nullptr;
    return;
  }
  if (cursor.execution == nullptr || !cursor.execution->next(cursor.chunk)) {
    cursor.complete = true;
    s_.close(cursor);
    return;
  }
  cursor.rows->append(*cursor.chunk);
  cursor.chunk = nullptr;
}

std::string Cursors::fetch(const parser::FetchStmt& stmt, net::Output& out) {
  auto it = s_.portals_.find(std::string(stmt.portal));
  if (it == s_.portals_.end())
    throw SqlError(sqlstate::kInvalidCursorName, fmt::format("cursor \"{}\" does not exist", stmt.portal));
  Portal& cursor = *it->second;
  make_cursor(cursor);
  pl::FetchRequest request;
  request.direction = static_cast<pl::FetchRequest::Direction>(stmt.direction);
  request.count = stmt.count;
  const CursorHits hits = move(cursor, request);
  if (stmt.is_move) return fmt::format("MOVE {}", hits.count);
  // DECLARE BINARY counts where the client cannot ask for a format.
  static constexpr net::Format kBinary[] = {net::Format::kBinary};
  if ((cursor.cursor_options & parser::kCursorBinary) != 0 && !s_.asked_formats_.has_value()) {
    s_.describe_rows(cursor.columns(), kBinary, out);
    send(cursor, hits, kBinary, out);
  } else {
    s_.begin_rows(cursor.columns(), out);
    send(cursor, hits, s_.formats(), out);
  }
  return fmt::format("FETCH {}", hits.count);
}

void Cursors::execute(Portal& cursor, int32_t max_rows, net::Output& out) {
  pl::FetchRequest request;
  request.count = max_rows == 0 ? parser::kFetchAll : max_rows;
  const CursorHits hits = move(cursor, request);
  send(cursor, hits, cursor.formats, out);
  if (max_rows != 0 && hits.count == max_rows) return out.portal_suspended();
  out.command_complete(fmt::format("SELECT {}", hits.count));
}

// Rows that lie together and are wanted in their order go out together.
void Cursors::send(Portal& cursor, const CursorHits& hits, std::span<const net::Format> formats,
                   net::Output& out) {
  const auto columns = cursor.columns();
  for (int64_t done = 0; done < hits.count;) {
    uint32_t at = 0;
    const vector::Chunk& chunk = cursor.rows->chunk_of(hits.first + done * hits.step, &at);
    const int64_t together = hits.step < 0 ? 1 : std::min<int64_t>(chunk.count() - at, hits.count - done);
    s_.send_rows(columns, formats, chunk, at, static_cast<uint32_t>(together), out);
    done += together;
  }
}

CursorHits Cursors::move(Portal& cursor, const pl::FetchRequest& request) {
  cursor.failed = true;
  const CursorHits hits = hits_of(cursor, request);
  cursor.failed = false;
  return hits;
}

CursorHits Cursors::hits_of(Portal& cursor, const pl::FetchRequest& request) {
  using Direction = pl::FetchRequest::Direction;
  const bool backward = (request.direction == Direction::kBackward && request.count > 0) ||
                        (request.direction == Direction::kForward && request.count < 0) ||
                        (request.direction == Direction::kRelative && request.count < 0) ||
                        (request.direction == Direction::kAbsolute && request.count < cursor.position);
  if (backward && (cursor.cursor_options & parser::kCursorNoScroll) != 0) {
    throw SqlError(sqlstate::kObjectNotInPrerequisiteState, "cursor can only scan forward")
        .hint("Declare it with SCROLL option to enable backward scan.");
  }
  // Position n stands on row n (from 1); 0 before the first, size + 1 behind the last.
  auto reach = [&](int64_t target) {
    while (!cursor.complete && cursor.rows->size() < target) pull(cursor);
  };
  auto move_to = [&](int64_t target) {
    reach(target);
    cursor.position = std::clamp<int64_t>(target, 0, cursor.rows->size() + 1);
    return cursor.position >= 1 && cursor.position <= cursor.rows->size();
  };
  auto one = [&](int64_t target) { return CursorHits{target, move_to(target) ? 1 : 0, 1}; };
  switch (request.direction) {
    case Direction::kAbsolute: {
      if (request.count >= 0) return one(request.count);
      reach(INT64_MAX);
      return one(cursor.rows->size() + 1 + request.count);
    }
    case Direction::kRelative:
      return one(cursor.position + request.count);
    default:
      break;
  }
  if (request.count == 0) return one(cursor.position);
  const bool all = request.count == parser::kFetchAll || request.count == -parser::kFetchAll;
  const int64_t wanted = all ? INT64_MAX : std::abs(request.count);
  const int64_t first = cursor.position + (backward ? -1 : 1);
  if (backward) {
    const int64_t count = std::min(wanted, cursor.position - 1);
    move_to(wanted > count ? 0 : cursor.position - count);
    return {first, std::max<int64_t>(count, 0), -1};
  }
  const int64_t last = wanted > INT64_MAX - cursor.position ? INT64_MAX : cursor.position + wanted;
  reach(last);
  const int64_t count = std::max<int64_t>(std::min(last, cursor.rows->size()) - cursor.position, 0);
  cursor.position = std::min(last, cursor.rows->size() + 1);
  return {first, count, 1};
}

// WHERE CURRENT OF: the ctid of the table's row that the cursor stands on.
Value Cursors::row_place(std::string_view name, Oid table) {
  auto it = s_.portals_.find(std::string(name));
  if (it == s_.portals_.end())
    throw SqlError(sqlstate::kInvalidCursorName, fmt::format("cursor \"{}\" does not exist", name));
  const Portal& cursor = *it->second;
  auto refuse = [&](std::string text) { return SqlError(sqlstate::kInvalidCursorState, std::move(text)); };
  const catalog::RelationPtr written = s_.catalog().relation(table);
  std::string relation = written->name;
  const std::vector<Oid>& tables = cursor.plan->row_id_tables;
  // The cursor may read a table that this one is a part of.
  for (catalog::RelationPtr r = s_.catalog().relation(table);
       r != nullptr && !r->parents.empty() &&
       std::find(tables.begin(), tables.end(), table) == tables.end();) {
    auto above = std::find_if(r->parents.begin(), r->parents.end(), [&](Oid parent) {
      return std::find(tables.begin(), tables.end(), parent) != tables.end();
    });
    table = above != r->parents.end() ? *above : r->parents[0];
    r = s_.catalog().relation(table);
  }
  auto uses = static_cast<size_t>(std::count(tables.begin(), tables.end(), table));
  if (uses == 0 || !cursor.is_cursor) {
    throw refuse(fmt::format("cursor \"{}\" is not a simply updatable scan of table \"{}\"", name, relation));
  }
  if (uses > 1)
    throw refuse(fmt::format("cursor \"{}\" has multiple FOR UPDATE/SHARE references to table \"{}\"", name,
                             relation));
  if ((cursor.cursor_options & parser::kCursorHold) != 0 && cursor.held) {
    throw refuse(fmt::format("cursor \"{}\" is held from a previous transaction", name));
  }
  if (cursor.position < 1 || cursor.position > cursor.rows->size())
    throw refuse(fmt::format("cursor \"{}\" is not positioned on a row", name));
  uint32_t at = 0;
  const vector::Chunk& chunk = cursor.rows->chunk_of(cursor.position, &at);
  const size_t column = chunk.column_count() - tables.size() +
                        static_cast<size_t>(std::find(tables.begin(), tables.end(), table) - tables.begin());
  return present_place(*written, chunk.column(static_cast<uint32_t>(column)).value(at));
}

// A row of a columnar table may have settled since the cursor came by: where the statement in progress sees
// it.
Value Cursors::present_place(const catalog::Relation& table, const types::Value& ctid) {
  const txn::Snapshot* snapshot = s_.pl_.active_snapshot();
  if (ctid.null || snapshot == nullptr || table.heap == nullptr || !table.heap->moves_rows()) return ctid;
  const Tid tid = Tid::unpack(static_cast<uint64_t>(ctid.int64));
  access::RowBuffer buffer;
  access::RowVersion row;
  auto seen = table.heap->fetch(*snapshot, tid, buffer, &row);
  check_ok(seen.status());
  if (*seen) return ctid;
  auto now = table.heap->newest_place(tid);
  check_ok(now.status());
  return Value::of_int64(static_cast<int64_t>(now->packed()));
}

}  // namespace varve::session
