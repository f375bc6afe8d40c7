#include "formats/image_decoder.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <zlib.h>

#include "formats/exif.h"
#include "support/catch.h"
#include "support/image_files.h"
#include "support/peak_memory.h"
#include "util/error.h"

namespace enas4d {
namespace {

Image decoded(const std::string& file, int channels = 3) {
  return decode_image(file, "x", {channels, 0});
}

std::string decoding_message(const std::string& file) {
  try {
    decoded(file);
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kBadInput);
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    return error.what();
  }
  return "";
}

Image as_rgb(const Image& grey) {
  Image image(3, grey.height, grey.width);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = grey.pixels[i / 3];
  return image;
}

/// What (y, x) of the upright image is in the stored one, from EXIF's own words: which sides of the
/// upright image the stored rows and columns begin at.
std::pair<int, int> stored_place(int orientation, int y, int x, int height, int width) {
  switch (orientation) {
    case 2:
      return {y, width - 1 - x};  // row 0 = top, column 0 = right
    case 3:
      return {height - 1 - y, width - 1 - x};  // bottom, right
    case 4:
      return {height - 1 - y, x};  // bottom, left
    case 5:
      return {x, y};  // left, top
    case 6:
      return {width - 1 - x, y};  // right, top
    case 7:
      return {width - 1 - x, height - 1 - y};  // right, bottom
    case 8:
      return {x, height - 1 - y};  // left, bottom
    default:
      return {y, x};
  }
}

}  // namespace

TEST_CASE("PNG and PPM files are decoded exactly", "[formats][images]") {
  const Image image = noise_image(3, 13, 17);
  CHECK(decoded(png_file(image, PNG_FORMAT_RGB)).pixels == image.pixels);
  CHECK(decoded(pnm_file(image)).pixels == image.pixels);
  const Image grey = noise_image(1, 13, 17);
  CHECK(decoded(png_file(grey, PNG_FORMAT_GRAY), 1).pixels == grey.pixels);
  CHECK(decoded(pnm_file(grey), 1).pixels == grey.pixels);
}

TEST_CASE("JPEG files are decoded as nearly as they were written", "[formats][images]") {
  const Image image = smooth_image(3, 40, 56);
  CHECK(difference(decoded(jpeg_file(image)), image) < 2);
  const Image grey = smooth_image(1, 40, 56);
  CHECK(difference(decoded(jpeg_file(grey), 1), grey) < 2);
}

TEST_CASE("grey images become colours and colours grey", "[formats][images]") {
  const Image grey = noise_image(1, 9, 8);
  CHECK(decoded(pnm_file(grey)).pixels == as_rgb(grey).pixels);
  CHECK(decoded(pnm_file(as_rgb(grey)), 1).pixels == grey.pixels);
  const Image green = decoded("P3 1 1 255 0 255 0", 1);
  CHECK(green.pixels == std::vector<std::uint8_t>{150});
}

TEST_CASE("inks become light", "[formats][images]") {
  const Image image = smooth_image(3, 24, 24);
  Image inks(4, 24, 24);  // stored inverted, without black
  for (std::size_t i = 0; i < inks.pixels.size() / 4; ++i) {
    std::copy_n(&image.pixels[3 * i], 3, &inks.pixels[4 * i]);
    inks.pixels[4 * i + 3] = 255;
  }
  CHECK(difference(decoded(jpeg_file(inks)), image) < 3);
  for (std::size_t i = 3; i < inks.pixels.size(); i += 4) inks.pixels[i] = 0;
  CHECK(difference(decoded(jpeg_file(inks)), Image(3, 24, 24)) < 3);
}

TEST_CASE("what is transparent turns white", "[formats][images]") {
  Image image(4, 1, 2);
  image.pixels = {10, 20, 30, 255, 10, 20, 30, 0};
  const Image seen = decoded(png_file(image, PNG_FORMAT_RGBA));
  CHECK(seen.pixels == std::vector<std::uint8_t>{10, 20, 30, 255, 255, 255});
}

