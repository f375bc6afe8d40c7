// Our own operations against LibTorch's: results and gradients.
#include <functional>
#include <vector>

#include "nn/depthwise.h"
#include "nn/norm_activation.h"
#include "nn/pointwise.h"
#include "nn/squeeze_excite.h"
#include "support/catch.h"
#include "support/threads.h"
#include "util/rng.h"

namespace enas4d {
namespace {

using Tensors = std::vector<torch::Tensor>;
using Operation = std::function<torch::Tensor(const Tensors&)>;

/// The result and the gradients of all leaves under random slopes of the result.
Tensors run_both_ways(const Operation& operation, const Tensors& values, const Tensors& slopes) {
  Tensors leaves;
  for (const auto& value : values) leaves.push_back(value.detach().clone().set_requires_grad(true));
  Tensors result = {operation(leaves)};
  const auto slope = slopes.empty() ? torch::ones_like(result[0]) : slopes[0];
  for (auto& gradient : torch::autograd::grad({result[0]}, leaves, {slope}))
    result.push_back(gradient);
  result[0] = result[0].detach();
  return result;
}

/// Ours gives what LibTorch gives, forward and backward, on one thread and on three, and the same
/// bits each time.
void check_same(const Operation& ours, const Operation& libtorch, const Tensors& values) {
  const auto shape = run_both_ways(libtorch, values, {})[0];
  const Tensors slopes = {torch::randn_like(shape)};
  const Tensors expected = run_both_ways(libtorch, values, slopes);
  for (const int threads : {1, 3}) {
    const ThreadCount guard(threads);
    const Tensors actual = run_both_ways(ours, values, slopes);
    const Tensors again = run_both_ways(ours, values, slopes);
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      CAPTURE(i, threads);
      REQUIRE(actual[i].sizes() == expected[i].sizes());
      CHECK(actual[i].equal(again[i]));
      const double scale = expected[i].abs().max().item<double>() + 1e-3;
      CHECK((actual[i] - expected[i]).abs().max().item<double>() < 2e-5 * scale);
    }
  }
}

torch::Tensor random_images(Rng& rng, std::int64_t channels, std::int64_t size) {
  return torch::randn({2 + rng.below(5), channels, size, size})
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

TEST_CASE("depthwise layers compute what LibTorch computes", "[nn]") {
  torch::manual_seed(1);
  Rng rng(1);
  for (int i = 0; i < 12; ++i) {
    const std::int64_t channels = 1 + rng.below(40), kernel = 3 + 2 * rng.below(3);
    const std::int64_t stride = 1 + rng.below(2);
    const auto x = random_images(rng, channels, 4 + rng.below(6));
    check_same([&](const Tensors& t) { return depthwise(t[0], t[1], stride); },
               [&](const Tensors& t) {
                 return torch::conv2d(t[0], t[1], {}, stride, kernel / 2, 1, channels);
               },
               {x, torch::randn({channels, 1, kernel, kernel})});
  }
}

TEST_CASE("1x1 layers compute what LibTorch computes from their inputs side by side", "[nn]") {
  torch::manual_seed(2);
  Rng rng(2);
  for (int i = 0; i < 12; ++i) {
    const std::int64_t size = 1 + rng.below(6);
    Tensors values = {random_images(rng, 1 + rng.below(40), size)};
    std::int64_t channels = values[0].size(1);
    for (std::uint32_t k = 0; k < rng.below(3); ++k) {
      values.push_back(torch::randn({values[0].size(0), 1 + rng.below(20), size, size}));
      channels += values.back().size(1);
    }
    values.push_back(torch::randn({1 + rng.below(40), channels, 1, 1}));
    const auto inputs = [](const Tensors& t) { return Tensors(t.begin(), t.end() - 1); };
    check_same([&](const Tensors& t) { return pointwise(inputs(t), t.back()); },
               [&](const Tensors& t) { return torch::conv2d(torch::cat(inputs(t), 1), t.back()); },
               values);
  }
}

TEST_CASE("norm and activation compute what LibTorch computes, group by group", "[nn]") {
  torch::manual_seed(3);
  Rng rng(3);
  const auto activated = [](Activation activation, const torch::Tensor& x) {
    if (activation == Activation::kRelu) return torch::relu(x);
    return activation == Activation::kHardSwish ? torch::hardswish(x) : x;
  };
  for (const Activation activation :
       {Activation::kLinear, Activation::kRelu, Activation::kHardSwish}) {
    for (const std::int64_t norm_batch : {0, 1, 2, 3, 100}) {
      const std::int64_t channels = 1 + rng.below(70);
      check_same(
          [&](const Tensors& t) {
            return norm_activation(t[0], {t[1], t[2]}, activation, norm_batch);
          },
          [&](const Tensors& t) {
            Tensors groups;
            for (const auto& part : t[0].split(norm_batch == 0 ? t[0].size(0) : norm_batch))
              groups.push_back(
                  torch::batch_norm(part, t[1], t[2], {}, {}, true, 0.0, kNormEpsilon, false));
            return activated(activation, torch::cat(groups));
          },
          {random_images(rng, channels, 4 + rng.below(4)), torch::randn({channels}),
           torch::randn({channels})});
    }
  }
}

TEST_CASE("a norm inside a depthwise layer computes what both compute one after the other",
          "[nn]") {
  torch::manual_seed(5);
  Rng rng(5);
  for (const Activation activation :
       {Activation::kLinear, Activation::kRelu, Activation::kHardSwish}) {
    for (const std::int64_t norm_batch : {0, 1, 2, 3, 100}) {
      const std::int64_t channels = 1 + rng.below(40), kernel = 3 + 2 * rng.below(3);
      const std::int64_t stride = 1 + rng.below(2);
      check_same(
          [&](const Tensors& t) {
            return normed_depthwise({t[0], {t[1], t[2]}, activation, norm_batch}, t[3], stride);
          },
          [&](const Tensors& t) {
            return depthwise(norm_activation(t[0], {t[1], t[2]}, activation, norm_batch), t[3],
                             stride);
          },
          {random_images(rng, channels, 4 + rng.below(6)), torch::randn({channels}),
           torch::randn({channels}), torch::randn({channels, 1, kernel, kernel})});
    }
  }
}

TEST_CASE("a norm inside a 1x1 layer computes what both compute one after the other", "[nn]") {
  torch::manual_seed(6);
  Rng rng(6);
  for (const Activation activation :
       {Activation::kLinear, Activation::kRelu, Activation::kHardSwish}) {
    for (const std::int64_t norm_batch : {0, 1, 2, 3, 100}) {
      const std::int64_t channels = 1 + rng.below(70), out = 1 + rng.below(40);
      check_same(
          [&](const Tensors& t) {
            return normed_pointwise({t[0], {t[1], t[2]}, activation, norm_batch}, t[3]);
          },
          [&](const Tensors& t) {
            return pointwise({norm_activation(t[0], {t[1], t[2]}, activation, norm_batch)}, t[3]);
          },
          {random_images(rng, channels, 1 + rng.below(40)), torch::randn({channels}),
           torch::randn({channels}), torch::randn({out, channels, 1, 1})});
    }
  }
}

TEST_CASE("means over space and gates compute what LibTorch computes", "[nn]") {
  torch::manual_seed(4);
  Rng rng(4);
  for (int i = 0; i < 12; ++i) {
    const auto x = random_images(rng, 1 + rng.below(70), 1 + rng.below(6));
    check_same([](const Tensors& t) { return spatial_mean(t[0]); },
               [](const Tensors& t) {
                 return t[0].mean({2, 3}, true);
               },
               {x});
    const auto gates = torch::randn({x.size(0), x.size(1), 1, 1});
    check_same([](const Tensors& t) { return excite(t[0], t[1]); },
               [](const Tensors& t) { return t[0] * t[1]; }, {x, gates});
    // As they meet in a network: a value that is both weighed and squeezed into its gates.
    check_same([](const Tensors& t) { return excite(t[0], t[1] * spatial_mean(t[0])); },
               [](const Tensors& t) {
                 return t[0] * t[1] * t[0].mean({2, 3}, true);
               },
               {x, gates});
  }
}

TEST_CASE("a second derivative is refused", "[nn]") {
  const auto x = torch::randn({1, 4, 4, 4}).set_requires_grad(true);
  const auto twice = [&](const torch::Tensor& y) {
    torch::autograd::grad({y.sum()}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true);
  };
  CHECK_THROWS_WITH(twice(depthwise(x, torch::randn({4, 1, 3, 3}), 1)),
                    Contains("no second derivative"));
  CHECK_THROWS_WITH(twice(pointwise({x}, torch::randn({3, 4}))), Contains("no second derivative"));
  CHECK_THROWS_WITH(
      twice(normed_depthwise({x, {torch::ones({4}), torch::ones({4})}, Activation::kRelu, 0},
                             torch::randn({4, 1, 3, 3}), 1)),
      Contains("no second derivative"));
  CHECK_THROWS_WITH(
      twice(normed_pointwise({x, {torch::ones({4}), torch::ones({4})}, Activation::kRelu, 0},
                             torch::randn({3, 4, 1, 1}))),
      Contains("no second derivative"));
  CHECK_THROWS_WITH(twice(spatial_mean(x)), Contains("no second derivative"));
  CHECK_THROWS_WITH(twice(excite(x, torch::randn({1, 4, 1, 1}))), Contains("no second derivative"));
}

}  // namespace
}  // namespace enas4d
