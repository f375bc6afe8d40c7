#include "nn/slices.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "nn/serial_section.h"

namespace enas4d {

namespace {

/// Images below which a thread has too little to do: then threads share the layers.
constexpr std::int64_t kSliceImages = 8;

}  // namespace

void for_each_slice(
    const torch::Tensor& images,
    const std::function<void(std::int64_t first, const torch::Tensor& slice)>& run) {
  const std::int64_t count = images.size(0);
  const std::int64_t threads = at::get_num_threads();
  if (threads == 1 || at::in_parallel_region() || count < threads * kSliceImages) {
    run(0, images);
    return;
  }
  at::parallel_for(0, threads, 1, [&](std::int64_t begin, std::int64_t end) {
    const SerialSection serial(Threads::kOne);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i * count / threads;
      run(first, images.narrow(0, first, (i + 1) * count / threads - first));
    }
  });
}

void JoinedSlices::add(std::int64_t first, torch::Tensor rows) {
  const std::lock_guard<std::mutex> lock(mutex_);
  parts_[first] = std::move(rows);
}

torch::Tensor JoinedSlices::joined() const {
  const at::NoGradGuard no_grad;
  if (parts_.size() == 1) return parts_.begin()->second.clone();
  std::vector<torch::Tensor> ordered;
  ordered.reserve(parts_.size());
  for (const auto& [first, rows] : parts_) ordered.push_back(rows);
  return at::cat(ordered);
}

std::int64_t parts_of(std::int64_t count) {
  if (at::in_parallel_region()) return 1;
  return std::max<std::int64_t>(1, std::min<std::int64_t>(at::get_num_threads(), count));
}

void for_each_part(
    std::int64_t count,
    const std::function<void(std::int64_t part, std::int64_t begin, std::int64_t end)>& run) {
  const std::int64_t parts = parts_of(count);
  if (parts == 1) {
    run(0, 0, count);
    return;
  }
  at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) run(i, i * count / parts, (i + 1) * count / parts);
  });
}

torch::Tensor sum_of_parts(const torch::Tensor& sums) {
  return sums.size(0) == 1 ? sums[0] : sums.sum(0);
}

}  // namespace enas4d
