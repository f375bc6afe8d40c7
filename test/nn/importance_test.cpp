#include "nn/importance.h"

#include "arch/restriction.h"
#include "checkpoint/weights_files.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/spaces.h"

namespace enas4d {

namespace {

Restriction random_restriction(Rng& rng) {
  const auto count = [&] { return static_cast<int>(rng.below(3)); };
  return {count(), count(), count(), count(), count()};
}

/// Logits of every exit, one after another.
torch::Tensor all_logits(RandomNetwork& network, const Spec& spec) {
  const torch::NoGradGuard no_grad;
  const Plan plan = lower(network.space, spec);
  const auto images = random_images(4, network.space.channels, plan.resolution, 3);
  return torch::cat(network.supernet->forward(images, plan).logits);
}

}  // namespace

TEST_CASE("sorting by importance changes no output of the full network", "[nn]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    RandomNetwork network(seed);
    const NamedTensors weights = supernet_weights(network.supernet);
    const auto before = all_logits(network, largest(network.space));
    reorder(importance_order(network.space, restricted(network.space, {1, 1, 1, 1, 1}), weights),
            weights);
    CHECK_THAT(all_logits(network, largest(network.space)), AllClose(before));
  }
}

TEST_CASE("sorting within what was trained changes no output of any network trained so far",
          "[nn]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    RandomNetwork network(seed);
    const Space trained = restricted(network.space, random_restriction(network.rng));
    const Spec spec = uniform(trained, network.rng);
    const NamedTensors weights = supernet_weights(network.supernet);
    const auto before = all_logits(network, spec);
    reorder(importance_order(network.space, trained, weights), weights);
    CHECK_THAT(all_logits(network, spec), AllClose(before));
  }
}

TEST_CASE("sorting puts what is read with larger weights first, and moves channels whole", "[nn]") {
  Space space = pencil_space(2);
  const Supernet supernet(space, 1);
  const NamedTensors weights = supernet_weights(supernet);
  const auto importance = [&] {  // of stage 1's hidden channels, read by its projection alone
    return weights.at("stage1_unit1_block2_project_weight").abs().sum({0, 2, 3});
  };
  const auto depthwise = [&] { return weights.at("stage1_unit1_block2_depthwise_weight").clone(); };
  const auto old_importance = importance();
  const auto old_depthwise = depthwise();
  reorder(importance_order(space, restricted(space, {1, 1, 1, 1, 1}), weights), weights);
  const auto order = old_importance.argsort(/*dim=*/0, /*descending=*/true);
  CHECK_THAT(importance(), AllClose(old_importance.index_select(0, order)));
  CHECK_FALSE(order.equal(torch::arange(order.numel(), torch::kLong)));
  CHECK(depthwise().equal(old_depthwise.index_select(0, order)));
}

TEST_CASE("sorting again changes nothing", "[nn]") {
  const RandomNetwork network(5);
  const Space trained = restricted(network.space, {1, 1, 1, 1, 1});
  const NamedTensors weights = supernet_weights(network.supernet);
  reorder(importance_order(network.space, trained, weights), weights);
  for (const auto& [name, order] : importance_order(network.space, trained, weights)) {
    CAPTURE(name);
    if (!order.rows.defined()) continue;
    CHECK(order.rows.equal(torch::arange(order.rows.numel(), torch::kLong)));
  }
}

}  // namespace enas4d
