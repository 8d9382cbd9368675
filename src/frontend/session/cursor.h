// Cursors: portals whose rows are kept as they are fetched, so that they can be fetched backwards, and after
// the transaction when they are held. Private to the module.
#pragma once

#include <vector>

#include "executor/chunk_collection.h"
#include "net/session_handler.h"
#include "pl/host.h"
#include "planner/plan.h"
#include "statement.h"
#include "statement_kinds.h"

namespace varve::session {

class Session;

// The rows that a cursor has come by, numbered from 1. Beyond work_mem they lie in a temporary file.
class CursorRows {
 public:
  CursorRows(const executor::ExecutionSettings& settings, std::span<const planner::OutputColumn> columns);

  void append(const vector::Chunk& chunk);
  int64_t size() const { return static_cast<int64_t>(rows_.row_count()); }
  // The chunk with that row, which is `*at` in it. Valid until the next call.
  const vector::Chunk& chunk_of(int64_t number, uint32_t* at);

 private:
  executor::ExecutionSettings settings_;
  executor::ChunkCollection rows_;
  executor::ChunkCollection::Reader reader_;
  std::vector<int64_t> first_;  // number of each chunk's first row
  size_t current_ = SIZE_MAX;   // the chunk that the reader shows
  const vector::Chunk* shown_ = nullptr;
};

// Rows that a FETCH meets: `count` of them from `first` on, downwards when `step` is -1.
struct CursorHits {
  int64_t first = 0;
  int64_t count = 0;
  int64_t step = 1;
};

// What is done with the session's cursors.
class Cursors {
 public:
  explicit Cursors(Session& session) : s_(session) {}

  void declare(const parser::DeclareCursorStmt& stmt, const Statement& outer,
               std::span<const types::Value> params);
  // Starts an execution's run as a cursor: the rows are kept from here on.
  void keep_rows(Portal& portal, uint16_t options);
  // FETCH and MOVE; returns the command tag.
  std::string fetch(const parser::FetchStmt& stmt, net::Output& out);
  // The protocol's Execute.
  void execute(Portal& cursor, int32_t max_rows, net::Output& out);
  CursorHits move(Portal& cursor, const pl::FetchRequest& request);
  // WHERE CURRENT OF: the ctid of the table's row that the cursor stands on.
  types::Value row_place(std::string_view name, Oid table);

 private:
  void make_cursor(Portal& portal);
  CursorHits hits_of(Portal& cursor, const pl::FetchRequest& request);
  void pull(Portal& cursor);
  void send(Portal& cursor, const CursorHits& hits, std::span<const net::Format> formats, net::Output& out);
  types::Value present_place(const catalog::Relation& table, const types::Value& ctid);

  Session& s_;
};

}  // namespace varve::session
