// Batch norm by batch statistics and the activation behind it, in two passes over memory forward
// and two backward. Arrays are pixels x channels (NHWC, all pixels of the images that are
// normalised together). One thread; callers divide groups of images and ranges of channels.
#pragma once

#include <cstdint>

#include "arch/activation.h"
#include "kernels/instruction_set.h"

namespace enas4d {

/// Channels [first, last) of an array of `pixels` x `channels`.
struct NormShape {
  std::int64_t pixels, channels;
  std::int64_t first, last;
};

/// Per channel, arrays of all channels: z = scale * x + shift normalises, with scale = weight /
/// deviation.
struct NormLine {
  const float* scale;
  const float* shift;
};

/// Mean and biased variance of each channel; sums in double over short runs in float, about the
/// first pixel's value.
void norm_statistics(InstructionSet set, const NormShape& shape, const float* x, float* mean,
                     float* var);

/// y = activation(scale * x + shift).
void norm_activate(InstructionSet set, const NormShape& shape, const float* x, const NormLine& line,
                   Activation activation, float* y);

/// With g = y_gradient * activation'(scale * x + shift): the sums over pixels of g and of g * (x -
/// mean).
void norm_gradient_sums(InstructionSet set, const NormShape& shape, const float* x,
                        const float* y_gradient, const NormLine& line, const float* mean,
                        Activation activation, float* sum, float* product_sum);

/// x_gradient = scale * (g - offset - slope * (x - mean)), what the statistics' own gradients make
/// of g.
struct NormGradientLine {
  const float* mean;
  const float* offset;  ///< sum(g) / pixels
  const float* slope;   ///< sum(g * (x - mean)) / (pixels * deviation^2)
};
void norm_input_gradient(InstructionSet set, const NormShape& shape, const float* x,
                         const float* y_gradient, const NormLine& line,
                         const NormGradientLine& statistics, Activation activation,
                         float* x_gradient);

}  // namespace enas4d
