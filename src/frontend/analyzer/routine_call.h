// How a call was written and which routines it may mean. Private to the analyzer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/analyzer.h"
#include "catalog/routine.h"

namespace varve::analyzer {

struct RoutineKinds {  // of the functions that SQL made of one name
  bool aggregate = false, scalar = false;
};

struct CallArguments {
  std::string_view schema;  // empty: by the search path
  std::string_view name;
  std::vector<Expr*> args;
  std::vector<std::string_view> names;  // name => value; empty strings or no entries: by position
  bool variadic = false;                // the last one is VARIADIC
  bool is_procedure = false;            // CALL
  int32_t location = -1;
};

// A function's parameters as calls see them.
struct RoutineSignature {
  std::vector<Oid> types;
  std::vector<std::string> names;
  size_t defaults = 0;
};

struct RoutineCandidate {
  catalog::RoutinePtr routine;
  std::vector<Oid> declared;  // type for each written argument
  std::vector<int> order;     // parameter of each written argument
  bool variadic = false;      // the last arguments become an array
  size_t defaults = 0;        // parameters filled by their defaults
  int rank = 0;               // in the search path
  bool visible = true;
  bool ambiguous = false;  // another one is as good
};

}  // namespace varve::analyzer
