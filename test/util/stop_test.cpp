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
    raise(SIGTERM);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
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
