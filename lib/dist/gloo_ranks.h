// Ranks that speak through Gloo over TCP.
#pragma once

#include <memory>

#include "dist/place.h"
#include "dist/ranks.h"
#include "util/stop.h"

namespace enas4d {

/// Meets the other ranks at rank 0's address. Throws Error: failed, which names the ranks that did
/// not come within the place's timeout, or stopped. A place of size 1 is OneRank.
std::unique_ptr<Ranks> connect_ranks(const RankPlace& place, const StopFlag& stop);

}  // namespace enas4d
