#include "arch/space.h"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "arch/sample.h"
#include "arch/spec.h"
#include "support/catch.h"
#include "support/random_space.h"
#include "support/spaces.h"
#include "util/error.h"

namespace enas4d {
namespace {

Space read_back(const Json& document) {
  return read_space(JsonValue::parse(document.dump(), "space.json"));
}

/// A valid document for tests to break in one place.
Json pencil_document() {
  return to_json(pencil_space(2));
}

/// The space of the document with another value at `place`, the first one that is allowed there, or
/// else without it.
std::optional<Space> with_another_value(Json document, const std::string& place) {
  Json& value = document[Json::json_pointer(place)];
  const Json before = value;
  std::vector<Json> others = {"all", "relu", "hard_swish", false, true, Json::array({8, 8})};
  for (int i = 1; before.is_number() && i < 100; ++i) {
    others.insert(others.end(), {before.get<int>() + i, before.get<int>() - i});
  }
  for (const Json& other : others) {
    value = other;
    try {
      if (other != before) return read_back(document);
    } catch (const Error&) {  // not one for this place
    }
  }
  const Json::json_pointer pointer(place);
  Json& list = document[pointer.parent_pointer()];
  if (!list.is_array() || list.size() == 1) return std::nullopt;
  list.erase(std::stoul(pointer.back()));
  return read_back(document);
}

TEST_CASE("a space survives the way through JSON", "[arch]") {
  const int seed = GENERATE(range(0, 50));
  CAPTURE(seed);
  Rng rng(static_cast<std::uint64_t>(seed));
  const Space space = random_space(rng);
  const Space back = read_back(to_json(space));
  CHECK(to_json(back) == to_json(space));
  CHECK(space_hash(back) == space_hash(space));
}

TEST_CASE("a space's name is not part of its hash, everything else is", "[arch]") {
  const Space space = pencil_space(2);
  Space renamed = space;
  renamed.name = "renamed";
  CHECK(space_hash(renamed) == space_hash(space));
  CHECK(space_hash(pencil_space(3)) != space_hash(space));

  const Json document = to_json(space);
  const Json values = document.flatten();
  for (const auto& [place, value] : values.items()) {
    // Lists of choices are of so many stages.
    if (place == "/format" || place == "/version" || place == "/name" || place == "/stages")
      continue;
    CAPTURE(place);
    const std::optional<Space> other = with_another_value(document, place);
    REQUIRE(other);
    CHECK(space_hash(*other) != space_hash(space));
  }
}

TEST_CASE("one list stands for all stages", "[arch]") {
  Json document = pencil_document();
  document["units"][0]["depth"] = {1, 2};
  document["stem"]["width"] = {4};
  CHECK(space_hash(read_back(document)) == space_hash(pencil_space(2)));
}

TEST_CASE("what a space leaves out has its default", "[arch]") {
  Json document = pencil_document();
  document.erase("projection_reads");
  for (const char* key : {"kernel", "stride", "activation"}) document["stem"].erase(key);
  for (const char* key : {"stride", "activation", "squeeze_excite"}) {
    document["units"][0].erase(key);
  }
  for (const char* key : {"features", "activation"}) document["head"].erase(key);
  Space expected = pencil_space(2);
  expected.units[0].stride = 1;
  CHECK(to_json(read_back(document)) == to_json(expected));
}

TEST_CASE("the size of a space counts every spec once", "[arch]") {
  // Per stage and unit: 2 widths x (4 one-block + 16 two-block bodies).
  CHECK(std::pow(10, log10_size(pencil_space(2))) == Approx(40 * 40));
}

TEST_CASE("the size of a space does not overflow", "[arch]") {
  Space space = pencil_space(4);
  space.units.resize(kMaxUnits, space.units[0]);
  for (UnitSpace& unit : space.units) unit.depth = for_stages(4, {kMaxDepth});
  const double per_unit = std::log10(2) + kMaxDepth * std::log10(4);
  CHECK(log10_size(space) == Approx(4 * kMaxUnits * per_unit));
}

TEST_CASE("numbers that could overflow MACs are refused", "[arch]") {
  Json document = pencil_document();
  std::string place;
  SECTION("width") {
    document["units"][0]["width"] = {1000000000};
    place = "/units/0/width/0: must be a whole number from 4 to 8192, got 1000000000";
  }
  SECTION("depth") {
    document["units"][0]["depth"] = {1, 33};
    place = "/units/0/depth/1: must be a whole number from 1 to 32, got 33";
  }
  SECTION("expand") {
    document["units"][0]["expand"] = {9};
    place = "/units/0/expand/0: must be a whole number from 1 to 8, got 9";
  }
  SECTION("resolution") {
    document["input"]["resolution"] = {2048};
    place = "/input/resolution/0: must be a whole number from 4 to 1024, got 2048";
  }
  SECTION("units") {
    document["units"] = std::vector<Json>(17, document["units"][0]);
    place = "/units: must list 1 to 16 units, got [{";
  }
  SECTION("features") {
    document["head"]["features"] = {4, 8196};
    place = "/head/features/1: must be a whole number from 4 to 8192, got 8196";
  }
  CHECK_THROWS_WITH(read_back(document), Contains("space.json: " + place));
}

TEST_CASE("the costliest space that is accepted does not overflow", "[arch]") {
  Space space = pencil_space(kMaxStages);
  space.resolution = {1024};
  space.channels = 64;
  space.stem.kernel = 7;
  space.stem.width = for_stages(kMaxStages, {8192});
  UnitSpace& unit = space.units[0];
  unit.stride = 1;
  unit.squeeze_excite = true;
  unit.depth = for_stages(kMaxStages, {kMaxDepth});
  unit.width = for_stages(kMaxStages, {8192});
  unit.kernel = for_stages(kMaxStages, {7});
  unit.expand = for_stages(kMaxStages, {8});
  space.units.resize(kMaxUnits, unit);
  space.head.width = for_stages(kMaxStages, {8192});
  space.projection_reads = GENERATE(ProjectionReads::kOwn, ProjectionReads::kAll);
  const Space accepted = read_back(to_json(space));
  const Plan plan = lower(accepted, largest(accepted));
  double sum = 0;
  for (const Layer& layer : plan.layers) sum += static_cast<double>(macs(layer));
  CHECK(static_cast<double>(exit_macs(plan).full()) == Approx(sum));
}

}  // namespace
}  // namespace enas4d
