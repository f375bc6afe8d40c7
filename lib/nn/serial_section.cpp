#include "nn/serial_section.h"

#include <omp.h>

namespace enas4d {

// OpenMP's own setting, which LibTorch and oneDNN both follow: LibTorch's function resizes its
// other pools, too, and that costs more than is won here.
SerialSection::SerialSection(bool serial) : threads_(serial ? omp_get_max_threads() : 0) {
  if (serial) omp_set_num_threads(1);
}

SerialSection::~SerialSection() {
  if (threads_ > 0) omp_set_num_threads(threads_);
}

}  // namespace enas4d
