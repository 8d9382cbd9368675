// Expressions that make or take apart arrays and rows.
#pragma once

#include "expression_node.h"

namespace varve::executor {

ExprNodePtr compile_array(const analyzer::Expr& e, ExprScope& scope);  // kArray, kArrayOp, kArrayCoerce, kRow

// The array value of these elements (all of one type), in `memory`.
types::Value make_array_value(Oid array_type, std::span<const types::Value> elements,
                              ExecutionContext& context, Arena& memory);
// Elements of an array value, appended to `out`; long ones live in the array or in `memory`.
void array_elements(Oid array_type, const types::Value& array, std::vector<types::Value>* out,
                    ExecutionContext& context, Arena& memory);

}  // namespace varve::executor
