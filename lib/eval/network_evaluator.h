// The Evaluator that search uses: extracts, calibrates and measures each spec on val. Specs that
// share first stages are run together, a few at a time (nn/subnet_family.h).
#pragma once

#include "data/dataset.h"
#include "nn/supernet.h"
#include "search/evaluator.h"
#include "util/stop.h"

namespace enas4d {

class NetworkEvaluator : public Evaluator {
 public:
  /// All three must outlive the evaluator.
  NetworkEvaluator(const Supernet& supernet, const Dataset& data, const StopFlag& stop);

  bool evaluate(const std::vector<Spec>& specs, const Done& done) override;

 private:
  bool evaluate_group(const std::vector<Spec>& specs, const std::vector<std::size_t>& group,
                      const Done& done) const;
  std::vector<Evaluation> evaluate_family(const std::vector<Spec>& specs) const;

  const Supernet& supernet_;
  const Dataset& data_;
  const StopFlag& stop_;
};

}  // namespace enas4d
