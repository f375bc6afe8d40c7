#include "util/stop.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <ctime>
#include <signal.h>
#include <unistd.h>

#include "util/units.h"

namespace enas4d {
namespace {

// A signal handler takes no argument of ours, so the one live guard keeps its state here.
std::atomic<StopFlag*> guarded_flag{nullptr};
/// From others, from our parent: when it came, in nanoseconds; 0 = not yet.
std::array<std::atomic<std::int64_t>, 2> first_signal{};

static_assert(std::atomic<StopFlag*>::is_always_lock_free &&
                  std::atomic<std::int64_t>::is_always_lock_free,
              "only lock-free atomics may be touched by a signal handler");

std::int64_t nanoseconds_now() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// A launcher passes on what its ranks often get directly, too, from a terminal or a batch system:
/// one signal of each is one signal. So are two at once from one side: timeout(1) signals its child
/// and then its whole process group. Who loses a terminal hears of it from the system and from the
/// shell, some time apart.
void on_stop_signal(int number, siginfo_t* info, void* /*context*/) {
  constexpr std::int64_t kAtOnce = 100'000'000;
  const bool from_parent = info->si_code == SI_USER && info->si_pid == getppid();
  const std::int64_t now = nanoseconds_now();
  std::int64_t first = 0;
  const bool repeated = number == SIGXCPU || number == SIGHUP;
  if (!repeated && !first_signal[from_parent ? 1 : 0].compare_exchange_strong(first, now) &&
      now - first > kAtOnce) {
    _exit(128 + number);
  }
  StopFlag* flag = guarded_flag.load();
  if (flag != nullptr) flag->raise();
}

}  // namespace

std::vector<int> stop_signals() {
  std::vector<int> signals = {SIGTERM, SIGINT, SIGUSR1, SIGXCPU};
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) signals.push_back(SIGHUP);
  return signals;
}

bool StopFlag::raised() const {
  return raised_.load() || (deadline_ && std::chrono::steady_clock::now() >= *deadline_);
}

void StopFlag::set_time_limit(double seconds) {
  const std::chrono::duration<double> limit(std::clamp(seconds, 0.0, kLongestDuration));
  deadline_ = std::chrono::steady_clock::now() +
              std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
}

SignalGuard::SignalGuard(StopFlag& flag) : signals_(stop_signals()), earlier_(signals_.size()) {
  assert(guarded_flag.load() == nullptr && "one guard at a time");
  guarded_flag = &flag;
  for (auto& first : first_signal) first = 0;
  struct sigaction action = {};
  action.sa_sigaction = on_stop_signal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    sigaction(signals_[i], &action, &earlier_[i]);
  }
}

SignalGuard::~SignalGuard() {
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    sigaction(signals_[i], &earlier_[i], nullptr);
  }
  guarded_flag = nullptr;
}

}  // namespace enas4d
