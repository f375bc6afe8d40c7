#include "arch/spec.h"

#include <string>

#include "arch/sample.h"
#include "support/catch.h"
#include "support/random_space.h"
#include "support/spaces.h"

namespace enas4d {
namespace {

Spec random_spec(int seed) {
  Rng rng(static_cast<std::uint64_t>(seed));
  const Space space = random_space(rng);
  return uniform(space, rng);
}

Spec read_spec_text(const std::string& text) {
  return read_spec(JsonValue::parse(text, "spec.json"));
}

TEST_CASE("a spec survives the way through JSON", "[arch]") {
  const int seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  const Spec spec = random_spec(seed);
  const Spec back = read_spec_text(to_json(spec).dump());
  CHECK(back == spec);
  CHECK(spec_hash(back) == spec_hash(spec));
}

TEST_CASE("the sampler's text of a spec is the text of its JSON", "[arch]") {
  const int seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  const Spec spec = random_spec(seed);
  std::string text = "before";
  append_json(text, spec);
  CHECK(text == "before" + spec_object(spec).dump());
}

TEST_CASE("specs that differ in any one choice are unequal and have unequal hashes", "[arch]") {
  const Spec spec = largest(pencil_space(2));
  Spec other = spec;
  SECTION("resolution") {
    other.resolution = 4;
  }
  SECTION("stem") {
    other.stages[1].stem = 8;
  }
  SECTION("width") {
    other.stages[1].units[0].width = 4;
  }
  SECTION("depth") {
    other.stages[1].units[0].blocks.pop_back();
  }
  SECTION("kernel") {
    other.stages[1].units[0].blocks[1].kernel = 3;
  }
  SECTION("expand") {
    other.stages[1].units[0].blocks[1].expand = 2;
  }
  SECTION("head") {
    other.stages[1].head = 4;
  }
  CHECK(other != spec);
  CHECK(spec_hash(other) != spec_hash(spec));
}

TEST_CASE("smallest and largest take the ends of every list", "[arch]") {
  const Space space = pencil_space(2);
  const UnitSpec small{4, {{3, 2}}};
  const UnitSpec large{8, {{5, 4}, {5, 4}}};
  CHECK(smallest(space) == Spec{8, {{4, {small}, 8}, {4, {small}, 8}}});
  CHECK(largest(space) == Spec{8, {{4, {large}, 8}, {4, {large}, 8}}});
}

TEST_CASE("a spec outside its space is told where and why", "[arch]") {
  const Space space = pencil_space(2);
  Spec spec = largest(space);
  std::string expected;
  SECTION("resolution") {
    spec.resolution = 32;
    expected = "/resolution: must be 8, got 32";
  }
  SECTION("stages") {
    spec.stages.pop_back();
    expected = "/stages: must have 2 entries, got 1";
  }
  SECTION("units") {
    spec.stages[1].units.clear();
    expected = "/stages/1/units: must have 1 entries, got 0";
  }
  SECTION("stem") {
    spec.stages[0].stem = 12;
    expected = "/stages/0/stem: must be 4, got 12";
  }
  SECTION("width") {
    spec.stages[1].units[0].width = 10;
    expected = "/stages/1/units/0/width: must be 4 or 8, got 10";
  }
  SECTION("depth") {
    spec.stages[1].units[0].blocks.push_back({3, 2});
    expected = "/stages/1/units/0/blocks: must have 1 or 2 blocks, got 3";
  }
  SECTION("kernel") {
    spec.stages[1].units[0].blocks[1].kernel = 7;
    expected = "/stages/1/units/0/blocks/1/kernel: must be 3 or 5, got 7";
  }
  SECTION("expand") {
    spec.stages[1].units[0].blocks[0].expand = 3;
    expected = "/stages/1/units/0/blocks/0/expand: must be 2 or 4, got 3";
  }
  SECTION("head") {
    spec.stages[0].head = 16;
    expected = "/stages/0/head: must be 8, got 16";
  }
  CHECK_FALSE(fits(space, spec));
  CHECK_THROWS_WITH(check_fits(space, spec, "specs.jsonl:3"), "specs.jsonl:3: " + expected);
}

TEST_CASE("a spec inside its space passes", "[arch]") {
  const Space space = pencil_space(2);
  CHECK(fits(space, smallest(space)));
  CHECK_NOTHROW(check_fits(space, largest(space), "spec.json"));
}

}  // namespace
}  // namespace enas4d
