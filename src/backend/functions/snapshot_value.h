// Values of pg_snapshot and txid_snapshot: a kString value, the canonical text "xmin:xmax:xip,…".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve::functions {

struct SnapshotValue {
  uint64_t xmin = 0, xmax = 0;
  std::vector<uint64_t> running;  // ascending
};

SnapshotValue read_snapshot(std::string_view text);  // 22P02
void append_snapshot(std::string& out, const SnapshotValue& s);
SnapshotValue receive_snapshot(std::string_view bytes);
void send_snapshot(std::string& out, const SnapshotValue& s);

}  // namespace varve::functions
