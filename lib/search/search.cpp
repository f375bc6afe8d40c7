#include "search/search.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "arch/plan.h"
#include "search/strategy.h"
#include "util/error.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/rng.h"

namespace enas4d {
namespace {

// Of a stagewise search's evaluations, those of prefixes: they cost less, and what the last stage
// adds decides the result.
constexpr double kPrefixes = 0.2;

// Of how specs are proposed, raised with every change: shards that propose by other rules would
// wait for each other for ever.
constexpr int kRules = 2;

// A front that grows by less than this share has not become better.
constexpr double kBetter = 1e-4;

/// `first` with the later stages of `extreme`.
Spec completed(const Spec& first, const Spec& extreme) {
  Spec spec = first;
  spec.stages.insert(spec.stages.end(),
                     extreme.stages.begin() + static_cast<std::ptrdiff_t>(first.stages.size()),
                     extreme.stages.end());
  return spec;
}

/// Whether a spec, or any spec that extends a prefix, can lie inside the limits.
std::function<bool(const Spec&)> within(const Space& space, const Limits& limits) {
  return [&space, limits, least = smallest(space), most = largest(space)](const Spec& spec) {
    Limits upper = limits;
    upper.least_macs = 0;
    if (!upper.allow(lower(space, completed(spec, least)))) return false;
    return exit_macs(lower(space, completed(spec, most))).full() >= limits.least_macs;
  };
}

class Search {
 public:
  Search(const Space& space, Evaluator& evaluator, Journal* journal, const SearchOptions& options,
         const StopFlag& stop, const std::function<void(const SearchProgress&)>& observe)
      : space_(space),
        evaluator_(evaluator),
        journal_(journal),
        options_(options),
        stop_(stop),
        observe_(observe) {}

  /// Fills archive(). False if it was stopped.
  bool run();
  /// Of whole specs; empty before run().
  const Archive* archive() const { return archive_.get(); }
  void count(SearchResult& result) const;

 private:
  Ground ground_of(int stages, std::vector<Spec> beam) const;
  std::unique_ptr<Strategy> strategy_on(const Ground& ground) const;
  bool run_generations(Strategy& strategy, int stages, int last);
  void report(int stages) const;
  int evaluated() const { return before_ + static_cast<int>(archive_->evaluated()); }

