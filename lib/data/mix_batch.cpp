#include "data/mix_batch.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "data/random_streams.h"
#include "util/rng.h"

namespace enas4d {
namespace {

/// Half-open, inside the image.
struct Patch {
  std::int64_t top, bottom, left, right;
};

/// Of these sides around a pixel drawn uniformly, cut to the image.
Patch random_patch(std::int64_t rows, std::int64_t columns, const Batch& batch, Rng& rng) {
  const std::int64_t height = batch.images.size(2);
  const std::int64_t width = batch.images.size(3);
  const auto y = static_cast<std::int64_t>(rng.below(static_cast<std::uint32_t>(height)));
  const auto x = static_cast<std::int64_t>(rng.below(static_cast<std::uint32_t>(width)));
  const std::int64_t top = y - rows / 2;
  const std::int64_t left = x - columns / 2;
  return {std::max<std::int64_t>(0, top), std::min(height, top + rows),
          std::max<std::int64_t>(0, left), std::min(width, left + columns)};
}

/// Calls `change(begin, count)` with the floats of each row of the patch; images lie channels-last.
template <class Change>
void for_patch_rows(const Patch& patch, const Batch& batch, Change&& change) {
  const std::int64_t channels = batch.images.size(1);
  const std::int64_t width = batch.images.size(3);
  for (std::int64_t y = patch.top; y < patch.bottom; ++y) {
    change((y * width + patch.left) * channels, (patch.right - patch.left) * channels);
  }
}

Rng image_stream(std::uint64_t stream, const MixPlace& place, std::int64_t image) {
  return Rng(place.seed, {stream, static_cast<std::uint64_t>(place.step),
                          static_cast<std::uint64_t>(place.first_row + image)});
}

void cut_out(int side, const MixPlace& place, Batch& batch) {
  float* pixels = batch.images.data_ptr<float>();
  const std::int64_t size = batch.images.numel() / batch.images.size(0);
  for (std::int64_t i = 0; i < batch.images.size(0); ++i, pixels += size) {
    Rng rng = image_stream(kCutoutStream, place, i);
    for_patch_rows(random_patch(side, side, batch, rng), batch,
                   [&](std::int64_t begin, std::int64_t count) {
                     std::fill_n(pixels + begin, count, 0.0F);  // the mean colour
                   });
  }
}

/// Mixes images with others of the batch as it was.
class Mixer {
 public:
  Mixer(const Mixing& mixing, const MixPlace& place, Batch& batch)
      : mixing_(mixing),
        place_(place),
        batch_(batch),
        before_(batch.images.data_ptr<float>(),
                batch.images.data_ptr<float>() + batch.images.numel()) {}

  void mix() {
    const std::int64_t images = batch_.images.size(0);
    at::Tensor shares = at::empty({images, place_.classes}, at::TensorOptions(at::kFloat));
    float* share = shares.data_ptr<float>();
    std::fill_n(share, shares.numel(), 0.0F);
    const auto* labels = batch_.labels.data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < images; ++i, share += place_.classes) {
      Rng rng = image_stream(kMixStream, place_, i);
      const std::int64_t partner = partner_of(i, rng);
      const double own = mix_image(i, partner, rng);
      share[labels[i]] += static_cast<float>(own);
      share[labels[partner]] += static_cast<float>(1 - own);
    }
    batch_.labels = shares;
  }

 private:
  std::int64_t partner_of(std::int64_t image, Rng& rng) const {
    const std::int64_t images = batch_.images.size(0);
    const std::int64_t chunk = place_.chunk > 0 ? place_.chunk : images;
    const std::int64_t first = image / chunk * chunk;
    const std::int64_t count = std::min(chunk, images - first);
    return first + static_cast<std::int64_t>(rng.below(static_cast<std::uint32_t>(count)));
  }

  /// Returns the share that the image keeps.
  double mix_image(std::int64_t image, std::int64_t partner, Rng& rng) {
    const bool pastes = mixing_.mixup == 0 || (mixing_.cutmix > 0 && rng.chance(0.5));
    const double own = symmetric_beta(pastes ? mixing_.cutmix : mixing_.mixup, rng);
    return pastes ? paste(image, partner, own, rng) : blend(image, partner, own);
  }

  double blend(std::int64_t image, std::int64_t partner, double own) {
    const auto share = static_cast<float>(own);
    const float* other = before_.data() + partner * size_;
    float* out = batch_.images.data_ptr<float>() + image * size_;
    for (std::int64_t i = 0; i < size_; ++i) out[i] = share * out[i] + (1 - share) * other[i];
    return own;
  }

  double paste(std::int64_t image, std::int64_t partner, double own, Rng& rng) {
    const auto side = [&](std::int64_t whole) {
      return std::lround(static_cast<double>(whole) * std::sqrt(1 - own));
    };
    const std::int64_t height = batch_.images.size(2);
    const std::int64_t width = batch_.images.size(3);
    const Patch patch = random_patch(side(height), side(width), batch_, rng);
    const float* other = before_.data() + partner * size_;
    float* out = batch_.images.data_ptr<float>() + image * size_;
    for_patch_rows(patch, batch_, [&](std::int64_t begin, std::int64_t count) {
      std::copy_n(other + begin, count, out + begin);
    });
    const std::int64_t pasted = (patch.bottom - patch.top) * (patch.right - patch.left);
    return 1 - static_cast<double>(pasted) / static_cast<double>(height * width);
  }

  const Mixing& mixing_;
  const MixPlace& place_;
  Batch& batch_;
  const std::vector<float> before_;  // copied without LibTorch, whose threads belong to training
  const std::int64_t size_ = batch_.images.numel() / batch_.images.size(0);
};

}  // namespace

double symmetric_beta(double alpha, Rng& rng) {
  while (true) {
    const double x = std::pow(rng.uniform(), 1 / alpha);
    const double y = std::pow(rng.uniform(), 1 / alpha);
    if (x + y > 0 && x + y <= 1) return x / (x + y);
  }
}

void mix_batch(const Mixing& mixing, const MixPlace& place, Batch& batch) {
  if (mixing.cutout > 0) cut_out(mixing.cutout, place, batch);
  if (mixes_labels(mixing)) Mixer(mixing, place, batch).mix();
}

}  // namespace enas4d
