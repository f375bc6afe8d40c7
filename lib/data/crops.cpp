#include "data/crops.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace enas4d {
namespace {

/// Weights of ITU-R BT.601.
float grey_value(const float* pixel, int channels) {
  if (channels != 3) return *pixel;
  return 0.299F * pixel[0] + 0.587F * pixel[1] + 0.114F * pixel[2];
}

float byte_range(float value) {
  return std::min(255.0F, std::max(0.0F, value));
}

/// value = around + factor * (value - around) of every value.
void scale_values(float* values, std::ptrdiff_t count, float factor, float around) {
  std::transform(values, values + count, values,
                 [&](float value) { return byte_range(around + factor * (value - around)); });
}

float mean_grey(const float* values, std::ptrdiff_t count, int channels) {
  double sum = 0;
  for (std::ptrdiff_t i = 0; i < count; i += channels) {
    sum += static_cast<double>(grey_value(values + i, channels));
  }
  return static_cast<float>(sum / static_cast<double>(count / channels));
}

/// In torchvision's order of ColorJitter's arguments, so that nothing depends on chance twice.
void change_colours(const Colours& colours, int channels, float* values, std::ptrdiff_t count) {
  if (colours.brightness != 1) {
    scale_values(values, count, static_cast<float>(colours.brightness), 0);
  }
  if (colours.contrast != 1) {
    scale_values(values, count, static_cast<float>(colours.contrast),
                 mean_grey(values, count, channels));
  }
  if (colours.saturation == 1 || channels != 3) return;
  for (std::ptrdiff_t i = 0; i < count; i += 3) {
    scale_values(values + i, 3, static_cast<float>(colours.saturation),
                 grey_value(values + i, channels));
  }
}

void mirror(float* values, Extent extent, int channels) {
  const std::ptrdiff_t row = std::ptrdiff_t{extent.width} * channels;
  for (int y = 0; y < extent.height; ++y, values += row) {
    float* left = values;
    float* right = values + row - channels;
    for (; left < right; left += channels, right -= channels) {
      std::swap_ranges(left, left + channels, right);
    }
  }
}

/// Where a crop is neither resized nor recoloured and begins on whole pixels.
std::optional<Window> window_of(const Crop& crop, Extent extent) {
  const Box& box = crop.box;
  const Colours& colours = crop.colours;
  const bool is_plain = box.height == extent.height && box.width == extent.width &&
                        box.top == std::floor(box.top) && box.left == std::floor(box.left) &&
                        colours.brightness == 1 && colours.contrast == 1 && colours.saturation == 1;
  if (!is_plain) return std::nullopt;
  return Window{static_cast<int>(box.top), static_cast<int>(box.left), crop.mirrored};
}

}  // namespace

void write_crop(const ImageView& image, const Crop& crop, Extent extent, const PixelTable& table,
                float* out) {
  if (const auto window = window_of(crop, extent)) {
    return write_window(image, table, *window, extent, out);
  }
  const std::ptrdiff_t count = std::ptrdiff_t{extent.height} * extent.width * image.channels;
  resample(image, crop.box, extent.height, extent.width, out);
  change_colours(crop.colours, image.channels, out, count);
  if (crop.mirrored) mirror(out, extent, image.channels);
  table.normalise(out, count);
}

}  // namespace enas4d
