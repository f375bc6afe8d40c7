// Drawing and varying specs. Pure functions of (space, generator): the same specs on any machine.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/plan.h"
#include "arch/space.h"
#include "arch/spec.h"
#include "util/rng.h"

namespace enas4d {

/// Each choice uniform and independent of the others.
Spec uniform(const Space& space, Rng& rng);

/// Full MACs (all stages with their heads), inclusive.
struct MacsWindow {
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
  bool contains(std::int64_t macs) const { return least <= macs && macs <= most; }
};

/// Uniform among the specs inside the window, by rejection; after `tries` draws outside, throws
/// Error (impossible) that tells the window and the space's reachable range. Windows that miss
/// [smallest, largest] are refused at once.
Spec uniform_within(const Space& space, const MacsWindow& window, Rng& rng, int tries = 10000);

/// Each choice is drawn again with probability `rate` (blocks that a deeper stage gains are drawn
/// fresh). Rate 0 is the identity; the result lies in the space.
Spec mutate(const Space& space, const Spec& spec, double rate, Rng& rng);

/// Each choice from one parent or the other, evenly; a unit of a stage (its width, depth and
/// blocks) stays together.
Spec crossover(const Space& space, const Spec& a, const Spec& b, Rng& rng);

}  // namespace enas4d
