// How nn divides work among threads. At inference each gets a part of the batch and the whole
// network: threads meet once a batch, not once a layer, so that a part which shrinks at its exits
// wakes nobody. In training each gets a part of a layer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include <torch/types.h>

namespace enas4d {

/// Calls `run(first, slice)` for consecutive parts of `images` (N x C x H x W) that cover it, one a
/// thread and at the same time; batches too small for that are one part, whose 1x1 layers use all
/// threads and whose depthwise ones a thread an image. What `run` throws is thrown here.
void for_each_slice(const torch::Tensor& images,
                    const std::function<void(std::int64_t first, const torch::Tensor& slice)>& run);

/// What the parts of a batch gave, put together again. add() may be called from all threads at
/// once.
class JoinedSlices {
 public:
  void add(std::int64_t first, torch::Tensor rows);
  /// In the batch's order; a normal tensor, whatever its parts were made under.
  torch::Tensor joined() const;

 private:
  std::mutex mutex_;
  std::map<std::int64_t, torch::Tensor> parts_;
};

/// Parts that for_each_part makes of `count` things: one a thread, one in all within a slice.
std::int64_t parts_of(std::int64_t count);

/// Calls `run(part, begin, end)` for each part of [0, count), all at the same time.
void for_each_part(
    std::int64_t count,
    const std::function<void(std::int64_t part, std::int64_t begin, std::int64_t end)>& run);

/// The sum of what each part (row of `sums`) added up for itself, in order: the same number of
/// threads gives the same bits.
torch::Tensor sum_of_parts(const torch::Tensor& sums);

}  // namespace enas4d
