#include "arch/sample.h"

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "support/catch.h"
#include "support/random_space.h"
#include "support/spaces.h"
#include "util/hash.h"

namespace enas4d {
namespace {

struct SampleCase {
  Space space;
  Spec first, second;
  Rng rng;
};

SampleCase random_sample_case(int seed) {
  Rng rng(static_cast<std::uint64_t>(seed));
  Space space = random_space(rng);
  Spec first = uniform(space, rng);
  Spec second = uniform(space, rng);
  return {std::move(space), std::move(first), std::move(second), rng};
}

std::int64_t full_macs_of(const Space& space, const Spec& spec) {
  return exit_macs(lower(space, spec)).full();
}

TEST_CASE("drawn, mutated and crossed specs stay inside the space", "[arch]") {
  const int seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  SampleCase c = random_sample_case(seed);
  CHECK(fits(c.space, c.first));
  for (const double rate : {0.1, 0.5, 1.0}) {
    CHECK(fits(c.space, mutate(c.space, c.first, rate, c.rng)));
  }
  CHECK(fits(c.space, crossover(c.space, c.first, c.second, c.rng)));
}

TEST_CASE("mutation at rate 0 and crossover with itself change nothing", "[arch]") {
  const int seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  SampleCase c = random_sample_case(seed);
  CHECK(mutate(c.space, c.first, 0, c.rng) == c.first);
  CHECK(crossover(c.space, c.first, c.first, c.rng) == c.first);
}

TEST_CASE("crossover takes every part from one of its parents", "[arch]") {
  const int seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  SampleCase c = random_sample_case(seed);
  const Spec child = crossover(c.space, c.first, c.second, c.rng);
  const auto from_either = [](const auto& part, const auto& a, const auto& b) {
    return part == a || part == b;
  };
  CHECK(from_either(child.resolution, c.first.resolution, c.second.resolution));
  for (std::size_t s = 0; s < child.stages.size(); ++s) {
    const StageSpec &part = child.stages[s], &a = c.first.stages[s], &b = c.second.stages[s];
    CHECK(from_either(part.stem, a.stem, b.stem));
    CHECK(from_either(part.head, a.head, b.head));
    for (std::size_t u = 0; u < part.units.size(); ++u) {
      CHECK(from_either(part.units[u], a.units[u], b.units[u]));
    }
  }
}

TEST_CASE("uniform draws reach every spec of a small space about equally often", "[arch]") {
  Space space = pencil_space(1);
  space.units[0].depth = {{2}};
  space.units[0].expand = {{2}};
  // 2 widths x 2 kernels x 2 kernels.
  std::map<std::string, int> counts;
  for (std::uint64_t i = 0; i < 8000; ++i) {
    Rng rng(1, {i});
    ++counts[to_json(uniform(space, rng)).dump()];
  }
  CHECK(counts.size() == 8);
  for (const auto& [spec, count] : counts) {
    CAPTURE(spec);
    CHECK(std::abs(count - 1000) < 150);  // 5 standard deviations
  }
}

TEST_CASE("mutation at rate 1 reaches every depth from every depth", "[arch]") {
  const Space space = pencil_space(2);
  const Spec from = GENERATE_COPY(smallest(space), largest(space));
  std::set<std::size_t> depths;
  Rng rng(3);
  for (int i = 0; i < 40; ++i) {
    depths.insert(mutate(space, from, 1, rng).stages[1].units[0].blocks.size());
  }
  CHECK(depths == std::set<std::size_t>{1, 2});
}

TEST_CASE("specs drawn within limits lie inside them", "[arch]") {
  const Space space = pencil_space(2);
  const std::int64_t least = full_macs_of(space, smallest(space));
  const std::int64_t most = full_macs_of(space, largest(space));
  const Limits limits{least + (most - least) / 4, least + (most - least) / 2};
  for (std::uint64_t i = 0; i < 50; ++i) {
    Rng rng(1, {i});
    const Spec spec = uniform_within(space, limits, rng);
    CAPTURE(i, full_macs_of(space, spec));
    CHECK(limits.allow(lower(space, spec)));
  }
}

TEST_CASE("limits are inclusive at both ends", "[arch]") {
  const Space space = pencil_space(1);
  const std::int64_t least = full_macs_of(space, smallest(space));
  Rng rng(1);
  CHECK(uniform_within(space, {least, least}, rng) == smallest(space));
}

TEST_CASE("limits that no spec can meet are refused with the reachable range", "[arch]") {
  const Space space = pencil_space(1);  // reaches 6.55k to 36.9k
  Limits limits;
  std::string expected;
  SECTION("too small") {
    limits.most_macs = 1000;
    expected = "no spec has at most 1.00k MACs: this space reaches 6.55k to 36.9k";
  }
  SECTION("too large") {
    limits.least_macs = 1'000'000;
    expected = "no spec has at least 1.00M MACs: this space reaches 6.55k to 36.9k";
  }
  SECTION("too few parameters") {
    limits.most_params = 10;
    expected = "no spec has at most 10 parameters: this space reaches 6.55k to 36.9k MACs and ";
  }
  SECTION("upside down") {
    limits = {20'000, 10'000};
    expected = "no spec has 20.0k to 10.0k MACs: this space reaches 6.55k to 36.9k";
  }
  SECTION("between two specs") {
    const std::int64_t least = full_macs_of(space, smallest(space));
    limits = {least + 1, least + 2};
    expected = "no spec has 6.55k to 6.55k MACs among 100 drawn: this space reaches 6.55k to 36.9k";
  }
  Rng rng(1);
  try {
    uniform_within(space, limits, rng, 100);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kImpossible);
    CHECK_THAT(std::string(error.what()), Contains(expected));
  }
}

TEST_CASE("a seed names the same specs on every machine", "[arch]") {
  const Space space = mobilenet_v3_space();
  std::string drawn, mutated, crossed;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Rng rng(7, {i});
    const Spec first = uniform(space, rng), second = uniform(space, rng);
    append_json(drawn, first);
    append_json(mutated, mutate(space, first, 0.3, rng));
    append_json(crossed, crossover(space, first, second, rng));
  }
  CHECK(sha256(drawn) == "f82615d821fb4beeb6e014133062e11fe65ee35cacfa47b1531fc111b36afa4d");
  CHECK(sha256(mutated) == "f73fd5292b2dbe8f102fd555669c60ac736a5bec06cd15524c8a5fcf25dc766b");
  CHECK(sha256(crossed) == "063c45a86ade7336bbc1ee11e0b02e1c991dbab4c1d0d7dc2eb8c5a30c0730d5");
}

}  // namespace
}  // namespace enas4d
