// How far searches fall short of what looking at every spec of a small space finds.
#pragma once

#include <cassert>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "arch/plan.h"
#include "arch/sample.h"
#include "search/archive.h"
#include "search/evaluator.h"
#include "search/pareto.h"
#include "search/search.h"

namespace enas4d {

/// Counts the MACs that a grouped evaluation executes for an image: those of a prefix once a call.
class ExecutedMacs {
 public:
  explicit ExecutedMacs(const Space& space) : space_(space) {}

  void add(const std::vector<Spec>& specs) {
    std::set<std::string> executed;
    for (const Spec& spec : specs) {
      const int stages = static_cast<int>(spec.stages.size());
      const auto cumulative = exit_macs(lower(prefix(space_, stages), spec)).cumulative;
      for (int s = 0; s < stages; ++s) {
        if (!executed.insert(spec_hash(prefix(spec, s + 1))).second) continue;
        const auto index = static_cast<std::size_t>(s);
        sum_ += cumulative[index] - (s == 0 ? 0 : cumulative[index - 1]);
      }
    }
  }
  std::int64_t sum() const { return sum_; }

 private:
  Space space_;
  std::int64_t sum_ = 0;
};

/// Evaluates as another one does and counts what that executes.
class CountingEvaluator : public Evaluator {
 public:
  CountingEvaluator(const Space& space, Evaluator& networks) : networks_(networks), macs_(space) {}

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override {
    macs_.add(specs);
    return networks_.evaluate(specs, done);
  }
  double executed_macs() const { return static_cast<double>(macs_.sum()); }

 private:
  Evaluator& networks_;
  ExecutedMacs macs_;
};

/// All `count` specs of a space.
inline std::vector<Spec> enumerate_specs(const Space& space, std::size_t count) {
  std::map<std::string, Spec> all;
  Rng rng(1);
  for (int i = 0; i < 100000 && all.size() < count; ++i) {
    const Spec spec = uniform(space, rng);
    all.emplace(spec_hash(spec), spec);
  }
  assert(all.size() == count);
  std::vector<Spec> specs;
  for (const auto& [hash, spec] : all) specs.push_back(spec);
  return specs;
}

class Shortfalls {
 public:
  static constexpr int kSeeds = 10;

  /// `networks` answers alike however often it is asked.
  Shortfalls(const Space& space, std::size_t specs, Evaluator& networks)
      : space_(space), networks_(networks) {
    CountingEvaluator all(space_, networks_);
    Archive archive(space_, CurveOptions{});
    archive.evaluate(enumerate_specs(space_, specs), all, nullptr, [] {});
    const std::vector<Point> front = places_of(archive.front());
    reference_ = {front.front().error, front.back().cost};
    whole_ = hypervolume(front, reference_);
    executed_macs_ = all.executed_macs();
  }

  struct Mean {
    double shortfall = 0;  ///< of the hypervolume, as a share of the exhaustive one's
    double cost = 0;       ///< MACs executed, as a share of the exhaustive search's
  };

  /// Of kSeeds searches.
  Mean of(SearchStrategy strategy, int evaluations) const {
    Mean mean;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      SearchOptions options;
      options.strategy = strategy;
      options.evaluations = evaluations;
      options.seed = seed;
      CountingEvaluator counting(space_, networks_);
      const StopFlag stop;
      const auto front =
          search(space_, counting, nullptr, options, SearchGoals{}, stop, nullptr).front;
      mean.shortfall += 1 - hypervolume(places_of(front), reference_) / whole_;
      mean.cost += counting.executed_macs() / executed_macs_;
    }
    return {mean.shortfall / kSeeds, mean.cost / kSeeds};
  }

 private:
  static std::vector<Point> places_of(const std::vector<FrontMember>& front) {
    std::vector<Point> places;
    for (const FrontMember& member : front)
      places.push_back({1 - member.point.accuracy, member.point.average_macs});
    return places;
  }

  Space space_;
  Evaluator& networks_;
  Point reference_{};
  double whole_ = 0, executed_macs_ = 0;
};

}  // namespace enas4d
