// The listening server: accepts connections, authenticates them and runs their sessions on worker threads.
//
// Workers form one group per NUMA node. A ready connection is read, executed and answered by one worker
// without a hop; a commit's answer is parked until the log is durable, and whichever worker runs out of work
// flushes for all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "net/credentials.h"
#include "net/durability_gate.h"
#include "net/session_handler.h"
#include "port/topology.h"

namespace varve::net {

struct ServerOptions {
  std::vector<std::string> listen_addresses = {"localhost"};  // host names, addresses, "*"; empty: none
  uint16_t port = 5432;                                       // 0: any free one, see Server::port()
  // Of sockets ".s.PGSQL.<port>". Where one cannot be made, a warning is logged, and the others are used.
  std::vector<std::string> unix_socket_directories;
  int max_connections = 100;
  int superuser_reserved_connections = 3;
  int authentication_timeout_ms = 60'000;
  int run_slots_per_group = 0;      // running workers; 0 = processors of the node
  int max_threads_per_group = 512;  // running and blocked ones; at the limit blocked sessions delay others
  int spare_retire_ms = 10'000;     // a spare thread idle for so long ends
  bool pin_workers = true;          // where there is more than one node
  std::string hba_text;             // contents of the hba file
  std::string hba_file_name = "pg_hba.conf";  // for messages
  bool tls = false;
  std::string tls_certificate_file, tls_key_file, tls_ca_file;
};

// What the server may do with new connections.
enum class Admission : uint8_t { kStarting, kOpen, kShuttingDown, kRecovering };

enum class StopMode : uint8_t {
  kSmart,      // waits until all clients have gone
  kFast,       // ends all sessions (57P01)
  kImmediate,  // drops all connections
};

// For pg_stat_activity.
struct ConnectionStatus {
  int32_t backend_pid;
  StartupInfo startup;
  char transaction_status;      // 'I', 'T', 'E'
  bool active;                  // executing or waiting inside a command
  const sync::WaitEvent* wait;  // null: none
  ActivityReport::Picture activity;
};

class Server {
 public:
  // `gate` may be null: nothing is ever gated. All must outlive the server.
  Server(ServerOptions options, const port::Topology& topology, HandlerFactory& factory,
         CredentialStore& credentials, DurabilityGate* gate);
  ~Server();  // stops at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Status start();
  // Returns when all sessions have ended and all threads are gone.
  void stop(StopMode mode);

  // Everything below is thread-safe.
  void set_admission(Admission admission);
  uint16_t port() const;
  // Replaces the hba rules for connections to come; on error the old ones stay.
  Status reload_hba(std::string_view text);

  // False if there is no such backend.
  bool cancel_backend(int32_t pid);
  bool terminate_backend(int32_t pid);
  // Delivered when the session is next outside a transaction, at once if it is idle, and not before the log
  // is durable up to `lsn`.
  bool post_notification(int32_t pid, int32_t sender_pid, std::string_view channel, std::string_view payload,
                         Lsn lsn);
  std::vector<ConnectionStatus> connections();
  int connection_count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace varve::net
