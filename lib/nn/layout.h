// How all images and values lie in memory: pixel after pixel (NHWC), as the kernels read them.
#pragma once

#include <torch/types.h>

namespace enas4d {

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast;

}  // namespace enas4d
