#include "nn/slices.h"

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
    const SerialSection serial(true);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i * count / threads;
      run(first, images.narrow(0, first, (i + 1) * count / threads - first));
    }
  });
}

}  // namespace enas4d
