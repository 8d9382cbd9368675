// Row values (ROW(…), whole rows of tables, composite types): a kString value whose bytes are laid out as
// below. Not aligned; read with load_raw. The value says itself what its fields are, so that it can be
// printed, compared and sent without asking the catalog.
//
//   u32 type (record, or a composite type) | u32 shape (of a plain record: its field names; 0: f1, f2, …)
//   u32 n
//   n × { u32 type of the field | u32 end of its bytes, counted from the first field; bit 31: it is NULL }
//   the fields' bytes: fixed width as they lie in vectors, a numeric as append_numeric_row writes it, strings
//   as they are
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/strong_id.h"
#include "functions/eval_context.h"
#include "memory/arena.h"
#include "types/collation.h"
#include "types/value.h"

namespace varve::functions {

// Reads a row value; the bytes must outlive it.
class RecordView {
 public:
  explicit RecordView(std::string_view bytes);

  Oid type() const { return type_; }
  uint32_t count() const { return count_; }
  Oid field_type(uint32_t i) const;
  bool is_null(uint32_t i) const;
  // Strings point into the record's bytes; big numerics are put into `arena`.
  types::Value at(uint32_t i, Arena& arena) const;
  // "f1" where nothing is known of it.
  std::string field_name(uint32_t i) const;

 private:
  uint32_t end_of(uint32_t i) const;

  Oid type_;
  uint32_t shape_;
  uint32_t count_;
  const char* fields_;
  const char* bytes_;
};

// A number for the field names of a plain record, the same for the same names while the process lives.
uint32_t record_shape(std::span<const std::string_view> names);

types::StringRef make_record(Oid type, uint32_t shape, std::span<const Oid> field_types,
                             std::span<const types::Value> fields, Arena& arena);
// A copy of type `type` with field `i` (from 0) set; `record` empty: all other fields are NULL.
types::StringRef record_with_field(Oid type, std::string_view record, std::span<const Oid> field_types,
                                   uint32_t i, const types::Value& value, Arena& arena);

// record_cmp: field by field, NULLs last and equal to each other. 42804 where the fields do not match.
int compare_records(std::string_view a, std::string_view b, const types::Collation* collation);
// record_eq: as compare_records, with the equality of types that have no order.
bool equal_records(std::string_view a, std::string_view b, const types::Collation* collation);
uint64_t hash_record(std::string_view a, const types::Collation* collation);

// record_in, record_out, record_recv, record_send.
types::Value parse_record(Oid type, std::string_view text, EvalContext& context);
void append_record(std::string_view record, std::string& out, EvalContext& context);
types::Value receive_record(Oid type, std::string_view bytes, EvalContext& context);
void send_record(std::string_view record, std::string& out, EvalContext& context);

}  // namespace varve::functions
