// Memory for what is needed for a moment only. Each thread keeps its own, because that of the layer
// before is still in its caches.
#pragma once

#include <cstdint>

namespace enas4d {

/// At least `floats` of them, beginning with a cache line, until this thread asks again.
float* thread_scratch(std::int64_t floats);

}  // namespace enas4d
