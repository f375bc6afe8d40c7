// Ranks that speak through Gloo over TCP.
#pragma once

#include <memory>

#include "dist/place.h"
#include "dist/ranks.h"

namespace enas4d {

/// Meets the other ranks at rank 0's address. Throws Error (failed) that names the ranks that did
/// not come within the place's timeout. A place of size 1 is OneRank.
std::unique_ptr<Ranks> connect_ranks(const RankPlace& place);

}  // namespace enas4d
