#include "nn/serial_section.h"

#include <omp.h>

#include <ATen/Parallel.h>

namespace enas4d {

// OpenMP's own setting, which LibTorch and oneDNN both follow: LibTorch's function resizes its
// other pools, too, and that costs more than is won here. LibTorch's function that asks comes
// first: a thread's first use of LibTorch sets the number of all threads, and oneDNN would then
// prepare work that waits for others which never come.
SerialSection::SerialSection(Threads threads)
    : threads_(threads == Threads::kOne ? at::get_num_threads() : 0) {
  if (threads_ > 0) omp_set_num_threads(1);
}

SerialSection::~SerialSection() {
  if (threads_ > 0) omp_set_num_threads(threads_);
}

}  // namespace enas4d
