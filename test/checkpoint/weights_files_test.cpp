#include "checkpoint/weights_files.h"

#include "checkpoint/training_state.h"
#include "formats/safetensors.h"
#include "nn/random_network.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "train/sgd.h"
#include "train/tiny_run.h"
#include "util/error.h"
#include "util/files.h"

namespace enas4d {

namespace {

/// Of images that networks of the space take.
DataDescription data_that_fits(const Space& space) {
  DataDescription data = tiny_data().description();
  const auto channels = static_cast<std::size_t>(space.channels);
  data.channels = space.channels;
  data.classes = space.classes;
  data.mean.assign(channels, 0.5);
  data.deviation.assign(channels, 0.25);
  return data;
}

std::string saved_supernet(const TemporaryFolder& folder, const Supernet& supernet) {
  const std::string path = folder / "supernet.safetensors";
  save_supernet(path, supernet->space(), supernet_weights(supernet),
                data_that_fits(supernet->space()), {{"recipe", "tiny"}});
  return path;
}

}  // namespace

TEST_CASE("a supernet that was saved and loaded gives the same logits", "[checkpoint]") {
  const TemporaryFolder folder;
  RandomNetwork network(3);
  const SupernetFile loaded = load_supernet(saved_supernet(folder, network.supernet));
  CHECK(loaded.space_hash == space_hash(network.space));
  const torch::NoGradGuard no_grad;
  const auto images = network.images(4);
  const Exits before = network.supernet->forward(images, network.plan);
  Supernet supernet = loaded.supernet;
  const Exits after = supernet->forward(images, network.plan);
  for (std::size_t s = 0; s < before.logits.size(); ++s)
    CHECK(after.logits[s].equal(before.logits[s]));
}

TEST_CASE("a subnet that was saved and loaded gives the same logits and keeps its record",
          "[checkpoint]") {
  const TemporaryFolder folder;
  RandomNetwork network(4, 2);
  const auto images = network.images(6);
  const Subnet subnet = network.calibrated(images);
  Record record = describe(network.space, space_hash(network.space), network.spec);
  record.policy = Policy{Confidence::kMargin, {0.25}, {}};
  const std::string path = folder / "subnet.safetensors";
  save_subnet(path, subnet, network.space, record, data_that_fits(network.space));
  const SubnetFile loaded = load_subnet(path);
  CHECK(to_line(loaded.record) == to_line(record));
  const Exits before = subnet.forward(images);
  const Exits after = loaded.subnet.forward(images);
  for (std::size_t s = 0; s < before.logits.size(); ++s)
    CHECK(after.logits[s].equal(before.logits[s]));
}

TEST_CASE("a training checkpoint serves as weights, with averages where there are some",
          "[checkpoint]") {
  const TemporaryFolder folder;
  RandomNetwork network(5, 2);
  TrainingState state;
  state.supernet = network.supernet;
  state.momentum = zeros_like_weights(network.supernet);
  state.data = data_that_fits(network.space);
  state.configuration = {{"seed", 1}};
  state.step = 12;
  const std::string path = folder / "checkpoint.safetensors";
  const bool averaged = GENERATE(false, true);
  if (averaged) state.average = zeros_like_weights(network.supernet);
  save_training_state(path, state);
  const SupernetFile weights = load_supernet(path);
  CHECK(weights.supernet->parameters()[0].equal(network.supernet->parameters()[0]) == !averaged);
  CHECK(load_training_state(path).step == 12);
}

TEST_CASE("weights of another space name the first tensor that differs", "[checkpoint]") {
  const TemporaryFolder folder;
  Rng rng(1);
  const Space space = pencil_space(2);
  Space wider = space;
  wider.stem.width[0] = {8};
  const Supernet supernet(wider, 1);
  const std::string path = folder / "supernet.safetensors";
  save_supernet(path, space, supernet_weights(supernet), tiny_data().description(), Json::object());
  CHECK_THROWS_WITH(
      load_supernet(path),
      Contains("tensor 'stage1_stem_weight' must be F32 [4, 1, 3, 3], is F32 [8, 1, 3, 3]"));
}

TEST_CASE("weights whose data has other channels or classes than their space are refused",
          "[checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = folder / "weights.safetensors";
  const Supernet supernet(pencil_space(2), 1);
  const Space& space = supernet->space();
  DataDescription data = data_that_fits(space);
  std::string complaint = path + ": /data/classes: must be 3 as in the space, got 2";
  const bool other_channels = GENERATE(false, true);
  if (other_channels) {
    data.channels = 3;
    data.mean = data.deviation = {0.5, 0.5, 0.5};
    complaint = path + ": /data/channels: must be 1 as in the space, got 3";
  } else {
    data.classes = 2;
  }

  save_supernet(path, space, supernet_weights(supernet), data, Json::object());
  CHECK_THROWS_WITH(load_supernet(path), complaint);

  const Spec spec = smallest(space);
  save_subnet(path, extract(supernet, lower(space, spec)), space, describe(space, "", spec), data);
  CHECK_THROWS_WITH(load_subnet(path), complaint);

  TrainingState state;
  state.supernet = supernet;
  state.momentum = zeros_like_weights(supernet);
  state.data = data;
  state.configuration = Json::object();
  save_training_state(path, state);
  CHECK_THROWS_WITH(load_training_state(path), complaint);
}

TEST_CASE("missing, empty, cut and bit-flipped checkpoints are refused with one line",
          "[checkpoint]") {
  const TemporaryFolder folder;
  RandomNetwork network(3);
  const std::string path = saved_supernet(folder, network.supernet);
  const std::string whole = read_file(path);
  const auto refuse = [&](const std::string& content, const std::string& reason) {
    write_file(path, content);
    try {
      load_supernet(path);
      FAIL("was accepted: " << reason);
    } catch (const Error& error) {
      CHECK(error.status() == ExitStatus::kBadInput);
      CHECK_THAT(error.what(), Contains(path));
      CHECK_THAT(error.what(), Contains(reason));
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
  };
  CHECK_THROWS_WITH(load_supernet(folder / "absent.safetensors"), Contains("No such file"));
  refuse("", "empty");
  refuse(whole.substr(0, whole.size() - 5), "cut");
  std::string flipped = whole;
  flipped[whole.size() - 9] ^= 1;
  refuse(flipped, "checksum");
}

TEST_CASE("a subnet is not taken for a supernet", "[checkpoint]") {
  const TemporaryFolder folder;
  RandomNetwork network(4, 2);
  const Subnet subnet = network.calibrated(network.images(4));
  const std::string path = folder / "subnet.safetensors";
  save_subnet(path, subnet, network.space, describe(network.space, "", network.spec),
              tiny_data().description());
  CHECK_THROWS_WITH(load_supernet(path), Contains("enas4d/subnet"));
}

}  // namespace enas4d
