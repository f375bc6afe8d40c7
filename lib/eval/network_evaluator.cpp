#include "eval/network_evaluator.h"

#include "eval/measure.h"

namespace enas4d {

NetworkEvaluator::NetworkEvaluator(const Supernet& supernet, const Dataset& data,
                                   const StopFlag& stop)
    : supernet_(supernet), data_(data), stop_(stop) {}

bool NetworkEvaluator::evaluate(const std::vector<Spec>& specs, const Done& done) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (stop_.raised()) return false;
    const Plan plan = lower(supernet_->space(), specs[i]);
    const Subnet subnet = extract_calibrated(supernet_, plan, data_);
    done(i, {measure(subnet, data_, Split::kVal), exit_macs(plan), parameters(plan)});
  }
  return true;
}

}  // namespace enas4d
