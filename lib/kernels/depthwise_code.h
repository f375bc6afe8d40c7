// The depthwise loops for one instruction set. Rows of an image are copied, with their padding,
// into bands of 16 channels, one a block; every output is then a dot product whose sums stay in
// registers, and goes to a band of its own. So memory is walked in its order: a block of channels
// alone lies a line here and a line there, and took half as long again.
#pragma once

#include "kernels/code.h"
#include "kernels/depthwise_bands.h"
#include "kernels/depthwise_copies.h"
#include "kernels/half_kernel.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

/// A grid of outputs in a band.
struct Target {
  float* data;
  Index rows, columns;
  Index row_pitch, column_pitch;  ///< floats
  float bias[kBlock];
};

/// A band and how outputs step through it.
struct Band {
  const float* data;
  Index columns;      ///< of the band
  Index kernel_rows;  ///< rows of the kernel
};

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
      store(sum[t], to + t * target.column_pitch + part);
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

inline Image image_of(const DepthwiseShape& s, const float* x, Index n) {
  return {x + n * s.height * s.width * s.channels, s.height, s.width, s.channels};
}

/// What `rows` of output from `row` on read of the input.
inline Window window_of(const DepthwiseShape& s, const DepthwiseBands& bands, Index row,
                        Index rows) {
  return {row * s.stride - s.kernel / 2, (rows - 1) * s.stride + s.kernel, -(s.kernel / 2),
          bands.columns};
}

/// Bands of `rows` of output from those of the input's window.
void make_rows(const DepthwiseShape& s, const float* inputs, const Window& window,
               const float* packed, const DepthwiseFinish& finish, Index rows, float* outputs) {
  const Index pixels = rows * s.out_width();
  for_each_block(s.channels, [&](Index block, Index count) {
    Target target = {
        outputs + block * pixels * kBlock, rows, s.out_width(), s.out_width() * kBlock, kBlock, {}};
    for (Index i = 0; finish.bias != nullptr && i < count; ++i)
      target.bias[i] = finish.bias[block * kBlock + i];
    const Band band = {inputs + block * window.rows * window.columns * kBlock, window.columns,
                       s.kernel};
    with_activation(finish.activation, [&](auto activation) {
      correlate<decltype(activation)::kValue>(
          band, s.kernel, s.stride, packed + block * s.kernel * s.kernel * kBlock, target);
    });
  });
}

void forward(const DepthwiseShape& s, const float* x, const DepthwiseStart& start,
             const float* packed, const DepthwiseFinish& finish, float* y, float* scratch) {
  const DepthwiseBands bands = depthwise_bands(s);
  float* outputs = scratch + bands.floats;
  for (Index n = 0; n < s.images; ++n) {
    const Image image = image_of(s, x, n);
    for (Index row = 0; row < s.out_height(); row += bands.step) {
      const Index rows = smaller(bands.step, s.out_height() - row);
      const Window window = window_of(s, bands, row, rows);
      load_bands(image, window, start, scratch);
      make_rows(s, scratch, window, packed, finish, rows, outputs);
      store_bands(outputs, rows * s.out_width(), s.channels,
                  y + (n * s.out_height() + row) * s.out_width() * s.channels);
    }
  }
}

/// The gradients of four kinds of input pixels, by odd and even rows and columns, each met by a
/// kernel of its own.
void correlate_by_2(const DepthwiseShape& s, const Window& window, const float* band,
                    const float* weight, Index height, float* to) {
  for (Index odd_row = 0; odd_row < 2; ++odd_row) {
    const HalfKernel v = half_kernel(s.kernel, odd_row);
    for (Index odd_column = 0; odd_column < 2; ++odd_column) {
      const HalfKernel h = half_kernel(s.kernel, odd_column);
      const Target target = {to + (odd_row * s.width + odd_column) * kBlock,
                             (height - odd_row + 1) / 2,
                             (s.width - odd_column + 1) / 2,
                             2 * s.width * kBlock,
                             2 * kBlock,
                             {}};
      const Index skipped = (kMostBefore - v.before) * window.columns + kMostBefore - h.before;
      correlate<Activation::kLinear>({band + skipped * kBlock, window.columns, v.size}, h.size, 1,
                                     weight, target);
      weight += v.size * h.size * kBlock;
    }
  }
}

