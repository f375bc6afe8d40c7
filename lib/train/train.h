// Training the once-for-all network: one call, resumable at any point (design 3).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/space.h"
#include "data/dataset.h"
#include "dist/ranks.h"
#include "train/recipe.h"
#include "util/json.h"
#include "util/stop.h"

namespace enas4d {

struct TrainOptions {
  Space space;
  Recipe recipe;
  std::string output;  ///< run directory
  std::uint64_t seed = 1;
  int workers = 1;
  int checkpoint_steps =
      200;  ///< steps between checkpoints; one is also written at each epoch's end and on a stop
};

struct StepReport {
  std::int64_t step = 0, steps = 0;
  int epoch = 0, epochs = 0;
  double loss = 0, learning_rate = 0, images_per_second = 0, seconds_left = 0;
};
struct EpochReport {
  int epoch = 0, epochs = 0;
  double loss = 0, seconds = 0;
  std::vector<double> smallest_accuracy, largest_accuracy;  ///< of every exit on val, calibrated
};

/// Told on rank 0 only.
class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  virtual void resumed(std::int64_t step) = 0;
  virtual void step(const StepReport& report) = 0;
  virtual void epoch(const EpochReport& report) = 0;
};

enum class TrainEnd { kDone, kStopped };

/// Trains, or goes on where `options.output` stopped. All ranks call it alike; each trains on its
/// part of every global batch, and rank 0 alone touches the run directory. Throws Error: usage
/// (ranks that do not divide the batch, or were started with different configurations), bad input
/// (the directory belongs to another configuration: names the first difference; a broken
/// checkpoint), failed (locked by another process, disk full, another rank lost), diverged. The
/// last checkpoint is kept.
TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop, Ranks& ranks);

/// The same in a process without others.
TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop);

}  // namespace enas4d
