// Values of one column of a result as clients get them, without a string between: straight into the send
// buffer or a line of COPY. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "common/strong_id.h"
#include "types/format_settings.h"
#include "types/quick_text.h"
#include "vector/vector.h"

namespace varve::session {

class ColumnText {
 public:
  // What write() may touch at the place that it is given.
  static constexpr size_t kMaxBytes = types::kQuickTextBytes;
  // All characters that write() ever writes.
  static constexpr std::string_view kCharacters = "0123456789-+.: tf";

  // `format` must outlive it, and not change.
  ColumnText(Oid type, const types::FormatSettings& format);

  // The value's bytes are its text.
  bool is_string() const { return way_ == Way::kString; }
  // Null: it is not one of the values that come nearly always, functions::append_text() has to be asked. Not
  // for NULLs.
  char* write(char* to, const vector::Vector& column, uint32_t row);
  // The binary form, of the same size for all values of the type. Null: functions::append_binary().
  char* write_binary(char* to, const vector::Vector& column, uint32_t row) const;

 private:
  enum class Way : uint8_t {
    kAsk,
    kString,
    kInt2,
    kInt4,
    kInt8,
    kFloat8,
    kNumeric,
    kBool,
    kDate,
    kTimestamp,
    kTimestamptz
  };
  static Way way_of(Oid type, const types::FormatSettings& format);

  Way way_;
  const types::TimeZone* zone_;
  types::TimestampWriter times_;
};

// What a session keeps to send rows with.
struct RowText {
  std::vector<ColumnText> columns;
  std::string other;  // a value that the columns leave to the functions of its type
};

}  // namespace varve::session
