// What a session sends: messages of the protocol, written straight into the connection's send buffer.
//
// Owned by the connection, used by the thread that runs the session. The buffer is borrowed while the session
// is active. Beyond kFlushBytes complete messages are pushed to the socket; a client that does not read makes
// the writing call wait (BlockingScope, ClientWrite) instead of letting memory grow. Throws SqlError (57P01
// and the like) when the session must end while it waits, ConnectionLost when the client is gone.
//
// Gating: after require_durable(lsn) nothing written later leaves before the log is durable up to lsn.
#pragma once

#include <cstdint>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>

#include "common/bytes.h"
#include "common/sql_error.h"
#include "common/strong_id.h"
#include "net/protocol.h"

namespace varve::net {

// Thrown out of any Output or CopySource call when the client is gone. Let it pass; net ends the session.
class ConnectionLost : public std::exception {
 public:
  const char* what() const noexcept override { return "connection to client lost"; }
};

// Severities of ErrorResponse and NoticeResponse.
enum class Severity : uint8_t { kDebug, kLog, kInfo, kNotice, kWarning, kError, kFatal, kPanic };

class Output {
 public:
  static constexpr size_t kFirstBytes = 8 << 10;
  static constexpr size_t kFlushBytes = 128 << 10;

  // Empties the buffer, or part of it, towards the client; may wait. Called between messages only.
  class Drain {
   public:
    virtual void drain(Output& out) = 0;

   protected:
    ~Drain() = default;
  };

  explicit Output(Drain* drain) : drain_(drain) {}
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // --- Rows: the hot path. No allocation once the buffer has grown.
  //   begin_data_row(n); n × (null_column | column | begin_column … end_column); end_data_row();
  void begin_data_row(uint16_t columns) {
    begin_message('D');
    put_int16(static_cast<int16_t>(columns));
  }
  void null_column() { put_int32(-1); }
  void column(std::string_view value) {
    char* p = reserve(value.size() + 4);
    store_be<int32_t>(p, static_cast<int32_t>(value.size()));
    if (!value.empty()) std::memcpy(p + 4, value.data(), value.size());
    next_ += value.size() + 4;
  }
  // Binary forms of the fixed-size types.
  void column_int16(int16_t v) { fixed_column(v); }
  void column_int32(int32_t v) { fixed_column(v); }
  void column_int64(int64_t v) { fixed_column(v); }
  // Writes a column of at most max_bytes in place: fill from the returned pointer, pass its end.
  char* begin_column(size_t max_bytes) { return reserve(max_bytes + 4) + 4; }
  void end_column(const char* end) {
    store_be<int32_t>(next_, static_cast<int32_t>(end - next_ - 4));
    next_ = const_cast<char*>(end);
  }
  void end_data_row() { end_message(); }

  // --- Results
  void row_description(std::span<const ColumnDescription> columns);
  void parameter_description(std::span<const Oid> types);
  void no_data() { empty_message('n'); }
  void command_complete(std::string_view tag);  // "SELECT 1"
  void empty_query_response() { empty_message('I'); }
  void portal_suspended() { empty_message('s'); }

  // --- COPY to the client. For COPY from the client use Client::copy_in().
  void copy_out_response(Format overall, std::span<const Format> columns);
  void copy_both_response(Format overall, std::span<const Format> columns);
  void copy_data(std::string_view row);
  char* begin_copy_data(size_t max_bytes);  // in place: fill, pass the end
  void end_copy_data(const char* end);
  void copy_done() { empty_message('c'); }

  // --- Asides
  void notice(Severity severity, const ErrorFields& fields);
  void parameter_status(std::string_view name, std::string_view value);

  // Bytes written from now on wait for the log. Several calls: the highest position counts for all of them.
  void require_durable(Lsn lsn);

  // Sends what may be sent without waiting for more (as Flush does). May wait for a slow client.
  void flush();

  // --- For net itself: messages the handler never writes.
  void error_response(Severity severity, const ErrorFields& fields);
  void ready_for_query(char transaction_status);
  void notification(int32_t pid, std::string_view channel, std::string_view payload);
  void backend_key_data(int32_t pid, uint32_t secret);
  void authentication(int32_t code, std::string_view data = {});
  void negotiate_protocol_version(int32_t minor, std::span<const std::string_view> unknown_options);
  void copy_in_response(Format overall, std::span<const Format> columns);
  void empty_message(char type);
  void raw_byte(char c);  // answer to SSLRequest

  void begin_message(char type) {
    char* p = reserve(5);
    message_ = static_cast<size_t>(p - buffer_);
    *p = type;
    next_ = p + 5;
  }
  void end_message() {
    char* p = buffer_ + message_;
    store_be<int32_t>(p + 1, static_cast<int32_t>(next_ - p - 1));
    message_ = kNoMessage;
    if (static_cast<size_t>(next_ - buffer_) >= drain_at_) drain_now();
  }
  void put_byte(char c) {
    *reserve(1) = c;
    ++next_;
  }
  void put_int16(int16_t v) { put(v); }
  void put_int32(int32_t v) { put(v); }
  void put_bytes(std::string_view s) {
    if (s.empty()) return;
    std::memcpy(reserve(s.size()), s.data(), s.size());
    next_ += s.size();
  }
  void put_c_string(std::string_view s) {
    put_bytes(s);
    put_byte('\0');
  }
  // Takes back a message that an error left unfinished.
  void abort_message() {
    if (message_ != kNoMessage) next_ = buffer_ + message_;
    message_ = kNoMessage;
  }

  // What is buffered and how much of it is free to go; offsets from the start of the buffer.
  std::string_view buffered() const { return {buffer_, static_cast<size_t>(next_ - buffer_)}; }
  bool empty() const { return next_ == buffer_; }
  size_t size() const { return static_cast<size_t>(next_ - buffer_); }
  bool gated() const { return gate_lsn_ != kInvalidLsn; }
  Lsn gate_lsn() const { return gate_lsn_; }
  size_t gate_offset() const { return gate_offset_; }
  void open_gate() { gate_lsn_ = kInvalidLsn; }
  void consume(size_t bytes);  // the first bytes were sent
  void postpone_drain() { drain_at_ = size() + kFlushBytes; }
  // The buffer is lent by the worker while the session is active. take_buffer() only when empty.
  void lend_buffer(char* buffer, size_t capacity);
  char* take_buffer(size_t* capacity);
  size_t held_bytes() const { return static_cast<size_t>(end_ - buffer_); }

 private:
  static constexpr size_t kNoMessage = SIZE_MAX;

  // Room for n more bytes at next_; does not move next_.
  char* reserve(size_t n) {
    if (__builtin_expect(static_cast<size_t>(end_ - next_) < n, 0)) grow(n);
    return next_;
  }
  template <class T>
  void put(T v) {
    store_be<T>(reserve(sizeof(T)), v);
    next_ += sizeof(T);
  }
  template <class T>
  void fixed_column(T v) {
    char* p = reserve(4 + sizeof(T));
    store_be<int32_t>(p, sizeof(T));
    store_be<T>(p + 4, v);
    next_ += 4 + sizeof(T);
  }
  void grow(size_t n);
  void drain_now();
  void copy_response(char type, Format overall, std::span<const Format> columns);
  void put_fields(Severity severity, const ErrorFields& fields);

  char* buffer_ = nullptr;
  char* next_ = nullptr;
  char* end_ = nullptr;
  size_t message_ = kNoMessage;  // where the open message starts
  size_t drain_at_ = kFlushBytes;
  size_t gate_offset_ = 0;
  Lsn gate_lsn_;
  Drain* drain_;
};

}  // namespace varve::net
