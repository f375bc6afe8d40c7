#include "nn/subnet.h"

#include "nn/count_macs.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/spaces.h"
#include "util/error.h"

namespace enas4d {

TEST_CASE("the extracted subnet gives what the supernet gives, under equal statistics", "[nn]") {
  const auto seed = GENERATE(range(1, 17));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed));
  const auto images = network.images(8);
  const torch::NoGradGuard no_grad;
  const Exits super = network.supernet->forward(images, network.plan);
  const Exits sub = network.calibrated(images).forward(images);
  REQUIRE(sub.logits.size() == super.logits.size());
  for (std::size_t s = 0; s < sub.logits.size(); ++s) {
    CAPTURE(s);
    CHECK_THAT(sub.logits[s], AllClose(super.logits[s], 1e-4));
  }
}

TEST_CASE("the plan's MACs are those of the convolutions that really run", "[nn]") {
  const auto seed = GENERATE(range(1, 17));
  CAPTURE(seed);
  RandomNetwork network(static_cast<std::uint64_t>(seed));
  const auto image = network.images(1);
  const Subnet subnet = network.calibrated(network.images(4));
  const ExitMacs macs = exit_macs(network.plan);
  Subnet::Run run(subnet, image);
  std::int64_t sum = 0;
  for (std::size_t s = 0; s < macs.cumulative.size(); ++s) {
    sum += count_macs([&] { run.next_stage(); });
    CHECK(sum == macs.cumulative[s]);
    CHECK(count_macs([&] { subnet.forward_fixed(image, static_cast<int>(s)); }) == macs.alone[s]);
  }
}

TEST_CASE("OFA's D4 W3 K3 at 224 pixels really runs 226 million MACs", "[nn]") {
  const Space space = mobilenet_v3_space();
  Spec spec = largest(space);
  for (auto& unit : spec.stages[0].units) {
    for (auto& block : unit.blocks) block = {3, std::min(block.expand, 3)};
  }
  const Plan plan = lower(space, spec);
  Subnet subnet = extract(Supernet(space, 1), plan);
  bool given = false;
  subnet.calibrate(
      [&] { return std::exchange(given, true) ? torch::Tensor() : random_images(2, 3, 224, 1); });
  const auto macs = count_macs([&] { subnet.forward(random_images(1, 3, 224, 2)); });
  CHECK(std::abs(static_cast<double>(macs) / 226e6 - 1) < 0.01);
}

TEST_CASE("calibration pools batches exactly", "[nn]") {
  RandomNetwork network(5);
  const auto images = network.images(12);
  Subnet subnet = extract(network.supernet, network.plan);
  std::vector<torch::Tensor> batches = {images.narrow(0, 0, 7), images.narrow(0, 7, 5), {}};
  std::size_t next = 0;
  subnet.calibrate([&] { return batches[next++]; });
  // Nothing comes before the stem, so its statistics are those of all images, however they were
  // batched.
  const Layer& stem = network.plan.layers[0];
  const auto y = torch::conv2d(images, subnet.weights().at(layer_name(stem) + "_weight"), {},
                               stem.stride, stem.kernel / 2);
  CHECK_THAT(subnet.weights().at(layer_name(stem) + "_norm_mean"), AllClose(y.mean({0, 2, 3})));
  CHECK_THAT(subnet.weights().at(layer_name(stem) + "_norm_var"),
             AllClose(y.var({0, 2, 3}, /*unbiased=*/false)));
}

TEST_CASE("calibrating one spec changes neither the supernet nor another subnet", "[nn]") {
  RandomNetwork network(7);
  const auto images = network.images(4);
  const Subnet first = network.calibrated(images);
  const auto logits = first.forward(images).logits[0].clone();
  const auto weights = network.supernet->parameters()[0].clone();
  network.calibrated(network.images(4, 2));
  CHECK(first.forward(images).logits[0].equal(logits));
  CHECK(network.supernet->parameters()[0].equal(weights));
}

TEST_CASE("a subnet refuses weights that are missing or of another shape", "[nn]") {
  RandomNetwork network(2);
  NamedTensors weights = extract(network.supernet, network.plan).weights();
  const std::string name = layer_name(network.plan.layers[0]) + "_weight";
  SECTION("missing") {
    weights.erase(name);
    CHECK_THROWS_WITH(Subnet(network.plan, weights, "net"), "net: has no tensor '" + name + "'");
  }
  SECTION("another shape") {
    weights[name] = torch::zeros({1, 2, 3});
    CHECK_THROWS_WITH(Subnet(network.plan, weights, "net"), Contains(name + "' must have shape ["));
  }
}

}  // namespace enas4d
