#include "train/train.h"

#include <filesystem>
#include <numeric>

#include <nlohmann/json.hpp>

#include "checkpoint/training_state.h"
#include "checkpoint/weights_files.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "train/run_directory.h"
#include "train/tiny_run.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {

namespace {

struct Crash {};

/// Everything that a checkpoint holds, as bytes: equal files = equal weights, momentum, averages
/// and step, bit for bit.
std::string checkpoint_bytes(const std::string& run) {
  return read_file(run + "/checkpoint.safetensors");
}

}  // namespace

TEST_CASE("the loss falls and the averaged weights beat chance", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.phases[0].epochs = 12;
  StepHook hook;
  const StopFlag stop;
  REQUIRE(train(options, data, hook, stop) == TrainEnd::kDone);
  const auto mean = [](auto first, auto last) {
    return std::accumulate(first, last, 0.0) / static_cast<double>(last - first);
  };
  CHECK(mean(hook.losses.end() - 10, hook.losses.end()) <
        0.8 * mean(hook.losses.begin(), hook.losses.begin() + 10));
  REQUIRE(hook.epochs.size() == 12);
  const SpecAccuracy& largest = hook.epochs.back().accuracies.back();
  CHECK(largest.name == "largest");
  CHECK(largest.exits.size() == 2);
  CHECK(largest.exits.back() > 0.5);  // chance is 1 in 3
}

TEST_CASE("a recipe that ends with a part of an epoch measures and saves there", "[train]") {
  const TemporaryFolder folder;
  TrainOptions options = tiny_run(folder / "run");  // nine steps an epoch
  options.recipe.phases[0].epochs = 0.5;
  options.recipe.phases.push_back(options.recipe.phases[0]);
  options.recipe.phases.push_back(options.recipe.phases[0]);
  StepHook hook;
  const StopFlag stop;
  REQUIRE(train(options, tiny_data(), hook, stop) == TrainEnd::kDone);
  CHECK(hook.losses.size() == 14);
  REQUIRE(hook.epochs.size() == 2);
  CHECK(hook.epochs.back().epoch == 2);
  CHECK(hook.epochs.back().epochs == 2);
  const double sum = std::accumulate(hook.losses.begin() + 9, hook.losses.end(), 0.0);
  CHECK(hook.epochs.back().loss == Approx(sum / 5));
  const auto weights = [&](const char* file) {
    return supernet_weights(load_supernet(folder / file).supernet);
  };
  const NamedTensors saved = weights("run/checkpoint.safetensors");
  for (const auto& [name, weight] : weights("run/supernet.safetensors")) {
    CHECK(torch::equal(weight, saved.at(name)));
  }
}

TEST_CASE("an interrupted and resumed training equals an uninterrupted one, bit for bit",
          "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const TrainOptions whole = tiny_run(folder / "whole");
  StepHook watch;
  const StopFlag never;
  REQUIRE(train(whole, data, watch, never) == TrainEnd::kDone);

  TrainOptions parts = tiny_run(folder / "parts");
  parts.workers = 2;  // the order of images does not depend on it
  SECTION("stopped by its flag") {
    StopFlag stop;
    StepHook hook([&](const StepReport& report) {
      if (report.step == 7) stop.raise();
    });
    REQUIRE(train(parts, data, hook, stop) == TrainEnd::kStopped);
    StepHook rest;
    REQUIRE(train(parts, data, rest, never) == TrainEnd::kDone);
    CHECK(rest.resumed_at == 8);  // ranks look at their flags when they meet, in the next step
  }
  SECTION("killed between checkpoints") {
    StepHook hook([](const StepReport& report) {
      if (report.step == 14) throw Crash();
    });
    REQUIRE_THROWS_AS(train(parts, data, hook, never), Crash);
    StepHook rest;
    REQUIRE(train(parts, data, rest, never) == TrainEnd::kDone);
    CHECK(rest.resumed_at == 13);  // steps 4, 8, the epoch's end at 9, and 13
  }
  SECTION("killed before the first checkpoint") {
    StepHook hook([](const StepReport& report) {
      if (report.step == 2) throw Crash();
    });
    REQUIRE_THROWS_AS(train(parts, data, hook, never), Crash);
    StepHook rest;
    REQUIRE(train(parts, data, rest, never) == TrainEnd::kDone);
  }
  CHECK(checkpoint_bytes(parts.output) == checkpoint_bytes(whole.output));
  CHECK(read_file(parts.output + "/supernet.safetensors") ==
        read_file(whole.output + "/supernet.safetensors"));
}

