// The matrix product of 1x1 convolutions for one instruction set: a tile of pixels times one or two
// blocks of output channels, whose sums stay in registers through all inputs.
#pragma once

#include "kernels/code.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

constexpr int kTilePixels = kRegisters == 32 ? 12 : (kLanes == 8 ? 6 : 3);
constexpr int kTileBlocks = kRegisters == 32 ? 2 : 1;
static_assert(kMostTilePixels % kTilePixels == 0);
constexpr Index kRunFloats = 8192;  ///< of input and output in a run of pixels

/// Where a tile lies.
struct TilePlace {
  Index pixel, block;
};

template <int pixels, int blocks>
void multiply_tile(const PointwiseShape& shape, const PointwiseInputs& x, const float* packed,
                   const PointwiseFinish& finish, const TilePlace& place, float* y) {
  using Vector = VectorOf<kLanes>::Type;
  constexpr int kVectors = blocks * kChannelBlock / kLanes;
  const Index block_size = shape.in_channels * kChannelBlock;
  const Index first_out = place.block * kChannelBlock;
  float bias[size(blocks * kChannelBlock)];
  for (Index i = 0; i < blocks * kChannelBlock; ++i)
    bias[i] = finish.bias != nullptr && first_out + i < shape.out_channels
                  ? finish.bias[first_out + i]
                  : 0;
  Vector sum[size(pixels)][size(kVectors)];
#pragma GCC unroll 12
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) load(bias + v * kLanes, sum[p][v]);

  const float* w = packed + place.block * block_size;
  for (Index i = 0; i < x.input_count; ++i) {
    const Index channels = x.inputs[i].channels;
    const float* from = x.inputs[i].data + place.pixel * channels;
    for (Index c = 0; c < channels; ++c, w += kChannelBlock) {
      Vector factor[size(kVectors)];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const int lane = v * kLanes;
        load(w + lane / kChannelBlock * block_size + lane % kChannelBlock, factor[v]);
      }
#pragma GCC unroll 12
      for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sum[p][v] += from[p * channels + c] * factor[v];
    }
  }

#pragma GCC unroll 12
  for (int p = 0; p < pixels; ++p) {
    const Index at = (place.pixel + p) * shape.out_channels + first_out;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const Index left = shape.out_channels - first_out - v * kLanes;
      with_activation(finish.activation,
                      [&](auto constant) { apply<decltype(constant)::kValue>(sum[p][v]); });
      float* to = y + at + v * kLanes;
      const float* add = finish.addend == nullptr ? nullptr : finish.addend + at + v * kLanes;
      if (left >= kLanes) {
        Vector more;
        if (add != nullptr) {
          load(add, more);
          sum[p][v] += more;
        }
        store(sum[p][v], to);
      } else {
        float part[kLanes];
        store(sum[p][v], part);
        for_each_strip<1>(0, left, [&](auto strip, Index k) {
          typename decltype(strip)::Vector some, more = {};
          load(part + k, some);
          if (add != nullptr) load(add + k, more);
          some += more;
          store(some, to + k);
        });
      }
    }
  }
}

/// Pixels [first, last).
struct PixelRange {
  Index first, last;
};

/// All tiles of `pixels` pixels that fit between `pixel` and `end`; gives the first pixel left
/// over.
template <int pixels>
Index multiply_rows(const PointwiseShape& shape, const PointwiseInputs& x, const float* packed,
                    const PointwiseFinish& finish, Index pixel, Index end, float* y) {
  const Index blocks = (shape.out_channels + kChannelBlock - 1) / kChannelBlock;
  for (; pixel + pixels <= end; pixel += pixels) {
    Index block = 0;
    for (; block + kTileBlocks <= blocks; block += kTileBlocks)
      multiply_tile<pixels, kTileBlocks>(shape, x, packed, finish, {pixel, block}, y);
    for (; block < blocks; ++block)
      multiply_tile<pixels, 1>(shape, x, packed, finish, {pixel, block}, y);
  }
  return pixel;
}

