// A trained network of the smallest kind, for tests of the tools on LibTorch.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "search/record.h"
#include "support/catch.h"
#include "support/spaces.h"
#include "support/temporary_folder.h"
#include "support/tool_run.h"
#include "tools/tools.h"
#include "train/recipe.h"
#include "util/files.h"

namespace enas4d {

using Words = std::vector<std::string>;

/// A folder with a space, a recipe, specs and one trained run, made once for all tests.
class TrainedFolder {
 public:
  static const TrainedFolder& get() {
    static const TrainedFolder folder;
    return folder;
  }

  std::string operator/(const std::string& name) const { return folder_ / name; }

  Words training(const std::string& run) const {
    return {"--space",   folder_ / "space.json",
            "--recipe",  folder_ / "recipe.json",
            "--data",    data_,
            "-o",        folder_ / run,
            "--threads", "1"};
  }

  /// Runs a tool on the trained weights.
  ToolRun run(const Tool& tool, Words arguments, const std::string& input = "") const {
    const Words common = {
        "--checkpoint", folder_ / "run/supernet.safetensors", "--data", data_, "--threads", "1"};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return run_with(tool, arguments, input);
  }

  ToolRun run_model(const std::string& model, Words arguments) const {
    const Words common = {"--model", model, "--data", data_, "--threads", "1"};
    arguments.insert(arguments.begin(), common.begin(), common.end());
    return run_with(eval_tool(), arguments);
  }

  std::string specs() const {
    return to_json(smallest(space_)).dump() + "\n" + to_json(largest(space_)).dump() + "\n";
  }

 private:
  TrainedFolder() {
    Recipe recipe;
    recipe.name = "tiny";
    recipe.batch = 24;
    Phase phase;
    phase.name = "sandwich";
    phase.learning_rate = 0.05;
    recipe.phases = {phase};
    write_file(folder_ / "space.json", to_json(space_).dump());
    write_file(folder_ / "recipe.json", to_json(recipe).dump());
    training_ = run_with(train_ofa_tool(), training("run"));
    if (training_.status != 0) throw std::runtime_error(training_.err);
  }

  TemporaryFolder folder_;
  const Space space_ = pencil_space(2);
  const std::string data_ = "synthetic:train=240,test=40,classes=3,channels=1,size=8";
  ToolRun training_;
};

inline std::vector<Record> records_of(const ToolRun& run) {
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  return read_records(run.out, "output");
}

}  // namespace enas4d
