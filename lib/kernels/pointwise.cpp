#include "kernels/pointwise.h"

#include <algorithm>

#include "kernels/dispatch.h"

namespace enas4d {

void pack_pointwise(const PointwiseShape& shape, const PointwiseWeight& weight, float* packed) {
  for (std::int64_t first = 0; first < shape.out_channels; first += kChannelBlock) {
    const std::int64_t count = std::min<std::int64_t>(kChannelBlock, shape.out_channels - first);
    for (std::int64_t in = 0; in < shape.in_channels; ++in, packed += kChannelBlock) {
      const float* from = weight.data + first * weight.out_pitch + in * weight.in_pitch;
      for (std::int64_t i = 0; i < count; ++i) packed[i] = from[i * weight.out_pitch];
      std::fill(packed + count, packed + kChannelBlock, 0.0F);
    }
  }
}

void pointwise(InstructionSet set, const PointwiseShape& shape, const PointwiseInputs& x,
               const float* packed, const PointwiseFinish& finish, float* y) {
  code_of(set).pointwise(shape, x, packed, finish, y);
}

void pointwise_weight_gradient(InstructionSet set, const PointwiseShape& shape, const float* x,
                               const float* y_gradient, const PointwiseGradient& gradient) {
  code_of(set).pointwise_weight_gradient(shape, x, y_gradient, gradient);
}

}  // namespace enas4d
