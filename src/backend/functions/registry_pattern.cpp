// LIKE and ILIKE of every string type.
#include "kernel.h"
#include "like.h"
#include "text_value.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

enum class Subject { kText, kBytes };

void check_collation(const CallSite& site) {
  if (site.collation != nullptr && !site.collation->deterministic()) {
    throw SqlError(sqlstate::kFeatureNotSupported, "nondeterministic collations are not supported for LIKE");
  }
}

template <bool kNegated>
void like_kernel(KernelCall& call) {
  check_collation(call.site);
  const Vector& text = *call.args[0];
  const Vector& pattern = *call.args[1];
  auto* out = call.result.data<uint8_t>();
  if (pattern.is_constant()) {
    LikePattern compiled(pattern.data<StringRef>()[0].view());
    for_each_row(call.rows, [&](uint32_t row) {
      out[row] = compiled.matches(text.at<StringRef>(row).view()) != kNegated;
    });
  } else {
    for_each_row(call.rows, [&](uint32_t row) {
      LikePattern compiled(pattern.at<StringRef>(row).view());
      out[row] = compiled.matches(text.at<StringRef>(row).view()) != kNegated;
    });
  }
}

// Case is folded on both sides by the collation's rules.
template <bool kNegated>
void ilike_kernel(KernelCall& call) {
  check_collation(call.site);
  Env env(call);
  const char* locale = case_locale(env);
  const Vector& text = *call.args[0];
  const Vector& pattern = *call.args[1];
  auto* out = call.result.data<uint8_t>();
  std::string folded_pattern, folded;
  for_each_row(call.rows, [&](uint32_t row) {
    if (!pattern.is_constant() || folded_pattern.empty()) {
      folded_pattern.clear();
      types::append_lower(folded_pattern, pattern.at<StringRef>(row).view(), locale);
    }
    folded.clear();
    types::append_lower(folded, text.at<StringRef>(row).view(), locale);
    out[row] = LikePattern(folded_pattern).matches(folded) != kNegated;
  });
}

const Kernel kEscape = fn([](std::string_view pattern, std::string_view escape, Env& env) -> StringRef {
  append_like_escape(env.buffer, pattern, escape);
  return env.keep();
});

const Binding kBindings[] = {
    {"textlike(text,text)", like_kernel<false>},
    {"textnlike(text,text)", like_kernel<true>},
    {"namelike(name,text)", like_kernel<false>},
    {"namenlike(name,text)", like_kernel<true>},
    {"bpcharlike(bpchar,text)", like_kernel<false>},
    {"bpcharnlike(bpchar,text)", like_kernel<true>},
    {"bytealike(bytea,bytea)", like_kernel<false>},
    {"byteanlike(bytea,bytea)", like_kernel<true>},
    {"like(text,text)", like_kernel<false>},
    {"notlike(text,text)", like_kernel<true>},
    {"like(name,text)", like_kernel<false>},
    {"notlike(name,text)", like_kernel<true>},
    {"like(bytea,bytea)", like_kernel<false>},
    {"notlike(bytea,bytea)", like_kernel<true>},
    {"texticlike(text,text)", ilike_kernel<false>},
    {"texticnlike(text,text)", ilike_kernel<true>},
    {"nameiclike(name,text)", ilike_kernel<false>},
    {"nameicnlike(name,text)", ilike_kernel<true>},
    {"bpchariclike(bpchar,text)", ilike_kernel<false>},
    {"bpcharicnlike(bpchar,text)", ilike_kernel<true>},
    {"like_escape(text,text)", kEscape},
    {"like_escape(bytea,bytea)", kEscape},
};

}  // namespace

Bindings pattern_bindings() { return kBindings; }

}  // namespace varve::functions
