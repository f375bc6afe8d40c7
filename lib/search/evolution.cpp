#include "search/evolution.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "arch/plan.h"
#include "arch/sample.h"
#include "search/pareto.h"

namespace enas4d {
namespace {

// Beyond (1, 1), so that the ends of the front (the largest spec, the least accurate point) have a
// hypervolume of their own and survive.
constexpr Point kReference = {1.1, 1.1};

/// Adds the curve of the one that may better `front` most; its index. So a child is chosen beside
/// what those before it may become.
std::size_t grow(std::vector<Point>& front, const std::vector<Spec>& drawn,
                 const CurvePredictor& predictor) {
  std::size_t best = 0;
  double best_volume = -1;
  std::vector<Point> best_front;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    std::vector<Point> grown = front;
    const std::vector<Point> curve = predictor.curve(drawn[i]);
    grown.insert(grown.end(), curve.begin(), curve.end());
    const double volume = hypervolume(grown, kReference);
    if (volume <= best_volume) continue;
    best_volume = volume;
    best = i;
    best_front = std::move(grown);
  }
  front = std::move(best_front);
  return best;
}

}  // namespace

EvolutionOptions with_defaults(EvolutionOptions options, int evaluations) {
  if (options.population == 0) options.population = std::clamp(evaluations / 8, 8, 20);
  if (options.children == 0) options.children = (options.population + 1) / 2;
  return options;
}

std::vector<Spec> Evolution::next_generation(std::size_t most) {
  first_child_ = archive_.candidates().size();
  Proposals proposals(ground_, archive_);
  generation_ == 0 ? found(most, proposals) : breed(most, proposals);
  ++generation_;
  return std::move(proposals).specs();
}

void Evolution::found(std::size_t most, Proposals& proposals) const {
  const auto offer = [&](const Spec& spec, std::size_t places) {
    if (proposals.size() < places) proposals.take(spec);
  };
  // What the user knows has its place, and so have the ends of the front (with a beam, if their
  // prefixes are in it), however small the population is.
  for (const Spec& spec : ground_.begin_with) offer(spec, most);
  for (const Spec& extreme : {smallest(ground_.space), largest(ground_.space)}) {
    if (ground_.extends_beam(extreme)) offer(extreme, most);
  }
  // However much the user knows, each prefix of the beam has a place, too.
  const std::size_t beam = ground_.beam.size();
  const std::size_t count = std::min(std::max(static_cast<std::size_t>(options_.population),
                                              beam == 0 ? 0 : ground_.begin_with.size() + beam),
                                     most);
  // What is good for a stage is a fair guess for the next one.
  for (const Spec& first : ground_.beam) {
    Spec twice = first;
    twice.stages.push_back(first.stages.back());
    if (fits(ground_.space, twice)) offer(twice, count);
  }
  for (std::uint64_t i = 0; proposals.size() < count; ++i) {
    Rng rng(seed_, {0, i});
    const bool found = proposals.take_drawn([&](int) {
      Spec spec = uniform(ground_.space, rng);
      if (beam == 0) return spec;
      return Ground::with_prefix(ground_.beam[proposals.size() * beam / count], std::move(spec));
    });
    if (!found) break;
  }
}

void Evolution::breed(std::size_t most, Proposals& proposals) const {
  if (parents_.empty()) return;  // nothing that was proposed could be measured
  const std::size_t count = std::min(static_cast<std::size_t>(options_.children), most);
  const CurvePredictor predictor(ground_.space, archive_);
  Litter best = ground_.beam.empty() ? litter(nullptr, 0, count, predictor) : Litter{};
  // A generation that extends one prefix costs least, because an evaluator runs that once
  // (eval/network_evaluator.h): the one that promises most for what it costs.
  for (std::size_t i = 0; i < ground_.beam.size(); ++i) {
    Litter other = litter(&ground_.beam[i], i, count, predictor);
    if (other.worth > best.worth) best = std::move(other);
  }
  for (const Spec& spec : best.specs) proposals.take(spec);
  // Within narrow limits one is better than the end.
  Rng rng(seed_, {generation_});
  if (proposals.size() == 0) proposals.take_drawn([&](int) { return ground_.draw(rng); });
}

/// Of all parents, or of those that extend `shared`.
Evolution::Litter Evolution::litter(const Spec* shared, std::uint64_t number, std::size_t count,
                                    const CurvePredictor& predictor) const {
  const std::vector<std::size_t> parents = parents_of(shared);
  // After some tries draws are uniform: a population that has converged has few new children, but
  // the ground may have new specs.
  const auto draw = [&](int tried, Rng& rng) {
    if (!parents.empty() && tried < Proposals::kTries / 10) return child(parents, rng);
    Spec spec = uniform(ground_.space, rng);
    return shared == nullptr ? spec : Ground::with_prefix(*shared, std::move(spec));
  };
  const double shared_macs = shared == nullptr ? 0 : full_macs(*shared);
  double macs = shared_macs;
  Proposals proposals(ground_, archive_);
  std::vector<Point> front = archive_.front_places();
  const double before = hypervolume(front, kReference);
  for (std::uint64_t i = 0; proposals.size() < count; ++i) {
    Rng rng(seed_, {generation_, number, i});
    const std::vector<Spec> drawn = proposals.takeable(static_cast<std::size_t>(options_.screened),
                                                       [&](int tried) { return draw(tried, rng); });
    if (drawn.empty()) break;
    const Spec& best = drawn[grow(front, drawn, predictor)];
    macs += full_macs(best) - shared_macs;
    proposals.take(best);
  }
  Litter litter{std::move(proposals).specs(), -1};
  if (!litter.specs.empty()) litter.worth = (hypervolume(front, kReference) - before) / macs;
  return litter;
}

