// 1x1 convolution on tensors, by our own kernels: they read several inputs where they lie, so that
// no groups are copied side by side, and prepare nothing, so that small products cost what they
// compute.
#pragma once

#include <vector>

#include <torch/types.h>

#include "arch/activation.h"
#include "nn/norm_activation.h"

namespace enas4d {

/// inputs: N x C_i x H x W, channels-last; weight: C' x (sum of C_i) x 1 x 1. Gives N x C' x H x W,
/// channels-last. Differentiable once.
torch::Tensor pointwise(const std::vector<torch::Tensor>& inputs, const torch::Tensor& weight);

/// pointwise({norm_activation(input)}). Differentiable once.
torch::Tensor normed_pointwise(const UnnormedInput& input, const torch::Tensor& weight);

/// A weight C' x C x 1 x 1 as infer_pointwise reads it.
torch::Tensor packed_pointwise(const torch::Tensor& weight);

/// activation(convolution + bias) + addend. No gradients.
struct InferredPointwise {
  const torch::Tensor& packed;
  const torch::Tensor& bias;  ///< C'
  Activation activation;
  torch::Tensor addend;  ///< N x C' x H x W, or undefined
};
torch::Tensor infer_pointwise(const std::vector<torch::Tensor>& inputs,
                              const InferredPointwise& layer);

}  // namespace enas4d
