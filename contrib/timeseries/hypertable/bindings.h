// What the files of the module register. Private to the module.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "commands/command_hook.h"
#include "functions/kernel.h"

namespace varve::catalog {
struct Relation;
}
namespace varve::executor {
class ExecutionContext;
class RowGuard;
}  // namespace varve::executor

namespace varve::hypertable {

std::unique_ptr<executor::RowGuard> make_chunk_guard(const catalog::Relation& table,
                                                     executor::ExecutionContext& context);
std::string run_command(commands::CommandContext& context, const parser::Node* statement,
                        commands::NextCommand& next);
std::span<const functions::Binding> native_bindings();
// show_chunks() and drop_chunks() (chunk_sets.cpp), and what the ranges of chunks take (range_sizes.cpp).
extern const functions::TableFunctionImpl kShowChunks, kDropChunks, kRangeSizes;

}  // namespace varve::hypertable
