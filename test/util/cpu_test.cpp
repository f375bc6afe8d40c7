#include "util/cpu.h"

#include <sched.h>

#include "support/catch.h"

namespace enas4d {

TEST_CASE("the usable CPUs are those of the affinity mask", "[util][cpu]") {
  cpu_set_t all;
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  CHECK(usable_cpus() == CPU_COUNT(&all));

  std::size_t first = 0;
  while (CPU_ISSET(first, &all) == 0) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  const int narrowed = usable_cpus();
  sched_setaffinity(0, sizeof all, &all);
  CHECK(narrowed == 1);
}

}  // namespace enas4d
