#include "search/pareto.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace enas4d {
namespace {

/// By rising cost, then rising error; equal points keep their order.
std::vector<std::size_t> order_by_cost(const std::vector<Point>& points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return points[a].cost != points[b].cost ? points[a].cost < points[b].cost
                                            : points[a].error < points[b].error;
  });
  return order;
}

}  // namespace

std::vector<int> nondominated_ranks(const std::vector<Point>& points) {
  std::vector<int> ranks(points.size());
  std::vector<double> least_error;  // of each rank so far; never falls with the rank
  const Point* previous = nullptr;
  int previous_rank = 0;
  for (const std::size_t index : order_by_cost(points)) {
    const Point& point = points[index];
    // Whatever came earlier costs no more, so a rank holds a point that dominates this one unless
    // its least error is larger. Equal points do not dominate each other and share a rank.
    if (previous == nullptr || previous->cost != point.cost || previous->error != point.error) {
      const auto rank = std::upper_bound(least_error.begin(), least_error.end(), point.error);
      previous_rank = static_cast<int>(rank - least_error.begin());
      if (rank == least_error.end()) {
        least_error.push_back(point.error);
      } else {
        *rank = point.error;
      }
    }
    ranks[index] = previous_rank;
    previous = &point;
  }
  return ranks;
}

std::vector<std::size_t> pareto_front(const std::vector<Point>& points) {
  std::vector<std::size_t> front;
  double least_error = std::numeric_limits<double>::infinity();
  for (const std::size_t index : order_by_cost(points)) {
    if (points[index].error >= least_error) continue;
    least_error = points[index].error;
    front.push_back(index);
  }
  return front;
}

double hypervolume(const std::vector<Point>& points, const Point& reference) {
  double area = 0;
  double error = reference.error;  // everything from here up is counted already
  for (const std::size_t index : pareto_front(points)) {
    const Point& point = points[index];
    if (point.cost >= reference.cost) break;
    if (point.error >= error) continue;
    area += (error - point.error) * (reference.cost - point.cost);
    error = point.error;
  }
  return area;
}

}  // namespace enas4d
