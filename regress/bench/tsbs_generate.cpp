// Data of the time series benchmark: CPU metrics of hosts, after the "cpu-only" use case of TSBS
// (github.com/timescale/tsbs), from a seed of our own, in COPY's text format. The same arguments give the
// same bytes.
//
//   tsbs_generate HOSTS STEPS SEED     writes rows to standard output, in order of time
//
// A row a host and step of ten seconds from 2024-01-01 on: time, host, ten metrics. A metric walks at random
// between 0 and 100, by normally distributed steps, and is written with two decimals.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr int kMetrics = 10;
constexpr int64_t kStepSeconds = 10;

// SplitMix64 (Steele et al. 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // About N(0, 1), in hundredths: the sum of eight 16-bit numbers has a standard deviation of 53,510.
  int64_t step() {
    int64_t sum = 0;
    for (int i = 0; i < 2; ++i) {
      for (uint64_t bits = next(), k = 0; k < 4; ++k, bits >>= 16) sum += static_cast<int64_t>(bits & 0xFFFF);
    }
    return std::llround(static_cast<double>(sum - 4 * 65535) / 535.1);
  }

 private:
  uint64_t state_;
};

void append_two_digits(std::string& out, int64_t n) {
  out += static_cast<char>('0' + n / 10);
  out += static_cast<char>('0' + n % 10);
}

// Days of 2024 alone: so many steps are refused.
void append_time(std::string& out, int64_t seconds) {
  constexpr int kDays[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t day = seconds / 86400, month = 0;
  while (day >= kDays[month]) day -= kDays[month++];
  out += "2024-";
  append_two_digits(out, month + 1);
  out += '-';
  append_two_digits(out, day + 1);
  out += ' ';
  append_two_digits(out, seconds / 3600 % 24);
  out += ':';
  append_two_digits(out, seconds / 60 % 60);
  out += ':';
  append_two_digits(out, seconds % 60);
  out += "+00";
}

void append_hundredths(std::string& out, int64_t n) {
  if (n >= 10000) out += '1';
  if (n >= 1000) out += static_cast<char>('0' + n / 1000 % 10);
  out += static_cast<char>('0' + n / 100 % 10);
  if (n % 100 == 0) return;
  out += '.';
  out += static_cast<char>('0' + n / 10 % 10);
  if (n % 10 != 0) out += static_cast<char>('0' + n % 10);
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t hosts = argc == 4 ? std::atoll(argv[1]) : 0;
  const int64_t steps = argc == 4 ? std::atoll(argv[2]) : 0;
  if (hosts <= 0 || steps <= 0 || steps * kStepSeconds > int64_t{366} * 86400) {
    std::fprintf(stderr, "usage: tsbs_generate HOSTS STEPS SEED, at most a year of steps\n");
    return 2;
  }
  Random random(std::strtoull(argv[3], nullptr, 10));
  std::vector<int64_t> metrics(static_cast<size_t>(hosts) * kMetrics);
  for (int64_t& m : metrics) m = static_cast<int64_t>(random.next() % 10001);
  std::string time, block;
  for (int64_t step = 0; step < steps; ++step) {
    time.clear();
    append_time(time, step * kStepSeconds);
    for (int64_t host = 0; host < hosts; ++host) {
      block += time;
      block += "\thost_";
      block += std::to_string(host);
      for (int k = 0; k < kMetrics; ++k) {
        int64_t& m = metrics[static_cast<size_t>(host * kMetrics + k)];
        m = std::clamp<int64_t>(m + random.step(), 0, 10000);
        block += '\t';
        append_hundredths(block, m);
      }
      block += '\n';
    }
    if (block.size() < (size_t{1} << 20) && step + 1 < steps) continue;
    if (std::fwrite(block.data(), 1, block.size(), stdout) != block.size()) return 1;
    block.clear();
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
