#include "kernels/norm.h"

#include "kernels/kernel_support.h"
#include "support/catch.h"

namespace enas4d {
namespace {

constexpr double kNormEqual = 2e-5;
constexpr double kEpsilon = 1e-5;
constexpr float kFloatEpsilon = 1e-5F;
/// Batch norm with an activation on pixels x channels, in double: y, and the loss sum(y * slopes).
struct PlainNorm {
  std::int64_t pixels, channels;
  std::vector<double> weight, bias, slopes;

  std::vector<double> run(const std::vector<double>& x, Activation activation) const {
    std::vector<double> y(x.size());
    for (std::int64_t c = 0; c < channels; ++c) {
      double mean = 0, square = 0;
      for (std::int64_t p = 0; p < pixels; ++p) mean += x[at(p, c)] / static_cast<double>(pixels);
      for (std::int64_t p = 0; p < pixels; ++p)
        square += (x[at(p, c)] - mean) * (x[at(p, c)] - mean) / static_cast<double>(pixels);
      for (std::int64_t p = 0; p < pixels; ++p) {
        const double normed = (x[at(p, c)] - mean) / std::sqrt(square + kEpsilon);
        y[at(p, c)] = activated(activation, normed * weight[index(c)] + bias[index(c)]);
      }
    }
    return y;
  }
  double loss(const std::vector<double>& x, Activation activation) const {
    const auto y = run(x, activation);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * slopes[i];
    return sum;
  }
  std::size_t at(std::int64_t p, std::int64_t c) const { return index(p * channels + c); }
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
};

std::vector<double> doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

/// The kernels put together as a training step does.
struct KernelNorm {
  InstructionSet set;
  NormShape shape;
  std::vector<float> mean, var, scale, shift;

  KernelNorm(InstructionSet instructions, const PlainNorm& plain, const std::vector<float>& x)
      : set(instructions), shape{plain.pixels, plain.channels} {
    const auto channels = static_cast<std::size_t>(plain.channels);
    for (auto* array : {&mean, &var, &scale, &shift}) array->resize(channels);
    std::vector<double> sum(channels), square_sum(channels);
    norm_sums(set, shape, x.data(), x.data(), sum.data(), square_sum.data());
    const auto pixels = static_cast<double>(shape.pixels);
    for (std::size_t c = 0; c < channels; ++c) {
      const double offset = sum[c] / pixels;
      mean[c] = static_cast<float>(static_cast<double>(x[c]) + offset);
      var[c] = static_cast<float>(square_sum[c] / pixels - offset * offset);
    }
    for (std::size_t c = 0; c < channels; ++c) {
      scale[c] = static_cast<float>(plain.weight[c]) / std::sqrt(var[c] + kFloatEpsilon);
      shift[c] = static_cast<float>(plain.bias[c]) - mean[c] * scale[c];
    }
  }

  std::vector<float> run(const std::vector<float>& x, Activation activation) const {
    std::vector<float> y = unwritten(x.size());
    norm_activate(set, shape, x.data(), {scale.data(), shift.data()}, activation, y.data());
    return y;
  }

