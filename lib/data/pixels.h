// From bytes as they lie in the files (plane after plane) to normalised floats in channels-last
// order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "formats/image_set.h"

namespace enas4d {

/// (byte / 255 - mean) / deviation of every byte and channel.
class PixelTable {
 public:
  PixelTable(const std::vector<double>& mean, const std::vector<double>& deviation);
  const float* channel(int index) const { return values_[static_cast<std::size_t>(index)].data(); }

 private:
  std::vector<std::array<float, 256>> values_;
};

/// Which window of an image is taken, of the image's own size. Outside the image lie black pixels
/// (byte 0).
struct Window {
  int down = 0, right = 0;  ///< offset of the window's corner from the image's
  bool mirrored = false;    ///< left-right, after the crop
};

/// Writes one window (H x W x C floats) of image `index`.
void write_window(const ImageSet& images, std::int32_t index, const PixelTable& table,
                  const Window& window, float* out);

struct PixelStatistics {
  std::vector<double> mean, deviation;
};

/// Per channel, of byte / 255 over the images `indices`. A channel that is the same everywhere has
/// deviation 1.
PixelStatistics pixel_statistics(const ImageSet& images, const std::vector<std::int32_t>& indices);

}  // namespace enas4d
