#include "arch/spec.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "util/hash.h"

namespace enas4d {
namespace {

// Sanity of a spec on its own; what a space allows is check_fits' matter.
constexpr int kMaxNumber = 8192;

Block read_block(const JsonValue& value) {
  JsonObject object = value.object();
  Block block{};
  block.kernel = object.required("kernel").small_whole(1, kMaxNumber);
  block.expand = object.required("expand").small_whole(1, kMaxNumber);
  object.finish();
  return block;
}

UnitSpec read_unit_spec(const JsonValue& value) {
  JsonObject object = value.object();
  UnitSpec unit{};
  unit.width = object.required("width").small_whole(1, kMaxNumber);
  const JsonValue blocks = object.required("blocks");
  for (const JsonValue& item : blocks.items()) unit.blocks.push_back(read_block(item));
  if (unit.blocks.empty() || unit.blocks.size() > static_cast<std::size_t>(kMaxDepth)) {
    throw blocks.error(fmt::format("must list 1 to {} blocks", kMaxDepth));
  }
  object.finish();
  return unit;
}

StageSpec read_stage_spec(const JsonValue& value) {
  JsonObject object = value.object();
  StageSpec stage{};
  stage.stem = object.required("stem").small_whole(1, kMaxNumber);
  const JsonValue units = object.required("units");
  for (const JsonValue& item : units.items()) stage.units.push_back(read_unit_spec(item));
  if (stage.units.empty() || stage.units.size() > static_cast<std::size_t>(kMaxUnits)) {
    throw units.error(fmt::format("must list 1 to {} units", kMaxUnits));
  }
  stage.head = object.required("head").small_whole(1, kMaxNumber);
  object.finish();
  return stage;
}

/// "8", "8 or 12", "8, 12 or 16".
std::string choices_text(const Choices& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += fmt::format_int(choices[i]).c_str();
  }
  return text;
}

/// The first place where a spec leaves its space.
struct Misfit {
  std::string pointer;
  std::string rule;
};

bool allows(const Choices& choices, int value) {
  return std::find(choices.begin(), choices.end(), value) != choices.end();
}

Misfit outside(std::string pointer, const Choices& choices, int value) {
  return {std::move(pointer),
          fmt::format(FMT_STRING("must be {}, got {}"), choices_text(choices), value)};
}

Misfit miscounted(std::string pointer, std::size_t expected, std::size_t got) {
  return {std::move(pointer),
          fmt::format(FMT_STRING("must have {} entries, got {}"), expected, got)};
}

std::optional<Misfit> unit_misfit(const UnitSpace& space, const UnitSpec& unit, std::size_t stage,
                                  const std::string& pointer) {
  if (!allows(space.width[stage], unit.width)) {
    return outside(pointer + "/width", space.width[stage], unit.width);
  }
  const int depth = static_cast<int>(unit.blocks.size());
  if (!allows(space.depth[stage], depth)) {
    return Misfit{pointer + "/blocks", fmt::format(FMT_STRING("must have {} blocks, got {}"),
                                                   choices_text(space.depth[stage]), depth)};
  }
  for (std::size_t b = 0; b < unit.blocks.size(); ++b) {
    const Block& block = unit.blocks[b];
    if (!allows(space.kernel[stage], block.kernel)) {
      return outside(fmt::format(FMT_STRING("{}/blocks/{}/kernel"), pointer, b),
                     space.kernel[stage], block.kernel);
    }
    if (!allows(space.expand[stage], block.expand)) {
      return outside(fmt::format(FMT_STRING("{}/blocks/{}/expand"), pointer, b),
                     space.expand[stage], block.expand);
    }
  }
  return std::nullopt;
}

std::optional<Misfit> stage_misfit(const Space& space, const StageSpec& spec, std::size_t stage,
                                   const std::string& pointer) {
  if (!allows(space.stem.width[stage], spec.stem)) {
    return outside(pointer + "/stem", space.stem.width[stage], spec.stem);
  }
  if (spec.units.size() != space.units.size()) {
    return miscounted(pointer + "/units", space.units.size(), spec.units.size());
  }
  for (std::size_t u = 0; u < spec.units.size(); ++u) {
    auto misfit = unit_misfit(space.units[u], spec.units[u], stage,
                              fmt::format(FMT_STRING("{}/units/{}"), pointer, u));
    if (misfit) return misfit;
  }
  if (!allows(space.head.width[stage], spec.head)) {
    return outside(pointer + "/head", space.head.width[stage], spec.head);
  }
  return std::nullopt;
}

std::optional<Misfit> first_misfit(const Space& space, const Spec& spec) {
  if (!allows(space.resolution, spec.resolution)) {
    return outside("/resolution", space.resolution, spec.resolution);
  }
  const std::size_t stages = static_cast<std::size_t>(space.stages);
  if (spec.stages.size() != stages) return miscounted("/stages", stages, spec.stages.size());
  for (std::size_t s = 0; s < stages; ++s) {
    auto misfit = stage_misfit(space, spec.stages[s], s, fmt::format(FMT_STRING("/stages/{}"), s));
    if (misfit) return misfit;
  }
  return std::nullopt;
}

int first_choice(const Choices& choices) {
  return choices.front();
}
int last_choice(const Choices& choices) {
  return choices.back();
}

Spec extreme_spec(const Space& space, int (*pick)(const Choices&)) {
  Spec spec{pick(space.resolution), {}};
  for (std::size_t s = 0; s < static_cast<std::size_t>(space.stages); ++s) {
    StageSpec stage{pick(space.stem.width[s]), {}, pick(space.head.width[s])};
    for (const UnitSpace& unit : space.units) {
      const Block block{pick(unit.kernel[s]), pick(unit.expand[s])};
      const auto depth = static_cast<std::size_t>(pick(unit.depth[s]));
      stage.units.push_back({pick(unit.width[s]), std::vector<Block>(depth, block)});
    }
    spec.stages.push_back(std::move(stage));
  }
  return spec;
}

void append_number(std::string& out, const char* before, int value) {
  const fmt::format_int digits(value);
  out.append(before).append(digits.data(), digits.size());
}

}  // namespace

