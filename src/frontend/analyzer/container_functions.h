// The functions behind a[i], a[l:u], (r).f and assignments to them. Only the analyzer calls them, so they
// have no name in SQL and no row in pg_proc.
#pragma once

#include "functions/registry.h"

namespace varve::analyzer {

inline constexpr size_t kMaxArrayDimensions = 6;

// (array, int4 × dimensions) -> element, strict; NULL outside of the bounds.
const functions::Function& array_subscript_function(size_t dimensions);
// (array, int4 flags, { int4 lower, int4 upper } × dimensions) -> array, strict. Bit 2n of the flags:
// dimension n has a lower bound, bit 2n + 1: an upper one.
const functions::Function& array_slice_function(size_t dimensions);
// (array, element, int4 × dimensions) -> array with the element set.
const functions::Function& array_assign_function(size_t dimensions);
// (array, array to put there, int4 flags, bounds as above) -> array with the slice set.
const functions::Function& array_assign_slice_function(size_t dimensions);

// (record, int4 field from 0) -> the field. The result's type is the call site's.
const functions::Function& record_field_function();
// (record, int4 field from 0, value) -> the record with the field set; its type is the call site's result
// type.
const functions::Function& record_assign_function();
// (jsonb, value, whether NULL becomes an array, text …) -> the jsonb with the value on the path.
const functions::Function& json_assign_function();
// r IS NULL: all fields are NULL, or r is. r IS NOT NULL: no field is.
const functions::Function& record_null_test_function(bool is_not_null);

// (cursor's name, oid of a table) -> ctid of the table's row that the cursor stands on (WHERE CURRENT OF).
const functions::Function& cursor_row_function();

bool is_container_function(const functions::Function& function);

}  // namespace varve::analyzer
