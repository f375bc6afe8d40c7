#include <algorithm>
#include <cmath>
#include <optional>

#include <torch/script.h>

#include "arch/sample.h"
#include "eval/measure.h"
#include "export/chain.h"
#include "export/onnx_model.h"
#include "export/onnx_program.h"
#include "export/torchscript.h"
#include "export/verify.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/random_space.h"
#include "support/temporary_folder.h"
#include "support/tensors.h"
#include "train/tiny_run.h"
#include "util/files.h"

namespace enas4d {

namespace {

/// A random calibrated network, images for it, and a policy that sends about half of them on at
/// each exit.
struct ExportExample {
  explicit ExportExample(std::uint64_t seed, int stages)
      : network(seed, stages), images(network.images(16)), subnet(network.calibrated(images)) {
    const auto logits = subnet.forward(images).logits;
    for (int stage = 0; stage + 1 < stages; ++stage) {
      std::vector<double> values;
      for (const Prediction& row : predict_rows(logits[at(stage)], stage)) {
        values.push_back(static_cast<double>(row.confidence[0]));
      }
      std::sort(values.begin(), values.end());
      policy.thresholds.push_back(0.5 * (values[7] + values[8]));
    }
  }

  const Plan& plan() const { return network.plan; }

  RandomNetwork network;
  torch::Tensor images;
  Subnet subnet;
  Policy policy;
};

torch::jit::Module scripted(const ExportExample& example, const TemporaryFolder& folder) {
  write_torchscript(folder / "network.pt", example.plan(), example.subnet.weights(), example.policy,
                    "told");
  return load_torchscript(folder / "network.pt");
}

/// The example's network in all formats but our own, and read back.
std::vector<std::unique_ptr<ExportedNetwork>> exported(const ExportExample& example,
                                                       const TemporaryFolder& folder) {
  const auto write = [&](const std::string& name, const Link& link) {
    const std::string path = folder / (name + ".onnx");
    write_file(path, onnx_model(example.plan(), example.subnet.weights(), link, name, "{}"));
    return path;
  };
  std::vector<std::string> chain;
  for (const Link& link : chain_of(example.plan(), example.policy)) {
    chain.push_back(write("stage" + std::to_string(chain.size()), link));
  }
  const std::string whole = write("all", all_exits_of(example.plan(), example.policy));
  write_torchscript(folder / "network.pt", example.plan(), example.subnet.weights(), example.policy,
                    "{}");
  std::vector<std::unique_ptr<ExportedNetwork>> result;
  result.push_back(read_chain(chain, example.policy));
  result.push_back(read_all_exits(whole, example.policy));
  result.push_back(read_torchscript(folder / "network.pt"));
  return result;
}

/// Answers with logits that are a little off.
class Shifted : public ExportedNetwork {
 public:
  Shifted(const Subnet& subnet, double shift, std::optional<int> fixed_exit = {})
      : subnet_(subnet), shift_(shift), fixed_exit_(fixed_exit) {}

  std::vector<torch::Tensor> exits(const torch::Tensor& images) const override {
    auto logits = subnet_.forward(images).logits;
    if (fixed_exit_) logits = {logits[at(*fixed_exit_)]};
    for (torch::Tensor& exit : logits) exit = exit + shift_;
    return logits;
  }
  EarlyExitRun run(const torch::Tensor& images) const override {
    return EarlyExitRun(static_cast<std::size_t>(images.size(0)));  // all leave at once, class 0
  }

