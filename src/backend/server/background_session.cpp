#include "background_session.h"

#include <atomic>

#include "common/bytes.h"
#include "session/instance.h"
#include "wal/log_manager.h"

namespace varve::server {

namespace {

// Apart from those of clients, which are counted from 1.
std::atomic<int32_t> next_pid{1 << 30};

int32_t read_int32(std::string_view bytes, size_t at) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data()) + at;
  return static_cast<int32_t>(uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3]);
}

std::vector<std::string> read_row(std::string_view body) {
  std::vector<std::string> row(
      static_cast<size_t>(static_cast<unsigned char>(body[0]) << 8 | static_cast<unsigned char>(body[1])));
  size_t at = 2;
  for (std::string& value : row) {
    int32_t length = read_int32(body, at);
    at += 4;
    if (length < 0) continue;
    value = body.substr(at, static_cast<size_t>(length));
    at += static_cast<size_t>(length);
  }
  return row;
}

}  // namespace

BackgroundSession::BackgroundSession(session::Instance& instance, std::string_view database,
                                     std::string_view user, std::string_view application_name,
                                     sync::CancelToken& cancel)
    : instance_(instance),
      cancel_(cancel),
      pid_(next_pid.fetch_add(1, std::memory_order_relaxed)),
      output_(this) {
  startup_.database = database;
  startup_.user = user;
  startup_.application_name = application_name;
  handler_ = session::make_session(instance, *this);
}

BackgroundSession::~BackgroundSession() { handler_->terminate(); }

net::CopySource& BackgroundSession::copy_in(net::Format, std::span<const net::Format>) {
  throw_not_supported("COPY FROM STDIN in the background");
}

// Messages are whole here. Rows are kept, all else is for clients only.
void BackgroundSession::drain(net::Output& out) {
  std::string_view bytes = out.buffered();
  size_t at = 0;
  while (at + 5 <= bytes.size()) {
    size_t length = static_cast<size_t>(read_int32(bytes, at + 1));
    if (at + 1 + length > bytes.size()) break;
    if (bytes[at] == 'D') rows_.push_back(read_row(bytes.substr(at + 5, length - 4)));
    at += 1 + length;
  }
  out.consume(at);
}

std::vector<std::vector<std::string>> BackgroundSession::run(std::string_view sql) {
  rows_.clear();
  try {
    handler_->simple_query(sql, output_);
  } catch (const SqlError&) {
    output_.abort_message();
    output_.flush();
    handler_->on_error();
    throw;
  }
  output_.flush();
  if (output_.gated()) {
    Status durable = instance_.engine().log().flush(output_.gate_lsn());
    output_.open_gate();
    if (!durable.ok()) throw SqlError(sqlstate::kIoError, std::string(durable.message()));
  }
  return std::move(rows_);
}

}  // namespace varve::server
