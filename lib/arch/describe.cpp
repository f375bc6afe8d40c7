#include "arch/describe.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "arch/plan.h"
#include "util/units.h"

namespace enas4d {
namespace {

using Row = std::vector<std::string>;

/// Rows below each other, columns two spaces apart, the first on the left and the others on the
/// right.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? fmt::format("  {:<{}}", row[i], widths[i])
                     : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

/// Its name in weights files, without the stage.
std::string short_name(const Layer& layer) {
  const std::string name = layer_name(layer);
  return name.substr(name.find('_') + 1);
}

Row layer_row(const Layer& layer) {
  const bool has_kernel = layer.kernel > 1;
  return {short_name(layer),
          std::to_string(layer.in_channels),
          std::to_string(layer.out_channels),
          has_kernel ? fmt::format("{}x{}", layer.kernel, layer.kernel) : "",
          layer.stride > 1 ? std::to_string(layer.stride) : "",
          std::to_string(layer.out_size),
          layer.activation == Activation::kLinear ? "" : to_word(layer.activation),
          format_count(macs(layer)),
          format_count(parameters(layer))};
}

std::string choice_list(const Choices& choices) {
  return fmt::format("{}", fmt::join(choices, " "));
}

/// One text where all stages have the same choices.
std::string per_stage(const std::vector<Choices>& stages) {
  const bool alike = std::all_of(stages.begin(), stages.end(),
                                 [&](const Choices& choices) { return choices == stages.front(); });
  if (alike) return choice_list(stages.front());
  std::vector<std::string> texts;
  for (const Choices& choices : stages) texts.push_back(choice_list(choices));
  return fmt::format("{}", fmt::join(texts, " | "));
}

std::string choices_table(const Space& space) {
  std::vector<Row> rows = {{"", "stride", "depth", "width", "kernel", "expand", "activation"}};
  rows.push_back({"stem", std::to_string(space.stem.stride), "", per_stage(space.stem.width),
                  std::to_string(space.stem.kernel), "", to_word(space.stem.activation)});
  for (std::size_t u = 0; u < space.units.size(); ++u) {
    const UnitSpace& unit = space.units[u];
    rows.push_back({fmt::format("unit {}", u + 1), std::to_string(unit.stride),
                    per_stage(unit.depth), per_stage(unit.width), per_stage(unit.kernel),
                    per_stage(unit.expand),
                    fmt::format("{}{}", to_word(unit.activation),
                                unit.squeeze_excite ? ", squeeze-excite" : "")});
  }
  rows.push_back(
      {"head", "", "", per_stage(space.head.width), "", "", to_word(space.head.activation)});
  if (!space.head.features.empty()) {
    rows.push_back({"features", "", "", fmt::format("{}", fmt::join(space.head.features, " | ")),
                    "", "", to_word(space.head.activation)});
  }
  return aligned(rows);
}

std::string cost_table(const Space& space) {
  const Plan least = lower(space, smallest(space)), most = lower(space, largest(space));
  std::vector<Row> rows = {{"", "smallest", "largest"}};
  for (std::size_t s = 0; s < static_cast<std::size_t>(space.stages); ++s) {
    rows.push_back({fmt::format("MACs up to exit {}", s + 1),
                    format_count(exit_macs(least).cumulative[s]),
                    format_count(exit_macs(most).cumulative[s])});
  }
  rows.push_back({"parameters", format_count(parameters(least)), format_count(parameters(most))});
  return aligned(rows);
}

std::string stages_text(int stages) {
  return fmt::format("{} {}", stages, stages == 1 ? "stage" : "stages");
}

/// "5.3 x 10^21": the mantissa in two digits.
std::string size_text(double log10_count) {
  constexpr double kExactBelow = 6;
  if (log10_count < kExactBelow) return fmt::format("{:.0f}", std::pow(10, log10_count));
  double exponent = std::floor(log10_count);
  double mantissa = std::round(10 * std::pow(10, log10_count - exponent)) / 10;
  if (mantissa >= 10) {
    mantissa = 1;
    ++exponent;
  }
  return fmt::format("{:.1f} x 10^{:.0f}", mantissa, exponent);
}

}  // namespace

std::string describe_space(const Space& space) {
  const bool reads_own = space.projection_reads == ProjectionReads::kOwn;
  std::string text = fmt::format(
      "{}: {} networks of {}, {} classes\n"
      "images of {} {}, {} pixels a side; projections read {}\n",
      space.name.empty() ? "space" : space.name, size_text(log10_size(space)),
      stages_text(space.stages), space.classes, space.channels,
      space.channels == 1 ? "channel" : "channels", choice_list(space.resolution),
      reads_own ? "their own group" : "all groups up to their stage");
  text +=
      "\nChoices" +
      std::string(space.stages == 1 ? "" : ", of each stage, with | between stages that differ") +
      ":\n";
  text += choices_table(space) + "\n" + cost_table(space);
  text.pop_back();
  return text;
}

std::string describe_network(const Space& space, const Spec& spec) {
  const Plan plan = lower(space, spec);
  const ExitMacs cost = exit_macs(plan);
  std::string text =
      fmt::format("{}, {} x {} x {}, {} classes: {} MACs, {} parameters\n",
                  stages_text(plan.stages), plan.resolution, plan.resolution, plan.channels,
                  plan.classes, format_count(cost.full()), format_count(parameters(plan)));
  std::vector<Row> rows;
  const Row titles = {"", "in", "out", "kernel", "stride", "size", "activation", "MACs", "params"};
  int next = 0;
  std::int64_t parameters_so_far = 0;
  for (int stage = 0; stage < plan.stages; ++stage) {
    rows.push_back({});
    rows.push_back(titles);
    rows.back()[0] = fmt::format("stage {}", stage + 1);
    for (; next < plan.stage_end[static_cast<std::size_t>(stage)]; ++next) {
      const Layer& layer = plan.layers[static_cast<std::size_t>(next)];
      rows.push_back(layer_row(layer));
      parameters_so_far += parameters(layer);
    }
    rows.push_back({fmt::format("up to exit {}", stage + 1), "", "", "", "", "", "",
                    format_count(cost.cumulative[static_cast<std::size_t>(stage)]),
                    format_count(parameters_so_far)});
  }
  text += aligned(rows);
  text.pop_back();
  return text;
}

}  // namespace enas4d
