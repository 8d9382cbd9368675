// Assertions that stay on in release. A failed one means memory or disk can no longer be trusted: the process
// says where and aborts, and recovery starts from the log.
#pragma once

namespace varve {

[[noreturn]] void check_failed(const char* file, int line, const char* expression);

}  // namespace varve

#define VARVE_CHECK(cond)                                                               \
  do {                                                                                  \
    if (__builtin_expect(!(cond), 0)) ::varve::check_failed(__FILE__, __LINE__, #cond); \
  } while (0)

// For conditions that cost something to evaluate: on in debug and sanitizer builds only.
#if !defined(NDEBUG) || defined(VARVE_TSAN) || defined(__SANITIZE_ADDRESS__)
#define VARVE_DCHECK(cond) VARVE_CHECK(cond)
#else
#define VARVE_DCHECK(cond) ((void)0)
#endif
