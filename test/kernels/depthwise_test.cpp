#include "kernels/depthwise.h"

#include "kernels/kernel_support.h"
#include "support/catch.h"

namespace enas4d {
namespace {

constexpr double kDepthwiseEqual = 1e-5;

/// The three results of a depthwise layer as its definition says them, in double.
struct PlainDepthwise {
  std::vector<double> y, x_gradient, weight_gradient;
};

struct DepthwiseCase {
  DepthwiseShape shape;
  std::vector<float> x, weight, y_gradient;
  std::vector<float> scale, shift;  ///< empty: x is read as it is
  Activation activation;

  DepthwiseStart start() const {
    if (scale.empty()) return {};
    return {{scale.data(), shift.data()}, activation};
  }
  /// What the layer reads for the `i`th number of x.
  double input(std::size_t i) const {
    const auto value = static_cast<double>(x[i]);
    if (scale.empty()) return value;
    const std::size_t c = i % scale.size();
    return activated(activation,
                     value * static_cast<double>(scale[c]) + static_cast<double>(shift[c]));
  }
};

DepthwiseCase case_of(const DepthwiseShape& s, Rng& rng) {
  return {s,
          random_floats(rng, s.images * s.height * s.width * s.channels),
          random_floats(rng, s.channels * s.kernel * s.kernel),
          random_floats(rng, s.images * s.out_height() * s.out_width() * s.channels),
          {},
          {},
          Activation::kLinear};
}

DepthwiseCase random_case(Rng& rng) {
  const std::int64_t kernels[] = {3, 5, 7};
  return case_of({1 + rng.below(3), 1 + rng.below(12), 1 + rng.below(12), 1 + rng.below(40),
                  kernels[rng.below(3)], 1 + rng.below(2)},
                 rng);
}

/// Visits every product of the layer: places in x, weight and y.
template <class Visit>
void for_each_product(const DepthwiseShape& s, Visit&& visit) {
  std::size_t y = 0;
  for (std::int64_t n = 0; n < s.images; ++n)
    for (std::int64_t row = 0; row < s.out_height(); ++row)
      for (std::int64_t column = 0; column < s.out_width(); ++column)
        for (std::int64_t c = 0; c < s.channels; ++c, ++y)
          for (std::int64_t k = 0; k < s.kernel * s.kernel; ++k) {
            const std::int64_t h = row * s.stride + k / s.kernel - s.kernel / 2;
            const std::int64_t w = column * s.stride + k % s.kernel - s.kernel / 2;
            if (h < 0 || h >= s.height || w < 0 || w >= s.width) continue;
            const std::int64_t x = ((n * s.height + h) * s.width + w) * s.channels + c;
            visit(static_cast<std::size_t>(x),
                  static_cast<std::size_t>(c * s.kernel * s.kernel + k), y);
          }
}

PlainDepthwise plain(const DepthwiseCase& c) {
  PlainDepthwise result;
  result.y.resize(c.y_gradient.size());
  result.x_gradient.resize(c.x.size());
  result.weight_gradient.resize(c.weight.size());
  for_each_product(c.shape, [&](std::size_t x, std::size_t w, std::size_t y) {
    const auto of = [](float value) { return static_cast<double>(value); };
    result.y[y] += c.input(x) * of(c.weight[w]);
    result.x_gradient[x] += of(c.y_gradient[y]) * of(c.weight[w]);
    result.weight_gradient[w] += of(c.y_gradient[y]) * c.input(x);
  });
  return result;
}

std::vector<float> packed(const DepthwiseCase& c,
                          void (*pack)(const DepthwiseShape&, const float*, float*)) {
  std::vector<float> result(static_cast<std::size_t>(c.shape.packed_size()));
  pack(c.shape, c.weight.data(), result.data());
  return result;
}

std::vector<float> run_forward(InstructionSet set, const DepthwiseCase& c,
                               const DepthwiseFinish& finish = {}) {
  std::vector<float> y = unwritten(c.y_gradient.size());
  depthwise_forward(set, c.shape, c.x.data(), c.start(), packed(c, pack_depthwise).data(), finish,
                    y.data());
  return y;
}

/// All three results agree with their definitions on every instruction set.
void check_all(const DepthwiseCase& c) {
  const PlainDepthwise expected = plain(c);
  const DepthwiseShape& s = c.shape;
  CAPTURE(s.images, s.height, s.width, s.channels, s.kernel, s.stride);
  for (const InstructionSet set : available_instruction_sets()) {
    CAPTURE(static_cast<int>(set));
    CHECK(distance(expected.y, run_forward(set, c)) < kDepthwiseEqual);
    std::vector<float> x_gradient = unwritten(c.x.size());
    std::vector<float> gradient(static_cast<std::size_t>(s.packed_size()));
    depthwise_backward(set, s, c.x.data(), c.start(), c.y_gradient.data(),
                       packed(c, pack_depthwise_turned).data(),
                       {x_gradient.data(), gradient.data()});
    CHECK(distance(expected.x_gradient, x_gradient) < kDepthwiseEqual);
    std::vector<float> weight_gradient = unwritten(c.weight.size());
    unpack_depthwise_gradient(s, gradient.data(), weight_gradient.data());
    CHECK(distance(expected.weight_gradient, weight_gradient) < kDepthwiseEqual);
  }
}

TEST_CASE("depthwise convolution and both gradients are what their definition says", "[kernels]") {
  Rng rng(1);
  for (int i = 0; i < 40; ++i) check_all(random_case(rng));
}

TEST_CASE("an image too large for one band of rows is convolved in several", "[kernels]") {
  Rng rng(2);
  for (const std::int64_t stride : {1, 2}) {
    check_all(case_of({1, 130, 150, 5, 5, stride}, rng));
    check_all(case_of({1, 9, 1400, 2, 3, stride}, rng));  // the least rows at a time
  }
}

TEST_CASE("several bands hold several blocks of channels of several images", "[kernels]") {
  Rng rng(4);
  for (const std::int64_t kernel : {3, 5, 7})
    for (const std::int64_t stride : {1, 2})
      check_all(case_of({2, 33, 41, 40, kernel, stride}, rng));
}

TEST_CASE("images may be smaller than the kernel, down to one pixel", "[kernels]") {
  Rng rng(5);
  for (const std::int64_t kernel : {3, 5, 7})
    for (const std::int64_t stride : {1, 2})
      for (const std::int64_t channels : {1, 3, 4, 7, 8, 12, 15, 16, 17, 24, 29, 33})
        check_all(case_of({2, 1 + rng.below(4), 1 + rng.below(4), channels, kernel, stride}, rng));
}

TEST_CASE("a norm and its activation come before the convolution, and not in its padding",
          "[kernels]") {
  Rng rng(6);
  for (const Activation activation : kActivations)
    for (int i = 0; i < 10; ++i) {
      DepthwiseCase c = random_case(rng);
      c.scale = random_floats(rng, c.shape.channels);
      c.shift = random_floats(rng, c.shape.channels);
      c.activation = activation;
      check_all(c);
    }
}

TEST_CASE("bias and activation follow the convolution before it is stored", "[kernels]") {
  Rng rng(3);
  const DepthwiseCase c = random_case(rng);
  const auto bias = random_floats(rng, c.shape.channels);
  for (const InstructionSet set : available_instruction_sets()) {
    for (const Activation activation : kActivations) {
      std::vector<double> expected = plain(c).y;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const float b = bias[i % static_cast<std::size_t>(c.shape.channels)];
        expected[i] = activated(activation, expected[i] + static_cast<double>(b));
      }
      CHECK(distance(expected, run_forward(set, c, {bias.data(), activation})) < kDepthwiseEqual);
    }
  }
}

}  // namespace
}  // namespace enas4d
