#include "search/evolution.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "arch/plan.h"
#include "search/pareto.h"
#include "util/rng.h"

namespace enas4d {
namespace {

// Draws for one new spec before the space counts as used up. From the second half on they are
// uniform: a population that has converged has no new children, but the space may have new specs.
constexpr int kTries = 1000;

// Beyond (1, 1), so that the ends of the front (the largest spec, the least accurate point) have a
// hypervolume of their own and survive.
constexpr Point kReference = {1.1, 1.1};

class Evolution {
 public:
  Evolution(const Space& space, const EvolutionOptions& options, const Archive& archive)
      : space_(space), options_(options), archive_(archive) {}

  /// The specs of the next generation: distinct, new, inside the window. Empty at the end. All its
  /// randomness comes from the seed and the generation's number.
  std::vector<Spec> next_generation();

  /// The generation has been evaluated: the best of parents and children are the next parents.
  void select();

 private:
  /// A spec that competes, and how well it does: lower rank, then larger exclusive hypervolume.
  struct Contender {
    std::size_t candidate;
    std::vector<Point> curve;
    int rank = 0;
    double exclusive = 0;
  };

  std::optional<Spec> founder(Rng& rng);
  std::optional<Spec> child(Rng& rng);
  Spec varied(Rng& rng) const;
  const Spec& parent(Rng& rng) const;
  bool is_fresh(const Spec& spec);
  std::vector<Contender> contenders() const;
  Contender contender(std::size_t candidate) const;
  static double volume(const std::vector<Contender>& all, int rank, const Contender* left_out);

  const Space& space_;
  const EvolutionOptions& options_;
  const Archive& archive_;
  std::uint64_t generation_ = 0;
  std::size_t first_child_ = 0;               ///< candidate of the archive, in this generation
  std::vector<std::size_t> parents_;          ///< candidates of the archive, the best first
  std::unordered_set<std::string> proposed_;  ///< in this generation
  Plan plan_;
};

std::vector<Spec> Evolution::next_generation() {
  const bool first = generation_ == 0;
  first_child_ = archive_.candidates().size();
  const std::size_t left = static_cast<std::size_t>(options_.evaluations) - first_child_;
  const std::size_t count = std::min(static_cast<std::size_t>(options_.population), left);
  proposed_.clear();
  std::vector<Spec> specs;
  const auto propose = [&](std::optional<Spec> spec) {
    if (!spec) return;
    proposed_.insert(spec_hash(*spec));
    specs.push_back(*std::move(spec));
  };
  if (first) {
    for (const Spec& extreme : {smallest(space_), largest(space_)}) {
      if (specs.size() < count && is_fresh(extreme)) propose(extreme);
    }
  }
  for (std::uint64_t index = 0; specs.size() < count; ++index) {
    Rng rng(options_.seed, {generation_, index});
    std::optional<Spec> spec = first ? founder(rng) : child(rng);
    if (!spec) break;
    propose(std::move(spec));
  }
  ++generation_;
  return specs;
}

std::optional<Spec> Evolution::founder(Rng& rng) {
  // The first one tells, by an Error, if the window holds nothing.
  if (proposed_.empty()) return uniform_within(space_, options_.window, rng);
  for (int i = 0; i < kTries; ++i) {
    Spec spec = uniform(space_, rng);
    if (is_fresh(spec)) return spec;
  }
  return std::nullopt;
}

std::optional<Spec> Evolution::child(Rng& rng) {
  for (int i = 0; i < kTries; ++i) {
    Spec spec = i < kTries / 2 ? varied(rng) : uniform(space_, rng);
    if (is_fresh(spec)) return spec;
  }
  return std::nullopt;
}

Spec Evolution::varied(Rng& rng) const {
  const bool crossed = rng.chance(options_.crossover_share);
  const Spec& one = parent(rng);
  if (!crossed) return mutate(space_, one, options_.mutation_rate, rng);
  const Spec& other = parent(rng);
  return crossover(space_, one, other, rng);
}

/// Binary tournament; parents stand in order, the best first.
const Spec& Evolution::parent(Rng& rng) const {
  const auto count = static_cast<std::uint32_t>(parents_.size());
  const std::uint32_t one = rng.below(count);
  const std::uint32_t other = rng.below(count);
  return archive_.candidates()[parents_[std::min(one, other)]]->spec;
}

bool Evolution::is_fresh(const Spec& spec) {
  lower(space_, spec, plan_);
  return options_.window.contains(exit_macs(plan_).full()) && !archive_.knows(spec) &&
         proposed_.count(spec_hash(spec)) == 0;
}

void Evolution::select() {
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
    all.push_back(contender(i));
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
  for (Contender& one : all) {
    one.exclusive = volume(all, one.rank, nullptr) - volume(all, one.rank, &one);
  }
  return all;
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

}  // namespace

SearchResult evolve(const Space& space, Evaluator& evaluator, Journal* journal,
                    const EvolutionOptions& options, const std::vector<double>& budgets,
                    const StopFlag& stop,
                    const std::function<void(const SearchProgress&)>& observe) {
  assert(options.population > 0 && options.evaluations > 0);
  require_reachable(space, options.window, budgets);
  Archive archive(space, {options.policies, options.confidence, options.curve_points});
  Evolution evolution(space, options, archive);
  const auto report = [&] {
    if (!observe) return;
    observe({static_cast<int>(archive.evaluated()), options.evaluations, archive.front_size(),
             archive.hypervolume()});
  };

  SearchResult result;
  while (true) {
    const std::vector<Spec> specs = evolution.next_generation();
    if (specs.empty()) break;
    if (stop.raised() || !archive.evaluate(specs, evaluator, journal, report)) {
      result.finished = false;
      break;
    }
    evolution.select();
  }
  result.front = archive.front();
  if (result.finished) result.at_budgets = archive.at_budgets(budgets);
  return result;
}

}  // namespace enas4d
