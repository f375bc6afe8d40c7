#include "util/rng.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "support/catch.h"

namespace enas4d {

TEST_CASE("the sequence of a key never changes", "[util][rng]") {
  // From an implementation in another language; samples, splits and synthetic data depend on them.
  Rng plain(0);
  CHECK(plain.next() == 0xfb5405f7bd79c540);
  CHECK(plain.next() == 0x780c98e26cea5883);
  CHECK(plain.next() == 0x2a146e0980febc66);
  Rng counted(42, {3, 7});
  CHECK(counted.next() == 0x5aea80f311a3a0ff);
  CHECK(counted.next() == 0xd59e195edcf3cc47);
  CHECK(counted.next() == 0xa3020e8953225dc8);
}

TEST_CASE("different keys have different streams", "[util][rng]") {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    firsts.insert(Rng(seed).next());
    for (std::uint64_t a = 0; a < 8; ++a) {
      firsts.insert(Rng(seed, {a}).next());
      for (std::uint64_t b = 0; b < 8; ++b) firsts.insert(Rng(seed, {a, b}).next());
    }
  }
  CHECK(firsts.size() == 8 * (1 + 8 + 64));
}

TEST_CASE("below() reaches every number equally often", "[util][rng]") {
  const std::uint32_t bound = GENERATE(1U, 2U, 3U, 7U, 10U);
  CAPTURE(bound);
  constexpr int kDraws = 20000;
  std::vector<int> counts(bound, 0);
  Rng rng(5, {bound});
  for (int i = 0; i < kDraws; ++i) ++counts.at(rng.below(bound));
  const double expected = static_cast<double>(kDraws) / bound;
  for (const int count : counts) CHECK(std::abs(count - expected) < 6 * std::sqrt(expected));
}

TEST_CASE("below() has no bias where 2^32 is far from a multiple of the bound", "[util][rng]") {
  // Without drawing again every third result would be twice as likely: the mean of result mod 3 is
  // then off.
  constexpr std::uint32_t kBound = 0xC0000000;
  constexpr int kDraws = 30000;
  Rng rng(6);
  int counts[3] = {0, 0, 0};
  for (int i = 0; i < kDraws; ++i) ++counts[rng.below(kBound) % 3];
  for (const int count : counts) CHECK(std::abs(count - kDraws / 3) < 600);
}

TEST_CASE("uniform() fills [0, 1) and normal() has mean 0 and deviation 1", "[util][rng]") {
  constexpr int kDraws = 20000;
  Rng rng(7);
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = rng.uniform();
    REQUIRE((0 <= value && value < 1));
    sum += value;
    const double normal = rng.normal();
    normal_sum += normal;
    normal_squares += normal * normal;
  }
  CHECK(std::abs(sum / kDraws - 0.5) < 0.02);
  CHECK(std::abs(normal_sum / kDraws) < 0.04);
  CHECK(std::abs(normal_squares / kDraws - 1) < 0.06);
}

TEST_CASE("a shuffle keeps every item and puts each one everywhere", "[util][rng]") {
  constexpr int kItems = 5, kRounds = 5000;
  int counts[kItems][kItems] = {};
  Rng rng(8);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<int> items(kItems);
    std::iota(items.begin(), items.end(), 0);
    rng.shuffle(items);
    REQUIRE(std::set<int>(items.begin(), items.end()).size() == kItems);
    for (int place = 0; place < kItems; ++place)
      ++counts[items[static_cast<std::size_t>(place)]][place];
  }
  for (const auto& row : counts) {
    for (const int count : row) CHECK(std::abs(count - kRounds / kItems) < 200);
  }
}

}  // namespace enas4d
