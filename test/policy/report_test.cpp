#include "policy/report.h"

#include <cmath>
#include <numeric>

#include "policy/random_tables.h"
#include "policy/thresholds.h"
#include "support/catch.h"

namespace enas4d {
namespace {

struct ReportCase {
  explicit ReportCase(int seed, int images = 60) : rng(static_cast<std::uint64_t>(seed)) {
    const int stages = 1 + seed % 4;
    table = random_table({stages, images, 8}, rng);
    macs = random_macs(stages, rng);
    policy.thresholds.resize(static_cast<std::size_t>(stages) - 1);
    for (double& threshold : policy.thresholds) threshold = rng.uniform();
  }

  Rng rng;
  ExitTable table;
  ExitMacs macs;
  Policy policy;
};

}  // namespace

TEST_CASE("the calibration error is 0 where confidence is accuracy, and else their distance",
          "[policy]") {
  ExitTable table;
  table.classes = 2;
  table.exits.resize(1);
  for (int image = 0; image < 10; ++image) {
    table.labels.push_back(0);
    table.exits[0].predicted.push_back(image < 8 ? 0 : 1);
    for (auto& confidence : table.exits[0].confidence) confidence.push_back(0.8F);
  }
  CHECK(calibration_error(table, 0) == Approx(0).margin(1e-6));
  for (float& confidence : table.exits[0].confidence[0]) confidence = 1;
  CHECK(calibration_error(table, 0) == Approx(0.2));
  // Half of the images too sure by 0.3, half not sure enough by 0.3, in other bins: both count.
  for (std::size_t i = 0; i < 10; ++i) {
    table.exits[0].predicted[i] = i % 2 == 0 ? 0 : 1;
    table.exits[0].confidence[0][i] = i < 5 ? 0.8F : 0.2F;
  }
  CHECK(calibration_error(table, 0) == Approx(0.5 * 0.2 + 0.5 * 0.2));
}

TEST_CASE("the classes of a report add up to the whole outcome", "[policy]") {
  const ReportCase c(GENERATE(range(0, 12)));
  const Outcome whole = apply(c.policy, c.table, c.macs);
  std::int64_t images = 0;
  double accuracy = 0, first = 0;
  for (const ClassOutcome& one : class_outcomes(c.policy, c.table)) {
    const double share = static_cast<double>(one.images) / static_cast<double>(whole.images);
    images += one.images;
    accuracy += share * one.accuracy;
    first += share * one.exit_share[0];
    if (one.images > 0) {
      CHECK(std::accumulate(one.exit_share.begin(), one.exit_share.end(), 0.0) == Approx(1));
    }
  }
  CHECK(images == whole.images);
  CHECK(accuracy == Approx(whole.accuracy));
  CHECK(first == Approx(whole.exit_share[0]));
}

TEST_CASE("bootstrap intervals are those of the normal approximation, and follow the seed",
          "[policy]") {
  const ReportCase c(GENERATE(1, 2, 3), 2000);
  const Outcome outcome = apply(c.policy, c.table, c.macs);
  const OutcomeIntervals intervals = bootstrap(c.policy, c.table, c.macs, 1);
  const double error =
      1.96 * std::sqrt(outcome.accuracy * (1 - outcome.accuracy) / static_cast<double>(2000));
  CHECK(intervals.accuracy.low == Approx(outcome.accuracy - error).margin(0.25 * error));
  CHECK(intervals.accuracy.high == Approx(outcome.accuracy + error).margin(0.25 * error));
  CHECK(intervals.average_macs.low < outcome.average_macs);
  CHECK(intervals.average_macs.high > outcome.average_macs);
  CHECK(bootstrap(c.policy, c.table, c.macs, 1).accuracy.low == intervals.accuracy.low);
}

TEST_CASE("a policy's average MACs on other images lie in the interval 95 times of 100",
          "[policy]") {
  int inside = 0;
  constexpr int kTimes = 400;
  for (int seed = 0; seed < kTimes; ++seed) {
    ReportCase c(4 * seed + 1, 300);  // two stages
    const Outcome fitted = apply(c.policy, c.table, c.macs);
    const ExitTable other = random_table({2, 200, 8}, c.rng);
    const Outcome there = apply(c.policy, other, c.macs);
    const Interval interval = transferred_macs(fitted, there, c.policy, c.macs);
    inside += interval.low <= there.average_macs && there.average_macs <= interval.high ? 1 : 0;
  }
  CHECK(inside > 0.92 * kTimes);
  CHECK(inside < 0.98 * kTimes);
}

TEST_CASE("that no image left early where a policy was fitted is no certainty", "[policy]") {
  ReportCase c(1, 300);  // two stages
  const Outcome nobody{300, 0.9, {0.5, 0.9}, {0, 1}, static_cast<double>(c.macs.cumulative[1])};
  Outcome one = nobody;
  one.exit_share = {1.0 / 300, 299.0 / 300};
  one.average_macs = static_cast<double>(c.macs.cumulative[0] + 299 * c.macs.cumulative[1]) / 300;
  CHECK(transferred_macs(nobody, one, c.policy, c.macs).low < one.average_macs);
}

TEST_CASE("no policy beats the oracle, nor is as accurate for less", "[policy]") {
  const ReportCase c(GENERATE(range(0, 12)));
  const Outcome best = oracle(c.table, c.macs);
  CHECK(std::accumulate(best.exit_share.begin(), best.exit_share.end(), 0.0) == Approx(1));
  for (const OperatingPoint& point : accuracy_curve(c.table, c.macs, Confidence::kMaxSoftmax, 20)) {
    CHECK(point.accuracy <= best.accuracy);
    CHECK((point.accuracy < best.accuracy || point.average_macs >= best.average_macs));
  }
}

TEST_CASE("random exits keep the shares and lose what confidence knew", "[policy]") {
  const ReportCase c(GENERATE(range(0, 12)));
  const Outcome outcome = apply(c.policy, c.table, c.macs);
  const Outcome random = random_exits(outcome, c.macs);
  CHECK(random.exit_share == outcome.exit_share);
  CHECK(random.average_macs == Approx(outcome.average_macs));
  double expected = 0;
  for (std::size_t s = 0; s < outcome.exit_share.size(); ++s)
    expected += outcome.exit_share[s] * outcome.exit_accuracy[s];
  CHECK(random.accuracy == Approx(expected));
}

}  // namespace enas4d
