// What it costs to leave at each exit. Computed by arch, consumed by policy: the one type both
// know.
#pragma once

#include <cstdint>
#include <vector>

namespace enas4d {

/// Multiply-accumulates of one image, per exit (convolutions and linear layers,
/// squeeze-excite included).
struct ExitMacs {
  std::vector<std::int64_t>
      cumulative;  ///< stages <= s with all their heads: a sample that leaves at s by a policy
  std::vector<std::int64_t> alone;  ///< stages <= s, only head s: a fixed exit, or a static child

  std::int64_t full() const { return cumulative.back(); }
};

}  // namespace enas4d
