// The depthwise loops for one instruction set. An image's block of 16 channels is copied, with its
// padding, into a band of rows that stays in the cache; every output is then a dot product whose
// sums stay in registers.
#pragma once

#include "kernels/code.h"
#include "kernels/half_kernel.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

using Lane = VectorOf<kLanes>::Type;
constexpr Index kBlock = kChannelBlock;

/// Where a band of rows comes from: one block of channels of one image.
struct Source {
  const float* data;  ///< the block's first channel at pixel (0, 0)
  Index height, width, channels;
  Index count;  ///< channels of this block, up to kBlock
};

/// The pixels [row, row + rows) x [column, column + columns) of an image; zeros outside it.
struct Window {
  Index row, rows, column, columns;
};

inline void copy_block(const float* from, Index count, float* to) {
  if (count == kBlock) {
    for (Index i = 0; i < kBlock; i += kLanes) {
      Lane v;
      load(from + i, v);
      store(v, to + i);
    }
    return;
  }
  for (Index i = 0; i < kBlock; ++i) to[i] = i < count ? from[i] : 0;
}

inline void clear_blocks(Index count, float* to) {
  for (Index i = 0; i < count * kBlock; ++i) to[i] = 0;
}

inline void load_band(const Source& source, const Window& window, float* band) {
  const Index left = window.column < 0 ? -window.column : 0;
  const Index end = window.column + window.columns;
  const Index right = end > source.width ? end - source.width : 0;
  for (Index r = 0; r < window.rows; ++r, band += window.columns * kBlock) {
    const Index row = window.row + r;
    if (row < 0 || row >= source.height) {
      clear_blocks(window.columns, band);
      continue;
    }
    clear_blocks(left, band);
    clear_blocks(right, band + (window.columns - right) * kBlock);
    const float* from = source.data + (row * source.width + window.column + left) * source.channels;
    for (Index c = left; c < window.columns - right; ++c, from += source.channels)
      copy_block(from, source.count, band + c * kBlock);
  }
}

/// A grid of outputs in memory.
struct Target {
  float* data;
  Index rows, columns;
  Index row_pitch, column_pitch;  ///< floats
  Index count;                    ///< channels to store, up to kBlock
  float bias[kBlock];
};

/// A band and how outputs step through it.
struct Band {
  const float* data;
  Index columns;      ///< of the band
  Index kernel_rows;  ///< rows of the kernel
};

inline void store_block(const Lane& value, Index first, Index count, float* to) {
  if (first + kLanes <= count) {
    store(value, to + first);
    return;
  }
  float part[kLanes];
  store(value, part);
  for (Index i = first; i < count; ++i) to[i] = part[i - first];
}

/// `outputs` neighbours of a row. Each column of the band is loaded once and used for every output
/// that it reaches.
template <Activation activation, int kernel, int stride, int outputs>
inline void make_outputs(const Band& band, Index row, Index column, const float* weight,
                         const Target& target) {
  for (Index part = 0; part < kBlock; part += kLanes) {
    Lane sum[size(outputs)];
#pragma GCC unroll 8
    for (int t = 0; t < outputs; ++t) load(target.bias + part, sum[t]);
    const float* x = band.data + (row * stride * band.columns + column * stride) * kBlock + part;
    const float* w = weight + part;
    for (Index i = 0; i < band.kernel_rows; ++i) {
      Lane factor[size(kernel)];
#pragma GCC unroll 8
      for (int j = 0; j < kernel; ++j) load(w + j * kBlock, factor[j]);
#pragma GCC unroll 32
      for (int u = 0; u < (outputs - 1) * stride + kernel; ++u) {
        Lane value;
        load(x + u * kBlock, value);
#pragma GCC unroll 8
        for (int t = 0; t < outputs; ++t) {
          const int j = u - t * stride;
          if (j >= 0 && j < kernel) sum[t] += value * factor[j];
        }
      }
      x += band.columns * kBlock;
      w += kernel * kBlock;
    }
    float* to = target.data + row * target.row_pitch + column * target.column_pitch;
#pragma GCC unroll 8
    for (int t = 0; t < outputs; ++t) {
      apply<activation>(sum[t]);
      store_block(sum[t], part, target.count, to + t * target.column_pitch);
    }
  }
}

