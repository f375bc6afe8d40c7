#include "support/peak_memory.h"

#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace enas4d {
namespace {

std::atomic<std::size_t> held_bytes{0}, most_bytes{0};

void raise_most_to(std::size_t bytes) noexcept {
  std::size_t most = most_bytes;
  while (bytes > most && !most_bytes.compare_exchange_weak(most, bytes)) {
  }
}

void* take_memory(std::size_t size) noexcept {
  void* memory = std::malloc(size == 0 ? 1 : size);
  raise_most_to(held_bytes += malloc_usable_size(memory));
  return memory;
}

void give_memory_back(void* memory) noexcept {
  held_bytes -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

PeakMemory::PeakMemory() : before_(held_bytes), most_before_(most_bytes) {
  most_bytes = before_;
}

PeakMemory::~PeakMemory() {
  raise_most_to(most_before_);
}

std::size_t PeakMemory::bytes() const {
  return most_bytes - before_;
}

}  // namespace enas4d

// Those for arrays call these. Those for wide alignment keep to themselves.
void* operator new(std::size_t size) {
  void* memory = enas4d::take_memory(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  return enas4d::take_memory(size);
}
void operator delete(void* memory) noexcept {
  enas4d::give_memory_back(memory);
}
void operator delete(void* memory, std::size_t /*size*/) noexcept {
  enas4d::give_memory_back(memory);
}
