// 1x1 convolution and its gradients on NHWC memory. Inputs are read where they lie, side by side or
// not; bias, activation and residual are added before the result is stored. One thread; callers
// divide the pixels.
//
// Weights are packed: output channels in blocks of kChannelBlock,
// [block][in_channels][kChannelBlock], the last block filled up with zeros.
#pragma once

#include <cstdint>

#include "arch/activation.h"
#include "kernels/depthwise.h"
#include "kernels/instruction_set.h"

namespace enas4d {

/// Some of the input channels of each pixel.
struct PointwiseInput {
  const float* data;
  std::int64_t channels;  ///< also the distance from pixel to pixel
};

struct PointwiseShape {
  std::int64_t pixels;
  std::int64_t in_channels, out_channels;

  [[gnu::always_inline]] std::int64_t packed_size() const {  // as in DepthwiseShape
    return (out_channels + kChannelBlock - 1) / kChannelBlock * in_channels * kChannelBlock;
  }
};

/// `weight`: out_channels x in_channels, with these distances from number to number: a transposed
/// matrix or a part of one packs as well.
struct PointwiseWeight {
  const float* data;
  std::int64_t out_pitch, in_pitch;
};
void pack_pointwise(const PointwiseShape& shape, const PointwiseWeight& weight, float* packed);

/// y = activation(weight x + bias) + addend.
struct PointwiseFinish {
  const float* bias = nullptr;  ///< out_channels, or none
  Activation activation = Activation::kLinear;
  const float* addend = nullptr;  ///< pixels x out_channels, or none
};

/// `inputs`: `input_count` of them, whose channels add up to in_channels. y: pixels x out_channels.
struct PointwiseInputs {
  const PointwiseInput* inputs;
  std::int64_t input_count;
};
void pointwise(InstructionSet set, const PointwiseShape& shape, const PointwiseInputs& x,
               const float* packed, const PointwiseFinish& finish, float* y);

constexpr std::int64_t kMostTilePixels = 12;  ///< of any instruction set

/// Pixels, whole tiles, of an input and of the gradient of y that a second-level cache holds: who
/// makes both gradients run by run finds them there.
[[gnu::always_inline]] inline std::int64_t pointwise_gradient_run(std::int64_t in_channels,
                                                                  std::int64_t out_channels) {
  constexpr std::int64_t kFloats = 65536;
  const std::int64_t tiles = kFloats / (in_channels + out_channels) / kMostTilePixels;
  return (tiles < 1 ? 1 : tiles) * kMostTilePixels;
}

/// Adds the products of one input (pixels x in_channels) and the gradient of y (pixels x
/// out_channels) to their columns of the weight's gradient, rows `pitch` apart.
struct PointwiseGradient {
  float* data;
  std::int64_t pitch;
};
void pointwise_weight_gradient(InstructionSet set, const PointwiseShape& shape, const float* x,
                               const float* y_gradient, const PointwiseGradient& gradient);

}  // namespace enas4d
