// Orders of text: "C" (bytes) and the locales of ICU. Immutable, cached for the life of the process, safe to
// use from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace varve::types {

class Collation {
 public:
  // The byte order, also of "POSIX".
  static const Collation& c();
  // An ICU locale ("en-US", "de-u-co-phonebk", "und"). Throws 22023 if ICU does not know it at all.
  static const Collation& icu(std::string_view locale, bool deterministic = true);

  bool is_c() const { return collator_ == nullptr; }
  bool deterministic() const { return deterministic_; }
  const std::string& locale() const { return locale_; }
  // ICU's collator version, stored with an index; empty for "C".
  const std::string& version() const { return version_; }

  // < 0, 0, > 0. A deterministic collation calls only equal bytes equal: ties are broken by bytes.
  int compare(std::string_view a, std::string_view b) const;
  bool equal(std::string_view a, std::string_view b) const;
  // Appends bytes whose memcmp order is this order. Equal strings of a nondeterministic collation give equal
  // keys.
  void append_sort_key(std::string& out, std::string_view text) const;
  // Equal strings hash alike.
  uint64_t hash(std::string_view text) const;

  ~Collation();
  Collation(const Collation&) = delete;
  Collation& operator=(const Collation&) = delete;

 private:
  Collation() = default;
  void* collator_ = nullptr;  // UCollator*; const use of it is thread-safe once opened
  bool deterministic_ = true;
  std::string locale_, version_;
};

}  // namespace varve::types
