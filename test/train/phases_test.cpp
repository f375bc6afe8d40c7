// Training in phases, with all that recipes may ask for, on a network of seconds.
#include "checkpoint/weights_files.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "support/tensors.h"
#include "train/begin.h"
#include "train/tiny_run.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {

namespace {

constexpr std::int64_t kPhaseSteps = 9;  // 216 training images in batches of 24, one epoch

/// Three phases of an epoch each: full, depth with a frozen teacher, all with sorted channels.
TrainOptions shrinking_run(const std::string& output) {
  TrainOptions options = tiny_run(output);
  Phase full = options.recipe.phases[0];
  full.epochs = 1;
  full.smallest = full.random = 0;
  full.restrict = {1, 1, 1, 1, 1};
  Phase depth = full;
  depth.restrict = {0, 0, 0, 1, 1};
  depth.teacher = Teacher::kFrozen;
  depth.largest = 0;
  depth.random = 2;
  Phase all = depth;
  all.restrict = {};
  all.sort = true;
  options.recipe.phases = {full, depth, all};
  return options;
}

/// Raises the flag in time for a stop after `last`: a step looks at it before its ranks meet.
class StopAfter : public StepHook {
 public:
  StopAfter(StopFlag& stop, std::int64_t last) : stop_(stop), last_(last) {}
  void resumed(std::int64_t step) override { look(step); }
  void step(const StepReport& report) override { look(report.step); }

 private:
  void look(std::int64_t step) {
    if (step == last_ - 1) stop_.raise();
  }

  StopFlag& stop_;
  std::int64_t last_;
};

TrainEnd train_until(const TrainOptions& options, const Dataset& data, std::int64_t step) {
  StopFlag stop;
  StopAfter hook(stop, step);
  return train(options, data, hook, stop);
}

TrainEnd train_all(const TrainOptions& options, const Dataset& data) {
  return train_until(options, data, /*step=*/-1);
}

NamedTensors weights_of(const std::string& path) {
  return supernet_weights(load_supernet(path).supernet);
}

}  // namespace

TEST_CASE("phases with a teacher and sorted channels resume bit for bit", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions whole = shrinking_run(folder / "whole");
  whole.recipe.mixing = {2, 0.4, 1};
  whole.recipe.norm_batch = 8;
  TrainOptions parts = whole;
  parts.output = folder / "parts";
  parts.workers = 2;
  REQUIRE(train_all(whole, data) == TrainEnd::kDone);
  // Within a phase, before and after the teacher is frozen, and before and after channels move.
  for (const std::int64_t step :
       {kPhaseSteps - 1, kPhaseSteps, kPhaseSteps + 1, 2 * kPhaseSteps, 2 * kPhaseSteps + 1}) {
    REQUIRE(train_until(parts, data, step) == TrainEnd::kStopped);
  }
  REQUIRE(train_all(parts, data) == TrainEnd::kDone);
  CHECK(read_file(parts.output + "/checkpoint.safetensors") ==
        read_file(whole.output + "/checkpoint.safetensors"));
}

TEST_CASE("the frozen teacher is the network at the end of the phase before it", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const TrainOptions options = shrinking_run(folder / "run");
  train_until(options, data, kPhaseSteps);
  const NamedTensors full = weights_of(folder / "run/supernet.safetensors");
  train_all(options, data);
  const TrainingState state = load_training_state(folder / "run/checkpoint.safetensors");
  REQUIRE(state.teacher);
  for (const auto& [name, weight] : supernet_weights(state.teacher)) {
    CAPTURE(name);
    CHECK(weight.equal(full.at(name)));
  }
}

TEST_CASE("a phase that sorts moves weights, momentum and averages alike", "[train]") {
  const Recipe recipe = shrinking_run("").recipe;
  TrainingState state;
  state.supernet = Supernet(pencil_space(2), 1);
  for (const auto& [name, weight] : supernet_weights(state.supernet)) {
    state.momentum[name] = weight.clone();
    state.average[name] = weight.clone();
  }
  begin_phase(state, recipe, 2);
  bool moved = false;
  const NamedTensors before = supernet_weights(Supernet(pencil_space(2), 1));
  for (const auto& [name, weight] : supernet_weights(state.supernet)) {
    CAPTURE(name);
    CHECK(weight.equal(state.momentum.at(name)));
    CHECK(weight.equal(state.average.at(name)));
    moved = moved || !weight.equal(before.at(name));
  }
  CHECK(moved);
}

