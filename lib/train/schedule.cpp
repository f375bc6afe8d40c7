#include "train/schedule.h"

#include <cassert>
#include <cmath>

#include "arch/restriction.h"
#include "arch/sample.h"
#include "util/rng.h"

namespace enas4d {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::uint64_t kChildrenStream =
    0x6368696c64;  // keeps these draws apart from all others of the seed

}  // namespace

Moment moment_of(const Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch) {
  std::int64_t first = 0;
  for (std::size_t p = 0; p < recipe.phases.size(); ++p) {
    const std::int64_t phase_steps = recipe.phases[p].epochs * steps_per_epoch;
    if (step < first + phase_steps) {
      return {p, static_cast<int>(step / steps_per_epoch), step - first, phase_steps};
    }
    first += phase_steps;
  }
  assert(false && "step beyond the recipe");
  return {};
}

double learning_rate(const Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch) {
  const Moment moment = moment_of(recipe, step, steps_per_epoch);
  const Phase& phase = recipe.phases[moment.phase];
  const double warm_up = phase.warm_up_epochs * static_cast<double>(steps_per_epoch);
  const auto done = static_cast<double>(moment.step);
  if (done < warm_up) return phase.learning_rate * (done + 1) / (warm_up + 1);
  const double progress = (done - warm_up) / (static_cast<double>(moment.phase_steps) - warm_up);
  return phase.learning_rate * 0.5 * (1 + std::cos(kPi * progress));
}

std::vector<Child> children(const Space& space, const Phase& phase, std::uint64_t seed,
                            std::int64_t step) {
  Rng rng(seed, {kChildrenStream, static_cast<std::uint64_t>(step)});
  const Space choices = restricted(space, phase.restrict);
  std::vector<Child> result;
  if (phase.largest > 0) result.push_back({largest(choices), true});
  if (phase.smallest > 0) result.push_back({smallest(choices), false});
  for (int i = 0; i < phase.random; ++i) result.push_back({uniform(choices, rng), false});
  return result;
}

}  // namespace enas4d
