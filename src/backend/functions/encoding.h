// Bytes as text: hex, base64, escape.
#pragma once

#include <string>
#include <string_view>

namespace varve::functions {

void append_hex(std::string& out, std::string_view bytes);
// encode() and decode(); 22023 for an unknown format or malformed text.
void encode_bytes(std::string& out, std::string_view bytes, std::string_view format);
void decode_bytes(std::string& out, std::string_view text, std::string_view format);
// Only UTF8 (under any of its names) can be converted to and from; 22023 unknown, 0A000 known but absent.
void check_encoding(std::string_view name);

}  // namespace varve::functions
