// Training the once-for-all network: one call, resumable at any point.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arch/space.h"
#include "arch/spec.h"
#include "data/dataset.h"
#include "dist/ranks.h"
#include "train/recipe.h"
#include "util/json.h"
#include "util/stop.h"

namespace enas4d {

struct TrainOptions {
  Space space;
  Recipe recipe;
  std::string output;        ///< run directory
  std::string init_from;     ///< file of the weights to begin with; empty = random ones
  std::optional<Spec> spec;  ///< every step trains this one alone, as the largest is trained
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
/// Of one spec on val, calibrated.
struct SpecAccuracy {
  std::string name;           ///< "smallest" and "largest" of the phase, or "spec"
  std::vector<double> exits;  ///< in [0, 1]
};
struct EpochReport {
  int epoch = 0, epochs = 0;
  std::string phase;
  double loss = 0;
  double seconds = 0;                    ///< since training began in this process
  double train_seconds = 0;              ///< of all of this epoch's steps, and of nothing else
  std::vector<SpecAccuracy> accuracies;  ///< the largest, or the one spec, last
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

/// Throws the Errors of train() that need no images, for callers who would first read many.
void check_options(const TrainOptions& options);

/// Trains, or goes on where `options.output` stopped. All ranks call it alike; each trains on its
/// part of every global batch, and rank 0 alone touches the run directory. Throws Error: usage
/// (ranks that do not divide the batch, or were started with different configurations), bad input
/// (the directory belongs to another configuration: names the first difference; a broken
/// checkpoint; initial weights of another space; a recipe that asks for what there is not), failed
/// (locked by another process, disk full, another rank lost), diverged. The last checkpoint is
/// kept.
TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop, Ranks& ranks);

/// The same in a process without others.
TrainEnd train(const TrainOptions& options, const Dataset& data, TrainObserver& observer,
               const StopFlag& stop);

}  // namespace enas4d
