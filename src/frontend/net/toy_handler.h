// A small session for net's own tests and benchmarks. It understands one-word commands:
//
//   rows N      N rows of one int4 column              begin | end | fail   transaction status T | I | E
//   (with error) commit N    gates what follows behind LSN N        wait                 waits until
//   cancelled error       22012                                  copyin               counts the bytes of
//   COPY FROM STDIN big N       N rows of 1 KiB                        waitms N             the same under a
//   statement timeout spin        computes until the factory's spin_until anything else        one row: the
//   text itself
//
// Prepared statements are the same commands; with a parameter the row is the parameter.
#pragma once

#include <charconv>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "net/credentials.h"
#include "net/session_handler.h"
#include "sync/parking_spot.h"

namespace varve::net {

inline constexpr sync::WaitEvent kToyWait{sync::WaitClass::kLock, "toy"};

class ToyHandler final : public SessionHandler {
 public:
  explicit ToyHandler(Client& client, const std::function<bool()>* spin_until = nullptr)
      : client_(client), spin_until_(spin_until) {}

  void simple_query(std::string_view sql, Output& out) override {
    if (sql.empty()) return out.empty_query_response();
    run(sql, true, 0, out);
  }
  void parse(std::string_view name, std::string_view sql, std::span<const Oid>) override {
    if (sql == "syntax") throw SqlError(sqlstate::kSyntaxError, "syntax error").at(1);
    statements_[std::string(name)] = sql;
  }
  void bind(const BindMessage& bind) override {
    auto it = statements_.find(bind.statement);
    if (it == statements_.end())
      throw SqlError(sqlstate::kUndefinedPstatement, "prepared statement does not exist");
    auto at = portals_.find(bind.portal);
    if (at == portals_.end()) at = portals_.emplace(bind.portal, Portal()).first;
    Portal& portal = at->second;
    portal.statement = &it->second;
    portal.has_value = !bind.values.empty();
    if (portal.has_value) portal.value.assign(bind.values[0].text());
    portal.sent = 0;
  }
  void describe_statement(std::string_view name, Output& out) override {
    if (statements_.find(name) == statements_.end()) {
      throw SqlError(sqlstate::kUndefinedPstatement, "prepared statement does not exist");
    }
    out.parameter_description({});
    describe(out);
  }
  void describe_portal(std::string_view, Output& out) override { describe(out); }
  void execute(std::string_view name, int32_t max_rows, Output& out) override {
    auto it = portals_.find(name);
    if (it == portals_.end()) throw SqlError(sqlstate::kInvalidCursorName, "portal does not exist");
    Portal& portal = it->second;
    if (portal.has_value) {
      row(portal.value, out);
      out.command_complete("SELECT 1");
    } else {
      portal_ = &portal;
      run(*portal.statement, false, max_rows, out);
      portal_ = nullptr;
    }
  }
  void close_statement(std::string_view name) override { statements_.erase(std::string(name)); }
  void close_portal(std::string_view name) override { portals_.erase(std::string(name)); }
  void sync(Output&) override {}
  void on_error() noexcept override {
    if (status_ == 'T') status_ = 'E';
  }
  char transaction_status() const override { return status_; }
  void terminate() noexcept override {}

 private:
  struct Portal {
    const std::string* statement = nullptr;
    bool has_value = false;
    std::string value;
    int sent = 0;
  };

  static void row(std::string_view value, Output& out) {
    out.begin_data_row(1);
    out.column(value);
    out.end_data_row();
  }
  static void describe(Output& out) {
    ColumnDescription column;
    column.name = "c";
    column.type = Oid{25};
    out.row_description({&column, 1});
  }
  static int number(std::string_view text) {
    int n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
  }