void input_gradient_by_2(const DepthwiseShape& s, const float* dy, const float* turned, float* dx,
                         float* scratch) {
  const DepthwiseBands bands = depthwise_bands_by_2(s);
  float* outputs = scratch + bands.floats;
  for (Index n = 0; n < s.images; ++n) {
    const Image image = {dy + n * s.out_height() * s.out_width() * s.channels, s.out_height(),
                         s.out_width(), s.channels};
    for (Index row = 0; row < s.out_height(); row += bands.step) {
      const Index rows = smaller(bands.step, s.out_height() - row);
      const Index height = smaller(2 * rows, s.height - 2 * row);
      const Window window = {row - kMostBefore, rows + kMostBefore + kMostAfter, -kMostBefore,
                             bands.columns};
      load_bands(image, window, scratch);
      for_each_block(s.channels, [&](Index block, Index) {
        correlate_by_2(s, window, scratch + block * window.rows * window.columns * kBlock,
                       turned + block * s.kernel * s.kernel * kBlock, height,
                       outputs + block * height * s.width * kBlock);
      });
      store_bands(outputs, height * s.width, s.channels,
                  dx + (n * s.height + 2 * row) * s.width * s.channels);
    }
  }
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

/// Adds to a packed gradient what a step's bands of x and, as `out_rows` of outputs, of dy make.
void add_weight_gradient(const DepthwiseShape& s, const float* x, const Window& window,
                         const float* dy, Index out_rows, float* gradient) {
  for_each_block(s.channels, [&](Index block, Index) {
    const float* band = x + block * window.rows * window.columns * kBlock;
    const float* d = dy + block * out_rows * s.out_width() * kBlock;
    float* sums = gradient + block * s.kernel * s.kernel * kBlock;
    if (s.kernel == 3) sum_all_products<3>(s, band, window.columns, d, out_rows, sums);
    if (s.kernel == 5) sum_all_products<5>(s, band, window.columns, d, out_rows, sums);
    if (s.kernel == 7) sum_all_products<7>(s, band, window.columns, d, out_rows, sums);
  });
}

void weight_gradient(const DepthwiseShape& s, const float* x, const DepthwiseStart& start,
                     const float* dy, float* gradient, float* scratch) {
  const DepthwiseBands bands = depthwise_bands(s);
  float* slopes = scratch + bands.floats;
  for (Index n = 0; n < s.images; ++n) {
    const Image image = image_of(s, x, n);
    const Image slope = {dy + n * s.out_height() * s.out_width() * s.channels, s.out_height(),
                         s.out_width(), s.channels};
    for (Index row = 0; row < s.out_height(); row += bands.step) {
      const Index rows = smaller(bands.step, s.out_height() - row);
      const Window window = window_of(s, bands, row, rows);
      load_bands(image, window, start, scratch);
      load_bands(slope, {row, rows, 0, s.out_width()}, slopes);
      add_weight_gradient(s, scratch, window, slopes, rows, gradient);
    }
  }
}

/// Under stride 1 x and dy are alike, and so are both gradients: dy's bands with their padding are
/// correlated with the turned kernel for dx, and with x for the gradient of the turned kernel.
void backward_by_1(const DepthwiseShape& s, const float* x, const DepthwiseStart& start,
                   const float* dy, const float* turned, const DepthwiseGradients& gradients,
                   float* scratch) {
  const DepthwiseBands bands = depthwise_bands(s);
  float* outputs = scratch + bands.floats;
  for (Index n = 0; n < s.images; ++n) {
    const Image slopes = image_of(s, dy, n), image = image_of(s, x, n);
    for (Index row = 0; row < s.height; row += bands.step) {
      const Index rows = smaller(bands.step, s.height - row);
      const Window window = window_of(s, bands, row, rows);
      load_bands(slopes, window, scratch);
      make_rows(s, scratch, window, turned, {}, rows, outputs);
      store_bands(outputs, rows * s.width, s.channels,
                  gradients.x + (n * s.height + row) * s.width * s.channels);
      load_bands(image, {row, rows, 0, s.width}, start, outputs);
      add_weight_gradient(s, scratch, window, outputs, rows, gradients.packed);
    }
  }
}

/// Adds to the packed gradient, which is that of the turned kernel under stride 1.
void backward(const DepthwiseShape& s, const float* x, const DepthwiseStart& start, const float* dy,
              const float* turned, const DepthwiseGradients& gradients, float* scratch) {
  if (s.stride == 1) return backward_by_1(s, x, start, dy, turned, gradients, scratch);
  input_gradient_by_2(s, dy, turned, gradients.x, scratch);
  weight_gradient(s, x, start, dy, gradients.packed, scratch);
}

}  // namespace
}  // namespace enas4d
