#include "train/sgd.h"

#include "support/catch.h"
#include "support/spaces.h"
#include "support/tensors.h"

namespace enas4d {

namespace {

Recipe plain_sgd() {
  Recipe recipe;
  recipe.momentum = 0.9;
  recipe.weight_decay = 0.01;
  return recipe;
}

}  // namespace

TEST_CASE("an update is LibTorch's Nesterov SGD, with decay on weights only", "[train]") {
  const Supernet ours(pencil_space(2), 1), theirs(pencil_space(2), 1);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const auto& item : theirs->named_parameters()) {
    const bool decayed = item.value().dim() == 4;
    groups.emplace_back(std::vector<torch::Tensor>{item.value()},
                        std::make_unique<torch::optim::SGDOptions>(
                            torch::optim::SGDOptions(0.1).momentum(0.9).nesterov(true).weight_decay(
                                decayed ? 0.01 : 0)));
  }
  torch::optim::SGD reference(groups, torch::optim::SGDOptions(0.1));
  Sgd sgd(ours, plain_sgd(), zeros_like_weights(ours), {});
  for (int step = 0; step < 3; ++step) {
    for (const auto& net : {ours, theirs}) {
      std::uint64_t seed = static_cast<std::uint64_t>(100 * step);
      for (auto& parameter : net->parameters()) {
        parameter.mutable_grad() =
            random_images(parameter.numel(), 1, 1, ++seed).view(parameter.sizes());
      }
    }
    sgd.update(0.1, sgd.gradient_norm(), step);
    reference.step();
  }
  const auto expected = theirs->parameters();
  const auto actual = ours->parameters();
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK_THAT(actual[i].detach(), AllClose(expected[i].detach()));
}

TEST_CASE("gradients above the norm limit are scaled down to it", "[train]") {
  Recipe recipe;
  recipe.momentum = 0;
  recipe.clip_norm = 0.5;
  const Supernet net(pencil_space(1), 1);
  Sgd sgd(net, recipe, zeros_like_weights(net), {});
  auto parameter = net->parameters()[0];
  const auto before = parameter.detach().clone();
  parameter.mutable_grad() = torch::ones_like(parameter);
  sgd.update(1, sgd.gradient_norm(), 0);
  CHECK((before - parameter.detach()).norm().item<double>() == Approx(0.5));
}

TEST_CASE("a parameter without a gradient keeps its value and momentum", "[train]") {
  const Supernet net(pencil_space(1), 1);
  Sgd sgd(net, plain_sgd(), zeros_like_weights(net), {});
  const auto before = net->parameters()[0].detach().clone();
  sgd.clear();
  sgd.update(1, sgd.gradient_norm(), 0);
  CHECK(net->parameters()[0].detach().equal(before));
}

}  // namespace enas4d
