#include "arch/restriction.h"

#include "arch/sample.h"
#include "support/catch.h"
#include "support/random_space.h"

namespace enas4d {

TEST_CASE("a restricted space's specs lie in the space, and their largest is its largest",
          "[arch]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const Space space = random_space(rng);
    const auto count = [&] { return static_cast<int>(rng.below(4)); };
    const Space narrow = restricted(space, {count(), count(), count(), count(), count()});
    CHECK(largest(narrow) == largest(space));
    CHECK(fits(space, smallest(narrow)));
    CHECK(fits(space, uniform(narrow, rng)));
  }
}

TEST_CASE("a restriction keeps so many of the largest choices, or all there are", "[arch]") {
  Rng rng(1);
  Space space = random_space(rng, 2);
  space.units[0].kernel = {{3, 5, 7}, {5}};
  Restriction two;
  two.kernel = 2;
  const Space narrow = restricted(space, two);
  CHECK(narrow.units[0].kernel == std::vector<Choices>{{5, 7}, {5}});
  CHECK(narrow.units[0].depth == space.units[0].depth);
  CHECK(space_hash(restricted(space, {})) == space_hash(space));
}

TEST_CASE("the wider of two restrictions allows what either does", "[arch]") {
  const Restriction both = wider({1, 0, 2, 3, 1}, {2, 1, 0, 1, 1});
  CHECK(both.resolution == 2);
  CHECK(both.kernel == 0);
  CHECK(both.depth == 0);
  CHECK(both.expand == 3);
  CHECK(both.width == 1);
}

}  // namespace enas4d
