#include "nn/subnet.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "nn/calibration.h"
#include "nn/dataflow.h"
#include "nn/depthwise.h"
#include "nn/folded.h"
#include "nn/layout.h"
#include "nn/norm_activation.h"
#include "nn/pointwise.h"
#include "nn/serial_section.h"
#include "nn/shared_weights.h"
#include "nn/slices.h"
#include "util/error.h"

namespace enas4d {

/// Convolutions as they run at inference: the norm folded in, so that a layer is one convolution
/// and one activation.
struct Subnet::Prepared {
  std::vector<torch::Tensor> weight;  ///< per layer of the plan
  std::vector<torch::Tensor> bias;
};

namespace {

void check_weights(const Plan& plan, const NamedTensors& weights, const std::string& place) {
  for (const Layer& layer : plan.layers) {
    for (const ParameterShape& parameter : subnet_parameters(layer)) {
      const std::string name = layer_name(layer) + parameter.suffix;
      const auto found = weights.find(name);
      const bool statistic = parameter.suffix == "_norm_mean" || parameter.suffix == "_norm_var";
      if (found == weights.end()) {
        if (statistic) continue;
        throw bad_input(place, fmt::format("has no tensor '{}'", name));
      }
      if (found->second.sizes() != torch::IntArrayRef(parameter.shape)) {
        throw bad_input(place, fmt::format("tensor '{}' must have shape [{}], has [{}]", name,
                                           fmt::join(parameter.shape, ", "),
                                           fmt::join(found->second.sizes().vec(), ", ")));
      }
    }
  }
}

/// Multiply-accumulates of a layer below which a second thread costs more than it does: few samples
/// of a batch go on, and their layers take microseconds. (scripts/bench eval: time_over_macs_*)
constexpr std::int64_t kSerialLayerMacs = 1000000;

/// Are the layers of `range`, on average, that small for `images`?
bool is_small(const Plan& plan, const LayerRange& range, std::int64_t images) {
  std::int64_t sum = 0;
  for (std::size_t l = range.first; l < range.last; ++l) sum += macs(plan.layers[l]);
  return images * sum < kSerialLayerMacs * static_cast<std::int64_t>(range.last - range.first);
}

torch::Tensor prepared_weight(const Layer& layer, const torch::Tensor& weight) {
  if (layer.role == Role::kDepthwise) return packed_depthwise(weight);
  if (layer.role == Role::kStem) return weight.contiguous(kChannelsLast);
  return packed_pointwise(weight);
}

}  // namespace

Subnet::Subnet(Plan plan, NamedTensors weights, const std::string& place)
    : plan_(std::move(plan)), weights_(std::move(weights)), last_use_(last_uses(plan_)) {
  check_weights(plan_, weights_, place);
  prepare();
}

void Subnet::prepare() {
  const torch::NoGradGuard no_grad;
  auto prepared = std::make_shared<Prepared>();
  for (const Layer& layer : plan_.layers) {
    if (has_norm(layer.role) && weights_.count(layer_name(layer) + "_norm_mean") == 0) {
      return;  // not calibrated yet
    }
    const FoldedLayer folded = fold(layer, weights_);
    prepared->weight.push_back(prepared_weight(layer, folded.weight));
    prepared->bias.push_back(folded.bias);
  }
  prepared_ = std::move(prepared);
}

void Subnet::calibrate(const std::function<torch::Tensor()>& next,
                       const std::function<void(const torch::Tensor& sums)>& pool) {
  PooledStatistics statistics(plan_, {0, plan_.layers.size()});
  for (torch::Tensor images = next(); images.defined(); images = next()) {
    statistics.count(images.size(0));
    Values values = begin_values(plan_, images);
    for (int stage = 0; stage < plan_.stages; ++stage) calibrate_stage(stage, values, statistics);
  }
  if (pool) pool(statistics.sums());
  NamedTensors measured;
  statistics.write(measured);
  set_statistics(measured);
}

void Subnet::calibrate_stage(int stage, Values& values, PooledStatistics& statistics) const {
  const torch::NoGradGuard no_grad;
  const LayerRange layers = stage_layers(plan_, stage);
  for (std::size_t l = layers.first; l < layers.last; ++l) {
    const Layer& layer = plan_.layers[l];
    if (is_head(layer.role)) continue;  // no norm, and nothing reads it
    const std::string name = layer_name(layer);
    run_layer(layer, values, [&](const Layer&, const std::vector<torch::Tensor>& x) {
      const torch::Tensor& weight = weights_.at(name + "_weight");
      if (!has_norm(layer.role))
        return activate(layer.activation, convolve(layer, x, weight, weights_.at(name + "_bias")));
      const NormedBatch normed = norm_activation_with_statistics(
          convolve(layer, x, weight, {}),
          {weights_.at(name + "_norm_weight"), weights_.at(name + "_norm_bias")}, layer.activation);
      statistics.add(name, normed);
      return normed.y;
    });
    release(layer, l, last_use_, values);
  }
}

void Subnet::set_statistics(const NamedTensors& statistics) {
  for (const auto& [name, values] : statistics) weights_[name] = values;
  prepare();
}

void Subnet::retain_for(const Subnet& other, int stages) {
  const Layer& last = plan_.layers[stage_layers(plan_, stages - 1).last - 1];
  for (std::size_t value = 0; value <= static_cast<std::size_t>(last.output); ++value) {
    last_use_[value] = std::max(last_use_[value], other.last_use_[value]);
  }
}

namespace {

/// A layer's convolution, norm, activation and residual in one pass.
torch::Tensor infer_convolution(const Layer& layer, const torch::Tensor& weight,
                                const torch::Tensor& bias, const Values& values) {
  const auto inputs = gather_inputs(layer, values);
  if (layer.role == Role::kDepthwise) return infer_depthwise(layer, inputs[0], weight, bias);
  if (layer.role != Role::kStem) {
    const bool adds = layer.addend != kNoValue;
    return infer_pointwise(
        inputs, {weight, bias, layer.activation,
                 adds ? values[static_cast<std::size_t>(layer.addend)] : torch::Tensor()});
  }
  return activate(layer.activation, convolve(layer, inputs, weight, bias))
      .contiguous(kChannelsLast);
}

void infer_layer(const Layer& layer, const torch::Tensor& weight, const torch::Tensor& bias,
                 Values& values) {
  torch::Tensor y = infer_convolution(layer, weight, bias, values);
  if (layer.gated != kNoValue) y = excite(values[static_cast<std::size_t>(layer.gated)], y);
  if (is_pooled(layer.role)) y = spatial_mean(y);
  values[static_cast<std::size_t>(layer.output)] = y;
}

}  // namespace

Subnet::Run::Run(const Subnet& subnet, const torch::Tensor& images)
    : subnet_(&subnet), values_(begin_values(subnet.plan_, images)), images_(images.size(0)) {
  TORCH_CHECK(subnet.prepared_ != nullptr, "subnet was not calibrated");
}

torch::Tensor Subnet::Run::next_stage(Head head) {
  const c10::InferenceMode inference;
  const Plan& plan = subnet_->plan_;
  const Prepared& prepared = *subnet_->prepared_;
  const LayerRange range = stage_layers(plan, stage_);
  const SerialSection serial(is_small(plan, range, images_) ? Threads::kOne : Threads::kAll);
  ++stage_;
  torch::Tensor logits;
  for (std::size_t l = range.first; l < range.last; ++l) {
    const Layer& layer = plan.layers[l];
    if (head == Head::kSkip && is_head(layer.role)) continue;
    infer_layer(layer, prepared.weight[l], prepared.bias[l], values_);
    if (layer.role == Role::kClassifier)
      logits = flat_logits(values_[static_cast<std::size_t>(layer.output)]);
    release(layer, l, subnet_->last_use_, values_);
  }
  return logits;
}

Subnet::Run Subnet::Run::continued_as(const Subnet& other) const {
  Run run = *this;
  run.subnet_ = &other;
  run.values_.resize(static_cast<std::size_t>(other.plan_.values));
  return run;
}

void Subnet::Run::keep(const torch::Tensor& rows) {
  const torch::NoGradGuard no_grad;
  images_ = rows.numel();
  for (torch::Tensor& value : values_) {
    // Through a view of the memory's own order: index_select answers in NCHW, and every later
    // layer would run, slowly, in that layout.
    if (value.defined())
      value = value.permute({0, 2, 3, 1}).index_select(0, rows).permute({0, 3, 1, 2});
  }
}

Exits Subnet::forward(const torch::Tensor& images) const {
  std::vector<JoinedSlices> exits(static_cast<std::size_t>(plan_.stages));
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    Run run(*this, slice);
    for (JoinedSlices& exit : exits) exit.add(first, run.next_stage());
  });
  Exits result;
  for (const JoinedSlices& exit : exits) result.logits.push_back(exit.joined());
  return result;
}

