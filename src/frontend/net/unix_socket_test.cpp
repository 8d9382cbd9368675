#include "unix_socket.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/raw_client.h"
#include "net/server.h"
#include "toy_handler.h"

namespace varve::net {
namespace {

class UnixSocketTest : public testing::Test {
 protected:
  UnixSocketTest() {
    char name[] = "/tmp/varve-socket-XXXXXX";
    directory_ = mkdtemp(name);
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(directory_); }

  std::string path() const { return directory_ + "/.s.PGSQL.5432"; }
  std::string lock_path() const { return path() + ".lock"; }
  void write_lock(const std::string& text) { std::ofstream(lock_path()) << text; }
  std::string lock_text() {
    std::ifstream file(lock_path());
    std::string line;
    std::getline(file, line);
    return line;
  }

  std::string directory_;
};

TEST_F(UnixSocketTest, LeavesNothingBehind) {
  {
    auto socket = UnixSocket::listen(directory_, 5432);
    ASSERT_TRUE(socket.ok()) << socket.status().to_string();
    EXPECT_EQ(lock_text(), std::to_string(getpid()));
    EXPECT_TRUE(RawClient(path()).connected());
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(UnixSocketTest, WhatARunningProcessOwnsIsLeftAlone) {
  write_lock("1\n");  // which always runs
  std::ofstream(path()) << "its socket";
  auto socket = UnixSocket::listen(directory_, 5432);
  EXPECT_EQ(socket.status().code(), StatusCode::kBusy);
  EXPECT_NE(socket.status().message().find("PID 1"), std::string::npos) << socket.status().message();
  EXPECT_EQ(lock_text(), "1");
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(UnixSocketTest, WhatADeadProcessLeftIsTakenOver) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  for (const std::string& left :
       {std::to_string(child) + "\n/some/data\n", std::string("-") + std::to_string(child), std::string(),
        std::string("nobody\n")}) {
    write_lock(left);
    std::ofstream(path()) << "old";
    auto socket = UnixSocket::listen(directory_, 5432);
    ASSERT_TRUE(socket.ok()) << socket.status().to_string();
    EXPECT_EQ(lock_text(), std::to_string(getpid()));
    EXPECT_TRUE(RawClient(path()).connected());
  }
}

TEST_F(UnixSocketTest, PathsThatCannotBe) {
  EXPECT_EQ(UnixSocket::listen(directory_ + "/nowhere", 5432).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(UnixSocket::listen(directory_ + std::string(100, 'x'), 5432).status().code(),
            StatusCode::kInvalid);
}

class UnixServerTest : public UnixSocketTest {
 protected:
  UnixServerTest() : topology_(port::Topology::make_up(1, 2)) {
    credentials_.users["ann"] = {};
    options_.port = 5432;
    options_.listen_addresses.clear();
    options_.hba_text = "local all all trust\n";
  }

  std::unique_ptr<port::Topology> topology_;
  ToyFactory factory_;
  ToyCredentials credentials_;
  ServerOptions options_;
};

TEST_F(UnixServerTest, AnswersWhereADirectoryCanBeUsed) {
  options_.unix_socket_directories = {directory_ + "/nowhere", directory_};
  Server server(options_, *topology_, factory_, credentials_, nullptr);
  ASSERT_TRUE(server.start().ok());
  {
    RawClient client(path());
    ASSERT_TRUE(client.log_in());
    EXPECT_EQ(client.ask("hello"), "TDCZ");
  }
  server.stop(StopMode::kFast);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(UnixServerTest, DoesNotStartWithoutAnyWayIn) {
  options_.unix_socket_directories = {directory_ + "/nowhere"};
  Server server(options_, *topology_, factory_, credentials_, nullptr);
  EXPECT_EQ(server.start().message(), "could not create any Unix-domain sockets");
}

TEST_F(UnixServerTest, TheRulesForLocalDecide) {
  options_.unix_socket_directories = {directory_};
  options_.hba_text = "host all all all trust\nlocal all all reject\n";
  Server server(options_, *topology_, factory_, credentials_, nullptr);
  ASSERT_TRUE(server.start().ok());
  RawClient client(path());
  EXPECT_FALSE(client.log_in());
}

}  // namespace
}  // namespace varve::net
