#include "bench/decode.h"

#include <ctime>

#include "data/batch_maker.h"
#include "data/dataset.h"
#include "support/image_files.h"
#include "support/temporary_folder.h"
#include "util/files.h"

namespace enas4d {
namespace {

/// Of all threads of this process: other processes on the machine do not count.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// About as many bytes as a photograph of that size.
void make_photographs(const std::string& folder) {
  constexpr int kPhotographs = 500, kSide = 256;
  Image image = smooth_image(3, kSide, kSide);
  const Image noise = noise_image(3, kSide, kSide);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    image.pixels[i] = static_cast<std::uint8_t>(image.pixels[i] / 2 + noise.pixels[i] / 16);
  }
  const std::string bytes = jpeg_file(image);
  for (const char* name : {"/train/a", "/train/b"}) {
    make_directories(folder + name);
    for (int i = 0; i < kPhotographs / 2; ++i) {
      write_file(folder + name + "/" + std::to_string(i) + ".jpg", bytes);
    }
  }
}

}  // namespace

DecodeFigures measure_decoding(const std::string& folder) {
  const TemporaryFolder temporary;
  if (folder.empty()) make_photographs(temporary.path());

  ReadOptions reading;
  reading.resolution = 128;
  reading.cache = temporary / "cache";
  LoaderOptions loading;
  loading.batch = 50;
  loading.augmentation = {0, true, 0.25, 0.3};

  const double begin = cpu_seconds();
  const std::string& read = folder.empty() ? temporary.path() : folder;
  const Dataset data = Dataset::open("folder:" + read, 1, reading);
  const double opened = cpu_seconds();
  BatchMaker batches(data, loading);
  for (std::int64_t step = 0; step < batches.steps_per_epoch(); ++step) batches.make(step);
  const double cropped = cpu_seconds();

  const auto images = [&](Split split) { return static_cast<double>(data.size(split)); };
  const double decoded = images(Split::kTrain) + images(Split::kVal) + images(Split::kTest);
  const double crops = static_cast<double>(batches.steps_per_epoch() * loading.batch);
  const double crop_time = (cropped - opened) / crops;
  return {1 / ((opened - begin) / decoded + crop_time), 1 / crop_time};
}

}  // namespace enas4d
