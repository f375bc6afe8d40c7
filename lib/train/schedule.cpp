#include "train/schedule.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "arch/restriction.h"
#include "arch/sample.h"
#include "util/rng.h"

namespace enas4d {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::uint64_t kSubnetsStream =
    0x6368696c64;  // keeps these draws apart from all others of the seed

}  // namespace

std::vector<std::int64_t> phase_ends(const Recipe& recipe, std::int64_t steps_per_epoch) {
  std::vector<std::int64_t> ends;
  double epochs = 0;
  std::int64_t end = 0;
  for (const Phase& phase : recipe.phases) {
    epochs += phase.epochs;  // rounding where phases end, and not how long they are, keeps the sum
    const std::int64_t nearest = std::llround(epochs * static_cast<double>(steps_per_epoch));
    end = std::max(end + 1, nearest);
    ends.push_back(end);
  }
  return ends;
}

Moment moment_of(const Recipe& recipe, std::int64_t step, std::int64_t steps_per_epoch) {
  const std::vector<std::int64_t> ends = phase_ends(recipe, steps_per_epoch);
  const auto end = std::upper_bound(ends.begin(), ends.end(), step);
  assert(end != ends.end() && "step beyond the recipe");
  const std::int64_t first = end == ends.begin() ? 0 : *(end - 1);
  return {static_cast<std::size_t>(end - ends.begin()), step - first, *end - first};
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

std::vector<StepSubnet> step_subnets(const Space& space, const Phase& phase, std::uint64_t seed,
                                     std::int64_t step) {
  Rng rng(seed, {kSubnetsStream, static_cast<std::uint64_t>(step)});
  const Space choices = restricted(space, phase.restrict);
  std::vector<StepSubnet> result;
  if (phase.largest > 0) result.push_back({largest(choices), true});
  if (phase.smallest > 0) result.push_back({smallest(choices), false});
  for (int i = 0; i < phase.random; ++i) result.push_back({uniform(choices, rng), false});
  return result;
}

}  // namespace enas4d
