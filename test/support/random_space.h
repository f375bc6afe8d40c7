// Small random spaces for properties: 1 to 4 stages, both kinds of projection, squeeze-excite,
// expand 1, features, uneven choices per stage. A pure function of the generator; networks so small
// that a forward pass takes a millisecond.
#pragma once

#include <string>
#include <vector>

#include "arch/sample.h"
#include "arch/space.h"
#include "util/rng.h"

namespace enas4d {

/// Some of `all`, at least one, in their order.
inline Choices random_choices(const Choices& all, Rng& rng) {
  Choices chosen;
  for (const int choice : all) {
    if (rng.chance(0.5)) chosen.push_back(choice);
  }
  if (chosen.empty()) chosen.push_back(rng.pick(all));
  return chosen;
}

inline std::vector<Choices> random_stage_choices(int stages, const Choices& all, Rng& rng) {
  std::vector<Choices> result;
  for (int stage = 0; stage < stages; ++stage) result.push_back(random_choices(all, rng));
  return result;
}

inline Activation random_activation(Rng& rng) {
  return rng.chance(0.5) ? Activation::kRelu : Activation::kHardSwish;
}

inline UnitSpace random_unit(int stages, Rng& rng) {
  UnitSpace unit;
  unit.stride = rng.chance(0.5) ? 2 : 1;
  unit.activation = random_activation(rng);
  unit.squeeze_excite = rng.chance(0.5);
  unit.depth = random_stage_choices(stages, {1, 2, 3}, rng);
  unit.width = random_stage_choices(stages, {4, 8, 12}, rng);
  unit.kernel = random_stage_choices(stages, {3, 5, 7}, rng);
  unit.expand = random_stage_choices(stages, {2, 3, 4}, rng);
  for (Choices& choices : unit.expand) {
    if (rng.chance(0.25)) choices = {1};
  }
  return unit;
}

inline Space random_space(Rng& rng, int stages) {
  Space space;
  space.name = "random";
  space.stages = stages;
  space.channels = rng.chance(0.5) ? 3 : 1;
  space.classes = 3 + static_cast<int>(rng.below(3));
  space.resolution = random_choices({8, 12, 15}, rng);
  space.projection_reads = rng.chance(0.5) ? ProjectionReads::kAll : ProjectionReads::kOwn;
  space.stem.stride = rng.chance(0.25) ? 2 : 1;
  space.stem.activation = random_activation(rng);
  space.stem.width = random_stage_choices(stages, {4, 8}, rng);
  const int units = 1 + static_cast<int>(rng.below(3));
  for (int unit = 0; unit < units; ++unit) space.units.push_back(random_unit(stages, rng));
  space.head.activation = random_activation(rng);
  space.head.width = random_stage_choices(stages, {8, 12}, rng);
  if (rng.chance(0.5)) {
    for (int stage = 0; stage < stages; ++stage) space.head.features.push_back(8 + 4 * stage);
  }
  return space;
}

/// With 1 to 4 stages.
inline Space random_space(Rng& rng) {
  return random_space(rng, 1 + static_cast<int>(rng.below(kMaxStages)));
}

}  // namespace enas4d
