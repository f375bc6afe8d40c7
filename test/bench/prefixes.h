// What evaluating networks by their shared first stages saves.
#pragma once

#include "data/dataset.h"
#include "nn/supernet.h"

namespace enas4d {

/// Prints the share of the time that a stagewise search of default length saves by running shared
/// first stages once. False if a table is not that of its network alone.
bool print_prefix_saving(const Supernet& supernet, const Dataset& data);

}  // namespace enas4d
