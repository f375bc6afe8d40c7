#include "search/archive.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "search/small_search.h"
#include "support/catch.h"
#include "util/error.h"

namespace enas4d {
namespace {

/// Says the same of every spec, from the last to the first.
class SameForAll : public Evaluator {
 public:
  explicit SameForAll(Evaluation evaluation) : evaluation_(std::move(evaluation)) {}

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override {
    for (std::size_t i = specs.size(); i > 0; --i) done(i - 1, evaluation_);
    return true;
  }

 private:
  Evaluation evaluation_;
};

TEST_CASE("of specs that do equally well the first proposed one is kept", "[search]") {
  const Space space = small_space();
  SameForAll evaluator(FakeEvaluator(space).evaluation_of(smallest(space)));
  Archive archive(space, CurveOptions{});
  const std::vector<Spec> specs = {largest(space), smallest(space)};
  REQUIRE(archive.evaluate(specs, evaluator, nullptr, [] {}));
  REQUIRE_FALSE(archive.front().empty());
  for (const FrontMember& member : archive.front()) CHECK(member.spec == specs[0]);
  std::vector<std::string> unmet;
  CHECK(archive.at_budgets({1e9}, unmet).front().spec == specs[0]);
  CHECK(unmet.empty());
}

TEST_CASE("an archive knows the specs that it was handed, and counts those evaluated", "[search]") {
  const Space space = small_space();
  FakeEvaluator evaluator(space);
  evaluator.most = 1;
  Archive archive(space, CurveOptions{});
  int known = 0;
  CHECK_FALSE(
      archive.evaluate({smallest(space), largest(space)}, evaluator, nullptr, [&] { ++known; }));
  CHECK(known == 1);
  CHECK(archive.evaluated() == 1);
  CHECK(archive.knows(largest(space)));
  CHECK(archive.candidates()[0]);
  CHECK_FALSE(archive.candidates()[1]);
  std::vector<std::string> unmet;
  CHECK(archive.at_budgets({1e9}, unmet).front().spec == smallest(space));
}

/// An archive that knows `specs`.
Archive archive_of(const Space& space, const std::vector<Spec>& specs,
                   const CurveOptions& options) {
  FakeEvaluator evaluator(space);
  Archive archive(space, options);
  REQUIRE(archive.evaluate(specs, evaluator, nullptr, [] {}));
  return archive;
}

/// Distinct ones, by chance.
std::vector<Spec> some_specs(const Space& space, std::size_t count) {
  Rng rng(1);
  std::vector<Spec> specs;
  while (specs.size() < count) {
    Spec spec = uniform(space, rng);
    if (std::find(specs.begin(), specs.end(), spec) == specs.end()) {
      specs.push_back(std::move(spec));
    }
  }
  return specs;
}

TEST_CASE("an archive of many specs finds the best that each has alone, and drops most tables",
          "[search]") {
  const Space space = GENERATE(small_space(), three_stage_space());
  CurveOptions options;
  options.policies = GENERATE(PolicyKind::kThresholds, PolicyKind::kFixed);
  options.points = 9;
  const std::vector<Spec> specs = some_specs(space, 60);
  const Archive archive = archive_of(space, specs, options);
  std::vector<Archive> alone;
  for (const Spec& spec : specs) alone.push_back(archive_of(space, {spec}, options));
  std::vector<std::string> ignored;

  const double most = static_cast<double>(exit_macs(lower(space, largest(space))).full());
  for (int share = 1; share <= 50; ++share) {
    const double budget = most * share / 50;
    std::vector<FrontMember> expected;
    for (const Archive& one : alone) {
      for (FrontMember& member : one.at_budgets({budget}, ignored)) {
        expected.push_back(std::move(member));
      }
    }
    const std::vector<FrontMember> found = archive.at_budgets({budget}, ignored);
    REQUIRE(found.empty() == expected.empty());
    if (found.empty()) continue;
    const auto best = std::min_element(
        expected.begin(), expected.end(), [](const FrontMember& a, const FrontMember& b) {
          return std::tuple(-a.point.accuracy, a.point.average_macs) <
                 std::tuple(-b.point.accuracy, b.point.average_macs);
        });
    CHECK(found[0].spec == best->spec);
    CHECK(found[0].point.average_macs == best->point.average_macs);
    CHECK(found[0].outcome.accuracy == best->outcome.accuracy);
  }

  for (int percent = 0; percent <= 100; percent += 2) {
    std::vector<FrontMember> expected;
    for (const Archive& one : alone) {
      for (FrontMember& member : one.at_accuracies({percent / 100.0}, ignored)) {
        expected.push_back(std::move(member));
      }
    }
    const std::vector<FrontMember> found = archive.at_accuracies({percent / 100.0}, ignored);
    REQUIRE(found.empty() == expected.empty());
    if (found.empty()) continue;
    const auto best = std::min_element(expected.begin(), expected.end(),
                                       [](const FrontMember& a, const FrontMember& b) {
                                         return a.point.average_macs < b.point.average_macs;
                                       });
    CHECK(found[0].spec == best->spec);
    CHECK(found[0].outcome.average_macs == best->outcome.average_macs);
  }

  const auto kept = std::count_if(
      archive.candidates().begin(), archive.candidates().end(),
      [](const auto& candidate) { return !candidate->evaluation.table.exits.empty(); });
  CHECK(kept > 0);
  CHECK(kept < 30);
}

}  // namespace
}  // namespace enas4d
