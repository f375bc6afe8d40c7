#include "search/search.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "search/dominance.h"
#include "search/search_run.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"

namespace enas4d {
namespace {

const JournalKey kKey = {"s", "c", "d", "e"};

/// All of a result that can differ.
std::string text_of(const SearchResult& result) {
  std::string text = result.finished ? "finished" : "stopped";
  for (const auto* members : {&result.front, &result.at_budgets, &result.at_accuracies}) {
    for (const FrontMember& member : *members) {
      text += '\n';
      append_json(text, member.spec);
      text += policy_object(member.point.policy).dump() + to_json(member.outcome).dump();
    }
  }
  return text;
}

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

TEST_CASE("as many distinct specs as asked are evaluated, each once and inside the limits",
          "[search]") {
  SearchRun run;
  run.options.evaluations = GENERATE(1, 5, 30);
  run.options.limits = {100000, 250000};
  std::vector<int> seen;
  search(run.space, run.evaluator, nullptr, run.options, {}, run.stop,
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
    CHECK(run.options.limits.allow(lower(run.space, member.spec)));
  }
}

TEST_CASE("the hypervolume never falls during a search", "[search]") {
  SearchRun run;
  double hypervolume = 0;
  search(run.space, run.evaluator, nullptr, run.options, {}, run.stop,
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
  REQUIRE(result.at_budgets.size() == run.goals.average_macs.size());
  Rng rng(1);
  std::map<std::string, Evaluation> all;
  for (int i = 0; i < 20000 && all.size() < run.evaluator.calls.size(); ++i) {
    const Spec spec = i == 0   ? smallest(run.space)
                      : i == 1 ? largest(run.space)
                               : uniform(run.space, rng);
    const std::string hash = spec_hash(spec);
    if (run.evaluator.calls.count(hash) > 0) all[hash] = run.evaluator.evaluation_of(spec);
  }
  for (std::size_t b = 0; b < run.goals.average_macs.size(); ++b) {
    CHECK(result.at_budgets[b].point.average_macs <= run.goals.average_macs[b]);
    for (const auto& [hash, evaluation] : all) {
      const auto point = fit_thresholds(evaluation.table, evaluation.macs, Confidence::kMaxSoftmax,
                                        run.goals.average_macs[b]);
      if (point) CHECK(point->accuracy <= result.at_budgets[b].point.accuracy);
    }
  }
}

TEST_CASE("the same seed gives the same search, another one another", "[search]") {
  SearchRun one, same, other;
  one.options.strategy = same.options.strategy = other.options.strategy =
      GENERATE(SearchStrategy::kEvolution, SearchStrategy::kStagewise, SearchStrategy::kRandom);
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
  whole.options.strategy =
      GENERATE(SearchStrategy::kEvolution, SearchStrategy::kStagewise, SearchStrategy::kRandom);
  const std::string expected = text_of(whole());

  const TemporaryFolder folder;
  SearchRun first;
  first.options = whole.options;
  first.evaluator.most = stop_after;
  {
    Journal journal(folder.path(), kKey);
    const SearchResult result = first(&journal);
    CHECK_FALSE(result.finished);
    CHECK(result.at_budgets.empty());
    CHECK(journal.size() == stop_after);
  }
  SearchRun second;
  second.options = whole.options;
  Journal journal(folder.path(), kKey);
  SearchProgress last;
  CHECK(text_of(search(second.space, second.evaluator, &journal, second.options, second.goals,
                       second.stop, [&](const SearchProgress& now) { last = now; })) == expected);
  CHECK(last.recalled == static_cast<int>(stop_after));
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
  run.goals = {};
  run.options.evolution.population = GENERATE(4, 100);
  CHECK(run().finished);
  CHECK(run.evaluator.calls.size() == 16);
}

TEST_CASE("random draws find the last spec of a space, however rare it is", "[search]") {
  SearchRun run;
  run.space = countable_space();  // 576 specs, the rarest drawn once in 1024 times
  run.evaluator = FakeEvaluator(run.space);
  run.evaluator.images = 4;
  run.goals = {};
  run.options.strategy = SearchStrategy::kRandom;
  run.options.evaluations = 576;
  run.options.seed = GENERATE(range(1U, 20U));
  run();
  CHECK(run.evaluator.calls.size() == 576);
}

TEST_CASE("a search within limits that few specs meet does not end early", "[search]") {
  SearchRun run;
  run.space = large_space();
  run.evaluator = FakeEvaluator(run.space);
  run.evaluator.images = 4;
  run.goals = {};
  std::vector<std::int64_t> macs;
  Rng rng(1, {});
  for (int i = 0; i < 4000; ++i) {
    macs.push_back(exit_macs(lower(run.space, uniform(run.space, rng))).full());
  }
  std::sort(macs.begin(), macs.end());
  run.options.limits.least_macs = macs[3994];  // a draw in 700
  run.options.seed = GENERATE(range(1U, 6U));
  run();
  CHECK(run.evaluator.calls.size() == 30);
}

TEST_CASE("a budget that nothing can meet ends with the reachable range", "[search]") {
  SearchRun run;
  run.goals.average_macs = {1000};
  CHECK_THROWS_WITH(run(), Contains("no policy averages at most 1.00k MACs; reachable: "));
  CHECK(run.evaluator.evaluated == 0);  // known before the work begins
}

TEST_CASE("goals that nothing evaluated meets are told, and the others keep their members",
          "[search]") {
  SearchRun run;
  run.options.strategy = SearchStrategy::kRandom;
  // Inside the space's range, but below what the window leaves.
  const auto least =
      static_cast<double>(exit_macs(lower(run.space, smallest(run.space))).cumulative.front());
  run.options.limits.least_macs = static_cast<std::int64_t>(run.full() * 0.9);
  run.goals = {{run.full(), least}, {1.0, 0.1}};
  const SearchResult result = run();
  REQUIRE(result.at_budgets.size() == 1);
  CHECK(result.at_budgets.front().point.average_macs > least);
  REQUIRE(result.at_accuracies.size() == 1);
  CHECK(result.at_accuracies.front().point.accuracy < 1);
  REQUIRE(result.unmet.size() == 2);
  CHECK_THAT(result.unmet[0], StartsWith("no network that was evaluated averages at most ") &&
                                  Contains("; they can average "));
  CHECK_THAT(result.unmet[1], StartsWith("no policy reaches accuracy 1 on val; reached: 0."));
}

TEST_CASE("a search for static networks finds the best fixed exit within each budget", "[search]") {
  SearchRun run;
  run.options.curve.policies = PolicyKind::kFixed;
  const SearchResult result = run();
  REQUIRE(result.at_budgets.size() == run.goals.average_macs.size());
  for (std::size_t b = 0; b < run.goals.average_macs.size(); ++b) {
    const FrontMember& member = result.at_budgets[b];
    REQUIRE(member.point.policy.exit);
    const auto exit = static_cast<std::size_t>(*member.point.policy.exit);
    CHECK(member.point.average_macs == static_cast<double>(member.macs.alone[exit]));
    CHECK(member.point.average_macs <= run.goals.average_macs[b]);
    for (const FrontMember& other : result.front) {
      CHECK((other.point.average_macs > run.goals.average_macs[b] ||
             other.point.accuracy <= member.point.accuracy));
    }
  }
}

TEST_CASE("what the user knows already is evaluated first", "[search]") {
  SearchRun run;
  run.options.strategy =
      GENERATE(SearchStrategy::kEvolution, SearchStrategy::kStagewise, SearchStrategy::kRandom);
  Rng rng(77);
  const Spec known = uniform(run.space, rng);
  run.options.begin_with = {known, known};
  run();
  CHECK(run.evaluator.calls.count(spec_hash(known)) == 1);
  const int stages = static_cast<int>(run.evaluator.specs.front().stages.size());
  CHECK(run.evaluator.specs.front() == prefix(known, stages));
}

TEST_CASE("all that the user knows and the ends of the space are evaluated, beyond the population",
          "[search]") {
  SearchRun run;
  run.options.evaluations = 40;
  Rng rng(77);
  for (int i = 0; i < 30; ++i) run.options.begin_with.push_back(uniform(run.space, rng));
  run();
  for (const Spec& known : run.options.begin_with) {
    CHECK(run.evaluator.calls.count(spec_hash(known)) == 1);
  }
  CHECK(run.evaluator.calls.count(spec_hash(smallest(run.space))) == 1);
  CHECK(run.evaluator.calls.count(spec_hash(largest(run.space))) == 1);
}

TEST_CASE("a network that cannot be measured is passed over", "[search]") {
  const TemporaryFolder folder;
  SearchRun run;
  run.options.strategy = GENERATE(SearchStrategy::kEvolution, SearchStrategy::kRandom);
  run.evaluator.fails = [&](const Spec& spec) { return spec == largest(run.space); };
  run.options.begin_with = {largest(run.space)};
  Journal journal(folder.path(), kKey);
  const SearchResult result = run(&journal);
  CHECK(result.finished);
  CHECK(result.evaluated == 30);
  CHECK(result.failed == 1);
  CHECK(result.first_failure == "exit 1 gave a logit that is not finite");
  for (const FrontMember& member : result.front) CHECK(member.spec != largest(run.space));
  REQUIRE(journal.find(largest(run.space)));
  CHECK(std::holds_alternative<Failure>(*journal.find(largest(run.space))));
}

TEST_CASE("a search of which no whole network can be measured fails and tells why", "[search]") {
  SearchRun run;
  run.options.strategy =
      GENERATE(SearchStrategy::kEvolution, SearchStrategy::kStagewise, SearchStrategy::kRandom);
  const std::size_t measured = GENERATE(0U, 1U);  // stages
  run.evaluator.fails = [&](const Spec& spec) { return spec.stages.size() > measured; };
  CHECK_THROWS_WITH(run(), StartsWith("none of ") &&
                               EndsWith(" networks could be measured: exit 1 gave a logit that is "
                                        "not finite"));
}

TEST_CASE("a search without progress ends when patience does", "[search]") {
  SearchRun run;
  run.goals = {};
  run.options.evaluations = 1000;
  run.options.patience = 40;
  CHECK(run().finished);
  CHECK(run.evaluator.evaluated >= 40);
  CHECK(run.evaluator.evaluated < 1000);
}

TEST_CASE("the member for an accuracy is the cheapest of all evaluated specs", "[search]") {
  SearchRun run;
  const SearchResult result = run();
  REQUIRE(result.at_accuracies.size() == run.goals.accuracies.size());
  for (std::size_t a = 0; a < result.at_accuracies.size(); ++a) {
    const FrontMember& member = result.at_accuracies[a];
    CHECK(member.point.accuracy >= run.goals.accuracies[a]);
    for (const Spec& spec : run.evaluator.specs) {
      const Evaluation evaluation = run.evaluator.evaluation_of(spec);
      const auto cheaper =
          fit_thresholds(evaluation.table, evaluation.macs, Confidence::kMaxSoftmax,
                         0.998 * member.point.average_macs);
      CHECK((!cheaper || cheaper->accuracy < run.goals.accuracies[a]));
    }
  }
}

}  // namespace
}  // namespace enas4d
