// A small space and an evaluator that does arithmetic instead of running networks.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "arch/plan.h"
#include "arch/sample.h"
#include "search/evaluator.h"
#include "support/spaces.h"
#include "util/hash.h"
#include "util/rng.h"

namespace enas4d {

/// Two stages and one unit: 16 specs.
inline Space tiny_space() {
  Space space;
  space.name = "tiny";
  space.stages = 2;
  space.classes = 2;
  space.resolution = {16};
  space.stem.stride = 2;
  space.stem.width = for_stages(2, {8});
  UnitSpace unit;
  unit.stride = 2;
  unit.depth = for_stages(2, {1});
  unit.width = for_stages(2, {8, 16});
  unit.kernel = for_stages(2, {3});
  unit.expand = for_stages(2, {2, 3});
  space.units = {unit};
  space.head.width = for_stages(2, {16});
  return space;
}

/// The same with thousands of specs.
inline Space small_space() {
  Space space = tiny_space();
  space.resolution = {16, 24};
  space.units[0].depth = for_stages(2, {1, 2});
  space.units[0].kernel = for_stages(2, {3, 5});
  return space;
}

/// 576 specs: few enough to look at all of them.
inline Space countable_space() {
  Space space = tiny_space();
  UnitSpace& unit = space.units[0];
  unit.depth = for_stages(2, {1, 2});
  unit.width = for_stages(2, {8, 12, 16, 24});
  unit.kernel = for_stages(2, {3, 5});
  unit.expand = for_stages(2, {2});
  return space;
}

/// Three stages with a few choices each.
inline Space three_stage_space() {
  Space space = small_space();
  space.stages = 3;
  space.stem.width = for_stages(3, {8});
  for (UnitSpace& unit : space.units) {
    unit.depth = for_stages(3, {1, 2});
    unit.width = for_stages(3, {8, 16});
    unit.kernel = for_stages(3, {3, 5});
    unit.expand = for_stages(3, {2, 3});
  }
  space.head.width = for_stages(3, {16});
  return space;
}

/// Far more than a search ever sees: 10^9 specs and more.
inline Space large_space() {
  Space space = small_space();
  space.units[0].depth = for_stages(2, {1, 2, 3});
  space.units.resize(3, space.units[0]);
  return space;
}

/// Image i is as hard as i. An exit knows it if its stages have the MACs for that and are well
/// built (large kernels, small expansions), which is what a search can learn; or by some luck,
/// which depends on the stages so far and the image. The same spec always gives the same table, and
/// specs that share a prefix the same columns.
class FakeEvaluator : public Evaluator {
 public:
  explicit FakeEvaluator(const Space& space) : space_(space) {}

  int images = 40;
  double luck = 0.1;
  /// Stops after so many evaluations in all; by default never.
  std::size_t most = SIZE_MAX;
  /// Tells results from the last spec to the first.
  bool backwards = false;
  /// Cannot be measured.
  std::function<bool(const Spec&)> fails = [](const Spec&) { return false; };
  /// How often each spec was evaluated, by hash.
  std::map<std::string, int> calls;
  std::vector<Spec> specs;  ///< in that order
  std::size_t evaluated = 0;

  bool evaluate(const std::vector<Spec>& asked, const Done& done) override {
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (evaluated == most) return false;
      ++evaluated;
      const std::size_t index = backwards ? asked.size() - 1 - i : i;
      ++calls[spec_hash(asked[index])];
      specs.push_back(asked[index]);
      if (fails(asked[index])) {
        done(index, Failure{"exit 1 gave a logit that is not finite"});
      } else {
        done(index, evaluation_of(asked[index]));
      }
    }
    return true;
  }

  Evaluation evaluation_of(const Spec& spec) const {
    const Plan plan = lower(prefix(space_, static_cast<int>(spec.stages.size())), spec);
    Evaluation evaluation;
    evaluation.macs = exit_macs(plan);
    evaluation.params = parameters(plan);
    ExitTable& table = evaluation.table;
    table.classes = 2;
    table.labels.assign(static_cast<std::size_t>(images), 0);
    table.exits.resize(spec.stages.size());
    for (std::size_t s = 0; s < table.exits.size(); ++s) {
      const double ability = std::log10(static_cast<double>(evaluation.macs.cumulative[s])) / 6.5 +
                             0.3 * well_built(spec, s + 1);
      const std::string hash = spec_hash(prefix(spec, static_cast<int>(s) + 1));
      for (std::uint64_t image = 0; image < static_cast<std::uint64_t>(images); ++image) {
        Rng rng(std::stoull(hash.substr(0, 8), nullptr, 16), {s, image});
        const double ease = ability - static_cast<double>(image) / images + luck * rng.uniform();
        table.exits[s].predicted.push_back(ease > 0.4 ? 0 : 1);
        for (std::vector<float>& confidence : table.exits[s].confidence) {
          confidence.push_back(static_cast<float>(std::floor(std::fmin(ease / 2, 1) * 20) / 20));
          if (confidence.back() < 0) confidence.back() = 0;
        }
      }
    }
    return evaluation;
  }

 private:
  /// The share of good choices: each stage builds on those before it.
  static double well_built(const Spec& spec, std::size_t stages) {
    int good = 0, all = 0;
    for (std::size_t s = 0; s < stages; ++s) {
      for (const UnitSpec& unit : spec.stages[s].units) {
        for (const Block& block : unit.blocks) {
          good += (block.kernel == 5) + (block.expand == 2);
          all += 2;
        }
      }
    }
    return static_cast<double>(good) / all;
  }

  Space space_;
};

inline bool same_evaluation(const Evaluation& a, const Evaluation& b) {
  return a.params == b.params && a.macs.cumulative == b.macs.cumulative &&
         a.macs.alone == b.macs.alone && a.table == b.table;
}

}  // namespace enas4d
