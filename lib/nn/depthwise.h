// Depthwise convolution on tensors, by our own kernels: LibTorch's are the slowest of a step.
#pragma once

#include <cstdint>

#include <torch/types.h>

#include "arch/plan.h"
#include "nn/norm_activation.h"

namespace enas4d {

/// x: N x C x H x W, channels-last; weight: C x 1 x k x k; padding k / 2. Gives N x C x H' x W',
/// channels-last. Differentiable once.
torch::Tensor depthwise(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t stride);

/// depthwise(norm_activation(input)). Differentiable once.
torch::Tensor normed_depthwise(const UnnormedInput& input, const torch::Tensor& weight,
                               std::int64_t stride);

/// A weight C x 1 x k x k as infer_depthwise reads it.
torch::Tensor packed_depthwise(const torch::Tensor& weight);

/// The whole layer at inference: convolution, bias (C) and activation in one pass. No gradients.
torch::Tensor infer_depthwise(const Layer& layer, const torch::Tensor& x,
                              const torch::Tensor& packed, const torch::Tensor& bias);

}  // namespace enas4d
