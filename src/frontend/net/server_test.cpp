#include "net/server.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "net/password.h"
#include "net/raw_client.h"
#include "toy_handler.h"

namespace varve::net {
namespace {

// A log whose flushes the test can hold up.
class FakeGate final : public DurabilityGate {
 public:
  Lsn durable_lsn() override { return Lsn{durable_.load()}; }
  Status flush(Lsn up_to) override {
    std::unique_lock lock(mutex_);
    ++flushes_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (fail_) return Status::io_error("no disk");
    durable_ = std::max(durable_.load(), up_to.value());
    return {};
  }
  void hold(bool on) {
    std::lock_guard lock(mutex_);
    held_ = on;
    changed_.notify_all();
  }
  void fail() { fail_ = true; }
  void await_flushes(int n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return flushes_ >= n; });
  }
  int flushes() {
    std::lock_guard lock(mutex_);
    return flushes_;
  }

 private:
  std::atomic<uint64_t> durable_{0};
  std::atomic<bool> fail_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int flushes_ = 0;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() : topology_(port::Topology::make_up(1, 2)) {
    credentials_.users["ann"] = {};
    credentials_.users["hasty"] = {};
    credentials_.users["root"].superuser = true;
    options_.listen_addresses = {"127.0.0.1"};
    options_.port = 0;
    options_.hba_text = "host all all all trust\nlocal all all trust\n";
  }
  ~ServerTest() override {
    if (server_) server_->stop(StopMode::kImmediate);
  }
  void start() {
    server_ = std::make_unique<Server>(options_, *topology_, factory_, credentials_, &gate_);
    Status status = server_->start();
    ASSERT_TRUE(status.ok()) << status.to_string();
  }
  uint16_t port() { return server_->port(); }
  // The wait of a backend is named once it has begun.
  void await_wait(int32_t pid, std::string_view name) {
    for (;;) {
      for (const auto& c : server_->connections()) {
        if (c.backend_pid == pid && c.active && c.wait != nullptr && c.wait->name == name) return;
      }
      std::this_thread::yield();
    }
  }
  static int32_t pid(const RawClient& c) { return load_be<int32_t>(c.key.data()); }

  std::unique_ptr<port::Topology> topology_;
  ToyFactory factory_;
  ToyCredentials credentials_;
  FakeGate gate_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, SimpleQueries) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  EXPECT_EQ(c.ask("hello"), "TDCZ");
  EXPECT_EQ(c.ask(""), "IZ");
  EXPECT_EQ(c.ask("error"), "EZ");
  EXPECT_EQ(c.error, "22012: division by zero");
  EXPECT_EQ(c.ask("begin"), "CZ");
  EXPECT_EQ(c.status, "T");
  EXPECT_EQ(c.ask("error"), "EZ");
  EXPECT_EQ(c.status, "E");
  EXPECT_EQ(c.ask("rows 3"), "TDDDCZ");
  c.send_all(RawClient::message('X', ""));
  EXPECT_EQ(c.receive().first, 0);
}

TEST_F(ServerTest, ExtendedProtocolWithRowLimit) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::parse("s", "rows 5") + RawClient::bind("p", "s") +
             RawClient::message('D', "S" + RawClient::z("s")) +
             RawClient::message('D', "P" + RawClient::z("p")) + RawClient::execute("p", 2) +
             RawClient::execute("p", 2) + RawClient::execute("p", 2) +
             RawClient::message('C', "P" + RawClient::z("p")) + RawClient::sync());
  EXPECT_EQ(c.types_until('Z'), "12tTTDDsDDsDC3Z");
}

TEST_F(ServerTest, FlushAnswersBeforeSync) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::parse("", "x") + RawClient::message('H', ""));
  EXPECT_EQ(c.receive().first, '1');
  c.send_all(RawClient::sync());
  EXPECT_EQ(c.types_until('Z'), "Z");
}

TEST_F(ServerTest, AnErrorSkipsToSyncInAPipeline) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  std::string good =
      RawClient::parse("", "x") + RawClient::bind("", "") + RawClient::execute("") + RawClient::sync();
  std::string bad = RawClient::parse("", "syntax") + RawClient::bind("", "") + RawClient::execute("") +
                    RawClient::query("skipped") + RawClient::sync();
  c.send_all(good + bad + good);
  EXPECT_EQ(c.answers(3), "12DCZEZ12DCZ");
}

TEST_F(ServerTest, ByteByByteInput) {
  start();
  RawClient c(port());
  std::string all = RawClient::startup("ann", "db") + RawClient::query("x");
  for (char byte : all) c.send_all(std::string(1, byte));
  c.types_until('Z');
  EXPECT_EQ(c.types_until('Z'), "TDCZ");
}

