#include "search/predictor.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cassert>
#include <cmath>

#include "arch/plan.h"

namespace enas4d {

struct CurvePredictor::Learnt {
  Eigen::RowVectorXd centre, scale;  ///< of the features
  Eigen::RowVectorXd mean;           ///< of the accuracies
  Eigen::MatrixXd known;             ///< specs x features, centred and of variance 1
  Eigen::MatrixXd precision;         ///< inverse of their likenesses with the ridge
  Eigen::MatrixXd weights;           ///< specs x points
  Eigen::RowVectorXd deviation;      ///< of the accuracies, where the variance is 1

  /// To each known spec: a linear part, and one that fades with distance.
  Eigen::RowVectorXd likeness(const Eigen::RowVectorXd& x) const;
  void set_deviation();
  /// Of a spec with features `x` and likenesses `near`: 1 + ridge and more where nothing is near.
  double variance(const Eigen::RowVectorXd& x, const Eigen::RowVectorXd& near) const;
};

namespace {

constexpr Eigen::Index kPoints = 9;
// Chosen on the tables of scripts/search-quality; features have variance 1, likenesses are of the
// size of 1.
constexpr double kRidge = 0.05;
constexpr double kReach = 1;       ///< distance at which specs stop being alike
constexpr double kOptimism = 1.5;  ///< standard deviations

double cost_at(const ExitMacs& macs, Eigen::Index point) {
  const auto least = static_cast<double>(macs.cumulative.front());
  const double share = static_cast<double>(point) / static_cast<double>(kPoints - 1);
  return least + share * (static_cast<double>(macs.full()) - least);
}

/// What the curve affords at that cost; at least its first point.
double accuracy_within(const std::vector<OperatingPoint>& curve, double cost) {
  double accuracy = curve.front().accuracy;
  for (const OperatingPoint& point : curve) {  // rises in both
    if (point.average_macs <= cost * (1 + 1e-9)) accuracy = point.accuracy;
  }
  return accuracy;
}

template <class Value>
double mean_of(const UnitSpec& unit, Value&& value) {
  double sum = 0;
  for (const Block& block : unit.blocks) sum += value(block);
  return sum / static_cast<double>(unit.blocks.size());
}

/// All choices, and what they cost.
Eigen::RowVectorXd features(const Spec& spec, const ExitMacs& macs) {
  std::vector<double> values = {static_cast<double>(spec.resolution)};
  for (std::size_t s = 0; s < spec.stages.size(); ++s) {
    const StageSpec& stage = spec.stages[s];
    values.push_back(std::log(static_cast<double>(macs.cumulative[s])));
    values.push_back(std::log(stage.stem));
    values.push_back(std::log(stage.head));
    for (const UnitSpec& unit : stage.units) {
      values.push_back(std::log(unit.width));
      values.push_back(static_cast<double>(unit.blocks.size()));
      values.push_back(mean_of(unit, [](const Block& block) { return block.kernel; }));
      values.push_back(mean_of(unit, [](const Block& block) { return block.expand; }));
    }
  }
  return Eigen::Map<Eigen::RowVectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

Eigen::RowVectorXd features(const Space& space, const Spec& spec) {
  return features(spec, exit_macs(lower(space, spec)));
}

/// How far each feature can be from its smallest value.
Eigen::RowVectorXd span(const Space& space) {
  return features(space, largest(space)) - features(space, smallest(space));
}

/// The spread of each feature in centred rows. What all of them share tells nothing about other
/// choices: there it is what two specs at the ends of `span` would have.
Eigen::RowVectorXd scale_of(const Eigen::MatrixXd& centred, const Eigen::RowVectorXd& span) {
  constexpr double kNone = 1e-6;
  Eigen::RowVectorXd scale = centred.array().square().colwise().mean().sqrt().matrix();
  for (Eigen::Index i = 0; i < scale.size(); ++i) {
    if (scale(i) < kNone) scale(i) = span(i) < kNone ? 1 : span(i) / 2;
  }
  return scale;
}

/// In the order of the archive.
std::vector<const Candidate*> most_telling(const Archive& archive, std::size_t most) {
  const auto& candidates = archive.candidates();
  std::vector<bool> is_taken(candidates.size(), false);
  std::size_t count = 0;
  const auto take = [&](std::size_t index) {
    if (count == most || is_taken[index] || !candidates[index]) return;
    is_taken[index] = true;
    ++count;
  };
  for (const std::size_t index : archive.front_candidates()) take(index);
  for (std::size_t index = candidates.size(); index > 0; --index) take(index - 1);
  std::vector<const Candidate*> taken;
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    if (is_taken[index]) taken.push_back(&*candidates[index]);
  }
  return taken;
}

}  // namespace

Eigen::RowVectorXd CurvePredictor::Learnt::likeness(const Eigen::RowVectorXd& x) const {
  const auto size = static_cast<double>(x.size());
  const Eigen::ArrayXd distance = (known.rowwise() - x).rowwise().squaredNorm().array() / size;
  const Eigen::ArrayXd near = (-distance / (2 * kReach * kReach)).exp();
  const Eigen::ArrayXd linear = (known * x.transpose()).array() / size;
  return (linear + near).matrix().transpose();
}

/// By what the others say of each known spec (leave-one-out residuals; Sundararajan and Keerthi
/// 2001): how far off they are, in units of how far off they take themselves to be.
void CurvePredictor::Learnt::set_deviation() {
  const Eigen::VectorXd own = precision.diagonal();
  const Eigen::MatrixXd residuals = weights.array().colwise() / own.array();
  deviation = (residuals.colwise().squaredNorm() / own.cwiseInverse().sum()).cwiseSqrt();
}

double CurvePredictor::Learnt::variance(const Eigen::RowVectorXd& x,
                                        const Eigen::RowVectorXd& near) const {
  const double own = 1 + x.squaredNorm() / static_cast<double>(x.size()) + kRidge;
  return std::max(0.0, own - near.dot(near * precision));
}

CurvePredictor::CurvePredictor(const Space& space, const Archive& archive)
    : space_(space), archive_(archive) {
  const std::vector<const Candidate*> candidates = most_telling(archive, kMostSpecs);
  assert(!candidates.empty());
  const auto rows = static_cast<Eigen::Index>(candidates.size());
  Eigen::MatrixXd x, y(rows, kPoints);
  for (Eigen::Index row = 0; row < rows; ++row) {
    const auto& [spec, evaluation, curve] = *candidates[static_cast<std::size_t>(row)];
    const Eigen::RowVectorXd own = features(spec, evaluation.macs);
    if (row == 0) x.resize(rows, own.size());
    x.row(row) = own;
    for (Eigen::Index point = 0; point < kPoints; ++point) {
      y(row, point) = accuracy_within(curve, cost_at(evaluation.macs, point));
    }
  }
  const auto learnt = std::make_shared<Learnt>();
  learnt->centre = x.colwise().mean();
  x.rowwise() -= learnt->centre;
  learnt->scale = scale_of(x, span(space));
  learnt->known = x.array().rowwise() / learnt->scale.array();
  learnt->mean = y.colwise().mean();
  y.rowwise() -= learnt->mean;
  Eigen::MatrixXd gram(rows, rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    gram.row(row) = learnt->likeness(learnt->known.row(row));
  }
  gram.diagonal().array() += kRidge;
  learnt->precision = gram.ldlt().solve(Eigen::MatrixXd::Identity(rows, rows));
  learnt->weights = learnt->precision * y;
  learnt->set_deviation();
  learnt_ = learnt;
}

std::size_t CurvePredictor::learnt_specs() const {
  return static_cast<std::size_t>(learnt_->known.rows());
}

std::vector<Point> CurvePredictor::curve(const Spec& spec) const {
  const ExitMacs macs = exit_macs(lower(space_, spec));
  const Eigen::RowVectorXd x =
      ((features(spec, macs) - learnt_->centre).array() / learnt_->scale.array()).matrix();
  const Eigen::RowVectorXd near = learnt_->likeness(x);
  const Eigen::RowVectorXd accuracies =
      near * learnt_->weights + learnt_->mean +
      kOptimism * std::sqrt(learnt_->variance(x, near)) * learnt_->deviation;
  std::vector<Point> points;
  for (Eigen::Index point = 0; point < kPoints; ++point) {
    const double accuracy = std::clamp(accuracies(point), 0.0, 1.0);
    points.push_back(archive_.place({Policy{}, accuracy, cost_at(macs, point)}));
  }
  return points;
}

}  // namespace enas4d
