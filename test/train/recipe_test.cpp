#include "train/recipe.h"

#include "support/catch.h"
#include "support/examples.h"
#include "util/error.h"

namespace enas4d {

namespace {

const char* const kPhases =
    R"("phases":[{"name":"all","epochs":2,"learning_rate":0.1,"subnets":{"largest":1,"smallest":1,"random":2}}])";

Recipe recipe_of(const std::string& text) {
  return read_recipe(JsonValue::parse(text, "r.json"));
}

std::string recipe_text(const std::string& extra) {
  return R"({"format":"enas4d/recipe","version":1,"name":"r","batch":64,)" + extra + kPhases + "}";
}

}  // namespace

TEST_CASE("a recipe survives writing and reading", "[train]") {
  const Recipe recipe = recipe_of(recipe_text(
      R"("ema":0.99,"norm_batch":32,"augmentation":{"pad":0,"flip":false,"crop_area":0.3,"jitter":0.2},)"));
  CHECK(recipe.norm_batch == 32);
  CHECK(recipe.augmentation.crop_area == 0.3);
  CHECK(recipe.augmentation.jitter == 0.2);
  CHECK(!recipe.augmentation.flip);
  const Json document = to_json(recipe);
  CHECK(to_json(recipe_of(document.dump())) == document);
}

TEST_CASE("a recipe that breaks a rule is refused with its place", "[train]") {
  CHECK_THROWS_WITH(recipe_of(recipe_text(R"("momentun":0.9,)")),
                    Contains("did you mean 'momentum'"));
  CHECK_THROWS_WITH(recipe_of(recipe_text(R"("norm_batch":5.9,)")), Contains("/norm_batch"));
  CHECK_THROWS_WITH(recipe_of(recipe_text(R"("norm_batch":1,)")), Contains("at least 2"));
  CHECK_THROWS_WITH(recipe_of(recipe_text(R"("dropout":"high",)")), Contains("/dropout"));
  CHECK_THROWS_WITH(
      recipe_of(R"({"format":"enas4d/recipe","version":1,"name":"r","batch":64,"phases":[]})"),
      Contains("at least one phase"));
}

TEST_CASE("examples of recipes are read, or refused with their recorded message", "[train]") {
  check_valid_examples("recipe", read_recipe);
  check_invalid_examples("recipe", read_recipe);
}

}  // namespace enas4d
