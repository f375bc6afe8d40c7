// Inference on several threads by giving each a part of the batch and the whole network: threads
// meet once a batch, not once a layer, so that a part which shrinks at its exits wakes nobody.
#pragma once

#include <cstdint>
#include <functional>

#include <torch/types.h>

namespace enas4d {

/// Calls `run(first, slice)` for consecutive parts of `images` (N x C x H x W) that cover it, one a
/// thread and at the same time; batches too small for that are one part, whose layers use all
/// threads. What `run` throws is thrown here.
void for_each_slice(const torch::Tensor& images,
                    const std::function<void(std::int64_t first, const torch::Tensor& slice)>& run);

}  // namespace enas4d
