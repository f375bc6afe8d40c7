// Copies between images and the bands of 16 channels in which the depthwise loops work.
#pragma once

#include "kernels/depthwise.h"
#include "kernels/vectors.h"

namespace enas4d {
namespace {

using Lane = VectorOf<kLanes>::Type;
constexpr Index kBlock = kChannelBlock;

/// An image in memory, or what of it a band holds.
struct Image {
  const float* data;
  Index height, width, channels;
};

/// The pixels [row, row + rows) x [column, column + columns) of an image; zeros outside it.
struct Window {
  Index row, rows, column, columns;
};

inline void clear_blocks(Index count, float* to) {
  const Lane zero = {};
  for (Index i = 0; i < count * kBlock; i += kLanes) store(zero, to + i);
}

/// `count` channels, up to kBlock, through `change(channel, vector)`.
template <class Change>
inline void copy_channels(const float* from, Index count, const Change& change, float* to) {
  for_each_strip<1>(0, count, [&](auto strip, Index c) {
    typename decltype(strip)::Vector value;
    load(from + c, value);
    change(c, value);
    store(value, to + c);
  });
}

struct Unchanged {
  template <class V>
  void operator()(Index, V&) const {}
};

/// Calls `visit(block, count)` for blocks of channels; the last may have fewer.
template <class Visit>
inline void for_each_block(Index channels, Visit&& visit) {
  Index block = 0;
  for (; (block + 1) * kBlock <= channels; ++block) visit(block, kBlock);
  if (block * kBlock < channels) visit(block, channels - block * kBlock);
}

/// Into bands of window.rows x window.columns x kBlock, a block after the other; pixels of the
/// image, and not the zeros around it, through `change(channel, vector)`.
template <class Change>
inline void load_bands(const Image& image, const Window& window, const Change& change,
                       float* bands) {
  const Index band_size = window.rows * window.columns * kBlock;
  const Index left = window.column < 0 ? -window.column : 0;
  const Index end = window.column + window.columns;
  const Index right = end > image.width ? end - image.width : 0;
  // Channels that an image lacks are zero in a band.
  if (image.channels % kBlock != 0)
    clear_blocks(window.rows * window.columns, bands + image.channels / kBlock * band_size);
  for (Index r = 0; r < window.rows; ++r, bands += window.columns * kBlock) {
    const Index row = window.row + r;
    const bool outside = row < 0 || row >= image.height;
    for_each_block(image.channels, [&](Index block, Index) {
      float* band = bands + block * band_size;
      clear_blocks(outside ? window.columns : left, band);
      if (!outside) clear_blocks(right, band + (window.columns - right) * kBlock);
    });
    if (outside) continue;
    const float* from = image.data + (row * image.width + window.column + left) * image.channels;
    for (Index c = left; c < window.columns - right; ++c, from += image.channels)
      for_each_block(image.channels, [&](Index block, Index count) {
        const auto change_block = [&](Index channel, auto& value) {
          change(block * kBlock + channel, value);
        };
        copy_channels(from + block * kBlock, count, change_block,
                      bands + block * band_size + c * kBlock);
      });
  }
}

inline void load_bands(const Image& image, const Window& window, float* bands) {
  load_bands(image, window, Unchanged{}, bands);
}

/// What the layer reads.
inline void load_bands(const Image& image, const Window& window, const DepthwiseStart& start,
                       float* bands) {
  if (start.line.scale == nullptr) return load_bands(image, window, bands);
  with_activation(start.activation, [&](auto constant) {
    const auto change = [&](Index channel, auto& value) {
      auto scale = value, shift = value;
      load(start.line.scale + channel, scale);
      load(start.line.shift + channel, shift);
      value = value * scale + shift;
      apply<decltype(constant)::kValue>(value);
    };
    load_bands(image, window, change, bands);
  });
}

/// From bands of `pixels` x kBlock.
inline void store_bands(const float* bands, Index pixels, Index channels, float* to) {
  for (Index p = 0; p < pixels; ++p, to += channels)
    for_each_block(channels, [&](Index block, Index count) {
      copy_channels(bands + (block * pixels + p) * kBlock, count, Unchanged{}, to + block * kBlock);
    });
}

}  // namespace
}  // namespace enas4d
