// A training run of seconds: a two-stage network on made-up images.
#pragma once

#include <cstdint>
#include <string>

#include "formats/image_set.h"
#include "support/spaces.h"
#include "train/train.h"
#include "util/rng.h"

namespace enas4d {

/// Images of 8 x 8: the label says which third is bright, under noise.
inline ImageSet banded_images(int count, std::uint64_t seed) {
  ImageSet set;
  set.channels = 1;
  set.height = set.width = 8;
  set.classes = 3;
  Rng rng(seed);
  for (int i = 0; i < count; ++i) {
    const int label = i % set.classes;
    set.labels.push_back(label);
    for (int pixel = 0; pixel < 64; ++pixel) {
      const bool bright = pixel / 24 == label;
      set.pixels.push_back(static_cast<std::uint8_t>((bright ? 110U : 40U) + rng.below(100)));
    }
  }
  return set;
}

inline Dataset tiny_data(std::uint64_t split_seed = 1) {
  return Dataset::from({banded_images(240, 1), {}, banded_images(40, 2)}, "banded", split_seed);
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
  options.recipe.augmentation.pad = 1;
  options.recipe.augmentation.flip = false;
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

/// Calls `at_step` after each step; it may raise a flag, or throw: then nothing is saved, as in a
/// crash.
class StepHook : public TrainObserver {
 public:
  explicit StepHook(std::function<void(const StepReport&)> at_step = {})
      : at_step_(std::move(at_step)) {}
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
