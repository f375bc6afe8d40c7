// PNG by libpng's simplified interface, which knows palettes, 16 bits, interlacing and
// transparency.
#include <png.h>

#include <fmt/format.h>

#include "formats/image_codecs.h"
#include "util/error.h"

namespace enas4d {
namespace {

class PngReader {
 public:
  PngReader(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {
    image_.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image_, bytes.data(), bytes.size())) throw damaged();
  }
  ~PngReader() { png_image_free(&image_); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  int height() const { return static_cast<int>(image_.height); }
  int width() const { return static_cast<int>(image_.width); }

  Image decode() {
    if (is_surely_cut()) throw damaged("it is cut");
    const bool coloured = (image_.format & PNG_FORMAT_FLAG_COLOR) != 0;
    image_.format = coloured ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // as cameras and programs write them
    Image result(coloured ? 3 : 1, height(), width());
    const png_color white = {255, 255, 255};
    constexpr int kNoPadding = 0;
    if (!png_image_finish_read(&image_, &white, result.pixels.data(), kNoPadding, nullptr)) {
      throw damaged();
    }
    return result;
  }

 private:
  /// Whether so few bytes cannot hold these pixels, however well they are compressed: told before
  /// memory is taken for them.
  bool is_surely_cut() const {
    constexpr std::uint64_t kMostInflated = 1032;  // that deflate makes of one byte
    const std::uint64_t least_row = std::uint64_t{image_.width} / 8;  // of one bit a pixel
    return image_.height * least_row > kMostInflated * bytes_.size();
  }

  Error damaged() const { return damaged(image_.message); }
  Error damaged(const char* what) const {
    return bad_input(path_, fmt::format("is a damaged PNG file: {}", what));
  }

  std::string_view bytes_;
  const std::string& path_;
  png_image image_ = {};
};

}  // namespace

ImageHeader read_png_header(std::string_view bytes, const std::string& path) {
  const PngReader reader(bytes, path);
  return {ImageKind::kPng, reader.height(), reader.width()};
}

Image decode_png(std::string_view bytes, const std::string& path) {
  return PngReader(bytes, path).decode();
}

}  // namespace enas4d
