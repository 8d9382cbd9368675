// PostgreSQL's wire protocol 3.0: the numbers, and the messages that are more than a few bytes.
//
//   message  = type byte | int32 length (of itself and the body) | body        (all integers big-endian)
//   startup  = int32 length | int32 code | body                                 (first message only)
//
// Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"

namespace varve::net {

// Codes of the first message.
inline constexpr uint32_t kProtocolVersion3 = 3U << 16;
inline constexpr uint32_t kCancelRequestCode = 1234U << 16 | 5678;
inline constexpr uint32_t kSslRequestCode = 1234U << 16 | 5679;
inline constexpr uint32_t kGssEncRequestCode = 1234U << 16 | 5680;

// Limits on the length field, checked before anything is allocated.
inline constexpr uint32_t kMaxStartupBytes = 10000;
inline constexpr uint32_t kMaxAuthBytes = 65535;
inline constexpr uint32_t kMaxSmallMessageBytes = 10000;  // Sync, Flush, Execute, Describe, Close, Terminate
inline constexpr uint32_t kMaxMessageBytes = 0x3fffffff - 1;  // Query, Parse, Bind, FunctionCall, CopyData

// Format codes of parameters and result columns.
enum class Format : int16_t { kText = 0, kBinary = 1 };

struct ColumnDescription {
  std::string_view name;
  Oid table;  // 0: not a plain column
  int16_t column_number = 0;
  Oid type;
  int16_t type_length = -1;
  int32_t type_modifier = -1;
  Format format = Format::kText;
};

// One parameter value of Bind. Points into the receive buffer.
struct ParameterValue {
  const char* data = nullptr;  // null pointer: SQL NULL
  uint32_t size = 0;

  bool is_null() const { return data == nullptr; }
  std::string_view text() const { return {data, size}; }
};

// Format codes as sent: none = all text, one = applies to all, else one per item.
class FormatCodes {
 public:
  FormatCodes() = default;
  explicit FormatCodes(std::span<const Format> codes) : codes_(codes) {}
  size_t count() const { return codes_.size(); }
  std::span<const Format> codes() const { return codes_; }
  Format at(size_t i) const {
    if (codes_.empty()) return Format::kText;
    return codes_.size() == 1 ? codes_[0] : codes_[i];
  }

 private:
  std::span<const Format> codes_;
};

// Bind, decoded. All views are valid only during SessionHandler::bind(): copy what the portal keeps. The
// codec has checked that the message is well formed, that codes are 0 or 1 and that the number of parameter
// formats is 0, 1 or the number of values; the number of values against the statement, and of result formats
// against its columns, is the handler's to check.
struct BindMessage {
  std::string_view portal;
  std::string_view statement;
  FormatCodes parameter_formats;
  std::span<const ParameterValue> values;
  FormatCodes result_formats;
};

}  // namespace varve::net
