// The program: varve init | serve | status | stop.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <pwd.h>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "columnar_table/columnar_table.h"
#include "hyperfunctions/extension.h"
#include "hypertable/extension.h"
#include "server/server.h"

namespace {

using varve::server::InitOptions;
using varve::server::ServeOptions;

constexpr std::string_view kUsage = R"(Varve, a PostgreSQL-compatible database server.

Usage:
  varve init  -D DIR [-U NAME] [--auth trust|scram-sha-256] [--pwfile FILE]
  varve serve -D DIR [-p PORT] [-h HOST] [-c NAME=VALUE]...
  varve status -D DIR
  varve stop  -D DIR [-m smart|fast|immediate]
  varve --version

init makes a data directory; its first superuser is NAME (default: your own name). Without --auth, connections must show
a password (scram-sha-256), which init asks for.
)";

int usage_error(std::string_view message) {
  fmt::print(stderr, "varve: {}\nTry \"varve --help\".\n", message);
  return 1;
}

std::string caller_name() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : "varve";
}

// The options of a subcommand: each takes a value.
class Options {
 public:
  Options(int argc, char** argv) {
    for (int i = 2; i < argc; ++i) arguments_.emplace_back(argv[i]);
  }
  // Next option and its value; false at the end.
  bool next(std::string* name, std::string* value) {
    if (at_ >= arguments_.size()) return false;
    std::string argument = arguments_[at_++];
    size_t equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
    if (equals != std::string::npos) {
      *name = argument.substr(0, equals);
      *value = argument.substr(equals + 1);
    } else if (argument.size() > 2 && argument[0] == '-' && argument[1] != '-') {
      *name = argument.substr(0, 2);
      *value = argument.substr(2);
    } else {
      *name = argument;
      missing_ = at_ >= arguments_.size();
      *value = missing_ ? std::string() : arguments_[at_++];
    }
    return true;
  }
  bool missing_value() const { return missing_; }

 private:
  std::vector<std::string> arguments_;
  size_t at_ = 0;
  bool missing_ = false;
};

std::string read_password(const std::string& file) {
  std::string password;
  if (!file.empty()) {
    std::ifstream in(file);
    std::getline(in, password);
  } else if (isatty(STDIN_FILENO) != 0) {
    const char* typed = getpass("Password of the superuser: ");
    password = typed == nullptr ? "" : typed;
  }
  return password;
}

int run_init(Options options) {
  InitOptions init;
  init.superuser = caller_name();
  std::string password_file;
  std::string name, value;
  while (options.next(&name, &value)) {
    if (options.missing_value()) return usage_error(fmt::format("option {} needs a value", name));
    if (name == "-D")
      init.directory = value;
    else if (name == "-U")
      init.superuser = value;
    else if (name == "--auth")
      init.auth = value;
    else if (name == "--pwfile")
      password_file = value;
    else
      return usage_error(fmt::format("unknown option {}", name));
  }
  if (init.directory.empty()) return usage_error("init needs -D DIR");
  if (init.auth != "trust" && init.auth != "scram-sha-256")
    return usage_error("--auth is trust or scram-sha-256");
  if (init.auth != "trust") {
    init.password = read_password(password_file);
    if (init.password.empty())
      return usage_error("a password is needed: give --pwfile FILE, or --auth trust");
  }
  fmt::print("Making a data directory in {} … ", init.directory);
  std::fflush(stdout);
  varve::Status status = varve::server::init(init);
  if (!status.ok()) {
    fmt::print("failed.\n");
    fmt::print(stderr, "varve: {}\n", status.message());
    return 1;
  }
  fmt::print("done.\nStart it with:  varve serve -D {}\n", init.directory);
  return 0;
}

int run_serve(Options options) {
  ServeOptions serve;
  std::string name, value;
  while (options.next(&name, &value)) {
    if (options.missing_value()) return usage_error(fmt::format("option {} needs a value", name));
    if (name == "-D") {
      serve.directory = value;
    } else if (name == "-p") {
      char* end = nullptr;
      long port = std::strtol(value.c_str(), &end, 10);
      if (*end != '\0' || port < 1 || port > 65535) return usage_error(fmt::format("not a port: {}", value));
      serve.port = static_cast<int>(port);
    } else if (name == "-h") {
      serve.host = value;
    } else if (name == "-c") {
      size_t equals = value.find('=');
      if (equals == std::string::npos) return usage_error(fmt::format("-c takes NAME=VALUE, not {}", value));
      serve.settings[value.substr(0, equals)] = value.substr(equals + 1);
    } else {
      return usage_error(fmt::format("unknown option {}", name));
    }
  }
  if (serve.directory.empty()) return usage_error("serve needs -D DIR");
  char* absolute = realpath(serve.directory.c_str(), nullptr);
  if (absolute == nullptr)
    return usage_error(fmt::format("no data directory at {}; make one with: varve init -D {}",
                                   serve.directory, serve.directory));
  serve.directory = absolute;
  free(absolute);
  const varve::hyperfunctions::ExtensionPart parts[] = {varve::hypertable::extension_part()};
  varve::hyperfunctions::register_extensions(parts);
  varve::hypertable::register_hypertables();
  return varve::server::serve(serve);
}

int run_status(Options options) {
  std::string directory, name, value;
  while (options.next(&name, &value)) {
    if (name == "-D")
      directory = value;
    else
      return usage_error(fmt::format("unknown option {}", name));
  }
  if (directory.empty()) return usage_error("status needs -D DIR");
  auto running = varve::server::find_running(directory);
  if (!running.ok()) {
    fmt::print("{}\n", running.status().message());
    return 3;
  }
  fmt::print("running: pid {}, {} port {}\n", running->pid, running->host, running->port);
  return 0;
}

int run_stop(Options options) {
  std::string directory, mode = "fast", name, value;
  while (options.next(&name, &value)) {
    if (name == "-D")
      directory = value;
    else if (name == "-m")
      mode = value;
    else
      return usage_error(fmt::format("unknown option {}", name));
  }
  if (directory.empty()) return usage_error("stop needs -D DIR");
  int signal = mode == "smart" ? SIGTERM : mode == "fast" ? SIGINT : mode == "immediate" ? SIGQUIT : 0;
  if (signal == 0) return usage_error("-m is smart, fast or immediate");
  auto running = varve::server::find_running(directory);
  if (!running.ok()) {
    fmt::print(stderr, "varve: {}\n", running.status().message());
    return 3;
  }
  if (kill(running->pid, signal) != 0) {
    fmt::print(stderr, "varve: cannot signal process {}: {}\n", running->pid, std::strerror(errno));
    return 1;
  }
  for (int waited = 0; kill(running->pid, 0) == 0; ++waited) {
    if (waited == 600) {
      fmt::print(stderr, "varve: the server has not stopped after 60 s\n");
      return 1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  fmt::print("stopped\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "--help" || command == "help") {
    fmt::print("{}", kUsage);
    return 0;
  }
  if (command == "--version") {
    fmt::print("varve 0.1.0 (PostgreSQL 15 compatible)\n");
    return 0;
  }
  varve::columnar_table::register_columnar_tables();
  if (command == "init") return run_init(Options(argc, argv));
  if (command == "serve") return run_serve(Options(argc, argv));
  if (command == "status") return run_status(Options(argc, argv));
  if (command == "stop") return run_stop(Options(argc, argv));
  fmt::print(stderr, "{}", kUsage);
  return 1;
}
