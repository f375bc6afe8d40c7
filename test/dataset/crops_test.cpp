#include "data/crops.h"

#include <cmath>

#include "data/dataset.h"
#include "data/train_loader.h"
#include "support/catch.h"
#include "support/image_folder.h"
#include "support/tensors.h"

namespace enas4d {
namespace {

const std::vector<double> kNoMean(3, 0.0), kNoDeviation(3, 1.0);

torch::Tensor cropped(const Image& image, const Crop& crop, Extent extent) {
  const PixelTable table(kNoMean, kNoDeviation);
  torch::Tensor out = torch::empty({extent.height, extent.width, image.channels});
  write_crop(image.view(), crop, extent, table, out.data_ptr<float>());
  return out;
}

torch::Tensor as_tensor(const Image& image) {
  return torch::tensor(std::vector<int>(image.pixels.begin(), image.pixels.end()), torch::kFloat)
             .reshape({image.height, image.width, image.channels}) /
         255;
}

bool lies_within(const Box& box, Extent image) {
  return box.top >= 0 && box.left >= 0 && box.top + box.height <= image.height + 1e-9 &&
         box.left + box.width <= image.width + 1e-9;
}

/// The data set that a folder is, at 12 pixels.
Dataset folder_dataset(const ExampleFolder& folder) {
  return Dataset::open("folder:" + folder.data(), 3, folder.options());
}

}  // namespace

TEST_CASE("whole images are resized as LibTorch does", "[data][crops]") {
  const auto [height, width, side] = GENERATE(
      table<int, int, int>({{40, 40, 16}, {17, 31, 12}, {9, 9, 30}, {64, 48, 48}, {5, 7, 1}}));
  CAPTURE(height, width, side);
  const Image image = noise_image(3, height, width);
  Crop crop;
  crop.box = whole_box(image.view());
  const torch::Tensor expected =
      resize(as_tensor(image).permute({2, 0, 1}).unsqueeze(0).contiguous(), side);
  CHECK_THAT(cropped(image, crop, {side, side}),
             AllClose(expected[0].permute({1, 2, 0}).contiguous(), 1e-4));
}

TEST_CASE("evaluation sees the middle, and never enlarges while there is more to see",
          "[data][crops]") {
  const Box whole = centre_crop({32, 32}, {32, 32}).box;
  CHECK(whole.height == 32);
  CHECK(whole.top == 0);
  const Box usual = centre_crop({160, 240}, {128, 128}).box;
  CHECK(usual.height == 140);
  CHECK(usual.width == 140);
  CHECK(usual.top == 10);
  CHECK(usual.left == 50);
  CHECK(centre_crop({130, 130}, {128, 128}).box.height == 128);
  CHECK(centre_crop({100, 90}, {128, 128}).box.width == 90);
}

TEST_CASE("a random-resized crop lies within the image and has the area and aspect asked for",
          "[data][crops]") {
  Augmentation augmentation;
  augmentation.crop_area = 0.25;
  const Extent image = {160, 200};
  double least = 1, most = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Rng rng(1, {i});
    const Box box = random_crop(image, {128, 128}, augmentation, rng).box;
    REQUIRE(lies_within(box, image));
    const double share = box.height * box.width / (160.0 * 200.0);
    const double aspect = box.width / box.height;
    REQUIRE(aspect > 0.74);
    REQUIRE(aspect < 1.36);
    least = std::min(least, share);
    most = std::max(most, share);
  }
  CHECK(least > 0.24);
  CHECK(least < 0.27);
  CHECK(most > 0.9);
}

TEST_CASE("an image in which no random crop fits is taken from its middle", "[data][crops]") {
  Augmentation augmentation;
  augmentation.crop_area = 1;
  Rng rng(1);
  const Box box = random_crop({10, 30}, {8, 8}, augmentation, rng).box;
  CHECK(box.height == 10);
  CHECK(box.width == 10);
  CHECK(box.left == 10);
}

TEST_CASE("mirrored crops are the mirror image", "[data][crops]") {
  const Image image = noise_image(3, 20, 22);
  Crop crop;
  crop.box = {1.5, 2, 15, 13};
  const torch::Tensor plain = cropped(image, crop, {8, 9});
  crop.mirrored = true;
  CHECK(torch::equal(cropped(image, crop, {8, 9}), plain.flip({1})));
}

