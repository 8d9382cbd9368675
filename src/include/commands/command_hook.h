// How an extension takes part in utility commands: it sees each before it runs, may do it another way, and may
// go on with it (as it is, or changed) and do something afterwards.
//
// Registered before the server serves; called on the session's thread.
#pragma once

#include <string>

#include "commands/command_context.h"

namespace varve::commands {

// The rest of the chain.
class NextCommand {
 public:
  virtual ~NextCommand() = default;
  virtual std::string run(CommandContext& context, const parser::Node* statement) = 0;
};

// Returns the command's tag.
using CommandHook = std::string (*)(CommandContext& context, const parser::Node* statement, NextCommand& next);
void register_command_hook(CommandHook hook);

}  // namespace varve::commands
