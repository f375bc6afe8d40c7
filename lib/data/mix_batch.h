// Cutout, Mixup and CutMix of a batch as a pure function of (seed, step, index in the global
// batch).
#pragma once

#include <cstdint>

#include "data/mixing.h"
#include "data/train_loader.h"
#include "util/rng.h"

namespace enas4d {

/// Where a batch lies in the global one.
struct MixPlace {
  std::uint64_t seed = 1;
  std::int64_t step = 0;
  std::int64_t first_row = 0;
  std::int64_t chunk = 0;  ///< images among which partners are drawn; 0 = the whole of this batch
  int classes = 0;
};

/// Blanks a square of each image, then mixes each with a partner of its chunk. Where labels mix,
/// they become float32, N x classes: the share of each class.
void mix_batch(const Mixing& mixing, const MixPlace& place, Batch& batch);

/// Of Beta(alpha, alpha), by Joehnk's method: enough for alpha up to kMostMixing.
double symmetric_beta(double alpha, Rng& rng);

}  // namespace enas4d
