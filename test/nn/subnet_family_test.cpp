#include "nn/subnet_family.h"

#include <utility>

#include "nn/random_network.h"
#include "support/catch.h"

namespace enas4d {
namespace {

/// The batches one by one, then an undefined tensor.
std::function<torch::Tensor()> one_by_one(std::vector<torch::Tensor> batches) {
  return [batches = std::move(batches), next = std::size_t{0}]() mutable {
    return next < batches.size() ? batches[next++] : torch::Tensor();
  };
}

/// Specs of a family: some share prefixes of each length, some are prefixes, and two are equal.
std::vector<Spec> relatives(const Space& space, Rng& rng) {
  const Spec first = uniform(space, rng);
  std::vector<Spec> specs = {first, first};
  for (int stages = 0; stages < space.stages; ++stages) {
    for (int i = 0; i < 2; ++i) {
      Spec other = uniform(space, rng);
      other.resolution = first.resolution;
      std::copy(first.stages.begin(), first.stages.begin() + stages, other.stages.begin());
      specs.push_back(other);
    }
    specs.push_back(prefix(first, stages + 1));
  }
  return specs;
}

}  // namespace

TEST_CASE("a family's statistics and logits are bit by bit those of each network alone", "[nn]") {
  const auto seed = GENERATE(range(1, 17));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed));
  const std::vector<Spec> specs = relatives(network.space, network.rng);
  const int resolution = specs.front().resolution;
  const auto batch = [&](std::int64_t count, std::uint64_t stream) {
    return random_images(count, network.space.channels, resolution, stream);
  };
  SubnetFamily family(network.supernet, specs);
  family.calibrate(one_by_one({batch(5, 1), batch(3, 2)}));
  const torch::Tensor images = batch(40, 3);
  const std::vector<torch::Tensor> logits = family.forward(images);
  REQUIRE(logits.size() == family.exits());
  for (std::size_t member = 0; member < specs.size(); ++member) {
    CAPTURE(member);
    const int stages = static_cast<int>(specs[member].stages.size());
    Subnet alone = extract(network.supernet, lower(prefix(network.space, stages), specs[member]));
    alone.calibrate(one_by_one({batch(5, 1), batch(3, 2)}));
    const Exits exits = alone.forward(images);
    REQUIRE(exits.logits.size() == family.exits_of(member).size());
    for (std::size_t s = 0; s < exits.logits.size(); ++s) {
      CHECK(exits.logits[s].equal(logits[family.exits_of(member)[s]]));
    }
  }
}

TEST_CASE("members with equal prefixes share their exits, others do not", "[nn]") {
  const auto seed = GENERATE(range(1, 9));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed), /*stages=*/3);
  const std::vector<Spec> specs = relatives(network.space, network.rng);
  const SubnetFamily family(network.supernet, specs);
  std::size_t most = 0;
  for (std::size_t a = 0; a < specs.size(); ++a) {
    most += specs[a].stages.size();
    for (std::size_t b = 0; b < specs.size(); ++b) {
      const std::size_t both = std::min(specs[a].stages.size(), specs[b].stages.size());
      for (std::size_t s = 0; s < both; ++s) {
        const int stages = static_cast<int>(s) + 1;
        CHECK((family.exits_of(a)[s] == family.exits_of(b)[s]) ==
              (prefix(specs[a], stages) == prefix(specs[b], stages)));
      }
    }
  }
  CHECK(family.exits() < most);
}

}  // namespace enas4d
