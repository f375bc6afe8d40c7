// Stopping in good order: a flag that signals and a time limit raise, and that long loops look at
// between steps.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <signal.h>
#include <vector>

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

/// TERM, INT, USR1, XCPU, and HUP unless it is ignored: under nohup(1) work outlives its terminal.
std::vector<int> stop_signals();

/// While it lives, each of stop_signals() raises the flag; a second signal from the same side, our
/// parent or anybody else, a tenth of a second later or more, ends the process at once (128 +
/// number). XCPU comes again every second and HUP from several, so they never are a second signal.
class SignalGuard {
 public:
  explicit SignalGuard(StopFlag& flag);
  ~SignalGuard();
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

 private:
  const std::vector<int> signals_;
  std::vector<struct sigaction> earlier_;  ///< what each of them did before
};

}  // namespace enas4d
