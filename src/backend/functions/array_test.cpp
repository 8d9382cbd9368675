#include "functions/array.h"

#include <gtest/gtest.h>
#include <random>

#include "functions/type_oids.h"

namespace varve::functions {
namespace {

using types::Value;

// As a variable that grows holds them: bytes with free ones behind.
class Grown {
 public:
  explicit Grown(Oid type) {
    std::string empty;
    Arena arena;
    append_array_bytes(empty, type, std::vector<Value>{first_});
    size_ = empty.size();
    bytes_ = empty;
    bytes_.reserve(1 << 20);  // values may lie in them
  }
  void append(const Value& v) {
    ASSERT_TRUE(array_can_grow(view()));
    const size_t size = size_ + array_growth_bytes(view(), v);
    if (bytes_.size() < size) bytes_.resize(size * 2, '?');
    append_array_element(bytes_.data(), size_, v);
    size_ = size;
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  Value first_ = Value::of_string(std::string_view("the first one, which is long"));
  std::string bytes_;
  size_t size_ = 0;
};

TEST(Array, GrowsByOneElementAfterTheOther) {
  std::mt19937 random(7);
  Grown grown(type_oid::kText);
  Arena arena;
  std::vector<Value> expected = {Value::of_string(std::string_view("the first one, which is long"))};
  size_t payload = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string text(random() % 40, static_cast<char>('a' + i % 26));
    expected.push_back(Value::of_string(arena.copy(text)));
    payload += text.size();
    grown.append(expected.back());
    ASSERT_EQ(next_array_subscript(grown.view()), static_cast<int32_t>(expected.size()) + 1);
  }
  ArrayView view(grown.view());
  ASSERT_EQ(view.count(), expected.size());
  for (uint32_t i = 0; i < view.count(); ++i) {
    const Value element = view.at(i, arena);
    EXPECT_EQ(element.view(), expected[i].view());
  }
  const types::StringRef array = make_array(type_oid::kText, expected, arena);
  const std::string_view made = array.view();
  EXPECT_EQ(compare_arrays(grown.view(), made, nullptr), 0);
  EXPECT_EQ(hash_array(grown.view(), nullptr), hash_array(made, nullptr));
  EXPECT_LT(grown.view().size(), payload + 4 * 2048 + 64) << "room for twice as many offsets at most";
}

TEST(Array, GrowsByItsOwnElements) {
  Grown grown(type_oid::kText);
  Arena arena;
  for (int i = 0; i < 100; ++i) {
    const Value first = ArrayView(grown.view()).at(0, arena);  // lies in the bytes that move, if it is long
    const std::string before(first.view());
    grown.append(first);
    const Value last = ArrayView(grown.view()).at(static_cast<uint32_t>(i) + 1, arena);
    EXPECT_EQ(last.view(), before);
  }
}

}  // namespace
}  // namespace varve::functions
