#include "data/train_loader.h"

#include <array>
#include <set>

#include "dataset/example_images.h"
#include "support/catch.h"
#include "support/tensors.h"

namespace enas4d {
namespace {

constexpr int kLoaderImages = 50;

/// Every image of train has a class of its own, so that a label tells which image it is.
Dataset loader_dataset() {
  ImageSets sets = example_sets(kLoaderImages, 0, {3, 5, 6, kLoaderImages});
  sets.val = example_images(1, 3, {3, 5, 6, kLoaderImages});
  return Dataset::from(std::move(sets), "example", 1);
}

LoaderOptions loader_options(int batch, const Augmentation& augmentation) {
  LoaderOptions options;
  options.seed = 11;
  options.batch = batch;
  options.augmentation = augmentation;
  return options;
}

/// Images `labels` as the evaluation transform gives them at their own, unequal sides.
torch::Tensor plain_images(const Dataset& data, const torch::Tensor& labels) {
  const ImageSet& train = data.images(Split::kTrain);
  const DataDescription& description = data.description();
  const torch::Tensor bytes =
      torch::tensor(std::vector<int>(train.pixels.begin(), train.pixels.end()), torch::kFloat)
          .reshape({kLoaderImages, 3, 5, 6})
          .index_select(0, labels);
  const auto per_channel = [](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat).reshape({1, 3, 1, 1});
  };
  return (bytes / 255.0 - per_channel(description.mean)) / per_channel(description.deviation);
}

/// Which crop of the `image`, mirrored at its edges by 2 pixels, this is: {down, right, mirrored}.
std::vector<std::array<int, 3>> matching_crops(const torch::Tensor& image,
                                               const torch::Tensor& augmented) {
  const torch::Tensor canvas = image.index_select(1, torch::tensor({1, 0, 0, 1, 2, 3, 4, 4, 3}))
                                   .index_select(2, torch::tensor({1, 0, 0, 1, 2, 3, 4, 5, 5, 4}));
  std::vector<std::array<int, 3>> found;
  for (int down = 0; down <= 4; ++down) {
    for (int right = 0; right <= 4; ++right) {
      const torch::Tensor crop = canvas.narrow(1, down, 5).narrow(2, right, 6);
      if (torch::allclose(crop, augmented, 0, 1e-4)) found.push_back({down, right, 0});
      if (torch::allclose(crop.flip({2}), augmented, 0, 1e-4)) found.push_back({down, right, 1});
    }
  }
  return found;
}

TEST_CASE("batches do not depend on the number of workers", "[data][loader]") {
  const Dataset data = loader_dataset();
  const auto workers = GENERATE(2, 3);
  CAPTURE(workers);
  LoaderOptions options = loader_options(16, Augmentation{});
  TrainLoader one(data, options, 0);
  options.workers = workers;
  TrainLoader many(data, options, 0);
  for (int step = 0; step < 12; ++step) {
    const Batch expected = one.next();
    const Batch batch = many.next();
    REQUIRE(torch::equal(batch.images, expected.images));
    REQUIRE(torch::equal(batch.labels, expected.labels));
  }
}

TEST_CASE("a loader that starts at step k gives what follows k skipped batches", "[data][loader]") {
  const Dataset data = loader_dataset();
  const auto first_step = GENERATE(1, 2, 3, 10);
  CAPTURE(first_step);
  const LoaderOptions options = loader_options(16, Augmentation{});
  TrainLoader whole(data, options, 0);
  for (int step = 0; step < first_step; ++step) whole.next();
  TrainLoader resumed(data, options, first_step);
  for (int step = 0; step < 4; ++step) {
    const Batch expected = whole.next();
    const Batch batch = resumed.next();
    REQUIRE(torch::equal(batch.images, expected.images));
    REQUIRE(torch::equal(batch.labels, expected.labels));
  }
}

TEST_CASE("a rank's rows are those of the global batch", "[data][loader]") {
  const Dataset data = loader_dataset();
  LoaderOptions options = loader_options(16, Augmentation{});
  TrainLoader global(data, options, 2);
  options.first_row = 4;
  options.rows = 8;
  TrainLoader rank(data, options, 2);
  for (int step = 0; step < 3; ++step) {
    const Batch expected = global.next();
    const Batch batch = rank.next();
    CHECK(torch::equal(batch.images, expected.images.narrow(0, 4, 8)));
    CHECK(torch::equal(batch.labels, expected.labels.narrow(0, 4, 8)));
  }
}

TEST_CASE("an epoch visits every image at most once, each epoch in its own order",
          "[data][loader]") {
  const Dataset data = loader_dataset();
  TrainLoader loader(data, loader_options(10, Augmentation{}), 0);
  REQUIRE(loader.steps_per_epoch() == 5);
  std::vector<torch::Tensor> orders;
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::vector<torch::Tensor> labels;
    for (int step = 0; step < 5; ++step) labels.push_back(loader.next().labels);
    orders.push_back(torch::cat(labels));
    CHECK(torch::equal(std::get<0>(orders.back().sort()), torch::arange(kLoaderImages)));
  }
  CHECK(!torch::equal(orders[0], orders[1]));
  CHECK(!torch::equal(orders[1], orders[2]));
}

TEST_CASE("a set smaller than a batch is repeated", "[data][loader]") {
  const Dataset data = loader_dataset();
  TrainLoader loader(data, loader_options(2 * kLoaderImages, Augmentation{}), 0);
  CHECK(loader.steps_per_epoch() == 1);
  const torch::Tensor counts = torch::bincount(loader.next().labels);
  CHECK(torch::equal(counts, torch::full({kLoaderImages}, 2, torch::kLong)));
}

TEST_CASE("the last incomplete batch of an epoch is dropped", "[data][loader]") {
  CHECK(steps_per_epoch(50'000, 128) == 390);
  CHECK(steps_per_epoch(128, 128) == 1);
  CHECK(steps_per_epoch(127, 128) == 1);
}

TEST_CASE("without padding and mirroring the evaluation transform is left", "[data][loader]") {
  const Dataset data = loader_dataset();
  TrainLoader loader(data, loader_options(20, {0, false}), 0);
  const Batch batch = loader.next();
  CHECK(batch.images.is_contiguous(torch::MemoryFormat::ChannelsLast));
  CHECK_THAT(batch.images, AllClose(plain_images(data, batch.labels), 1e-5));
}

TEST_CASE("augmented images are crops of the image that goes on mirrored, some flipped",
          "[data][loader]") {
  const Dataset data = loader_dataset();
  TrainLoader loader(data, loader_options(kLoaderImages, {2, true}), 0);
  std::set<std::array<int, 3>> seen;
  for (int step = 0; step < 8; ++step) {
    const Batch batch = loader.next();
    const torch::Tensor plain = plain_images(data, batch.labels);
    for (std::int64_t i = 0; i < kLoaderImages; ++i) {
      const auto crops = matching_crops(plain[i], batch.images[i]);
      REQUIRE(crops.size() == 1);
      seen.insert(crops.front());
    }
  }
  CHECK(seen.size() == 50);  // 5 x 5 offsets, both ways round
}

}  // namespace
}  // namespace enas4d
