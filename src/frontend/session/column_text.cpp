#include "column_text.h"

#include <bit>

#include "common/bytes.h"
#include "functions/type_oids.h"
#include "types/string_ref.h"
#include "types/text_codec.h"
#include "types/time_zone.h"

namespace varve::session {

ColumnText::ColumnText(Oid type, const types::FormatSettings& format)
    : way_(way_of(type, format)),
      zone_(format.time_zone == nullptr ? &types::TimeZone::utc() : format.time_zone) {}

ColumnText::Way ColumnText::way_of(Oid type, const types::FormatSettings& format) {
  const bool iso = format.date_style == types::DateStyle::kIso;
  if (type == type_oid::kInt4) return Way::kInt4;
  if (type == type_oid::kInt8) return Way::kInt8;
  if (type == type_oid::kText || type == type_oid::kVarchar || type == type_oid::kBpchar ||
      type == type_oid::kName)
    return Way::kString;
  if (type == type_oid::kFloat8) return format.extra_float_digits > 0 ? Way::kFloat8 : Way::kAsk;
  if (type == type_oid::kNumeric) return Way::kNumeric;
  if (type == type_oid::kTimestamptz) return iso ? Way::kTimestamptz : Way::kAsk;
  if (type == type_oid::kTimestamp) return iso ? Way::kTimestamp : Way::kAsk;
  if (type == type_oid::kDate) return iso ? Way::kDate : Way::kAsk;
  if (type == type_oid::kInt2) return Way::kInt2;
  if (type == type_oid::kBool) return Way::kBool;
  return Way::kAsk;
}

char* ColumnText::write(char* to, const vector::Vector& column, uint32_t row) {
  switch (way_) {
    case Way::kAsk:
    case Way::kString:
      return nullptr;
    case Way::kInt2:
      return types::write_int8(to, column.at<int16_t>(row));
    case Way::kInt4:
      return types::write_int8(to, column.at<int32_t>(row));
    case Way::kInt8:
      return types::write_int8(to, column.at<int64_t>(row));
    case Way::kFloat8:
      return types::quick_write_float8(to, column.at<double>(row));
    case Way::kNumeric:
      return types::quick_write_numeric(to, column.at<types::Numeric>(row));
    case Way::kBool:
      *to = column.at<uint8_t>(row) != 0 ? 't' : 'f';
      return to + 1;
    case Way::kDate:
      return times_.write_date(to, column.at<int32_t>(row));
    case Way::kTimestamp:
      return times_.write(to, column.at<int64_t>(row));
    case Way::kTimestamptz:
      return times_.write_zoned(to, column.at<int64_t>(row), *zone_);
  }
  return nullptr;
}

namespace {

template <class T>
char* put(char* to, T value) {
  store_be<T>(to, value);
  return to + sizeof(T);
}

}  // namespace

char* ColumnText::write_binary(char* to, const vector::Vector& column, uint32_t row) const {
  switch (way_) {
    case Way::kInt2:
      return put(to, column.at<int16_t>(row));
    case Way::kInt4:
    case Way::kDate:
      return put(to, column.at<int32_t>(row));
    case Way::kInt8:
    case Way::kTimestamp:
    case Way::kTimestamptz:
      return put(to, column.at<int64_t>(row));
    case Way::kFloat8:
      return put(to, std::bit_cast<int64_t>(column.at<double>(row)));
    case Way::kBool:
      *to = column.at<uint8_t>(row) != 0 ? 1 : 0;
      return to + 1;
    default:
      return nullptr;
  }
}

}  // namespace varve::session
