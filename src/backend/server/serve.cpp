// `varve serve`: from data directory to listening server, and back at a signal.
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <malloc.h>
#include <signal.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "commands/auto_analyze.h"
#include "commands/settle.h"
#include "common/log.h"
#include "common/sql_error.h"
#include "job_scheduler.h"
#include "maintenance_thread.h"
#include "memory/memory_budget.h"
#include "net/server.h"
#include "port/topology.h"
#include "port/vfs.h"
#include "recovery/engine.h"
#include "server/server.h"
#include "session/instance.h"
#include "session/settings.h"
#include "storage_setup.h"
#include "sync/blocking_scope.h"
#include "txn/serializable.h"
#include "wal/log_manager.h"

namespace varve::server {
namespace {

constexpr int kExitBadOptions = 1;
constexpr int kExitInUse = 2;
constexpr int kExitStorage = 3;

// Acknowledgements wait for the log through this.
class LogGate final : public net::DurabilityGate {
 public:
  explicit LogGate(wal::LogManager& log) : log_(log) {}
  Lsn durable_lsn() override { return log_.durable_lsn(); }
  Status flush(Lsn up_to) override {
    sync::BlockingScope scope(sync::kWaitWalSync);
    return log_.flush(up_to);
  }

 private:
  wal::LogManager& log_;
};

class Handlers final : public net::HandlerFactory {
 public:
  explicit Handlers(session::Instance& instance) : instance_(instance) {}
  std::unique_ptr<net::SessionHandler> create(net::Client& client) override {
    return session::make_session(instance_, client);
  }

 private:
  session::Instance& instance_;
};

// Roles and their secrets, from pg_authid.
class CatalogCredentials final : public net::CredentialStore {
 public:
  explicit CatalogCredentials(session::Instance& instance) : instance_(instance) {}

  std::optional<net::Credential> find(std::string_view user) override {
    std::optional<net::Credential> found;
    with_catalog([&](catalog::Catalog& catalog) {
      auto role = catalog.find_role(user);
      if (role) found = net::Credential{role->secret, role->can_login, role->superuser, false};
    });
    return found;
  }
  bool is_member(std::string_view user, std::string_view role) override {
    bool member = false;
    with_catalog([&](catalog::Catalog& catalog) {
      auto u = catalog.find_role(user);
      auto r = catalog.find_role(role);
      if (!u || !r) return;
      for (Oid oid : catalog.roles_of(u->oid)) member = member || oid == r->oid;
    });
    return member;
  }