 private:
  const Subnet& subnet_;
  double shift_;
  std::optional<int> fixed_exit_;
};

}  // namespace

TEST_CASE("every format answers and decides as the network", "[export]") {
  for (int round = 0; round < 20; ++round) {
    ExportExample example(static_cast<std::uint64_t>(round), 1 + round % kMaxStages);
    if (round % 5 == 4) example.policy = Policy{{}, {}, example.plan().stages - 1};
    CAPTURE(round, to_json(example.network.space).dump());
    const TemporaryFolder folder;
    const auto expected = example.subnet.forward(example.images).logits;
    const EarlyExitRun run = run_early_exit(example.subnet, example.policy, example.images);
    for (const auto& network : exported(example, folder)) {
      const auto exits = network->exits(example.images);
      REQUIRE(exits.size() == (example.policy.exit ? 1 : expected.size()));
      for (std::size_t e = 0; e < exits.size(); ++e) {
        const std::size_t stage = example.policy.exit ? expected.size() - 1 : e;
        CHECK_THAT(exits[e], AllClose(expected[stage], 1e-5));
      }
      const EarlyExitRun other = network->run(example.images);
      CHECK(other.exit == run.exit);
      CHECK(other.predicted == run.predicted);
    }
  }
}

TEST_CASE("a chain runs every layer once and takes nothing but the image and what was given",
          "[export]") {
  Rng rng(3);
  for (int round = 0; round < 20; ++round) {
    const Space space = random_space(rng);
    const Plan plan = lower(space, uniform(space, rng));
    std::vector<int> given = {0};
    std::size_t layers = 0;
    for (const Link& link : chain_of(plan, Policy{})) {
      layers += link.layers.size();
      CHECK(link.takes.front() == 0);
      for (const int value : link.takes) CHECK(std::count(given.begin(), given.end(), value) == 1);
      given.insert(given.end(), link.gives.begin(), link.gives.end());
      CHECK(plan.layers[link.layers.back()].role == Role::kClassifier);
      CHECK(plan.layers[link.layers.back()].output == link.gives.front());
    }
    CHECK(layers == plan.layers.size());
  }
}

TEST_CASE("a fixed exit is one link without the heads before it", "[export]") {
  const Space space = pencil_space(3);
  const Plan plan = lower(space, largest(space));
  Policy policy;
  policy.exit = 1;
  const auto chain = chain_of(plan, policy);
  REQUIRE(chain.size() == 1);
  CHECK(chain[0].gives.size() == 1);
  std::int64_t sum = 0;
  for (const std::size_t layer : chain[0].layers) sum += macs(plan.layers[layer]);
  CHECK(sum == exit_macs(plan).alone[1]);
}

TEST_CASE("a TorchScript module obeys thresholds that are set later", "[export]") {
  const ExportExample example(1, 3);
  const TemporaryFolder folder;
  torch::jit::Module module = scripted(example, folder);
  CHECK(module.attr("manifest").toStringRef() == "told");
  const auto exit_stages = [&](std::vector<double> thresholds) {
    module.setattr("thresholds", c10::List<double>(thresholds));
    return module.forward({example.images}).toTuple()->elements()[2].toTensor();
  };
  CHECK((exit_stages({0, 0}) == 1).all().item<bool>());
  CHECK((exit_stages({2, 0}) == 2).all().item<bool>());
  CHECK((exit_stages({2, 2}) == 3).all().item<bool>());
}

TEST_CASE("a TorchScript module has no answer where logits are no numbers", "[export]") {
  const ExportExample example(1, 3);
  const TemporaryFolder folder;
  torch::jit::Module module = scripted(example, folder);
  const torch::Tensor images = example.images.clone();
  images[0].fill_(NAN);
  CHECK_THROWS_WITH(module.forward({images}), Contains("a logit is not finite"));
}

TEST_CASE("verification refuses what differs", "[export]") {
  const Dataset data = tiny_data();
  Supernet supernet(pencil_space(2), 1);
  randomise(supernet, 2);
  const Plan plan = lower(supernet->space(), largest(supernet->space()));
  const Subnet subnet = extract_calibrated(supernet, plan, data);
  const Policy policy{Confidence::kMaxSoftmax, {2.0}, {}};
  CHECK_THROWS_WITH(verify("x.pt", Shifted(subnet, 1e-3), subnet, policy, data, 20),
                    Contains("x.pt: logits of exit 1 must be those of the network within 0.0001"));
  CHECK_THROWS_WITH(verify("x.pt", Shifted(subnet, std::nan("")), subnet, policy, data, 20),
                    Contains("x.pt: logits of exit 1 must be"));
  CHECK_THROWS_WITH(verify("x.pt", Shifted(subnet, 1e-6), subnet, policy, data, 20),
                    Contains("of 20 images leave elsewhere or with another class"));
  Policy fixed;
  fixed.exit = 1;
  CHECK_THROWS_WITH(verify("x.pt", Shifted(subnet, 1e-3, fixed.exit), subnet, fixed, data, 20),
                    Contains("x.pt: logits of exit 2 must be"));
}

TEST_CASE("a graph that is given or gives another shape than it declares is refused", "[export]") {
  const ExportExample example(1, 1);
  const TemporaryFolder folder;
  std::string model = onnx_model(example.plan(), example.subnet.weights(),
                                 all_exits_of(example.plan(), example.policy), "network", "{}");
  write_file(folder / "network.onnx", model);
  const torch::Tensor smaller = example.images.slice(/*dim=*/3, 1);
  CHECK_THROWS_WITH(OnnxProgram(folder / "network.onnx").run({{"image", smaller}}),
                    Contains("image has another shape than declared: 16 x "));
  // The dimension after the batch of the last output: a protobuf message's field, size, tag, value.
  ++model[model.rfind("batch") + std::string("batch").size() + 3];
  write_file(folder / "more.onnx", model);
  CHECK_THROWS_WITH(OnnxProgram(folder / "more.onnx").run({{"image", example.images}}),
                    Contains("logits1 has another shape than declared: 16 x "));
}

TEST_CASE("what is no ONNX model is refused in one line", "[export]") {
  const TemporaryFolder folder;
  const ExportExample example(1, 1);
  const std::string model =
      onnx_model(example.plan(), example.subnet.weights(),
                 all_exits_of(example.plan(), example.policy), "network", "{}");
  write_file(folder / "cut.onnx", model.substr(0, model.size() / 2));
  CHECK_THROWS_WITH(OnnxProgram(folder / "cut.onnx"),
                    Contains("cut.onnx: is not a valid ONNX model: "));
  write_file(folder / "empty.onnx", "");
  CHECK_THROWS_WITH(OnnxProgram(folder / "empty.onnx"),
                    Contains("empty.onnx: is not a valid ONNX model: "));
}

}  // namespace enas4d
