#include "bench/search_quality.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arch/space.h"
#include "bench/figures.h"
#include "search/evaluation_file.h"
#include "search/shortfalls.h"

namespace enas4d {
namespace {

/// Answers from the tables of a journal. The exits of a prefix are those of any spec that begins
/// with it: causality, which tests of nn/subnet_family.h prove to the bit.
class RecordedEvaluator : public Evaluator {
 public:
  RecordedEvaluator(const std::string& journal, const std::vector<Spec>& specs) {
    for (const Spec& spec : specs) {
      const auto evaluation =
          read_evaluation(fmt::format("{}/tables/{}.table", journal, spec_hash(spec)));
      for (int stages = 1; stages <= static_cast<int>(spec.stages.size()); ++stages) {
        evaluations_.emplace(spec_hash(prefix(spec, stages)), first_exits(evaluation, stages));
      }
    }
  }

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override {
    for (std::size_t i = 0; i < specs.size(); ++i) done(i, evaluations_.at(spec_hash(specs[i])));
    return true;
  }

 private:
  static Evaluation first_exits(Evaluation evaluation, int stages) {
    const auto count = static_cast<std::size_t>(stages);
    evaluation.table.exits.resize(count);
    evaluation.macs.cumulative.resize(count);
    evaluation.macs.alone.resize(count);
    return evaluation;
  }

  std::map<std::string, Evaluation> evaluations_;
};

}  // namespace

void print_search_quality(const std::string& path, const std::string& journal, int specs) {
  const Space space = read_space(JsonValue::read_file(path));
  const auto count = static_cast<std::size_t>(specs);
  RecordedEvaluator networks(journal, enumerate_specs(space, count));
  const Shortfalls shortfalls(space, count, networks);
  const auto print = [&](const char* name, SearchStrategy strategy, double share) {
    const auto mean = shortfalls.of(strategy, static_cast<int>(share * specs));
    print_figure("search", fmt::format("{}_shortfall", name), rounded(mean.shortfall),
                 "share of the hypervolume");
    print_figure("search", fmt::format("{}_cost", name), rounded(mean.cost), "share of all MACs");
  };
  print("evolution", SearchStrategy::kEvolution, 0.122);
  print("stagewise", SearchStrategy::kStagewise, 0.18);
  print("random", SearchStrategy::kRandom, 0.139);
}

}  // namespace enas4d
