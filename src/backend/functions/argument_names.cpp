#include "functions/argument_names.h"

#include <algorithm>
#include <iterator>

namespace varve::functions {
namespace {

struct Fact {
  uint32_t oid;
  ArgumentNames arguments;

  constexpr Fact(uint32_t o, std::string_view names, std::string_view defaults)
      : oid(o), arguments{names, defaults} {}
};

constexpr Fact kFacts[] = {
#include "facts/argument_names.inc"
};

}  // namespace

const ArgumentNames* argument_names(Oid function) {
  const Fact* at = std::lower_bound(std::begin(kFacts), std::end(kFacts), function.value(),
                                    [](const Fact& f, uint32_t oid) { return f.oid < oid; });
  return at == std::end(kFacts) || at->oid != function.value() ? nullptr : &at->arguments;
}

}  // namespace varve::functions
