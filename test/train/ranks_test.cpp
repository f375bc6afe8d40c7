// One training on several ranks: real ones, connected through sockets, but threads of this process.
#include "support/ranks.h"

#include <atomic>
#include <cmath>
#include <filesystem>
#include <mutex>

#include "checkpoint/training_state.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "train/gradient_bucket.h"
#include "train/ranks_share.h"
#include "train/tiny_run.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {

namespace {

constexpr int kNormBatch = 32;

/// Eight steps an epoch, batches of four norm batches.
Dataset shared_data() {
  return Dataset::from({banded_images(1200, 1), {}, banded_images(40, 2)}, "banded", 1);
}

TrainOptions shared_run(const std::string& output) {
  TrainOptions options = tiny_run(output);
  options.recipe.batch = 4 * kNormBatch;
  options.recipe.norm_batch = kNormBatch;
  options.recipe.augmentation.flip = true;
  return options;
}

/// The same with images mixed, and after an epoch a frozen teacher: the state of all ranks has more
/// in it.
TrainOptions taught_run(const std::string& output) {
  TrainOptions options = shared_run(output);
  options.recipe.mixing = {2, 0.4, 1};
  Phase full = options.recipe.phases[0];
  full.epochs = 1;
  Phase taught = full;
  taught.epochs = 2;
  taught.teacher = Teacher::kFrozen;
  options.recipe.phases = {full, taught};
  return options;
}

/// Trains as `size` ranks. The losses that rank 0 told.
std::vector<double> train_on(int size, const TrainOptions& options, const StopFlag& stop) {
  const Dataset data = shared_data();
  StepHook hook;
  CHECK(run_as_threads(local_places(size), [&](Ranks& ranks) {
          train(options, data, hook, stop, ranks);
        }) == nothing_thrown(size));
  return hook.losses;
}

/// The gradients of the first step: what the momentum is after it, without decay and clipping.
NamedTensors first_gradients(int size, const std::string& output) {
  TrainOptions options = shared_run(output);
  options.recipe.clip_norm = 0;
  options.recipe.weight_decay = 0;
  StopFlag stop;
  stop.raise();
  train_on(size, options, stop);
  const TrainingState state = load_training_state(output + "/checkpoint.safetensors");
  CHECK(state.step == 1);
  return state.momentum;
}

void check_close(const std::vector<double>& losses, const std::vector<double>& expected) {
  REQUIRE(losses.size() == expected.size());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    CHECK(std::abs(losses[i] - expected[i]) < 1e-3 * std::abs(expected[i]));
  }
}

}  // namespace

TEST_CASE("the first step's gradients do not depend on the number of ranks", "[train]") {
  const TemporaryFolder folder;
  const NamedTensors alone = first_gradients(1, folder / "alone");
  const int size = GENERATE(2, 4);
  const NamedTensors together = first_gradients(size, folder / "together");
  double difference = 0;
  double whole = 0;
  for (const auto& [name, gradient] : alone) {
    difference += (together.at(name) - gradient).square().sum().item<double>();
    whole += gradient.square().sum().item<double>();
  }
  CHECK(whole > 0);
  CHECK(std::sqrt(difference / whole) < 1e-5);
}

TEST_CASE("losses over twenty steps do not depend on the number of ranks", "[train]") {
  const TemporaryFolder folder;
  const StopFlag never;
  const auto alone = train_on(1, shared_run(folder / "alone"), never);
  CHECK(alone.size() == 24);
  for (const int size : {2, 4}) {
    check_close(train_on(size, shared_run(folder / std::to_string(size)), never), alone);
  }
}

TEST_CASE("a run goes on with another number of ranks", "[train]") {
  const TemporaryFolder folder;
  const StopFlag never;
  const auto run = GENERATE(shared_run, taught_run);
  const auto whole = train_on(1, run(folder / "whole"), never);

  const Dataset data = shared_data();
  const TrainOptions parts = run(folder / "parts");
  std::vector<double> losses;
  for (const int size : {4, 1, 2}) {  // each stops after seven more steps but the last
    StopFlag stop;
    StepHook hook([&](const StepReport& report) {
      losses.push_back(report.loss);
      if (size != 2 && losses.size() % 7 == 6) stop.raise();
    });
    CHECK(run_as_threads(local_places(size), [&](Ranks& ranks) {
            train(parts, data, hook, stop, ranks);
          }) == nothing_thrown(size));
  }
  check_close(losses, whole);
}

