// The order in which a columnar table's rows lie within a segment: WITH (orderby = 'host, time DESC').
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/column_store.h"
#include "catalog/relation.h"

namespace varve::executor {

struct OrderItem {
  std::string column;
  bool descending = false;
};
// 22023 unless it is a list of columns, each with ASC or DESC or neither.
std::vector<OrderItem> parse_settle_order(std::string_view text);
// As the table's options say. Columns that have been renamed or dropped since order nothing.
std::vector<access::SettleOrder> settle_order(const catalog::Relation& table);

// How an extension keeps rows of a table apart that must not share a segment: the item of the order, with a
// width, that comes before all others. False: the table is not the extension's. Registered before the server
// serves; called by many threads at once.
using SettleGrouping = bool (*)(const catalog::Relation& table, access::SettleOrder* order);
void register_settle_grouping(SettleGrouping grouping);

}  // namespace varve::executor
