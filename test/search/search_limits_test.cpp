// Searches inside limits that hold little or nothing.
#include "search/search.h"
#include "search/small_search.h"
#include "support/catch.h"
#include "util/error.h"

namespace enas4d {
namespace {

/// A space of which draws find no single spec.
struct LimitedSearch {
  Space space = large_space();
  SearchOptions options;
  FakeEvaluator evaluator{space};

  LimitedSearch() {
    options.evaluations = 10;
    options.strategy =
        GENERATE(SearchStrategy::kEvolution, SearchStrategy::kStagewise, SearchStrategy::kRandom);
  }

  SearchResult operator()(const SearchGoals& goals = {}) {
    return search(space, evaluator, nullptr, options, goals, StopFlag{}, nullptr);
  }
  std::int64_t full_macs(const Spec& spec) const { return exit_macs(lower(space, spec)).full(); }
};

}  // namespace

TEST_CASE("limits that hold no spec are impossible", "[search]") {
  LimitedSearch run;
  run.options.limits = {1, 2};
  CHECK_THROWS_WITH(run(), StartsWith("no spec has "));
  // Whatever else is asked for.
  CHECK_THROWS_WITH(run({{1}, {}}), StartsWith("no spec has "));
}

TEST_CASE("limits that hold an end of the space alone are searched there", "[search]") {
  LimitedSearch run;
  const bool upper = GENERATE(false, true);
  const Spec end = upper ? largest(run.space) : smallest(run.space);
  run.options.limits.least_macs = upper ? run.full_macs(end) : 0;
  run.options.limits.most_macs = upper ? INT64_MAX : run.full_macs(end);
  const SearchResult result = run();
  REQUIRE_FALSE(result.front.empty());
  for (const FrontMember& member : result.front) CHECK(member.spec == end);
}

TEST_CASE("limits that draws miss are met by what the user knows", "[search]") {
  LimitedSearch run;
  Rng rng(5);
  const Spec known = uniform(run.space, rng);
  const std::int64_t macs = run.full_macs(known);
  run.options.limits = {macs, macs, parameters(lower(run.space, known))};
  CHECK_THROWS_WITH(run(), Contains("among 10000 drawn"));
  run.options.begin_with = {known};
  const SearchResult result = run();
  REQUIRE_FALSE(result.front.empty());
  CHECK(result.front.front().spec == known);
}

TEST_CASE("a static network may cost less at a later exit, and is found there", "[search]") {
  Space space = small_space();
  space.head.features = {4096, 4};
  const ExitMacs least = exit_macs(lower(space, smallest(space)));
  REQUIRE(least.alone.back() < least.cumulative.front());
  FakeEvaluator evaluator(space);
  SearchOptions options;
  options.evaluations = 10;
  options.curve.policies = PolicyKind::kFixed;
  const SearchGoals goals{{static_cast<double>(least.alone.back())}, {}};
  const SearchResult result =
      search(space, evaluator, nullptr, options, goals, StopFlag{}, nullptr);
  REQUIRE(result.at_budgets.size() == 1);
  CHECK(result.at_budgets.front().spec == smallest(space));
}

}  // namespace enas4d
