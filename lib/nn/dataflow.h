// The walk over a plan that supernet and subnet share: which values a layer reads, means over
// space, gates, residuals. What a layer computes (training with batch statistics, or inference with
// norms folded in) is the caller's functor.
#pragma once

#include <vector>

#include <torch/types.h>

#include "arch/plan.h"
#include "nn/layout.h"
#include "nn/squeeze_excite.h"

namespace enas4d {

using Values = std::vector<torch::Tensor>;

/// What the layer reads, side by side along channels: N x C_i x H x W each; for squeezes their
/// means, N x C_i x 1 x 1.
std::vector<torch::Tensor> gather_inputs(const Layer& layer, const Values& values);

/// `inputs` as one tensor.
torch::Tensor joined_inputs(const std::vector<torch::Tensor>& inputs);

/// Convolution with the layer's stride, padding and groups (linear layers are 1x1 convolutions on N
/// x C x 1 x 1).
torch::Tensor convolve(const Layer& layer, const std::vector<torch::Tensor>& inputs,
                       const torch::Tensor& weight, const torch::Tensor& bias);

torch::Tensor activate(Activation activation, const torch::Tensor& x);

/// Runs one layer: `compute(layer, inputs)` gives its output before gate, residual and mean,
/// activated or as the caller's own later layers read it; where the layer has a residual, a tensor
/// that nobody else has.
template <class Compute>
void run_layer(const Layer& layer, Values& values, Compute&& compute) {
  const auto at = [&](int value) -> torch::Tensor& {
    return values[static_cast<std::size_t>(value)];
  };
  torch::Tensor y = compute(layer, gather_inputs(layer, values));
  // Images of one channel look the same in either layout, and LibTorch then takes the slow one for
  // the whole network.
  if (layer.role == Role::kStem) y = y.contiguous(kChannelsLast);
  if (layer.gated != kNoValue) y = excite(at(layer.gated), y);
  if (layer.addend != kNoValue) y.add_(at(layer.addend));
  if (is_pooled(layer.role)) y = spatial_mean(y);
  at(layer.output) = y;
}

/// An empty value for everything that `plan` makes, the image in its place.
Values begin_values(const Plan& plan, const torch::Tensor& images);

/// Per value: the last layer that reads it, 0 if none does.
std::vector<std::size_t> last_uses(const Plan& plan);

/// Lets go of the values of `layer`, the plan's `index`th, that nothing after it reads.
void release(const Layer& layer, std::size_t index, const std::vector<std::size_t>& last_use,
             Values& values);

/// N x classes from the value that the classifier made.
inline torch::Tensor flat_logits(const torch::Tensor& value) {
  return value.flatten(1);
}

/// The layers of stage s: [first, last).
struct LayerRange {
  std::size_t first, last;
};
LayerRange stage_layers(const Plan& plan, int stage);

}  // namespace enas4d
