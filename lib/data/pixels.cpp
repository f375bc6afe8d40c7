#include "data/pixels.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace enas4d {
namespace {

constexpr std::size_t kByteValues = 256;

/// Which pixel is seen at `index` of a side of `size` pixels.
int seen_pixel(int index, int size) {
  return static_cast<int>(mirror_into(index + 0.5, size));
}

struct ChannelSums {
  // Whole-number sums: the result depends on neither order nor machine.
  std::uint64_t sum = 0, square_sum = 0;

  void add(const ImageView& image, int channel) {
    for (int y = 0; y < image.height; ++y) {
      const std::uint8_t* pixel = image.pixels + y * image.row_step + channel * image.channel_step;
      for (int x = 0; x < image.width; ++x, pixel += image.pixel_step) {
        const std::uint64_t value = *pixel;
        sum += value;
        square_sum += value * value;
      }
    }
  }
};

}  // namespace

PixelTable::PixelTable(const std::vector<double>& mean, const std::vector<double>& deviation)
    : values_(mean.size()) {
  for (std::size_t c = 0; c < mean.size(); ++c) {
    for (std::size_t byte = 0; byte < kByteValues; ++byte) {
      const double value = static_cast<double>(byte) / 255.0;
      values_[c][byte] = static_cast<float>((value - mean[c]) / deviation[c]);
    }
    factors_.push_back(static_cast<float>(1 / (255.0 * deviation[c])));
    shifts_.push_back(static_cast<float>(-mean[c] / deviation[c]));
  }
}

void PixelTable::normalise(float* values, std::ptrdiff_t count) const {
  const std::size_t channels = factors_.size();
  for (float* const end = values + count; values != end; values += channels) {
    for (std::size_t c = 0; c < channels; ++c) values[c] = values[c] * factors_[c] + shifts_[c];
  }
}

void write_window(const ImageView& image, const PixelTable& table, const Window& window,
                  Extent extent, float* out) {
  std::vector<std::ptrdiff_t> columns;
  for (int x = 0; x < extent.width; ++x) {
    columns.push_back(seen_pixel(x + window.right, image.width) * image.pixel_step);
  }
  if (window.mirrored) std::reverse(columns.begin(), columns.end());
  for (int y = 0; y < extent.height; ++y) {
    const std::uint8_t* row =
        image.pixels + seen_pixel(y + window.down, image.height) * image.row_step;
    for (int c = 0; c < image.channels; ++c, row += image.channel_step) {
      const float* values = table.channel(c);
      float* result = out + std::ptrdiff_t{y} * extent.width * image.channels + c;
      for (const std::ptrdiff_t column : columns) {
        *result = values[row[column]];
        result += image.channels;
      }
    }
  }
}

PixelStatistics pixel_statistics(const ImageSet& images, const std::vector<std::int32_t>& indices) {
  constexpr std::size_t kPackedImages = 10'000;  // the rest of a pack need not be in memory
  const std::size_t used = images.packed ? std::min(indices.size(), kPackedImages) : indices.size();
  std::vector<ChannelSums> channels(static_cast<std::size_t>(images.channels));
  std::uint64_t pixels = 0;
  for (std::size_t i = 0; i < used; ++i) {
    const std::int32_t index = indices[i * indices.size() / used];
    assert(index >= 0 && static_cast<std::size_t>(index) < images.size());
    const ImageView image = images.image(static_cast<std::size_t>(index));
    for (int c = 0; c < images.channels; ++c) channels[static_cast<std::size_t>(c)].add(image, c);
    pixels += static_cast<std::uint64_t>(image.height) * static_cast<std::uint64_t>(image.width);
  }

  PixelStatistics statistics;
  const auto count = static_cast<double>(pixels);
  for (const ChannelSums& channel : channels) {
    const double mean = static_cast<double>(channel.sum) / count;
    const double variance = static_cast<double>(channel.square_sum) / count - mean * mean;
    statistics.mean.push_back(mean / 255.0);
    statistics.deviation.push_back(variance > 1e-9 ? std::sqrt(variance) / 255.0 : 1.0);
  }
  return statistics;
}

}  // namespace enas4d
