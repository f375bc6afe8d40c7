// Depthwise convolution and its gradients on NHWC memory: the operation that LibTorch's CPU code is
// slowest at. One thread; callers divide the images.
//
// Weights are packed: channels in blocks of kChannelBlock, [block][kernel * kernel][kChannelBlock],
// the last block filled up with zeros.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/activation.h"
#include "kernels/instruction_set.h"
#include "kernels/norm.h"

namespace enas4d {

constexpr int kChannelBlock = 16;

/// Odd kernel 3, 5 or 7, stride 1 or 2, padding kernel / 2 on all sides.
struct DepthwiseShape {
  std::int64_t images;
  std::int64_t height, width;  ///< of the input
  std::int64_t channels;
  std::int64_t kernel;
  std::int64_t stride;

  // Always inline: what is left of the code for one instruction set must not serve another's.
  [[gnu::always_inline]] std::int64_t out_height() const { return (height - 1) / stride + 1; }
  [[gnu::always_inline]] std::int64_t out_width() const { return (width - 1) / stride + 1; }
  [[gnu::always_inline]] std::int64_t blocks() const {
    return (channels + kChannelBlock - 1) / kChannelBlock;
  }
  [[gnu::always_inline]] std::int64_t packed_size() const {
    return blocks() * kernel * kernel * kChannelBlock;
  }
};

/// `weight`: channels x kernel x kernel.
void pack_depthwise(const DepthwiseShape& shape, const float* weight, float* packed);
/// The order in which the gradient of x reads: the kernel turned by half a turn; with stride 2 the
/// four kernels that make the four kinds of input pixels (even or odd row, even or odd column), one
/// after the other.
void pack_depthwise_turned(const DepthwiseShape& shape, const float* weight, float* packed);

/// What happens to an input when it is read: the layer is one of activation(scale * x + shift),
/// which is never in memory.
struct DepthwiseStart {
  NormLine line = {nullptr, nullptr};  ///< channels, or none: x as it is
  Activation activation = Activation::kLinear;
};

/// What happens to an output before it is stored: y = activation(y + bias).
struct DepthwiseFinish {
  const float* bias = nullptr;  ///< channels, or none
  Activation activation = Activation::kLinear;
};

/// x: images x height x width x channels -> y: images x out_height x out_width x channels.
void depthwise_forward(InstructionSet set, const DepthwiseShape& shape, const float* x,
                       const DepthwiseStart& start, const float* packed,
                       const DepthwiseFinish& finish, float* y);

struct DepthwiseGradients {
  float* x;       ///< as x: of activation(scale * x + shift), overwritten
  float* packed;  ///< of the weight, packed_size(), for unpack_depthwise_gradient; added to
};

/// Both from the gradient of y; `turned` from pack_depthwise_turned.
void depthwise_backward(InstructionSet set, const DepthwiseShape& shape, const float* x,
                        const DepthwiseStart& start, const float* y_gradient, const float* turned,
                        const DepthwiseGradients& gradients);

/// The gradient of the weight, channels x kernel x kernel, from that which was added up.
void unpack_depthwise_gradient(const DepthwiseShape& shape, const float* packed, float* weight);

}  // namespace enas4d