template <Activation activation, int kernel, int stride>
void correlate_rows(const Band& band, const float* weight, const Target& target) {
  constexpr int kMost = kRegisters == 32 ? 8 : 4;
  for (Index row = 0; row < target.rows; ++row) {
    Index c = 0;
    for (; c + kMost <= target.columns; c += kMost)
      make_outputs<activation, kernel, stride, kMost>(band, row, c, weight, target);
    for (; c + 4 <= target.columns; c += 4)
      make_outputs<activation, kernel, stride, 4>(band, row, c, weight, target);
    for (; c + 2 <= target.columns; c += 2)
      make_outputs<activation, kernel, stride, 2>(band, row, c, weight, target);
    for (; c < target.columns; ++c)
      make_outputs<activation, kernel, stride, 1>(band, row, c, weight, target);
  }
}

template <Activation activation>
void correlate(const Band& band, Index kernel, Index stride, const float* weight,
               const Target& target) {
  switch (kernel * 10 + stride) {
    case 11:
      return correlate_rows<activation, 1, 1>(band, weight, target);
    case 21:
      return correlate_rows<activation, 2, 1>(band, weight, target);
    case 31:
      return correlate_rows<activation, 3, 1>(band, weight, target);
    case 41:
      return correlate_rows<activation, 4, 1>(band, weight, target);
    case 51:
      return correlate_rows<activation, 5, 1>(band, weight, target);
    case 71:
      return correlate_rows<activation, 7, 1>(band, weight, target);
    case 32:
      return correlate_rows<activation, 3, 2>(band, weight, target);
    case 52:
      return correlate_rows<activation, 5, 2>(band, weight, target);
    case 72:
      return correlate_rows<activation, 7, 2>(band, weight, target);
    default:
      __builtin_unreachable();
  }
}

inline Index smaller(Index a, Index b) {
  return a < b ? a : b;
}

/// Rows of output whose band fits the scratch.
inline Index rows_at_once(Index rows, Index stride, Index kernel, Index columns) {
  const Index fit = (kBandFloats / (columns * kBlock) - kernel) / stride;
  return smaller(rows, fit < 1 ? 1 : fit);
}

inline Source block_of(const float* image, Index height, Index width, Index channels, Index block) {
  return {image + block * kBlock, height, width, channels,
          smaller(kBlock, channels - block * kBlock)};
}

void forward(const DepthwiseShape& s, const float* x, const float* packed,
             const DepthwiseFinish& finish, float* y, float* scratch) {
  const Index rows = s.out_height();
  const Index columns = (s.out_width() - 1) * s.stride + s.kernel;
  const Index step = rows_at_once(rows, s.stride, s.kernel, columns);
  for (Index n = 0; n < s.images; ++n) {
    for (Index block = 0; block < s.blocks(); ++block) {
      const Source source =
          block_of(x + n * s.height * s.width * s.channels, s.height, s.width, s.channels, block);
      Target target = {nullptr,      0, s.out_width(), s.out_width() * s.channels, s.channels,
                       source.count, {}};
      for (Index i = 0; finish.bias != nullptr && i < source.count; ++i)
        target.bias[i] = finish.bias[block * kBlock + i];
      for (Index row = 0; row < rows; row += step) {
        target.rows = smaller(step, rows - row);
        target.data = y + (n * rows + row) * target.row_pitch + block * kBlock;
        const Window window = {row * s.stride - s.kernel / 2,
                               (target.rows - 1) * s.stride + s.kernel, -(s.kernel / 2), columns};
        load_band(source, window, scratch);
        with_activation(finish.activation, [&](auto activation) {
          correlate<decltype(activation)::kValue>({scratch, columns, s.kernel}, s.kernel, s.stride,
                                                  packed + block * s.kernel * s.kernel * kBlock,
                                                  target);
        });
      }
    }
  }
}

void input_gradient_by_2(const DepthwiseShape& s, const float* dy, const float* turned, float* dx,
                         float* scratch) {
  for (Index n = 0; n < s.images; ++n) {
    for (Index block = 0; block < s.blocks(); ++block) {
      const Source source = block_of(dy + n * s.out_height() * s.out_width() * s.channels,
                                     s.out_height(), s.out_width(), s.channels, block);
      const float* weight = turned + block * s.kernel * s.kernel * kBlock;
      float* image = dx + n * s.height * s.width * s.channels + block * kBlock;
      for (Index odd_row = 0; odd_row < 2; ++odd_row) {
        const HalfKernel v = half_kernel(s.kernel, odd_row);
        const Index rows = (s.height - odd_row + 1) / 2;
        for (Index odd_column = 0; odd_column < 2; ++odd_column) {
          const HalfKernel h = half_kernel(s.kernel, odd_column);
          const Index columns = (s.width - odd_column + 1) / 2;
          const Index band_columns = columns - 1 + h.size;
          const Index step = rows_at_once(rows, 1, v.size, band_columns);
          for (Index row = 0; row < rows && columns > 0; row += step) {
            const Target target = {
                image + ((2 * row + odd_row) * s.width + odd_column) * s.channels,
                smaller(step, rows - row),
                columns,
                2 * s.width * s.channels,
                2 * s.channels,
                source.count,
                {}};
            load_band(source, {row - v.before, target.rows - 1 + v.size, -h.before, band_columns},
                      scratch);
            correlate<Activation::kLinear>({scratch, band_columns, v.size}, h.size, 1, weight,
                                           target);
          }
          weight += v.size * h.size * kBlock;
        }
      }
    }
  }
}