TEST_F(ServerTest, FunctionCallIsRefused) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::message('F', RawClient::be32(1)));
  EXPECT_EQ(c.types_until('Z'), "EZ");
  EXPECT_EQ(c.error.substr(0, 5), "0A000");
}

TEST_F(ServerTest, MalformedMessages) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::message('Q', "no zero"));
  EXPECT_EQ(c.types_until('Z'), "EZ");
  EXPECT_EQ(c.error.substr(0, 5), "08P01");
  c.send_all(
      RawClient::message('B', RawClient::z("") + RawClient::z("") + RawClient::be16(0) + RawClient::be16(9)) +
      RawClient::sync());
  EXPECT_EQ(c.types_until('Z'), "EZ");
  EXPECT_EQ(c.error, "08P01: insufficient data left in message");
  c.send_all(RawClient::message('!', ""));
  EXPECT_EQ(c.types_until('$'), "E$");
  EXPECT_EQ(c.error, "08P01: invalid frontend message type 33");
  EXPECT_EQ(c.severity, "FATAL");
}

TEST_F(ServerTest, OversizedLengthIsRefusedWithoutReadingOn) {
  start();
  for (const std::string& head :
       {"Q" + RawClient::be32(0x7fffffff), "S" + RawClient::be32(20000), "Q" + RawClient::be32(3)}) {
    RawClient c(port());
    ASSERT_TRUE(c.log_in());
    c.send_all(head);
    EXPECT_EQ(c.types_until('$'), "E$");
    EXPECT_EQ(c.error, "08P01: invalid message length");
  }
  RawClient c(port());
  c.send_all(RawClient::be32(100000) + RawClient::be32(3 << 16));
  EXPECT_EQ(c.receive().first, 0);
}

TEST_F(ServerTest, RandomBytesNeverHurt) {
  start();
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    RawClient c(port());
    if (i % 2 == 0) {
      ASSERT_TRUE(c.log_in());
    }
    std::string bytes;
    for (int n = static_cast<int>(random() % 200); n > 0; --n) bytes += static_cast<char>(random());
    c.send_all(bytes);
    shutdown(c.fd(), SHUT_WR);
    c.types_until('$');
  }
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  EXPECT_EQ(c.ask("x"), "TDCZ");
}

TEST_F(ServerTest, StartupErrors) {
  start();
  auto refused = [&](const std::string& packet) {
    RawClient c(port());
    c.send_all(packet);
    EXPECT_EQ(c.types_until('$').back(), '$');
    EXPECT_EQ(c.severity, "FATAL");
    return c.error;
  };
  EXPECT_EQ(refused(RawClient::startup("nobody", "db")), "28000: role \"nobody\" does not exist");
  EXPECT_EQ(refused(RawClient::startup("ann", "nowhere")), "3D000: database \"nowhere\" does not exist");
  EXPECT_EQ(refused(RawClient::startup("", "db")),
            "28000: no PostgreSQL user name specified in startup packet");
  EXPECT_EQ(refused(RawClient::startup("ann", "db", 2 << 16)),
            "0A000: unsupported frontend protocol 2.0: server supports 3.0 to 3.0");
  ASSERT_TRUE(server_->reload_hba("hostssl all all all trust").ok());
  EXPECT_EQ(
      refused(RawClient::startup("ann", "db")),
      "28000: no pg_hba.conf entry for host \"127.0.0.1\", user \"ann\", database \"db\", no encryption");
  server_->set_admission(Admission::kStarting);
  EXPECT_EQ(refused(RawClient::startup("ann", "db")), "57P03: the database system is starting up");
}

TEST_F(ServerTest, NegotiatesEncryptionAndMinorVersion) {
  start();
  RawClient c(port());
  c.send_all(RawClient::be32(8) + RawClient::be32(1234U << 16 | 5680));
  EXPECT_EQ(c.read_exactly(1), "N");
  c.send_all(RawClient::be32(8) + RawClient::be32(1234U << 16 | 5679));
  EXPECT_EQ(c.read_exactly(1), "N");
  c.send_all(RawClient::startup("ann", "db", 3 << 16 | 2));
  EXPECT_EQ(c.types_until('Z').substr(0, 2), "vR");
}

