#include "nn/shared_weights.h"

#include <fmt/format.h>

#include "nn/random_network.h"
#include "support/catch.h"

namespace enas4d {

namespace {

/// 1 where `layer` uses the full weight, 0 elsewhere, by loops over every element: an oracle that
/// shares nothing with shared_weights().
torch::Tensor used_part(const Layer& layer, const torch::Tensor& full) {
  auto mask = torch::zeros_like(full);
  // A smaller kernel mixes, through the first matrix, all of the stored one but its rim.
  const int margin = layer.kernel < layer.full_kernel ? 1 : 0;
  const auto mark = [&](int row, int column) {
    for (int y = margin; y < layer.full_kernel - margin; ++y) {
      for (int x = margin; x < layer.full_kernel - margin; ++x) mask[row][column][y][x] = 1;
    }
  };
  for (int row = 0; row < layer.out_channels; ++row) {
    if (layer.role == Role::kDepthwise) {
      mark(row, 0);
      continue;
    }
    for (int i = 0; i < layer.input_count; ++i) {
      const Input& input = layer.inputs[static_cast<std::size_t>(i)];
      for (int c = 0; c < input.channels; ++c) mark(row, input.offset + c);
    }
  }
  return mask;
}

}  // namespace

TEST_CASE("gradients are zero outside the slice that a spec uses", "[nn]") {
  const auto seed = GENERATE(range(1, 11));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed));
  torch::Tensor loss = torch::zeros({});
  for (const auto& logits : network.supernet->forward(network.images(4), network.plan).logits) {
    loss = loss + (logits * logits).sum();
  }
  loss.backward();

  std::map<std::string, const Layer*> used;
  for (const Layer& layer : network.plan.layers) used[layer_name(layer) + "_weight"] = &layer;
  double largest_inside = 0;
  for (const auto& item : network.supernet->named_parameters()) {
    const std::string& name = item.key();
    if (!item.value().grad().defined() || item.value().dim() != 4) continue;
    CAPTURE(name);
    REQUIRE(used.count(name) == 1);
    const auto gradient = item.value().grad().abs();
    const auto inside = used_part(*used[name], gradient);
    CHECK((gradient * (1 - inside)).max().item<double>() == 0);
    largest_inside = std::max(largest_inside, (gradient * inside).max().item<double>());
  }
  CHECK(largest_inside > 0);
}

TEST_CASE("a block that nobody runs gets no gradient", "[nn]") {
  RandomNetwork network(3, 2);
  const Plan plan = lower(network.space, smallest(network.space));
  network.supernet->forward(random_images(2, network.space.channels, plan.resolution, 1), plan)
      .logits.back()
      .sum()
      .backward();
  std::set<std::string> run;
  for (const Layer& layer : plan.layers) run.insert(layer_name(layer) + "_weight");
  for (const auto& item : network.supernet->named_parameters()) {
    if (item.value().dim() == 4 && run.count(item.key()) == 0)
      CHECK(!item.value().grad().defined());
  }
}

TEST_CASE("smaller kernels start as the centre of the stored one", "[nn]") {
  Layer layer{};
  layer.role = Role::kDepthwise;
  layer.out_channels = layer.full_out_channels = 2;
  layer.full_kernel = 7;
  layer.kernel = GENERATE(3, 5, 7);
  std::map<std::string, torch::Tensor> weights;
  for (const auto& parameter : supernet_parameters(layer)) {
    const bool is_matrix = parameter.suffix.rfind("_kernel", 0) == 0;
    weights[layer_name(layer) + parameter.suffix] =
        is_matrix ? torch::eye(parameter.shape[0]) : torch::rand(parameter.shape);
  }
  const auto shared = shared_weights(
      layer, [&](const std::string& name) -> const torch::Tensor& { return weights.at(name); });
  const int margin = (7 - layer.kernel) / 2;
  const auto centre = weights.at(layer_name(layer) + "_weight")
                          .narrow(2, margin, layer.kernel)
                          .narrow(3, margin, layer.kernel);
  CHECK_THAT(shared.weight, AllClose(centre));
}

TEST_CASE("a 3x3 kernel is made of the 5x5 one that the first matrix made", "[nn]") {
  Layer layer{};
  layer.role = Role::kDepthwise;
  layer.out_channels = layer.full_out_channels = 1;
  layer.full_kernel = 7;
  layer.kernel = 3;
  std::map<std::string, torch::Tensor> weights;
  for (const auto& parameter : supernet_parameters(layer)) {
    weights[layer_name(layer) + parameter.suffix] = torch::rand(parameter.shape);
  }
  const std::string name = layer_name(layer);
  const auto five =
      weights.at(name + "_kernel5")
          .matmul(weights.at(name + "_weight").narrow(2, 1, 5).narrow(3, 1, 5).reshape({25}))
          .view({5, 5});
  const auto three =
      weights.at(name + "_kernel3").matmul(five.narrow(0, 1, 3).narrow(1, 1, 3).reshape({9}));
  const auto shared = shared_weights(
      layer, [&](const std::string& key) -> const torch::Tensor& { return weights.at(key); });
  CHECK_THAT(shared.weight.flatten(), AllClose(three));
}

}  // namespace enas4d
