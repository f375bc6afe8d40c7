// Pareto tools in the plane: both coordinates are minimised (error, cost).
#pragma once

#include <cstddef>
#include <vector>

namespace enas4d {

struct Point {
  double error;
  double cost;
};

/// Rank of each point: 0 for those that nothing dominates, 1 for those only rank 0 dominates, and
/// so on.
std::vector<int> nondominated_ranks(const std::vector<Point>& points);

/// Indices of the points that nothing dominates, by rising cost; of equal points the first.
std::vector<std::size_t> pareto_front(const std::vector<Point>& points);

/// Area dominated by `points` and bounded by `reference`; points beyond it add nothing.
double hypervolume(const std::vector<Point>& points, const Point& reference);

}  // namespace enas4d
