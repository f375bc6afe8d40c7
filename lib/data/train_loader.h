// Batches of augmented training images, made ahead of time by worker threads, in an order that is a
// pure function of (seed, step), whatever the number of workers.
#pragma once

#include <cstdint>
#include <memory>

#include <torch/types.h>

#include "data/augmentation.h"
#include "data/dataset.h"
#include "data/mixing.h"

namespace enas4d {

struct Batch {
  torch::Tensor images;  ///< float32, N x C x H x W, channels-last, normalised
  torch::Tensor labels;  ///< int64, N; where images are mixed float32, N x classes
};

struct LoaderOptions {
  std::uint64_t seed = 1;
  int batch = 128;    ///< global
  int first_row = 0;  ///< a rank makes `rows` rows of each global batch from here
  int rows = 0;       ///< 0 = the whole batch
  int workers = 1;    ///< threads, at least 1
  int ahead = 3;      ///< batches kept ready
  Augmentation augmentation;
  Mixing mixing;
  int mix_chunk = 0;  ///< images among which mixing finds partners; 0 = the rank's rows
};

/// Epoch e visits a permutation of train by (seed, e), the last incomplete batch dropped (but an
/// epoch has at least one batch: a small set is repeated). What touches an image depends on (seed,
/// step, index in the global batch) only.
class TrainLoader {
 public:
  /// Starts at `first_step`: resuming needs no replay. `data` must outlive the loader.
  TrainLoader(const Dataset& data, const LoaderOptions& options, std::int64_t first_step);
  ~TrainLoader();

  Batch next();
  std::int64_t steps_per_epoch() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::int64_t steps_per_epoch(std::int64_t train_images, int batch);

}  // namespace enas4d
