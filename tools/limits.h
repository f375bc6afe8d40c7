// The bounds of a network's size as several tools take them.
#pragma once

#include <cstdint>

#include "arch/sample.h"
#include "cli/common_options.h"

namespace enas4d {

inline Limits limits_of(const SizeBounds& bounds) {
  return {bounds.least_macs.value_or(0), bounds.most_macs.value_or(INT64_MAX),
          bounds.most_params.value_or(INT64_MAX)};
}

}  // namespace enas4d
