// Text and binary form of arrays.
#pragma once

#include <string>
#include <string_view>

#include "functions/registry.h"

namespace varve::functions {

// `type` is the array type (or int2vector, oidvector).
types::StringRef parse_array(const TypeInfo& type, int32_t typmod, std::string_view text,
                             EvalContext& context);
// `vector_type`: kInt2vector or kOidvector for the form without braces, else 0.
void append_array(Oid vector_type, std::string_view array, std::string& out, EvalContext& context);
types::StringRef receive_array(const TypeInfo& type, int32_t typmod, std::string_view bytes,
                               EvalContext& context);
void send_array(std::string_view array, std::string& out, EvalContext& context);

}  // namespace varve::functions
