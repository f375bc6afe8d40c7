// A training run of seconds: a two-stage network on made-up images.
#pragma once

#include <string>

#include "formats/image_set.h"
#include "support/spaces.h"
#include "train/train.h"

namespace enas4d {

inline Dataset tiny_data() {
  SyntheticOptions options;
  options.train = 240;
  options.test = 40;
  options.classes = 3;
  options.channels = 1;
  options.size = 8;
  return Dataset::from(make_synthetic(options), "synthetic", 1);
}

inline TrainOptions tiny_run(const std::string& output) {
  TrainOptions options;
  options.space = pencil_space(2);
  options.recipe.name = "tiny";
  options.recipe.batch = 24;
  options.recipe.weight_decay = 1e-4;
  options.recipe.clip_norm = 5;
  options.recipe.label_smoothing = 0.1;
  options.recipe.dropout = 0.1;
  options.recipe.ema = 0.9;
  options.recipe.pad = 1;
  Phase phase;
  phase.name = "sandwich";
  phase.epochs = 3;
  phase.warm_up_epochs = 0.5;
  phase.learning_rate = 0.05;
  options.recipe.phases = {phase};
  options.output = output;
  options.checkpoint_steps = 4;
  return options;
}

/// Calls `at_step` after each step; it may raise a flag, or throw: then nothing is saved, as in a crash.
class StepHook : public TrainObserver {
 public:
  explicit StepHook(std::function<void(const StepReport&)> at_step = {}) : at_step_(std::move(at_step)) {}
  void resumed(std::int64_t step) override { resumed_at = step; }
  void step(const StepReport& report) override {
    losses.push_back(report.loss);
    if (at_step_) at_step_(report);
  }
  void epoch(const EpochReport& report) override { epochs.push_back(report); }

  std::int64_t resumed_at = -1;
  std::vector<double> losses;
  std::vector<EpochReport> epochs;

 private:
  std::function<void(const StepReport&)> at_step_;
};

}  // namespace enas4d
