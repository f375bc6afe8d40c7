// One image as bytes: looked at where it lies, or owned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace enas4d {

/// Pixels that lie elsewhere, plane after plane or pixel after pixel: byte (y, x, c) is at
/// y * row_step + x * pixel_step + c * channel_step.
struct ImageView {
  const std::uint8_t* pixels = nullptr;
  int channels = 0, height = 0, width = 0;
  std::ptrdiff_t row_step = 0, pixel_step = 0, channel_step = 0;
};

inline ImageView planar_view(const std::uint8_t* pixels, int channels, int height, int width) {
  return {pixels, channels, height, width, width, 1, std::ptrdiff_t{height} * width};
}

inline ImageView interleaved_view(const std::uint8_t* pixels, int channels, int height, int width) {
  return {pixels, channels, height, width, std::ptrdiff_t{width} * channels, channels, 1};
}

/// H x W x C bytes: row after row, pixel after pixel.
struct Image {
  int channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  Image(int channel_count, int rows, int columns)
      : channels(channel_count),
        height(rows),
        width(columns),
        pixels(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) *
               static_cast<std::size_t>(channel_count)) {}

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  }
  ImageView view() const { return interleaved_view(pixels.data(), channels, height, width); }
};

}  // namespace enas4d
