#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "common/check.h"
#include "common/hash.h"
#include "cost_model.h"
#include "int_codec.h"

namespace varve::columnar {
namespace {

struct Range {
  int64_t min = std::numeric_limits<int64_t>::max();
  int64_t max = std::numeric_limits<int64_t>::min();

  void add(int64_t v) {
    min = std::min(min, v);
    max = std::max(max, v);
  }
  bool empty() const { return min > max; }
  unsigned bits() const {
    return empty() ? 0 : bits_of(static_cast<uint64_t>(max) - static_cast<uint64_t>(min));
  }
};

int64_t minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

struct Shape {
  Range values, deltas, steps;
  uint32_t runs = 1;
};

Shape shape_of(std::span<const int64_t> values) {
  Shape s;
  s.values.add(values[0]);
  for (size_t i = 1; i < values.size(); ++i) {
    s.values.add(values[i]);
    int64_t delta = minus(values[i], values[i - 1]);
    s.runs += delta != 0;
    s.deltas.add(delta);
    if (i > 1) s.steps.add(minus(delta, minus(values[i - 1], values[i - 2])));
  }
  return s;
}

size_t stream_bytes(size_t parameters, size_t count, unsigned bits) {
  return sizeof(StreamHeader) + 8 * parameters + packed_bytes(static_cast<uint32_t>(count), bits);
}

void consider(IntPlan& best, Codec codec, size_t bytes, size_t count) {
  double cost = cost_of(codec, static_cast<double>(bytes), static_cast<double>(count));
  if (best.bytes == 0 || cost < best.cost) best = {codec, bytes, cost};
}

IntPlan plan_simple(const Shape& s, size_t count) {
  IntPlan best;
  if (s.runs == 1) {
    consider(best, Codec::kConstant, stream_bytes(1, count, 0), count);
    return best;
  }
  consider(best, Codec::kFrameOfReference, stream_bytes(1, count, s.values.bits()), count);
  consider(best, Codec::kDelta, stream_bytes(2, count, s.deltas.bits()), count);
  consider(best, Codec::kDeltaDelta, stream_bytes(3, count, s.steps.bits()), count);
  return best;
}

// The distinct values, sorted; empty if there are more than `limit`.
std::vector<int64_t> distinct_values(std::span<const int64_t> values, size_t limit) {
  constexpr size_t kSlots = 1024;
  std::array<int16_t, kSlots> slots;
  slots.fill(-1);
  std::vector<int64_t> found;
  for (int64_t v : values) {
    size_t at = hash_int(static_cast<uint64_t>(v)) % kSlots;
    while (slots[at] >= 0 && found[static_cast<size_t>(slots[at])] != v) at = (at + 1) % kSlots;
    if (slots[at] >= 0) continue;
    if (found.size() == limit) return {};
    slots[at] = static_cast<int16_t>(found.size());
    found.push_back(v);
  }
  std::sort(found.begin(), found.end());
  return found;
}

struct Runs {
  std::vector<int64_t> values, ends;
};

Runs runs_of(std::span<const int64_t> values) {
  Runs runs;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i + 1 < values.size() && values[i + 1] == values[i]) continue;
    runs.values.push_back(values[i]);
    runs.ends.push_back(static_cast<int64_t>(i + 1));
  }
  return runs;
}

constexpr size_t kMaxIntEntries = 256;

void encode_packed(StreamWriter& writer, Bytes& out, std::span<const uint64_t> offsets, unsigned bits) {
  writer.header().bits = static_cast<uint8_t>(bits);
  size_t at = out.size();
  out.resize(at + packed_bytes(static_cast<uint32_t>(offsets.size()), bits));
  pack(offsets.data(), static_cast<uint32_t>(offsets.size()), bits, out.data() + at);
  writer.finish();
}

void encode_for(std::span<const int64_t> values, Bytes& out) {
  Range range;
  for (int64_t v : values) range.add(v);
  std::vector<uint64_t> offsets(values.size());
  for (size_t i = 0; i < values.size(); ++i) offsets[i] = static_cast<uint64_t>(minus(values[i], range.min));
  StreamWriter writer(out, Codec::kFrameOfReference, values.size());
  append_raw(out, range.min);
  encode_packed(writer, out, offsets, range.bits());
}

