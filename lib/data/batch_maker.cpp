#include "data/batch_maker.h"

#include <cassert>
#include <numeric>
#include <utility>

#include <ATen/ATen.h>

#include "data/crops.h"
#include "data/mix_batch.h"
#include "data/random_streams.h"
#include "util/rng.h"

namespace enas4d {

EpochOrders::Order EpochOrders::order(std::int64_t epoch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Kept& kept = kept_[epoch % 2];
  if (kept.epoch != epoch) kept = {epoch, permutation(epoch)};
  return kept.order;
}

EpochOrders::Order EpochOrders::permutation(std::int64_t epoch) const {
  std::vector<std::int32_t> order(static_cast<std::size_t>(images_));
  std::iota(order.begin(), order.end(), 0);
  Rng rng(seed_, {kEpochStream, static_cast<std::uint64_t>(epoch)});
  rng.shuffle(order);
  return std::make_shared<const std::vector<std::int32_t>>(std::move(order));
}

BatchMaker::BatchMaker(const Dataset& data, const LoaderOptions& options)
    : data_(data),
      options_(options),
      steps_per_epoch_(::enas4d::steps_per_epoch(data.size(Split::kTrain), options.batch)),
      table_(data.description().mean, data.description().deviation),
      orders_(options.seed, data.size(Split::kTrain)) {
  assert(options.batch > 0 && options.augmentation.pad >= 0);
  assert(options.first_row >= 0 && options.first_row + options.rows <= options.batch);
}

Batch BatchMaker::make(std::int64_t step) {
  const ImageSet& images = data_.images(Split::kTrain);
  const std::int64_t rows = options_.rows > 0 ? options_.rows : options_.batch;
  Batch batch;
  batch.images =
      at::empty({rows, images.channels, images.height, images.width},
                at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  batch.labels = at::empty({rows}, at::TensorOptions(at::kLong));

  const Extent extent = {images.height, images.width};
  const EpochOrders::Order order = orders_.order(step / steps_per_epoch_);
  const std::int64_t first = step % steps_per_epoch_ * options_.batch;
  float* pixels = batch.images.data_ptr<float>();
  auto* labels = batch.labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < rows; ++i, pixels += images.image_bytes()) {
    const std::int64_t row = options_.first_row + i;
    const auto place = static_cast<std::size_t>(first + row) % order->size();
    const auto chosen = static_cast<std::size_t>((*order)[place]);
    Rng rng(options_.seed,
            {kImageStream, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(row)});
    const ImageView image =
        images.image(static_cast<std::size_t>(data_.indices(Split::kTrain)[chosen]));
    const Crop crop = random_crop({image.height, image.width}, extent, options_.augmentation, rng);
    write_crop(image, crop, extent, table_, pixels);
    labels[i] = data_.labels(Split::kTrain)[chosen];
  }
  mix_batch(
      options_.mixing,
      {options_.seed, step, options_.first_row, options_.mix_chunk, data_.description().classes},
      batch);
  return batch;
}

}  // namespace enas4d
