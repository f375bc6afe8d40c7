#include "kernels/depthwise.h"

#include <algorithm>
#include <cassert>
#include <memory>

#include "kernels/depthwise_bands.h"
#include "kernels/dispatch.h"
#include "kernels/half_kernel.h"

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

/// The offset that input_gradient applies k-th.
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

/// What its bands need.
std::unique_ptr<float[]> make_scratch(const DepthwiseBands& bands) {
  return std::unique_ptr<float[]>(new float[static_cast<std::size_t>(bands.scratch)]);
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

void unpack_depthwise(const DepthwiseShape& shape, const float* packed, float* weight) {
  for_each_weight(shape, [&](std::int64_t place, std::int64_t channel, std::int64_t k) {
    weight[channel + k] = packed[place];
  });
}

void depthwise_forward(InstructionSet set, const DepthwiseShape& shape, const float* x,
                       const float* packed, const DepthwiseFinish& finish, float* y) {
  check(shape);
  code_of(set).depthwise_forward(shape, x, packed, finish, y,
                                 make_scratch(depthwise_bands(shape)).get());
}

void depthwise_input_gradient(InstructionSet set, const DepthwiseShape& shape,
                              const float* y_gradient, const float* turned, float* x_gradient) {
  check(shape);
  const DepthwiseBands bands =
      shape.stride == 1 ? depthwise_bands(shape) : depthwise_bands_by_2(shape);
  code_of(set).depthwise_input_gradient(shape, y_gradient, turned, x_gradient,
                                        make_scratch(bands).get());
}

void depthwise_weight_gradient(InstructionSet set, const DepthwiseShape& shape, const float* x,
                               const float* y_gradient, float* packed_gradient) {
  check(shape);
  code_of(set).depthwise_weight_gradient(shape, x, y_gradient, packed_gradient,
                                         make_scratch(depthwise_bands(shape)).get());
}

}  // namespace enas4d