void encode_delta(std::span<const int64_t> values, Bytes& out) {
  Range range;
  for (size_t i = 1; i < values.size(); ++i) range.add(minus(values[i], values[i - 1]));
  if (range.empty()) range.add(0);
  std::vector<uint64_t> offsets(values.size(), 0);  // the first is 0: start makes up for it
  for (size_t i = 1; i < values.size(); ++i) {
    offsets[i] = static_cast<uint64_t>(minus(minus(values[i], values[i - 1]), range.min));
  }
  StreamWriter writer(out, Codec::kDelta, values.size());
  append_raw(out, range.min);
  append_raw(out, minus(values[0], range.min));
  encode_packed(writer, out, offsets, range.bits());
}

void encode_delta_delta(std::span<const int64_t> values, Bytes& out) {
  std::vector<int64_t> deltas(values.size(), 0);
  for (size_t i = 1; i < values.size(); ++i) deltas[i] = minus(values[i], values[i - 1]);
  Range range;
  for (size_t i = 2; i < values.size(); ++i) range.add(minus(deltas[i], deltas[i - 1]));
  if (range.empty()) range.add(0);
  std::vector<uint64_t> offsets(values.size(), 0);  // the first two are 0: step and start make up for them
  for (size_t i = 2; i < values.size(); ++i) {
    offsets[i] = static_cast<uint64_t>(minus(minus(deltas[i], deltas[i - 1]), range.min));
  }
  // After the second row the step must be deltas[1]; each of the two rows adds range.min to it.
  int64_t second = values.size() > 1 ? deltas[1] : 0;
  int64_t first_step = minus(second, range.min);  // the step that leads to row 0
  StreamWriter writer(out, Codec::kDeltaDelta, values.size());
  append_raw(out, range.min);
  append_raw(out, minus(values[0], first_step));
  append_raw(out, minus(first_step, range.min));
  encode_packed(writer, out, offsets, range.bits());
}

}  // namespace

IntPlan plan_ints(std::span<const int64_t> values, bool simple) {
  VARVE_CHECK(!values.empty() && values.size() <= kVectorRows);
  Shape shape = shape_of(values);
  IntPlan best = plan_simple(shape, values.size());
  if (simple || best.codec == Codec::kConstant) return best;
  size_t count = values.size();
  if (shape.runs <= count / 3) {
    Runs runs = runs_of(values);
    size_t bytes = plan_ints(runs.values, true).bytes + plan_ints(runs.ends, true).bytes;
    consider(best, Codec::kRunLength, sizeof(StreamHeader) + bytes, count);
  }
  if (count >= 16 && best.bytes > count / 2) {
    std::vector<int64_t> entries = distinct_values(values, std::min(kMaxIntEntries, count / 2));
    if (!entries.empty()) {
      size_t bytes = plan_ints(entries, true).bytes + stream_bytes(1, count, bits_of(entries.size() - 1));
      consider(best, Codec::kIntDictionary, sizeof(StreamHeader) + bytes, count);
    }
  }
  return best;
}

void encode_ints(std::span<const int64_t> values, const IntPlan& plan, Bytes& out) {
  switch (plan.codec) {
    case Codec::kConstant: {
      StreamWriter writer(out, Codec::kConstant, values.size());
      append_raw(out, values[0]);
      return writer.finish();
    }
    case Codec::kFrameOfReference:
      return encode_for(values, out);
    case Codec::kDelta:
      return encode_delta(values, out);
    case Codec::kDeltaDelta:
      return encode_delta_delta(values, out);
    case Codec::kRunLength: {
      Runs runs = runs_of(values);
      StreamWriter writer(out, Codec::kRunLength, values.size());
      writer.header().a = static_cast<uint16_t>(runs.values.size());
      encode_ints(runs.values, out, true);
      encode_ints(runs.ends, out, true);
      return writer.finish();
    }
    case Codec::kIntDictionary: {
      std::vector<int64_t> entries = distinct_values(values, kMaxIntEntries), codes(values.size());
      for (size_t i = 0; i < values.size(); ++i) {
        codes[i] = std::lower_bound(entries.begin(), entries.end(), values[i]) - entries.begin();
      }
      StreamWriter writer(out, Codec::kIntDictionary, values.size());
      writer.header().a = static_cast<uint16_t>(entries.size());
      encode_ints(entries, out, true);
      encode_ints(codes, out, true);
      return writer.finish();
    }
    default:
      VARVE_CHECK(false);
  }
}

}  // namespace varve::columnar
