#include "port/topology.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <numa.h>
#include <numaif.h>
#include <pthread.h>
#include <sched.h>

namespace varve::port {
namespace {

class SystemTopology final : public Topology {
 public:
  SystemTopology() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof(allowed), &allowed);
    has_numa_ = numa_available() >= 0;
    if (has_numa_) find_nodes(allowed);
    if (nodes_.empty()) {
      has_numa_ = false;
      nodes_.push_back({0, {}});
      for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &allowed)) nodes_[0].cpus.push_back(cpu);
      }
      if (nodes_[0].cpus.empty()) nodes_[0].cpus.push_back(0);
    }
  }

  int node_count() const override { return static_cast<int>(nodes_.size()); }
  const std::vector<int>& cpus(int node) const override { return nodes_[static_cast<size_t>(node)].cpus; }

  int distance(int from, int to) const override {
    if (from == to || !has_numa_) return 10;
    return numa_distance(kernel_id(from), kernel_id(to));
  }

  int current_node() const override {
    int cpu = sched_getcpu();
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (std::binary_search(nodes_[i].cpus.begin(), nodes_[i].cpus.end(), cpu)) return static_cast<int>(i);
    }
    return 0;
  }

  Status pin_thread(int node) const override {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu : cpus(node)) CPU_SET(cpu, &set);
    int error = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
    if (error != 0) return Status::from_errno(error, "pthread_setaffinity_np");
    if (has_numa_ && nodes_.size() > 1) numa_set_preferred(kernel_id(node));
    return {};
  }

  Status bind_memory(void* address, size_t bytes, int node) const override {
    if (!has_numa_ || nodes_.size() == 1) return {};
    unsigned long mask[16] = {};
    auto id = static_cast<size_t>(kernel_id(node));
    if (id >= sizeof(mask) * 8) return Status::invalid("NUMA node number too large");
    mask[id / 64] = 1UL << id % 64;
    if (mbind(address, bytes, MPOL_PREFERRED, mask, sizeof(mask) * 8, 0) != 0) {
      return Status::from_errno(errno, "mbind");
    }
    return {};
  }

 private:
  struct Node {
    int kernel_id;
    std::vector<int> cpus;
  };

  int kernel_id(int node) const { return nodes_[static_cast<size_t>(node)].kernel_id; }

  // Nodes without a processor of ours (memory-only nodes, cpusets) are left out.
  void find_nodes(const cpu_set_t& allowed) {
    bitmask* cpus = numa_allocate_cpumask();
    for (int id = 0; id <= numa_max_node(); ++id) {
      if (numa_node_to_cpus(id, cpus) != 0) continue;
      Node node{id, {}};
      for (unsigned cpu = 0; cpu < cpus->size && cpu < CPU_SETSIZE; ++cpu) {
        if (numa_bitmask_isbitset(cpus, cpu) && CPU_ISSET(cpu, &allowed))
          node.cpus.push_back(static_cast<int>(cpu));
      }
      if (!node.cpus.empty()) nodes_.push_back(std::move(node));
    }
    numa_free_cpumask(cpus);
  }

  bool has_numa_ = false;
  std::vector<Node> nodes_;
};

thread_local int t_made_up_node = 0;

class MadeUpTopology final : public Topology {
 public:
  MadeUpTopology(int nodes, int cpus_per_node) {
    for (int n = 0; n < nodes; ++n) {
      cpus_.emplace_back();
      for (int c = 0; c < cpus_per_node; ++c) cpus_.back().push_back(n * cpus_per_node + c);
    }
  }

  int node_count() const override { return static_cast<int>(cpus_.size()); }
  const std::vector<int>& cpus(int node) const override { return cpus_[static_cast<size_t>(node)]; }
  int distance(int from, int to) const override { return from == to ? 10 : 20; }
  int current_node() const override { return t_made_up_node < node_count() ? t_made_up_node : 0; }
  Status pin_thread(int node) const override {
    if (node < 0 || node >= node_count()) return Status::invalid("no such NUMA node");
    t_made_up_node = node;
    return {};
  }
  Status bind_memory(void*, size_t, int node) const override {
    return node >= 0 && node < node_count() ? Status() : Status::invalid("no such NUMA node");
  }

 private:
  std::vector<std::vector<int>> cpus_;
};

}  // namespace

int Topology::cpu_count() const {
  size_t count = 0;
  for (int node = 0; node < node_count(); ++node) count += cpus(node).size();
  return static_cast<int>(count);
}

std::unique_ptr<Topology> Topology::system() { return std::make_unique<SystemTopology>(); }

std::unique_ptr<Topology> Topology::make_up(int nodes, int cpus_per_node) {
  return std::make_unique<MadeUpTopology>(std::max(nodes, 1), std::max(cpus_per_node, 1));
}

Result<std::vector<int>> parse_cpu_list(std::string_view text) {
  constexpr int kMaxCpu = 1 << 16;
  std::vector<int> cpus;
  const Status malformed = Status::invalid("malformed processor list");
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  const char* p = text.data();
  const char* end = p + text.size();
  while (p != end) {
    int first = 0;
    auto [after_first, error] = std::from_chars(p, end, first);
    if (error != std::errc() || first < 0 || first > kMaxCpu) return malformed;
    int last = first;
    p = after_first;
    if (p != end && *p == '-') {
      auto [after_last, last_error] = std::from_chars(p + 1, end, last);
      if (last_error != std::errc() || last < first || last > kMaxCpu) return malformed;
      p = after_last;
    }
    for (int cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (p == end) break;
    if (*p++ != ',' || p == end) return malformed;
  }
  return cpus;
}

}  // namespace varve::port
