// Array values: a kString value whose bytes are laid out as below. Not aligned; read with load_raw.
//
//   u32 element type | u16 dimensions (0: the empty array) | u16 flags, bit 0: has NULLs, bit 1: has room
//   dimensions × { i32 length, i32 lower bound }
//   has NULLs: (n + 7) / 8 bytes, bit i set = element i is NULL
//   fixed-width elements: n × physical width
//   has room:             u32 r; numeric and strings only
//   numeric and strings:  (n + 1) × u32 offsets into what follows, then the bytes
//                         (a numeric as append_numeric_row writes it)
//                         has room: place for r + 1 offsets, those behind n + 1 mean nothing; of arrays that
//                         have grown by one element after the other, which would else move the bytes each
//                         time
//
// Row-major order, n = product of the lengths. Also the form of int2vector and oidvector (lower bound 0).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/strong_id.h"
#include "memory/arena.h"
#include "types/collation.h"
#include "types/value.h"

namespace varve::functions {

inline constexpr int kMaxArrayDimensions = 6;
inline constexpr int64_t kMaxArrayElements = 0x7FFFFFF;

struct ArrayDimension {
  int32_t length;
  int32_t lower;
  bool operator==(const ArrayDimension&) const = default;
};

// Reads an array value; the bytes must outlive it.
class ArrayView {
 public:
  explicit ArrayView(std::string_view bytes);

  Oid element_type() const { return element_type_; }
  types::PhysicalType physical() const { return physical_; }
  uint32_t count() const { return count_; }
  int dimensions() const { return dimensions_; }
  ArrayDimension dimension(int i) const;
  bool has_nulls() const { return nulls_ != nullptr; }
  bool is_null(uint32_t i) const { return nulls_ != nullptr && (nulls_[i >> 3] >> (i & 7) & 1) != 0; }
  // Strings point into the array's bytes; big numerics are put into `arena`.
  types::Value at(uint32_t i, Arena& arena) const;

 private:
  Oid element_type_;
  types::PhysicalType physical_;
  int dimensions_;
  uint32_t count_;
  const char* shape_;
  const uint8_t* nulls_ = nullptr;
  const char* elements_;
  uint32_t room_;  // elements that the offsets have place for
};

// Lays out an array. `dims` empty with elements: one dimension from 1. Throws 54000 if it is too large.
void append_array_bytes(std::string& out, Oid element_type, std::span<const types::Value> elements,
                        std::span<const ArrayDimension> dims = {});
types::StringRef make_array(Oid element_type, std::span<const types::Value> elements, Arena& arena,
                            std::span<const ArrayDimension> dims = {});
// ARRAY[a, b, …] where the items are arrays themselves: one more dimension. 2202E if their shapes differ.
types::StringRef make_array_of_arrays(Oid element_type, std::span<const types::Value> arrays, Arena& arena);

// B-tree order of arrays: elements, then count, then dimensions and bounds.
int compare_arrays(std::string_view a, std::string_view b, const types::Collation* collation);
uint64_t hash_array(std::string_view a, const types::Collation* collation);

// a[i][j]…: NULL (null value) outside of the bounds or with a wrong number of subscripts.
types::Value array_element(std::string_view array, std::span<const int32_t> subscripts, Arena& arena);
// a[l:u]…: missing bounds are given as the array's own. Lower bounds of the result are 1.
struct ArraySlice {
  bool has_lower, has_upper;
  int32_t lower, upper;
};
types::StringRef array_slice(std::string_view array, std::span<const ArraySlice> slices, Arena& arena);
// UPDATE … SET a[i] = v: a copy with the element set, extended when it is one-dimensional.
types::StringRef array_with_element(Oid element_type, std::string_view array,
                                    std::span<const int32_t> subscripts, const types::Value& value,
                                    Arena& arena);
// The same in the bytes of an array that nobody else reads, where they need not move: one dimension, elements
// of fixed width and none of them NULL. False: nothing was changed.
bool set_array_element(char* array, int32_t subscript, const types::Value& value);
// One more element at the end of an array in its own bytes: whether it can be (one dimension, no NULL, not
// too long), how many bytes it takes for a value that is not NULL, and the growing, when those behind it are
// free.
bool array_can_grow(std::string_view array);
size_t array_growth_bytes(std::string_view array, const types::Value& value);
void append_array_element(char* array, size_t bytes, const types::Value& value);
// The subscript behind its last element, of a one-dimensional array.
int32_t next_array_subscript(std::string_view array);
// UPDATE … SET a[l:u] = source: a copy with the slice set from the source's elements in order. 2202E if they
// are too few.
types::StringRef array_with_slice(Oid element_type, std::string_view array,
                                  std::span<const ArraySlice> slices, std::string_view source, Arena& arena);

}  // namespace varve::functions
