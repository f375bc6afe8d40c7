#include "train/step_gradients.h"

#include <algorithm>

#include <torch/torch.h>

#include "arch/sample.h"
#include "support/catch.h"
#include "support/random_space.h"
#include "support/tensors.h"
#include "support/threads.h"

namespace enas4d {

namespace {

constexpr int kNormBatch = 3;
constexpr int kRows = 4 * kNormBatch;

Recipe chunked_recipe() {
  Recipe recipe;
  recipe.batch = kRows;
  recipe.norm_batch = kNormBatch;
  recipe.label_smoothing = 0.1;
  recipe.dropout = 0.3;
  return recipe;
}

Lesson lesson_for(const Space& space) {
  Lesson lesson;
  lesson.batch = {random_images(kRows, space.channels, 15, 7),
                  torch::arange(kRows) % space.classes};
  lesson.first_image = 2 * kRows;  // as rank 2 has them
  lesson.step = 5;
  lesson.subnets = step_subnets(space, Phase{}, 1, lesson.step);
  return lesson;
}

struct StepResult {
  StepLosses losses;
  std::vector<torch::Tensor> gradients;  ///< undefined: no subnet uses the weight
};

StepResult result_on(int threads, const Space& space, const Recipe& recipe, const Lesson& lesson) {
  const ThreadCount count(threads);
  const Supernet supernet(space, 1);
  StepGradients gradients(supernet, recipe, 1, kRows);
  CHECK(gradients.parts() == (recipe.norm_batch > 0 && threads != 3 ? threads : 1));
  StepResult result;
  result.losses = gradients.add(lesson);
  for (const auto& parameter : supernet->parameters()) result.gradients.push_back(parameter.grad());
  return result;
}

/// Float sums in another order; weights whose gradient is nothing but rounding are told by the
/// largest of all.
void check_alike(const StepResult& result, const StepResult& expected, float tolerance = 1e-5F) {
  CHECK(result.losses.first == Approx(expected.losses.first).epsilon(1e-5));
  CHECK(result.losses.all == Approx(expected.losses.all).epsilon(1e-5));
  REQUIRE(result.gradients.size() == expected.gradients.size());
  float largest = 0;
  for (const auto& gradient : expected.gradients) {
    if (gradient.defined()) largest = std::max(largest, gradient.abs().max().item<float>());
  }
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    REQUIRE(result.gradients[i].defined() == expected.gradients[i].defined());
    if (!expected.gradients[i].defined()) continue;
    CHECK((result.gradients[i] - expected.gradients[i]).abs().max().item<float>() <
          tolerance * largest);
  }
}

}  // namespace

TEST_CASE("threads that each take a part of a step find the gradients of the whole", "[train]") {
  const int seed = GENERATE(range(1, 13));
  Rng rng(static_cast<std::uint64_t>(seed));
  const Space space = random_space(rng);
  const Lesson lesson = lesson_for(space);
  const Recipe recipe = chunked_recipe();
  const StepResult one_by_one = result_on(1, space, recipe, lesson);
  check_alike(result_on(2, space, recipe, lesson), one_by_one);
  check_alike(result_on(4, space, recipe, lesson), one_by_one);
  // Three cannot part four norm batches: they share the layers of the whole, and normalising three
  // images makes much of the last bits.
  check_alike(one_by_one, result_on(3, space, recipe, lesson), 1e-4F);
}

TEST_CASE("a frozen teacher teaches every part of a step", "[train]") {
  Rng rng(4);
  const Space space = random_space(rng, 2);
  Lesson lesson = lesson_for(space);
  lesson.frozen = Supernet(space, 9);
  const Recipe recipe = chunked_recipe();
  const StepResult whole = result_on(3, space, recipe, lesson);
  check_alike(result_on(4, space, recipe, lesson), whole, 1e-4F);
  check_alike(result_on(1, space, recipe, lesson), whole, 1e-4F);
}

TEST_CASE("a step that norm batches do not divide is taken at once", "[train]") {
  Rng rng(7);
  const Space space = random_space(rng, 2);
  Recipe recipe = chunked_recipe();
  recipe.norm_batch = kNormBatch + 2;
  const Lesson lesson = lesson_for(space);
  check_alike(result_on(1, space, recipe, lesson), result_on(3, space, recipe, lesson), 1e-4F);
}

TEST_CASE("a step that normalises its whole batch together is not parted", "[train]") {
  Rng rng(5);
  const Space space = random_space(rng, 2);
  Recipe recipe = chunked_recipe();
  recipe.norm_batch = 0;
  const Lesson lesson = lesson_for(space);
  check_alike(result_on(4, space, recipe, lesson), result_on(1, space, recipe, lesson));
}

TEST_CASE("a step after an update goes on from the updated weights in all parts", "[train]") {
  Rng rng(6);
  const Space space = random_space(rng, 2);
  const Lesson lesson = lesson_for(space);
  const Recipe recipe = chunked_recipe();
  const auto second_loss = [&](int threads) {
    const ThreadCount count(threads);
    const Supernet supernet(space, 1);
    StepGradients gradients(supernet, recipe, 1, kRows);
    gradients.add(lesson);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : supernet->parameters()) {
      parameter.mul_(0.5);
      parameter.mutable_grad() = torch::Tensor();
    }
    const torch::AutoGradMode grad(true);
    return gradients.add(lesson).all;
  };
  CHECK(second_loss(4) == Approx(second_loss(1)).epsilon(1e-5));
}

}  // namespace enas4d
