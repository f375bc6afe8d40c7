#include "nn/supernet.h"

#include "nn/random_network.h"
#include "support/catch.h"

namespace enas4d {

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