TEST_CASE("a whole-pixel window is the same by either way", "[data][crops]") {
  const Image image = noise_image(3, 10, 12);
  const auto mirrored = GENERATE(false, true);
  const auto [top, left] = GENERATE(table<int, int>({{-2, 3}, {4, -5}, {-23, 31}}));
  CAPTURE(top, left);
  Crop crop;
  crop.box = {static_cast<double>(top), static_cast<double>(left), 10, 12};
  crop.mirrored = mirrored;
  const torch::Tensor window = cropped(image, crop, {10, 12});
  crop.colours.contrast = 1 + 1e-9;  // not a plain window any more
  CHECK_THAT(cropped(image, crop, {10, 12}), AllClose(window, 1e-5));
}

TEST_CASE("brightness, contrast and saturation do what their names say", "[data][crops]") {
  const Image image = smooth_image(3, 16, 16);
  Crop crop;
  crop.box = whole_box(image.view());
  const torch::Tensor plain = cropped(image, crop, {16, 16});
  const torch::Tensor grey_weights = torch::tensor({0.299F, 0.587F, 0.114F});
  SECTION("brightness") {
    crop.colours.brightness = 0.5;
    CHECK_THAT(cropped(image, crop, {16, 16}), AllClose(plain * 0.5, 1e-4));
  }
  SECTION("brightness is cut at white") {
    crop.colours.brightness = 3;
    CHECK_THAT(cropped(image, crop, {16, 16}), AllClose((plain * 3).clamp_max(1), 1e-4));
  }
  SECTION("no contrast leaves the mean grey") {
    crop.colours.contrast = 0;
    const torch::Tensor mean = (plain * grey_weights).sum(2).mean();
    CHECK_THAT(cropped(image, crop, {16, 16}), AllClose(mean.expand({16, 16, 3}), 1e-4));
  }
  SECTION("no saturation leaves grey") {
    crop.colours.saturation = 0;
    const torch::Tensor grey = (plain * grey_weights).sum(2, true);
    CHECK_THAT(cropped(image, crop, {16, 16}), AllClose(grey.expand({16, 16, 3}), 1e-4));
  }
}

TEST_CASE("an image folder is a data set like any other", "[data][folder]") {
  const ExampleFolder folder(20);
  const Dataset data = folder_dataset(folder);
  const DataDescription& description = data.description();
  CHECK(description.name == "folder");
  CHECK(description.class_names == std::vector<std::string>{"apples", "pears"});
  CHECK(description.resolution == 12);
  CHECK(data.size(Split::kTrain) == 36);
  CHECK(data.size(Split::kVal) == 4);
  CHECK(data.size(Split::kTest) == 40);
  const torch::Tensor images = data.batch(Split::kTest, data.indices(Split::kTest).data(), 5, 12);
  CHECK(images.sizes() == torch::IntArrayRef({5, 3, 12, 12}));
  CHECK(images.is_contiguous(torch::MemoryFormat::ChannelsLast));
  CHECK(data.batch(Split::kTest, data.indices(Split::kTest).data(), 5, 7).size(3) == 7);
  CHECK(std::abs(images.mean().item<double>()) < 0.5);

  const Dataset again = Dataset::open_as("folder:" + folder.data(), description, folder.options());
  CHECK(again.calibration_hash() == data.calibration_hash());
}

TEST_CASE("a folder is not taken for another folder, nor for other data", "[data][folder]") {
  const ExampleFolder folder(20);
  DataDescription trained = folder_dataset(folder).description();
  folder.add("data/train/pears/0.ppm", pnm_file(noise_image(3, 20, 20, 77)));
  CHECK_THROWS_WITH(Dataset::open_as("folder:" + folder.data(), trained, folder.options()),
                    Contains("is not the data this checkpoint was trained on (hash "));
  trained.classes = 7;
  CHECK_THROWS_WITH(Dataset::open_as("folder:" + folder.data(), trained, folder.options()),
                    Contains("classes, the network is for 7"));
  trained.resolution = 0;
  trained.name = "cifar10";
  CHECK_THROWS_WITH(
      Dataset::open_as("folder:" + folder.data(), trained, folder.options()),
      "folder:" + folder.data() + ": is not the data this checkpoint was trained on (cifar10)");
}

TEST_CASE("batches of an image folder are the same whatever the number of workers",
          "[data][folder]") {
  const ExampleFolder folder(20);
  const Dataset data = folder_dataset(folder);
  LoaderOptions options;
  options.batch = 8;
  options.augmentation = {0, true, 0.3, 0.4};
  TrainLoader one(data, options, 0);
  options.workers = 3;
  TrainLoader three(data, options, 0);
  for (int step = 0; step < 12; ++step) {
    const Batch a = one.next(), b = three.next();
    REQUIRE(torch::equal(a.images, b.images));
    REQUIRE(torch::equal(a.labels, b.labels));
  }
  TrainLoader later(data, options, 12);
  CHECK(torch::equal(later.next().images, one.next().images));
}

}  // namespace enas4d
