// What nearly every file includes, read once for all of them (Toolchain.cmake). Files still include what they
// use: tools/check-headers and builds without this hold them to it. Nothing of Varve's own belongs here.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>