  std::vector<float> gradient(const std::vector<float>& x, const std::vector<float>& slopes,
                              Activation activation) const {
    std::vector<double> sum(mean.size()), product(mean.size());
    std::vector<float> offset(mean.size()), slope(mean.size());
    std::vector<float> x_gradient = unwritten(x.size());
    const NormLine line = {scale.data(), shift.data()};
    norm_gradient_sums(set, shape, x.data(), slopes.data(), line, mean.data(), activation,
                       sum.data(), product.data());
    const auto pixels = static_cast<double>(shape.pixels);
    for (std::size_t c = 0; c < mean.size(); ++c) {
      offset[c] = static_cast<float>(sum[c] / pixels);
      slope[c] = static_cast<float>(product[c] / pixels) / (var[c] + kFloatEpsilon);
    }
    norm_input_gradient(set, shape, x.data(), slopes.data(), line,
                        {mean.data(), offset.data(), slope.data()}, activation, x_gradient.data());
    std::vector<float> in_place = slopes;
    norm_input_gradient(set, shape, x.data(), in_place.data(), line,
                        {mean.data(), offset.data(), slope.data()}, activation, in_place.data());
    CHECK(in_place == x_gradient);
    return x_gradient;
  }
};

PlainNorm random_norm(Rng& rng, std::int64_t pixels, std::int64_t channels) {
  PlainNorm norm{pixels, channels, {}, {}, {}};
  norm.weight = doubles(random_floats(rng, channels));
  norm.bias = doubles(random_floats(rng, channels));
  norm.slopes = doubles(random_floats(rng, pixels * channels));
  return norm;
}

std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

TEST_CASE("norm and activation are what their definition says, for any number of channels",
          "[kernels]") {
  Rng rng(1);
  for (int i = 0; i < 20; ++i) {
    const PlainNorm plain = random_norm(rng, 2 + rng.below(1500), 1 + rng.below(100));
    const auto x = random_floats(rng, plain.pixels * plain.channels);
    CAPTURE(plain.pixels, plain.channels);
    for (const InstructionSet set : available_instruction_sets()) {
      const KernelNorm norm(set, plain, x);
      for (const Activation activation : kActivations)
        CHECK(distance(plain.run(doubles(x), activation), norm.run(x, activation)) < kNormEqual);
    }
  }
}

TEST_CASE("more channels than are summed at once are normed as any", "[kernels]") {
  Rng rng(4);
  const PlainNorm plain = random_norm(rng, 600, 1024 + 29);
  const auto x = random_floats(rng, plain.pixels * plain.channels);
  const auto y = plain.run(doubles(x), Activation::kHardSwish);
  for (const InstructionSet set : available_instruction_sets())
    CHECK(distance(y, KernelNorm(set, plain, x).run(x, Activation::kHardSwish)) < kNormEqual);
}

TEST_CASE("sums stay exact where the mean is a thousand deviations", "[kernels]") {
  Rng rng(2);
  std::vector<float> x = random_floats(rng, 4000);
  for (float& value : x) value = 1000 + value;
  double sum = 0, square_sum = 0;
  for (const float value : x) {
    const double offset = static_cast<double>(value) - static_cast<double>(x[0]);
    sum += offset;
    square_sum += offset * offset;
  }
  for (const InstructionSet set : available_instruction_sets()) {
    double kernel_sum = 0, kernel_square_sum = 0;
    norm_sums(set, {4000, 1}, x.data(), x.data(), &kernel_sum, &kernel_square_sum);
    CHECK(kernel_sum == Approx(sum).epsilon(1e-6));
    CHECK(kernel_square_sum == Approx(square_sum).epsilon(1e-6));
  }
}

TEST_CASE("the norm's gradient is the slope of its loss", "[kernels]") {
  Rng rng(3);
  constexpr double kStep = 1e-6;
  const PlainNorm plain = random_norm(rng, 7, 21);
  const auto x = random_floats(rng, plain.pixels * plain.channels);
  for (const Activation activation : kActivations) {
    std::vector<double> expected(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto up = doubles(x), down = doubles(x);
      up[i] += kStep;
      down[i] -= kStep;
      expected[i] = (plain.loss(up, activation) - plain.loss(down, activation)) / (2 * kStep);
    }
    for (const InstructionSet set : available_instruction_sets()) {
      const auto gradient = KernelNorm(set, plain, x).gradient(x, floats(plain.slopes), activation);
      CHECK(distance(expected, gradient) < 1e-4);
    }
  }
}

// By its closed form, which for a few pixels the test above has found to be the slope.
TEST_CASE("the norm's gradient is right over more pixels and channels than a run has",
          "[kernels]") {
  Rng rng(5);
  const PlainNorm plain = random_norm(rng, 1300, 1024 + 29);
  const auto x = random_floats(rng, plain.pixels * plain.channels);
  const auto pixels = static_cast<double>(plain.pixels);
  std::vector<double> expected(x.size());
  for (std::int64_t c = 0; c < plain.channels; ++c) {
    double mean = 0, variance = 0, slope_mean = 0, product_mean = 0;
    const auto of = [&](std::int64_t p) { return static_cast<double>(x[plain.at(p, c)]) - mean; };
    double sum = 0;
    for (std::int64_t p = 0; p < plain.pixels; ++p) sum += of(p) / pixels;
    mean = sum;
    for (std::int64_t p = 0; p < plain.pixels; ++p) {
      variance += of(p) * of(p) / pixels;
      slope_mean += plain.slopes[plain.at(p, c)] / pixels;
      product_mean += plain.slopes[plain.at(p, c)] * of(p) / pixels;
    }
    for (std::int64_t p = 0; p < plain.pixels; ++p) {
      expected[plain.at(p, c)] = plain.weight[PlainNorm::index(c)] /
                                 std::sqrt(variance + kEpsilon) *
                                 (plain.slopes[plain.at(p, c)] - slope_mean -
                                  of(p) * product_mean / (variance + kEpsilon));
    }
  }
  for (const InstructionSet set : available_instruction_sets()) {
    const KernelNorm norm(set, plain, x);
    CHECK(distance(expected, norm.gradient(x, floats(plain.slopes), Activation::kLinear)) < 1e-4);
  }
}

}  // namespace
}  // namespace enas4d
