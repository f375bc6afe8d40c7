// Measuring batch-norm statistics on calibration images: each batch is normalised by its own, sums
// over batches are pooled exactly.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <torch/types.h>

#include "arch/plan.h"
#include "nn/dataflow.h"
#include "nn/named_tensors.h"
#include "nn/norm_activation.h"

namespace enas4d {

/// Sums of the norms of some layers over calibration batches, in double and in one flat tensor:
/// pooled statistics are exact whatever the batches, and whichever process saw them.
class PooledStatistics {
 public:
  PooledStatistics(const Plan& plan, const LayerRange& layers);

  /// A batch of `images` begins.
  void count(std::int64_t images);
  /// What the norm saw of that batch.
  void add(const std::string& norm, const NormedBatch& seen);

  /// One flat float64 tensor, which may be added to that of other processes.
  const torch::Tensor& sums() const { return sums_; }

  /// Writes every norm's mean and variance among `weights`.
  void write(NamedTensors& weights) const;

 private:
  torch::Tensor sums_;  ///< the number of images, then each norm's means and squares, weighted
  double batch_ = 0;    ///< images of the batch that is being added
  std::map<std::string, torch::Tensor> norms_;  ///< views of sums_: 2 x channels
};

}  // namespace enas4d