TEST_CASE("a training that begins with given weights keeps them where it learns nothing",
          "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const TrainOptions first = tiny_run(folder / "first");
  train_until(first, data, kPhaseSteps);
  const std::string given = folder / "first/supernet.safetensors";
  TrainOptions second = tiny_run(folder / "second");
  second.recipe.phases[0].epochs = 1;
  second.recipe.phases[0].learning_rate = 0;
  second.init_from = given;
  train_all(second, data);
  const NamedTensors weights = weights_of(folder / "second/supernet.safetensors");
  for (const auto& [name, weight] : weights_of(given)) {
    CAPTURE(name);
    CHECK_THAT(weights.at(name), AllClose(weight));  // the average of equal numbers rounds
  }
  SECTION("and is another configuration with other weights") {
    second.init_from = folder / "second/supernet.safetensors";
    CHECK_THROWS_WITH(train_all(second, data), Contains("/configuration/initial_weights"));
  }
  SECTION("and refuses those that have seen its val") {
    second.output = folder / "third";
    CHECK_THROWS_WITH(train_all(second, tiny_data(/*split_seed=*/2)),
                      Contains("first/supernet.safetensors: has seen most images of val: it was "
                               "trained with --split-seed 1, this is 2"));
    CHECK_FALSE(file_exists(second.output));
  }
  SECTION("and refuses those of another space") {
    second.space.units[0].kernel = for_stages(2, {3});
    second.output = folder / "third";
    CHECK_THROWS_WITH(train_all(second, data), Contains("holds weights of another space"));
    CHECK_FALSE(file_exists(second.output));
  }
}

TEST_CASE("training one spec learns it and leaves alone what it does not use", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.weight_decay = 0;
  options.recipe.phases[0].epochs = 12;
  options.spec = smallest(options.space);  // one block of two, kernel 3 of 5
  StepHook hook;
  const StopFlag never;
  REQUIRE(train(options, data, hook, never) == TrainEnd::kDone);
  REQUIRE(hook.epochs.back().accuracies.size() == 1);
  CHECK(hook.epochs.back().accuracies[0].name == "spec");
  CHECK(hook.epochs.back().accuracies[0].exits.back() > 0.5);  // chance is 1 in 3
  const NamedTensors before = supernet_weights(Supernet(options.space, options.seed));
  for (const auto& [name, weight] : weights_of(folder / "run/supernet.safetensors")) {
    CAPTURE(name);
    const bool unused = name.find("block2") != std::string::npos;
    // What a later norm takes away again has no gradient but rounding errors.
    if (!unused && name.find("project_norm_bias") != std::string::npos) continue;
    CHECK(unused == torch::allclose(weight, before.at(name)));
  }
}

TEST_CASE("a recipe that asks for what a training has not is refused", "[train]") {
  TrainOptions options = shrinking_run("");
  CHECK_NOTHROW(check_recipe(options));
  SECTION("a teacher before anything was trained") {
    options.recipe.phases.erase(options.recipe.phases.begin());
    CHECK_THROWS_WITH(check_recipe(options),
                      "recipe 'tiny': /phases/0/teacher: frozen in the first phase needs trained "
                      "weights to begin from (--init-from)");
    options.init_from = "supernet.safetensors";
    CHECK_NOTHROW(check_recipe(options));
  }
  SECTION("sorted channels of one spec") {
    options.spec = smallest(options.space);
    options.recipe.phases[1].teacher = Teacher::kInPlace;
    CHECK_THROWS_WITH(check_recipe(options),
                      "recipe 'tiny': /phases/2/sort: must be false where one spec is trained");
  }
  SECTION("a full network to teach one spec, which is all that is trained") {
    options.spec = smallest(options.space);
    CHECK_THROWS_WITH(check_recipe(options), Contains("/phases/1/teacher: must be frozen from"));
  }
}

TEST_CASE("bfloat16 learns what float32 learns, and not bit for bit", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const auto losses = [&](Precision precision, const char* name) {
    TrainOptions options = tiny_run(folder / name);
    options.recipe.precision = precision;
    StepHook hook;
    const StopFlag never;
    train(options, data, hook, never);
    return hook.losses;
  };
  const auto exact = losses(Precision::kFloat32, "float32");
  const auto rough = losses(Precision::kBfloat16, "bfloat16");
  CHECK(rough != exact);
  CHECK(rough.front() == Approx(exact.front()).epsilon(0.05));
  CHECK(rough.back() == Approx(exact.back()).epsilon(0.1));
}

TEST_CASE("residual branches begin as the identity where the recipe says so", "[train]") {
  TrainOptions options = tiny_run("");
  options.recipe.zero_last_norm = true;
  const TrainingState state = begin_training(options, {}, tiny_data().description(), {});
  for (const auto& [name, weight] : supernet_weights(state.supernet)) {
    if (name.find("_norm_weight") == std::string::npos) continue;
    CAPTURE(name);
    const bool last_of_residual = name.find("block2_project") != std::string::npos;
    CHECK(weight.equal(last_of_residual ? torch::zeros_like(weight) : torch::ones_like(weight)));
  }
}

}  // namespace enas4d
