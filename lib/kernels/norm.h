// Batch norm by batch statistics and the activation behind it, in two passes over memory forward
// and two backward. Arrays are pixels x channels (NHWC). One thread; callers divide the pixels and
// add up the sums.
#pragma once

#include <cstdint>

#include "arch/activation.h"
#include "kernels/instruction_set.h"

namespace enas4d {

struct NormShape {
  std::int64_t pixels, channels;
};

/// Per channel: z = scale * x + shift normalises, with scale = weight /
/// deviation.
struct NormLine {
  const float* scale;
  const float* shift;
};

/// Per channel the sums of x - centre and of its square; in float over short runs, then in double.
/// With a centre near the values, variances lose nothing where the mean is large.
void norm_sums(InstructionSet set, const NormShape& shape, const float* x, const float* centre,
               double* sum, double* square_sum);

/// y = activation(scale * x + shift).
void norm_activate(InstructionSet set, const NormShape& shape, const float* x, const NormLine& line,
                   Activation activation, float* y);

/// With g = y_gradient * activation'(scale * x + shift): the sums over pixels of g and of g * (x -
/// mean).
void norm_gradient_sums(InstructionSet set, const NormShape& shape, const float* x,
                        const float* y_gradient, const NormLine& line, const float* mean,
                        Activation activation, double* sum, double* product_sum);

/// x_gradient = scale * (g - offset - slope * (x - mean)), what the statistics' own gradients make
/// of g. x_gradient may be the memory of y_gradient.
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
