#include "kernels/scratch.h"

#include <cstddef>
#include <memory>
#include <new>

namespace enas4d {

namespace {

constexpr std::align_val_t kCacheLine{64};

}  // namespace

float* thread_scratch(std::int64_t floats) {
  struct Free {
    void operator()(float* memory) const { ::operator delete[](memory, kCacheLine); }
  };
  thread_local std::unique_ptr<float[], Free> scratch;
  thread_local std::int64_t size = 0;
  if (size < floats) {
    scratch.reset(new (kCacheLine) float[static_cast<std::size_t>(floats)]);
    size = floats;
  }
  return scratch.get();
}

}  // namespace enas4d
