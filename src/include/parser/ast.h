// All of the parse tree.
#pragma once

#include "parser/ast_utility.h"
