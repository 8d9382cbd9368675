// Ping-pong of a prepared Bind/Execute/Sync over loopback against the toy session, and what one request costs
// the server's threads in CPU time. The client thread's own time is subtracted.
#include <benchmark/benchmark.h>
#include <ctime>

#include "net/raw_client.h"
#include "net/server.h"
#include "toy_handler.h"

namespace varve::net {
namespace {

int64_t cpu_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}
int64_t server_cpu_ns() { return cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns(CLOCK_THREAD_CPUTIME_ID); }

void ping_pong(benchmark::State& state) {
  auto topology = port::Topology::system();
  ToyFactory factory;
  ToyCredentials credentials;
  credentials.users["ann"] = {};
  ServerOptions options;
  options.listen_addresses = {"127.0.0.1"};
  options.port = 0;
  options.hba_text = "host all all all trust";
  Server server(options, *topology, factory, credentials, nullptr);
  if (!server.start().ok()) return state.SkipWithError("server does not start");

  auto clients = static_cast<size_t>(state.range(0));
  std::vector<std::unique_ptr<RawClient>> pool;
  for (size_t i = 0; i < clients; ++i) {
    pool.push_back(std::make_unique<RawClient>(server.port()));
    pool.back()->log_in();
    pool.back()->send_all(RawClient::parse("s", "x") + RawClient::sync());
    pool.back()->types_until('Z');
  }
  const std::string request = RawClient::bind("", "s") + RawClient::execute("") + RawClient::sync();
  pool[0]->send_all(request);
  size_t answer = 0;
  for (char type = 0; type != 'Z';) {
    auto [t, body] = pool[0]->receive();
    type = t;
    answer += 5 + body.size();
  }

  int64_t before = server_cpu_ns();
  for (auto _ : state) {
    for (auto& c : pool) c->send_all(request);
    for (auto& c : pool) benchmark::DoNotOptimize(c->read_exactly(answer));
  }
  auto requests = static_cast<int64_t>(clients) * static_cast<int64_t>(state.iterations());
  state.SetItemsProcessed(requests);
  state.counters["server_cpu_us"] =
      static_cast<double>(server_cpu_ns() - before) / 1000.0 / static_cast<double>(requests);
}
BENCHMARK(ping_pong)->Arg(1)->Arg(16)->Arg(64)->UseRealTime();

void write_rows(benchmark::State& state) {
  struct Discard final : Output::Drain {
    void drain(Output& out) override { out.consume(out.size()); }
  } discard;
  Output out(&discard);
  for (auto _ : state) {
    out.begin_data_row(3);
    out.column("a short text");
    out.column_int64(42);
    out.null_column();
    out.end_data_row();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(write_rows);

}  // namespace
}  // namespace varve::net
