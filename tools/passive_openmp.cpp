// Makes OpenMP's threads sleep while they wait, after a short spin: long spins make a program ten
// times slower as soon as another needs the cores; none at all costs small networks half their
// speed, because a thread takes longer to wake than a layer takes to run (Fashion-MNIST training,
// two cores: 401 images/s without a spin, 757 with 10,000 rounds, 706 with endless ones). libgomp
// reads OMP_WAIT_POLICY when it is loaded, before main() and before any constructor of ours, and
// libc replaces an environment that was changed earlier than that. So the program starts itself
// again with the variable added, from the first code that it may run at all: 0.3 s, where doing so
// in main() would cost a whole start of LibTorch. What the user has set stays.
#include <alloca.h>
#include <cstddef>
#include <unistd.h>

namespace {

char passive_waiting[] = "OMP_WAIT_POLICY=passive";
char short_spin[] = "GOMP_SPINCOUNT=10000";  // of equal names the first counts: the user's

/// Own loop: libc and sanitizers are not ready yet.
bool has_same_name(const char* variable, const char* other) {
  while (*variable == *other && *variable != '=') {
    ++variable;
    ++other;
  }
  return *variable == '=' && *other == '=';
}

__attribute__((no_sanitize("address", "undefined"))) void wait_passively(int, char** arguments,
                                                                         char** environment) {
  std::size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (has_same_name(environment[count], passive_waiting)) return;
  }
  auto** extended = static_cast<char**>(alloca((count + 3) * sizeof(char*)));
  for (std::size_t i = 0; i < count; ++i) extended[i] = environment[i];
  extended[count] = passive_waiting;
  extended[count + 1] = short_spin;
  extended[count + 2] = nullptr;

  // By its real name, which is what ps and pgrep then show. Should it fail, we go on as we are.
  char program[4096];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return;
  program[length] = '\0';
  execve(program, arguments, extended);
}

}  // namespace

__attribute__((section(".preinit_array"),
               used)) static void (*const run_before_libgomp)(int, char**, char**) = wait_passively;
