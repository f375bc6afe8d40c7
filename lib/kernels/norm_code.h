// The batch-norm loops for one instruction set: a strip of channels at a time, its sums in
// registers.
#pragma once

#include "kernels/code.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

constexpr Index kRunPixels = 512;  ///< summed in float before the sum goes on in double

/// Adds what float sums hold to sums in double, and clears them.
template <class V, Count count>
inline void flush(V (&sum)[count], double* total) {
  float part[count * lanes_of<V>()];
  for (Count v = 0; v < count; ++v) {
    store(sum[v], part + v * lanes_of<V>());
    sum[v] = sum[v] - sum[v];
  }
  for (Count i = 0; i < count * lanes_of<V>(); ++i) total[i] += static_cast<double>(part[i]);
}

void norm_sums_code(const NormShape& shape, const float* x, const float* centre_of, double* sum_of,
                    double* square_sum_of) {
  for_each_strip<4>(0, shape.channels, [&](auto strip, Index c) {
    using S = decltype(strip);
    using V = typename S::Vector;
    double total[S::kWidth] = {}, square_total[S::kWidth] = {};
    V centre[S::kCount], sum[S::kCount], square[S::kCount];
    load_strip(centre_of + c, centre);
#pragma GCC unroll 4
    for (Count v = 0; v < S::kCount; ++v) sum[v] = square[v] = centre[v] - centre[v];
    for (Index begin = 0; begin < shape.pixels; begin += kRunPixels) {
      const Index end = begin + kRunPixels < shape.pixels ? begin + kRunPixels : shape.pixels;
      const float* pixel = x + begin * shape.channels + c;
      for (Index p = begin; p < end; ++p, pixel += shape.channels) {
        V value[S::kCount];
        load_strip(pixel, value);
#pragma GCC unroll 4
        for (Count v = 0; v < S::kCount; ++v) {
          value[v] -= centre[v];
          sum[v] += value[v];
          square[v] += value[v] * value[v];
        }
      }
      flush(sum, total);
      flush(square, square_total);
    }
    for (Count i = 0; i < S::kWidth; ++i) {
      (sum_of + c)[i] = total[i];
      (square_sum_of + c)[i] = square_total[i];
    }
  });
}

void norm_activate_code(const NormShape& shape, const float* x, const NormLine& line,
                        Activation activation, float* y) {
  with_activation(activation, [&](auto constant) {
    for_each_strip<4>(0, shape.channels, [&](auto strip, Index c) {
      using S = decltype(strip);
      using V = typename S::Vector;
      V scale[S::kCount], shift[S::kCount];
      load_strip(line.scale + c, scale);
      load_strip(line.shift + c, shift);
      const float* from = x + c;
      float* to = y + c;
      for (Index p = 0; p < shape.pixels; ++p, from += shape.channels, to += shape.channels) {
        V value[S::kCount];
        load_strip(from, value);
#pragma GCC unroll 4
        for (Count v = 0; v < S::kCount; ++v) {
          value[v] = value[v] * scale[v] + shift[v];
          apply<decltype(constant)::kValue>(value[v]);
          store(value[v], to + v * lanes_of<V>());
        }
      }
    });
  });
}

void norm_gradient_sums_code(const NormShape& shape, const float* x, const float* dy,
                             const NormLine& line, const float* mean, Activation activation,
                             double* sum_of, double* product_sum_of) {
  with_activation(activation, [&](auto constant) {
    for_each_strip<4>(0, shape.channels, [&](auto strip, Index c) {
      using S = decltype(strip);
      using V = typename S::Vector;
      double total[S::kWidth] = {}, product_total[S::kWidth] = {};
      V scale[S::kCount], shift[S::kCount], centre[S::kCount], sum[S::kCount], product[S::kCount];
      load_strip(line.scale + c, scale);
      load_strip(line.shift + c, shift);
      load_strip(mean + c, centre);
#pragma GCC unroll 4
      for (Count v = 0; v < S::kCount; ++v) sum[v] = product[v] = scale[v] - scale[v];
      for (Index begin = 0; begin < shape.pixels; begin += kRunPixels) {
        const Index end = begin + kRunPixels < shape.pixels ? begin + kRunPixels : shape.pixels;
        const float* from = x + begin * shape.channels + c;
        const float* slope = dy + begin * shape.channels + c;
        for (Index p = begin; p < end; ++p, from += shape.channels, slope += shape.channels) {
          V value[S::kCount], g[S::kCount];
          load_strip(from, value);
          load_strip(slope, g);
#pragma GCC unroll 4
          for (Count v = 0; v < S::kCount; ++v) {
            const V z = value[v] * scale[v] + shift[v];
            multiply_slope<decltype(constant)::kValue>(z, g[v]);
            sum[v] += g[v];
            product[v] += g[v] * (value[v] - centre[v]);
          }
        }
        flush(sum, total);
        flush(product, product_total);
      }
      for (Count i = 0; i < S::kWidth; ++i) {
        (sum_of + c)[i] = total[i];
        (product_sum_of + c)[i] = product_total[i];
      }
    });
  });
}

void norm_input_gradient_code(const NormShape& shape, const float* x, const float* dy,
                              const NormLine& line, const NormGradientLine& statistics,
                              Activation activation, float* dx) {
  with_activation(activation, [&](auto constant) {
    for_each_strip<4>(0, shape.channels, [&](auto strip, Index c) {
      using S = decltype(strip);
      using V = typename S::Vector;
      V scale[S::kCount], shift[S::kCount], mean[S::kCount], offset[S::kCount], slope[S::kCount];
      load_strip(line.scale + c, scale);
      load_strip(line.shift + c, shift);
      load_strip(statistics.mean + c, mean);
      load_strip(statistics.offset + c, offset);
      load_strip(statistics.slope + c, slope);
      for (Index p = 0; p < shape.pixels; ++p) {
        const Index at = p * shape.channels + c;
        V value[S::kCount], g[S::kCount];
        load_strip(x + at, value);
        load_strip(dy + at, g);
#pragma GCC unroll 4
        for (Count v = 0; v < S::kCount; ++v) {
          const V z = value[v] * scale[v] + shift[v];
          multiply_slope<decltype(constant)::kValue>(z, g[v]);
          g[v] = scale[v] * (g[v] - offset[v] - slope[v] * (value[v] - mean[v]));
          store(g[v], dx + at + v * lanes_of<V>());
        }
      }
    });
  });
}

}  // namespace
}  // namespace enas4d
