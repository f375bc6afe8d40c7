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

std::int64_t full_macs(const Space& space, const Spec& spec, Plan& plan) {
  lower(space, spec, plan);
  return exit_macs(plan).full();
}

std::string window_text(const MacsWindow& window) {
  if (window.least <= 0) return fmt::format("at most {} MACs", format_count(window.most));
  if (window.most == INT64_MAX) return fmt::format("at least {} MACs", format_count(window.least));
  return fmt::format("{} to {} MACs", format_count(window.least), format_count(window.most));
}

struct MacsRange {
  std::int64_t least, most;
};

MacsRange reachable_range(const Space& space, Plan& plan) {
  return {full_macs(space, smallest(space), plan), full_macs(space, largest(space), plan)};
}

Error nothing_in(const MacsWindow& window, const MacsRange& range, const std::string& when) {
  return impossible(fmt::format("no spec has {}{}: this space reaches {} to {}",
                                window_text(window), when, format_count(range.least),
                                format_count(range.most)));
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

Spec uniform_within(const Space& space, const MacsWindow& window, Rng& rng, int tries) {
  Plan plan;
  for (int drawn = 0; drawn < tries; ++drawn) {
    Spec spec = uniform(space, rng);
    if (window.contains(full_macs(space, spec, plan))) return spec;
    if (drawn > 0) continue;
    // Looked at after the first miss: most windows are wide, and then this would double the work.
    const MacsRange range = reachable_range(space, plan);
    if (window.most < range.least || window.least > range.most || window.most < window.least) {
      throw nothing_in(window, range, "");
    }
  }
  throw nothing_in(window, reachable_range(space, plan), fmt::format(" among {} drawn", tries));
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