TEST_CASE("a stop that one rank was told stops all after the same step", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = shared_data();
  const TrainOptions options = shared_run(folder / "run");
  const StopFlag never;
  StopFlag told;
  told.raise();
  StepHook hook;
  std::atomic<int> stopped{0};
  CHECK(run_as_threads(local_places(2), [&](Ranks& ranks) {
          if (train(options, data, hook, ranks.leads() ? never : told, ranks) ==
              TrainEnd::kStopped) {
            ++stopped;
          }
        }) == nothing_thrown(2));
  CHECK(stopped == 2);
  CHECK(hook.losses.size() == 1);
}

TEST_CASE("ranks of different configurations do not train", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = shared_data();
  const TrainOptions options = shared_run(folder / "run");
  TrainOptions other = options;
  other.recipe.weight_decay = 0.5;
  StepHook hook;
  const StopFlag never;
  const auto thrown = run_as_threads(local_places(2), [&](Ranks& ranks) {
    train(ranks.leads() ? options : other, data, hook, never, ranks);
  });
  CHECK(thrown[0] == "rank 1 was started with another configuration");
  CHECK(thrown[1] ==
        "rank 0 was started with another configuration: /recipe/weight_decay is 0.0001 there, 0.5 "
        "here");
  CHECK(!std::filesystem::exists(options.output));
}

TEST_CASE("ranks that would save after different steps do not train", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = shared_data();
  const TrainOptions options = shared_run(folder / "run");
  TrainOptions other = options;
  other.checkpoint_steps = 7;
  StepHook hook;
  const StopFlag never;
  const auto thrown = run_as_threads(local_places(2), [&](Ranks& ranks) {
    train(ranks.leads() ? options : other, data, hook, never, ranks);
  });
  CHECK_THAT(thrown[1], Contains("/checkpoint_steps is 4 there, 7 here"));
}

TEST_CASE("the rank that writes tells the others why it cannot", "[train]") {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  const Dataset data = shared_data();
  StepHook hook;
  const StopFlag never;
  const auto thrown = run_as_threads(local_places(2), [&](Ranks& ranks) {
    train(shared_run(folder / "file/run"), data, hook, never, ranks);
  });
  CHECK_THAT(thrown[0], Contains("file/run"));
  CHECK(thrown[1] == thrown[0]);
}

TEST_CASE("a lost rank ends the run, whose checkpoint stays", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = shared_data();
  const TrainOptions options = shared_run(folder / "run");
  const StopFlag never;
  StepHook hook([](const StepReport& report) {
    if (report.step == 10) throw std::runtime_error("crash");
  });
  const auto thrown = run_as_threads(
      local_places(2), [&](Ranks& ranks) { train(options, data, hook, never, ranks); });
  CHECK(thrown[0] == "crash");
  CHECK_THAT(thrown[1], Contains("another rank ended or was lost at step 10 of 24; the last "
                                 "checkpoint is of step 8"));
  CHECK(load_training_state(options.output + "/checkpoint.safetensors").step == 8);
}

TEST_CASE("ranks divide the batch into whole norm batches", "[train]") {
  Recipe recipe;
  recipe.batch = 96;
  CHECK(rows_of_rank(recipe, 1) == 96);
  CHECK(rows_of_rank(recipe, 32) == 3);
  CHECK_THROWS_WITH(rows_of_rank(recipe, 5), "5 ranks do not divide the recipe's batch of 96");
  CHECK_THROWS_WITH(rows_of_rank(recipe, 96), Contains("96 ranks train on one image each"));
  recipe.norm_batch = 32;
  CHECK(rows_of_rank(recipe, 3) == 32);
  CHECK_THROWS_WITH(rows_of_rank(recipe, 2),
                    Contains("must be a multiple of the recipe's norm_batch"));
}

TEST_CASE("a bucket averages gradients and numbers and leaves undefined gradients undefined",
          "[train]") {
  CHECK(run_as_threads(local_places(2), [&](Ranks& ranks) {
          auto used = torch::zeros({2, 3}, torch::requires_grad());
          auto unused = torch::zeros({5}, torch::requires_grad());
          GradientBucket bucket({used, unused}, ranks);
          for (int step = 0; step < 2; ++step) {
            used.mutable_grad() = torch::full({2, 3}, 1.0 + 2.0 * ranks.rank());
            std::vector<double> numbers = {static_cast<double>(ranks.rank())};
            bucket.reduce(numbers);
            if (!torch::equal(used.grad(), torch::full({2, 3}, 2.0)) || unused.grad().defined() ||
                numbers[0] != 0.5) {
              throw failed("wrong mean");
            }
          }
        }) == nothing_thrown(2));
}

}  // namespace enas4d