TEST_CASE("numbers of PPM files may be text, of 16 bits or of another maximum",
          "[formats][images]") {
  const std::vector<std::uint8_t> expected = {0, 128, 255};
  CHECK(decoded("P2\n# plain\n3 1\n255\n0 128 255\n", 1).pixels == expected);
  CHECK(decoded("P2 3 1 510 0 256 510", 1).pixels == expected);
  CHECK(decoded(std::string("P5 3 1 65535 ") + std::string("\0\0\x80\x80\xff\xff", 6), 1).pixels ==
        expected);
}

TEST_CASE("images are turned as EXIF says", "[formats][images]") {
  const auto orientation = GENERATE(1, 2, 3, 4, 5, 6, 7, 8);
  const std::string byte_order = GENERATE("II", "MM");
  CAPTURE(orientation, byte_order);
  const Image stored = smooth_image(3, 32, 48);
  const std::string file = with_orientation(jpeg_file(stored), orientation, byte_order);
  CHECK(exif_orientation(file) == orientation);
  const Image seen = decoded(file);
  const Image plain = decoded(jpeg_file(stored));
  REQUIRE(seen.height == (orientation >= 5 ? 48 : 32));
  bool all_alike = true;
  for (int y = 0; y < seen.height; ++y) {
    for (int x = 0; x < seen.width; ++x) {
      const auto [row, column] = stored_place(orientation, y, x, seen.height, seen.width);
      const auto place = [](const Image& image, int down, int right) {
        return image.pixels[static_cast<std::size_t>(down) * image.row_bytes() +
                            static_cast<std::size_t>(right) * 3];
      };
      all_alike = all_alike && place(seen, y, x) == place(plain, row, column);
    }
  }
  CHECK(all_alike);
}

TEST_CASE("an orientation that makes no sense is none", "[formats][images]") {
  const std::string file = with_orientation(jpeg_file(smooth_image(3, 8, 8)), 6, "II");
  for (std::size_t size = 0; size < 60; ++size) {
    const int orientation = exif_orientation(std::string_view(file).substr(0, size));
    CHECK((orientation == 1 || orientation == 6));
  }
  CHECK(exif_orientation(with_orientation(jpeg_file(smooth_image(3, 8, 8)), 9, "MM")) == 1);
}

TEST_CASE("JPEG files are decoded to a size near the one asked for, never below",
          "[formats][images]") {
  const Image image = smooth_image(3, 200, 320);
  const auto side = GENERATE(10, 25, 26, 60, 100, 125, 126, 199, 200, 500);
  CAPTURE(side);
  const Image seen = decode_image(jpeg_file(image), "x", {3, side});
  const int least = std::min(side, 200);
  CHECK(seen.height >= least);
  CHECK(seen.height <= least + 25);
  CHECK(std::abs(seen.width - 1.6 * seen.height) <= 1);
  CHECK(std::abs(seen.pixels[0] - image.pixels[0]) < 12);
}

TEST_CASE("files that cannot be decoded are refused in one line", "[formats][images]") {
  const std::string jpeg = jpeg_file(smooth_image(3, 64, 64));
  const std::string png = png_file(noise_image(3, 16, 16), PNG_FORMAT_RGB);
  CHECK(decoding_message("") == "x: is empty");
  CHECK(decoding_message("GIF89a") == "x: is none of JPEG, PNG and PPM");
  CHECK_THAT(decoding_message("\xff\xd8nothing"), Contains("x: is a damaged JPEG file: "));
  CHECK_THAT(decoding_message("\x89PNG nothing"), Contains("x: is a damaged PNG file: "));
  CHECK(decoding_message("P6 2 2 255\nabc") == "x: is a damaged PPM file: it is cut");
  CHECK(decoding_message("P6 2 -2 255\n") == "x: is a damaged PPM file: its height is missing");
  CHECK(decoding_message("P6 2 2 99999\n") ==
        "x: is a damaged PPM file: its maximum must be from 1 to 65535, got 99999");
}

