// PPM and PGM, binary and plain: "P6 width height maximum", then numbers.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "formats/image_codecs.h"
#include "util/error.h"

namespace enas4d {
namespace {

class PnmReader {
 public:
  PnmReader(std::string_view bytes, const std::string& path)
      : bytes_(bytes), path_(path), kind_(bytes[1]) {
    constexpr int kLongestSide = 1 << 24, kMostMaximum = 65535;
    width_ = number("width", 1, kLongestSide);
    height_ = number("height", 1, kLongestSide);
    maximum_ = number("maximum", 1, kMostMaximum);
    ++at_;  // the one space before binary numbers
  }

  ImageHeader header() const { return {ImageKind::kPnm, height_, width_}; }

  Image decode() {
    const bool is_plain = kind_ == '2' || kind_ == '3';
    const int channels = kind_ == '3' || kind_ == '6' ? 3 : 1;
    require_bytes_of(std::int64_t{channels} * height_ * width_, is_plain);
    Image image(channels, height_, width_);
    for (std::uint8_t& pixel : image.pixels) {
      const int value = is_plain ? number("pixel", 0, maximum_) : binary_number();
      pixel = static_cast<std::uint8_t>((value * 255 + maximum_ / 2) / maximum_);
    }
    return image;
  }

 private:
  Error damaged(const std::string& what) const {
    return bad_input(path_, fmt::format("is a damaged PPM file: {}", what));
  }

  /// Before memory is taken for them.
  void require_bytes_of(std::int64_t numbers, bool is_plain) const {
    const std::int64_t binary = numbers * (maximum_ > 255 ? 2 : 1);
    const std::int64_t plain = 2 * numbers - 1;  // digits with spaces between
    const auto left = static_cast<std::int64_t>(bytes_.size()) - static_cast<std::int64_t>(at_);
    if (left < (is_plain ? plain : binary)) throw damaged("it is cut");
  }

  void skip_space_and_comments() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        at_ = std::min(bytes_.size(), bytes_.find('\n', at_));
      } else if (std::isspace(static_cast<unsigned char>(bytes_[at_])) == 0) {
        return;
      } else {
        ++at_;
      }
    }
  }

  int number(const char* what, int least, int most) {
    skip_space_and_comments();
    std::int64_t value = -1;
    for (; at_ < bytes_.size() && '0' <= bytes_[at_] && bytes_[at_] <= '9'; ++at_) {
      value = std::min<std::int64_t>(std::max<std::int64_t>(value, 0) * 10 + (bytes_[at_] - '0'),
                                     INT32_MAX);
    }
    if (value < 0) throw damaged(fmt::format("its {} is missing", what));
    if (value < least || value > most) {
      throw damaged(fmt::format("its {} must be from {} to {}, got {}", what, least, most, value));
    }
    return static_cast<int>(value);
  }

  int binary_number() {
    int value = 0;
    for (int left = maximum_ > 255 ? 2 : 1; left > 0; --left) {
      value = value << 8 | static_cast<std::uint8_t>(bytes_[at_++]);
    }
    return std::min(value, maximum_);
  }

  std::string_view bytes_;
  const std::string& path_;
  char kind_;
  std::size_t at_ = 2;
  int width_ = 0, height_ = 0, maximum_ = 0;
};

}  // namespace

ImageHeader read_pnm_header(std::string_view bytes, const std::string& path) {
  return PnmReader(bytes, path).header();
}

Image decode_pnm(std::string_view bytes, const std::string& path) {
  return PnmReader(bytes, path).decode();
}

}  // namespace enas4d
