// The machine's NUMA nodes and their processors, behind an interface so that tests run on made-up machines.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace varve::port {

// Immutable after construction; thread-safe.
class Topology {
 public:
  virtual ~Topology() = default;

  // Nodes are numbered 0 … node_count() - 1 without gaps, whatever the kernel calls them. At least one.
  virtual int node_count() const = 0;
  // Processors of the node that this process may use, ascending, at least one.
  virtual const std::vector<int>& cpus(int node) const = 0;
  // Relative cost of node `from` reaching memory of node `to`; 10 = local.
  virtual int distance(int from, int to) const = 0;
  // Node on which the calling thread runs at the moment.
  virtual int current_node() const = 0;
  // Binds the calling thread to the processors of the node and lets it prefer the node's memory.
  virtual Status pin_thread(int node) const = 0;
  // Asks that the pages of [address, address + bytes) be placed on the node; advice, ignored where
  // impossible.
  virtual Status bind_memory(void* address, size_t bytes, int node) const = 0;

  int cpu_count() const;

  // This machine, through libnuma; one node holding every permitted processor where the kernel has no NUMA.
  static std::unique_ptr<Topology> system();
  // A made-up machine: `nodes` nodes of `cpus_per_node` processors. Pinning only records the node for the
  // calling thread, so current_node() answers it; binding memory does nothing.
  static std::unique_ptr<Topology> make_up(int nodes, int cpus_per_node);
};

// The kernel's list format, "0-3,8,10-11". kInvalid if it is malformed.
Result<std::vector<int>> parse_cpu_list(std::string_view text);

}  // namespace varve::port
