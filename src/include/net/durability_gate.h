// What net needs of the log: until when it is durable, and how to make it so. The WAL implements it.
#pragma once

#include "common/status.h"
#include "common/strong_id.h"

namespace varve::net {

// Thread-safe.
class DurabilityGate {
 public:
  virtual ~DurabilityGate() = default;
  // Everything below this position survives a crash. One atomic load.
  virtual Lsn durable_lsn() = 0;
  // Returns once durable_lsn() >= up_to. Waits in its own BlockingScope. Concurrent calls share one fsync.
  virtual Status flush(Lsn up_to) = 0;
};

}  // namespace varve::net