void input_gradient(const DepthwiseShape& s, const float* dy, const float* turned, float* dx,
                    float* scratch) {
  if (s.stride == 1) return forward(s, dy, turned, {}, dx, scratch);
  input_gradient_by_2(s, dy, turned, dx, scratch);
}

/// Rows [first, first + rows) of the kernel: their sums over all outputs stay in registers.
template <int kernel, int rows>
void sum_products(const DepthwiseShape& s, const float* x, Index x_columns, const float* dy,
                  Index out_rows, float* gradient) {
  for (Index part = 0; part < kBlock; part += kLanes) {
    Lane sum[size(rows)][size(kernel)];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < kernel; ++j) load(gradient + (i * kernel + j) * kBlock + part, sum[i][j]);
    const float* d = dy + part;
    for (Index r = 0; r < out_rows; ++r) {
      const float* line = x + r * s.stride * x_columns * kBlock + part;
      for (Index c = 0; c < s.out_width(); ++c, d += kBlock, line += s.stride * kBlock) {
        Lane slope;
        load(d, slope);
#pragma GCC unroll 8
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
          for (int j = 0; j < kernel; ++j) {
            Lane value;
            load(line + (i * x_columns + j) * kBlock, value);
            sum[i][j] += value * slope;
          }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
      for (int j = 0; j < kernel; ++j)
        store(sum[i][j], gradient + (i * kernel + j) * kBlock + part);
  }
}

/// All rows of the kernel, as many at a time as there are registers for.
template <int kernel>
void sum_all_products(const DepthwiseShape& s, const float* x, Index x_columns, const float* dy,
                      Index out_rows, float* gradient) {
  constexpr int kFit = (kRegisters - 4) / kernel;
  constexpr int kRows = kFit < kernel ? kFit : kernel;
  int i = 0;
  for (; i + kRows <= kernel; i += kRows)
    sum_products<kernel, kRows>(s, x + i * x_columns * kBlock, x_columns, dy, out_rows,
                                gradient + i * kernel * kBlock);
  for (; i < kernel; ++i)
    sum_products<kernel, 1>(s, x + i * x_columns * kBlock, x_columns, dy, out_rows,
                            gradient + i * kernel * kBlock);
}

void weight_gradient(const DepthwiseShape& s, const float* x, const float* dy, float* gradient,
                     float* scratch) {
  for (Index i = 0; i < s.packed_size(); ++i) gradient[i] = 0;
  const Index columns = (s.out_width() - 1) * s.stride + s.kernel;
  const Index step = rows_at_once(s.out_height(), s.stride, s.kernel, columns);
  float* slopes = scratch + ((step - 1) * s.stride + s.kernel) * columns * kBlock;
  for (Index n = 0; n < s.images; ++n) {
    for (Index block = 0; block < s.blocks(); ++block) {
      const Source source =
          block_of(x + n * s.height * s.width * s.channels, s.height, s.width, s.channels, block);
      const Source gradient_source = block_of(dy + n * s.out_height() * s.out_width() * s.channels,
                                              s.out_height(), s.out_width(), s.channels, block);
      float* sums = gradient + block * s.kernel * s.kernel * kBlock;
      for (Index row = 0; row < s.out_height(); row += step) {
        const Index rows = smaller(step, s.out_height() - row);
        load_band(source,
                  {row * s.stride - s.kernel / 2, (rows - 1) * s.stride + s.kernel, -(s.kernel / 2),
                   columns},
                  scratch);
        load_band(gradient_source, {row, rows, 0, s.out_width()}, slopes);
        if (s.kernel == 3) sum_all_products<3>(s, scratch, columns, slopes, rows, sums);
        if (s.kernel == 5) sum_all_products<5>(s, scratch, columns, slopes, rows, sums);
        if (s.kernel == 7) sum_all_products<7>(s, scratch, columns, slopes, rows, sums);
      }
    }
  }
}

}  // namespace
}  // namespace enas4d
