#include "commands/auto_analyze.h"

#include <gtest/gtest.h>

#include "catalog/table_activity.h"
#include "test_session.h"

namespace varve::commands {
namespace {

void fill(TestSession& session, std::string_view table) {
  for (int i = 0; i < 100; ++i) session.insert(table, {types::Value::of_int32(i)});
  uint32_t database = session.engine().database().oid().value();
  catalog::table_activity(database, session.table(table)->oid).add(catalog::Activity::kInserted, 100);
}

TEST(AutoAnalyze, GoesOnAfterATableThatFails) {
  TestSession session;
  ASSERT_EQ(session.run("CREATE TABLE broken (a int)"), "CREATE TABLE");
  ASSERT_EQ(session.run("CREATE STATISTICS broken_s ON (1 / a) FROM broken"), "CREATE STATISTICS");
  ASSERT_EQ(session.run("CREATE TABLE whole (a int)"), "CREATE TABLE");
  fill(session, "broken");  // has a row of 0
  fill(session, "whole");
  session.commit();
  auto analyze = [&] {
    return auto_analyze(session.engine().database(), session.engine().txns(), AutoAnalyzeLimits{}, nullptr,
                        1);
  };
  EXPECT_EQ(analyze(), 1);
  EXPECT_EQ(analyze(), 0) << "nothing has changed of the one, and the other fails again";
  session.rollback();
  ASSERT_EQ(session.run("DROP STATISTICS broken_s"), "DROP STATISTICS");
  session.commit();
  EXPECT_EQ(analyze(), 1);
}

}  // namespace
}  // namespace varve::commands
