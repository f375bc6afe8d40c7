// How good searches are: beside all specs of a space that can be enumerated. The same with a real
// supernet: scripts/search-quality.
#include <algorithm>

#include "search/shortfalls.h"
#include "search/small_search.h"
#include "support/catch.h"

namespace enas4d {

TEST_CASE("evolution and stagewise find 99 % of what all specs hold at a fifth of the cost",
          "[search]") {
  const Space space = countable_space();
  FakeEvaluator networks(space);
  networks.images = 400;
  networks.luck = 0.05;  // less than choices that can be learnt
  const Shortfalls shortfalls(space, 576, networks);
  const auto evolution = shortfalls.of(SearchStrategy::kEvolution, 65);
  const auto stagewise = shortfalls.of(SearchStrategy::kStagewise, 86);
  const auto random = shortfalls.of(SearchStrategy::kRandom, 80);
  for (const auto& mean : {evolution, stagewise, random}) {
    CAPTURE(mean.shortfall);
    CHECK(mean.cost < 0.2);
  }
  CHECK(evolution.shortfall < 0.01);
  CHECK(stagewise.shortfall < 0.01);
  CHECK(random.shortfall > 2 * std::max(evolution.shortfall, stagewise.shortfall));
}

}  // namespace enas4d
