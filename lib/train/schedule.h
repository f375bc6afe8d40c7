// What happens at step n, as pure functions of the recipe, the seed and n: this is what makes
// resume exact.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/space.h"
#include "arch/spec.h"
#include "train/recipe.h"

namespace enas4d {

/// Where each phase ends, in steps from the recipe's beginning. Phases end at the step nearest to
/// their part of an epoch, and have one step at least.
std::vector<std::int64_t> phase_ends(const Recipe& recipe, std::int64_t steps_per_epoch);

/// Where a step lies in the recipe.
struct Moment {
  std::size_t phase;
  std::int64_t step;  ///< from 0, within the phase
  std::int64_t phase_steps;
};
Moment moment_of(const Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch);

/// Linear warm-up from 0, then a cosine to 0 at the phase's end.
double learning_rate(const Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch);

/// One subnet that a step trains.
struct StepSubnet {
  Spec spec;
  bool is_teacher;  ///< the largest: learns from labels, the others from it
};

/// The subnets of one step, the largest first, of what the phase may choose.
std::vector<StepSubnet> step_subnets(const Space& space, const Phase& phase, std::uint64_t seed,
                                     std::int64_t step);

}  // namespace enas4d
