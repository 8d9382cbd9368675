// The tables hang together, and kernels agree over every form of argument.
#include "functions/registry.h"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

#include "functions/array.h"
#include "functions/type_oids.h"
#include "kernel.h"

namespace varve::functions {

namespace {

TEST(Registry, TablesHangTogether) {
  EXPECT_GT(all_functions().size(), 1200u);
  for (const Function& f : all_functions()) {
    EXPECT_EQ(function_by_oid(f.oid), &f) << f.name;
    EXPECT_NE(type_by_oid(f.result), nullptr) << f.name;
    for (Oid a : f.args) EXPECT_NE(type_by_oid(a), nullptr) << f.name;
    int bodies =
        (f.kernel != nullptr) + (f.aggregate != nullptr) + (f.window != nullptr) + (f.table != nullptr);
    EXPECT_EQ(bodies, 1) << f.name;
    EXPECT_EQ(f.kind == FunctionKind::kAggregate, f.aggregate != nullptr) << f.name;
    EXPECT_EQ(f.kind == FunctionKind::kSetReturning, f.table != nullptr) << f.name;
  }
  for (const Operator& o : all_operators()) {
    const Function* f = function_by_oid(o.function);
    ASSERT_NE(f, nullptr) << o.name;
    EXPECT_EQ(f->result, o.result) << o.name;
    EXPECT_EQ(f->args.size(), o.left == kInvalidOid ? 1u : 2u) << o.name;
  }
  for (const Cast& c : all_casts()) EXPECT_EQ(find_cast(c.source, c.target), &c);
  EXPECT_EQ(find_cast(type_oid::kInt4, type_oid::kInt8)->context, CastContext::kImplicit);
  EXPECT_EQ(find_cast(type_oid::kInt8, type_oid::kInt4)->context, CastContext::kAssignment);
  EXPECT_EQ(find_cast(type_oid::kVarchar, type_oid::kText)->function, kInvalidOid);
  EXPECT_EQ(find_cast(type_oid::kDate, type_oid::kInt4), nullptr);
}

TEST(Registry, OverloadsComeInOidOrder) {
  auto list = functions_named("abs");
  ASSERT_GE(list.size(), 6u);
  for (size_t i = 1; i < list.size(); ++i) EXPECT_LT(list[i - 1]->oid, list[i]->oid);
}

TEST(Registry, EverydayTypesHaveOrderHashAndOperators) {
  using namespace type_oid;
  for (Oid type : {kBool,   kInt2, kInt4,     kInt8, kFloat4, kFloat8,    kNumeric,   kText,        kVarchar,
                   kBpchar, kName, kBytea,    kDate, kTime,   kTimetz,    kTimestamp, kTimestamptz, kInterval,
                   kUuid,   kOid,  kRegclass, kBit,  kVarbit, kInt4Array, kTextArray}) {
    EXPECT_NE(compare_function(type), nullptr) << type.value();
    EXPECT_NE(hash_function(type), nullptr) << type.value();
    EXPECT_NE(equality_operator(type), nullptr) << type.value();
    EXPECT_NE(less_operator(type), nullptr) << type.value();
    EXPECT_NE(greater_operator(type), nullptr) << type.value();
  }
  EXPECT_EQ(compare_function(kJson), nullptr);
}

TEST(Types, Names) {
  using namespace type_oid;
  EXPECT_EQ(format_type(kNumeric, types::make_numeric_typmod(10, 2)), "numeric(10,2)");
  EXPECT_EQ(format_type(kVarchar, 7), "character varying(3)");
  EXPECT_EQ(format_type(kTimestamptz, 3), "timestamp(3) with time zone");
  EXPECT_EQ(format_type(kInt4Array, -1), "integer[]");
  EXPECT_EQ(format_type(kInt2vector, -1), "int2vector");
  EXPECT_EQ(format_type(kInterval, types::make_interval_typmod(types::kIntervalYear, 3)), "interval year(3)");
}

// --- kernels over flat, constant and selected arguments
class Kernels : public testing::Test {
 protected:
  Kernels() {
    context_.memory = &arena_;
    context_.format = &format_;
    context_.session = nullptr;
  }
  void run(uint32_t oid, std::vector<const Vector*> args, Selection rows, Vector& result) {
    const Function* f = function_by_oid(Oid{oid});
    ASSERT_NE(f, nullptr);
    CallSite site;
    site.arg_types = f->args;
    site.result_type = f->result;
    KernelCall call{args, rows, result, context_, site};
    f->kernel(call);
  }
  Vector numbers(int32_t start) {
    Vector v(types::PhysicalType::kInt32, arena_);
    for (int32_t i = 0; i < 1024; ++i) v.data<int32_t>()[i] = start + i;
    return v;
  }
  Vector constant(int32_t n) {
    Vector v(types::PhysicalType::kInt32, arena_);
    v.fill_constant(Value::of_int32(n));
    return v;
  }
  Arena arena_;
  types::FormatSettings format_;
  EvalContext context_{};
};

constexpr uint32_t kInt4Pl = 177, kInt4Lt = 66, kInt4Div = 154;

TEST_F(Kernels, EveryFormOfArguments) {
  Vector a = numbers(10), b = numbers(-500), c = constant(7);
  Vector out(types::PhysicalType::kInt32, arena_);
  run(kInt4Pl, {&a, &b}, {nullptr, 1024}, out);
  EXPECT_EQ(out.data<int32_t>()[1023], 10 + 1023 - 500 + 1023);
  run(kInt4Pl, {&a, &c}, {nullptr, 1024}, out);
  EXPECT_EQ(out.data<int32_t>()[5], 22);
  run(kInt4Pl, {&c, &a}, {nullptr, 1024}, out);
  EXPECT_EQ(out.data<int32_t>()[6], 23);
  run(kInt4Pl, {&c, &c}, {nullptr, 3}, out);
  EXPECT_EQ(out.data<int32_t>()[2], 14);
  uint16_t rows[] = {1, 5, 1000};
  out.data<int32_t>()[2] = 99;
  run(kInt4Pl, {&a, &b}, {rows, 3}, out);
  EXPECT_EQ(out.data<int32_t>()[2], 99) << "rows not selected stay untouched";
  EXPECT_EQ(out.data<int32_t>()[1000], 10 + 1000 - 500 + 1000);
  Vector truth(types::PhysicalType::kBool, arena_);
  run(kInt4Lt, {&a, &c}, {nullptr, 1024}, truth);
  EXPECT_EQ(std::accumulate(truth.data<uint8_t>(), truth.data<uint8_t>() + 1024, 0), 0);
}

TEST_F(Kernels, OverflowCountsOnlyInSelectedRows) {
  Vector a = numbers(0), c = constant(1);
  a.data<int32_t>()[3] = INT32_MAX;
  Vector out(types::PhysicalType::kInt32, arena_);
  uint16_t without[] = {0, 1, 2, 4};
  EXPECT_NO_THROW(run(kInt4Pl, {&a, &c}, {without, 4}, out));
  EXPECT_THROW(run(kInt4Pl, {&a, &c}, {nullptr, 8}, out), SqlError);
  Vector zero = constant(0);
  EXPECT_THROW(run(kInt4Div, {&a, &zero}, {nullptr, 8}, out), SqlError);
}

// --- aggregates
class Aggregates : public Kernels {
 protected:
  // Text of the aggregate over the texts; halves are combined when the aggregate can.
  std::string over(std::string_view name, Oid type, std::vector<const char*> texts, bool split = false) {
    const Function* f = nullptr;
    for (const Function* g : functions_named(name)) {
      if (g->args.size() == 1 && g->args[0] == type) f = g;
    }
    if (f == nullptr) return "no such aggregate";
    const AggregateImpl& impl = *f->aggregate;
    CallSite site;
    site.arg_types = f->args;
    site.result_type = f->result;
    AggregateCall call{context_, site};
    Vector v(type_by_oid(type)->physical, arena_);
    for (uint32_t i = 0; i < texts.size(); ++i) v.set_value(i, parse_value(type, -1, texts[i], context_));
    const Vector* only = &v;
    std::span<const Vector* const> args(&only, 1);
    auto n = static_cast<uint32_t>(texts.size());
    void* state = arena_.allocate(impl.state_bytes, impl.state_alignment);
    void* other = arena_.allocate(impl.state_bytes, impl.state_alignment);
    impl.init(state);
    impl.init(other);
    if (split && impl.combine != nullptr) {
      std::vector<uint16_t> first, second;
      for (uint32_t i = 0; i < n; ++i) (i < n / 2 ? first : second).push_back(static_cast<uint16_t>(i));
      impl.update_one(call, args, {first.data(), static_cast<uint32_t>(first.size())}, state, arena_);
      std::vector<void*> states(1024, other);
      impl.update(call, args, {second.data(), static_cast<uint32_t>(second.size())}, states.data(), arena_);
      impl.combine(call, state, other, arena_);
    } else {
      impl.update_one(call, args, {nullptr, n}, state, arena_);
    }
    Vector result(type_by_oid(f->result)->physical, arena_, 4);
    impl.finalize(call, state, result, 0);
    if (impl.destroy != nullptr) {
      impl.destroy(state);
      impl.destroy(other);
    }
    if (result.is_null(0)) return "NULL";
    std::string out;
    append_text(f->result, result, 0, out, context_);
    return out;
  }
};

// Expected values: PostgreSQL 15.
TEST_F(Aggregates, AsPostgres) {
  using namespace type_oid;
  for (bool split : {false, true}) {
    EXPECT_EQ(over("sum", kInt4, {"2147483647", "1", "-5"}, split), "2147483643");
    EXPECT_EQ(over("sum", kInt8, {"9223372036854775807", "9223372036854775807"}, split),
              "18446744073709551614");
    EXPECT_EQ(over("sum", kNumeric, {"1.5", "2.25", "-0.125"}, split), "3.625");
    EXPECT_EQ(over("avg", kInt4, {"1", "2", "2"}, split), "1.6666666666666667");
    EXPECT_EQ(over("avg", kNumeric, {"1", "2"}, split), "1.5000000000000000");
    EXPECT_EQ(over("avg", kFloat8, {"1", "2"}, split), "1.5");
    EXPECT_EQ(over("sum", kInterval, {"1 day", "02:00"}, split), "1 day 02:00:00");
    EXPECT_EQ(over("max", kText, {"b", "a long string beyond inline", "c"}, split), "c");
    EXPECT_EQ(over("min", kText, {"b", "a long string beyond inline", "c"}, split),
              "a long string beyond inline");
    EXPECT_EQ(over("max", kNumeric, {"1.0", "1.00", "0.5"}, split), "1.00");
    EXPECT_EQ(over("max", kFloat8, {"1", "NaN", "Infinity"}, split), "NaN");
    EXPECT_EQ(over("min", kDate, {"2024-01-01", "-infinity"}, split), "-infinity");
    EXPECT_EQ(over("stddev", kInt4, {"1", "2", "3", "4"}, split), "1.2909944487358056");
    EXPECT_EQ(over("variance", kNumeric, {"1.5", "2.5", "10"}, split), "21.5833333333333333");
    EXPECT_EQ(over("var_pop", kInt8, {"1", "2", "4"}, split), "1.5555555555555556");
    // Combining rounds differently in the last digit.
    if (!split) {
      EXPECT_EQ(over("stddev_samp", kFloat8, {"1", "2", "4"}), "1.5275252316519468");
    }
    EXPECT_EQ(over("bit_or", kInt4, {"1", "6"}, split), "7");
    EXPECT_EQ(over("bool_and", kBool, {"t", "f"}, split), "f");
    EXPECT_EQ(over("bit_xor", kBit, {"1", "1"}, split), "0");
  }
  EXPECT_EQ(over("sum", kInt4, {}), "NULL");
  EXPECT_EQ(over("max", kText, {}), "NULL");
  EXPECT_EQ(over("stddev", kInt4, {"5"}), "NULL");
  EXPECT_EQ(over("var_pop", kInt4, {"5"}), "0");
}

// For tools/function-scoreboard.
TEST(Dump, Tables) {
  if (std::getenv("VARVE_DUMP_FUNCTIONS") == nullptr) GTEST_SKIP();
  for (const Function& f : all_functions()) std::printf("function %u\n", f.oid.value());
  for (const Operator& o : all_operators()) std::printf("operator %u\n", o.oid.value());
  for (const Cast& c : all_casts()) std::printf("cast %u %u\n", c.source.value(), c.target.value());
}

}  // namespace

}  // namespace varve::functions
