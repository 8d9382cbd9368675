#include "aborted_xids.h"

#include <gtest/gtest.h>

namespace varve::txn {
namespace {

TEST(AbortedXids, KnowsWhatCameSinceTheStart) {
  AbortedXids aborted(100);
  aborted.note(103);
  EXPECT_FALSE(aborted.knows(99));
  EXPECT_TRUE(aborted.knows(100));
  EXPECT_FALSE(aborted.contains(102));
  EXPECT_TRUE(aborted.contains(103));
}

TEST(AbortedXids, ForgetsTheOldestAndSaysSo) {
  AbortedXids aborted(1);
  const uint64_t last = 2 * AbortedXids::kKept;
  for (uint64_t xid = 2; xid <= last; xid += 2) aborted.note(xid);
  EXPECT_TRUE(aborted.contains(2));
  aborted.note(last + 2);
  EXPECT_FALSE(aborted.knows(2));
  EXPECT_TRUE(aborted.knows(3));
  EXPECT_FALSE(aborted.contains(3));
  EXPECT_TRUE(aborted.contains(4));
}

}  // namespace
}  // namespace varve::txn
