// What the ranks add up once a step, in one message: all gradients and a few numbers.
#pragma once

#include <vector>

#include <torch/types.h>

#include "dist/ranks.h"

namespace enas4d {

class GradientBucket {
 public:
  /// `ranks` must outlive the bucket. The parameters have one order on all ranks.
  GradientBucket(std::vector<torch::Tensor> parameters, Ranks& ranks);

  /// Replaces every gradient by its mean over ranks and every number by its mean. Which gradients
  /// are defined must be the same on all ranks, and stays so: all of them train the same subnets.
  /// Throws RankLost.
  void reduce(std::vector<double>& numbers);

 private:
  void gather(const std::vector<double>& numbers);
  void hand_out(std::vector<double>& numbers);

  const std::vector<torch::Tensor> parameters_;
  Ranks& ranks_;
  torch::Tensor flat_;  ///< float32: the gradients one after another, then the numbers
  std::vector<torch::Tensor> views_;  ///< of flat_: per parameter, in its shape
};

}  // namespace enas4d
