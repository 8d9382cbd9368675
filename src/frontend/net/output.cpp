#include "net/output.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace varve::net {
namespace {

constexpr size_t kMaxBufferBytes = size_t{1} << 31;

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return "DEBUG";
    case Severity::kLog:
      return "LOG";
    case Severity::kInfo:
      return "INFO";
    case Severity::kNotice:
      return "NOTICE";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kError:
      return "ERROR";
    case Severity::kFatal:
      return "FATAL";
    case Severity::kPanic:
      return "PANIC";
  }
  return "ERROR";
}

}  // namespace

Output::~Output() { std::free(buffer_); }

void Output::grow(size_t n) {
  size_t used = size();
  size_t capacity = std::max(kFirstBytes, held_bytes());
  while (capacity < used + n) capacity *= 2;
  // A single message of more than 1 GiB cannot be sent; PostgreSQL fails at the same size.
  if (capacity > kMaxBufferBytes)
    throw SqlError(sqlstate::kOutOfMemory, "out of memory").detail("Message too long.");
  auto* bigger = static_cast<char*>(std::realloc(buffer_, capacity));
  if (bigger == nullptr) throw SqlError(sqlstate::kOutOfMemory, "out of memory");
  buffer_ = bigger;
  next_ = bigger + used;
  end_ = bigger + capacity;
}

void Output::drain_now() {
  if (drain_ == nullptr) return;
  drain_->drain(*this);
  // A drain that may not send yet (gate, full socket below its bound) is asked again only after as much
  // again.
  drain_at_ = size() + kFlushBytes;
}

void Output::flush() {
  if (drain_ != nullptr && !empty()) drain_->drain(*this);
}

void Output::consume(size_t bytes) {
  size_t rest = size() - bytes;
  if (rest > 0) std::memmove(buffer_, buffer_ + bytes, rest);
  next_ = buffer_ + rest;
  gate_offset_ = gate_offset_ >= bytes ? gate_offset_ - bytes : 0;
  drain_at_ = rest + kFlushBytes;
}

void Output::lend_buffer(char* buffer, size_t capacity) {
  buffer_ = next_ = buffer;
  end_ = buffer + capacity;
}

char* Output::take_buffer(size_t* capacity) {
  char* buffer = buffer_;
  *capacity = held_bytes();
  buffer_ = next_ = end_ = nullptr;
  drain_at_ = kFlushBytes;
  return buffer;
}

void Output::require_durable(Lsn lsn) {
  if (!gated()) gate_offset_ = size();
  if (lsn > gate_lsn_) gate_lsn_ = lsn;
}

void Output::empty_message(char type) {
  begin_message(type);
  end_message();
}

void Output::raw_byte(char c) { put_byte(c); }

void Output::row_description(std::span<const ColumnDescription> columns) {
  begin_message('T');
  put_int16(static_cast<int16_t>(columns.size()));
  for (const ColumnDescription& c : columns) {
    put_c_string(c.name);
    put_int32(static_cast<int32_t>(c.table.value()));
    put_int16(c.column_number);
    put_int32(static_cast<int32_t>(c.type.value()));
    put_int16(c.type_length);
    put_int32(c.type_modifier);
    put_int16(static_cast<int16_t>(c.format));
  }
  end_message();
}

void Output::parameter_description(std::span<const Oid> types) {
  begin_message('t');
  put_int16(static_cast<int16_t>(types.size()));
  for (Oid type : types) put_int32(static_cast<int32_t>(type.value()));
  end_message();
}

void Output::command_complete(std::string_view tag) {
  begin_message('C');
  put_c_string(tag);
  end_message();
}

void Output::copy_response(char type, Format overall, std::span<const Format> columns) {
  begin_message(type);
  put_byte(static_cast<char>(overall));
  put_int16(static_cast<int16_t>(columns.size()));
  for (Format f : columns) put_int16(static_cast<int16_t>(f));
  end_message();
}

void Output::copy_in_response(Format overall, std::span<const Format> columns) {
  copy_response('G', overall, columns);
}
void Output::copy_out_response(Format overall, std::span<const Format> columns) {
  copy_response('H', overall, columns);
}
void Output::copy_both_response(Format overall, std::span<const Format> columns) {
  copy_response('W', overall, columns);
}

void Output::copy_data(std::string_view row) {
  begin_message('d');
  put_bytes(row);
  end_message();
}

char* Output::begin_copy_data(size_t max_bytes) {
  begin_message('d');
  return reserve(max_bytes);
}

void Output::end_copy_data(const char* end) {
  next_ = const_cast<char*>(end);
  end_message();
}

namespace {

// Drivers (JDBC, asyncpg) prepare a statement anew upon this error, and tell it from others of its SQLSTATE
// by the function that raises it at PostgreSQL.
constexpr std::string_view kCachedPlanChanged = "cached plan must not change result type";

}  // namespace

void Output::put_fields(Severity severity, const ErrorFields& f) {
  auto field = [this](char code, std::string_view text) {
    put_byte(code);
    put_c_string(text.substr(0, text.find('\0')));
  };
  auto optional = [&](char code, const std::string& text) {
    if (!text.empty()) field(code, text);
  };
  auto number = [&](char code, int value) {
    if (value > 0) field(code, std::to_string(value));
  };
  field('S', severity_name(severity));
  field('V', severity_name(severity));
  field('C', f.state.text());
  field('M', f.message);
  optional('D', f.detail);
  optional('H', f.hint);
  number('P', f.position);
  number('p', f.internal_position);
  optional('q', f.internal_query);
  optional('W', f.context);
  optional('s', f.schema);
  optional('t', f.table);
  optional('c', f.column);
  optional('d', f.datatype);
  optional('n', f.constraint);
  if (f.message == kCachedPlanChanged) field('R', "RevalidateCachedQuery");
  put_byte('\0');
}

void Output::notice(Severity severity, const ErrorFields& fields) {
  begin_message('N');
  put_fields(severity, fields);
  end_message();
}

void Output::error_response(Severity severity, const ErrorFields& fields) {
  begin_message('E');
  put_fields(severity, fields);
  end_message();
}

void Output::parameter_status(std::string_view name, std::string_view value) {
  begin_message('S');
  put_c_string(name);
  put_c_string(value);
  end_message();
}

void Output::ready_for_query(char transaction_status) {
  begin_message('Z');
  put_byte(transaction_status);
  end_message();
}

void Output::notification(int32_t pid, std::string_view channel, std::string_view payload) {
  begin_message('A');
  put_int32(pid);
  put_c_string(channel);
  put_c_string(payload);
  end_message();
}

void Output::backend_key_data(int32_t pid, uint32_t secret) {
  begin_message('K');
  put_int32(pid);
  put_int32(static_cast<int32_t>(secret));
  end_message();
}

void Output::authentication(int32_t code, std::string_view data) {
  begin_message('R');
  put_int32(code);
  put_bytes(data);
  end_message();
}

void Output::negotiate_protocol_version(int32_t minor, std::span<const std::string_view> unknown_options) {
  begin_message('v');
  put_int32(minor);
  put_int32(static_cast<int32_t>(unknown_options.size()));
  for (std::string_view option : unknown_options) put_c_string(option);
  end_message();
}

}  // namespace varve::net
