// From bytes to normalised floats in channels-last order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/augmentation.h"
#include "formats/image_set.h"

namespace enas4d {

/// (byte / 255 - mean) / deviation of every byte and channel.
class PixelTable {
 public:
  PixelTable(const std::vector<double>& mean, const std::vector<double>& deviation);
  const float* channel(int index) const { return values_[static_cast<std::size_t>(index)].data(); }

  /// The same of `count` values from 0 to 255, pixel after pixel, which need not be whole.
  void normalise(float* values, std::ptrdiff_t count) const;

 private:
  std::vector<std::array<float, 256>> values_;
  std::vector<float> factors_, shifts_;
};

/// Which window of an image is taken, of the size asked for. Beyond its edges the image goes on
/// mirrored.
struct Window {
  int down = 0, right = 0;  ///< offset of the window's corner from the image's
  bool mirrored = false;    ///< left-right, after the crop
};

/// Writes one window (height x width x channels floats) of an image.
void write_window(const ImageView& image, const PixelTable& table, const Window& window,
                  Extent extent, float* out);

struct PixelStatistics {
  std::vector<double> mean, deviation;
};

/// Per channel, of byte / 255 over the images `indices`; of packed images over 10,000 of them at
/// most, spread evenly. A channel that is the same everywhere has deviation 1.
PixelStatistics pixel_statistics(const ImageSet& images, const std::vector<std::int32_t>& indices);

}  // namespace enas4d