TEST_F(ServerTest, TooManyClientsAndReservedConnections) {
  options_.max_connections = 3;
  options_.superuser_reserved_connections = 1;
  start();
  RawClient a(port()), b(port()), c(port()), d(port()), e(port());
  ASSERT_TRUE(a.log_in());
  ASSERT_TRUE(b.log_in());
  c.send_all(RawClient::startup("ann", "db"));
  c.types_until('$');
  EXPECT_EQ(c.error,
            "53300: remaining connection slots are reserved for non-replication superuser connections");
  while (server_->connection_count() > 2) std::this_thread::yield();
  ASSERT_TRUE(d.log_in("root"));
  e.send_all(RawClient::startup("root", "db"));
  e.types_until('$');
  EXPECT_EQ(e.error, "53300: sorry, too many clients already");
}

TEST_F(ServerTest, CancelReachesAWaitingStatement) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::query("wait"));
  await_wait(pid(c), "toy");
  {
    RawClient wrong(port());
    wrong.send_all(RawClient::be32(16) + RawClient::be32(1234U << 16 | 5678) + c.key.substr(0, 4) + "oops");
    EXPECT_EQ(wrong.receive().first, 0);
  }
  RawClient canceller(port());
  canceller.send_all(RawClient::be32(16) + RawClient::be32(1234U << 16 | 5678) + c.key);
  EXPECT_EQ(c.types_until('Z'), "EZ");
  EXPECT_EQ(c.error, "57014: canceling statement due to user request");
}

TEST_F(ServerTest, StatementTimeoutEndsAWaitAndIsDisarmedAfterwards) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  EXPECT_EQ(c.ask("waitms 5"), "EZ");
  EXPECT_EQ(c.error, "57014: canceling statement due to statement timeout");
  EXPECT_EQ(c.ask("x"), "TDCZ");
}

TEST_F(ServerTest, CancelOfAnIdleSessionIsForgotten) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  EXPECT_TRUE(server_->cancel_backend(pid(c)));
  EXPECT_EQ(c.ask("rows 2"), "TDDCZ");
}

TEST_F(ServerTest, BlockedSessionsDoNotKeepOthersFromRunning) {
  options_.run_slots_per_group = 1;
  start();
  std::vector<std::unique_ptr<RawClient>> blocked;
  for (int i = 0; i < 5; ++i) {
    blocked.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(blocked.back()->log_in());
    blocked.back()->send_all(RawClient::query("wait"));
  }
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  EXPECT_EQ(c.ask("x"), "TDCZ");
  for (auto& b : blocked) {
    await_wait(pid(*b), "toy");
    server_->cancel_backend(pid(*b));
    EXPECT_EQ(b->types_until('Z'), "EZ");
  }
}

TEST_F(ServerTest, TerminationOfIdleAndBusySessions) {
  start();
  RawClient idle(port()), busy(port());
  ASSERT_TRUE(idle.log_in());
  ASSERT_TRUE(busy.log_in());
  busy.send_all(RawClient::query("wait"));
  await_wait(pid(busy), "toy");
  for (RawClient* c : {&idle, &busy}) {
    EXPECT_TRUE(server_->terminate_backend(pid(*c)));
    EXPECT_EQ(c->types_until('$'), "E$");
    EXPECT_EQ(c->error, "57P01: terminating connection due to administrator command");
    EXPECT_EQ(c->severity, "FATAL");
  }
  EXPECT_FALSE(server_->terminate_backend(12345));
}

TEST_F(ServerTest, FastStopEndsAllSessions) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  server_->stop(StopMode::kFast);
  EXPECT_EQ(c.types_until('$'), "E$");
  EXPECT_EQ(c.error.substr(0, 5), "57P01");
}

TEST_F(ServerTest, IdleTimeouts) {
  start();
  RawClient idle(port()), in_transaction(port());
  ASSERT_TRUE(idle.log_in("hasty"));
  EXPECT_EQ(idle.types_until('$'), "E$");
  EXPECT_EQ(idle.error, "57P05: terminating connection due to idle-session timeout");
  in_transaction.send_all(RawClient::startup("hasty", "db") + RawClient::query("begin"));
  in_transaction.types_until('$');
  EXPECT_EQ(in_transaction.error, "25P03: terminating connection due to idle-in-transaction timeout");
}

TEST_F(ServerTest, AuthenticationTimeout) {
  options_.authentication_timeout_ms = 20;
  options_.hba_text = "host all all all scram-sha-256";
  start();
  RawClient silent(port()), slow(port());
  slow.send_all(RawClient::startup("ann", "db"));
  EXPECT_EQ(slow.types_until('$'), "RE$");
  EXPECT_EQ(slow.error, "57014: canceling authentication due to timeout");
  EXPECT_EQ(silent.receive().first, 0);
}

