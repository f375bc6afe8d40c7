// The batch-norm loops for one instruction set. They are bound by memory, and walk it in order:
// a strip of channels at a time, its constants and sums in registers, took twice as long.
#pragma once

#include "kernels/code.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

constexpr Index kRunPixels = 512;     ///< summed in float before the sum goes on in double
constexpr Index kSumChannels = 1024;  ///< whose sums are made at once

/// Two sums over pixels for each of some channels.
struct Sums {
  float first[kSumChannels], second[kSumChannels];
};

/// Calls `add(strip, pixel, channel, sums)`, which adds to a strip's sums, for all pixels and
/// channels; the sums in double of each channel go to `first` and `second`.
template <class Add>
inline void sum_pixels(const NormShape& shape, double* first, double* second, Add&& add) {
  for (Index c = 0; c < shape.channels; ++c) first[c] = second[c] = 0;
  Sums sums;
  for (Index from = 0; from < shape.channels; from += kSumChannels) {
    const Index to = from + kSumChannels < shape.channels ? from + kSumChannels : shape.channels;
    for (Index begin = 0; begin < shape.pixels; begin += kRunPixels) {
      const Index end = begin + kRunPixels < shape.pixels ? begin + kRunPixels : shape.pixels;
      for (Index i = 0; i < to - from; ++i) sums.first[i] = sums.second[i] = 0;
      for (Index p = begin; p < end; ++p)
        for_each_strip<1>(from, to, [&](auto strip, Index c) {
          add(strip, p, c, sums.first + (c - from), sums.second + (c - from));
        });
      for (Index c = from; c < to; ++c) {
        first[c] += static_cast<double>(sums.first[c - from]);
        second[c] += static_cast<double>(sums.second[c - from]);
      }
    }
  }
}

template <class V>
inline void add_to(float* sum, const V& more) {
  V value;
  load(sum, value);
  value += more;
  store(value, sum);
}

void norm_sums_code(const NormShape& shape, const float* x, const float* centre_of, double* sum_of,
                    double* square_sum_of) {
  sum_pixels(shape, sum_of, square_sum_of,
             [&](auto strip, Index p, Index c, float* sum, float* square_sum) {
               typename decltype(strip)::Vector value, centre;
               load(x + p * shape.channels + c, value);
               load(centre_of + c, centre);
               value -= centre;
               add_to(sum, value);
               add_to(square_sum, value * value);
             });
}

void norm_activate_code(const NormShape& shape, const float* x, const NormLine& line,
                        Activation activation, float* y) {
  with_activation(activation, [&](auto constant) {
    for (Index p = 0; p < shape.pixels; ++p, x += shape.channels, y += shape.channels)
      for_each_strip<1>(0, shape.channels, [&](auto strip, Index c) {
        typename decltype(strip)::Vector value, scale, shift;
        load(x + c, value);
        load(line.scale + c, scale);
        load(line.shift + c, shift);
        value = value * scale + shift;
        apply<decltype(constant)::kValue>(value);
        store(value, y + c);
      });
  });
}

void norm_gradient_sums_code(const NormShape& shape, const float* x, const float* dy,
                             const NormLine& line, const float* mean, Activation activation,
                             double* sum_of, double* product_sum_of) {
  with_activation(activation, [&](auto constant) {
    sum_pixels(shape, sum_of, product_sum_of,
               [&](auto strip, Index p, Index c, float* sum, float* product_sum) {
                 typename decltype(strip)::Vector value, g, scale, shift, centre;
                 load(x + p * shape.channels + c, value);
                 load(dy + p * shape.channels + c, g);
                 load(line.scale + c, scale);
                 load(line.shift + c, shift);
                 load(mean + c, centre);
                 multiply_slope<decltype(constant)::kValue>(value * scale + shift, g);
                 add_to(sum, g);
                 add_to(product_sum, g * (value - centre));
               });
  });
}

void norm_input_gradient_code(const NormShape& shape, const float* x, const float* dy,
                              const NormLine& line, const NormGradientLine& statistics,
                              Activation activation, float* dx) {
  with_activation(activation, [&](auto constant) {
    for (Index p = 0; p < shape.pixels;
         ++p, x += shape.channels, dy += shape.channels, dx += shape.channels)
      for_each_strip<1>(0, shape.channels, [&](auto strip, Index c) {
        typename decltype(strip)::Vector value, g, scale, shift, mean, offset, slope;
        load(x + c, value);
        load(dy + c, g);
        load(line.scale + c, scale);
        load(line.shift + c, shift);
        load(statistics.mean + c, mean);
        load(statistics.offset + c, offset);
        load(statistics.slope + c, slope);
        multiply_slope<decltype(constant)::kValue>(value * scale + shift, g);
        g = scale * (g - offset - slope * (value - mean));
        store(g, dx + c);
      });
  });
}

}  // namespace
}  // namespace enas4d
