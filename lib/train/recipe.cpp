#include "train/recipe.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {

namespace {

constexpr double kLeastEpochs = 0.001;
constexpr double kMostEpochs = 100000;
constexpr int kMostSubnets = 64;
constexpr int kMostChoices = 1000;

const std::vector<std::string> kTeacherWords = {"in_place", "frozen"};
const std::vector<std::string> kPrecisionWords = {"float32", "bfloat16"};

template <class Enum>
const std::string& word_of(const std::vector<std::string>& words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

/// Keys of `restrict` with their fields.
template <class Visit>
void visit_restriction(Restriction& restriction, Visit&& visit) {
  visit("resolution", restriction.resolution);
  visit("kernel", restriction.kernel);
  visit("depth", restriction.depth);
  visit("expand", restriction.expand);
  visit("width", restriction.width);
}

Restriction read_restriction(const JsonValue& value) {
  JsonObject object = value.object();
  Restriction restriction;
  visit_restriction(restriction, [&](const char* key, int& count) {
    if (const auto given = object.optional(key)) count = given->small_whole(1, kMostChoices);
  });
  object.finish();
  return restriction;
}

Json to_json(Restriction restriction) {
  Json object = Json::object();
  visit_restriction(restriction, [&](const char* key, int count) {
    if (count > 0) object[key] = count;
  });
  return object;
}

Phase read_phase(const JsonValue& value) {
  JsonObject object = value.object();
  Phase phase;
  phase.name = object.required("name").text();
  phase.epochs = object.required("epochs").number(kLeastEpochs, kMostEpochs);
  phase.learning_rate = object.required("learning_rate").number(0, 1000);
  if (const auto warm_up = object.optional("warm_up_epochs")) {
    phase.warm_up_epochs = warm_up->number(0, phase.epochs);
  }
  JsonObject subnets = object.required("subnets").object();
  phase.largest = subnets.required("largest").small_whole(0, 1);
  phase.smallest = subnets.required("smallest").small_whole(0, 1);
  phase.random = subnets.required("random").small_whole(0, kMostSubnets);
  subnets.finish();
  if (const auto given = object.optional("restrict")) phase.restrict = read_restriction(*given);
  if (const auto given = object.optional("teacher"))
    phase.teacher = static_cast<Teacher>(given->word(kTeacherWords));
  if (const auto given = object.optional("sort")) phase.sort = given->flag();
  object.finish();
  if (phase.largest + phase.smallest + phase.random == 0)
    throw value.error("must train at least one subnet a step");
  return phase;
}

Augmentation read_augmentation(const JsonValue& value) {
  JsonObject object = value.object();
  Augmentation augmentation;
  augmentation.pad = object.required("pad").small_whole(0, 64);
  augmentation.flip = object.required("flip").flag();
  if (const auto area = object.optional("crop_area")) augmentation.crop_area = area->number(0, 1);
  if (const auto jitter = object.optional("jitter")) augmentation.jitter = jitter->number(0, 1);
  object.finish();
  if (augmentation.pad > 0 && augmentation.crop_area > 0) {
    throw value.error("must have pad 0 where crop_area is not 0");
  }
  return augmentation;
}

Mixing read_mixing(const JsonValue& value) {
  constexpr int kMostPixels = 1024;
  JsonObject object = value.object();
  Mixing mixing;
  const auto strength = [&](const char* key, double& field) {
    const auto given = object.optional(key);
    if (!given) return;
    field = given->number(0, kMostMixing);
    if (field > 0 && field < kLeastMixing)
      throw given->error(fmt::format("must be 0 or at least {}", kLeastMixing));
  };
  if (const auto given = object.optional("cutout"))
    mixing.cutout = given->small_whole(0, kMostPixels);
  strength("mixup", mixing.mixup);
  strength("cutmix", mixing.cutmix);
  object.finish();
  return mixing;
}

std::vector<double> read_stage_weights(const JsonValue& value) {
  std::vector<double> weights;
  for (const JsonValue& item : value.items()) weights.push_back(item.number(0, 1000));
  if (weights.empty() || weights.size() > static_cast<std::size_t>(kMaxStages))
    throw value.error(fmt::format("must list 1 to {} weights, one a stage", kMaxStages));
  if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; }))
    throw value.error("must have a weight above 0");
  return weights;
}

Json to_json(const Phase& phase) {
  Json object = {
      {"name", phase.name},
      {"epochs", phase.epochs},
      {"learning_rate", phase.learning_rate},
      {"warm_up_epochs", phase.warm_up_epochs},
      {"subnets",
       {{"largest", phase.largest}, {"smallest", phase.smallest}, {"random", phase.random}}}};
  object["restrict"] = to_json(phase.restrict);
  object["teacher"] = word_of(kTeacherWords, phase.teacher);
  object["sort"] = phase.sort;
  return object;
}

/// Names of the keys in which two restrictions differ.
Json newly_free(const Restriction& before, const Restriction& after) {
  const Json there = to_json(before);
  const Json here = to_json(after);
  Json keys = Json::array();
  Restriction names;
  visit_restriction(names, [&](const char* key, int&) {
    if (there.value(key, 0) != here.value(key, 0)) keys.push_back(key);
  });
  return keys;
}

bool same_choices(const Space& space, const Restriction& a, const Restriction& b) {
  return space_hash(restricted(space, a)) == space_hash(restricted(space, b));
}

}  // namespace

