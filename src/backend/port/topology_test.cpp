#include "port/topology.h"

#include <gtest/gtest.h>
#include <thread>

namespace varve::port {
namespace {

TEST(Topology, SystemHasAtLeastOneNodeWithProcessors) {
  auto topology = Topology::system();
  ASSERT_GE(topology->node_count(), 1);
  EXPECT_GE(topology->cpu_count(), 1);
  for (int n = 0; n < topology->node_count(); ++n) EXPECT_EQ(topology->distance(n, n), 10);
  std::thread([&] {
    EXPECT_TRUE(topology->pin_thread(0).ok());
    EXPECT_EQ(topology->current_node(), 0);
  }).join();
}

TEST(Topology, MadeUpMachineRemembersWhereAThreadWasPinned) {
  auto topology = Topology::make_up(4, 2);
  EXPECT_EQ(topology->node_count(), 4);
  EXPECT_EQ(topology->cpu_count(), 8);
  EXPECT_EQ(topology->cpus(3), (std::vector<int>{6, 7}));
  std::thread([&] {
    EXPECT_TRUE(topology->pin_thread(2).ok());
    EXPECT_EQ(topology->current_node(), 2);
    EXPECT_EQ(topology->pin_thread(4).code(), StatusCode::kInvalid);
  }).join();
  EXPECT_EQ(topology->current_node(), 0);
}

TEST(CpuList, ParsesTheKernelsFormat) {
  EXPECT_EQ(*parse_cpu_list("0-3,8,10-11\n"), (std::vector<int>{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_TRUE(parse_cpu_list("")->empty());
  for (const char* bad : {"a", "1-", "3-1", "1,", "1,,2", "-1", "1 2", "99999999"}) {
    EXPECT_FALSE(parse_cpu_list(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace varve::port
