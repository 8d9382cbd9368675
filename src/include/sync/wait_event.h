// What a thread waits for, named as in PostgreSQL's pg_stat_activity (wait_event_type, wait_event).
//
// Each module defines its events as inline constexpr WaitEvent objects; their addresses are their identity,
// so a report of the current wait is one pointer store.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace varve::sync {

enum class WaitClass : uint8_t {
  kActivity,  // a background process waits for work
  kBufferPin,
  kClient,  // socket of a client
  kExtension,
  kIo,
  kIpc,      // another thread of the server
  kLock,     // heavyweight lock
  kLwLock,   // latch
  kTimeout,  // sleeping on purpose
};

// "Activity", "BufferPin", "Client", …
std::string_view wait_class_name(WaitClass wait_class);

struct WaitEvent {
  WaitClass wait_class;
  std::string_view name;
};

inline constexpr WaitEvent kWaitClientRead{WaitClass::kClient, "ClientRead"};
inline constexpr WaitEvent kWaitClientWrite{WaitClass::kClient, "ClientWrite"};
inline constexpr WaitEvent kWaitWalSync{WaitClass::kIo, "WALSync"};

// Where the wait of whoever runs on a thread is reported: null while it runs. Owned by the session (or the
// background job); readable from any thread.
using WaitReport = std::atomic<const WaitEvent*>;

}  // namespace varve::sync