 private:
  template <class F>
  void with_catalog(F&& f) {
    txn::TxnManager& txns = instance_.engine().txns();
    auto txn = txns.begin(txn::Isolation::kReadCommitted, nullptr);
    catalog::Catalog catalog(instance_.shared_catalogs(), *txn);
    f(catalog);
    txns.commit(*txn);
  }
  session::Instance& instance_;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Numbers for new objects start behind the largest one in use.
void find_first_oid(session::Instance& instance) {
  txn::TxnManager& txns = instance.engine().txns();
  auto txn = txns.begin(txn::Isolation::kReadCommitted, nullptr);
  uint32_t largest = catalog::kFirstNormalOid;
  std::vector<Oid> databases;
  {
    catalog::Catalog shared(instance.shared_catalogs(), *txn);
    shared.for_each(catalog::system_table("pg_database"), {},
                    [&](const catalog::Row& row) { databases.push_back(row.oid("oid")); });
  }
  for (Oid oid : databases) {
    catalog::Catalog catalog(*instance.database(oid), *txn);
    for (const catalog::SystemTable& table : catalog::system_tables()) {
      if (table.find_column("oid") < 0) continue;
      catalog.for_each(table, {}, [&](const catalog::Row& row) {
        largest = std::max(largest, row.oid("oid").value() + 1);
      });
    }
  }
  txns.commit(*txn);
  catalog::Database::start_oids_at(largest);
}

std::string setting(const std::map<std::string, std::string>& settings, std::string_view name) {
  auto it = settings.find(std::string(name));
  return it != settings.end() ? it->second : std::string(session::find_setting(name)->default_value);
}

recovery::EngineOptions engine_options(const ServeOptions& options,
                                       const std::map<std::string, std::string>& settings,
                                       const port::Topology& topology) {
  recovery::EngineOptions engine;
  engine.pool.frame_bytes = std::stoull(setting(settings, "shared_buffers")) * 8192;
  engine.max_wal_bytes = std::stoull(setting(settings, "max_wal_size")) << 20;
  engine.checkpoint_timeout_us = std::stoull(setting(settings, "checkpoint_timeout")) * 1'000'000;
  engine.topology = &topology;
  engine.txn.spill_directory = options.directory + "/tmp";
  return engine;
}

// What max_process_memory leaves to queries: all but the buffer pool, what a server without queries uses, and
// three eighths for what nobody counts (strings under way, messages, what malloc() loses).
Status set_memory_limit(const std::map<std::string, std::string>& settings) {
  constexpr uint64_t kIdleBytes = uint64_t{64} << 20, kLeastBytes = uint64_t{64} << 20;
  const uint64_t process = std::stoull(setting(settings, "max_process_memory")) << 20;
  const uint64_t buffers = std::stoull(setting(settings, "shared_buffers")) * 8192;
  if (process == 0) {
    memory_budget::set_limit(0);
    return {};
  }
  const uint64_t fixed = buffers + kIdleBytes;
  if (process < fixed + kLeastBytes) {
    return Status::invalid(
        fmt::format("max_process_memory must be at least {} MB with shared_buffers of {} MB",
                    (fixed + kLeastBytes) >> 20, buffers >> 20));
  }
  // What is given back is to go to the system, not to wait in the heap of the thread that had it.
  ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
  ::mallopt(M_ARENA_MAX, 4);
  memory_budget::set_limit((process - fixed) / 8 * 5);
  return {};
}

Result<std::map<std::string, std::string>> all_settings(const ServeOptions& options) {
  VARVE_ASSIGN_OR_RETURN(auto settings, read_configuration(options.directory + "/varve.conf"));
  std::string automatic = options.directory + "/varve.auto.conf";
  if (::access(automatic.c_str(), R_OK) == 0) {
    VARVE_ASSIGN_OR_RETURN(auto more, read_configuration(automatic));
    for (auto& [name, value] : more) settings[name] = value;
  }
  for (const auto& [name, value] : options.settings) {
    const session::SettingInfo* info = session::find_setting(name);
    if (info == nullptr)
      return Status::invalid(fmt::format("unrecognized configuration parameter \"{}\"", name));
    try {
      settings[std::string(info->name)] = session::canonical_setting(*info, value);
    } catch (const SqlError& error) {
      return Status::invalid(error.what());
    }
  }
  if (options.port != 0) settings["port"] = std::to_string(options.port);
  if (!options.host.empty()) settings["listen_addresses"] = options.host;
  settings["data_directory"] = options.directory;
  return settings;
}

// What commas separate, without the blanks around it.
std::vector<std::string> list_of(const std::string& text) {
  constexpr std::string_view kBlank = " \t";
  std::vector<std::string> items;
  std::stringstream list(text);
  for (std::string item; std::getline(list, item, ',');) {
    item.erase(0, item.find_first_not_of(kBlank));
    item.erase(item.find_last_not_of(kBlank) + 1);
    if (!item.empty()) items.push_back(item);
  }
  return items;
}

net::ServerOptions net_options(const ServeOptions& options,
                               const std::map<std::string, std::string>& settings) {
  net::ServerOptions net;
  net.listen_addresses = list_of(setting(settings, "listen_addresses"));
  net.unix_socket_directories = list_of(setting(settings, "unix_socket_directories"));
  net.port = static_cast<uint16_t>(std::stoi(setting(settings, "port")));
  net.max_connections = std::stoi(setting(settings, "max_connections"));
  net.superuser_reserved_connections = std::stoi(setting(settings, "superuser_reserved_connections"));
  net.authentication_timeout_ms = std::stoi(setting(settings, "authentication_timeout")) * 1000;
  net.hba_file_name = options.directory + "/varve_hba.conf";
  net.hba_text = read_file(net.hba_file_name);
  net.tls = setting(settings, "ssl") == "on";
  net.tls_certificate_file = options.directory + "/" + setting(settings, "ssl_cert_file");
  net.tls_key_file = options.directory + "/" + setting(settings, "ssl_key_file");
  return net;
}

void set_serializable_limits(session::Instance& instance,
                             const std::map<std::string, std::string>& settings) {
  txn::SerializableLimits limits;
  limits.locks_per_transaction = std::stoll(setting(settings, "max_pred_locks_per_transaction"));
  limits.connections = std::stoll(setting(settings, "max_connections"));
  limits.locks_per_relation = std::stoll(setting(settings, "max_pred_locks_per_relation"));
  limits.locks_per_page = std::stoll(setting(settings, "max_pred_locks_per_page"));
  instance.engine().txns().serializable().set_limits(limits);
}

Status write_pid_file(const std::string& directory, int port, const std::string& host) {
  std::string path = directory + "/varve.pid";
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Status::from_errno(errno, fmt::format("could not create \"{}\"", path));
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", getpid(), port, host, time(nullptr));
  bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written ? Status() : Status::from_errno(errno, fmt::format("could not write \"{}\"", path));
}

// Functions that call each other use the stack up to max_stack_depth, whatever `ulimit -s` says.
void set_thread_stacks() {
  constexpr size_t kStackBytes = size_t{8} << 20;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

// Blocks the signals in every thread started from here on; the main thread takes them with sigwait.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

net::StopMode wait_for_stop(const sigset_t& set, const ServeOptions& options, net::Server& server,
                            session::Instance& instance) {
  for (;;) {
    int signal = 0;
    sigwait(&set, &signal);
    switch (signal) {
      case SIGTERM:
        log(LogLevel::kLog, "received smart shutdown request");
        return net::StopMode::kSmart;
      case SIGINT:
        log(LogLevel::kLog, "received fast shutdown request");
        return net::StopMode::kFast;
      case SIGQUIT:
        log(LogLevel::kLog, "received immediate shutdown request");
        return net::StopMode::kImmediate;
      default:
        break;
    }
    log(LogLevel::kLog, "received SIGHUP, reloading configuration files");
    if (Status s = server.reload_hba(read_file(options.directory + "/varve_hba.conf")); !s.ok()) {
      log(LogLevel::kLog, "{}", s.message());
    }
    auto settings = all_settings(options);
    if (!settings.ok()) {
      log(LogLevel::kLog, "configuration files contain errors: {}", settings.status().message());
      continue;
    }
    // What no file mentions any more goes back to its default.
    for (const auto& [name, value] : instance.settings()) {
      const session::SettingInfo* info = session::find_setting(name);
      if (info != nullptr && settings->find(name) == settings->end())
        settings->emplace(name, info->default_value);
    }
    for (const auto& [name, value] : *settings) {
      const session::SettingInfo* info = session::find_setting(name);
      if (info != nullptr && info->context >= session::SettingContext::kReload)
        instance.change_setting(name, value);
    }
    set_serializable_limits(instance, instance.settings());
    if (Status status = set_memory_limit(instance.settings()); !status.ok())
      log(LogLevel::kLog, "{}; the old limit stays", status.message());
  }
}

std::unique_ptr<MaintenanceThread> start_auto_analyze(session::Instance& instance,
                                                      const std::map<std::string, std::string>& settings) {
  if (setting(settings, "autovacuum") != "on") return nullptr;
  commands::AutoAnalyzeLimits limits;
  limits.threshold = std::stoull(setting(settings, "autovacuum_analyze_threshold"));
  limits.scale_factor = std::stod(setting(settings, "autovacuum_analyze_scale_factor"));
  return std::make_unique<MaintenanceThread>(
      instance, "automatic analyze",
      std::chrono::seconds(std::stoll(setting(settings, "autovacuum_naptime"))),
      [&instance, limits](catalog::Database& database, sync::CancelToken* cancel) {
        return commands::auto_analyze(database, instance.engine().txns(), limits, cancel,
                                      session::current_time_us());
      });
}

std::unique_ptr<MaintenanceThread> start_settling(session::Instance& instance,
                                                  const std::map<std::string, std::string>& settings) {
  const int64_t interval = std::stoll(setting(settings, "columnar_settle_interval"));
  if (interval == 0) return nullptr;
  const uint64_t rows = std::stoull(setting(settings, "columnar_settle_rows"));
  return std::make_unique<MaintenanceThread>(
      instance, "settling", std::chrono::milliseconds(interval),
      [&instance, rows](catalog::Database& database, sync::CancelToken* cancel) {
        return commands::auto_settle(database, instance.engine().txns(), rows, cancel);
      });
}

int fail(int code, std::string_view message) {
  fmt::print(stderr, "varve: {}\n", message);
  return code;
}

}  // namespace

int serve(const ServeOptions& options) {
  auto settings = all_settings(options);
  if (!settings.ok()) return fail(kExitBadOptions, settings.status().message());
  if (Status status = set_memory_limit(*settings); !status.ok())
    return fail(kExitBadOptions, status.message());
  set_thread_stacks();
  sigset_t signals = block_signals();
  register_storage_operations();
  auto vfs = port::make_posix_vfs(options.directory);
  auto topology = port::Topology::system();
  log(LogLevel::kLog, "starting Varve in \"{}\"", options.directory);
  auto engine = recovery::StorageEngine::open(*vfs, engine_options(options, *settings, *topology));
  if (!engine.ok()) {
    bool busy = engine.status().code() == StatusCode::kBusy;
    return fail(busy ? kExitInUse : kExitStorage,
                busy ? fmt::format("another server is using \"{}\"", options.directory)
                     : engine.status().to_string());
  }
  session::Instance instance(**engine, options.directory, *settings);
  instance.keep_setting = &write_auto_setting;
  set_serializable_limits(instance, *settings);
  try {
    find_first_oid(instance);
  } catch (const SqlError& error) {
    return fail(kExitStorage, error.what());
  }
  Handlers handlers(instance);
  CatalogCredentials credentials(instance);
  LogGate gate((*engine)->log());
  net::StopMode mode;
  {
    net::Server server(net_options(options, *settings), *topology, handlers, credentials, &gate);
    instance.server = &server;
    if (Status s = server.start(); !s.ok()) return fail(kExitBadOptions, s.message());
    std::string host = setting(*settings, "listen_addresses");
    if (Status s = write_pid_file(options.directory, server.port(), host); !s.ok())
      return fail(kExitBadOptions, s.message());
    log(LogLevel::kLog, "listening on {} port {}", host, server.port());
    log(LogLevel::kLog, "database system is ready to accept connections");
    auto auto_analyze = start_auto_analyze(instance, *settings);
    auto settling = start_settling(instance, *settings);
    auto jobs = std::make_unique<JobScheduler>(instance);
    mode = wait_for_stop(signals, options, server, instance);
    jobs.reset();
    auto_analyze.reset();
    settling.reset();
    server.stop(mode);
    instance.server = nullptr;
  }
  unlink((options.directory + "/varve.pid").c_str());
  if (mode == net::StopMode::kImmediate) {
    log(LogLevel::kLog, "stopped without a checkpoint; the next start recovers");
    _exit(0);
  }
  if (Status s = (*engine)->close(); !s.ok()) return fail(kExitStorage, s.to_string());
  log(LogLevel::kLog, "database system is shut down");
  return 0;
}

Result<RunningServer> find_running(const std::string& directory) {
  std::ifstream file(directory + "/varve.pid");
  RunningServer server;
  if (!(file >> server.pid >> server.port))
    return Status::not_found(fmt::format("no server is running on \"{}\"", directory));
  file.ignore();
  std::getline(file, server.host);
  std::getline(file, server.started);
  if (kill(server.pid, 0) != 0 && errno == ESRCH) {
    return Status::not_found(
        fmt::format("no server is running on \"{}\" (the last one did not shut down cleanly)", directory));
  }
  return server;
}

}  // namespace varve::server
