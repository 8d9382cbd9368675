// One row by its primary key, from the client's bytes to the client's bytes: a server in a process of its
// own, one connection over loopback. server_cpu_us is what a query costs that process, with the kernel's work
// for its socket.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "net/raw_client.h"
#include "server/server.h"

namespace varve::server {
namespace {

using net::RawClient;

constexpr int kRows = 100'000;

uint16_t free_port() {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  bool bound = bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
               getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

// A server on a directory of its own; both are gone with the object.
class ServerProcess {
 public:
  ServerProcess() {
    char name[] = "/tmp/varve-bench-XXXXXX";
    if (mkdtemp(name) == nullptr) return;
    directory_ = name;
    if (!init({.directory = directory_ + "/data", .superuser = "ann", .auth = "trust", .password = ""}).ok())
      return;
    port_ = free_port();
    pid_ = fork();
    if (pid_ == 0) {
      if (freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
      ServeOptions options{directory_ + "/data", "127.0.0.1", port_, {{"unix_socket_directories", ""}}};
      _exit(serve(options));
    }
  }
  ~ServerProcess() {
    if (pid_ > 0) {
      kill(pid_, SIGINT);
      waitpid(pid_, nullptr, 0);
    }
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Null when the server does not come up within ten seconds.
  std::unique_ptr<RawClient> connect() const {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      auto client = std::make_unique<RawClient>(port_);
      if (client->connected() && client->log_in("ann", "postgres")) return client;
      usleep(10'000);
    }
    return nullptr;
  }

  double cpu_us() const {
    clockid_t clock;
    timespec t{};
    if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &t) != 0) return 0;
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
  }

 private:
  std::string directory_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
};

std::string bind_text(const std::string& statement, const std::string& value) {
  return RawClient::message(
      'B', RawClient::z("") + RawClient::z(statement) + RawClient::be16(0) + RawClient::be16(1) +
               RawClient::be32(static_cast<uint32_t>(value.size())) + value + RawClient::be16(0));
}

enum Protocol : int64_t { kPrepared, kExtended, kSimple };

std::string request(Protocol protocol, const std::string& key) {
  const std::string select = "SELECT v FROM bench WHERE k = ";
  switch (protocol) {
    case kPrepared:
      return bind_text("s", key) + RawClient::execute("") + RawClient::sync();
    case kExtended:
      return RawClient::parse("", select + "$1") + bind_text("", key) + RawClient::execute("") +
             RawClient::sync();
    default:
      return RawClient::query(select + key);
  }
}

void point_query(benchmark::State& state) {
  ServerProcess server;
  auto client = server.connect();
  if (client == nullptr) return state.SkipWithError("the server does not start");
  client->ask("CREATE TABLE bench(k int PRIMARY KEY, v int)");
  client->ask("INSERT INTO bench SELECT i, i FROM generate_series(1, " + std::to_string(kRows) + ") i");
  client->send_all(RawClient::parse("s", "SELECT v FROM bench WHERE k = $1") + RawClient::sync());
  client->types_until('Z');
  if (!client->error.empty()) return state.SkipWithError(client->error.c_str());

  auto protocol = static_cast<Protocol>(state.range(0));
  state.SetLabel(protocol == kPrepared ? "prepared" : protocol == kExtended ? "extended" : "simple");
  uint32_t key = 1;
  double before = server.cpu_us();
  for (auto _ : state) {
    key = key * 1'664'525 + 1'013'904'223;
    client->send_all(request(protocol, std::to_string(key % kRows + 1)));
    bool row = false;
    for (char type = 0; type != 'Z';) {
      type = client->receive().first;
      row = row || type == 'D';
      if (type == 0) return state.SkipWithError("the server closed the connection");
    }
    if (!row) return state.SkipWithError("a row was not found");
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["server_cpu_us"] = (server.cpu_us() - before) / static_cast<double>(state.iterations());
}
BENCHMARK(point_query)->Arg(kPrepared)->Arg(kExtended)->Arg(kSimple)->UseRealTime();

}  // namespace
}  // namespace varve::server
