#include "types/collation.h"

#include <map>
#include <mutex>
#include <unicode/ucol.h>
#include <unicode/uiter.h>
#include <unicode/uloc.h>
#include <unicode/utypes.h>
#include <utility>
#include <vector>

#include "common/hash.h"
#include "common/sql_error.h"

namespace varve::types {

namespace {

UCollator* collator_of(void* p) { return static_cast<UCollator*>(p); }

}  // namespace

Collation::~Collation() {
  if (collator_ != nullptr) ucol_close(collator_of(collator_));
}

const Collation& Collation::c() {
  static const Collation* const kCollation = [] {
    auto* collation = new Collation();
    collation->locale_ = "C";
    return collation;
  }();
  return *kCollation;
}

const Collation& Collation::icu(std::string_view locale, bool deterministic) {
  // Never freed: catalogs and plans keep references for the life of the process.
  static std::mutex mutex;
  static auto* cache = new std::map<std::pair<std::string, bool>, std::unique_ptr<Collation>>();
  std::lock_guard lock(mutex);
  auto [it, inserted] = cache->try_emplace({std::string(locale), deterministic});
  if (!inserted && it->second != nullptr) return *it->second;
  std::string name(locale);
  UErrorCode error = U_ZERO_ERROR;
  UCollator* collator = ucol_open(name == "und" ? "" : name.c_str(), &error);
  if (U_FAILURE(error)) {
    cache->erase(it);
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "could not open collator for locale \"" + name + "\": " + u_errorName(error));
  }
  std::unique_ptr<Collation> collation(new Collation());
  collation->collator_ = collator;
  collation->deterministic_ = deterministic;
  collation->locale_ = name;
  UVersionInfo version;
  ucol_getVersion(collator, version);
  char text[U_MAX_VERSION_STRING_LENGTH];
  u_versionToString(version, text);
  collation->version_ = text;
  it->second = std::move(collation);
  return *it->second;
}

int Collation::compare(std::string_view a, std::string_view b) const {
  if (collator_ != nullptr) {
    UErrorCode error = U_ZERO_ERROR;
    UCollationResult result =
        ucol_strcollUTF8(collator_of(collator_), a.data(), static_cast<int32_t>(a.size()), b.data(),
                         static_cast<int32_t>(b.size()), &error);
    if (U_FAILURE(error))
      throw SqlError(sqlstate::kInternalError, std::string("collation failed: ") + u_errorName(error));
    if (result != UCOL_EQUAL || !deterministic_) return result;
  }
  int order = a.compare(b);  // char_traits<char> compares bytes as unsigned
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool Collation::equal(std::string_view a, std::string_view b) const {
  return deterministic_ ? a == b : compare(a, b) == 0;
}

namespace {

// The collator's own key, zero bytes excluded.
void append_icu_key(std::string& out, UCollator* collator, std::string_view text) {
  UCharIterator iterator;
  uiter_setUTF8(&iterator, text.data(), static_cast<int32_t>(text.size()));
  uint32_t state[2] = {0, 0};
  for (;;) {
    uint8_t part[256];
    UErrorCode error = U_ZERO_ERROR;
    int32_t n = ucol_nextSortKeyPart(collator, &iterator, state, part, sizeof part, &error);
    if (U_FAILURE(error))
      throw SqlError(sqlstate::kInternalError, std::string("sort key failed: ") + u_errorName(error));
    out.append(reinterpret_cast<const char*>(part), static_cast<size_t>(n));
    if (n < static_cast<int32_t>(sizeof part)) break;
  }
}

}  // namespace

void Collation::append_sort_key(std::string& out, std::string_view text) const {
  if (collator_ == nullptr) {
    out += text;
    return;
  }
  append_icu_key(out, collator_of(collator_), text);
  if (deterministic_) {
    out.push_back('\0');  // no byte of a key is lower
    out += text;
  }
}

uint64_t Collation::hash(std::string_view text) const {
  if (deterministic_) return hash_bytes(text);
  std::string key;
  append_icu_key(key, collator_of(collator_), text);
  return hash_bytes(key);
}

}  // namespace varve::types
