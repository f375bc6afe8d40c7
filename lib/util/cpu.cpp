#include "util/cpu.h"

#include <algorithm>
#include <sched.h>
#include <sys/resource.h>
#include <thread>

namespace enas4d {

int usable_cpus() {
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return std::max(1, CPU_COUNT(&mask));
  // A machine of more than 1024 CPUs, whose mask does not fit.
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

double peak_memory_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace enas4d