TEST_CASE("a truncated file is refused wherever it ends", "[formats][images]") {
  const Image image = noise_image(3, 48, 48);
  const std::string file =
      GENERATE_COPY(jpeg_file(image), png_file(image, PNG_FORMAT_RGB), pnm_file(image));
  // The last bytes of a PNG file, its end mark, hold no pixels.
  for (std::size_t size = 1; size + 20 < file.size(); size += 97) {
    CAPTURE(size, file.size());
    CHECK(!decoding_message(file.substr(0, size)).empty());
  }
}

TEST_CASE("bytes behind a JPEG image do no harm", "[formats][images]") {
  const std::string file = jpeg_file(smooth_image(3, 16, 16));
  CHECK(decoded(file + "appended by some program").pixels == decoded(file).pixels);
}

TEST_CASE("a JPEG image of more scans than programs write is refused", "[formats][images]") {
  const Image image = smooth_image(1, 16, 16);
  const std::string file = jpeg_file(image, JpegScans::kProgressive);
  CHECK(difference(decoded(file, 1), image) < 2);
  const std::size_t begin = file.find("\xff\xda");
  std::size_t end = begin + 2;  // of the first scan, where the next marker stands
  while (file[end] != '\xff' || file[end + 1] == '\x00') ++end;
  const auto with_scans = [&](int more) {
    std::string longer = file;
    for (int i = 0; i < more; ++i) longer.insert(begin, file, begin, end - begin);
    return longer;
  };
  CHECK(decoded(with_scans(50), 1).pixels == decoded(file, 1).pixels);
  CHECK_THAT(decoding_message(with_scans(300)), Contains("has more than 200 scans"));
}

TEST_CASE("a flipped bit never crashes the decoder", "[formats][images]") {
  const Image image = noise_image(3, 24, 24);
  const std::string file =
      GENERATE_COPY(jpeg_file(image), png_file(image, PNG_FORMAT_RGB), pnm_file(image));
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
    try {
      decoded(changed);
    } catch (const Error& error) {
      REQUIRE(error.status() == ExitStatus::kBadInput);
    }
  }
}

TEST_CASE("images with too many pixels are refused before memory is taken", "[formats][images]") {
  const PeakMemory memory;
  CHECK(decoding_message("P6 200000 200000 255\n") ==
        "x: has 200000 x 200000 pixels, more than the 100000000 that are read");
  std::string png = png_file(noise_image(1, 16, 16), PNG_FORMAT_GRAY);
  png[17] = png[21] = '\x01';  // 65,552 = 0x00010010 on each side
  const auto* header = reinterpret_cast<const Bytef*>(png.data()) + 12;
  const uLong checksum = crc32(0, header, 17);
  for (std::size_t i = 0; i < 4; ++i) png[29 + i] = static_cast<char>(checksum >> (24 - 8 * i));
  CHECK(decoding_message(png) ==
        "x: has 65552 x 65552 pixels, more than the 100000000 that are read");
  CHECK(memory.bytes() < 100'000);
}

TEST_CASE("pixels for which a PNG or PPM file is too short are refused before memory is taken",
          "[formats][images]") {
  std::string png = png_file(smooth_image(1, 900, 900), PNG_FORMAT_GRAY);
  png.resize(80);
  const std::string file = GENERATE_COPY(as<std::string>{}, "P6 9000 9000 255 x",
                                         "P5 9000 9000 65535 x", "P3 9000 9000 255 1 2 3", png);
  const PeakMemory memory;
  CHECK_THAT(decoding_message(file), Contains("file: it is cut"));
  CHECK(memory.bytes() < 100'000);
}

TEST_CASE("decoding whole takes more memory than to a part of the size", "[formats][images]") {
  const ImageHeader header{ImageKind::kPng, 1000, 1000};
  const ImageHeader jpeg{ImageKind::kJpeg, 1000, 1000};
  CHECK(decoding_memory(header, {3, 100}) >= 3'000'000);
  CHECK(decoding_memory(jpeg, {3, 100}) < decoding_memory(jpeg, {3, 0}));
}

}  // namespace enas4d
