// What messages call a command: "CREATE TABLE".
#pragma once

#include <string>

#include "parser/ast_node.h"

namespace varve::parser {

std::string command_name(const Node* node);

}  // namespace varve::parser
