// Stopping in good order: a flag that signals and a time limit raise, and that long loops look at
// between steps.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

namespace enas4d {

/// Passed by reference to whatever runs long. Copying makes no sense: there is one reason to stop.
class StopFlag {
 public:
  bool raised() const;
  void raise() { raised_.store(true); }
  void set_time_limit(double seconds);

 private:
  std::atomic<bool> raised_{false};
  std::optional<std::chrono::steady_clock::time_point> deadline_;
};

/// While it lives, TERM, INT, USR1 and XCPU raise the flag; a second signal from the same side, our
/// parent or anybody else, a tenth of a second later or more, ends the process at once (128 +
/// number). XCPU comes again every second, and is never a second signal.
class SignalGuard {
 public:
  explicit SignalGuard(StopFlag& flag);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;
};

}  // namespace enas4d
