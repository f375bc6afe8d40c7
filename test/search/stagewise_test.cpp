// Stagewise searches: first stages alone, then what extends the best of them.
#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "search/search_run.h"
#include "support/catch.h"

namespace enas4d {
namespace {

TEST_CASE("a stagewise search evaluates whole specs that extend the prefixes it evaluated",
          "[search]") {
  SearchRun run;
  run.options.strategy = SearchStrategy::kStagewise;
  run.space = GENERATE(small_space(), three_stage_space());
  run.evaluator = FakeEvaluator(run.space);
  run.goals = {};
  run.options.evaluations = 60;
  REQUIRE(run().finished);
  CHECK(run.evaluator.calls.size() == 60);
  std::size_t extensions = 0;
  std::set<std::string> prefixes;
  for (const Spec& spec : run.evaluator.specs) {
    const int stages = static_cast<int>(spec.stages.size());
    if (stages == 1) continue;
    ++extensions;
    const std::string shared = spec_hash(prefix(spec, stages - 1));
    CHECK((run.evaluator.calls.count(shared) == 1 || spec == run.evaluator.specs.front()));
    if (stages == run.space.stages) prefixes.insert(shared);
  }
  CHECK(extensions >= 30);
  // The beam, and the one spec that shows that the limits hold any.
  CHECK(prefixes.size() <= static_cast<std::size_t>(run.options.beam) + 1);
}

/// Keeps what is asked for together.
class GenerationsEvaluator : public Evaluator {
 public:
  explicit GenerationsEvaluator(Evaluator& networks) : networks_(networks) {}

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override {
    generations.push_back(specs);
    return networks_.evaluate(specs, done);
  }
  std::vector<std::vector<Spec>> generations;

 private:
  Evaluator& networks_;
};

TEST_CASE("generations that extend a beam have one prefix each, but for the first", "[search]") {
  SearchRun run;
  run.options.strategy = SearchStrategy::kStagewise;
  run.options.evaluations = 60;
  GenerationsEvaluator evaluator(run.evaluator);
  search(run.space, evaluator, nullptr, run.options, {}, run.stop, nullptr);
  std::set<std::string> all;
  int generation = 0;
  for (const std::vector<Spec>& specs : evaluator.generations) {
    if (specs.front().stages.size() == 1 || generation++ == 0) continue;
    std::set<std::string> prefixes;
    for (const Spec& spec : specs) prefixes.insert(spec_hash(prefix(spec, 1)));
    CHECK(prefixes.size() == 1);
    all.merge(prefixes);
  }
  CHECK(generation > 5);
  CHECK(all.size() > 1);
}

TEST_CASE("each prefix of the beam is extended, however many specs the user knows", "[search]") {
  SearchRun run;
  run.options.strategy = SearchStrategy::kStagewise;
  run.options.evaluations = 100;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Rng rng(7, {i});
    Spec spec = uniform(run.space, rng);
    spec.stages.front() = smallest(run.space).stages.front();
    run.options.begin_with.push_back(spec);
  }
  GenerationsEvaluator evaluator(run.evaluator);
  search(run.space, evaluator, nullptr, run.options, {}, run.stop, nullptr);
  std::set<std::string> founding, later;
  for (const std::vector<Spec>& specs : evaluator.generations) {
    if (specs.front().stages.size() == 1) continue;
    auto& prefixes = founding.empty() ? founding : later;
    for (const Spec& spec : specs) prefixes.insert(spec_hash(prefix(spec, 1)));
  }
  CHECK(founding.size() >= static_cast<std::size_t>(run.options.beam));
  CHECK(std::includes(founding.begin(), founding.end(), later.begin(), later.end()));
}

}  // namespace
}  // namespace enas4d