bool operator==(const Block& a, const Block& b) {
  return a.kernel == b.kernel && a.expand == b.expand;
}

bool operator==(const UnitSpec& a, const UnitSpec& b) {
  return a.width == b.width && a.blocks == b.blocks;
}

bool operator==(const StageSpec& a, const StageSpec& b) {
  return a.stem == b.stem && a.units == b.units && a.head == b.head;
}

bool operator==(const Spec& a, const Spec& b) {
  return a.resolution == b.resolution && a.stages == b.stages;
}

Spec read_spec_object(JsonObject& object) {
  Spec spec{};
  spec.resolution = object.required("resolution").small_whole(1, kMaxNumber);
  const JsonValue stages = object.required("stages");
  for (const JsonValue& item : stages.items()) spec.stages.push_back(read_stage_spec(item));
  if (spec.stages.empty() || spec.stages.size() > static_cast<std::size_t>(kMaxStages)) {
    throw stages.error(fmt::format("must list 1 to {} stages", kMaxStages));
  }
  object.finish();
  return spec;
}

Json spec_object(const Spec& spec) {
  Json object;
  object["resolution"] = spec.resolution;
  object["stages"] = Json::array();
  for (const StageSpec& stage : spec.stages) {
    Json units = Json::array();
    for (const UnitSpec& unit : stage.units) {
      Json blocks = Json::array();
      for (const Block& block : unit.blocks) {
        blocks.push_back({{"kernel", block.kernel}, {"expand", block.expand}});
      }
      units.push_back({{"width", unit.width}, {"blocks", std::move(blocks)}});
    }
    object["stages"].push_back(
        {{"stem", stage.stem}, {"units", std::move(units)}, {"head", stage.head}});
  }
  return object;
}

Spec read_spec(const JsonValue& document) {
  JsonObject object = open_document(document, "spec");
  return read_spec_object(object);
}

Json to_json(const Spec& spec) {
  Json document = new_document("spec");
  document.update(spec_object(spec));
  return document;
}

void append_json(std::string& out, const Spec& spec) {
  append_number(out, "{\"resolution\":", spec.resolution);
  const char* before_stage = ",\"stages\":[{\"stem\":";
  for (const StageSpec& stage : spec.stages) {
    append_number(out, before_stage, stage.stem);
    const char* before_unit = ",\"units\":[{\"width\":";
    for (const UnitSpec& unit : stage.units) {
      append_number(out, before_unit, unit.width);
      const char* before_block = ",\"blocks\":[{\"kernel\":";
      for (const Block& block : unit.blocks) {
        append_number(out, before_block, block.kernel);
        append_number(out, ",\"expand\":", block.expand);
        before_block = "},{\"kernel\":";
      }
      before_unit = "}]},{\"width\":";
    }
    append_number(out, "}]}],\"head\":", stage.head);
    before_stage = "},{\"stem\":";
  }
  out.append("}]}");
}

std::string spec_hash(const Spec& spec) {
  std::string text;
  append_json(text, spec);
  return sha256(text);
}

void check_fits(const Space& space, const Spec& spec, const std::string& source,
                const std::string& pointer) {
  if (const auto misfit = first_misfit(space, spec)) {
    throw bad_input(fmt::format(FMT_STRING("{}: {}{}"), source, pointer, misfit->pointer),
                    misfit->rule);
  }
}

bool fits(const Space& space, const Spec& spec) {
  return !first_misfit(space, spec);
}

Spec prefix(const Spec& spec, int stages) {
  return {spec.resolution, {spec.stages.begin(), spec.stages.begin() + stages}};
}

Spec smallest(const Space& space) {
  return extreme_spec(space, first_choice);
}

Spec largest(const Space& space) {
  return extreme_spec(space, last_choice);
}

}  // namespace enas4d
