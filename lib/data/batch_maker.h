// The training batch of any step, as a pure function of (seed, step).
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "data/dataset.h"
#include "data/pixels.h"
#include "data/train_loader.h"

namespace enas4d {

/// The order of train's images in each epoch. Workers near an epoch's end need two of them: these
/// are kept.
class EpochOrders {
 public:
  using Order = std::shared_ptr<const std::vector<std::int32_t>>;

  EpochOrders(std::uint64_t seed, std::int64_t images) : seed_(seed), images_(images) {}

  Order order(std::int64_t epoch);

 private:
  struct Kept {
    std::int64_t epoch = -1;
    Order order;
  };

  Order permutation(std::int64_t epoch) const;

  const std::uint64_t seed_;
  const std::int64_t images_;
  std::mutex mutex_;
  Kept kept_[2];
};

/// Called by several worker threads at once; uses no parallel operation of LibTorch, whose threads
/// belong to training.
class BatchMaker {
 public:
  BatchMaker(const Dataset& data, const LoaderOptions& options);

  Batch make(std::int64_t step);
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }

 private:
  const Dataset& data_;
  const LoaderOptions options_;
  const std::int64_t steps_per_epoch_;
  const PixelTable table_;
  EpochOrders orders_;
};

}  // namespace enas4d
