// Under stride 2 an input pixel meets only every second offset of the kernel, along each direction:
// the even or the odd ones.
#pragma once

#include <cstdint>

namespace enas4d {

/// The offsets that input pixels of one parity (0: even rows or columns) meet.
struct HalfKernel {
  std::int64_t first;   ///< its first offset in the whole kernel; then every second one
  std::int64_t size;    ///< offsets
  std::int64_t before;  ///< outputs that it reaches before the one at half the pixel's coordinate
};

// Static: code for one instruction set must not be merged with another's.
static constexpr HalfKernel half_kernel(std::int64_t kernel, std::int64_t parity) {
  const std::int64_t padding = kernel / 2;
  const std::int64_t first = (parity + padding) % 2;
  const std::int64_t size = (kernel - first + 1) / 2;
  return {first, size, size - 1 - (parity + padding - first) / 2};
}

}  // namespace enas4d
