// Compiled with NDEBUG, as LibTorch was: its RecordFunction has another layout without.
#include "bench/operation_times.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

#include <ATen/record_function.h>

namespace enas4d {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct RunningOperation {
  Clock::time_point begin;
  double inside = 0;  ///< seconds of operations that it called
};

// LibTorch's observers are plain functions.
std::vector<RunningOperation> running;
std::map<std::string, double> own_seconds;

std::unique_ptr<at::ObserverContext> begin_operation(const at::RecordFunction&) {
  running.push_back({Clock::now()});
  return nullptr;
}

void end_operation(const at::RecordFunction& function, at::ObserverContext*) {
  const double seconds = seconds_since(running.back().begin);
  own_seconds[function.name()] += seconds - running.back().inside;
  running.pop_back();
  if (!running.empty()) running.back().inside += seconds;
}

}  // namespace

OperationTimes operation_times(const std::function<void()>& run) {
  own_seconds.clear();
  const auto handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback(begin_operation, end_operation)
                                     .scopes({at::RecordScope::FUNCTION}));
  const auto begin = Clock::now();
  run();
  OperationTimes times;
  times.whole = seconds_since(begin);
  at::removeCallback(handle);
  times.operations.assign(own_seconds.begin(), own_seconds.end());
  std::sort(times.operations.begin(), times.operations.end(),
            [](const auto& a, const auto& b) { return a.second > b.second; });
  return times;
}

}  // namespace enas4d
