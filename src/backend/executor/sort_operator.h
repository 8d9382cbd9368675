// What DISTINCT ON tells the sort below it.
#pragma once

#include <cstdint>
#include <span>

namespace varve::executor {

class FirstRowsSource {
 public:
  virtual ~FirstRowsSource() = default;
  // Before open(): of rows that are equal in these columns of the output only the first is wanted (others may
  // come). False: it cannot tell. The columns outlive the operator.
  virtual bool keep_first_of(std::span<const uint32_t> columns) = 0;
};

}  // namespace varve::executor
