// Expressions and SQL statements inside a function: their text, the names they see, and their plans. Private
// to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/analyzer.h"
#include "pl/host.h"
#include "shape.h"

namespace varve::pl {

class Activation;
struct Function;
struct Expression;

// The names in force at one place of a function: a chain, innermost first. A label begins a block's names.
struct Name {
  enum class Kind : uint8_t { kLabel, kVariable };
  const Name* outer = nullptr;
  Kind kind = Kind::kLabel;
  std::string text;
  uint32_t datum = 0;    // kVariable
  bool is_loop = false;  // kLabel of a loop
};

// What a reference of one, two or three names is: a variable, and how many of the names say so (the rest is a
// field).
struct Found {
  const Name* name = nullptr;
  size_t used = 0;
};
Found lookup(const Name* scope, std::span<const std::string_view> names, bool innermost_only = false);

// A function's variables, as the analyzer asks for them.
class ExpressionVariables final : public analyzer::Variables {
 public:
  ExpressionVariables(Function& function, Expression& expression)
      : function_(function), expression_(expression) {}

  bool find(std::span<const std::string_view> names, Variable* out) override;
  bool find_number(int32_t number, Variable* out) override;
  bool expand(std::span<const std::string_view> names, std::vector<Field>* out) override;
  Conflict conflict() const override;

  // Who asks: gives the records' present shapes.
  Activation* activation = nullptr;

 private:
  bool make(uint32_t datum, Variable* out);
  Function& function_;
  Expression& expression_;
};

// kPartAssignment: `text` is all of `a[1].f := value`, and gives the new value of the whole variable.
enum class ExpressionMode : uint8_t { kExpression, kAssignment, kPartAssignment, kStatement };

struct Expression {
  ExpressionMode mode = ExpressionMode::kExpression;
  std::string text;     // as written
  std::string display;  // what QUERY: and CONTEXT show
  int32_t shift = 0;    // where `text` begins in `display`
  const Name* scope = nullptr;
  uint32_t slot = 0;  // place in an activation's states
  Oid target;         // the value is wanted as this type; 0: as it comes
  int32_t target_typmod = -1;
  int32_t record = -1;   // the text is this record variable and nothing else
  int32_t location = 0;  // in the function's source
  bool is_assignment() const {
    return mode == ExpressionMode::kAssignment || mode == ExpressionMode::kPartAssignment;
  }
  // "SELECT " goes in front of the text.
  bool needs_select() const {
    return mode == ExpressionMode::kExpression || mode == ExpressionMode::kAssignment;
  }
  bool allow_simple = false;  // a statement that may be evaluated as an expression (SQL functions)

  SqlStatementPtr statement;
  std::unique_ptr<ExpressionVariables> variables;
  // What the plan was made with.
  struct Dependency {
    uint32_t record;
    const Shape* shape;
  };
  std::vector<Dependency> shapes;
  std::vector<uint32_t> params;  // variables it reads
  std::vector<uint32_t> rows;    // records it reads as one value
};

}  // namespace varve::pl
