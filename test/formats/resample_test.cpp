#include "formats/resample.h"

#include <array>
#include <cmath>

#include "support/catch.h"
#include "support/image_files.h"

namespace enas4d {
namespace {

std::vector<float> resampled(const ImageView& image, const Box& box, int height, int width) {
  std::vector<float> out(static_cast<std::size_t>(height * width * image.channels), -1.0F);
  resample(image, box, height, width, out.data());
  return out;
}

}  // namespace

TEST_CASE("a part of the size asked for is copied", "[formats][resample]") {
  const auto channels = GENERATE(1, 2, 3, 4);
  const Image image = noise_image(channels, 12, 15);
  const Image part = resample(image.view(), {3, 4, 5, 6}, 5, 6);
  bool all_equal = true;
  for (std::size_t y = 0; y < 5; ++y) {
    const auto row =
        image.pixels.begin() + static_cast<std::ptrdiff_t>((y + 3) * image.row_bytes() +
                                                           4 * static_cast<std::size_t>(channels));
    all_equal = all_equal &&
                std::equal(row, row + 6 * channels,
                           part.pixels.begin() + static_cast<std::ptrdiff_t>(y * part.row_bytes()));
  }
  CHECK(all_equal);
}

TEST_CASE("resizing leaves a constant image constant, whatever part is taken",
          "[formats][resample]") {
  Image image(3, 20, 30);
  std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{77});
  const auto side = GENERATE(1, 3, 8, 20, 64);
  Rng rng(5, {static_cast<std::uint64_t>(side)});
  for (int i = 0; i < 20; ++i) {
    Box box;
    box.height = 1 + 19 * rng.uniform();
    box.width = 1 + 29 * rng.uniform();
    box.top = (20 - box.height) * rng.uniform();
    box.left = (30 - box.width) * rng.uniform();
    for (const float value : resampled(image.view(), box, side, side)) {
      REQUIRE(std::abs(value - 77) < 1e-3F);
    }
  }
}

TEST_CASE("planes and pixels in a row give the same", "[formats][resample]") {
  const Image image = noise_image(3, 11, 14);
  std::vector<std::uint8_t> planes;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = c; i < image.pixels.size(); i += 3) planes.push_back(image.pixels[i]);
  }
  const Box box = {1.5, 2.25, 8, 9};
  CHECK(resampled(image.view(), box, 6, 7) ==
        resampled(planar_view(planes.data(), 3, 11, 14), box, 6, 7));
}

TEST_CASE("positions beyond the edges are mirrored into the image", "[formats][resample]") {
  const auto [position, expected] = GENERATE(
      table<double, double>({{0.5, 0.5}, {-0.5, 0.5}, {-2, 2}, {3, 3}, {3.5, 2.5}, {6.25, 0.25}}));
  CAPTURE(position);
  CHECK(mirror_into(position, 3) == expected);
  CHECK(mirror_into(position + 6, 3) == expected);
  CHECK(mirror_into(position - 12, 3) == expected);
}

TEST_CASE("beyond its edges an image goes on mirrored, and again where it ends",
          "[formats][resample]") {
  const Image image = noise_image(1, 3, 3);
  constexpr std::array<int, 9> kSeen = {2, 1, 0, 0, 1, 2, 2, 1, 0};  // from column and row -3 on
  const std::vector<float> out = resampled(image.view(), {-3, -3, 9, 9}, 9, 9);
  for (std::size_t y = 0; y < 9; ++y) {
    for (std::size_t x = 0; x < 9; ++x) {
      CHECK(out[9 * y + x] ==
            static_cast<float>(image.pixels[static_cast<std::size_t>(3 * kSeen[y] + kSeen[x])]));
    }
  }
}

TEST_CASE("shrinking takes every pixel into account", "[formats][resample]") {
  Image image(1, 12, 12);
  image.pixels[6 * 12 + 6] = 255;
  double sum = 0;
  for (const float value : resampled(image.view(), whole_box(image.view()), 3, 3)) {
    sum += static_cast<double>(value);
  }
  CHECK(sum > 10);  // plain bilinear resizing would miss it
}

TEST_CASE("resizing keeps the order of brightness along a ramp", "[formats][resample]") {
  const Image ramp = smooth_image(3, 4, 100);
  const auto width = GENERATE(7, 33, 100, 250);
  const std::vector<float> out = resampled(ramp.view(), whole_box(ramp.view()), 1, width);
  for (std::size_t x = 3; x < out.size(); x += 3) REQUIRE(out[x + 2] >= out[x - 1]);
}

}  // namespace enas4d
