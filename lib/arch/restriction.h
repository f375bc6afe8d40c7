// Narrowing a space: what a phase of training may choose from (`restrict` of a recipe).
#pragma once

#include "arch/space.h"

namespace enas4d {

/// How many choices of each kind stay, counted from the largest; 0 = all. Counts above what a space
/// has keep all of it, so that one recipe fits any space.
struct Restriction {
  int resolution = 0;
  int kernel = 0;  ///< of the depthwise convolutions
  int depth = 0;
  int expand = 0;
  int width = 0;  ///< of all groups: the units', the stem's and the head's
};

/// What either allows.
Restriction wider(const Restriction& a, const Restriction& b);

/// `space` with only those choices. Its specs lie in `space`, too, and both have one largest spec.
Space restricted(Space space, const Restriction& restriction);

}  // namespace enas4d
