#include "formats/resample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace enas4d {
namespace {

/// Along one side: which pixels each result is made of, and with which weights.
class Filter {
 public:
  struct Taps {
    int first = 0, count = 0;
    const float* weights = nullptr;
  };

  Filter(int size, double start, double length, int results) {
    const double scale = length / results;
    const double support = std::max(1.0, scale);
    for (int i = 0; i < results; ++i) {
      const double middle = mirror_into(start + (i + 0.5) * scale, size);
      const int first = static_cast<int>(std::max(0.0, std::floor(middle - support + 0.5)));
      const int last = static_cast<int>(std::min<double>(size, std::floor(middle + support + 0.5)));
      firsts_.push_back(first);
      offsets_.push_back(weights_.size());
      add_weights(first, last, middle, support);
    }
    offsets_.push_back(weights_.size());
  }

  Taps taps(int result) const {
    const auto i = static_cast<std::size_t>(result);
    return {firsts_[i], static_cast<int>(offsets_[i + 1] - offsets_[i]),
            weights_.data() + offsets_[i]};
  }

  /// All pixels that any result is made of: [first, second).
  std::pair<int, int> range() const {
    int last = 0;
    for (std::size_t i = 0; i < firsts_.size(); ++i) {
      last = std::max(last, firsts_[i] + static_cast<int>(offsets_[i + 1] - offsets_[i]));
    }
    return {*std::min_element(firsts_.begin(), firsts_.end()), last};
  }

 private:
  void add_weights(int first, int last, double middle, double support) {
    const std::size_t begin = weights_.size();
    double sum = 0;
    for (int j = first; j < last; ++j) {
      const double weight = std::max(0.0, 1 - std::abs(j + 0.5 - middle) / support);
      weights_.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (std::size_t k = begin; k < weights_.size(); ++k) {
      weights_[k] /= static_cast<float>(sum);
    }
  }

  std::vector<int> firsts_;
  std::vector<std::size_t> offsets_;
  std::vector<float> weights_;
};

/// sums[k] += weight * row[k] of the columns [first, last), pixel after pixel.
void add_row(const ImageView& image, int row, std::pair<int, int> columns, float weight,
             float* sums) {
  const std::uint8_t* pixel =
      image.pixels + row * image.row_step + std::ptrdiff_t{columns.first} * image.pixel_step;
  const bool interleaved = image.channel_step == 1 && image.pixel_step == image.channels;
  if (interleaved) {
    const std::ptrdiff_t count = std::ptrdiff_t{columns.second - columns.first} * image.channels;
#pragma omp simd
    for (std::ptrdiff_t k = 0; k < count; ++k) sums[k] += weight * static_cast<float>(pixel[k]);
    return;
  }
  for (int x = columns.first; x < columns.second; ++x, pixel += image.pixel_step) {
    for (int c = 0; c < image.channels; ++c, ++sums) {
      *sums += weight * static_cast<float>(pixel[c * image.channel_step]);
    }
  }
}

/// `row` holds pixels from column `offset` on.
template <std::size_t kChannels>
void write_result_row(const Filter& filter, const float* row, int offset, int width, float* out) {
  constexpr auto kStep = static_cast<std::ptrdiff_t>(kChannels);
  for (int x = 0; x < width; ++x, out += kStep) {
    const Filter::Taps taps = filter.taps(x);
    std::array<float, kChannels> sums = {};
    const float* pixel = row + (taps.first - offset) * kStep;
    for (int k = 0; k < taps.count; ++k, pixel += kStep) {
      for (std::size_t c = 0; c < kChannels; ++c) sums[c] += taps.weights[k] * pixel[c];
    }
    std::copy(sums.begin(), sums.end(), out);
  }
}

void write_result_row(const Filter& filter, const float* row, int offset, const ImageView& image,
                      int width, float* out) {
  if (image.channels == 3) return write_result_row<3>(filter, row, offset, width, out);
  if (image.channels == 1) return write_result_row<1>(filter, row, offset, width, out);
  std::fill_n(out, std::ptrdiff_t{width} * image.channels, 0.0F);
  for (int x = 0; x < width; ++x, out += image.channels) {
    const Filter::Taps taps = filter.taps(x);
    const float* pixel = row + std::ptrdiff_t{taps.first - offset} * image.channels;
    for (int k = 0; k < taps.count; ++k) {
      for (int c = 0; c < image.channels; ++c) out[c] += taps.weights[k] * *pixel++;
    }
  }
}

}  // namespace

double mirror_into(double position, double size) {
  const double within_pair = std::fmod(std::abs(position), 2 * size);
  return std::min(within_pair, 2 * size - within_pair);
}

void resample(const ImageView& image, const Box& box, int height, int width, float* out) {
  const Filter vertical(image.height, box.top, box.height, height);
  const Filter horizontal(image.width, box.left, box.width, width);
  // Rows first: they lie in a line, so that this, the larger part, goes several bytes at a time.
  const std::pair<int, int> columns = horizontal.range();
  std::vector<float> row(static_cast<std::size_t>(columns.second - columns.first) *
                         static_cast<std::size_t>(image.channels));
  for (int y = 0; y < height; ++y, out += std::ptrdiff_t{width} * image.channels) {
    const Filter::Taps taps = vertical.taps(y);
    std::fill(row.begin(), row.end(), 0.0F);
    for (int k = 0; k < taps.count; ++k) {
      add_row(image, taps.first + k, columns, taps.weights[k], row.data());
    }
    write_result_row(horizontal, row.data(), columns.first, image, width, out);
  }
}

Image resample(const ImageView& image, const Box& box, int height, int width) {
  Image result(image.channels, height, width);
  std::vector<float> values(result.pixels.size());
  resample(image, box, height, width, values.data());
  std::transform(values.begin(), values.end(), result.pixels.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::min(255.0F, value + 0.5F));
  });
  return result;
}

}  // namespace enas4d
