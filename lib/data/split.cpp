#include "data/split.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "data/random_streams.h"
#include "util/rng.h"

namespace enas4d {
namespace {

using ImagePositions = std::vector<std::int32_t>;

std::vector<ImagePositions> positions_by_class(const std::vector<std::int32_t>& labels,
                                               int classes) {
  std::vector<ImagePositions> by_class(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    by_class[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int32_t>(i));
  }
  return by_class;
}

/// Shares of `count` in proportion to the classes' sizes: whole parts, then one each by largest
/// remainder.
std::vector<std::int64_t> class_quotas(const std::vector<ImagePositions>& by_class,
                                       std::int64_t images, std::int64_t count) {
  std::vector<std::int64_t> quotas, remainders;
  for (const ImagePositions& positions : by_class) {
    const std::int64_t product = count * static_cast<std::int64_t>(positions.size());
    quotas.push_back(product / images);
    remainders.push_back(product % images);
  }
  std::vector<std::size_t> order(by_class.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  const std::int64_t missing =
      count - std::accumulate(quotas.begin(), quotas.end(), std::int64_t{0});
  for (std::size_t i = 0; i < static_cast<std::size_t>(missing); ++i) ++quotas[order[i]];
  return quotas;
}

}  // namespace

std::int64_t held_out_count(std::int64_t images) {
  return images < 50'000 ? std::max<std::int64_t>(1, images / 10) : 5'000;
}

HeldOut hold_out(const std::vector<std::int32_t>& labels, int classes, std::int64_t count,
                 std::uint64_t split_seed) {
  const auto images = static_cast<std::int64_t>(labels.size());
  assert(count >= 0 && count <= images);
  std::vector<ImagePositions> by_class = positions_by_class(labels, classes);
  const std::vector<std::int64_t> quotas = class_quotas(by_class, images, count);

  HeldOut parts;
  for (std::size_t c = 0; c < by_class.size(); ++c) {
    Rng rng(split_seed, {kSplitStream, c});
    rng.shuffle(by_class[c]);
    const auto middle = by_class[c].begin() + quotas[c];
    parts.val.insert(parts.val.end(), by_class[c].begin(), middle);
    parts.train.insert(parts.train.end(), middle, by_class[c].end());
  }
  std::sort(parts.train.begin(), parts.train.end());
  std::sort(parts.val.begin(), parts.val.end());
  return parts;
}

std::vector<std::int32_t> calibration_part(std::vector<std::int32_t> train,
                                           std::uint64_t split_seed) {
  Rng rng(split_seed, {kCalibrationStream});
  rng.shuffle(train);
  train.resize(std::min(train.size(), kCalibrationImages));
  return train;
}

}  // namespace enas4d