torch::Tensor Subnet::forward_fixed(const torch::Tensor& images, int exit) const {
  JoinedSlices logits;
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    Run run(*this, slice);
    for (int s = 0; s < exit; ++s) run.next_stage(Head::kSkip);
    logits.add(first, run.next_stage());
  });
  return logits.joined();
}

std::vector<torch::Tensor> Subnet::unit_means(const torch::Tensor& images) const {
  const c10::InferenceMode inference;
  // The last projection of a unit in a stage is followed by another unit's layer, or the head.
  const auto ends_unit = [&](std::size_t l) {
    return plan_.layers[l].role == Role::kProject &&
           plan_.layers[l].unit != plan_.layers[l + 1].unit;
  };
  std::map<int, std::vector<torch::Tensor>> units;
  Values values = begin_values(plan_, images);
  for (std::size_t l = 0; l < plan_.layers.size(); ++l) {
    const Layer& layer = plan_.layers[l];
    if (layer.role != Role::kFinal && !is_head(layer.role)) {
      infer_layer(layer, prepared_->weight[l], prepared_->bias[l], values);
    }
    if (ends_unit(l)) {
      units[layer.unit].push_back(
          spatial_mean(values[static_cast<std::size_t>(layer.output)]).flatten(1));
    }
    release(layer, l, last_use_, values);
  }
  std::vector<torch::Tensor> means;
  for (const auto& [unit, groups] : units) means.push_back(torch::cat(groups, 1));
  return means;
}

Subnet extract(const Supernet& supernet, const Plan& plan) {
  const torch::NoGradGuard no_grad;
  NamedTensors weights;
  for (const Layer& layer : plan.layers) {
    const LayerWeights shared = supernet->layer_weights(layer);
    const std::string name = layer_name(layer);
    const auto copy = [&](const char* suffix, const torch::Tensor& tensor) {
      if (tensor.defined())
        weights[name + suffix] = tensor.detach().clone(torch::MemoryFormat::Contiguous);
    };
    copy("_weight", shared.weight);
    copy("_bias", shared.bias);
    copy("_norm_weight", shared.norm_weight);
    copy("_norm_bias", shared.norm_bias);
  }
  return Subnet(plan, std::move(weights), "extracted subnet");
}

}  // namespace enas4d
