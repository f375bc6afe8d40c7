// Pictures that tests make themselves, and files of them.
#pragma once

#include <cstdint>
#include <cstdio>  // jpeglib.h needs it
#include <cstdlib>
#include <jpeglib.h>
#include <png.h>
#include <stdexcept>
#include <string>

#include "formats/image.h"
#include "util/rng.h"

namespace enas4d {

/// Smooth, so that JPEG keeps it nearly as it is, and nowhere symmetric.
inline Image smooth_image(int channels, int height, int width) {
  Image image(channels, height, width);
  std::uint8_t* out = image.pixels.data();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int down = 120 * y / height, right = 120 * x / width;
        *out++ = static_cast<std::uint8_t>(c == 1 ? 240 - down : (c == 2 ? right : down + right));
      }
    }
  }
  return image;
}

inline Image noise_image(int channels, int height, int width, std::uint64_t seed = 1) {
  Image image(channels, height, width);
  Rng rng(seed);
  for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(rng.below(256));
  return image;
}

/// 1 channel: grey, 3: colours, 4: CMYK as Adobe's programs write it. Quality 95, no subsampling.
enum class JpegScans { kOne, kProgressive };
inline std::string jpeg_file(const Image& image, JpegScans scans = JpegScans::kOne) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<unsigned>(image.height);
  info.image_width = static_cast<unsigned>(image.width);
  info.input_components = image.channels;
  info.in_color_space =
      image.channels == 1 ? JCS_GRAYSCALE : (image.channels == 4 ? JCS_CMYK : JCS_RGB);
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  if (scans == JpegScans::kProgressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row =
        const_cast<std::uint8_t*>(image.pixels.data()) + info.next_scanline * image.row_bytes();
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string file(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return file;
}

/// The same file with an EXIF orientation, in either byte order.
inline std::string with_orientation(const std::string& jpeg, int orientation,
                                    const std::string& byte_order) {
  const bool little = byte_order == "II";
  const auto number = [&](int value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
      const int shift = 8 * (little ? i : bytes - 1 - i);
      text += static_cast<char>(value >> shift & 0xff);
    }
    return text;
  };
  const std::string tiff = byte_order + number(42, 2) + number(8, 4) + number(1, 2) +
                           number(0x0112, 2) + number(3, 2) + number(1, 4) +
                           number(orientation, 2) + number(0, 2) + number(0, 4);
  const std::string content = std::string("Exif\0\0", 6) + tiff;
  const auto size = static_cast<char>(content.size() + 2);
  return jpeg.substr(0, 2) + "\xff\xe1" + std::string(1, '\0') + size + content + jpeg.substr(2);
}

/// 8 bits; `format`: PNG_FORMAT_GRAY, PNG_FORMAT_RGB, PNG_FORMAT_RGBA.
inline std::string png_file(const Image& image, png_uint_32 format) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.height = static_cast<unsigned>(image.height);
  png.width = static_cast<unsigned>(image.width);
  png.format = format;
  png_alloc_size_t size = 0;
  constexpr int kAs8Bit = 0, kNoPadding = 0;
  std::string file;
  for (int round = 0; round < 2; ++round) {  // first the size, then the bytes
    file.resize(size);
    if (!png_image_write_to_memory(&png, round == 0 ? nullptr : file.data(), &size, kAs8Bit,
                                   image.pixels.data(), kNoPadding, nullptr)) {
      throw std::runtime_error(png.message);
    }
  }
  return file;
}

/// Binary PPM or PGM.
inline std::string pnm_file(const Image& image) {
  return std::string(image.channels == 1 ? "P5 " : "P6 ") + std::to_string(image.width) +
         "\n# made by a test\n" + std::to_string(image.height) + " 255\n" +
         std::string(image.pixels.begin(), image.pixels.end());
}

/// Mean absolute difference of two images of one shape, in byte values; 256 if the shapes differ.
inline double difference(const Image& a, const Image& b) {
  if (a.channels != b.channels || a.height != b.height || a.width != b.width) return 256;
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

}  // namespace enas4d