TEST_F(ServerTest, NotificationsReachIdleSessionsAndWaitForTransactions) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  EXPECT_TRUE(server_->post_notification(pid(c), 7, "ch", "hello", Lsn{0}));
  EXPECT_EQ(c.types_until('A'), "A");
  EXPECT_EQ(c.notification, RawClient::be32(7) + RawClient::z("ch") + RawClient::z("hello"));
  c.ask("begin");
  server_->post_notification(pid(c), 7, "ch", "later", Lsn{0});
  EXPECT_EQ(c.ask("x"), "TDCZ");
  EXPECT_EQ(c.ask("end"), "CAZ");
}

TEST_F(ServerTest, CopyIn) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  auto data = [](const std::string& s) { return RawClient::message('d', s); };
  // All in one go: what follows the COPY must not be lost.
  c.send_all(RawClient::query("copyin") + data("abc") + data("defg") + RawClient::message('c', "") +
             RawClient::query("after"));
  EXPECT_EQ(c.types_until('Z'), "GCZ");
  EXPECT_EQ(c.tag, "COPY 7");
  EXPECT_EQ(c.types_until('Z'), "TDCZ");
  // In pieces, larger than the buffer.
  c.send_all(RawClient::query("copyin"));
  EXPECT_EQ(c.types_until('G'), "G");
  for (int i = 0; i < 10; ++i) c.send_all(data(std::string(50000, 'x')));
  c.send_all(RawClient::message('c', ""));
  EXPECT_EQ(c.types_until('Z'), "CZ");
  EXPECT_EQ(c.tag, "COPY 500000");
  // The client gives up.
  c.send_all(RawClient::query("copyin") + data("abc") + RawClient::message('f', RawClient::z("tired")));
  EXPECT_EQ(c.types_until('Z'), "GEZ");
  EXPECT_EQ(c.error, "57014: COPY from stdin failed: tired");
  // The server gives up; what the client still sends is skipped.
  c.send_all(RawClient::query("copyin") + data("bad") + data("more") + RawClient::message('c', "") +
             RawClient::query("x"));
  EXPECT_EQ(c.answers(2), "GEZTDCZ");
  // A message that does not belong here ends the COPY and is then obeyed.
  c.send_all(RawClient::query("copyin") + RawClient::query("x"));
  EXPECT_EQ(c.answers(2), "GEZTDCZ");
}

TEST_F(ServerTest, NoAcknowledgementBeforeTheLogIsDurable) {
  start();
  gate_.hold(true);
  RawClient a(port()), b(port()), reader(port());
  for (RawClient* c : {&a, &b, &reader}) ASSERT_TRUE(c->log_in());
  a.send_all(RawClient::query("commit 100"));
  gate_.await_flushes(1);
  b.send_all(RawClient::query("commit 200"));
  // Others are served meanwhile.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(reader.ask("x"), "TDCZ");
  EXPECT_FALSE(a.has_data(0));
  EXPECT_FALSE(b.has_data(0));
  gate_.hold(false);
  EXPECT_EQ(a.types_until('Z'), "CZ");
  EXPECT_EQ(b.types_until('Z'), "CZ");
  EXPECT_EQ(gate_.durable_lsn(), Lsn{200});
}

TEST_F(ServerTest, OneFlushServesAllWhoWait) {
  start();
  gate_.hold(true);
  RawClient first(port());
  ASSERT_TRUE(first.log_in());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(clients.back()->log_in());
  }
  first.send_all(RawClient::query("commit 1"));
  gate_.await_flushes(1);
  for (auto& c : clients) c->send_all(RawClient::query("commit 50"));
  RawClient probe(port());
  ASSERT_TRUE(probe.log_in());
  for (int i = 0; i < 50; ++i) probe.ask("x");  // by now the commits have run
  gate_.hold(false);
  EXPECT_EQ(first.types_until('Z'), "CZ");
  for (auto& c : clients) EXPECT_EQ(c->types_until('Z'), "CZ");
  EXPECT_LE(gate_.flushes(), 21);
}

TEST_F(ServerTest, PipelinedCommitsAreAnsweredInOrder) {
  start();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  std::string batch;
  for (int i = 1; i <= 50; ++i)
    batch += RawClient::query("commit " + std::to_string(i)) + RawClient::query("x");
  c.send_all(batch);
  for (int i = 1; i <= 50; ++i) EXPECT_EQ(c.answers(2), "CZTDCZ");
  EXPECT_EQ(gate_.durable_lsn(), Lsn{50});
}

