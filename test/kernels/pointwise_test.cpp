#include "kernels/pointwise.h"

#include <numeric>

#include "kernels/kernel_support.h"
#include "support/catch.h"

namespace enas4d {
namespace {

constexpr double kProductEqual = 1e-5;

/// A layer with several inputs, and what it computes in double.
struct PointwiseCase {
  PointwiseShape shape;
  std::vector<std::vector<float>> inputs;
  std::vector<float> weight, y_gradient;

  explicit PointwiseCase(Rng& rng) : shape{1 + rng.below(60), 0, 1 + rng.below(70)} {
    for (std::uint32_t i = 0; i <= rng.below(3); ++i) add_input(rng, 1 + rng.below(60));
    fill(rng);
  }

  PointwiseCase(Rng& rng, std::int64_t pixels, const std::vector<std::int64_t>& in_channels,
                std::int64_t out_channels)
      : shape{pixels, 0, out_channels} {
    for (const std::int64_t channels : in_channels) add_input(rng, channels);
    fill(rng);
  }

  void add_input(Rng& rng, std::int64_t channels) {
    inputs.push_back(random_floats(rng, shape.pixels * channels));
    shape.in_channels += channels;
  }

  void fill(Rng& rng) {
    weight = random_floats(rng, shape.out_channels * shape.in_channels);
    y_gradient = random_floats(rng, shape.pixels * shape.out_channels);
  }

  std::int64_t channels(std::size_t input) const {
    return static_cast<std::int64_t>(inputs[input].size()) / shape.pixels;
  }

  /// Visits every product: input, places in it, in weight and in y.
  template <class Visit>
  void for_each_product(Visit&& visit) const {
    for (std::int64_t p = 0; p < shape.pixels; ++p)
      for (std::int64_t out = 0; out < shape.out_channels; ++out) {
        std::int64_t column = out * shape.in_channels;
        for (std::size_t i = 0; i < inputs.size(); ++i)
          for (std::int64_t c = 0; c < channels(i); ++c)
            visit(i, static_cast<std::size_t>(p * channels(i) + c),
                  static_cast<std::size_t>(column++),
                  static_cast<std::size_t>(p * shape.out_channels + out));
      }
  }

