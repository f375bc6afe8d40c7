#include "train/recipe.h"

#include "support/catch.h"
#include "support/examples.h"
#include "support/spaces.h"
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
  CHECK_THROWS_WITH(recipe_of(recipe_text(R"("norm_batch":21,)")),
                    Contains("/norm_batch must not leave one image of /batch, 64, over, got 21"));
  CHECK_THROWS_WITH(recipe_of(recipe_text(R"("dropout":"high",)")), Contains("/dropout"));
  CHECK_THROWS_WITH(
      recipe_of(R"({"format":"enas4d/recipe","version":1,"name":"r","batch":64,"phases":[]})"),
      Contains("at least one phase"));
}

TEST_CASE("what progressive shrinking needs survives writing and reading", "[train]") {
  const Recipe recipe =
      read_recipe(JsonValue::read_file(ENAS4D_SCHEMAS "/examples/valid/recipe-all-keys.json"));
  CHECK(recipe.mixing.cutout == 8);
  CHECK(recipe.stage_weights == std::vector<double>{1, 0.5});
  CHECK(recipe.precision == Precision::kBfloat16);
  CHECK(recipe.phases[0].restrict.kernel == 1);
  CHECK(recipe.phases[0].restrict.depth == 0);
  CHECK(recipe.phases[1].teacher == Teacher::kFrozen);
  const Json document = to_json(recipe);
  CHECK(to_json(recipe_of(document.dump())) == document);
}

TEST_CASE("phases that free nothing in a space are left out, with a note each", "[train]") {
  const auto names = [](const FittedRecipe& fitted) {
    std::vector<std::string> result;
    for (const Phase& phase : fitted.recipe.phases) result.push_back(phase.name);
    return result;
  };
  const Recipe recipe =
      read_recipe(JsonValue::read_file(ENAS4D_SCHEMAS "/recipes/progressive-shrinking.json"));
  Space space = mobilenet_v3_space();
  space.units[1].width = {{16, 20, 24}};
  CHECK(fit_to(space, recipe).notes.empty());

  space = pencil_space(2);  // two depths, widths and expands: one step each frees them
  FittedRecipe fitted = fit_to(space, recipe);
  CHECK(names(fitted) == std::vector<std::string>{"full", "kernel", "depth 2", "width 2"});
  CHECK(fitted.notes.size() == 2);
  CHECK(fitted.recipe.phases[3].sort);

  space.units[0].kernel = for_stages(2, {5});
  fitted = fit_to(space, recipe);
  CHECK(names(fitted) == std::vector<std::string>{"full", "depth 2", "width 2"});
  CHECK_THAT(fitted.notes[0],
             Contains("phase 'kernel' is left out: it frees nothing in the space 'pencil'"));
}

TEST_CASE("two phases of the same choices are both kept where none asks for more", "[train]") {
  Recipe recipe;
  recipe.phases.resize(2);
  CHECK(fit_to(pencil_space(2), recipe).recipe.phases.size() == 2);
}

TEST_CASE("a recipe with weights for other stages than the space has is refused", "[train]") {
  Recipe recipe;
  recipe.name = "r";
  recipe.phases.resize(1);
  recipe.stage_weights = {1, 1, 1};
  CHECK_THROWS_WITH(fit_to(pencil_space(2), recipe),
                    "recipe 'r': /stage_weights: must have 2 weights, one a stage of the space "
                    "'pencil', has 3");
}

TEST_CASE("examples of recipes are read, or refused with their recorded message", "[train]") {
  check_valid_examples("recipe", read_recipe);
  check_invalid_examples("recipe", read_recipe);
}

}  // namespace enas4d
