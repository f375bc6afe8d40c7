#include "train/schedule.h"

#include "arch/restriction.h"
#include "support/catch.h"
#include "support/spaces.h"

namespace enas4d {

namespace {

Recipe two_phases() {
  Recipe recipe;
  Phase first;
  first.epochs = 2;
  first.learning_rate = 1;
  first.warm_up_epochs = 1;
  Phase second = first;
  second.epochs = 3;
  second.learning_rate = 0.5;
  second.warm_up_epochs = 0;
  recipe.phases = {first, second};
  return recipe;
}

}  // namespace

TEST_CASE("the learning rate warms up to its peak and falls to nearly zero in each phase",
          "[train]") {
  const Recipe recipe = two_phases();
  const std::int64_t steps = 100;
  CHECK(learning_rate(recipe, 0, steps) == Approx(1.0 / 101));
  CHECK(learning_rate(recipe, 100, steps) == Approx(1));
  CHECK(learning_rate(recipe, 150, steps) == Approx(0.5));
  CHECK(learning_rate(recipe, 199, steps) < 0.001);
  CHECK(learning_rate(recipe, 200, steps) == Approx(0.5));
  CHECK(learning_rate(recipe, 499, steps) < 0.001);
  for (std::int64_t step = 101; step < 200; ++step) {
    CHECK(learning_rate(recipe, step, steps) < learning_rate(recipe, step - 1, steps));
  }
}

TEST_CASE(
    "a step's subnets are the largest, the smallest and random ones, the same for equal seeds",
    "[train]") {
  const Space space = pencil_space(3);
  const Phase phase;
  const auto first = step_subnets(space, phase, 1, 7);
  REQUIRE(first.size() == 4);
  CHECK(first[0].spec == largest(space));
  CHECK(first[0].is_teacher);
  CHECK(first[1].spec == smallest(space));
  const auto again = step_subnets(space, phase, 1, 7);
  for (std::size_t i = 0; i < 4; ++i) CHECK(again[i].spec == first[i].spec);
  CHECK(step_subnets(space, phase, 1, 8)[2].spec != first[2].spec);
  CHECK(step_subnets(space, phase, 2, 7)[2].spec != first[2].spec);
}

TEST_CASE("subnets are drawn from what their phase may choose", "[train]") {
  const Space space = pencil_space(2);
  Phase phase;
  phase.restrict = {0, 1, 0, 1, 1};
  const Space choices = restricted(space, phase.restrict);
  bool varies = false;
  for (std::int64_t step = 0; step < 20; ++step) {
    for (const StepSubnet& subnet : step_subnets(space, phase, 1, step)) {
      CHECK(fits(choices, subnet.spec));
      varies = varies || subnet.spec != largest(space);
    }
  }
  CHECK(varies);  // in depth
}

TEST_CASE("scaling a recipe's epochs keeps its phases' proportions", "[train]") {
  const Recipe scaled = with_epochs(two_phases(), 10);
  CHECK(scaled.phases[0].epochs == 4);
  CHECK(scaled.phases[1].epochs == 6);
  CHECK(scaled.phases[0].warm_up_epochs == Approx(2));
  CHECK(with_epochs(two_phases(), 1).phases[1].epochs == Approx(0.6));
}

TEST_CASE("phases of parts of an epoch end at the nearest step and keep the sum", "[train]") {
  const std::int64_t steps = 10;
  for (int epochs = 1; epochs < 30; ++epochs) {
    const auto ends = phase_ends(with_epochs(two_phases(), epochs), steps);
    CHECK(ends == std::vector<std::int64_t>{4 * epochs, 10 * epochs});
  }
  Recipe recipe = two_phases();
  recipe.phases[0].epochs = 0.34;
  recipe.phases[1].epochs = 0.3;
  CHECK(phase_ends(recipe, steps) == std::vector<std::int64_t>{3, 6});
  CHECK(moment_of(recipe, 2, steps).phase == 0);
  CHECK(moment_of(recipe, 3, steps).phase == 1);
  CHECK(moment_of(recipe, 3, steps).step == 0);
  CHECK(moment_of(recipe, 5, steps).phase_steps == 3);
}

TEST_CASE("the shortest phase still has a step", "[train]") {
  Recipe recipe = two_phases();
  for (Phase& phase : recipe.phases) phase.epochs = 0.001;
  CHECK(phase_ends(recipe, 10) == std::vector<std::int64_t>{1, 2});
}

}  // namespace enas4d
