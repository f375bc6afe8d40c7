#include "data/pixels.h"

#include <cassert>
#include <cmath>

namespace enas4d {
namespace {

constexpr std::size_t kByteValues = 256;

std::size_t plane_bytes(const ImageSet& images) {
  return static_cast<std::size_t>(images.height) * static_cast<std::size_t>(images.width);
}

const std::uint8_t* first_pixel(const ImageSet& images, std::int32_t index) {
  assert(index >= 0 && static_cast<std::size_t>(index) < images.size());
  return images.pixels.data() + static_cast<std::size_t>(index) * images.image_bytes();
}

/// One row of one channel; `row` is null above and below the image.
void write_row(const std::uint8_t* row, const ImageSet& images, const float* values,
               const Window& window, float* out) {
  const int width = images.width;
  const int first = window.mirrored ? width - 1 + window.right : window.right;
  const int step = window.mirrored ? -1 : 1;
  for (int x = 0, column = first; x < width; ++x, column += step, out += images.channels) {
    const bool inside = row != nullptr && column >= 0 && column < width;
    *out = values[inside ? row[column] : 0];
  }
}

}  // namespace

PixelTable::PixelTable(const std::vector<double>& mean, const std::vector<double>& deviation)
    : values_(mean.size()) {
  for (std::size_t c = 0; c < mean.size(); ++c) {
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
      const double value = static_cast<double>(byte) / 255.0;
      values_[c][byte] = static_cast<float>((value - mean[c]) / deviation[c]);
    }
  }
}

void write_window(const ImageSet& images, std::int32_t index, const PixelTable& table,
                  const Window& window, float* out) {
  const std::uint8_t* plane = first_pixel(images, index);
  const std::ptrdiff_t width = images.width;
  for (int c = 0; c < images.channels; ++c, plane += plane_bytes(images)) {
    for (int y = 0; y < images.height; ++y) {
      const int source = y + window.down;
      const bool inside = source >= 0 && source < images.height;
      write_row(inside ? plane + source * width : nullptr, images, table.channel(c), window,
                out + y * width * images.channels + c);
    }
  }
}

PixelStatistics pixel_statistics(const ImageSet& images, const std::vector<std::int32_t>& indices) {
  // Whole-number sums: the result depends on neither order nor machine.
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(images.channels));
  std::vector<std::uint64_t> square_sums(sums.size());
  for (const std::int32_t index : indices) {
    const std::uint8_t* pixel = first_pixel(images, index);
    for (std::size_t c = 0; c < sums.size(); ++c) {
      for (std::size_t i = 0; i < plane_bytes(images); ++i, ++pixel) {
        const std::uint64_t value = *pixel;
        sums[c] += value;
        square_sums[c] += value * value;
      }
    }
  }

  PixelStatistics statistics;
  const double count = static_cast<double>(indices.size() * plane_bytes(images));
  for (std::size_t c = 0; c < sums.size(); ++c) {
    const double mean = static_cast<double>(sums[c]) / count;
    const double variance = static_cast<double>(square_sums[c]) / count - mean * mean;
    statistics.mean.push_back(mean / 255.0);
    statistics.deviation.push_back(variance > 1e-9 ? std::sqrt(variance) / 255.0 : 1.0);
  }
  return statistics;
}

}  // namespace enas4d