  std::vector<float> run(InstructionSet set, const PointwiseFinish& finish) const {
    std::vector<float> packed(static_cast<std::size_t>(shape.packed_size()));
    pack_pointwise(shape, {weight.data(), shape.in_channels, 1}, packed.data());
    std::vector<PointwiseInput> x;
    for (std::size_t i = 0; i < inputs.size(); ++i) x.push_back({inputs[i].data(), channels(i)});
    std::vector<float> y = unwritten(y_gradient.size());
    pointwise(set, shape, {x.data(), static_cast<std::int64_t>(x.size())}, packed.data(), finish,
              y.data());
    return y;
  }
};

double product(float a, float b) {
  return static_cast<double>(a) * static_cast<double>(b);
}

/// Forward, alone and with bias, activation and addend.
void check_forward(const PointwiseCase& c, Rng& rng) {
  CAPTURE(c.shape.pixels, c.shape.in_channels, c.shape.out_channels, c.inputs.size());
  const auto bias = random_floats(rng, c.shape.out_channels);
  const auto addend = random_floats(rng, c.shape.pixels * c.shape.out_channels);
  std::vector<double> y(c.y_gradient.size());
  c.for_each_product([&](std::size_t input, std::size_t x, std::size_t w, std::size_t at) {
    y[at] += product(c.inputs[input][x], c.weight[w]);
  });
  std::vector<double> finished(y.size());
  for (std::size_t k = 0; k < y.size(); ++k) {
    const float b = bias[k % bias.size()];
    finished[k] = std::max(0.0, y[k] + static_cast<double>(b)) + static_cast<double>(addend[k]);
  }
  for (const InstructionSet set : available_instruction_sets()) {
    CHECK(distance(y, c.run(set, {})) < kProductEqual);
    CHECK(distance(finished, c.run(set, {bias.data(), Activation::kRelu, addend.data()})) <
          kProductEqual);
  }
}

/// What the kernels add to what is there, input by input.
void check_weight_gradient(const PointwiseCase& c, Rng& rng) {
  CAPTURE(c.shape.pixels, c.shape.in_channels, c.shape.out_channels);
  const auto before = random_floats(rng, static_cast<std::int64_t>(c.weight.size()));
  std::vector<double> expected(before.begin(), before.end());
  c.for_each_product([&](std::size_t input, std::size_t x, std::size_t w, std::size_t at) {
    expected[w] += product(c.y_gradient[at], c.inputs[input][x]);
  });
  for (const InstructionSet set : available_instruction_sets()) {
    std::vector<float> gradient = before;
    std::int64_t column = 0;
    for (std::size_t k = 0; k < c.inputs.size(); column += c.channels(k++)) {
      pointwise_weight_gradient(set, {c.shape.pixels, c.channels(k), c.shape.out_channels},
                                c.inputs[k].data(), c.y_gradient.data(),
                                {gradient.data() + column, c.shape.in_channels});
    }
    CHECK(distance(expected, gradient) < kProductEqual);
  }
}

TEST_CASE("1x1 convolution reads any number of inputs as if they lay side by side", "[kernels]") {
  Rng rng(1);
  for (int i = 0; i < 60; ++i) check_forward(PointwiseCase(rng), rng);
}

TEST_CASE("pixels of many channels are taken in several runs", "[kernels]") {
  Rng rng(4);
  check_forward(PointwiseCase(rng, 30, {400, 400}, 37), rng);
  check_forward(PointwiseCase(rng, 30, {4000, 5000}, 7), rng);  // a tile a run
}

TEST_CASE("a weight's gradient is summed over several runs of pixels", "[kernels]") {
  Rng rng(5);
  check_weight_gradient(PointwiseCase(rng, 700, {61}, 70), rng);
  check_weight_gradient(PointwiseCase(rng, 40, {3000}, 1500), rng);
}

TEST_CASE("the gradient of a 1x1 convolution's input is the product with the transposed weight",
          "[kernels]") {
  Rng rng(2);
  for (int i = 0; i < 20; ++i) {
    const PointwiseCase c(rng);
    std::vector<std::vector<double>> expected(c.inputs.size());
    for (std::size_t k = 0; k < c.inputs.size(); ++k) expected[k].resize(c.inputs[k].size());
    c.for_each_product([&](std::size_t input, std::size_t x, std::size_t w, std::size_t at) {
      expected[input][x] += product(c.y_gradient[at], c.weight[w]);
    });
    std::int64_t column = 0;
    for (std::size_t k = 0; k < c.inputs.size(); column += c.channels(k++)) {
      const PointwiseShape back = {c.shape.pixels, c.shape.out_channels, c.channels(k)};
      std::vector<float> packed(static_cast<std::size_t>(back.packed_size()));
      pack_pointwise(back, {c.weight.data() + column, 1, c.shape.in_channels}, packed.data());
      const PointwiseInput slopes = {c.y_gradient.data(), c.shape.out_channels};
      for (const InstructionSet set : available_instruction_sets()) {
        std::vector<float> gradient = unwritten(c.inputs[k].size());
        pointwise(set, back, {&slopes, 1}, packed.data(), {}, gradient.data());
        CHECK(distance(expected[k], gradient) < kProductEqual);
      }
    }
  }
}

TEST_CASE("the gradient of a 1x1 convolution's weight is added where its columns are",
          "[kernels]") {
  Rng rng(3);
  for (int i = 0; i < 40; ++i) check_weight_gradient(PointwiseCase(rng), rng);
}

}  // namespace
}  // namespace enas4d