double Recipe::epochs() const {
  double sum = 0;
  for (const Phase& phase : phases) sum += phase.epochs;
  return sum;
}

Recipe read_recipe(const JsonValue& document) {
  JsonObject object = open_document(document, "recipe");
  Recipe recipe;
  recipe.name = object.required("name").text();
  recipe.batch = object.required("batch").small_whole(1, 1 << 20);
  const auto number = [&](const char* key, double& field, double most) {
    if (const auto value = object.optional(key)) field = value->number(0, most);
  };
  if (const auto value = object.optional("norm_batch"))
    recipe.norm_batch = value->small_whole(0, recipe.batch);
  if (recipe.norm_batch == 1) throw object.value().error("/norm_batch must be 0 or at least 2");
  if (recipe.norm_batch > 0 && recipe.batch % recipe.norm_batch == 1) {
    throw object.value().error(
        fmt::format("/norm_batch must not leave one image of /batch, {}, over, got {}",
                    recipe.batch, recipe.norm_batch));
  }
  number("momentum", recipe.momentum, 1);
  number("weight_decay", recipe.weight_decay, 1);
  number("clip_norm", recipe.clip_norm, 1e6);
  number("label_smoothing", recipe.label_smoothing, 1);
  number("dropout", recipe.dropout, 0.9);
  number("distillation", recipe.distillation, 100);
  number("ema", recipe.ema, 0.999999);
  if (const auto value = object.optional("augmentation")) {
    recipe.augmentation = read_augmentation(*value);
  }
  if (const auto value = object.optional("mixing")) recipe.mixing = read_mixing(*value);
  if (const auto value = object.optional("stage_weights"))
    recipe.stage_weights = read_stage_weights(*value);
  if (const auto value = object.optional("zero_last_norm")) recipe.zero_last_norm = value->flag();
  if (const auto value = object.optional("precision"))
    recipe.precision = static_cast<Precision>(value->word(kPrecisionWords));
  const JsonValue phases = object.required("phases");
  for (const JsonValue& phase : phases.items()) recipe.phases.push_back(read_phase(phase));
  if (recipe.phases.empty()) throw phases.error("must have at least one phase");
  object.finish();
  return recipe;
}

Json to_json(const Recipe& recipe) {
  Json document = new_document("recipe");
  document["name"] = recipe.name;
  document["batch"] = recipe.batch;
  document["norm_batch"] = recipe.norm_batch;
  document["momentum"] = recipe.momentum;
  document["weight_decay"] = recipe.weight_decay;
  document["clip_norm"] = recipe.clip_norm;
  document["label_smoothing"] = recipe.label_smoothing;
  document["dropout"] = recipe.dropout;
  document["distillation"] = recipe.distillation;
  document["ema"] = recipe.ema;
  document["augmentation"] = {{"pad", recipe.augmentation.pad},
                              {"flip", recipe.augmentation.flip},
                              {"crop_area", recipe.augmentation.crop_area},
                              {"jitter", recipe.augmentation.jitter}};
  document["mixing"] = {{"cutout", recipe.mixing.cutout},
                        {"mixup", recipe.mixing.mixup},
                        {"cutmix", recipe.mixing.cutmix}};
  if (!recipe.stage_weights.empty()) document["stage_weights"] = recipe.stage_weights;
  document["zero_last_norm"] = recipe.zero_last_norm;
  document["precision"] = word_of(kPrecisionWords, recipe.precision);
  document["phases"] = Json::array();
  for (const Phase& phase : recipe.phases) document["phases"].push_back(to_json(phase));
  return document;
}

Recipe with_epochs(Recipe recipe, double epochs) {
  const double scale = epochs / recipe.epochs();
  for (Phase& phase : recipe.phases) {
    phase.epochs *= scale;
    phase.warm_up_epochs *= scale;
  }
  return recipe;
}

FittedRecipe fit_to(const Space& space, Recipe recipe) {
  const auto stages = static_cast<std::size_t>(space.stages);
  if (!recipe.stage_weights.empty() && recipe.stage_weights.size() != stages) {
    throw bad_input(fmt::format("recipe '{}': /stage_weights", recipe.name),
                    fmt::format("must have {} weights, one a stage of the space '{}', has {}",
                                stages, space.name, recipe.stage_weights.size()));
  }
  FittedRecipe fitted;
  std::vector<Phase> kept;
  Json kept_asks;
  const auto leave_out = [&](const Phase& phase) {
    fitted.notes.push_back(fmt::format("phase '{}' is left out: it frees nothing in the space '{}'",
                                       phase.name, space.name));
  };
  for (std::size_t p = 0; p < recipe.phases.size(); ++p) {
    const Phase& phase = recipe.phases[p];
    const Json asks = p == 0 ? Json() : newly_free(recipe.phases[p - 1].restrict, phase.restrict);
    if (asks.empty() || !same_choices(space, kept.back().restrict, phase.restrict)) {
      kept.push_back(phase);
      kept_asks = asks;
    } else if (asks == kept_asks) {
      leave_out(kept.back());
      const bool sort = kept.back().sort || phase.sort;
      kept.back() = phase;
      kept.back().sort = sort;
    } else {
      leave_out(phase);
    }
  }
  fitted.recipe = std::move(recipe);
  fitted.recipe.phases = std::move(kept);
  return fitted;
}

}  // namespace enas4d