/// In runs of pixels, which are fetched in the order of memory before tiles jump about in them.
void pointwise_code(const PointwiseShape& shape, const PointwiseInputs& x, const float* packed,
                    const PointwiseFinish& finish, float* y) {
  const Index fit = kRunFloats / (shape.in_channels + shape.out_channels) / kTilePixels;
  const Index run = (fit < 1 ? 1 : fit) * kTilePixels;
  for (Index first = 0; first < shape.pixels; first += run) {
    const Index end = first + run < shape.pixels ? first + run : shape.pixels;
    for (Index i = 0; i < x.input_count; ++i)
      fetch(x.inputs[i].data + first * x.inputs[i].channels, (end - first) * x.inputs[i].channels);
    fetch_to_write(y + first * shape.out_channels, (end - first) * shape.out_channels);
    Index pixel = multiply_rows<kTilePixels>(shape, x, packed, finish, first, end, y);
    if constexpr (kTilePixels > 8)
      pixel = multiply_rows<8>(shape, x, packed, finish, pixel, end, y);
    if constexpr (kTilePixels > 4)
      pixel = multiply_rows<4>(shape, x, packed, finish, pixel, end, y);
    if constexpr (kTilePixels > 2)
      pixel = multiply_rows<2>(shape, x, packed, finish, pixel, end, y);
    multiply_rows<1>(shape, x, packed, finish, pixel, end, y);
  }
}

/// `outs` rows of the gradient in one strip of columns.
template <class S, int outs>
inline void add_products(const PointwiseShape& shape, const float* x, const float* dy,
                         const PixelRange& range, const PointwiseGradient& gradient) {
  using V = typename S::Vector;
  V sum[size(outs)][S::kCount];
#pragma GCC unroll 12
  for (int o = 0; o < outs; ++o) load_strip(gradient.data + o * gradient.pitch, sum[o]);
  x += range.first * shape.in_channels;
  dy += range.first * shape.out_channels;
  for (Index p = range.first; p < range.last; ++p) {
    V value[S::kCount];
    load_strip(x, value);
#pragma GCC unroll 12
    for (int o = 0; o < outs; ++o)
#pragma GCC unroll 4
      for (Count v = 0; v < S::kCount; ++v) sum[o][v] += dy[o] * value[v];
    x += shape.in_channels;
    dy += shape.out_channels;
  }
#pragma GCC unroll 12
  for (int o = 0; o < outs; ++o)
#pragma GCC unroll 4
    for (Count v = 0; v < S::kCount; ++v)
      store(sum[o][v], gradient.data + o * gradient.pitch + v * lanes_of<V>());
}

template <int outs>
Index add_rows(const PointwiseShape& shape, const float* x, const float* dy,
               const PixelRange& range, const PointwiseGradient& gradient, Index out) {
  for (; out + outs <= shape.out_channels; out += outs)
    for_each_strip<size(kTileBlocks * kChannelBlock / kLanes)>(
        0, shape.in_channels, [&](auto strip, Index c) {
          add_products<decltype(strip), outs>(
              shape, x + c, dy + out, range,
              {gradient.data + out * gradient.pitch + c, gradient.pitch});
        });
  return out;
}

/// In runs of pixels, over which all tiles of the gradient pass.
void pointwise_weight_gradient_code(const PointwiseShape& shape, const float* x, const float* dy,
                                    const PointwiseGradient& gradient) {
  const Index run = pointwise_gradient_run(shape.in_channels, shape.out_channels);
  for (Index first = 0; first < shape.pixels; first += run) {
    const PixelRange range = {first, first + run < shape.pixels ? first + run : shape.pixels};
    fetch(x + first * shape.in_channels, (range.last - first) * shape.in_channels);
    fetch(dy + first * shape.out_channels, (range.last - first) * shape.out_channels);
    Index out = add_rows<kTilePixels>(shape, x, dy, range, gradient, 0);
    if constexpr (kTilePixels > 8) out = add_rows<8>(shape, x, dy, range, gradient, out);
    if constexpr (kTilePixels > 4) out = add_rows<4>(shape, x, dy, range, gradient, out);
    if constexpr (kTilePixels > 2) out = add_rows<2>(shape, x, dy, range, gradient, out);
    add_rows<1>(shape, x, dy, range, gradient, out);
  }
}

}  // namespace
}  // namespace enas4d
