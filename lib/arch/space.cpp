#include "arch/space.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "util/hash.h"

namespace enas4d {
namespace {

// Bounds that keep every sum of MACs inside 63 bits: the largest block costs about 2^52, and there
// are at most kMaxStages x kMaxUnits x kMaxDepth = 2^11 of them.
constexpr int kMaxWidth = 8192;
constexpr int kMaxExpand = 8;
constexpr int kMaxResolution = 1024;
constexpr int kMaxChannels = 64;
constexpr int kMaxClasses = 100000;

const std::vector<std::string>& activation_words() {
  static const std::vector<std::string> words = {"linear", "relu", "hard_swish", "hard_sigmoid"};
  return words;
}

const std::vector<std::string>& projection_words() {
  static const std::vector<std::string> words = {"own", "all"};
  return words;
}

using ReadChoice = std::function<int(const JsonValue&)>;

int read_width(const JsonValue& value) {
  const int width = value.small_whole(4, kMaxWidth);
  if (width % 4 != 0) throw value.error("must be a multiple of 4");
  return width;
}

int read_kernel(const JsonValue& value) {
  const int kernel = value.small_whole(3, 7);
  if (kernel % 2 == 0) throw value.error("must be 3, 5 or 7");
  return kernel;
}

int read_depth(const JsonValue& value) {
  return value.small_whole(1, kMaxDepth);
}
int read_expand(const JsonValue& value) {
  return value.small_whole(1, kMaxExpand);
}
int read_resolution(const JsonValue& value) {
  return value.small_whole(4, kMaxResolution);
}

Choices read_choices(const JsonValue& value, const ReadChoice& read) {
  Choices choices;
  for (const JsonValue& item : value.items()) choices.push_back(read(item));
  if (choices.empty()) throw value.error("must list at least one choice");
  const bool ascending =
      std::adjacent_find(choices.begin(), choices.end(), std::greater_equal<>()) == choices.end();
  if (!ascending) throw value.error("must be ascending without repeats");
  return choices;
}

/// One list for all stages, or one list a stage.
std::vector<Choices> read_stage_choices(const JsonValue& value, int stages,
                                        const ReadChoice& read) {
  const std::vector<JsonValue> items = value.items();
  if (items.empty() || !items.front().is_array()) {
    return std::vector<Choices>(static_cast<std::size_t>(stages), read_choices(value, read));
  }
  if (items.size() != static_cast<std::size_t>(stages)) {
    throw value.error(
        fmt::format("must be one list for all stages or one a stage, which is {}", stages));
  }
  std::vector<Choices> result;
  for (const JsonValue& item : items) result.push_back(read_choices(item, read));
  return result;
}

Activation read_activation(const std::optional<JsonValue>& value, Activation otherwise) {
  if (!value) return otherwise;
  return static_cast<Activation>(value->word(activation_words()));
}

int read_stride(const std::optional<JsonValue>& value) {
  return value ? value->small_whole(1, 2) : 1;
}

StemSpace read_stem(const JsonValue& value, int stages) {
  JsonObject object = value.object();
  StemSpace stem;
  if (const auto kernel = object.optional("kernel")) {
    stem.kernel = kernel->small_whole(1, 7);
    if (stem.kernel % 2 == 0) throw kernel->error("must be odd");
  }
  stem.stride = read_stride(object.optional("stride"));
  stem.activation = read_activation(object.optional("activation"), stem.activation);
  stem.width = read_stage_choices(object.required("width"), stages, read_width);
  object.finish();
  return stem;
}

UnitSpace read_unit(const JsonValue& value, int stages) {
  JsonObject object = value.object();
  UnitSpace unit;
  unit.stride = read_stride(object.optional("stride"));
  unit.activation = read_activation(object.optional("activation"), unit.activation);
  if (const auto squeeze = object.optional("squeeze_excite")) unit.squeeze_excite = squeeze->flag();
  unit.depth = read_stage_choices(object.required("depth"), stages, read_depth);
  unit.width = read_stage_choices(object.required("width"), stages, read_width);
  unit.kernel = read_stage_choices(object.required("kernel"), stages, read_kernel);
  const JsonValue expand = object.required("expand");
  unit.expand = read_stage_choices(expand, stages, read_expand);
  for (const Choices& choices : unit.expand) {
    if (choices.front() == 1 && choices.size() > 1) {
      throw expand.error("must have 1 as its only choice or not at all");
    }
  }
  object.finish();
  return unit;
}

std::vector<UnitSpace> read_units(const JsonValue& value, int stages) {
  std::vector<UnitSpace> units;
  for (const JsonValue& item : value.items()) units.push_back(read_unit(item, stages));
  if (units.empty() || units.size() > static_cast<std::size_t>(kMaxUnits)) {
    throw value.error(fmt::format("must list 1 to {} units", kMaxUnits));
  }
  return units;
}

HeadSpace read_head(const JsonValue& value, int stages) {
  JsonObject object = value.object();
  HeadSpace head;
  head.activation = read_activation(object.optional("activation"), head.activation);
  head.width = read_stage_choices(object.required("width"), stages, read_width);
  if (const auto features = object.optional("features")) {
    for (const JsonValue& item : features->items()) head.features.push_back(read_width(item));
    const std::size_t count = head.features.size();
    if (count != 0 && count != static_cast<std::size_t>(stages)) {
      throw features->error(fmt::format("must have one width a stage, which is {}", stages));
    }
  }
  object.finish();
  return head;
}

}  // namespace

Space read_space(const JsonValue& document) {
  JsonObject object = open_document(document, "space");
  Space space;
  space.name = object.required("name").text();
  space.stages = object.required("stages").small_whole(1, kMaxStages);

  JsonObject input = object.required("input").object();
  space.channels = input.required("channels").small_whole(1, kMaxChannels);
  space.resolution = read_choices(input.required("resolution"), read_resolution);
  input.finish();

  space.classes = object.required("classes").small_whole(2, kMaxClasses);
  if (const auto reads = object.optional("projection_reads")) {
    space.projection_reads = static_cast<ProjectionReads>(reads->word(projection_words()));
  }
  space.stem = read_stem(object.required("stem"), space.stages);
  space.units = read_units(object.required("units"), space.stages);
  space.head = read_head(object.required("head"), space.stages);
  object.finish();
  return space;
}

Json to_json(const Space& space) {
  Json document = new_document("space");
  document["name"] = space.name;
  document["stages"] = space.stages;
  document["input"] = {{"channels", space.channels}, {"resolution", space.resolution}};
  document["classes"] = space.classes;
  document["projection_reads"] =
      projection_words()[static_cast<std::size_t>(space.projection_reads)];
  document["stem"] = {{"kernel", space.stem.kernel},
                      {"stride", space.stem.stride},
                      {"activation", to_word(space.stem.activation)},
                      {"width", space.stem.width}};
  document["units"] = Json::array();
  for (const UnitSpace& unit : space.units) {
    document["units"].push_back({{"stride", unit.stride},
                                 {"activation", to_word(unit.activation)},
                                 {"squeeze_excite", unit.squeeze_excite},
                                 {"depth", unit.depth},
                                 {"width", unit.width},
                                 {"kernel", unit.kernel},
                                 {"expand", unit.expand}});
  }
  document["head"] = {{"width", space.head.width},
                      {"features", space.head.features},
                      {"activation", to_word(space.head.activation)}};
  return document;
}

std::string space_hash(const Space& space) {
  Json document = to_json(space);
  document.erase("name");
  return sha256(document.dump());
}

Space prefix(const Space& space, int stages) {
  assert(0 < stages && stages <= space.stages);
  Space first = space;
  first.stages = stages;
  const auto cut = [&](auto& per_stage) {
    if (!per_stage.empty()) per_stage.resize(static_cast<std::size_t>(stages));
  };
  cut(first.stem.width);
  for (UnitSpace& unit : first.units) {
    cut(unit.depth);
    cut(unit.width);
    cut(unit.kernel);
    cut(unit.expand);
  }
  cut(first.head.width);
  cut(first.head.features);
  return first;
}

double log10_size(const Space& space) {
  const auto log_count = [](const Choices& choices) {
    return std::log10(static_cast<double>(choices.size()));
  };
  double sum = log_count(space.resolution);
  for (std::size_t stage = 0; stage < static_cast<std::size_t>(space.stages); ++stage) {
    sum += log_count(space.stem.width[stage]) + log_count(space.head.width[stage]);
    for (const UnitSpace& unit : space.units) {
      const double block = log_count(unit.kernel[stage]) + log_count(unit.expand[stage]);
      // log10 of the sum of 10^(block x depth) over depths, the largest factored out: the sum
      // itself may overflow.
      const int deepest = unit.depth[stage].back();
      const double relative = std::accumulate(
          unit.depth[stage].begin(), unit.depth[stage].end(), 0.0,
          [&](double total, int depth) { return total + std::pow(10, block * (depth - deepest)); });
      sum += log_count(unit.width[stage]) + block * deepest + std::log10(relative);
    }
  }
  return sum;
}

const char* to_word(Activation activation) {
  return activation_words()[static_cast<std::size_t>(activation)].c_str();
}

}  // namespace enas4d
