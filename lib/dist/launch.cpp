#include "dist/launch.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "util/error.h"
#include "util/stop.h"

namespace enas4d {

namespace {

/// From good to bad. What a rank says of itself comes before the mere failure that it is to others.
int badness(int status) {
  switch (status) {
    case static_cast<int>(ExitStatus::kDone):
      return 0;
    case static_cast<int>(ExitStatus::kStopped):
      return 1;
    case static_cast<int>(ExitStatus::kFailed):
      return 2;
    default:
      return 3;
  }
}

/// The launcher's side: waits, forwards, cleans up.
class RankKeeper {
 public:
  using Say = std::function<void(const std::string&)>;

  RankKeeper(std::map<pid_t, int> ranks, const sigset_t& signals, std::chrono::seconds patience,
             const Say& say)
      : ranks_(std::move(ranks)), signals_(signals), patience_(patience), say_(say) {}

  int run() {
    while (!ranks_.empty()) {
      const int number = next_signal();
      if (number > 0 && number != SIGCHLD) forward(number);
      collect();
      if (deadline_ && Clock::now() >= *deadline_) end_all();
    }
    return worst_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// 0 = none came in time. Never waits for long: where this process has other threads, one of them
  /// may take the signal that a rank has ended.
  int next_signal() const {
    constexpr timespec kTick = {0, 100'000'000};
    return std::max(sigtimedwait(&signals_, nullptr, &kTick), 0);
  }

  void forward(int number) const {
    for (const auto& [process, rank] : ranks_) kill(process, number);
  }

  void collect() {
    int status = 0;
    for (pid_t process; (process = waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = ranks_.find(process);
      if (found == ranks_.end()) continue;  // a child from before
      note(found->second, status);
      ranks_.erase(found);
    }
  }

  void note(int rank, int status) {
    int code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) {
      code = static_cast<int>(ExitStatus::kFailed);
      if (!ending_) {
        say_(fmt::format("rank {} was ended by signal {} ({})", rank, WTERMSIG(status),
                         strsignal(WTERMSIG(status))));
      }
    }
    if (badness(code) > badness(worst_)) worst_ = code;
    if (badness(code) > badness(static_cast<int>(ExitStatus::kStopped)) && !deadline_) {
      deadline_ = Clock::now() + patience_;
    }
  }

  /// KILL, because a stopped process takes no other signal.
  void end_all() {
    if (ending_) return;
    ending_ = true;
    for (const auto& [process, rank] : ranks_) {
      say_(fmt::format("rank {} did not end within {} s of another's failure and was killed", rank,
                       patience_.count()));
      kill(process, SIGKILL);
    }
  }

  std::map<pid_t, int> ranks_;  ///< that still run
  const sigset_t signals_;
  const std::chrono::seconds patience_;
  const Say& say_;
  int worst_ = 0;
  bool ending_ = false;
  std::optional<Clock::time_point> deadline_;  ///< set once a rank has failed
};

/// In a new process: goes when its launcher goes.
void become_rank(pid_t launcher, const sigset_t& mask) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != launcher) raise(SIGTERM);  // it went before we asked
  sigprocmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace

Launched launch_ranks(int count, std::chrono::seconds patience,
                      const std::function<void(const std::string&)>& say) {
  // Whoever ignores it, as a parent of ours may, hears of no rank that ended.
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  for (const int number : stop_signals()) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, &before);

  const pid_t launcher = getpid();
  std::map<pid_t, int> ranks;
  for (int rank = 0; rank < count; ++rank) {
    const pid_t process = fork();
    if (process == 0) {
      become_rank(launcher, before);
      return {rank, 0};
    }
    if (process < 0) {
      const std::string reason = std::strerror(errno);
      for (const auto& [started, its_rank] : ranks) kill(started, SIGKILL);
      throw failed(fmt::format("rank {} could not be started: {}", rank, reason));
    }
    ranks[process] = rank;
  }
  const int status = RankKeeper(std::move(ranks), signals, patience, say).run();
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return {std::nullopt, status};
}

int free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  const bool found = descriptor >= 0 && bind(descriptor, general, size) == 0 &&
                     getsockname(descriptor, general, &size) == 0;
  const std::string reason = std::strerror(errno);
  if (descriptor >= 0) close(descriptor);
  if (!found) throw failed("no free port on this machine: " + reason);
  return ntohs(address.sin_port);
}

}  // namespace enas4d
