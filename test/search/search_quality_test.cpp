// How good searches are: beside all specs of a space that can be enumerated.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "search/pareto.h"
#include "search/search.h"
#include "search/small_search.h"
#include "support/catch.h"

namespace enas4d {
namespace {

/// All specs of a two-stage space of which only the stages can be chosen.
std::vector<Spec> enumerate_specs(const Space& space, std::size_t count) {
  std::map<std::string, Spec> all;
  Rng rng(1);
  for (int i = 0; i < 100000 && all.size() < count; ++i) {
    const Spec spec = uniform(space, rng);
    all.emplace(spec_hash(spec), spec);
  }
  REQUIRE(all.size() == count);
  std::vector<Spec> specs;
  for (const auto& [hash, spec] : all) specs.push_back(spec);
  return specs;
}

std::vector<Point> places_of(const std::vector<FrontMember>& front) {
  std::vector<Point> places;
  for (const FrontMember& member : front)
    places.push_back({1 - member.point.accuracy, member.point.average_macs});
  return places;
}

/// How far ten searches, one a seed, fall short on average of what an exhaustive one finds.
class Shortfalls {
 public:
  Shortfalls() {
    FakeEvaluator all = evaluator();
    Archive archive(space_, CurveOptions{});
    archive.evaluate(enumerate_specs(space_, 576), all, nullptr, [] {});
    const std::vector<Point> front = places_of(archive.front());
    reference_ = {front.front().error, front.back().cost};
    whole_ = hypervolume(front, reference_);
    executed_macs_ = static_cast<double>(all.executed_macs);
  }

  struct Mean {
    double shortfall = 0;  ///< of the hypervolume, as a share of the exhaustive one's
    double cost = 0;       ///< MACs executed, as a share of the exhaustive search's
  };
  Mean of(SearchStrategy strategy, int evaluations) const {
    constexpr int kSeeds = 10;
    Mean mean;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      SearchOptions options;
      options.strategy = strategy;
      options.evaluations = evaluations;
      options.evolution.population = 8;  // a few generations even of so few evaluations
      options.evolution.children = 5;
      options.seed = seed;
      FakeEvaluator networks = evaluator();
      const StopFlag stop;
      const auto front =
          search(space_, networks, nullptr, options, SearchGoals{}, stop, nullptr).front;
      mean.shortfall += 1 - hypervolume(places_of(front), reference_) / whole_;
      mean.cost += static_cast<double>(networks.executed_macs) / executed_macs_;
    }
    return {mean.shortfall / kSeeds, mean.cost / kSeeds};
  }

 private:
  /// With less luck than choices that can be learnt.
  FakeEvaluator evaluator() const {
    FakeEvaluator evaluator(space_);
    evaluator.images = 400;
    evaluator.luck = 0.05;
    return evaluator;
  }

  Space space_ = countable_space();
  Point reference_{};
  double whole_ = 0, executed_macs_ = 0;
};

TEST_CASE("evolution and stagewise find 99 % of what all specs hold at a fifth of the cost",
          "[search]") {
  const Shortfalls shortfalls;
  const auto evolution = shortfalls.of(SearchStrategy::kEvolution, 65);
  const auto stagewise = shortfalls.of(SearchStrategy::kStagewise, 100);
  const auto random = shortfalls.of(SearchStrategy::kRandom, 80);
  for (const auto& mean : {evolution, stagewise, random}) CHECK(mean.cost < 0.2);
  CHECK(evolution.shortfall < 0.01);
  CHECK(stagewise.shortfall < 0.01);
  CHECK(random.shortfall > 2 * std::max(evolution.shortfall, stagewise.shortfall));
}

}  // namespace
}  // namespace enas4d
