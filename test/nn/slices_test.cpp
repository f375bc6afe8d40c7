#include "nn/slices.h"

#include <mutex>
#include <stdexcept>

#include <torch/torch.h>

#include "support/catch.h"

namespace enas4d {

namespace {

/// LibTorch's own default may be one thread, and then nothing is sliced.
class Threads {
 public:
  explicit Threads(int count) : before_(torch::get_num_threads()) { torch::set_num_threads(count); }
  ~Threads() { torch::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace

TEST_CASE("the slices of a batch cover it in order, whatever its size", "[nn]") {
  const auto count = GENERATE(1, 23, 24, 26, 64, 128);
  CAPTURE(count);
  const Threads threads(3);
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
  const Threads threads(3);
  const auto images = torch::zeros({64, 1, 1, 1});
  CHECK_THROWS_AS(for_each_slice(images,
                                 [](std::int64_t first, const torch::Tensor&) {
                                   if (first > 0) throw std::runtime_error("broken");
                                 }),
                  std::runtime_error);
}

}  // namespace enas4d
