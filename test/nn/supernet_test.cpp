#include "nn/supernet.h"

#include <algorithm>

#include "nn/dataflow.h"
#include "nn/norm_activation.h"
#include "nn/random_network.h"
#include "support/catch.h"

namespace enas4d {

namespace {

torch::Tensor plain_layer(const Layer& layer, const LayerWeights& weights, const Values& values) {
  std::vector<torch::Tensor> inputs;
  for (int i = 0; i < layer.input_count; ++i)
    inputs.push_back(
        values[static_cast<std::size_t>(layer.inputs[static_cast<std::size_t>(i)].value)]);
  auto x = torch::cat(inputs, 1);
  if (layer.role == Role::kSqueeze) x = x.mean({2, 3}, /*keepdim=*/true);
  x = torch::conv2d(x, weights.weight, weights.bias, layer.stride, layer.kernel / 2, /*dilation=*/1,
                    layer.role == Role::kDepthwise ? x.size(1) : 1);
  if (has_norm(layer.role))
    x = torch::batch_norm(x, weights.norm_weight, weights.norm_bias, {}, {}, true, 0.0,
                          kNormEpsilon, false);
  x = activate(layer.activation, x);
  if (layer.gated != kNoValue) x = x * values[static_cast<std::size_t>(layer.gated)];
  if (layer.addend != kNoValue) x = x + values[static_cast<std::size_t>(layer.addend)];
  return is_pooled(layer.role) ? x.mean({2, 3}, /*keepdim=*/true) : x;
}

torch::Tensor weighted(const torch::Tensor& logits) {
  return (logits * torch::linspace(-1, 1, logits.numel()).view(logits.sizes())).sum();
}

/// The sum of all logits, each with a weight of its own, from LibTorch's operations alone.
torch::Tensor plain_loss(const RandomNetwork& network, const torch::Tensor& images) {
  Values values = begin_values(network.plan, images);
  torch::Tensor loss = torch::zeros({});
  for (const Layer& layer : network.plan.layers) {
    auto& value = values[static_cast<std::size_t>(layer.output)];
    value = plain_layer(layer, network.supernet->layer_weights(layer), values);
    if (layer.role == Role::kClassifier) loss = loss + weighted(flat_logits(value));
  }
  return loss;
}

/// Of the gradients of all parameters, as a share of the largest gradient there is.
double largest_difference(RandomNetwork& network, const torch::Tensor& images) {
  const auto parameters = network.supernet->parameters();
  torch::Tensor loss = torch::zeros({});
  for (const auto& logits : network.supernet->forward(images, network.plan).logits)
    loss = loss + weighted(logits);
  const auto gradients_of = [&](const torch::Tensor& of) {
    return torch::autograd::grad({of}, parameters, {}, {}, false, /*allow_unused=*/true);
  };
  const auto actual = gradients_of(loss), expected = gradients_of(plain_loss(network, images));
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    REQUIRE(actual[i].defined() == expected[i].defined());
    if (!actual[i].defined()) continue;
    largest = std::max(largest, expected[i].abs().max().item<double>());
    difference = std::max(difference, (actual[i] - expected[i]).abs().max().item<double>());
  }
  return difference / largest;
}

}  // namespace

TEST_CASE("all gradients are those of the same network of LibTorch's operations", "[nn]") {
  // Where a value lies so near an activation's kink that rounding decides its side, gradients
  // differ (with LibTorch's instruction sets, too). That is rare, and not so for all images.
  constexpr std::uint64_t kBatches = 5;
  int differing = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    RandomNetwork network(seed);
    int alike = 0;
    for (std::uint64_t batch = 1; batch <= kBatches; ++batch)
      alike += largest_difference(network, network.images(6, batch)) < 1e-4 ? 1 : 0;
    CAPTURE(seed);
    CHECK(alike > 0);
    differing += static_cast<int>(kBatches) - alike;
  }
  CHECK(differing <= 4);  // of 60
}

TEST_CASE("the same seed gives the same weights, another seed others", "[nn]") {
  Rng rng(1);
  const Space space = random_space(rng, 2);
  const Supernet a(space, 1), b(space, 1), c(space, 2);
  const auto weights = a->parameters();
  bool any_differs = false;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    CHECK(weights[i].equal(b->parameters()[i]));
    any_differs = any_differs || !weights[i].equal(c->parameters()[i]);
  }
  CHECK(any_differs);
}

TEST_CASE("images of one norm batch do not see those of another", "[nn]") {
  RandomNetwork network(4);
  const auto images = network.images(8);
  const torch::NoGradGuard no_grad;
  ForwardOptions options;
  options.norm_batch = 4;
  const auto together = network.supernet->forward(images, network.plan, options).logits.back();
  const auto second = network.supernet->forward(images.narrow(0, 4, 4), network.plan).logits.back();
  CHECK_THAT(together.narrow(0, 4, 4), AllClose(second));
}

TEST_CASE("what dropout does to an image depends on its place in the global batch only", "[nn]") {
  RandomNetwork network(6);
  const auto images = network.images(8);
  const torch::NoGradGuard no_grad;
  ForwardOptions options;
  options.norm_batch = 4;
  options.dropout = {0.5, /*seed=*/3, /*step=*/11, /*first_image=*/0};
  const auto whole = network.supernet->forward(images, network.plan, options).logits.back();
  options.dropout.first_image = 4;
  const auto part =
      network.supernet->forward(images.narrow(0, 4, 4), network.plan, options).logits.back();
  CHECK_THAT(whole.narrow(0, 4, 4), AllClose(part));
  options.dropout.step = 12;
  const auto later =
      network.supernet->forward(images.narrow(0, 4, 4), network.plan, options).logits.back();
  CHECK(!later.equal(part));
}

}  // namespace enas4d
