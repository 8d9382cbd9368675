#include <gtest/gtest.h>

#include "common/bytes.h"
#include "common/crc32c.h"
#include "common/sql_error.h"
#include "common/status.h"
#include "common/strong_id.h"

namespace varve {
namespace {

TEST(Crc32c, KnownVectors) {
  // RFC 3720 B.4.
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xE3069283U);
  std::string zeros(32, '\0');
  EXPECT_EQ(crc32c(0, zeros.data(), zeros.size()), 0x8A9136AAU);
}

TEST(Crc32c, InstructionAgreesWithTableAtEveryLengthAndContinues) {
  std::string data;
  for (int i = 0; i < 100; ++i) data += static_cast<char>(i * 37);
  for (size_t n = 0; n <= data.size(); ++n) {
    uint32_t whole = crc32c(7, data.data(), n);
    EXPECT_EQ(whole, crc32c_portable(7, data.data(), n));
    EXPECT_EQ(whole, crc32c(crc32c(7, data.data(), n / 3), data.data() + n / 3, n - n / 3));
  }
}

TEST(ByteReader, StopsAtTheEndAndStaysFailed) {
  const char bytes[] = {0, 0, 1, 0, 'a', 'b', 0, 5};
  ByteReader r(bytes, sizeof(bytes));
  EXPECT_EQ(r.be<int32_t>(), 256);
  EXPECT_EQ(r.c_string(), "ab");
  EXPECT_EQ(r.be<int32_t>(), 0);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.be<int8_t>(), 0);
}

TEST(ByteReader, CStringNeedsItsZero) {
  ByteReader r("abc");
  EXPECT_EQ(r.c_string(), "");
  EXPECT_FALSE(r.ok());
}

TEST(Status, CarriesCodeAndMessage) {
  Status s = Status::from_errno(28, "write");
  EXPECT_EQ(s.code(), StatusCode::kNoSpace);
  EXPECT_EQ(s.message().substr(0, 7), "write: ");
  EXPECT_TRUE(Status().ok());
}

TEST(SqlError, StatusBecomesSqlstate) {
  try {
    check_ok(Status::from_errno(28, "write"));
    FAIL();
  } catch (const SqlError& e) {
    EXPECT_EQ(e.state().text(), "53100");
  }
}

TEST(Tid, PacksInOrder) {
  Tid a{PageId{5}, 7};
  EXPECT_EQ(Tid::unpack(a.packed()), a);
  EXPECT_LT((Tid{PageId{5}, 65535}).packed(), (Tid{PageId{6}, 0}).packed());
}

}  // namespace
}  // namespace varve
