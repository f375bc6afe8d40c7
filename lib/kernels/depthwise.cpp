#include "kernels/depthwise.h"

#include <algorithm>
#include <cassert>

#include "kernels/depthwise_bands.h"
#include "kernels/dispatch.h"
#include "kernels/half_kernel.h"
#include "kernels/scratch.h"

namespace enas4d {

namespace {

/// Calls `visit(channel, place in packed, place in weight)` for `kernel` x `kernel` offsets given
/// by `offset(k)`.
template <class Visit>
void for_each_weight(const DepthwiseShape& shape, Visit&& visit) {
  const std::int64_t offsets = shape.kernel * shape.kernel;
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    const std::int64_t block = c / kChannelBlock * offsets * kChannelBlock + c % kChannelBlock;
    for (std::int64_t k = 0; k < offsets; ++k) visit(block + k * kChannelBlock, c * offsets, k);
  }
}

/// The offset that the gradient of x applies k-th.
std::int64_t turned_offset(const DepthwiseShape& shape, std::int64_t k) {
  const std::int64_t size = shape.kernel;
  if (shape.stride == 1) return size * size - 1 - k;
  for (std::int64_t row = 0; row < 2; ++row) {
    const HalfKernel v = half_kernel(size, row);
    for (std::int64_t column = 0; column < 2; ++column) {
      const HalfKernel h = half_kernel(size, column);
      if (k < v.size * h.size) {
        return (v.first + 2 * (v.size - 1 - k / h.size)) * size + h.first +
               2 * (h.size - 1 - k % h.size);
      }
      k -= v.size * h.size;
    }
  }
  assert(false && "an offset of the kernel");
  return 0;
}

void check(const DepthwiseShape& shape) {
  assert(shape.kernel == 3 || shape.kernel == 5 || shape.kernel == 7);
  assert(shape.stride == 1 || shape.stride == 2);
  assert(shape.height > 0 && shape.width > 0 && shape.channels > 0);
  static_cast<void>(shape);
}

}  // namespace

void pack_depthwise(const DepthwiseShape& shape, const float* weight, float* packed) {
  std::fill_n(packed, shape.packed_size(), 0.0F);
  for_each_weight(shape, [&](std::int64_t place, std::int64_t channel, std::int64_t k) {
    packed[place] = weight[channel + k];
  });
}

void pack_depthwise_turned(const DepthwiseShape& shape, const float* weight, float* packed) {
  std::fill_n(packed, shape.packed_size(), 0.0F);
  std::int64_t offset[49];
  for (std::int64_t k = 0; k < shape.kernel * shape.kernel; ++k)
    offset[k] = turned_offset(shape, k);
  for_each_weight(shape, [&](std::int64_t place, std::int64_t channel, std::int64_t k) {
    packed[place] = weight[channel + offset[k]];
  });
}

void depthwise_forward(InstructionSet set, const DepthwiseShape& shape, const float* x,
                       const DepthwiseStart& start, const float* packed,
                       const DepthwiseFinish& finish, float* y) {
  check(shape);
  code_of(set).depthwise_forward(shape, x, start, packed, finish, y,
                                 thread_scratch(depthwise_bands(shape).scratch));
}

void depthwise_backward(InstructionSet set, const DepthwiseShape& shape, const float* x,
                        const DepthwiseStart& start, const float* y_gradient, const float* turned,
                        const DepthwiseGradients& gradients) {
  check(shape);
  std::int64_t floats = depthwise_bands(shape).scratch;
  if (shape.stride == 2) floats = std::max(floats, depthwise_bands_by_2(shape).scratch);
  code_of(set).depthwise_backward(shape, x, start, y_gradient, turned, gradients,
                                  thread_scratch(floats));
}

void unpack_depthwise_gradient(const DepthwiseShape& shape, const float* packed, float* weight) {
  const std::int64_t last = shape.kernel * shape.kernel - 1;
  for_each_weight(shape, [&](std::int64_t place, std::int64_t channel, std::int64_t k) {
    weight[channel + (shape.stride == 1 ? last - k : k)] = packed[place];
  });
}

}  // namespace enas4d
