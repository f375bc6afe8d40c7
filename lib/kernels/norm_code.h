// The batch-norm loops for one instruction set. They are bound by memory, and walk it in order:
// a strip of channels at a time, its constants and sums in registers, took twice as long.
#pragma once

#include "kernels/code.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

constexpr Index kRunPixels = 512;     ///< summed in float before the sum goes on in double
constexpr Index kSumChannels = 1024;  ///< whose sums are made at once

/// Neighbouring pixels that share the loads of their channels' constants and sums: one after the
/// other, pixels of few channels waited for the sums of the one before.
template <Index count>
struct Pixels {
  static constexpr Index kCount = count;
};

/// Calls `run(pixels, first of them)` for the pixels [first, last).
template <class Run>
inline void for_each_pixels(Index first, Index last, Run&& run) {
  constexpr Index kTogether = 4;
  for (; first + kTogether <= last; first += kTogether) run(Pixels<kTogether>{}, first);
  for (; first < last; ++first) run(Pixels<1>{}, first);
}

/// Two sums over pixels for each of some channels.
struct Sums {
  float first[kSumChannels], second[kSumChannels];
};

template <class V>
inline void add_to(float* sum, const V& more) {
  V value;
  load(sum, value);
  value += more;
  store(value, sum);
}

/// Calls `add(pixels, first pixel, channel, sum, other sum)`, which adds those pixels to vectors of
/// sums, for all pixels and channels; the sums in double of each channel go to `first` and
/// `second`.
template <class Add>
inline void sum_pixels(const NormShape& shape, double* first, double* second, Add&& add) {
  for (Index c = 0; c < shape.channels; ++c) first[c] = second[c] = 0;
  Sums sums;
  for (Index from = 0; from < shape.channels; from += kSumChannels) {
    const Index to = from + kSumChannels < shape.channels ? from + kSumChannels : shape.channels;
    for (Index begin = 0; begin < shape.pixels; begin += kRunPixels) {
      const Index end = begin + kRunPixels < shape.pixels ? begin + kRunPixels : shape.pixels;
      for (Index i = 0; i < to - from; ++i) sums.first[i] = sums.second[i] = 0;
      for_each_pixels(begin, end, [&](auto pixels, Index p) {
        for_each_strip<1>(from, to, [&](auto strip, Index c) {
          typename decltype(strip)::Vector sum = {}, other = {};
          add(pixels, p, c, sum, other);
          add_to(sums.first + (c - from), sum);
          add_to(sums.second + (c - from), other);
        });
      });
      for (Index c = from; c < to; ++c) {
        first[c] += static_cast<double>(sums.first[c - from]);
        second[c] += static_cast<double>(sums.second[c - from]);
      }
    }
  }
}

void norm_sums_code(const NormShape& shape, const float* x, const float* centre_of, double* sum_of,
                    double* square_sum_of) {
  sum_pixels(shape, sum_of, square_sum_of,
             [&](auto pixels, Index p, Index c, auto& sum, auto& square_sum) {
               auto centre = sum;
               load(centre_of + c, centre);
#pragma GCC unroll 4
               for (Index i = 0; i < decltype(pixels)::kCount; ++i) {
                 auto value = sum;
                 load(x + (p + i) * shape.channels + c, value);
                 value -= centre;
                 sum += value;
                 square_sum += value * value;
               }
             });
}

void norm_activate_code(const NormShape& shape, const float* x, const NormLine& line,
                        Activation activation, float* y) {
  with_activation(activation, [&](auto constant) {
    for_each_pixels(0, shape.pixels, [&](auto pixels, Index p) {
      for_each_strip<1>(0, shape.channels, [&](auto strip, Index c) {
        typename decltype(strip)::Vector scale, shift;
        load(line.scale + c, scale);
        load(line.shift + c, shift);
#pragma GCC unroll 4
        for (Index i = 0; i < decltype(pixels)::kCount; ++i) {
          const Index at = (p + i) * shape.channels + c;
          typename decltype(strip)::Vector value;
          load(x + at, value);
          value = value * scale + shift;
          apply<decltype(constant)::kValue>(value);
          store(value, y + at);
        }
      });
    });
  });
}

void norm_gradient_sums_code(const NormShape& shape, const float* x, const float* dy,
                             const NormLine& line, const float* mean, Activation activation,
                             double* sum_of, double* product_sum_of) {
  with_activation(activation, [&](auto constant) {
    sum_pixels(shape, sum_of, product_sum_of,
               [&](auto pixels, Index p, Index c, auto& sum, auto& product_sum) {
                 auto scale = sum, shift = sum, centre = sum;
                 load(line.scale + c, scale);
                 load(line.shift + c, shift);
                 load(mean + c, centre);
#pragma GCC unroll 4
                 for (Index i = 0; i < decltype(pixels)::kCount; ++i) {
                   const Index at = (p + i) * shape.channels + c;
                   auto value = sum, g = sum;
                   load(x + at, value);
                   load(dy + at, g);
                   multiply_slope<decltype(constant)::kValue>(value * scale + shift, g);
                   sum += g;
                   product_sum += g * (value - centre);
                 }
               });
  });
}

void norm_input_gradient_code(const NormShape& shape, const float* x, const float* dy,
                              const NormLine& line, const NormGradientLine& statistics,
                              Activation activation, float* dx) {
  with_activation(activation, [&](auto constant) {
    for_each_pixels(0, shape.pixels, [&](auto pixels, Index p) {
      for_each_strip<1>(0, shape.channels, [&](auto strip, Index c) {
        typename decltype(strip)::Vector scale, shift, mean, offset, slope;
        load(line.scale + c, scale);
        load(line.shift + c, shift);
        load(statistics.mean + c, mean);
        load(statistics.offset + c, offset);
        load(statistics.slope + c, slope);
#pragma GCC unroll 4
        for (Index i = 0; i < decltype(pixels)::kCount; ++i) {
          const Index at = (p + i) * shape.channels + c;
          typename decltype(strip)::Vector value, g;
          load(x + at, value);
          load(dy + at, g);
          multiply_slope<decltype(constant)::kValue>(value * scale + shift, g);
          g = scale * (g - offset - slope * (value - mean));
          store(g, dx + at);
        }
      });
    });
  });
}

}  // namespace
}  // namespace enas4d
