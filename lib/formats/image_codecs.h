// The three decoders behind image_decoder.h. Each gives one or three channels, as the file has
// them, and throws Error (bad input).
#pragma once

#include <string>
#include <string_view>

#include "formats/image_decoder.h"

namespace enas4d {

ImageHeader read_jpeg_header(std::string_view bytes, const std::string& path);
Image decode_jpeg(std::string_view bytes, const std::string& path, int short_side);

ImageHeader read_png_header(std::string_view bytes, const std::string& path);
Image decode_png(std::string_view bytes, const std::string& path);

ImageHeader read_pnm_header(std::string_view bytes, const std::string& path);
Image decode_pnm(std::string_view bytes, const std::string& path);

/// Eighths of its sides at which a JPEG image is decoded.
int jpeg_scale(int height, int width, int short_side);

}  // namespace enas4d