  const Space& space_;
  Evaluator& evaluator_;
  Journal* journal_;
  const SearchOptions& options_;
  const StopFlag& stop_;
  const std::function<void(const SearchProgress&)>& observe_;
  std::unique_ptr<Archive> archive_;  ///< of the networks that are being evaluated
  /// Evaluations of those with fewer stages.
  int before_ = 0, recalled_before_ = 0, failed_before_ = 0;
  std::string failure_before_;
};

bool Search::run() {
  const bool stagewise = options_.strategy == SearchStrategy::kStagewise;
  std::vector<Spec> beam;
  for (int stages = stagewise ? 1 : space_.stages; stages <= space_.stages; ++stages) {
    if (archive_) {
      before_ += static_cast<int>(archive_->evaluated());
      recalled_before_ += static_cast<int>(archive_->recalled());
      failed_before_ += static_cast<int>(archive_->failed());
      if (failure_before_.empty()) failure_before_ = archive_->first_failure();
    }
    const Ground ground = ground_of(stages, std::move(beam));
    archive_ = std::make_unique<Archive>(ground.space, options_.curve);
    const auto strategy = strategy_on(ground);
    const bool whole = stages == space_.stages;
    const double share = whole ? 1 : kPrefixes * stages / (space_.stages - 1);
    const auto last = static_cast<int>(std::lround(options_.evaluations * share));
    if (!run_generations(*strategy, stages, last)) return false;
    if (whole) break;
    beam = static_cast<const Evolution&>(*strategy).best();
    beam.resize(std::min(beam.size(), static_cast<std::size_t>(options_.beam)));
  }
  return true;
}

Ground Search::ground_of(int stages, std::vector<Spec> beam) const {
  Ground ground{prefix(space_, stages), std::move(beam), within(space_, options_.limits), {}};
  for (const Spec& spec : options_.begin_with) ground.begin_with.push_back(prefix(spec, stages));
  return ground;
}

std::unique_ptr<Strategy> Search::strategy_on(const Ground& ground) const {
  if (options_.strategy == SearchStrategy::kRandom)
    return std::make_unique<RandomDraws>(ground, *archive_, options_.seed);
  return std::make_unique<Evolution>(ground, options_.evolution, *archive_, options_.seed);
}

/// Until `last` networks are known in all, with those before.
bool Search::run_generations(Strategy& strategy, int stages, int last) {
  double best = 0;
  std::size_t best_at = 0;
  while (true) {
    const std::size_t known = archive_->candidates().size();
    const auto most = static_cast<std::size_t>(std::max(last - before_, 1));
    if (known >= most) return true;
    const std::vector<Spec> specs = strategy.next_generation(most - known);
    if (specs.empty()) return true;
    if (stop_.raised() ||
        !archive_->evaluate(specs, evaluator_, journal_, [&] { report(stages); })) {
      return false;
    }
    strategy.learn();
    const double hypervolume = archive_->hypervolume();
    if (hypervolume > best * (1 + kBetter)) {
      best = hypervolume;
      best_at = archive_->candidates().size();
    }
    const std::size_t since = archive_->candidates().size() - best_at;
    if (options_.patience > 0 && since >= static_cast<std::size_t>(options_.patience)) return true;
  }
}

void Search::report(int stages) const {
  if (!observe_) return;
  observe_({evaluated(), options_.evaluations,
            recalled_before_ + static_cast<int>(archive_->recalled()), stages,
            archive_->front_size(), archive_->hypervolume()});
}

void Search::count(SearchResult& result) const {
  result.evaluated = evaluated();
  result.failed = failed_before_ + static_cast<int>(archive_->failed());
  result.first_failure = failure_before_.empty() ? archive_->first_failure() : failure_before_;
}

/// Where the limits hold little, draws may all miss it: then an end of the space or what the user
/// knows has to lie inside, or Error (impossible) is thrown.
void begin_inside(const Space& space, SearchOptions& options) {
  const auto is_inside = [&](const Spec& spec) { return options.limits.allow(lower(space, spec)); };
  Rng rng(options.seed, {UINT64_MAX});
  try {
    options.begin_with.push_back(uniform_within(space, options.limits, rng));
  } catch (const Error&) {
    std::vector<Spec> known = options.begin_with;
    for (const Spec& extreme : {smallest(space), largest(space)}) known.push_back(extreme);
    const auto found = std::find_if(known.begin(), known.end(), is_inside);
    if (found == known.end()) throw;
    options.begin_with.push_back(*found);
  }
}

}  // namespace

std::string search_hash(const SearchOptions& options) {
  const EvolutionOptions evolution = with_defaults(options.evolution, options.evaluations);
  Json all = Json::array(
      {kRules, static_cast<int>(options.strategy), options.evaluations, options.patience,
       evolution.population, evolution.children, evolution.mutation_rate, evolution.crossover_share,
       evolution.screened, options.beam, options.limits.least_macs, options.limits.most_macs,
       options.limits.most_params, static_cast<int>(options.curve.policies),
       static_cast<int>(options.curve.confidence), options.curve.points, options.seed});
  for (const Spec& spec : options.begin_with) all.push_back(spec_hash(spec));
  return sha256(all.dump());
}

SearchResult search(const Space& space, Evaluator& evaluator, Journal* journal,
                    const SearchOptions& options, const SearchGoals& goals, const StopFlag& stop,
                    const std::function<void(const SearchProgress&)>& observe) {
  assert(options.evaluations > 0 && options.beam > 0);
  require_reachable(space, options.limits, options.curve.policies, goals.average_macs);
  SearchOptions seeded = options;
  seeded.evolution = with_defaults(options.evolution, options.evaluations);
  begin_inside(space, seeded);
  Search search(space, evaluator, journal, seeded, stop, observe);
  SearchResult result;
  result.finished = search.run();
  search.count(result);
  const Archive& archive = *search.archive();
  if (archive.stages() < space.stages) return result;  // stopped among prefixes
  result.front = archive.front();
  if (!result.finished) return result;
  if (archive.failed() == archive.evaluated()) {
    throw failed(fmt::format("none of {} networks could be measured: {}", archive.evaluated(),
                             archive.first_failure()));
  }
  result.at_budgets = archive.at_budgets(goals.average_macs, result.unmet);
  result.at_accuracies = archive.at_accuracies(goals.accuracies, result.unmet);
  return result;
}

}  // namespace enas4d
