#include "nn/slices.h"

#include <mutex>
#include <stdexcept>

#include <torch/torch.h>

#include "support/catch.h"

namespace enas4d {

TEST_CASE("the slices of a batch cover it in order, whatever its size", "[nn]") {
  const auto count = GENERATE(1, 15, 16, 17, 64, 129);
  CAPTURE(count);
  const auto images = torch::arange(count).to(torch::kFloat).view({-1, 1, 1, 1});
  auto copy = torch::full({count, 1, 1, 1}, -1.0F);
  std::mutex mutex;
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    const std::lock_guard<std::mutex> lock(mutex);
    copy.narrow(0, first, slice.size(0)).copy_(slice);
  });
  CHECK(torch::equal(copy, images));
}

TEST_CASE("what goes wrong in one slice reaches the caller", "[nn]") {
  const auto images = torch::zeros({64, 1, 1, 1});
  CHECK_THROWS_AS(for_each_slice(images,
                                 [](std::int64_t first, const torch::Tensor&) {
                                   if (first == 0) throw std::runtime_error("broken");
                                 }),
                  std::runtime_error);
}

}  // namespace enas4d
