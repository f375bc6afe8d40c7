#include "search/evolution.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "search/small_search.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"

namespace enas4d {
namespace {

const JournalKey kKey = {"s", "c", "d", "e"};

EvolutionOptions small_search_options() {
  EvolutionOptions options;
  options.population = 8;
  options.evaluations = 30;
  options.curve_points = 9;
  return options;
}

/// All of a result that can differ.
std::string text_of(const SearchResult& result) {
  std::string text = result.finished ? "finished" : "stopped";
  for (const auto* members : {&result.front, &result.at_budgets}) {
    for (const FrontMember& member : *members) {
      text += '\n';
      append_json(text, member.spec);
      text += policy_object(member.point.policy).dump() + to_json(member.outcome).dump();
    }
  }
  return text;
}

/// A search with everything in one place; no journal unless there's a folder for it.
struct SearchRun {
  Space space = small_space();
  EvolutionOptions options = small_search_options();
  std::vector<double> budgets = {100000, 160000};
  FakeEvaluator evaluator{space};
  StopFlag stop;

  SearchResult operator()(Journal* journal = nullptr) {
    return evolve(space, evaluator, journal, options, budgets, stop, nullptr);
  }
  double full() const {
    return static_cast<double>(exit_macs(lower(space, largest(space))).full());
  }
};

TEST_CASE("nothing that was evaluated dominates a member of the front", "[search]") {
  SearchRun run;
  run.options.seed = GENERATE(1U, 2U, 3U);
  const SearchResult result = run();
  REQUIRE(result.finished);
  REQUIRE_FALSE(result.front.empty());
  const auto place = [](const OperatingPoint& point) {
    return Point{1 - point.accuracy, point.average_macs};
  };
  for (const FrontMember& member : result.front) {
    for (const FrontMember& other : result.front) {
      CHECK_FALSE(dominates(place(other.point), place(member.point)));
    }
    const Evaluation evaluation = run.evaluator.evaluation_of(member.spec);
    const Outcome outcome = apply(member.point.policy, evaluation.table, evaluation.macs);
    CHECK(outcome.accuracy == member.point.accuracy);
    CHECK(outcome.average_macs == member.point.average_macs);
    CHECK(to_json(outcome) == to_json(member.outcome));
  }
  CHECK(std::is_sorted(result.front.begin(), result.front.end(), [](const auto& a, const auto& b) {
    return a.point.average_macs < b.point.average_macs;
  }));
}

TEST_CASE("as many distinct specs as asked are evaluated, each once and inside the window",
          "[search]") {
  SearchRun run;
  run.options.evaluations = GENERATE(1, 5, 30);
  run.options.window = {100000, 250000};
  std::vector<int> seen;
  evolve(run.space, run.evaluator, nullptr, run.options, {}, run.stop,
         [&](const SearchProgress& progress) {
           seen.push_back(progress.evaluated);
           CHECK(progress.evaluations == run.options.evaluations);
           CHECK(progress.front_size > 0);
         });
  CHECK(run.evaluator.calls.size() == static_cast<std::size_t>(run.options.evaluations));
  for (const auto& [hash, calls] : run.evaluator.calls) CHECK(calls == 1);
  REQUIRE(seen.size() == static_cast<std::size_t>(run.options.evaluations));
  CHECK(seen.back() == run.options.evaluations);
  for (const FrontMember& member : run().front) {
    CHECK(run.options.window.contains(member.macs.full()));
  }
}

TEST_CASE("the hypervolume never falls during a search", "[search]") {
  SearchRun run;
  double hypervolume = 0;
  evolve(run.space, run.evaluator, nullptr, run.options, {}, run.stop,
         [&](const SearchProgress& progress) {
           CHECK(progress.hypervolume >= hypervolume);
           hypervolume = progress.hypervolume;
         });
  CHECK(hypervolume > 0);
  CHECK(hypervolume < 1);
}

TEST_CASE("the member for a budget is the best of all evaluated specs", "[search]") {
  SearchRun run;
  const SearchResult result = run();
  REQUIRE(result.at_budgets.size() == run.budgets.size());
  Rng rng(1);
  std::map<std::string, Evaluation> all;
  for (int i = 0; i < 20000 && all.size() < run.evaluator.calls.size(); ++i) {
    const Spec spec = i == 0   ? smallest(run.space)
                      : i == 1 ? largest(run.space)
                               : uniform(run.space, rng);
    const std::string hash = spec_hash(spec);
    if (run.evaluator.calls.count(hash) > 0) all[hash] = run.evaluator.evaluation_of(spec);
  }
  for (std::size_t b = 0; b < run.budgets.size(); ++b) {
    CHECK(result.at_budgets[b].point.average_macs <= run.budgets[b]);
    for (const auto& [hash, evaluation] : all) {
      const auto point = fit_thresholds(evaluation.table, evaluation.macs, Confidence::kMaxSoftmax,
                                        run.budgets[b]);
      if (point) CHECK(point->accuracy <= result.at_budgets[b].point.accuracy);
    }
  }
}

TEST_CASE("the same seed gives the same search, another one another", "[search]") {
  SearchRun one, same, other;
  other.options.seed = 2;
  const std::string text = text_of(one());
  CHECK(text_of(same()) == text);
  CHECK(same.evaluator.calls == one.evaluator.calls);
  other();
  CHECK(other.evaluator.calls != one.evaluator.calls);
}

TEST_CASE("the order in which evaluations end does not matter", "[search]") {
  SearchRun forwards, backwards;
  backwards.evaluator.backwards = true;
  CHECK(text_of(backwards()) == text_of(forwards()));
}

TEST_CASE("a stopped search that is resumed equals one that was never stopped", "[search]") {
  const std::size_t stop_after = GENERATE(0U, 3U, 8U, 13U, 29U);
  CAPTURE(stop_after);
  SearchRun whole;
  const std::string expected = text_of(whole());

  const TemporaryFolder folder;
  SearchRun first;
  first.evaluator.most = stop_after;
  {
    Journal journal(folder.path(), kKey);
    const SearchResult result = first(&journal);
    CHECK_FALSE(result.finished);
    CHECK(result.at_budgets.empty());
    CHECK(journal.size() == stop_after);
  }
  SearchRun second;
  Journal journal(folder.path(), kKey);
  CHECK(text_of(second(&journal)) == expected);
  CHECK(second.evaluator.evaluated == whole.evaluator.evaluated - stop_after);
  for (const auto& [hash, calls] : second.evaluator.calls) {
    CHECK(first.evaluator.calls.count(hash) == 0);
  }
}

TEST_CASE("a raised flag stops before the next generation", "[search]") {
  SearchRun run;
  run.stop.raise();
  const SearchResult result = run();
  CHECK_FALSE(result.finished);
  CHECK(run.evaluator.evaluated == 0);
}

TEST_CASE("a small space is searched to its end", "[search]") {
  SearchRun run;
  run.space = tiny_space();
  run.evaluator = FakeEvaluator(run.space);
  run.budgets.clear();
  run.options.population = GENERATE(4, 100);
  CHECK(run().finished);
  CHECK(run.evaluator.calls.size() == 16);
}

TEST_CASE("a budget that nothing can meet ends with the reachable range", "[search]") {
  SearchRun run;
  run.budgets = {1000};
  CHECK_THROWS_WITH(run(), Contains("no policy averages at most 1.00k MACs; reachable: "));
  CHECK(run.evaluator.evaluated == 0);  // known before the work begins

  // Inside the space's range, but below what the window leaves.
  const ExitMacs smallest_macs = exit_macs(lower(run.space, smallest(run.space)));
  run.budgets = {static_cast<double>(smallest_macs.cumulative[0])};
  run.options.window.least = static_cast<std::int64_t>(run.full() * 0.9);
  try {
    run();
    FAIL("must throw");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kImpossible);
  }
}

TEST_CASE("a window that holds no spec is impossible", "[search]") {
  SearchRun run;
  run.options.window = {1, 2};
  CHECK_THROWS_AS(run(), Error);
}

TEST_CASE("a search for static networks finds the best fixed exit within each budget", "[search]") {
  SearchRun run;
  run.options.policies = PolicyKind::kFixed;
  const SearchResult result = run();
  REQUIRE(result.at_budgets.size() == run.budgets.size());
  for (std::size_t b = 0; b < run.budgets.size(); ++b) {
    const FrontMember& member = result.at_budgets[b];
    REQUIRE(member.point.policy.exit);
    const auto exit = static_cast<std::size_t>(*member.point.policy.exit);
    CHECK(member.point.average_macs == static_cast<double>(member.macs.alone[exit]));
    CHECK(member.point.average_macs <= run.budgets[b]);
    for (const FrontMember& other : result.front) {
      CHECK((other.point.average_macs > run.budgets[b] ||
             other.point.accuracy <= member.point.accuracy));
    }
  }
}

// One search can be unlucky, so it is the sum over some seeds that counts.
TEST_CASE("evolution beats as many random specs", "[search]") {
  constexpr std::size_t kEvaluations = 300;
  double evolved = 0, drawn = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SearchRun run;
    run.space = large_space();
    run.evaluator = FakeEvaluator(run.space);
    run.options.evaluations = kEvaluations;
    run.options.seed = seed;
    double last = 0;
    evolve(run.space, run.evaluator, nullptr, run.options, {}, run.stop,
           [&](const SearchProgress& progress) { last = progress.hypervolume; });
    evolved += last;

    Archive archive(run.space,
                    {PolicyKind::kThresholds, Confidence::kMaxSoftmax, run.options.curve_points});
    archive.evaluate({smallest(run.space), largest(run.space)}, run.evaluator, nullptr, [] {});
    Rng rng(seed);
    while (archive.evaluated() < kEvaluations) {
      const Spec spec = uniform(run.space, rng);
      if (!archive.knows(spec)) archive.evaluate({spec}, run.evaluator, nullptr, [] {});
    }
    drawn += archive.hypervolume();
  }
  CHECK(evolved > drawn + 0.04);
}

}  // namespace
}  // namespace enas4d
