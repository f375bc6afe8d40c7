#include "search/strategy.h"

#include <algorithm>

#include "arch/sample.h"

namespace enas4d {

Spec Ground::draw(Rng& rng) const {
  Spec spec = uniform(space, rng);
  return beam.empty() ? spec : with_prefix(rng.pick(beam), std::move(spec));
}

bool Ground::extends_beam(const Spec& spec) const {
  return beam.empty() ||
         std::find(beam.begin(), beam.end(), prefix(spec, space.stages - 1)) != beam.end();
}

Spec Ground::with_prefix(const Spec& kept, Spec spec) {
  spec.resolution = kept.resolution;
  std::copy(kept.stages.begin(), kept.stages.end(), spec.stages.begin());
  return spec;
}

namespace {

bool contains(const std::vector<Spec>& specs, const Spec& spec) {
  return std::find(specs.begin(), specs.end(), spec) != specs.end();
}

}  // namespace

bool Proposals::can_take(const Spec& spec) const {
  return !contains(specs_, spec) && !archive_.knows(spec) && ground_.allowed(spec);
}

bool Proposals::take(const Spec& spec) {
  if (!can_take(spec)) return false;
  specs_.push_back(spec);
  return true;
}

std::vector<Spec> Proposals::takeable(std::size_t count,
                                      const std::function<Spec(int)>& draw) const {
  std::vector<Spec> specs;
  for (int i = 0; i < kTries && specs.size() < count; ++i) {
    // Where new specs are rare, some have to do.
    if (!specs.empty() && i >= kTries / 2) break;
    Spec spec = draw(i);
    if (!contains(specs, spec) && can_take(spec)) specs.push_back(std::move(spec));
  }
  return specs;
}

bool Proposals::take_drawn(const std::function<Spec(int)>& draw) {
  // The last specs of a space that is searched to its end may be as rare as one in a thousand.
  constexpr int kManyTries = 10000;
  for (int i = 0; i < kManyTries; ++i) {
    if (take(draw(i))) return true;
  }
  return false;
}

std::vector<Spec> RandomDraws::next_generation(std::size_t most) {
  constexpr std::size_t kGeneration = 20;
  Proposals proposals(ground_, archive_);
  if (generation_ == 0) {
    for (const Spec& spec : ground_.begin_with) {
      if (proposals.size() < most) proposals.take(spec);
    }
  }
  const std::size_t count = std::min(most, kGeneration);
  for (std::uint64_t i = 0; proposals.size() < count; ++i) {
    Rng rng(seed_, {generation_, i});
    if (!proposals.take_drawn([&](int) { return ground_.draw(rng); })) break;
  }
  ++generation_;
  return std::move(proposals).specs();
}

}  // namespace enas4d
