// The rule that everything obeys: a stage never sees later ones.
#include "nn/random_network.h"
#include "support/catch.h"

namespace enas4d {

TEST_CASE("a later stage never changes the logits of earlier ones", "[nn]") {
  const auto seed = GENERATE(range(1, 13));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed), 2 + seed % 3);
  const auto images = network.images(3);
  const torch::NoGradGuard no_grad;
  const Exits before = network.supernet->forward(images, network.plan);

  const int changed = 1 + seed % (network.space.stages - 1);
  Spec other = network.spec;
  for (int s = changed; s < network.space.stages; ++s) {
    Spec drawn = uniform(network.space, network.rng);
    other.stages[static_cast<std::size_t>(s)] = drawn.stages[static_cast<std::size_t>(s)];
  }
  for (auto& item : network.supernet->named_parameters()) {
    const int stage = item.key()[5] - '0';  // "stage2_..."
    if (stage > changed) item.value().add_(1);
  }
  const Exits after = network.supernet->forward(images, lower(network.space, other));

  for (std::size_t s = 0; s < before.logits.size(); ++s) {
    CAPTURE(s);
    const bool is_earlier = static_cast<int>(s) < changed;
    CHECK(before.logits[s].equal(after.logits[s]) == is_earlier);
  }
}

TEST_CASE("running stage by stage gives what one joint pass gives", "[nn]") {
  const auto seed = GENERATE(range(1, 9));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed));
  const auto images = network.images(6);
  const Subnet subnet = network.calibrated(images);
  const Exits joint = subnet.forward(images);

  Subnet::Run run(subnet, images);
  for (std::size_t s = 0; s < joint.logits.size(); ++s) {
    CHECK_THAT(run.next_stage(), AllClose(joint.logits[s]));
    CHECK_THAT(subnet.forward_fixed(images, static_cast<int>(s)), AllClose(joint.logits[s]));
  }
}

TEST_CASE("samples that go on get the same logits when the batch shrinks", "[nn]") {
  const auto seed = GENERATE(range(1, 9));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed), 3);
  const auto images = network.images(6);
  const Subnet subnet = network.calibrated(images);
  const Exits joint = subnet.forward(images);

  Subnet::Run run(subnet, images);
  run.next_stage();
  run.keep(torch::tensor({1, 2, 5}, torch::kLong));
  CHECK_THAT(run.next_stage(), AllClose(joint.logits[1].index_select(0, torch::tensor({1, 2, 5}))));
  run.keep(torch::tensor({2}, torch::kLong));
  CHECK_THAT(run.next_stage(), AllClose(joint.logits[2].narrow(0, 5, 1)));
}

}  // namespace enas4d
