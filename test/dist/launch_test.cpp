#include "dist/launch.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "support/catch.h"

namespace enas4d {

namespace {

struct LaunchRun {
  int status;
  std::vector<std::string> said;
};

/// Launches ranks that end as `end` says: it must not return.
template <class End>
LaunchRun launch_and_end(int count, const End& end) {
  LaunchRun run{};
  constexpr std::chrono::seconds kPatience{1};
  const Launched launched =
      launch_ranks(count, kPatience, [&](const std::string& line) { run.said.push_back(line); });
  if (launched.rank) {
    end(*launched.rank);
    _exit(99);
  }
  run.status = launched.status;
  return run;
}

}  // namespace

TEST_CASE("a launcher ends with the worst status of its ranks", "[dist]") {
  const auto status_of = [](const std::vector<int>& statuses) {
    const auto run = launch_and_end(static_cast<int>(statuses.size()), [&](int rank) {
      _exit(statuses[static_cast<std::size_t>(rank)]);
    });
    CHECK(run.said.empty());
    return run.status;
  };
  CHECK(status_of({0, 0, 0}) == 0);
  CHECK(status_of({0, 75}) == 75);
  CHECK(status_of({75, 1}) == 1);
  CHECK(status_of({1, 3, 1}) == 3);  // the cause, not what it was to the others
}

TEST_CASE("a rank that a signal ended is told, and a hung one does not outlive it", "[dist]") {
  const auto run = launch_and_end(3, [](int rank) {
    if (rank == 1) raise(SIGKILL);
    if (rank == 2) raise(SIGSTOP);
    _exit(0);
  });
  CHECK(run.status == 1);
  REQUIRE(run.said.size() == 2);
  CHECK_THAT(run.said[0], Contains("rank 1 was ended by signal 9"));
  CHECK_THAT(run.said[1], Contains("rank 2 did not end"));
}

TEST_CASE("signals to the launcher reach every rank", "[dist]") {
  // In a process of one thread, as launchers are: another one might take the signal.
  const pid_t process = fork();
  if (process == 0) {
    const pid_t launcher = getpid();
    const auto run = launch_and_end(2, [&](int rank) {
      sigset_t term;
      sigemptyset(&term);
      sigaddset(&term, SIGTERM);
      sigprocmask(SIG_BLOCK, &term, nullptr);
      if (rank == 1) kill(launcher, SIGTERM);
      int number = 0;
      sigwait(&term, &number);
      _exit(75);
    });
    _exit(run.status);
  }
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 75);
}

}  // namespace enas4d
