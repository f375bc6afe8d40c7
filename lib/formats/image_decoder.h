// From the bytes of a JPEG, PNG or PPM file to pixels. The kind is told by the content: files often
// carry another one's name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/image.h"

namespace enas4d {

/// More pixels than this are refused: a small file can promise any number of them.
constexpr std::int64_t kMostImagePixels = 100'000'000;

enum class ImageKind { kJpeg, kPng, kPnm };

/// What the first bytes of a file say.
struct ImageHeader {
  ImageKind kind = ImageKind::kJpeg;
  int height = 0, width = 0;  ///< as stored
};

struct DecodeOptions {
  int channels = 3;  ///< 3: red, green, blue; 1: grey. Files of the other sort are converted
  /// JPEG files are decoded to no more than what leaves their shorter side at least this long
  /// (libjpeg-turbo's scaled decoding); 0 = whole.
  int short_side = 0;
};

/// Throws Error (bad input) "path: ..." for what is empty, of no known kind, damaged at its
/// beginning or too large.
ImageHeader read_image_header(std::string_view bytes, const std::string& path);

/// Bytes of memory that decoding takes at most.
std::uint64_t decoding_memory(const ImageHeader& header, const DecodeOptions& options);

/// Decodes the whole file, upright by its EXIF orientation. 16 bits become 8, palettes colours,
/// CMYK red, green and blue; what is transparent turns white. Throws Error (bad input) for a
/// damaged or truncated file.
Image decode_image(std::string_view bytes, const std::string& path, const DecodeOptions& options);

}  // namespace enas4d
