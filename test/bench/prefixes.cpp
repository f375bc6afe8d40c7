#include "bench/prefixes.h"

#include <utility>
#include <variant>
#include <vector>

#include "bench/figures.h"
#include "eval/network_evaluator.h"
#include "search/search.h"

namespace enas4d {
namespace {

/// Evaluates what a search asks for as it is asked for, and then each network alone, in turns: the
/// moods of a busy host hit both alike.
class PairedEvaluator : public Evaluator {
 public:
  explicit PairedEvaluator(Evaluator& networks) : networks_(networks) {}

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override {
    std::vector<ExitTable> tables(specs.size());
    const auto keep = [&](std::size_t i, Evaluated evaluated) {
      tables[i] = std::get<Evaluation>(evaluated).table;
      done(i, std::move(evaluated));
    };
    together += best_seconds(1, [&] { networks_.evaluate(specs, keep); });
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const auto compare = [&](std::size_t, const Evaluated& evaluated) {
        equal = equal && std::get<Evaluation>(evaluated).table == tables[i];
      };
      alone += best_seconds(1, [&] { networks_.evaluate({specs[i]}, compare); });
    }
    return true;
  }

  double together = 0, alone = 0;  ///< seconds
  bool equal = true;               ///< the tables

 private:
  Evaluator& networks_;
};

}  // namespace

bool print_prefix_saving(const Supernet& supernet, const Dataset& data) {
  const StopFlag stop;
  NetworkEvaluator networks(supernet, data, stop);
  PairedEvaluator paired(networks);
  SearchOptions options;
  options.strategy = SearchStrategy::kStagewise;
  search(supernet->space(), paired, nullptr, options, {}, stop, nullptr);
  print_figure("search", "prefix_saving", rounded(1 - paired.together / paired.alone), "ratio");
  print_figure("search", "prefix_tables_equal", paired.equal, "bool");
  return paired.equal;
}

}  // namespace enas4d
