// How much memory readers take. Linking peak_memory.cpp replaces operator new of the whole program.
#pragma once

#include <cstddef>

namespace enas4d {

/// The bytes that operator new has given out at one time, at most, beyond those that were out when
/// this object was made. All threads count; what C libraries take with malloc does not. One may be
/// made and gone while another lives.
class PeakMemory {
 public:
  PeakMemory();
  ~PeakMemory();
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;
  std::size_t bytes() const;

 private:
  std::size_t before_;
  std::size_t most_before_;
};

}  // namespace enas4d
