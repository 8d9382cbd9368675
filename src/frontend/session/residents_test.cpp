#include "session/residents.h"

#include <gtest/gtest.h>

#include "sync/cancel_token.h"

namespace varve::session {
namespace {

constexpr Oid kDatabase{16384}, kOther{16385};

TEST(ResidentsTest, NobodyEntersWhatIsReserved) {
  Residents residents;
  auto first = residents.try_enter(kDatabase, 1);
  ASSERT_NE(first, nullptr);
  residents.reserve(kDatabase);
  EXPECT_EQ(residents.try_enter(kDatabase, 2), nullptr);
  auto elsewhere = residents.try_enter(kOther, 2);
  EXPECT_NE(elsewhere, nullptr);
  ASSERT_EQ(residents.others(kDatabase, 2).size(), 1U);
  EXPECT_EQ(residents.others(kDatabase, 2)[0].pid, 1);
  EXPECT_TRUE(residents.others(kDatabase, 1).empty());
  first.reset();
  EXPECT_TRUE(residents.others(kDatabase, 2).empty());
  residents.release(kDatabase);
  EXPECT_NE(residents.try_enter(kDatabase, 2), nullptr);
}

TEST(ResidentsTest, ReservationAsksBackgroundWorkToEnd) {
  Residents residents;
  sync::CancelToken here, there;
  auto work = residents.try_enter(kDatabase, &here);
  auto other_work = residents.try_enter(kOther, &there);
  ASSERT_NE(work, nullptr);
  residents.reserve(kDatabase);
  EXPECT_TRUE(here.pending(sync::CancelReason::kUser));
  EXPECT_FALSE(there.pending());
  // It is in the way until it has left, but is no session.
  EXPECT_EQ(residents.others(kDatabase, 1).size(), 1U);
  EXPECT_FALSE(residents.session(0).has_value());
  work.reset();
  EXPECT_TRUE(residents.others(kDatabase, 1).empty());
  EXPECT_EQ(residents.try_enter(kDatabase, &here), nullptr);
}

TEST(ResidentsTest, SessionsAreKnownByTheirRole) {
  Residents residents;
  auto stay = residents.try_enter(kDatabase, 7);
  EXPECT_EQ(residents.session(7)->role, kInvalidOid);
  stay->set_role(Oid{10});
  EXPECT_EQ(residents.session(7)->role, Oid{10});
  stay.reset();
  EXPECT_FALSE(residents.session(7).has_value());
}

TEST(ResidentsTest, TemporaryNumbersAreGivenOnceAtATime) {
  Residents residents;
  EXPECT_EQ(residents.claim_temporary_number(kDatabase), 1U);
  EXPECT_EQ(residents.claim_temporary_number(kDatabase), 2U);
  EXPECT_EQ(residents.claim_temporary_number(kOther), 1U);
  residents.release_temporary_number(kDatabase, 1);
  EXPECT_EQ(residents.claim_temporary_number(kDatabase), 1U);
}

TEST(ResidentsTest, OneCleansAndTheOthersWait) {
  Residents residents;
  EXPECT_EQ(residents.cleaning(kDatabase), Residents::Cleaning::kYours);
  EXPECT_EQ(residents.cleaning(kDatabase), Residents::Cleaning::kRunning);
  EXPECT_EQ(residents.cleaning(kOther), Residents::Cleaning::kYours);
  residents.set_clean(kDatabase);
  EXPECT_EQ(residents.cleaning(kDatabase), Residents::Cleaning::kDone);
}

}  // namespace
}  // namespace varve::session
