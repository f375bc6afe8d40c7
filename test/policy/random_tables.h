// Small exit tables with many equal confidences, for exhaustive comparison.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "policy/exit_table.h"
#include "util/rng.h"

namespace enas4d {

struct TableSizes {
  int stages;
  int images;
  int levels;  ///< distinct confidences at most
};

inline ExitTable random_table(const TableSizes& sizes, Rng& rng) {
  ExitTable table;
  table.classes = 3;
  table.exits.resize(static_cast<std::size_t>(sizes.stages));
  for (int image = 0; image < sizes.images; ++image) {
    table.labels.push_back(static_cast<std::int32_t>(rng.below(3)));
    for (ExitTable::Exit& exit : table.exits) {
      exit.predicted.push_back(rng.chance(0.6) ? table.labels.back()
                                               : static_cast<std::int32_t>(rng.below(3)));
      for (std::vector<float>& confidence : exit.confidence) {
        const std::uint32_t level = rng.below(static_cast<std::uint32_t>(sizes.levels));
        confidence.push_back(static_cast<float>(level) / static_cast<float>(sizes.levels - 1));
      }
    }
  }
  return table;
}

/// Costs that rise from exit to exit.
inline ExitMacs random_macs(int stages, Rng& rng) {
  ExitMacs macs;
  std::int64_t cost = 0;
  for (int s = 0; s < stages; ++s) {
    cost += 1 + rng.below(20);
    macs.cumulative.push_back(cost + s);
    macs.alone.push_back(cost);
  }
  return macs;
}

}  // namespace enas4d
