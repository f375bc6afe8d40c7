#include "data/mix_batch.h"

#include "support/catch.h"
#include "support/tensors.h"
#include "util/rng.h"

namespace enas4d {
namespace {

constexpr std::int64_t kBatch = 12;

/// Every pixel of image i is i + 1 and its label is i: what is mixed in can be read off.
Batch numbered_batch() {
  const torch::Tensor numbers = torch::arange(1, kBatch + 1, torch::kFloat);
  Batch batch;
  batch.images = numbers.view({kBatch, 1, 1, 1})
                     .expand({kBatch, 2, 6, 5})
                     .contiguous(at::MemoryFormat::ChannelsLast);
  batch.labels = torch::arange(kBatch, torch::kLong);
  return batch;
}

Batch mixed(const Mixing& mixing, std::int64_t step = 3, std::int64_t chunk = 0) {
  Batch batch = numbered_batch();
  mix_batch(mixing, {7, step, 0, chunk, static_cast<int>(kBatch)}, batch);
  return batch;
}

/// The mean pixel that the shares of classes predict.
torch::Tensor predicted_means(const Batch& batch) {
  return batch.labels.matmul(torch::arange(1, kBatch + 1, torch::kFloat));
}

}  // namespace

TEST_CASE("mixed labels are the shares of the images that were mixed", "[data]") {
  const Mixing mixing = GENERATE(Mixing{0, 0.4, 0}, Mixing{0, 0, 1}, Mixing{0, 1, 1});
  for (std::int64_t step = 0; step < 20; ++step) {
    const Batch batch = mixed(mixing, step);
    CHECK_THAT(batch.labels.sum(1), AllClose(torch::ones({kBatch})));
    CHECK_THAT(batch.images.mean({1, 2, 3}), AllClose(predicted_means(batch)));
  }
}

TEST_CASE("Mixup blends all pixels, CutMix pastes whole ones", "[data]") {
  const Batch blended = mixed({0, 1, 0});
  CHECK(blended.images.amax({1, 2, 3}).equal(blended.images.amin({1, 2, 3})));
  CHECK_FALSE(blended.images.equal(blended.images.round()));
  const Batch pasted = mixed({0, 0, 1});
  CHECK(pasted.images.equal(pasted.images.round()));
  CHECK_FALSE(pasted.images.amax({1, 2, 3}).equal(pasted.images.amin({1, 2, 3})));
}

TEST_CASE("mixing is the same for equal seeds, steps and places, whatever the batch's part",
          "[data]") {
  const Mixing mixing = {2, 0.4, 1};
  const Batch whole = mixed(mixing, 3, 4);
  CHECK(mixed(mixing, 3, 4).images.equal(whole.images));
  CHECK_FALSE(mixed(mixing, 4, 4).images.equal(whole.images));
  Batch part = numbered_batch();  // the second and third chunk, as another rank has them
  part.images = part.images.narrow(0, 4, 8).contiguous(at::MemoryFormat::ChannelsLast);
  part.labels = part.labels.narrow(0, 4, 8).contiguous();
  mix_batch(mixing, {7, 3, 4, 4, static_cast<int>(kBatch)}, part);
  CHECK(part.images.equal(whole.images.narrow(0, 4, 8)));
  CHECK(part.labels.equal(whole.labels.narrow(0, 4, 8)));
}

TEST_CASE("partners come from the image's own chunk", "[data]") {
  for (std::int64_t step = 0; step < 20; ++step) {
    const auto labels = mixed({0, 1, 1}, step, 4).labels.view({3, 4, 3, 4});
    for (std::int64_t chunk = 0; chunk < 3; ++chunk) {
      auto own = torch::zeros({3});
      own[chunk] = 4;  // shares of four images
      CHECK_THAT(labels[chunk].sum(at::IntArrayRef({0, 2})), AllClose(own));
    }
  }
}

TEST_CASE("cutout blanks one square of each image and keeps its label", "[data]") {
  const Batch batch = mixed({3, 0, 0});
  CHECK(batch.labels.equal(numbered_batch().labels));
  const auto blank = (batch.images == 0).sum({1, 2, 3});
  CHECK(blank.min().item<std::int64_t>() >= 2 * 2 * 2);  // two channels, at a corner
  CHECK(blank.max().item<std::int64_t>() == 2 * 3 * 3);
  const auto kept = torch::where(batch.images == 0, numbered_batch().images, batch.images);
  CHECK(kept.equal(numbered_batch().images));
}

TEST_CASE("the shares of mixing have Beta's mean and variance", "[data]") {
  for (const double alpha : {kLeastMixing, 0.4, 1.0, kMostMixing}) {
    CAPTURE(alpha);
    Rng rng(5);
    constexpr int kDraws = 20000;
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = symmetric_beta(alpha, rng) - 0.5;
      sum += x;
      squares += x * x;
    }
    CHECK(sum / kDraws == Approx(0).margin(0.015));
    CHECK(squares / kDraws == Approx(0.25 / (2 * alpha + 1)).epsilon(0.05));
  }
}

}  // namespace enas4d
