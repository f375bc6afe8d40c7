// How many rows of an image the depthwise kernels take at a time, and what memory they need for it.
#pragma once

#include <cstdint>

#include "kernels/depthwise.h"

namespace enas4d {

/// Floats that bands of input and output hold together, half of a usual second-level cache, unless
/// kLeastRows need more.
constexpr std::int64_t kBandFloats = 65536;

constexpr std::int64_t kLeastRows = 4;  ///< of output; of fewer rows' bands most would be overlap

struct DepthwiseBands {
  std::int64_t step;     ///< rows of output at a time
  std::int64_t columns;  ///< of an input band
  std::int64_t floats;   ///< of all input bands; those of output lie behind them
  std::int64_t scratch;  ///< floats of both
};

// All static: code for one instruction set must not be merged with another's.

/// n rows of output need n * stride + more rows of input.
struct BandShape {
  std::int64_t rows;  ///< of output in all
  std::int64_t stride, more;
  std::int64_t input_row, output_row;  ///< floats
  std::int64_t columns;
};
static inline DepthwiseBands bands_of(const BandShape& b) {
  const std::int64_t fit =
      (kBandFloats - b.more * b.input_row) / (b.stride * b.input_row + b.output_row);
  const std::int64_t most = fit < kLeastRows ? kLeastRows : fit;
  const std::int64_t step = most < b.rows ? most : b.rows;
  const std::int64_t floats = (step * b.stride + b.more) * b.input_row;
  return {step, b.columns, floats, floats + step * b.output_row};
}

/// Forward: input, then output. Backward: under stride 1 the output's gradient, then what is made
/// of it and the input; of the weight under stride 2 the input, then the output's gradient.
static inline DepthwiseBands depthwise_bands(const DepthwiseShape& s) {
  const std::int64_t channels = s.blocks() * kChannelBlock;
  const std::int64_t columns = (s.out_width() - 1) * s.stride + s.kernel;
  return bands_of({s.out_height(), s.stride, s.kernel - s.stride, columns * channels,
                   s.out_width() * channels, columns});
}

/// Rows and columns before and behind an output's own that the input's gradient under stride 2
/// looks at, at most.
constexpr std::int64_t kMostBefore = 1, kMostAfter = 2;

/// Of the input's gradient under stride 2: the bands of input are the output's gradient, and a row
/// of it makes two.
static inline DepthwiseBands depthwise_bands_by_2(const DepthwiseShape& s) {
  const std::int64_t channels = s.blocks() * kChannelBlock;
  const std::int64_t columns = s.out_width() + kMostBefore + kMostAfter;
  return bands_of({s.out_height(), 1, kMostBefore + kMostAfter, columns * channels,
                   2 * s.width * channels, columns});
}

}  // namespace enas4d
