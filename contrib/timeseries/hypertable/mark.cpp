#include <charconv>

#include "access/table_method.h"
#include "hypertable/hypertable.h"

namespace varve::hypertable {
namespace {

// "7:86400000000:c,time,""Odd, name""" after "hypertable=".
std::optional<Mark> parse_mark(std::string_view text) {
  Mark mark;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mark.id);
  if (error != std::errc() || mark.id <= 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.starts_with(':')) {
    auto [rest, failure] = std::from_chars(text.data() + 1, text.data() + text.size(), mark.interval);
    if (failure != std::errc() || mark.interval <= 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(rest - text.data()));
  }
  if (text.starts_with(":c")) {
    mark.continuous = true;
    text.remove_prefix(2);
  }
  while (text.starts_with(',')) {
    text.remove_prefix(1);
    std::string name;
    if (text.starts_with('"')) {
      size_t i = 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '"') {
          if (i + 1 == text.size() || text[i + 1] != '"') break;
          ++i;
        }
        name += text[i];
      }
      text.remove_prefix(std::min(i + 1, text.size()));
    } else {
      name = text.substr(0, text.find_first_of(",:"));
      text.remove_prefix(name.size());
    }
    mark.kinds.push_back(mark.columns.empty() ? DimensionKind::kRange : DimensionKind::kHash);
    mark.columns.push_back(std::move(name));
    if (text.starts_with(":r")) mark.kinds.back() = DimensionKind::kRange;
    if (text.starts_with(":f")) mark.kinds.back() = DimensionKind::kFunction;
    if (text.starts_with(':')) text.remove_prefix(std::min(size_t{2}, text.size()));
  }
  if (mark.columns.empty()) return std::nullopt;
  return mark;
}

}  // namespace

std::optional<Mark> find_mark(const catalog::Relation& relation) {
  if (relation.access_method != access::kColumnarMethod) return std::nullopt;
  constexpr std::string_view kName = "hypertable=";
  for (std::string_view rest = relation.options; !rest.empty();) {
    size_t end = std::min(rest.find('\n'), rest.size());
    if (rest.starts_with(kName)) return parse_mark(rest.substr(kName.size(), end - kName.size()));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

}  // namespace varve::hypertable
