#include "formats/image_decoder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "formats/exif.h"
#include "formats/image_codecs.h"
#include "util/error.h"

namespace enas4d {
namespace {

bool begins_with(std::string_view bytes, std::string_view start) {
  return bytes.substr(0, start.size()) == start;
}

ImageKind image_kind(std::string_view bytes, const std::string& path) {
  if (bytes.empty()) throw bad_input(path, "is empty");
  if (begins_with(bytes, "\xff\xd8")) return ImageKind::kJpeg;
  if (begins_with(bytes, "\x89PNG")) return ImageKind::kPng;
  const bool is_pnm = bytes.size() > 2 && bytes[0] == 'P' &&
                      (bytes[1] == '2' || bytes[1] == '3' || bytes[1] == '5' || bytes[1] == '6');
  if (is_pnm) return ImageKind::kPnm;
  throw bad_input(path, "is none of JPEG, PNG and PPM");
}

ImageHeader read_header_of(ImageKind kind, std::string_view bytes, const std::string& path) {
  switch (kind) {
    case ImageKind::kJpeg:
      return read_jpeg_header(bytes, path);
    case ImageKind::kPng:
      return read_png_header(bytes, path);
    case ImageKind::kPnm:
      return read_pnm_header(bytes, path);
  }
  return {};
}

Image decode_kind(ImageKind kind, std::string_view bytes, const std::string& path, int short_side) {
  switch (kind) {
    case ImageKind::kJpeg:
      return upright(decode_jpeg(bytes, path, short_side), exif_orientation(bytes));
    case ImageKind::kPng:
      return decode_png(bytes, path);
    case ImageKind::kPnm:
      return decode_pnm(bytes, path);
  }
  return {};
}

/// Weights of ITU-R BT.601, as JPEG's own grey has them.
std::uint8_t grey_of(const std::uint8_t* pixel) {
  return static_cast<std::uint8_t>((299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000);
}

Image with_channels(Image image, int channels) {
  if (image.channels == channels) return image;
  Image result(channels, image.height, image.width);
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = result.pixels.data();
  const std::uint8_t* const end = from + image.pixels.size();
  for (; from != end; from += image.channels, to += channels) {
    std::fill_n(to, channels, channels == 1 ? grey_of(from) : *from);
  }
  return result;
}

}  // namespace

ImageHeader read_image_header(std::string_view bytes, const std::string& path) {
  const ImageHeader header = read_header_of(image_kind(bytes, path), bytes, path);
  if (std::int64_t{header.height} * header.width > kMostImagePixels) {
    throw bad_input(path, fmt::format("has {} x {} pixels, more than the {} that are read",
                                      header.width, header.height, kMostImagePixels));
  }
  return header;
}

std::uint64_t decoding_memory(const ImageHeader& header, const DecodeOptions& options) {
  constexpr std::uint64_t kMostBytes = 4;  // a pixel: CMYK, or colours beside transparency
  // A progressive JPEG file's coefficients are all kept until its last scan: 2 bytes each.
  constexpr std::uint64_t kCoefficientBytes = 8;
  const auto pixels =
      static_cast<std::uint64_t>(header.height) * static_cast<std::uint64_t>(header.width);
  const bool is_jpeg = header.kind == ImageKind::kJpeg;
  const auto scale = static_cast<std::uint64_t>(
      is_jpeg ? jpeg_scale(header.height, header.width, options.short_side) : 8);
  const std::uint64_t decoded = pixels * scale * scale / 64 * kMostBytes;
  return 2 * decoded + (is_jpeg ? pixels * kCoefficientBytes : 0);
}

Image decode_image(std::string_view bytes, const std::string& path, const DecodeOptions& options) {
  const ImageHeader header = read_image_header(bytes, path);
  return with_channels(decode_kind(header.kind, bytes, path, options.short_side), options.channels);
}

}  // namespace enas4d
