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

/// What a signal does, for a while.
class Disposition {
 public:
  Disposition(int number, void (*handler)(int)) : number_(number) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(number, &action, &earlier_);
  }
  ~Disposition() { sigaction(number_, &earlier_, nullptr); }
  Disposition(const Disposition&) = delete;
  Disposition& operator=(const Disposition&) = delete;

 private:
  int number_;
  struct sigaction earlier_ = {};
};

}  // namespace

TEST_CASE("each stop signal raises the flag", "[util][stop]") {
  const int number = GENERATE(SIGTERM, SIGINT, SIGUSR1, SIGXCPU, SIGHUP);
  CAPTURE(number);
  const Disposition usual(number, SIG_DFL);  // these tests may run under nohup
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

TEST_CASE("signals that come at once are one, and XCPU and HUP never are a second one",
          "[util][stop]") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    StopFlag flag;
    const Disposition usual(SIGHUP, SIG_DFL);
    const SignalGuard guard(flag);
    raise(SIGTERM);
    raise(SIGTERM);
    usleep(150'000);
    raise(SIGXCPU);
    raise(SIGHUP);
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

TEST_CASE("a HUP that is ignored, as under nohup, stays ignored", "[util][stop]") {
  const Disposition ignored(SIGHUP, SIG_IGN);
  StopFlag flag;
  const SignalGuard guard(flag);
  raise(SIGHUP);
  CHECK(!flag.raised());
}

TEST_CASE("what a signal did before is restored after the guard", "[util][stop]") {
  const Disposition counting(SIGUSR1, count_signal);
  StopFlag flag;
  {
    const SignalGuard guard(flag);
    raise(SIGUSR1);
  }
  CHECK(earlier_handler_calls == 0);
  raise(SIGUSR1);
  CHECK(earlier_handler_calls == 1);
}

TEST_CASE("a time limit raises the flag when it is over", "[util][stop]") {
  StopFlag flag;
  flag.set_time_limit(1e300);
  CHECK(!flag.raised());
  flag.set_time_limit(0);
  CHECK(flag.raised());
}

}  // namespace enas4d
