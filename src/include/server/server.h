// The program `varve serve`: a data directory opened, recovered and served until a signal ends it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/status.h"

namespace varve::server {

struct InitOptions {
  std::string directory;
  std::string superuser;               // name of the first superuser
  std::string auth = "scram-sha-256";  // method for connections over TCP: trust or scram-sha-256
  std::string password;                // of the superuser; empty: none
};
// Makes a data directory: storage, catalogs, varve.conf, varve_hba.conf. kExists if there is one.
Status init(const InitOptions& options);

struct ServeOptions {
  std::string directory;
  std::string host;                             // empty: listen_addresses of varve.conf
  int port = 0;                                 // 0: port of varve.conf
  std::map<std::string, std::string> settings;  // -c name=value
};
// Runs until SIGTERM (smart), SIGINT (fast) or SIGQUIT (immediate). Exit codes: 0 stopped as asked; 1 bad
// options or data directory; 2 the directory is in use; 3 storage failed or is damaged.
int serve(const ServeOptions& options);

// What `varve status` and `varve stop` know of a running server: the lines of <directory>/varve.pid.
struct RunningServer {
  int pid = 0;
  int port = 0;
  std::string host;
  std::string started;
};
// kNotFound when no server runs on the directory.
Result<RunningServer> find_running(const std::string& directory);

// name = value lines, # comments, quotes as in postgresql.conf. Errors name file and line.
Result<std::map<std::string, std::string>> read_configuration(const std::string& path);
// ALTER SYSTEM: rewrites varve.auto.conf with one name changed (empty value: removed; empty name: all
// removed).
Status write_auto_setting(const std::string& directory, const std::string& name, const std::string& value);

}  // namespace varve::server
