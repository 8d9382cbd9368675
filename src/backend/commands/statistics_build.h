// Computes a table's statistics objects from a sample of its rows and keeps what it finds in
// pg_statistic_ext_data.
#pragma once

#include "catalog/extended_statistics.h"
#include "names.h"

namespace varve::commands {

// PostgreSQL's default_statistics_target of 100: so many common values and histogram steps, 300 times as many
// rows and at most that many pages.
inline constexpr size_t kStatisticsTarget = 100;
inline constexpr size_t kSampleRowsPerTarget = 300;

struct Sample {
  std::vector<std::vector<Value>> rows;  // of the live columns, in the order they lie in the table
  double table_rows = 0;
};

class StatisticsBuild {
 public:
  // `only`: columns that are being analyzed, empty: all. An object that needs others is left alone, with a
  // warning.
  StatisticsBuild(CommandContext& context, const RelationPtr& table, parser::NameList only);
  // The largest of the objects' targets.
  size_t target() const;
  void run(const Sample& sample, bool with_family);

 private:
  struct Object {
    const catalog::ExtendedStatistics* statistics;
    std::vector<analyzer::Expr*> expressions;  // over the live columns
    size_t target;
  };
  void add(const catalog::ExtendedStatistics& statistics, parser::NameList only);
  size_t target_of(const catalog::ExtendedStatistics& statistics);
  bool build(const Object& object, const Sample& sample, RowDraft& row);
  bool evaluate(const Object& object, const Sample& sample, Arena& memory,
                std::vector<std::vector<Value>>* values);

  CommandContext& context_;
  RelationPtr table_;
  std::vector<Object> objects_;
};

}  // namespace varve::commands
