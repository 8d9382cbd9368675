// GROUP BY with ROLLUP, CUBE and GROUPING SETS as a plain list of sets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "parser/ast.h"

namespace varve::analyzer {

using GroupSets = std::vector<std::vector<uint32_t>>;

// Every set of `a` joined with every set of `b`: what a comma in GROUP BY means.
inline GroupSets cross(const GroupSets& a, const GroupSets& b) {
  GroupSets result;
  for (const auto& x : a) {
    for (const auto& y : b) {
      std::vector<uint32_t> both = x;
      for (uint32_t g : y) {
        if (std::find(both.begin(), both.end(), g) == both.end()) both.push_back(g);
      }
      result.push_back(std::move(both));
    }
  }
  return result;
}

// `index_of(node)` numbers the group expressions.
template <class F>
GroupSets sets_of(const parser::Node* node, F& index_of);

template <class F>
std::vector<uint32_t> columns_of(const parser::Node* node, F& index_of) {
  std::vector<uint32_t> columns;
  if (parser::is<parser::RowExpr>(node)) {
    for (const parser::Node* item : parser::as<parser::RowExpr>(node)->args)
      columns.push_back(index_of(item));
  } else {
    columns.push_back(index_of(node));
  }
  return columns;
}

template <class F>
GroupSets sets_of(const parser::Node* node, F& index_of) {
  if (!parser::is<parser::GroupingSet>(node)) return {columns_of(node, index_of)};
  const auto& set = *parser::as<parser::GroupingSet>(node);
  GroupSets result;
  switch (set.type) {
    case parser::GroupingSetKind::kEmpty:
      result.push_back({});
      break;
    case parser::GroupingSetKind::kSets:
      for (const parser::Node* item : set.content) {
        for (auto& s : sets_of(item, index_of)) result.push_back(std::move(s));
      }
      break;
    case parser::GroupingSetKind::kRollup:
    case parser::GroupingSetKind::kCube: {
      std::vector<std::vector<uint32_t>> parts;
      for (const parser::Node* item : set.content) parts.push_back(columns_of(item, index_of));
      size_t n = parts.size();
      auto join = [&](auto&& keep) {
        std::vector<uint32_t> s;
        for (size_t i = 0; i < n; ++i) {
          if (keep(i)) s.insert(s.end(), parts[i].begin(), parts[i].end());
        }
        result.push_back(std::move(s));
      };
      if (set.type == parser::GroupingSetKind::kRollup) {
        for (size_t length = n + 1; length-- > 0;) join([&](size_t i) { return i < length; });
      } else {
        for (size_t mask = size_t{1} << n; mask-- > 0;)
          join([&](size_t i) { return (mask >> (n - 1 - i) & 1) != 0; });
      }
      break;
    }
  }
  return result;
}

template <class F>
GroupSets expand_grouping_sets(parser::NodeList items, F& index_of) {
  GroupSets all{{}};
  for (const parser::Node* item : items) all = cross(all, sets_of(item, index_of));
  return all;
}

inline void remove_duplicate_sets(GroupSets& sets) {
  GroupSets kept;
  for (auto& set : sets) {
    std::vector<uint32_t> sorted = set;
    std::sort(sorted.begin(), sorted.end());
    bool seen = std::any_of(kept.begin(), kept.end(), [&](std::vector<uint32_t> k) {
      std::sort(k.begin(), k.end());
      return k == sorted;
    });
    if (!seen) kept.push_back(std::move(set));
  }
  sets = std::move(kept);
}

}  // namespace varve::analyzer