/// Of all its stages: `spec` may be a prefix.
double Evolution::full_macs(const Spec& spec) const {
  const Space space = prefix(ground_.space, static_cast<int>(spec.stages.size()));
  return static_cast<double>(exit_macs(lower(space, spec)).full());
}

std::vector<std::size_t> Evolution::parents_of(const Spec* shared) const {
  if (shared == nullptr) return parents_;
  const int kept = static_cast<int>(shared->stages.size());
  std::vector<std::size_t> parents;
  for (const std::size_t candidate : parents_) {
    if (prefix(archive_.candidates()[candidate]->spec, kept) == *shared) {
      parents.push_back(candidate);
    }
  }
  return parents;
}

Spec Evolution::child(const std::vector<std::size_t>& parents, Rng& rng) const {
  const bool crossed = rng.chance(options_.crossover_share);
  const Spec& one = parent(parents, rng);
  Spec varied = crossed ? crossover(ground_.space, one, parent(parents_, rng), rng)
                        : mutate(ground_.space, one, options_.mutation_rate, rng);
  if (ground_.beam.empty()) return varied;
  return Ground::with_prefix(prefix(one, ground_.space.stages - 1), std::move(varied));
}

/// Binary tournament; parents stand in order, the best first.
const Spec& Evolution::parent(const std::vector<std::size_t>& among, Rng& rng) const {
  const auto count = static_cast<std::uint32_t>(among.size());
  const std::uint32_t one = rng.below(count);
  const std::uint32_t other = rng.below(count);
  return archive_.candidates()[among[std::min(one, other)]]->spec;
}

std::vector<Spec> Evolution::best() const {
  std::vector<Spec> specs;
  for (const std::size_t candidate : parents_) {
    specs.push_back(archive_.candidates()[candidate]->spec);
  }
  return specs;
}

void Evolution::learn() {
  std::vector<Contender> all = contenders();
  std::sort(all.begin(), all.end(), [](const Contender& a, const Contender& b) {
    return std::tuple(a.rank, -a.exclusive, a.candidate) <
           std::tuple(b.rank, -b.exclusive, b.candidate);
  });
  const std::size_t count = std::min(all.size(), static_cast<std::size_t>(options_.population));
  parents_.clear();
  for (std::size_t i = 0; i < count; ++i) parents_.push_back(all[i].candidate);
}

Evolution::Contender Evolution::contender(std::size_t candidate) const {
  Contender contender{candidate, {}};
  for (const OperatingPoint& point : archive_.candidates()[candidate]->curve) {
    contender.curve.push_back(archive_.place(point));
  }
  return contender;
}

std::vector<Evolution::Contender> Evolution::contenders() const {
  std::vector<Contender> all;
  for (const std::size_t candidate : parents_) all.push_back(contender(candidate));
  for (std::size_t i = first_child_; i < archive_.candidates().size(); ++i) {
    if (archive_.candidates()[i]) all.push_back(contender(i));
  }

  std::vector<Point> points;
  for (const Contender& one : all) points.insert(points.end(), one.curve.begin(), one.curve.end());
  const std::vector<int> ranks = nondominated_ranks(points);
  auto next = ranks.begin();
  for (Contender& one : all) {
    const auto end = next + static_cast<std::ptrdiff_t>(one.curve.size());
    one.rank = *std::min_element(next, end);
    next = end;
  }
  set_exclusive(all);
  return all;
}

/// Of those that may become parents; the ranks beyond them need no order.
void Evolution::set_exclusive(std::vector<Contender>& all) const {
  std::map<int, std::size_t> contenders_of_rank;
  for (const Contender& one : all) ++contenders_of_rank[one.rank];
  std::size_t better = 0;
  for (const auto& [rank, count] : contenders_of_rank) {
    if (better >= static_cast<std::size_t>(options_.population)) return;
    const double whole = volume(all, rank, nullptr);
    for (Contender& one : all) {
      if (one.rank == rank) one.exclusive = whole - volume(all, rank, &one);
    }
    better += count;
  }
}

/// What the contenders of this rank and worse cover together, one of them left out.
double Evolution::volume(const std::vector<Contender>& all, int rank, const Contender* left_out) {
  std::vector<Point> points;
  for (const Contender& one : all) {
    if (one.rank < rank || &one == left_out) continue;
    points.insert(points.end(), one.curve.begin(), one.curve.end());
  }
  return hypervolume(points, kReference);
}

}  // namespace enas4d
