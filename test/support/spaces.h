// Spaces that tests know by name.
#pragma once

#include <utility>
#include <vector>

#include "arch/space.h"

namespace enas4d {

/// Every stage has the same choices.
inline std::vector<Choices> for_stages(int stages, const Choices& choices) {
  return std::vector<Choices>(static_cast<std::size_t>(stages), choices);
}

/// OFA's MobileNetV3 space (Cai et al. 2020, ofa_mbv3) at width 1.0 as a space of one stage.
inline Space mobilenet_v3_space() {
  const auto unit = [](int stride, Activation activation, bool squeeze_excite, int width) {
    UnitSpace space;
    space.stride = stride;
    space.activation = activation;
    space.squeeze_excite = squeeze_excite;
    space.depth = {{2, 3, 4}};
    space.width = {{width}};
    space.kernel = {{3, 5, 7}};
    space.expand = {{3, 4, 6}};
    return space;
  };
  Space space;
  space.name = "mobilenet_v3";
  space.classes = 1000;
  space.resolution = {128, 160, 192, 224};
  space.stem.stride = 2;
  space.stem.width = {{16}};
  UnitSpace fixed = unit(1, Activation::kRelu, false, 16);
  fixed.depth = {{1}};
  fixed.kernel = {{3}};
  fixed.expand = {{1}};
  space.units = {std::move(fixed),
                 unit(2, Activation::kRelu, false, 24),
                 unit(2, Activation::kRelu, true, 40),
                 unit(2, Activation::kHardSwish, false, 80),
                 unit(1, Activation::kHardSwish, true, 112),
                 unit(2, Activation::kHardSwish, true, 160)};
  space.head.width = {{960}};
  space.head.features = {1280};
  return space;
}

/// Small enough for a pencil: 8 pixels, one unit of up to two blocks, groups of 4.
inline Space pencil_space(int stages) {
  Space space;
  space.name = "pencil";
  space.stages = stages;
  space.channels = 1;
  space.classes = 3;
  space.resolution = {8};
  space.stem.width = for_stages(stages, {4});
  UnitSpace unit;
  unit.stride = 2;
  unit.depth = for_stages(stages, {1, 2});
  unit.width = for_stages(stages, {4, 8});
  unit.kernel = for_stages(stages, {3, 5});
  unit.expand = for_stages(stages, {2, 4});
  space.units = {unit};
  space.head.width = for_stages(stages, {8});
  return space;
}

}  // namespace enas4d