TEST_CASE("an epoch's seconds are those of all its steps, also of those before a stop", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const TrainOptions options = tiny_run(folder / "run");
  const auto seconds_saved = [&] {
    return load_training_state(options.output + "/checkpoint.safetensors").epoch_seconds;
  };
  StopFlag stop;
  StepHook hook([&](const StepReport& report) {
    if (report.step == 6) stop.raise();
  });
  REQUIRE(train(options, data, hook, stop) == TrainEnd::kStopped);
  const double before = seconds_saved();
  CHECK(before > 0);
  StepHook rest;
  const StopFlag never;
  REQUIRE(train(options, data, rest, never) == TrainEnd::kDone);
  CHECK(rest.epochs.front().train_seconds > before);
  CHECK(seconds_saved() == 0);
}

TEST_CASE("metrics tell every epoch once, also after a crash", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.checkpoint_steps = 1000;
  const StopFlag never;
  StepHook hook([](const StepReport& report) {
    if (report.step == 12) throw Crash();
  });
  REQUIRE_THROWS_AS(train(options, data, hook, never), Crash);
  write_file(folder / "run/checkpoint.safetensors.previous", "");  // not in the way
  StepHook rest;
  train(options, data, rest, never);
  const std::string metrics = read_file(folder / "run/metrics.jsonl");
  for (const char* epoch :
       {"\"epoch\":1,\"phase\"", "\"epoch\":2,\"phase\"", "\"epoch\":3,\"phase\""}) {
    const auto first = metrics.find(epoch);
    CHECK(first != std::string::npos);
    CHECK(metrics.find(epoch, first + 1) == std::string::npos);
  }
}

TEST_CASE("a run goes on with what editors and kills make of its files", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.phases[0].epochs = 1;
  const StopFlag never;
  StepHook first, second;
  train(options, data, first, never);
  const std::string checkpoint = options.output + "/checkpoint.safetensors";
  SECTION("keys in another order") {
    const auto run = nlohmann::json::parse(read_file(options.output + "/run.json"));  // sorts them
    write_file(options.output + "/run.json", run.dump());
  }
  SECTION("an empty line among the metrics") {
    write_file(options.output + "/metrics.jsonl",
               read_file(options.output + "/metrics.jsonl") + "\n");
  }
  SECTION("a checkpoint that has only its other name") {
    std::filesystem::rename(checkpoint, checkpoint + ".previous");
  }
  CHECK(train(options, data, second, never) == TrainEnd::kDone);
  CHECK(second.losses.empty());
}

TEST_CASE("configurations differ where their values do, not where their keys stand", "[train]") {
  const Json there = {{"a", 1}, {"kernel", {3, 5}}}, sorted = {{"kernel", {3, 5}}, {"a", 1}};
  CHECK_FALSE(first_difference(there, sorted));
  const Json longer = {{"a", 1}, {"kernel", {3, 5, 7}}};
  CHECK(first_difference(there, longer) == "/kernel is [3,5] there, [3,5,7] here");
  CHECK(first_difference(longer, there) == "/kernel/2 is 7 there, absent here");
  CHECK(first_difference(there, {{"a", 2}, {"kernel", {3, 5}}}) == "/a is 1 there, 2 here");
}

TEST_CASE("a finished run is left as it is", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.phases[0].epochs = 1;
  const StopFlag never;
  StepHook first, second;
  train(options, data, first, never);
  const std::string before = checkpoint_bytes(options.output);
  CHECK(train(options, data, second, never) == TrainEnd::kDone);
  CHECK(second.losses.empty());
  CHECK(checkpoint_bytes(options.output) == before);
}

