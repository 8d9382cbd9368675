#include "multivariate.h"

#include <gtest/gtest.h>

#include "functions/type_oids.h"

namespace varve::commands {
namespace {

using types::Value;

SampledColumn column(int16_t attribute, std::vector<int> values) {
  SampledColumn c{attribute, type_oid::kInt4, {}};
  for (int v : values)
    c.values.push_back(v < 0 ? Value::null_of(types::PhysicalType::kInt32) : Value::of_int32(v));
  return c;
}

SampledColumn repeated(int16_t attribute, int rows, int (*f)(int)) {
  std::vector<int> values;
  for (int i = 0; i < rows; ++i) values.push_back(f(i));
  return column(attribute, values);
}

std::string ndistinct_text(std::span<const functions::AttributeGroup> groups) {
  std::string text;
  functions::append_ndistinct_text(text, functions::attribute_groups_bytes(groups));
  return text;
}
std::string dependencies_text(std::span<const functions::AttributeGroup> groups) {
  std::string text;
  functions::append_dependencies_text(text, functions::attribute_groups_bytes(groups));
  return text;
}

TEST(Multivariate, CountsCombinations) {
  const SampledColumn columns[] = {repeated(3, 1000, [](int i) { return i % 10; }),
                                   repeated(4, 1000, [](int i) { return i % 20; }),
                                   repeated(-1, 1000, [](int i) { return i % 7; })};
  EXPECT_EQ(ndistinct_text(Multivariate(columns).ndistinct(1000)),
            R"({"3, 4": 20, "3, -1": 70, "4, -1": 140, "3, 4, -1": 140})");
}

TEST(Multivariate, EstimatesWhatTheSampleDidNotMeet) {
  // Every combination once in a tenth of the table: as many as there are rows.
  const SampledColumn columns[] = {repeated(1, 100, [](int i) { return i; }),
                                   repeated(2, 100, [](int i) { return i; })};
  EXPECT_EQ(ndistinct_text(Multivariate(columns).ndistinct(1000)), R"({"1, 2": 1000})");
}

TEST(Multivariate, NullsAreOneValue) {
  const SampledColumn columns[] = {column(1, {-1, -1, 1, 1}), column(2, {-1, -1, -1, 2})};
  EXPECT_EQ(ndistinct_text(Multivariate(columns).ndistinct(4)), R"({"1, 2": 3})");
}

TEST(Multivariate, FindsDependencies) {
  const SampledColumn columns[] = {repeated(1, 1000, [](int i) { return i % 20; }),
                                   repeated(2, 1000, [](int i) { return i % 10; })};
  EXPECT_EQ(dependencies_text(Multivariate(columns).dependencies()), R"({"1 => 2": 1.000000})");
}

TEST(Multivariate, DegreeIsTheShareOfRowsThatAgree) {
  const SampledColumn columns[] = {column(1, {1, 1, 2, 2, 3, 3, 4, 4}), column(2, {5, 5, 5, 5, 6, 7, 8, 8}),
                                   column(3, {1, 1, 1, 1, 1, 1, 1, 1})};
  EXPECT_EQ(dependencies_text(Multivariate(columns).dependencies()),
            R"({"1 => 2": 0.750000, "1 => 3": 1.000000, "2 => 1": 0.500000, "2 => 3": 1.000000, )"
            R"("1, 2 => 3": 1.000000, "1, 3 => 2": 0.750000, "2, 3 => 1": 0.500000})");
}

TEST(Multivariate, CommonCombinationsWithWhatIndependenceWouldGive) {
  const SampledColumn columns[] = {column(1, {1, 1, 1, 2}), column(2, {7, 7, -1, 8})};
  functions::CommonCombinations common = Multivariate(columns).common(4, 2);
  ASSERT_EQ(common.size(), 2u);
  EXPECT_EQ(common.frequencies, (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(common.base_frequencies, (std::vector<double>{0.375, 0.1875}));
  EXPECT_EQ(common.dimensions[0].values[1].int32, 1);
  EXPECT_TRUE(common.dimensions[1].values[1].null);
}

TEST(Multivariate, RareCombinationsOfASampleAreNotKept) {
  const SampledColumn columns[] = {repeated(1, 300, [](int i) { return i; }),
                                   repeated(2, 300, [](int i) { return i; })};
  EXPECT_EQ(Multivariate(columns).common(1'000'000, 100).size(), 0u);
  EXPECT_EQ(Multivariate(columns).common(300, 100).size(), 100u);
}

TEST(Multivariate, WideValuesAreNotKept) {
  const std::string wide(2000, 'x');
  SampledColumn text{2, type_oid::kText, {}};
  for (int i = 0; i < 4; ++i)
    text.values.push_back(i < 2 ? Value::of_string(std::string_view(wide)) : Value::of_string("short"));
  const SampledColumn columns[] = {column(1, {1, 1, 2, 2}), text};
  functions::CommonCombinations common = Multivariate(columns).common(4, 10);
  ASSERT_EQ(common.size(), 1u);
  EXPECT_EQ(common.frequencies[0], 0.5);
  EXPECT_EQ(dependencies_text(Multivariate(columns).dependencies()),
            R"({"1 => 2": 0.500000, "2 => 1": 0.500000})");
}

TEST(Multivariate, CommonCombinationsSurviveStorage) {
  SampledColumn text{
      -1, type_oid::kText, {Value::of_string("a"), Value::of_string("a longer piece of text")}};
  const SampledColumn columns[] = {column(1, {-1, 5}), text};
  functions::CommonCombinations common = Multivariate(columns).common(2, 10);
  Arena memory;
  const std::string bytes = functions::common_combinations_bytes(common);
  functions::CommonCombinations read = functions::read_common_combinations(bytes, memory);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read.frequencies, common.frequencies);
  EXPECT_EQ(read.base_frequencies, common.base_frequencies);
  ASSERT_EQ(read.dimensions.size(), 2u);
  EXPECT_EQ(read.dimensions[0].type, type_oid::kInt4);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.dimensions[0].values[i].null, common.dimensions[0].values[i].null);
    EXPECT_EQ(read.dimensions[1].values[i].view(), common.dimensions[1].values[i].view());
  }
}

}  // namespace
}  // namespace varve::commands
