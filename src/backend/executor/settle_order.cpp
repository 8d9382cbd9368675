#include "executor/settle_order.h"

#include <algorithm>

#include "common/sql_error.h"

namespace varve::executor {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    std::string word;
    if (text[i] == '"') {
      size_t end = text.find('"', i + 1);
      if (end == std::string_view::npos) end = text.size();
      word = text.substr(i + 1, end - i - 1);
      i = std::min(end + 1, text.size());
    } else {
      for (; i < text.size() && text[i] != ' '; ++i)
        word += text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    }
    words.push_back(std::move(word));
  }
  return words;
}

std::vector<SettleGrouping>& groupings() {
  static std::vector<SettleGrouping> all;
  return all;
}

bool find_settle_grouping(const catalog::Relation& table, access::SettleOrder* order) {
  return std::any_of(groupings().begin(), groupings().end(),
                     [&](SettleGrouping grouping) { return grouping(table, order); });
}

}  // namespace

void register_settle_grouping(SettleGrouping grouping) { groupings().push_back(grouping); }

std::vector<OrderItem> parse_settle_order(std::string_view text) {
  std::vector<OrderItem> items;
  while (!text.empty()) {
    size_t comma = std::min(text.find(','), text.size());
    std::vector<std::string> words = words_of(text.substr(0, comma));
    bool good = words.size() == 1 || (words.size() == 2 && (words[1] == "asc" || words[1] == "desc"));
    if (!good) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     "parameter \"orderby\" is a list of columns, each with ASC or DESC");
    }
    items.push_back({words[0], words.size() == 2 && words[1] == "desc"});
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

std::vector<access::SettleOrder> settle_order(const catalog::Relation& table) {
  std::vector<access::SettleOrder> order;
  std::string_view options = table.options;
  if (access::SettleOrder grouping; find_settle_grouping(table, &grouping)) order.push_back(grouping);
  constexpr std::string_view kName = "orderby=";
  while (!options.empty()) {
    size_t end = std::min(options.find('\n'), options.size());
    std::string_view option = options.substr(0, end);
    if (option.starts_with(kName)) {
      for (const OrderItem& item : parse_settle_order(option.substr(kName.size()))) {
        catalog::ColumnNumber column = table.find_column(item.column);
        if (column > 0) order.push_back({static_cast<uint32_t>(column - 1), item.descending});
      }
    }
    options.remove_prefix(std::min(end + 1, options.size()));
  }
  return order;
}

}  // namespace varve::executor
