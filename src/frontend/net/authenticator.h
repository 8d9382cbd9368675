// One authentication exchange. The protocol machine feeds it the client's messages of type 'p'.
#pragma once

#include <string_view>

#include "net/output.h"

namespace varve::net {

class Authenticator {
 public:
  enum class Step { kNeedReply, kDone };

  virtual ~Authenticator() = default;
  // Sends the first request, or nothing when there is nothing to ask. Throws SqlError to refuse.
  virtual Step begin(Output& out) = 0;
  virtual Step reply(std::string_view message, Output& out) = 0;
};

}  // namespace varve::net
