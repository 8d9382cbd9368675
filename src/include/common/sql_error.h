// The one exception of the SQL layers: what PostgreSQL's ereport(ERROR) carries. Caught at the session loop.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "common/sqlstate.h"

namespace varve {

class Status;

// All fields as they go into an ErrorResponse or NoticeResponse message.
struct ErrorFields {
  SqlState state = sqlstate::kInternalError;
  std::string message;
  std::string detail;
  std::string hint;
  int position = 0;           // 1-based character (not byte) position in the statement; 0 = none
  int internal_position = 0;  // the same for internal_query
  std::string internal_query;
  std::string context;
  std::string schema, table, column, datatype, constraint;
};

// throw SqlError(sqlstate::kUndefinedTable, fmt::format("relation \"{}\" does not exist", name)).at(pos);
class SqlError : public std::exception {
 public:
  SqlError(SqlState state, std::string message);

  SqlError& detail(std::string text) {
    fields_->detail = std::move(text);
    return *this;
  }
  SqlError& hint(std::string text) {
    fields_->hint = std::move(text);
    return *this;
  }
  SqlError& context(std::string text) {
    fields_->context = std::move(text);
    return *this;
  }
  // `position` is the 1-based character offset; 0 leaves it unset.
  SqlError& at(int position) {
    fields_->position = position;
    return *this;
  }
  SqlError& schema(std::string_view s) {
    fields_->schema = s;
    return *this;
  }
  SqlError& table(std::string_view s) {
    fields_->table = s;
    return *this;
  }
  SqlError& column(std::string_view s) {
    fields_->column = s;
    return *this;
  }
  SqlError& datatype(std::string_view s) {
    fields_->datatype = s;
    return *this;
  }
  SqlError& constraint(std::string_view s) {
    fields_->constraint = s;
    return *this;
  }

  SqlState state() const { return fields_->state; }
  const ErrorFields& fields() const { return *fields_; }
  ErrorFields& fields() { return *fields_; }
  const char* what() const noexcept override { return fields_->message.c_str(); }

 private:
  std::shared_ptr<ErrorFields> fields_;  // shared: exceptions are copied
};

// What PostgreSQL has and Varve has not: SQLSTATE 0A000, "<what> is not supported" unless `what` is a
// sentence.
[[noreturn]] void throw_not_supported(std::string_view what, int position = 0);

// Turns a storage failure into the SqlError a client should see (kNoSpace -> 53100, kIoError -> 58030, …).
[[noreturn]] void throw_status(const Status& status);
// Throws if not ok.
void check_ok(const Status& status);

}  // namespace varve
