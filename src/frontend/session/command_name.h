// What messages call a command: "CREATE TABLE".
#pragma once

#include <string>

#include "parser/ast.h"

namespace varve::session {

std::string command_name(const parser::Node* node);

}  // namespace varve::session
