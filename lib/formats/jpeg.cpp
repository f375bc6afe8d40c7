// JPEG by libjpeg-turbo. Chosen by measurement (600 aerial photographs of 256 x 256 pixels, one
// core of an AMD EPYC): it decodes 3,600 images/s, or 3,200 to 5/8 of their size and 4,900 to half;
// OpenCV's imdecode, which stands on the same library, 3,800, halves and quarters only, and brings
// dozens of libraries with it.
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it
#include <jerror.h>
#include <jpeglib.h>

#include <fmt/format.h>

#include "formats/image_codecs.h"
#include "util/error.h"

namespace enas4d {
namespace {

/// libjpeg's way out of an error is longjmp, so whoever calls setjmp here keeps all that needs a
/// destructor outside.
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg knows only this
  std::jmp_buf way_out;
  std::array<char, JMSG_LENGTH_MAX> message;
};

[[noreturn]] void leave_jpeg(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  info->err->format_message(info, errors->message.data());
  std::longjmp(errors->way_out, 1);
}

/// libjpeg only warns where it guesses pixels that are not there: such a file is damaged. Harmless
/// are bytes between the parts and an unusual order of them.
void hear_jpeg_message(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM ||
                        code == JWRN_BOGUS_PROGRESSION || code == JWRN_JFIF_MAJOR;
  if (level < 0 && !harmless) leave_jpeg(info);
}

/// Every scan of a progressive file is a pass over the whole image, however few bytes it has: a
/// file of some kilobytes could take hours. Those that programs write have about ten.
constexpr int kMostScans = 200;

void leave_at_many_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMostScans) return;
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  std::snprintf(errors->message.data(), errors->message.size(), "has more than %d scans",
                kMostScans);
  std::longjmp(errors->way_out, 1);
}

class JpegReader {
 public:
  JpegReader(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave_jpeg;
    errors_.manager.emit_message = hear_jpeg_message;
    progress_.progress_monitor = leave_at_many_scans;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  const jpeg_decompress_struct& info() const { return info_; }

  void read_header() {
    if (!try_header()) throw damaged();
  }

  /// Behind read_header().
  Image decode(int eighths) {
    info_.scale_num = static_cast<unsigned>(eighths);
    info_.scale_denom = 8;
    info_.out_color_space = output_colours();
    if (!try_start()) throw damaged();
    Image image(info_.output_components, static_cast<int>(info_.output_height),
                static_cast<int>(info_.output_width));
    if (!try_rows(image)) throw damaged();
    return image;
  }

 private:
  J_COLOR_SPACE output_colours() const {
    if (info_.num_components == 1) return JCS_GRAYSCALE;
    return info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
  }

  bool try_header() {
    if (setjmp(errors_.way_out) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  bool try_start() {
    if (setjmp(errors_.way_out) != 0) return false;
    jpeg_start_decompress(&info_);
    return true;
  }

  bool try_rows(Image& image) {
    if (setjmp(errors_.way_out) != 0) return false;
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = image.pixels.data() + info_.output_scanline * image.row_bytes();
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  Error damaged() const {
    return bad_input(path_, fmt::format("is a damaged JPEG file: {}", errors_.message.data()));
  }

  std::string_view bytes_;
  const std::string& path_;
  jpeg_decompress_struct info_ = {};
  JpegErrors errors_ = {};
  jpeg_progress_mgr progress_ = {};
};

/// Adobe's programs, which write nearly all such files, store the inks inverted.
Image rgb_of_cmyk(const Image& inks, bool inverted) {
  Image result(3, inks.height, inks.width);
  std::uint8_t* out = result.pixels.data();
  const auto light = [&](std::uint8_t ink) { return inverted ? ink : 255 - ink; };
  for (std::size_t i = 0; i < inks.pixels.size(); i += 4) {
    const int black = light(inks.pixels[i + 3]);
    for (std::size_t c = 0; c < 3; ++c) {
      *out++ = static_cast<std::uint8_t>((light(inks.pixels[i + c]) * black + 127) / 255);
    }
  }
  return result;
}

}  // namespace

int jpeg_scale(int height, int width, int short_side) {
  const int shorter = std::min(height, width);
  if (short_side <= 0 || short_side >= shorter) return 8;
  // libjpeg rounds sides up.
  int eighths = 1;
  while ((std::int64_t{shorter} * eighths + 7) / 8 < short_side) ++eighths;
  return eighths;
}

ImageHeader read_jpeg_header(std::string_view bytes, const std::string& path) {
  JpegReader reader(bytes, path);
  reader.read_header();
  return {ImageKind::kJpeg, static_cast<int>(reader.info().image_height),
          static_cast<int>(reader.info().image_width)};
}

Image decode_jpeg(std::string_view bytes, const std::string& path, int short_side) {
  JpegReader reader(bytes, path);
  reader.read_header();
  const jpeg_decompress_struct& info = reader.info();
  const bool inverted = info.saw_Adobe_marker == TRUE;
  Image image = reader.decode(jpeg_scale(static_cast<int>(info.image_height),
                                         static_cast<int>(info.image_width), short_side));
  return image.channels == 4 ? rgb_of_cmyk(image, inverted) : image;
}

}  // namespace enas4d
