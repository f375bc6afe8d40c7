#include "search/predictor.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "search/small_search.h"
#include "support/catch.h"

namespace enas4d {

namespace {

/// `count` specs from draw `first` on.
std::vector<Spec> drawn(const Space& space, std::uint64_t first, std::size_t count,
                        const Archive& archive) {
  std::vector<Spec> specs;
  std::set<std::string> hashes;
  for (std::uint64_t i = first; specs.size() < count; ++i) {
    Rng rng(1, {i});
    const Spec spec = uniform(space, rng);
    if (!archive.knows(spec) && hashes.insert(spec_hash(spec)).second) specs.push_back(spec);
  }
  return specs;
}

}  // namespace

TEST_CASE("a predictor knows the accuracy of new specs better than their mean does", "[search]") {
  const Space space = small_space();
  FakeEvaluator networks(space);
  networks.images = 400;
  networks.luck = 0.02;
  Archive archive(space, CurveOptions{});
  archive.evaluate(drawn(space, 0, 60, archive), networks, nullptr, [] {});
  const CurvePredictor predictor(space, archive);

  double mean = 0;
  for (const auto& candidate : archive.candidates()) mean += candidate->curve.back().accuracy / 60;
  double by_predictor = 0, by_mean = 0;
  for (const Spec& spec : drawn(space, 1000, 40, archive)) {
    const Evaluation evaluation = networks.evaluation_of(spec);
    const double accuracy =
        accuracy_curve(evaluation.table, evaluation.macs, Confidence::kMaxSoftmax, 32)
            .back()
            .accuracy;
    by_predictor += std::abs(1 - predictor.curve(spec).back().error - accuracy);
    by_mean += std::abs(mean - accuracy);
  }
  CHECK(by_predictor < 0.5 * by_mean);
}

TEST_CASE(
    "hardly a new spec does better than a predictor hopes, and those it knows disappoint less",
    "[search]") {
  const Space space = large_space();
  FakeEvaluator networks(space);
  networks.images = 400;
  Archive archive(space, CurveOptions{});
  archive.evaluate(drawn(space, 0, 40, archive), networks, nullptr, [] {});
  const CurvePredictor predictor(space, archive);
  // Above what they have.
  const auto hope = [&](const Spec& spec) {
    const Evaluation evaluation = networks.evaluation_of(spec);
    const auto curve =
        accuracy_curve(evaluation.table, evaluation.macs, Confidence::kMaxSoftmax, 32);
    return 1 - predictor.curve(spec).back().error - curve.back().accuracy;
  };
  double known = 0, unknown = 0;
  int better = 0;
  for (const auto& candidate : archive.candidates()) known += hope(candidate->spec);
  for (const Spec& spec : drawn(space, 1000, 40, archive)) {
    unknown += hope(spec);
    better += hope(spec) < 0 ? 1 : 0;
  }
  CHECK(better <= 6);  // 3 are expected
  CHECK(known < unknown);
}

TEST_CASE("of a choice that no known spec made a predictor hopes no wonders", "[search]") {
  const Space space = small_space();
  FakeEvaluator networks(space);
  Archive archive(space, CurveOptions{});
  std::vector<Spec> specs = drawn(space, 0, 20, archive);
  for (Spec& spec : specs) spec.stages.back() = smallest(space).stages.back();
  std::vector<Spec> distinct;
  for (const Spec& spec : specs) {
    if (std::find(distinct.begin(), distinct.end(), spec) == distinct.end())
      distinct.push_back(spec);
  }
  archive.evaluate(distinct, networks, nullptr, [] {});
  const CurvePredictor predictor(space, archive);
  Spec other = distinct.front();
  other.stages.back() = largest(space).stages.back();
  CHECK(predictor.curve(other).front().error > 0);
}

TEST_CASE("a predictor learns from a bounded number of specs", "[search]") {
  const Space space = large_space();
  FakeEvaluator networks(space);
  networks.images = 2;
  Archive archive(space, CurveOptions{});
  for (const std::size_t count : {std::size_t{10}, CurvePredictor::kMostSpecs}) {
    archive.evaluate(drawn(space, 0, count, archive), networks, nullptr, [] {});
    const CurvePredictor predictor(space, archive);
    CHECK(predictor.learnt_specs() == std::min(archive.evaluated(), CurvePredictor::kMostSpecs));
    CHECK(predictor.curve(largest(space)).back().error < 1);
  }
}

TEST_CASE("a predicted curve runs from the MACs of the first exit to all", "[search]") {
  const Space space = three_stage_space();
  FakeEvaluator networks(space);
  Archive archive(space, CurveOptions{});
  archive.evaluate(drawn(space, 0, 5, archive), networks, nullptr, [] {});
  const CurvePredictor predictor(space, archive);
  const Spec spec = largest(space);
  const auto curve = predictor.curve(spec);
  const ExitMacs macs = exit_macs(lower(space, spec));
  CHECK(curve.back().cost == Approx(1.0));
  CHECK(curve.front().cost ==
        Approx(static_cast<double>(macs.cumulative.front()) / static_cast<double>(macs.full())));
  for (const Point& point : curve) {
    CHECK(point.error >= 0);
    CHECK(point.error <= 1);
  }
}

}  // namespace enas4d
