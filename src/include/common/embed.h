// Files that become part of the program: text between varve_SYMBOL_begin and varve_SYMBOL_end, with a zero
// byte behind. The build must name them as dependencies of the source that embeds them (OBJECT_DEPENDS).
#pragma once

#include <string_view>

// At namespace scope, outside of any; `path` is a string literal.
#define VARVE_EMBED(symbol, path)                                                                        \
  asm(".section .rodata\n.global varve_" #symbol "_begin\n.global varve_" #symbol "_end\nvarve_" #symbol \
      "_begin:\n.incbin \"" path "\"\nvarve_" #symbol "_end:\n.byte 0\n.text\n");                        \
  extern "C" const char varve_##symbol##_begin[];                                                        \
  extern "C" const char varve_##symbol##_end[]

#define VARVE_EMBEDDED(symbol) \
  std::string_view(varve_##symbol##_begin, static_cast<size_t>(varve_##symbol##_end - varve_##symbol##_begin))
