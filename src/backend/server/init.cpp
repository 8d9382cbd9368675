// `varve init`.
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "commands/system_views.h"
#include "common/sql_error.h"
#include "net/password.h"
#include "port/vfs.h"
#include "recovery/engine.h"
#include "server/server.h"
#include "storage_setup.h"
#include "wal/log_manager.h"

namespace varve::server {
namespace {

constexpr std::string_view kConfiguration =
    R"(# Configuration of a Varve server: name = value. Names and units are PostgreSQL's.
# Everything left out has its default; SHOW ALL lists them. ALTER SYSTEM writes varve.auto.conf, which is read after
# this file.

#listen_addresses = 'localhost'
#port = 5432
#max_connections = 100
#shared_buffers = 128MB
#work_mem = 4MB
#max_process_memory = 0
#max_wal_size = 1GB
#checkpoint_timeout = 5min
)";

std::string hba_rules(std::string_view method) {
  return fmt::format(
      "# Who may connect from where, and how they show who they are: the rules of PostgreSQL's pg_hba.conf.\n"
      "# TYPE  DATABASE  USER  ADDRESS        METHOD\n"
      "local   all       all                  {0}\n"
      "host    all       all   127.0.0.1/32   {0}\n"
      "host    all       all   ::1/128        {0}\n",
      method);
}

Status write_file(const std::string& path, std::string_view text) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Status::from_errno(errno, fmt::format("could not create \"{}\"", path));
  bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  int error = errno;
  close(fd);
  return written ? Status() : Status::from_errno(error, fmt::format("could not write \"{}\"", path));
}

Status set_password(recovery::StorageEngine& engine, const std::string& password) {
  catalog::Database database(engine.txns(), catalog::kTemplate1);
  auto txn = engine.txns().begin(txn::Isolation::kReadCommitted, nullptr);
  catalog::Catalog catalog(database, *txn);
  const catalog::SystemTable& pg_authid = catalog::system_table("pg_authid");
  const catalog::KeyMatch match[] = {{"oid", types::Value::of_oid(catalog::kBootstrapSuperuser.value())}};
  catalog.for_each(pg_authid, match, [&](const catalog::Row& row) {
    catalog::RowDraft draft(pg_authid, row);
    draft.text("rolpassword", net::make_scram_secret(password));
    catalog.update(row, draft);
    return false;
  });
  return engine.log().flush(engine.txns().commit(*txn));
}

Status create_views(recovery::StorageEngine& engine) {
  for (Oid oid : catalog::kInitialDatabases) {
    catalog::Database database(engine.txns(), oid);
    auto txn = engine.txns().begin(txn::Isolation::kReadCommitted, nullptr);
    catalog::Catalog catalog(database, *txn);
    commands::create_system_views(catalog);
    VARVE_RETURN_IF_ERROR(engine.log().flush(engine.txns().commit(*txn)));
  }
  return {};
}

}  // namespace

Status init(const InitOptions& options) {
  if (mkdir(options.directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Status::from_errno(errno, fmt::format("could not create directory \"{}\"", options.directory));
  }
  auto vfs = port::make_posix_vfs(options.directory);
  register_storage_operations();
  recovery::EngineOptions engine_options;
  engine_options.pool.frame_bytes = 64ULL << 20;
  VARVE_RETURN_IF_ERROR(recovery::StorageEngine::create_new(*vfs, engine_options));
  {
    VARVE_ASSIGN_OR_RETURN(auto engine, recovery::StorageEngine::open(*vfs, engine_options));
    VARVE_RETURN_IF_ERROR(catalog::bootstrap_data_directory(engine->txns(), options.superuser));
    try {
      VARVE_RETURN_IF_ERROR(create_views(*engine));
      if (!options.password.empty()) VARVE_RETURN_IF_ERROR(set_password(*engine, options.password));
    } catch (const SqlError& error) {
      return {StatusCode::kInvalid, error.what()};
    }
    VARVE_RETURN_IF_ERROR(engine->close());
  }
  if (mkdir((options.directory + "/tmp").c_str(), 0700) != 0 && errno != EEXIST) {
    return Status::from_errno(errno, "could not create the directory for temporary files");
  }
  VARVE_RETURN_IF_ERROR(write_file(options.directory + "/varve.conf", kConfiguration));
  return write_file(options.directory + "/varve_hba.conf", hba_rules(options.auth));
}

}  // namespace varve::server
