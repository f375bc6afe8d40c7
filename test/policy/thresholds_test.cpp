#include "policy/thresholds.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "policy/random_tables.h"
#include "support/catch.h"

namespace enas4d {
namespace {

/// Every policy that can differ: per stage each confidence that occurs, and never.
std::vector<Policy> all_policies(const ExitTable& table, Confidence confidence) {
  Policy never;
  never.confidence = confidence;
  std::vector<Policy> policies = {never};
  for (int s = 0; s + 1 < table.stages(); ++s) {
    const std::vector<float>& values = table.confidences(s, confidence);
    std::set<double> candidates(values.begin(), values.end());
    candidates.insert(2);
    std::vector<Policy> longer;
    for (const Policy& policy : policies) {
      for (const double threshold : candidates) {
        longer.push_back(policy);
        longer.back().thresholds.push_back(threshold);
      }
    }
    policies = longer;
  }
  return policies;
}

std::optional<Outcome> best_by_trial(const ExitTable& table, const ExitMacs& macs,
                                     Confidence confidence, double budget) {
  std::optional<Outcome> best;
  for (const Policy& policy : all_policies(table, confidence)) {
    const Outcome outcome = apply(policy, table, macs);
    if (outcome.average_macs > budget) continue;
    if (!best || outcome.accuracy > best->accuracy ||
        (outcome.accuracy == best->accuracy && outcome.average_macs < best->average_macs)) {
      best = outcome;
    }
  }
  return best;
}

double between(double least, double most, double share) {
  return least + share * (most - least);
}

double random_budget(const ExitMacs& macs, Rng& rng) {
  return between(0.9 * static_cast<double>(macs.cumulative.front()),
                 1.05 * static_cast<double>(macs.full()), rng.uniform());
}

ExitTable permuted(const ExitTable& table, Rng& rng) {
  std::vector<std::size_t> order(table.labels.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  rng.shuffle(order);
  ExitTable result = table;
  for (std::size_t i = 0; i < order.size(); ++i) {
    result.labels[i] = table.labels[order[i]];
    for (std::size_t s = 0; s < table.exits.size(); ++s) {
      result.exits[s].predicted[i] = table.exits[s].predicted[order[i]];
      for (std::size_t m = 0; m < kConfidences; ++m) {
        result.exits[s].confidence[m][i] = table.exits[s].confidence[m][order[i]];
      }
    }
  }
  return result;
}

// With so few samples the grid over the first threshold of four stages misses none of them.
TEST_CASE("the fitted policy is the best of all policies", "[policy]") {
  const int stages = GENERATE(1, 2, 3, 4);
  const auto confidence =
      GENERATE(Confidence::kMaxSoftmax, Confidence::kMargin, Confidence::kEntropy);
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    CAPTURE(stages, to_word(confidence), trial);
    Rng rng(7, {static_cast<std::uint64_t>(stages), trial});
    const int images = 1 + static_cast<int>(rng.below(stages == 4 ? 8 : 12));
    const ExitTable table =
        random_table({stages, images, 2 + static_cast<int>(rng.below(stages == 4 ? 3 : 6))}, rng);
    const ExitMacs macs = random_macs(stages, rng);
    const double budget = random_budget(macs, rng);
    const auto expected = best_by_trial(table, macs, confidence, budget);
    const auto found = fit_thresholds(table, macs, confidence, budget);
    REQUIRE(found.has_value() == expected.has_value());
    if (!found) continue;
    CHECK(found->accuracy == expected->accuracy);
    CHECK(found->average_macs == expected->average_macs);
  }
}

TEST_CASE("a fitted policy keeps its promise to the last digit", "[policy]") {
  const int stages = GENERATE(1, 2, 3, 4);
  for (std::uint64_t trial = 0; trial < 20; ++trial) {
    CAPTURE(stages, trial);
    Rng rng(8, {static_cast<std::uint64_t>(stages), trial});
    const ExitTable table = random_table({stages, 150, trial % 2 == 0 ? 40 : 1000}, rng);
    const ExitMacs macs = random_macs(stages, rng);
    const double budget = random_budget(macs, rng);
    const auto found = fit_thresholds(table, macs, Confidence::kMargin, budget);
    if (!found) continue;
    CHECK(found->average_macs <= budget);
    CHECK(found->policy.confidence == Confidence::kMargin);
    const Outcome outcome = apply(found->policy, table, macs);
    CHECK(outcome.accuracy == found->accuracy);
    CHECK(outcome.average_macs == found->average_macs);
  }
}

TEST_CASE("a budget that is met exactly is met, one below the cheapest exit is not", "[policy]") {
  const int stages = GENERATE(1, 2, 3, 4);
  CAPTURE(stages);
  Rng rng(9);
  const ExitTable table = random_table({stages, 7, 5}, rng);
  const ExitMacs macs = random_macs(stages, rng);
  const auto cheapest = static_cast<double>(macs.cumulative.front());
  const auto found = fit_thresholds(table, macs, Confidence::kMaxSoftmax, cheapest);
  REQUIRE(found);
  CHECK(found->average_macs == cheapest);
  CHECK_FALSE(fit_thresholds(table, macs, Confidence::kMaxSoftmax, cheapest - 1e-6));
  CHECK_FALSE(fit_thresholds(table, macs, Confidence::kMaxSoftmax, -1));
  CHECK(fit_thresholds(table, macs, Confidence::kMaxSoftmax, 1e300));
}

TEST_CASE("a threshold lies midway to the next confidence", "[policy]") {
  ExitTable table;
  table.classes = 2;
  table.labels = {0, 0, 0};
  table.exits.resize(2);
  table.exits[0].predicted = {0, 1, 1};
  table.exits[0].confidence[0] = {0.75F, 0.25F, 0.125F};
  table.exits[1].predicted = {1, 0, 0};
  const ExitMacs macs = {{1, 10}, {1, 9}};
  const auto found = fit_thresholds(table, macs, Confidence::kMaxSoftmax, 10);
  REQUIRE(found);
  CHECK(found->policy.thresholds == std::vector<double>{0.5});
  CHECK(found->accuracy == 1);
}

TEST_CASE("neighbouring floats are told apart", "[policy]") {
  ExitTable table;
  table.classes = 2;
  table.labels = {0, 0};
  table.exits.resize(2);
  table.exits[0].predicted = {0, 1};
  table.exits[0].confidence[0] = {1.0F, std::nextafter(1.0F, 0.0F)};
  table.exits[1].predicted = {1, 0};
  const ExitMacs macs = {{1, 10}, {1, 9}};
  const auto found = fit_thresholds(table, macs, Confidence::kMaxSoftmax, 10);
  REQUIRE(found);
  CHECK(apply(found->policy, table, macs).accuracy == 1);
}

TEST_CASE("the order of the samples does not matter", "[policy]") {
  const int stages = GENERATE(2, 3, 4);
  CAPTURE(stages);
  Rng rng(10, {static_cast<std::uint64_t>(stages)});
  const ExitTable table = random_table({stages, 60, 12}, rng);
  const ExitTable other = permuted(table, rng);
  const ExitMacs macs = random_macs(stages, rng);
  const double budget =
      between(static_cast<double>(macs.cumulative.front()), static_cast<double>(macs.full()), 0.4);
  const auto a = fit_thresholds(table, macs, Confidence::kEntropy, budget);
  const auto b = fit_thresholds(other, macs, Confidence::kEntropy, budget);
  REQUIRE((a && b));
  CHECK(a->policy == b->policy);
  CHECK(a->accuracy == b->accuracy);
}

// Confidences on a grid of 1,000: many more levels than the grid over the first threshold has.
TEST_CASE("four stages do no worse than three of them", "[policy]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U);
  Rng rng(11, {seed});
  const ExitTable table = random_table({4, 300, 1000}, rng);
  const ExitMacs macs = random_macs(4, rng);
  ExitTable three = table;
  three.exits.erase(three.exits.begin());
  ExitMacs three_macs = macs;
  three_macs.cumulative.erase(three_macs.cumulative.begin());
  three_macs.alone.erase(three_macs.alone.begin());
  const double budget = between(static_cast<double>(three_macs.cumulative.front()),
                                static_cast<double>(macs.full()), rng.uniform());
  const auto four_stages = fit_thresholds(table, macs, Confidence::kMaxSoftmax, budget);
  const auto three_stages = fit_thresholds(three, three_macs, Confidence::kMaxSoftmax, budget);
  REQUIRE((four_stages && three_stages));
  CHECK(four_stages->accuracy >= three_stages->accuracy);
}

TEST_CASE("a curve rises, reaches from the cheapest to the best, and keeps its promises",
          "[policy]") {
  const int stages = GENERATE(1, 2, 3, 4);
  const int points = GENERATE(2, 9);
  CAPTURE(stages, points);
  Rng rng(12, {static_cast<std::uint64_t>(stages)});
  const ExitTable table = random_table({stages, 80, 30}, rng);
  const ExitMacs macs = random_macs(stages, rng);
  const auto curve = accuracy_curve(table, macs, Confidence::kMaxSoftmax, points);
  REQUIRE_FALSE(curve.empty());
  CHECK(curve.size() <= static_cast<std::size_t>(points));
  CHECK(curve.front().average_macs == static_cast<double>(macs.cumulative.front()));
  const auto best =
      fit_thresholds(table, macs, Confidence::kMaxSoftmax, static_cast<double>(macs.full()));
  CHECK(curve.back().accuracy == best->accuracy);
  CHECK(curve.back().average_macs == best->average_macs);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const Outcome outcome = apply(curve[i].policy, table, macs);
    CHECK(outcome.accuracy == curve[i].accuracy);
    CHECK(outcome.average_macs == curve[i].average_macs);
    if (i == 0) continue;
    CHECK(curve[i].average_macs > curve[i - 1].average_macs);
    CHECK(curve[i].accuracy > curve[i - 1].accuracy);
  }
}

TEST_CASE("a two-stage curve with room for all holds every undominated policy", "[policy]") {
  const std::uint64_t seed = GENERATE(1U, 2U, 3U, 4U, 5U);
  Rng rng(13, {seed});
  const ExitTable table = random_table({2, 12, 6}, rng);
  const ExitMacs macs = random_macs(2, rng);
  std::vector<Outcome> outcomes;
  for (const Policy& policy : all_policies(table, Confidence::kMargin)) {
    outcomes.push_back(apply(policy, table, macs));
  }
  std::set<std::pair<double, double>> expected;
  for (const Outcome& a : outcomes) {
    const bool dominated = std::any_of(outcomes.begin(), outcomes.end(), [&](const Outcome& b) {
      return b.accuracy >= a.accuracy && b.average_macs <= a.average_macs &&
             (b.accuracy > a.accuracy || b.average_macs < a.average_macs);
    });
    if (!dominated) expected.insert({a.average_macs, a.accuracy});
  }
  std::set<std::pair<double, double>> found;
  for (const OperatingPoint& point : accuracy_curve(table, macs, Confidence::kMargin, 100)) {
    found.insert({point.average_macs, point.accuracy});
  }
  CHECK(found == expected);
}

TEST_CASE("geometric shares move from the first exit to the last", "[policy]") {
  Rng rng(14);
  const ExitTable table = random_table({3, 400, 100000}, rng);
  const ExitMacs macs = random_macs(3, rng);
  const auto curve = geometric_curve(table, macs, Confidence::kMaxSoftmax);
  REQUIRE(curve.size() == 39);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const Outcome outcome = apply(curve[i].policy, table, macs);
    CHECK(outcome.accuracy == curve[i].accuracy);
    CHECK(outcome.average_macs == curve[i].average_macs);
    if (i > 0) CHECK(curve[i].average_macs >= curve[i - 1].average_macs);
  }
  // q = 1: a third each.
  const Outcome even = apply(curve[19].policy, table, macs);
  for (const double share : even.exit_share) CHECK(share == Approx(1.0 / 3).margin(0.01));
}

}  // namespace
}  // namespace enas4d
