// pg_snapshot and txid_snapshot: "xmin:xmax:xip,…", kept as this text; and positions in the log.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/bytes.h"
#include "functions/type_oids.h"
#include "kernel.h"
#include "snapshot_value.h"
#include "value_rows.h"

namespace varve::functions {

namespace {

using Text = std::string_view;

constexpr uint64_t kMaxTransactionNumber = INT64_MAX;

[[noreturn]] void bad_snapshot(Text text) {
  throw SqlError(sqlstate::kInvalidTextRepresentation,
                 fmt::format("invalid input syntax for type pg_snapshot: \"{}\"", text));
}

bool take_number(Text& s, uint64_t* v) {
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), *v);
  if (error != std::errc()) return false;
  s.remove_prefix(static_cast<size_t>(end - s.data()));
  return true;
}
bool take(Text& s, char c) {
  if (s.empty() || s[0] != c) return false;
  s.remove_prefix(1);
  return true;
}

bool is_visible(uint64_t xid, const SnapshotValue& s) {
  if (xid < s.xmin) return true;
  return xid < s.xmax && !std::binary_search(s.running.begin(), s.running.end(), xid);
}

void* open_running(EvalContext&, const CallSite&, std::span<const Value> args, Arena& memory) {
  RowBuilder rows(memory);
  for (uint64_t xid : read_snapshot(args[0].view()).running) rows.int8(static_cast<int64_t>(xid));
  return rows.finish();
}
constexpr TableFunctionImpl kRunning{open_running, next_value_rows};

constexpr Kernel kXmin =
    fn([](Text s, Env&) -> int64_t { return static_cast<int64_t>(read_snapshot(s).xmin); });
constexpr Kernel kXmax =
    fn([](Text s, Env&) -> int64_t { return static_cast<int64_t>(read_snapshot(s).xmax); });
constexpr Kernel kVisible = fn([](int64_t xid, Text s, Env&) -> bool {
  return is_visible(static_cast<uint64_t>(xid), read_snapshot(s));
});

const Binding kBindings[] = {
    {"pg_snapshot_xmin(pg_snapshot)", kXmin},
    {"pg_snapshot_xmax(pg_snapshot)", kXmax},
    {"pg_snapshot_xip(pg_snapshot)", &kRunning},
    {"pg_visible_in_snapshot(xid8,pg_snapshot)", kVisible},
    {"txid_snapshot_xmin(txid_snapshot)", kXmin},
    {"txid_snapshot_xmax(txid_snapshot)", kXmax},
    {"txid_snapshot_xip(txid_snapshot)", &kRunning},
    {"txid_visible_in_snapshot(int8,txid_snapshot)", kVisible},
    {"pg_wal_lsn_diff(pg_lsn,pg_lsn)", fn([](int64_t a, int64_t b, Env& env) -> Numeric {
       __int128 difference = static_cast<__int128>(static_cast<uint64_t>(a)) - static_cast<uint64_t>(b);
       return types::numeric_from_int128(difference, 0, env.arena);
     })},
};

}  // namespace

SnapshotValue read_snapshot(Text text) {
  SnapshotValue s;
  Text rest = text;
  if (!take_number(rest, &s.xmin) || !take(rest, ':') || !take_number(rest, &s.xmax) || !take(rest, ':'))
    bad_snapshot(text);
  if (s.xmin == 0 || s.xmax < s.xmin || s.xmax > kMaxTransactionNumber) bad_snapshot(text);
  while (!rest.empty()) {
    uint64_t xid;
    if (!take_number(rest, &xid)) bad_snapshot(text);
    uint64_t least = s.running.empty() ? 0 : s.running.back();
    if (xid < s.xmin || xid >= s.xmax || xid < least) bad_snapshot(text);
    if (xid != least) s.running.push_back(xid);
    if (!rest.empty() && !take(rest, ',')) bad_snapshot(text);
  }
  return s;
}

void append_snapshot(std::string& out, const SnapshotValue& s) {
  append_format(out, "{}:{}:", s.xmin, s.xmax);
  for (size_t i = 0; i < s.running.size(); ++i) append_format(out, "{}{}", i == 0 ? "" : ",", s.running[i]);
}

SnapshotValue receive_snapshot(Text bytes) {
  auto bad = [] {
    throw SqlError(sqlstate::kInvalidBinaryRepresentation, "invalid external pg_snapshot data");
  };
  if (bytes.size() < 20) bad();
  size_t n = load_be<uint32_t>(bytes.data());
  if (bytes.size() != 20 + n * 8) bad();
  SnapshotValue s{load_be<uint64_t>(bytes.data() + 4), load_be<uint64_t>(bytes.data() + 12), {}};
  if (s.xmin == 0 || s.xmax < s.xmin) bad();
  for (size_t i = 0; i < n; ++i) {
    uint64_t xid = load_be<uint64_t>(bytes.data() + 20 + i * 8);
    if (xid < s.xmin || xid >= s.xmax || (i > 0 && xid < s.running.back())) bad();
    if (s.running.empty() || xid != s.running.back()) s.running.push_back(xid);
  }
  return s;
}

void send_snapshot(std::string& out, const SnapshotValue& s) {
  char bytes[8];
  store_be<uint32_t>(bytes, static_cast<uint32_t>(s.running.size()));
  out.append(bytes, 4);
  auto put = [&](uint64_t v) {
    store_be<uint64_t>(bytes, v);
    out.append(bytes, 8);
  };
  put(s.xmin);
  put(s.xmax);
  for (uint64_t xid : s.running) put(xid);
}

Bindings snapshot_bindings() { return kBindings; }

}  // namespace varve::functions
