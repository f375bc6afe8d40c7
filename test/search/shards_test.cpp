#include "search/shards.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "search/search.h"
#include "search/small_search.h"
#include "support/catch.h"
#include "support/temporary_folder.h"

namespace enas4d {
namespace {

const JournalKey kShardKey = {"s", "c", "d", "e"};

/// A search by some of `count` shards, each a thread with a journal of its own on one folder.
class ShardedSearch {
 public:
  explicit ShardedSearch(int count) : count_(count) {}

  /// What each shard of `running` ends with.
  std::vector<SearchResult> run(const std::vector<int>& running) {
    std::vector<SearchResult> results(running.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < running.size(); ++i) {
      threads.emplace_back([&, i] { results[i] = run_shard(running[i]); });
    }
    for (std::thread& thread : threads) thread.join();
    return results;
  }

  std::atomic<std::size_t> evaluated{0}, taken_over{0};

 private:
  SearchResult run_shard(int index) {
    const Space space = small_space();
    FakeEvaluator networks(space);
    Journal journal(folder_.path(), kShardKey, {index, count_});
    const StopFlag stop;
    ShardedEvaluator evaluator(
        networks, journal, stop, /*patience=*/20,
        [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); },
        [&](int) { ++taken_over; });
    SearchOptions options;
    options.evaluations = 40;
    options.evolution.population = 10;
    SearchResult result = search(space, evaluator, &journal, options, SearchGoals{}, stop, nullptr);
    evaluated += networks.evaluated;
    return result;
  }

  TemporaryFolder folder_;
  int count_;
};

std::string front_text(const SearchResult& result) {
  std::string text = result.finished ? "finished" : "stopped";
  for (const FrontMember& member : result.front) {
    append_json(text, member.spec);
    text += policy_object(member.point.policy).dump();
  }
  return text;
}

}  // namespace

TEST_CASE("shards find together what one process finds, and evaluate nothing twice", "[search]") {
  ShardedSearch one(1);
  const std::string alone = front_text(one.run({1}).front());
  ShardedSearch three(3);
  for (const SearchResult& result : three.run({1, 2, 3})) CHECK(front_text(result) == alone);
  CHECK(three.evaluated == one.evaluated);
  CHECK(three.taken_over == 0);
}

TEST_CASE("the work of a shard that does not run is done by the others", "[search]") {
  ShardedSearch one(1);
  const std::string alone = front_text(one.run({1}).front());
  ShardedSearch three(3);
  for (const SearchResult& result : three.run({1, 3})) CHECK(front_text(result) == alone);
  CHECK(three.evaluated == one.evaluated);
  CHECK(three.taken_over == 1);  // told once, and waited for once
  // Who comes late finds all done.
  const std::size_t before = three.evaluated;
  CHECK(front_text(three.run({2}).front()) == alone);
  CHECK(three.evaluated == before);
}

TEST_CASE("that a shard is lost is told also by who comes to its work later", "[search]") {
  const TemporaryFolder folder;
  const Space space = small_space();
  FakeEvaluator networks(space);
  Journal journal(folder.path(), kShardKey, {1, 3});
  // Of 2's work, which does not run, shard 3 is the heir, until it is lost as well.
  auto third = std::make_unique<Journal>(folder.path(), kShardKey, Shard{3, 3});
  constexpr int kPatience = 4;
  int pauses = 0;
  std::vector<int> told;
  const StopFlag stop;
  ShardedEvaluator evaluator(
      networks, journal, stop, kPatience,
      [&] {
        if (++pauses == 2 * kPatience) third.reset();
      },
      [&](int lost) { told.push_back(lost); });
  std::vector<Spec> specs;
  Rng rng(1);
  for (int i = 0; i < 30; ++i) specs.push_back(uniform(space, rng));
  REQUIRE(evaluator.evaluate(specs, [](std::size_t, const Evaluated&) {}));
  CHECK(told == std::vector<int>{2, 3});
}

TEST_CASE("a shard with other options is refused as long as others run", "[search]") {
  const TemporaryFolder folder;
  SearchOptions options, longer;
  longer.evaluations = 600;
  const auto open = [&](int index, const SearchOptions& own) {
    return Journal(folder.path(), kShardKey, {index, 2}, search_hash(own));
  };
  {
    const Journal first = open(1, options);
    CHECK_THROWS_WITH(open(2, longer),
                      folder.path() +
                          ": shard 1 of 2 runs with other options; all shards must "
                          "have the same");
    CHECK_NOTHROW(open(2, options));
  }
  const Journal first = open(1, longer);
  CHECK_NOTHROW(open(2, longer));
}

TEST_CASE("the hash of a search tells options apart and lets defaults be written out", "[search]") {
  const SearchOptions options;
  SearchOptions other;
  other.evolution.population = 20;
  CHECK(search_hash(other) == search_hash(options));
  other.begin_with = {smallest(small_space())};
  CHECK(search_hash(other) != search_hash(options));
  other.begin_with = {};
  other.seed = 2;
  CHECK(search_hash(other) != search_hash(options));
}

TEST_CASE("specs are spread evenly over shards, also those with an equal first stage", "[search]") {
  const Space space = small_space();
  Rng rng(1);
  const Spec first = prefix(uniform(space, rng), 1);
  std::vector<int> specs(4, 0);
  for (int i = 0; i < 300; ++i) {
    Spec spec = uniform(space, rng);
    spec.resolution = first.resolution;
    spec.stages.front() = first.stages.front();
    const int shard = shard_of(spec, 3);
    REQUIRE((1 <= shard && shard <= 3));
    ++specs[static_cast<std::size_t>(shard)];
  }
  for (std::size_t shard = 1; shard <= 3; ++shard) CHECK(specs[shard] > 60);
}

}  // namespace enas4d
