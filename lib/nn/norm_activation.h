// Batch norm by batch statistics and the activation behind it as one operation: it reads memory
// half as often as LibTorch's two, and keeps one tensor fewer for the backward pass.
#pragma once

#include <cstdint>

#include <torch/types.h>

#include "arch/activation.h"

namespace enas4d {

constexpr double kNormEpsilon = 1e-5;

/// What a norm learns, C each.
struct NormWeights {
  torch::Tensor weight, bias;
};

/// x: N x C x H x W, channels-last; consecutive groups of `norm_batch` images (0: all) are
/// normalised by their own mean and variance. Differentiable once.
torch::Tensor norm_activation(const torch::Tensor& x, const NormWeights& weights,
                              Activation activation, std::int64_t norm_batch);

/// What a layer may read in place of norm_activation's result, which it makes for itself: run by
/// run, again in the backward pass, and never all of it in memory.
struct UnnormedInput {
  torch::Tensor x;
  NormWeights norm;
  Activation activation;
  std::int64_t norm_batch;
};

/// The same for one group and without gradients, with its statistics: what calibration pools.
struct NormedBatch {
  torch::Tensor y;
  torch::Tensor mean, var;  ///< C; var is biased
};
NormedBatch norm_activation_with_statistics(const torch::Tensor& x, const NormWeights& weights,
                                            Activation activation);

}  // namespace enas4d
