#include "util/stop.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.h"

namespace enas4d {
namespace {

volatile sig_atomic_t earlier_handler_calls = 0;
void count_signal(int /*number*/) {
  earlier_handler_calls = earlier_handler_calls + 1;
}

}  // namespace

TEST_CASE("each of the four signals raises the flag", "[util][stop]") {
  const int number = GENERATE(SIGTERM, SIGINT, SIGUSR1, SIGXCPU);
  CAPTURE(number);
  StopFlag flag;
  const SignalGuard guard(flag);
  CHECK(!flag.raised());
  raise(number);
  CHECK(flag.raised());
}

TEST_CASE("a second signal ends the process at once", "[util][stop]") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    StopFlag flag;
    const SignalGuard guard(flag);
    raise(SIGINT);
    usleep(150'000);
    raise(SIGTERM);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
}

TEST_CASE("signals that come at once are one, and XCPU never is a second one", "[util][stop]") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    StopFlag flag;
    const SignalGuard guard(flag);
    raise(SIGTERM);
    raise(SIGTERM);
    usleep(150'000);
    raise(SIGXCPU);
    _exit(flag.raised() ? 7 : 0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 7);
}

TEST_CASE("a signal that a launcher passes on beside our own is no second one", "[util][stop]") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    StopFlag flag;
    const SignalGuard guard(flag);
    raise(SIGTERM);  // not from the parent
    if (write(ends[1], "!", 1) != 1) _exit(1);
    while (true) pause();
  }
  char ready = 0;
  REQUIRE(read(ends[0], &ready, 1) == 1);
  kill(child, SIGTERM);
  usleep(200'000);
  CHECK(waitpid(child, nullptr, WNOHANG) == 0);  // lives
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
    kill(child, SIGTERM);
    usleep(10'000);
  }
  CHECK(ended == child);
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("what a signal did before is restored after the guard", "[util][stop]") {
  struct sigaction counting = {}, original = {};
  counting.sa_handler = count_signal;
  sigaction(SIGUSR1, &counting, &original);
  StopFlag flag;
  {
    const SignalGuard guard(flag);
    raise(SIGUSR1);
  }
  CHECK(earlier_handler_calls == 0);
  raise(SIGUSR1);
  CHECK(earlier_handler_calls == 1);
  sigaction(SIGUSR1, &original, nullptr);
}

TEST_CASE("a time limit raises the flag when it is over", "[util][stop]") {
  StopFlag flag;
  flag.set_time_limit(1e300);
  CHECK(!flag.raised());
  flag.set_time_limit(0);
  CHECK(flag.raised());
}

}  // namespace enas4d
