// What squeeze-excite does to images besides its two layers (Hu et al. 2018, section 3): means over
// space, and channels weighed by gates. As operations of ours, since LibTorch's gradients of both
// make further tensors of the images' size, and walk them out of order. Differentiable once.
#pragma once

#include <torch/types.h>

namespace enas4d {

/// N x C x H x W -> N x C x 1 x 1.
torch::Tensor spatial_mean(const torch::Tensor& x);

/// x: N x C x H x W, channels-last; gates: N x C x 1 x 1 -> x * gates.
torch::Tensor excite(const torch::Tensor& x, const torch::Tensor& gates);

}  // namespace enas4d
