#include "util/stop.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <signal.h>
#include <unistd.h>

namespace enas4d {
namespace {

constexpr std::array kStopSignals = {SIGTERM, SIGINT, SIGUSR1, SIGXCPU};

// A signal handler takes no argument of ours, so the one live guard keeps its state here.
std::atomic<StopFlag*> guarded_flag{nullptr};
std::array<std::atomic<bool>, 2> signal_seen{};  ///< from others, from our parent
std::array<struct sigaction, kStopSignals.size()> earlier_actions;

static_assert(std::atomic<StopFlag*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free,
              "only lock-free atomics may be touched by a signal handler");

/// A launcher passes on what its ranks often get directly, too, from a terminal or a batch system:
/// one signal of each is one signal.
void on_stop_signal(int number, siginfo_t* info, void* /*context*/) {
  const bool from_parent = info->si_code == SI_USER && info->si_pid == getppid();
  if (signal_seen[from_parent ? 1 : 0].exchange(true)) _exit(128 + number);
  StopFlag* flag = guarded_flag.load();
  if (flag != nullptr) flag->raise();
}

}  // namespace

bool StopFlag::raised() const {
  return raised_.load() || (deadline_ && std::chrono::steady_clock::now() >= *deadline_);
}

void StopFlag::set_time_limit(double seconds) {
  constexpr double kForever = 1e9;  // 31 years; more would overflow the clock
  const std::chrono::duration<double> limit(std::clamp(seconds, 0.0, kForever));
  deadline_ = std::chrono::steady_clock::now() +
              std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
}

SignalGuard::SignalGuard(StopFlag& flag) {
  assert(guarded_flag.load() == nullptr && "one guard at a time");
  guarded_flag = &flag;
  for (auto& seen : signal_seen) seen = false;
  struct sigaction action = {};
  action.sa_sigaction = on_stop_signal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], &action, &earlier_actions[i]);
  }
}

SignalGuard::~SignalGuard() {
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) {
    sigaction(kStopSignals[i], &earlier_actions[i], nullptr);
  }
  guarded_flag = nullptr;
}

}  // namespace enas4d