TEST_F(ServerTest, AFailedFlushIsNeverAcknowledged) {
  start();
  gate_.fail();
  RawClient c(port());
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::query("commit 5"));
  EXPECT_EQ(c.types_until('Z'), "$");
}

TEST_F(ServerTest, ASlowClientMakesTheSessionWait) {
  start();
  RawClient c(port(), 4096);
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::query("big 20000"));
  await_wait(pid(c), "ClientWrite");
  RawClient other(port());
  ASSERT_TRUE(other.log_in());
  EXPECT_EQ(other.ask("x"), "TDCZ");
  std::string types = c.types_until('Z');
  EXPECT_EQ(types.size(), 20003U);
}

TEST_F(ServerTest, ASlowClientCanBeTerminated) {
  start();
  RawClient c(port(), 4096);
  ASSERT_TRUE(c.log_in());
  c.send_all(RawClient::query("big 20000"));
  await_wait(pid(c), "ClientWrite");
  server_->terminate_backend(pid(c));
  EXPECT_EQ(c.types_until('$').back(), '$');
}

TEST_F(ServerTest, ManyIdleConnections) {
  options_.max_connections = 400;
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(clients.back()->log_in());
  }
  for (auto& c : clients) EXPECT_EQ(c->ask("x"), "TDCZ");
  clients.clear();
  while (server_->connection_count() > 0) std::this_thread::yield();
}

TEST_F(ServerTest, FourNodesServeTheirOwnConnections) {
  topology_ = port::Topology::make_up(4, 1);
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 12; ++i) {
    clients.push_back(std::make_unique<RawClient>(port()));
    ASSERT_TRUE(clients.back()->log_in());
    EXPECT_EQ(clients.back()->ask("commit " + std::to_string(i)), "CZ");
  }
}

// A busy session occupies the only worker right after another one's commit was parked; the commit must not
// wait for it.
TEST_F(ServerTest, ACommitBehindALongQueryIsFlushedAllTheSame) {
  options_.run_slots_per_group = 1;
  factory_.spin_until = [this] { return gate_.durable_lsn() >= Lsn{1000}; };
  start();
  RawClient holder(port()), spinner(port()), committer(port());
  for (RawClient* c : {&holder, &spinner, &committer}) ASSERT_TRUE(c->log_in());
  // While the first flush is under way the second commit is parked and the spinner takes the worker.
  gate_.hold(true);
  holder.send_all(RawClient::query("commit 1"));
  gate_.await_flushes(1);
  committer.send_all(RawClient::query("commit 1000"));
  spinner.send_all(RawClient::query("spin"));
  gate_.hold(false);
  EXPECT_EQ(spinner.types_until('Z'), "CZ");
  EXPECT_EQ(committer.types_until('Z'), "CZ");
  EXPECT_EQ(holder.types_until('Z'), "CZ");
}

TEST_F(ServerTest, RequestsThatCameWithALongOneAreServedMeanwhile) {
  options_.run_slots_per_group = 2;
  std::atomic<int> answers{0};
  factory_.spin_until = [&answers] { return answers.load() == 3; };
  start();
  std::array<RawClient, 4> clients{RawClient(port()), RawClient(port()), RawClient(port()),
                                   RawClient(port())};
  for (RawClient& c : clients) ASSERT_TRUE(c.log_in());
  for (size_t round = 0; round < 100; ++round) {
    answers = 0;
    RawClient& spinner = clients[round % 4];
    for (size_t i = 0; i < 4; ++i) clients[i].send_all(RawClient::query(i == round % 4 ? "spin" : "x"));
    for (size_t i = 0; i < 4; ++i) {
      if (i == round % 4) continue;
      ASSERT_EQ(clients[i].types_until('Z'), "TDCZ");
      ++answers;
    }
    ASSERT_EQ(spinner.types_until('Z'), "CZ");
  }
}

TEST_F(ServerTest, ManyClientsAtOnce) {
  start();
  std::vector<std::thread> threads;
  std::atomic<int> lsn{1};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      RawClient c(port());
      ASSERT_TRUE(c.log_in());
      for (int i = 0; i < 200; ++i) {
        if ((i + t) % 3 == 0) {
          int mine = lsn.fetch_add(1);
          EXPECT_EQ(c.ask("commit " + std::to_string(mine)), "CZ");
          EXPECT_GE(gate_.durable_lsn().value(), static_cast<uint64_t>(mine));
        } else {
          EXPECT_EQ(c.ask("x"), "TDCZ");
        }
      }
    });
  }
  for (auto& t : threads) t.join();
}

}  // namespace
}  // namespace varve::net
