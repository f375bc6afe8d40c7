#include "data/dataset.h"
#include "dataset/example_images.h"
#include "support/catch.h"

namespace enas4d {
namespace {

Json example_description() {
  return to_json(Dataset::from(example_sets(100, 10), "example", 7).description());
}

DataDescription reread(const Json& json) {
  return read_data_description(JsonValue::parse(json.dump(), "run.json"));
}

TEST_CASE("a data description survives JSON unchanged", "[data][description]") {
  Json json = example_description();
  json["class_names"] = {"a", "b", "c", "d"};
  CHECK(to_json(reread(json)) == json);
}

TEST_CASE("a data description is read strictly", "[data][description]") {
  Json json = example_description();
  SECTION("an unknown key") {
    json["means"] = 1;
  }
  SECTION("a missing key") {
    json.erase("hash");
  }
  SECTION("a deviation of zero") {
    json["deviation"] = {1.0, 0.0, 1.0};
  }
  SECTION("a mean for too few channels") {
    json["mean"] = {0.5};
  }
  SECTION("a name for too few classes") {
    json["class_names"] = {"a"};
  }
  SECTION("a negative seed") {
    json["split_seed"] = -1;
  }
  CHECK_THROWS_AS(reread(json), Error);
}

}  // namespace
}  // namespace enas4d
