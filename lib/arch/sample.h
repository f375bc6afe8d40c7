// Drawing and varying specs. Pure functions of (space, generator): the same specs on any machine.
#pragma once

#include <cstdint>

#include "arch/plan.h"
#include "arch/space.h"
#include "arch/spec.h"
#include "util/rng.h"

namespace enas4d {

/// Each choice uniform and independent of the others.
Spec uniform(const Space& space, Rng& rng);

/// What a network may be, whatever its accuracy; all inclusive.
struct Limits {
  std::int64_t least_macs = 0;  ///< full: all stages with their heads
  std::int64_t most_macs = INT64_MAX;
  std::int64_t most_params = INT64_MAX;

  bool allow(const Plan& plan) const;
};

/// Throws Error (impossible) with the space's range if its smallest or largest spec shows that none
/// lies inside the limits.
void require_possible(const Space& space, const Limits& limits);

/// As uniform(), among the specs inside the limits, by rejection; after `tries` draws outside,
/// throws Error (impossible) that tells the limits and the space's range. Limits that miss
/// [smallest, largest] are refused at once.
Spec uniform_within(const Space& space, const Limits& limits, Rng& rng, int tries = 10000);

/// Each choice is drawn again with probability `rate` (blocks that a deeper stage gains are drawn
/// fresh). Rate 0 is the identity; the result lies in the space.
Spec mutate(const Space& space, const Spec& spec, double rate, Rng& rng);

/// Each choice from one parent or the other, evenly; a unit of a stage (its width, depth and
/// blocks) stays together.
Spec crossover(const Space& space, const Spec& a, const Spec& b, Rng& rng);

}  // namespace enas4d
