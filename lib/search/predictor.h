// What a spec's accuracy / average-MACs curve may look like, guessed from the specs that were
// evaluated: proposals are screened with it, so that evaluations go to those that may better the
// front. OFA screens with a network trained on thousands of accuracies; a Gaussian process on the
// choices needs a few dozen, and knows what it does not know.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "search/archive.h"

namespace enas4d {

class CurvePredictor {
 public:
  /// Its time grows with the cube of what it learns from.
  static constexpr std::size_t kMostSpecs = 500;

  /// Learns from all that `archive`, which must have a candidate, knows, or of many candidates from
  /// those of the front and the latest; `space`: of its specs.
  CurvePredictor(const Space& space, const Archive& archive);

  /// What the curve may well be at best, 1.5 standard deviations above what is expected (the upper
  /// confidence bound of Srinivas et al. 2010, arXiv 0912.3995): a spec unlike those that are known
  /// deserves a look. Points in the archive's plane, evenly from the MACs of the first exit to all.
  std::vector<Point> curve(const Spec& spec) const;

  std::size_t learnt_specs() const;

 private:
  struct Learnt;

  const Space& space_;
  const Archive& archive_;
  std::shared_ptr<const Learnt> learnt_;
};

}  // namespace enas4d
