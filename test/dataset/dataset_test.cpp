#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "dataset/example_images.h"
#include "support/catch.h"
#include "support/tensors.h"
#include "util/files.h"

namespace enas4d {
namespace {

const char* const kExampleWord = "synthetic:train=120,test=20,classes=4,size=8";

Dataset example_dataset(std::uint64_t split_seed = 7) {
  return Dataset::from(example_sets(120, 20), "example", split_seed);
}

torch::Tensor whole_split(const Dataset& data, Split split) {
  return data.batch(split, data.indices(split).data(), data.size(split), data.images(split).height);
}

std::string message_of_open_as(const std::string& data, const DataDescription& trained) {
  try {
    Dataset::open_as(data, trained);
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kBadInput);
    return error.what();
  }
  return "";
}

TEST_CASE("normalised train has mean 0 and deviation 1 in each channel", "[data][dataset]") {
  const torch::Tensor images = whole_split(example_dataset(), Split::kTrain);
  CHECK_THAT(images.mean({0, 2, 3}), AllClose(torch::zeros(3), 1e-4));
  CHECK_THAT(images.std(torch::IntArrayRef{0, 2, 3}, false), AllClose(torch::ones(3), 1e-4));
}

TEST_CASE("a channel without variation is only shifted", "[data][dataset]") {
  ImageSets sets = example_sets(40, 0);
  std::fill(sets.train.pixels.begin(), sets.train.pixels.end(), std::uint8_t{51});
  const Dataset data = Dataset::from(std::move(sets), "example", 1);
  CHECK(data.description().mean == std::vector<double>(3, 0.2));
  CHECK_THAT(whole_split(data, Split::kTrain), AllClose(torch::zeros({36, 3, 6, 6}), 1e-6));
}

TEST_CASE("a batch holds the pixels asked for, channels last", "[data][dataset]") {
  const Dataset data = example_dataset();
  const std::vector<std::int32_t> chosen = {17, 3, 17};
  const torch::Tensor images = data.batch(Split::kTest, chosen.data(), 3, 6);
  CHECK(images.is_contiguous(torch::MemoryFormat::ChannelsLast));

  const ImageSet& test = data.images(Split::kTest);
  const DataDescription& description = data.description();
  const torch::Tensor bytes =
      torch::tensor(std::vector<int>(test.pixels.begin(), test.pixels.end()), torch::kDouble)
          .reshape({20, 3, 6, 6});
  const auto per_channel = [](const std::vector<double>& values) {
    return torch::tensor(values, torch::kDouble).reshape({1, 3, 1, 1});
  };
  const torch::Tensor expected =
      (bytes.index_select(0, torch::tensor({17, 3, 17})) / 255.0 - per_channel(description.mean)) /
      per_channel(description.deviation);
  CHECK_THAT(images, AllClose(expected.to(torch::kFloat), 1e-5));
}

TEST_CASE("resizing keeps a constant image constant", "[data][resize]") {
  const auto resolution = GENERATE(3, 4, 7, 8, 11, 32);
  const auto channels = GENERATE(1, 3);
  CAPTURE(resolution, channels);
  const torch::Tensor images =
      torch::full({2, channels, 8, 8}, -1.5).contiguous(torch::MemoryFormat::ChannelsLast);
  const torch::Tensor resized = resize(images, resolution);
  CHECK_THAT(resized, AllClose(torch::full({2, channels, resolution, resolution}, -1.5), 1e-5));
  CHECK(resized.is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST_CASE("resizing to half takes every pixel into account", "[data][resize]") {
  // Plain bilinear resizing would miss a bright pixel between its sampling points.
  torch::Tensor images = torch::zeros({1, 1, 12, 12});
  images[0][0][6][6] = 16.0;
  CHECK(resize(images, 3).sum().item<double>() > 0.5);
}

TEST_CASE("the result of resizing does not depend on the order in memory", "[data][resize]") {
  const torch::Tensor planes = random_images(2, 3, 9);
  const torch::Tensor pixels = planes.contiguous(torch::MemoryFormat::ChannelsLast);
  CHECK_THAT(resize(pixels, 6), AllClose(resize(planes, 6), 1e-6));
}

TEST_CASE("images of the resolution asked for are not copied", "[data][resize]") {
  const torch::Tensor images = random_images(2, 3, 9);
  CHECK(resize(images, 9).data_ptr() == images.data_ptr());
}

TEST_CASE("train, val and calibration are parts of the training files", "[data][dataset]") {
  const Dataset data = example_dataset();
  CHECK(data.size(Split::kTrain) == 108);
  CHECK(data.size(Split::kVal) == 12);
  CHECK(data.size(Split::kTest) == 20);
  CHECK(&data.images(Split::kVal) == &data.images(Split::kTrain));

  const auto& train = data.indices(Split::kTrain);
  const auto& val = data.indices(Split::kVal);
  const std::set<std::int32_t> held_out(val.begin(), val.end());
  const auto is_held_out = [&](std::int32_t index) { return held_out.count(index) > 0; };
  CHECK(std::none_of(train.begin(), train.end(), is_held_out));
  CHECK(data.calibration().size() == 108);
  CHECK(std::none_of(data.calibration().begin(), data.calibration().end(), is_held_out));
}

TEST_CASE("labels are those of the split's images", "[data][dataset]") {
  const Dataset data = example_dataset();
  const auto split = GENERATE(Split::kTrain, Split::kVal, Split::kTest);
  CAPTURE(to_word(split));
  REQUIRE(data.labels(split).size() == data.indices(split).size());
  for (std::size_t i = 0; i < data.labels(split).size(); ++i) {
    REQUIRE(data.labels(split)[i] == data.indices(split)[i] % 4);
  }
}

TEST_CASE("a set's own val is used and nothing held out of its train", "[data][dataset]") {
  ImageSets sets = example_sets(50, 10);
  sets.val = example_images(15, 3);
  const std::vector<std::uint8_t> val_pixels = sets.val.pixels;
  const Dataset data = Dataset::from(std::move(sets), "example", 1);
  CHECK(data.size(Split::kTrain) == 50);
  CHECK(data.size(Split::kVal) == 15);
  CHECK(data.images(Split::kVal).pixels == val_pixels);
}

TEST_CASE("parts of different shapes are refused", "[data][dataset]") {
  ImageSets sets = example_sets(50, 10);
  sets.test = example_images(10, 2, {3, 6, 7, 4});
  CHECK_THROWS_AS(Dataset::from(std::move(sets), "example", 1), Error);
}

TEST_CASE("a set without images to train on is refused", "[data][dataset]") {
  CHECK_THROWS_AS(Dataset::from(example_sets(1, 10), "example", 1), Error);
}

TEST_CASE("the calibration hash names data and split seed", "[data][dataset]") {
  const std::string hash = example_dataset(7).calibration_hash();
  CHECK(hash == example_dataset(7).calibration_hash());
  CHECK(hash != example_dataset(8).calibration_hash());

  ImageSets changed = example_sets(120, 20);
  changed.test.pixels.back() ^= 1;
  CHECK(hash != Dataset::from(std::move(changed), "example", 7).calibration_hash());
}

TEST_CASE("data is opened as a checkpoint saw it", "[data][dataset]") {
  DataDescription trained = Dataset::open(kExampleWord, 7).description();
  CHECK(trained.name == "synthetic");
  trained.mean = {0.1, 0.2, 0.3};
  const Dataset data = Dataset::open_as(kExampleWord, trained);
  CHECK(data.description().mean == trained.mean);
  CHECK(data.indices(Split::kVal) == Dataset::open(kExampleWord, 7).indices(Split::kVal));
}

TEST_CASE("data that a checkpoint was not trained on is refused", "[data][dataset]") {
  const DataDescription trained = Dataset::open(kExampleWord, 7).description();
  const std::string other_images = std::string(kExampleWord) + ",seed=2";
  CHECK(message_of_open_as(other_images, trained) ==
        other_images + ": is not the data this checkpoint was trained on (hash " +
            Dataset::open(other_images, 7).description().hash.substr(0, 12) + ", trained on " +
            trained.hash.substr(0, 12) + ")");

  const std::string other_classes = "synthetic:train=120,test=20,classes=5,size=8";
  CHECK(message_of_open_as(other_classes, trained) ==
        other_classes +
            ": is not the data this checkpoint was trained on (classes 5, trained on 4)");

  const std::string grey = std::string(kExampleWord) + ",channels=1";
  CHECK(message_of_open_as(grey, trained) ==
        grey + ": is not the data this checkpoint was trained on (channels 1, trained on 3)");
}

TEST_CASE("Debian's Fashion-MNIST is split into 55,000, 5,000 and 10,000", "[data][dataset]") {
  if (!file_exists("/usr/share/datasets/fashion-mnist")) {
    WARN("skipped: dataset-fashion-mnist is not installed");
    return;
  }
  const Dataset data = Dataset::open("fashion-mnist", 1);
  CHECK(data.size(Split::kTrain) == 55'000);
  CHECK(data.size(Split::kVal) == 5'000);
  CHECK(data.size(Split::kTest) == 10'000);
  CHECK(std::abs(data.description().mean[0] - 0.286) < 0.001);
  CHECK(std::abs(data.description().deviation[0] - 0.353) < 0.001);
}

}  // namespace
}  // namespace enas4d
