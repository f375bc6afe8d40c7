// The time that each LibTorch operation, and each of ours, takes in a piece of work.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace enas4d {

struct OperationTimes {
  double whole = 0;  ///< seconds of all the work
  /// Seconds without those of operations inside, slowest first.
  std::vector<std::pair<std::string, double>> operations;
};

/// Not for two threads at a time.
OperationTimes operation_times(const std::function<void()>& run);

}  // namespace enas4d