TEST_CASE("a checkpoint of another configuration is not gone on from", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.phases[0].epochs = 1;
  const StopFlag never;
  StepHook hook;
  train(options, data, hook, never);
  const std::string checkpoint = options.output + "/checkpoint.safetensors";
  options.output = folder / "other";
  options.recipe.batch = 12;
  make_directories(options.output);
  write_file(options.output + "/checkpoint.safetensors", read_file(checkpoint));
  CHECK_THROWS_WITH(train(options, data, hook, never),
                    Contains("other/checkpoint.safetensors: belongs to another configuration: "
                             "/recipe/batch is 24 there, 12 here"));
  options.recipe.batch = 24;  // that a wrong one was tried does not count
  CHECK(train(options, data, hook, never) == TrainEnd::kDone);
}

TEST_CASE("weights whose checkpoint is gone are not trained over from the beginning", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  const int epochs = GENERATE(1, 2);
  options.recipe.phases[0].epochs = epochs;
  const StopFlag never;
  StepHook first, second;
  train(options, data, first, never);
  for (const char* name : {"/checkpoint.safetensors", "/checkpoint.safetensors.previous"}) {
    std::filesystem::remove(options.output + name);
  }
  if (epochs == 1) {  // as a kill before the first checkpoint leaves it
    CHECK(train(options, data, second, never) == TrainEnd::kDone);
    CHECK(second.losses == first.losses);
    return;
  }
  const std::string weights = read_file(options.output + "/supernet.safetensors");
  CHECK_THROWS_WITH(train(options, data, second, never),
                    Contains("holds the weights of epoch 2, but there is no checkpoint"));
  CHECK(read_file(options.output + "/supernet.safetensors") == weights);
}

TEST_CASE("a run directory of another configuration is refused with the first difference",
          "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.phases[0].epochs = 1;
  const StopFlag never;
  StepHook hook;
  train(options, data, hook, never);
  const std::string before = checkpoint_bytes(options.output);
  options.recipe.batch = 12;
  CHECK_THROWS_WITH(
      train(options, data, hook, never),
      Contains("another configuration: /configuration/recipe/batch is 24 there, 12 here"));
  CHECK(checkpoint_bytes(options.output) == before);
}

TEST_CASE("two trainings on one run directory: the second is refused", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  const TrainOptions options = tiny_run(folder / "run");
  const StopFlag never;
  bool refused = false;
  StepHook hook([&](const StepReport& report) {
    if (report.step != 1) return;
    StepHook second;
    try {
      train(options, data, second, never);
    } catch (const Error& error) {
      refused = error.status() == ExitStatus::kFailed;
    }
    throw Crash();
  });
  REQUIRE_THROWS_AS(train(options, data, hook, never), Crash);
  CHECK(refused);
}

TEST_CASE("training that diverges ends with status 5 and says what is kept", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.recipe.clip_norm = 0;
  options.recipe.phases[0].warm_up_epochs = 0;
  options.recipe.phases[0].learning_rate = 1e38;
  const bool saved = GENERATE(false, true);
  options.checkpoint_steps = saved ? 1 : 1000;
  const StopFlag never;
  StepHook hook;
  try {
    train(options, data, hook, never);
    FAIL("did not diverge");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kDiverged);
    CHECK_THAT(error.what(),
               Contains(saved ? "the last checkpoint is of step" : "there is no checkpoint yet"));
  }
}

TEST_CASE("data of other channels or classes than the space is refused", "[train]") {
  const TemporaryFolder folder;
  const Dataset data = tiny_data();
  TrainOptions options = tiny_run(folder / "run");
  options.space.classes = 10;
  StepHook hook;
  const StopFlag never;
  CHECK_THROWS_WITH(train(options, data, hook, never), Contains("has 1 channels and 3 classes"));
  CHECK(!std::filesystem::exists(options.output));
}

}  // namespace enas4d
