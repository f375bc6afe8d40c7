#include "formats/exif.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace enas4d {
namespace {

/// A TIFF structure, in the byte order it names. Reads beyond the end give 0.
class TiffReader {
 public:
  explicit TiffReader(std::string_view bytes)
      : bytes_(bytes), little_endian_(bytes.substr(0, 2) == "II") {}

  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = little_endian_ ? at + size - 1 - i : at + i;
      value = value << 8 | static_cast<std::uint8_t>(bytes_[place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_endian_;
};

int tiff_orientation(std::string_view bytes) {
  constexpr std::uint32_t kOrientationTag = 0x0112;
  constexpr std::size_t kEntryBytes = 12;
  const TiffReader tiff(bytes);
  if (tiff.number(2, 2) != 42) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (tiff.number(entry, 2) != kOrientationTag) continue;
    const auto value = static_cast<int>(tiff.number(entry + 8, 2));
    return 1 <= value && value <= 8 ? value : 1;
  }
  return 1;
}

Image transposed(const Image& image) {
  Image result(image.channels, image.width, image.height);
  const auto channels = static_cast<std::size_t>(image.channels);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const std::size_t from =
          static_cast<std::size_t>(y) * image.row_bytes() + static_cast<std::size_t>(x) * channels;
      const std::size_t to =
          static_cast<std::size_t>(x) * result.row_bytes() + static_cast<std::size_t>(y) * channels;
      std::copy_n(&image.pixels[from], channels, &result.pixels[to]);
    }
  }
  return result;
}

void mirror_columns(Image& image) {
  const std::ptrdiff_t channels = image.channels;
  for (int y = 0; y < image.height; ++y) {
    std::uint8_t* left = image.pixels.data() + static_cast<std::size_t>(y) * image.row_bytes();
    std::uint8_t* right = left + (image.width - 1) * channels;
    for (; left < right; left += channels, right -= channels) {
      std::swap_ranges(left, left + channels, right);
    }
  }
}

void mirror_rows(Image& image) {
  const auto row = static_cast<std::ptrdiff_t>(image.row_bytes());
  std::uint8_t* top = image.pixels.data();
  std::uint8_t* bottom = top + (image.height - 1) * row;
  for (; top < bottom; top += row, bottom -= row) std::swap_ranges(top, top + row, bottom);
}

}  // namespace

int exif_orientation(std::string_view jpeg) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(jpeg[at]); };
  std::size_t at = 2;  // behind the first marker, FFD8
  while (at + 4 <= jpeg.size() && byte(at) == 0xff) {
    const int marker = byte(at + 1);
    const std::size_t size = static_cast<std::size_t>(byte(at + 2)) << 8 | byte(at + 3);
    constexpr int kStartOfScan = 0xda, kApp1 = 0xe1;
    if (marker == kStartOfScan || size < 2) break;
    const std::string_view content = jpeg.substr(at + 4, size - 2);
    if (marker == kApp1 && content.substr(0, kExif.size()) == kExif) {
      return tiff_orientation(content.substr(kExif.size()));
    }
    at += 2 + size;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation >= 5) image = transposed(image);
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  if (from_right) mirror_columns(image);
  if (from_below) mirror_rows(image);
  return image;
}

}  // namespace enas4d
