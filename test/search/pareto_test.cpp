#include "search/pareto.h"

#include <algorithm>
#include <vector>

#include "search/dominance.h"
#include "support/catch.h"
#include "util/rng.h"

namespace enas4d {
namespace {

/// On a grid of 8 x 8, so that coordinates and whole points repeat.
std::vector<Point> random_points(std::size_t count, Rng& rng) {
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    const double error = rng.below(8) / 8.0;
    points.push_back({error, rng.below(8) / 8.0});
  }
  return points;
}

bool dominated_by_any(const Point& point, const std::vector<Point>& points) {
  return std::any_of(points.begin(), points.end(),
                     [&](const Point& other) { return dominates(other, point); });
}

TEST_CASE("ranks are what peeling front after front gives", "[search]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U, 5U, 6U);
  Rng rng(seed);
  const std::vector<Point> points = random_points(1 + rng.below(60), rng);
  const std::vector<int> ranks = nondominated_ranks(points);
  std::vector<std::size_t> left(points.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  for (int rank = 0; !left.empty(); ++rank) {
    std::vector<Point> standing;
    for (const std::size_t i : left) standing.push_back(points[i]);
    std::vector<std::size_t> next;
    for (const std::size_t i : left) {
      const bool dominated = dominated_by_any(points[i], standing);
      CHECK((ranks[i] == rank) == !dominated);
      if (dominated) next.push_back(i);
    }
    left = next;
  }
}

TEST_CASE("the front holds each undominated place once, by rising cost", "[search]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U, 5U, 6U);
  Rng rng(seed);
  const std::vector<Point> points = random_points(1 + rng.below(60), rng);
  const std::vector<std::size_t> front = pareto_front(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto equal_before = std::find_if(points.begin(), points.end(), [&](const Point& other) {
      return other.error == points[i].error && other.cost == points[i].cost;
    });
    const bool first = equal_before == points.begin() + static_cast<std::ptrdiff_t>(i);
    const bool in_front = std::find(front.begin(), front.end(), i) != front.end();
    CHECK(in_front == (first && !dominated_by_any(points[i], points)));
  }
  CHECK(std::is_sorted(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
    return points[a].cost < points[b].cost;
  }));
}

TEST_CASE("the hypervolume is the area counted cell by cell", "[search]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U);
  Rng rng(seed);
  std::vector<Point> points = random_points(1 + rng.below(10), rng);
  const Point reference = {0.75, 0.5};
  int cells = 0;
  for (int e = 0; e < 6; ++e) {
    for (int c = 0; c < 4; ++c) {
      cells += std::any_of(points.begin(), points.end(), [&](const Point& point) {
        return point.error <= e / 8.0 && point.cost <= c / 8.0;
      });
    }
  }
  CHECK(hypervolume(points, reference) == Approx(cells / 64.0));
  rng.shuffle(points);
  CHECK(hypervolume(points, reference) == Approx(cells / 64.0));
}

TEST_CASE("nothing has no front and no hypervolume", "[search]") {
  CHECK(pareto_front({}).empty());
  CHECK(nondominated_ranks({}).empty());
  CHECK(hypervolume({}, {1, 1}) == 0);
}

}  // namespace
}  // namespace enas4d
