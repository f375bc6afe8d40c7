// What a Pareto front must not hold, by definition.
#pragma once

#include "search/pareto.h"

namespace enas4d {

/// At least as good in both and better in one.
inline bool dominates(const Point& a, const Point& b) {
  return a.error <= b.error && a.cost <= b.cost && (a.error < b.error || a.cost < b.cost);
}

}  // namespace enas4d
