#include "train/recipe.h"

#include <algorithm>
#include <cmath>

namespace enas4d {

namespace {

constexpr int kMostEpochs = 100000;
constexpr int kMostSubnets = 64;

Phase read_phase(const JsonValue& value) {
  JsonObject object = value.object();
  Phase phase;
  phase.name = object.required("name").text();
  phase.epochs = object.required("epochs").small_whole(1, kMostEpochs);
  phase.learning_rate = object.required("learning_rate").number(0, 1000);
  if (const auto warm_up = object.optional("warm_up_epochs")) {
    phase.warm_up_epochs = warm_up->number(0, phase.epochs);
  }
  JsonObject subnets = object.required("subnets").object();
  phase.largest = subnets.required("largest").small_whole(0, 1);
  phase.smallest = subnets.required("smallest").small_whole(0, 1);
  phase.random = subnets.required("random").small_whole(0, kMostSubnets);
  subnets.finish();
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

}  // namespace

int Recipe::epochs() const {
  int sum = 0;
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
  document["phases"] = Json::array();
  for (const Phase& phase : recipe.phases) {
    document["phases"].push_back(
        {{"name", phase.name},
         {"epochs", phase.epochs},
         {"learning_rate", phase.learning_rate},
         {"warm_up_epochs", phase.warm_up_epochs},
         {"subnets",
          {{"largest", phase.largest}, {"smallest", phase.smallest}, {"random", phase.random}}}});
  }
  return document;
}

Recipe with_epochs(Recipe recipe, int epochs) {
  const double scale = static_cast<double>(epochs) / recipe.epochs();
  for (Phase& phase : recipe.phases) {
    const double old = phase.epochs;
    phase.epochs = std::max(1, static_cast<int>(std::lround(old * scale)));
    phase.warm_up_epochs =
        std::min<double>(phase.warm_up_epochs * phase.epochs / old, phase.epochs);
  }
  return recipe;
}

}  // namespace enas4d
