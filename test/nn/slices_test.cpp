#include "nn/slices.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <vector>

#include <torch/torch.h>

#include "support/catch.h"
#include "support/threads.h"

namespace enas4d {

TEST_CASE("the slices of a batch cover it in order, whatever its size", "[nn]") {
  const auto count = GENERATE(1, 23, 24, 26, 64, 128);
  CAPTURE(count);
  const ThreadCount threads(3);
  const auto images = torch::arange(count).to(torch::kFloat).view({-1, 1, 1, 1});
  auto copy = torch::full({count, 1, 1, 1}, -1.0F);
  std::mutex mutex;
  int slices = 0;
  std::int64_t sum = 0;
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    const std::lock_guard<std::mutex> lock(mutex);
    ++slices;
    sum += slice.size(0);
    copy.narrow(0, first, slice.size(0)).copy_(slice);
  });
  CHECK(torch::equal(copy, images));
  CHECK(sum == count);
  CHECK(slices == (count < 3 * 8 ? 1 : 3));
}

TEST_CASE("what goes wrong in one slice reaches the caller, from other threads, too", "[nn]") {
  const ThreadCount threads(3);
  const auto images = torch::zeros({64, 1, 1, 1});
  CHECK_THROWS_AS(for_each_slice(images,
                                 [](std::int64_t first, const torch::Tensor&) {
                                   if (first > 0) throw std::runtime_error("broken");
                                 }),
                  std::runtime_error);
}

TEST_CASE("the parts of a range cover it in order", "[nn]") {
  const auto count = GENERATE(1, 2, 3, 4, 100);
  CAPTURE(count);
  const ThreadCount threads(3);
  std::vector<int> visits(static_cast<std::size_t>(count));
  std::vector<std::int64_t> begins(static_cast<std::size_t>(parts_of(count)), -1);
  for_each_part(count, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
    begins.at(static_cast<std::size_t>(part)) = begin;
    for (std::int64_t i = begin; i < end; ++i) ++visits.at(static_cast<std::size_t>(i));
  });
  CHECK(visits == std::vector<int>(static_cast<std::size_t>(count), 1));
  CHECK(std::is_sorted(begins.begin(), begins.end()));
  CHECK(begins.size() == static_cast<std::size_t>(std::min(3, count)));
}

}  // namespace enas4d
