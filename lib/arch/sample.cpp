#include "arch/sample.h"

#include <cassert>

#include <fmt/format.h>

#include "util/error.h"
#include "util/units.h"

// The order of draws is part of the result that a seed names, so it is fixed: resolution; then per
// stage its stem, its units one by one (width, depth, kernel and expand of each block) and its
// head.

namespace enas4d {
namespace {

std::size_t stage_count(const Space& space) {
  return static_cast<std::size_t>(space.stages);
}

Block uniform_block(const UnitSpace& unit, std::size_t stage, Rng& rng) {
  const int kernel = rng.pick(unit.kernel[stage]);
  const int expand = rng.pick(unit.expand[stage]);
  return {kernel, expand};
}

UnitSpec uniform_unit(const UnitSpace& unit, std::size_t stage, Rng& rng) {
  UnitSpec spec{};
  spec.width = rng.pick(unit.width[stage]);
  spec.blocks.resize(static_cast<std::size_t>(rng.pick(unit.depth[stage])));
  for (Block& block : spec.blocks) block = uniform_block(unit, stage, rng);
  return spec;
}

struct Range {
  std::int64_t least, most;
};

/// "1M to 2M MACs and at most 300k parameters".
std::string limits_text(const Limits& limits) {
  const std::string least = format_count(limits.least_macs), most = format_count(limits.most_macs);
  const bool below = limits.most_macs < INT64_MAX;
  std::string text;
  if (limits.least_macs > 0) {
    text =
        below ? fmt::format("{} to {} MACs", least, most) : fmt::format("at least {} MACs", least);
  } else if (below) {
    text = fmt::format("at most {} MACs", most);
  }
  if (limits.most_params < INT64_MAX) {
    text += fmt::format("{}at most {} parameters", text.empty() ? "" : " and ",
                        format_count(limits.most_params));
  }
  return text;
}

Error nothing_within(const Space& space, const Limits& limits, const std::string& when) {
  const Plan least = lower(space, smallest(space)), most = lower(space, largest(space));
  std::string range = fmt::format("{} to {}", format_count(exit_macs(least).full()),
                                  format_count(exit_macs(most).full()));
  if (limits.most_params < INT64_MAX) {
    range += fmt::format(" MACs and {} to {} parameters", format_count(parameters(least)),
                         format_count(parameters(most)));
  }
  return impossible(
      fmt::format("no spec has {}{}: this space reaches {}", limits_text(limits), when, range));
}

}  // namespace

Spec uniform(const Space& space, Rng& rng) {
  Spec spec{rng.pick(space.resolution), {}};
  spec.stages.resize(stage_count(space));
  for (std::size_t s = 0; s < spec.stages.size(); ++s) {
    StageSpec& stage = spec.stages[s];
    stage.stem = rng.pick(space.stem.width[s]);
    stage.units.reserve(space.units.size());
    for (const UnitSpace& unit : space.units) stage.units.push_back(uniform_unit(unit, s, rng));
    stage.head = rng.pick(space.head.width[s]);
  }
  return spec;
}

bool Limits::allow(const Plan& plan) const {
  if (least_macs > 0 || most_macs < INT64_MAX) {
    const std::int64_t macs = exit_macs(plan).full();
    if (macs < least_macs || macs > most_macs) return false;
  }
  return most_params == INT64_MAX || parameters(plan) <= most_params;
}

void require_possible(const Space& space, const Limits& limits) {
  const Plan least = lower(space, smallest(space));
  if (exit_macs(least).full() > limits.most_macs || parameters(least) > limits.most_params ||
      exit_macs(lower(space, largest(space))).full() < limits.least_macs ||
      limits.most_macs < limits.least_macs) {
    throw nothing_within(space, limits, "");
  }
}

Spec uniform_within(const Space& space, const Limits& limits, Rng& rng, int tries) {
  Plan plan;
  for (int drawn = 0; drawn < tries; ++drawn) {
    Spec spec = uniform(space, rng);
    lower(space, spec, plan);
    if (limits.allow(plan)) return spec;
    // Looked at after the first miss: most limits are wide, and then this would double the work.
    if (drawn == 0) require_possible(space, limits);
  }
  throw nothing_within(space, limits, fmt::format(" among {} drawn", tries));
}

Spec mutate(const Space& space, const Spec& spec, double rate, Rng& rng) {
  assert(fits(space, spec));
  const auto redraw = [&](int& choice, const Choices& choices) {
    if (rng.chance(rate)) choice = rng.pick(choices);
  };
  Spec child = spec;
  redraw(child.resolution, space.resolution);
  for (std::size_t s = 0; s < child.stages.size(); ++s) {
    StageSpec& stage = child.stages[s];
    redraw(stage.stem, space.stem.width[s]);
    for (std::size_t u = 0; u < stage.units.size(); ++u) {
      const UnitSpace& unit = space.units[u];
      std::vector<Block>& blocks = stage.units[u].blocks;
      redraw(stage.units[u].width, unit.width[s]);
      const std::size_t kept = blocks.size();
      int depth = static_cast<int>(kept);
      redraw(depth, unit.depth[s]);
      blocks.resize(static_cast<std::size_t>(depth));
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        if (b >= kept) {
          blocks[b] = uniform_block(unit, s, rng);
          continue;
        }
        redraw(blocks[b].kernel, unit.kernel[s]);
        redraw(blocks[b].expand, unit.expand[s]);
      }
    }
    redraw(stage.head, space.head.width[s]);
  }
  return child;
}

Spec crossover(const Space& space, const Spec& a, const Spec& b, Rng& rng) {
  assert(fits(space, a) && fits(space, b));
  const auto from_second = [&] { return rng.below(2) == 1; };
  Spec child = a;
  if (from_second()) child.resolution = b.resolution;
  for (std::size_t s = 0; s < stage_count(space); ++s) {
    StageSpec& stage = child.stages[s];
    const StageSpec& other = b.stages[s];
    if (from_second()) stage.stem = other.stem;
    for (std::size_t u = 0; u < stage.units.size(); ++u) {
      if (from_second()) stage.units[u] = other.units[u];
    }
    if (from_second()) stage.head = other.head;
  }
  return child;
}

}  // namespace enas4d