  void run(std::string_view sql, bool with_description, int32_t max_rows, Output& out) {
    size_t space = sql.find(' ');
    std::string_view word = sql.substr(0, space);
    int n = space == std::string_view::npos ? 0 : number(sql.substr(space + 1));
    if (word == "error") throw SqlError(sqlstate::kDivisionByZero, "division by zero").detail("toy");
    if (word == "begin") status_ = 'T';
    if (word == "end") status_ = 'I';
    if (word == "commit") out.require_durable(Lsn{static_cast<uint64_t>(n)});
    if (word == "wait") return wait(out);
    if (word == "waitms") return wait_with_timeout(n, out);
    if (word == "spin") return spin(out);
    if (word == "copyin") return copy(out);
    if (word == "begin" || word == "end" || word == "commit") return out.command_complete(word);
    if (word == "fail") {
      status_ = 'T';
      throw SqlError(sqlstate::kRaiseException, "failed");
    }
    if (with_description) describe(out);
    if (word == "rows" || word == "big") return rows(word == "big", n, max_rows, out);
    row(sql, out);
    out.command_complete("SELECT 1");
  }

  void rows(bool big, int n, int32_t max_rows, Output& out) {
    static const std::string kilobyte(1024, 'x');
    int first = portal_ != nullptr ? portal_->sent : 0;
    int last = max_rows > 0 ? std::min(n, first + max_rows) : n;
    for (int i = first; i < last; ++i) {
      client_.cancel_token().throw_if_pending();
      row(big ? kilobyte : std::to_string(i), out);
    }
    if (portal_ != nullptr) portal_->sent = last;
    if (last < n) return out.portal_suspended();
    out.command_complete("SELECT " + std::to_string(last - first));
  }

  void wait(Output& out) {
    sync::ParkingSpot spot;
    Status status = spot.wait(kToyWait, &client_.cancel_token());
    client_.cancel_token().throw_if_pending();
    check_ok(status);
    out.command_complete("WAIT");
  }

  void wait_with_timeout(int ms, Output& out) {
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    client_.set_statement_deadline(std::chrono::duration_cast<std::chrono::microseconds>(now).count() +
                                   ms * 1000);
    wait(out);
  }

  void spin(Output& out) {
    while (spin_until_ != nullptr && *spin_until_ && !(*spin_until_)())
      client_.cancel_token().throw_if_pending();
    out.command_complete("SPIN");
  }

  void copy(Output& out) {
    Format format = Format::kText;
    CopySource& source = client_.copy_in(Format::kText, {&format, 1});
    size_t bytes = 0;
    std::string_view data;
    while (source.next(&data)) {
      if (data == "bad") throw SqlError(sqlstate::kBadCopyFileFormat, "bad data");
      bytes += data.size();
    }
    out.command_complete("COPY " + std::to_string(bytes));
  }

  Client& client_;
  const std::function<bool()>* spin_until_;
  std::map<std::string, std::string, std::less<>> statements_;
  std::map<std::string, Portal, std::less<>> portals_;
  Portal* portal_ = nullptr;
  char status_ = 'I';
};

class ToyFactory final : public HandlerFactory {
 public:
  std::function<bool()> spin_until;

  std::unique_ptr<SessionHandler> create(Client& client) override {
    if (client.startup().database == "nowhere") {
      throw SqlError(sqlstate::kInvalidCatalogName, "database \"nowhere\" does not exist");
    }
    Output& out = client.output();
    out.parameter_status("server_version", "15.0");
    out.parameter_status("server_encoding", "UTF8");
    out.parameter_status("client_encoding", "UTF8");
    out.parameter_status("DateStyle", "ISO, MDY");
    out.parameter_status("integer_datetimes", "on");
    out.parameter_status("standard_conforming_strings", "on");
    if (client.startup().user == "hasty") client.set_idle_timeouts(1, 1);
    return std::make_unique<ToyHandler>(client, &spin_until);
  }
};

class ToyCredentials final : public CredentialStore {
 public:
  std::map<std::string, Credential, std::less<>> users;

  std::optional<Credential> find(std::string_view user) override {
    auto it = users.find(user);
    return it == users.end() ? std::nullopt : std::optional<Credential>(it->second);
  }
  bool is_member(std::string_view user, std::string_view role) override {
    return user == role || (role == "staff" && user == "ann");
  }
};

}  // namespace varve::net
