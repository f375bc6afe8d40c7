#include "nn/subnet.h"

#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "nn/dataflow.h"
#include "nn/depthwise.h"
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
  std::vector<std::size_t> last_use;  ///< per value: the last layer that reads it
};

namespace {

/// Sums of every norm over calibration batches, in double and in one flat tensor: pooled statistics
/// are exact whatever the batches, and whichever process saw them.
class PooledStatistics {
 public:
  explicit PooledStatistics(const Plan& plan) {
    std::int64_t size = 1;
    for (const Layer& layer : plan.layers) {
      if (has_norm(layer.role)) size += 2 * layer.out_channels;
    }
    sums_ = torch::zeros({size}, torch::kDouble);
    std::int64_t first = 1;
    for (const Layer& layer : plan.layers) {
      if (!has_norm(layer.role)) continue;
      norms_[layer_name(layer)] = sums_.narrow(0, first, 2 * layer.out_channels).view({2, -1});
      first += 2 * layer.out_channels;
    }
  }

  void count(std::int64_t images) { sums_[0] += images; }
  void add(const std::string& norm, const torch::Tensor& mean, const torch::Tensor& var,
           std::int64_t images) {
    const auto m = mean.to(torch::kDouble);
    const auto weight = static_cast<double>(images);
    norms_.at(norm) += weight * torch::stack({m, var.to(torch::kDouble) + m * m});
  }

  const torch::Tensor& sums() const { return sums_; }

  /// Writes every norm's mean and variance among `weights`.
  void write(NamedTensors& weights) const {
    for (const auto& [name, sums] : norms_) {
      const auto means = sums / sums_[0];
      weights[name + "_norm_mean"] = means[0].to(torch::kFloat);
      weights[name + "_norm_var"] = (means[1] - means[0] * means[0]).clamp_min(0).to(torch::kFloat);
    }
  }

 private:
  torch::Tensor sums_;  ///< the number of images, then each norm's means and squares, weighted
  std::map<std::string, torch::Tensor> norms_;  ///< views of sums_: 2 x channels
};

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

std::vector<std::size_t> last_uses(const Plan& plan) {
  std::vector<std::size_t> result(static_cast<std::size_t>(plan.values), 0);
  for (std::size_t l = 0; l < plan.layers.size(); ++l) {
    const Layer& layer = plan.layers[l];
    const auto use = [&](int value) {
      if (value != kNoValue) result[static_cast<std::size_t>(value)] = l;
    };
    for (int i = 0; i < layer.input_count; ++i)
      use(layer.inputs[static_cast<std::size_t>(i)].value);
    use(layer.gated);
    use(layer.addend);
  }
  return result;
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
  if (layer.role == Role::kStem) return weight.contiguous(torch::MemoryFormat::ChannelsLast);
  return packed_pointwise(weight);
}

bool is_head(Role role) {
  return role == Role::kFeatures || role == Role::kClassifier;
}

}  // namespace

Subnet::Subnet(Plan plan, NamedTensors weights, const std::string& place)
    : plan_(std::move(plan)), weights_(std::move(weights)) {
  check_weights(plan_, weights_, place);
  prepare();
}

void Subnet::prepare() {
  const torch::NoGradGuard no_grad;
  auto prepared = std::make_shared<Prepared>();
  prepared->last_use = last_uses(plan_);
  for (const Layer& layer : plan_.layers) {
    const std::string name = layer_name(layer);
    torch::Tensor weight = weights_.at(name + "_weight");
    torch::Tensor bias;
    if (!has_norm(layer.role)) {
      bias = weights_.at(name + "_bias");
    } else {
      if (weights_.count(name + "_norm_mean") == 0) return;  // not calibrated yet
      const auto scale = weights_.at(name + "_norm_weight") /
                         torch::sqrt(weights_.at(name + "_norm_var") + kNormEpsilon);
      bias = weights_.at(name + "_norm_bias") - weights_.at(name + "_norm_mean") * scale;
      weight = weight * scale.view({-1, 1, 1, 1});
    }
    prepared->weight.push_back(prepared_weight(layer, weight));
    prepared->bias.push_back(bias);
  }
  prepared_ = std::move(prepared);
}

void Subnet::calibrate(const std::function<torch::Tensor()>& next,
                       const std::function<void(const torch::Tensor& sums)>& pool) {
  const torch::NoGradGuard no_grad;
  PooledStatistics statistics(plan_);
  for (torch::Tensor images = next(); images.defined(); images = next()) {
    statistics.count(images.size(0));
    Values values = begin_values(plan_, images);
    for (const Layer& layer : plan_.layers) {
      if (is_head(layer.role)) continue;
      const std::string name = layer_name(layer);
      run_layer(layer, values, [&](const Layer&, const std::vector<torch::Tensor>& x) {
        if (!has_norm(layer.role)) {
          return activate(layer.activation, convolve(layer, x, weights_.at(name + "_weight"),
                                                     weights_.at(name + "_bias")));
        }
        const auto y = convolve(layer, x, weights_.at(name + "_weight"), {});
        const NormedBatch normed = norm_activation_with_statistics(
            y, {weights_.at(name + "_norm_weight"), weights_.at(name + "_norm_bias")},
            layer.activation);
        statistics.add(name, normed.mean, normed.var, images.size(0));
        return normed.y;
      });
    }
  }
  if (pool) pool(statistics.sums());
  statistics.write(weights_);
  prepare();
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
      .contiguous(torch::MemoryFormat::ChannelsLast);
}

void infer_layer(const Layer& layer, const torch::Tensor& weight, const torch::Tensor& bias,
                 Values& values) {
  torch::Tensor y = infer_convolution(layer, weight, bias, values);
  if (layer.gated != kNoValue) y = values[static_cast<std::size_t>(layer.gated)] * y;
  if (is_pooled(layer.role)) y = spatial_mean(y);
  values[static_cast<std::size_t>(layer.output)] = y;
}

}  // namespace

Subnet::Run::Run(const Subnet& subnet, const torch::Tensor& images)
    : subnet_(subnet), values_(begin_values(subnet.plan_, images)), images_(images.size(0)) {
  TORCH_CHECK(subnet.prepared_ != nullptr, "subnet was not calibrated");
}

torch::Tensor Subnet::Run::next_stage(Head head) {
  const c10::InferenceMode inference;
  const LayerRange range = stage_layers(subnet_.plan_, stage_);
  const SerialSection serial(is_small(subnet_.plan_, range, images_));
  ++stage_;
  torch::Tensor logits;
  for (std::size_t l = range.first; l < range.last; ++l) {
    const Layer& layer = subnet_.plan_.layers[l];
    if (head == Head::kSkip && is_head(layer.role)) continue;
    infer_layer(layer, subnet_.prepared_->weight[l], subnet_.prepared_->bias[l], values_);
    if (layer.role == Role::kClassifier)
      logits = flat_logits(values_[static_cast<std::size_t>(layer.output)]);
    release(layer, l);
  }
  return logits;
}

void Subnet::Run::release(const Layer& layer, std::size_t index) {
  const auto drop = [&](int value) {
    if (value != kNoValue &&
        subnet_.prepared_->last_use[static_cast<std::size_t>(value)] <= index) {
      values_[static_cast<std::size_t>(value)].reset();
    }
  };
  for (int i = 0; i < layer.input_count; ++i) drop(layer.inputs[static_cast<std::size_t>(i)].value);
  drop(layer.gated);
  drop(layer.addend);
  drop(layer.output);  // only logits: nobody reads them
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

namespace {

/// The parts' logits, in the batch's order; a normal tensor, whatever it was made under.
torch::Tensor joined(const std::map<std::int64_t, torch::Tensor>& parts) {
  if (parts.size() == 1) return parts.begin()->second.clone();
  std::vector<torch::Tensor> ordered;
  ordered.reserve(parts.size());
  for (const auto& [first, logits] : parts) ordered.push_back(logits);
  return torch::cat(ordered);
}

}  // namespace

Exits Subnet::forward(const torch::Tensor& images) const {
  std::vector<std::map<std::int64_t, torch::Tensor>> parts(static_cast<std::size_t>(plan_.stages));
  std::mutex mutex;
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    Run run(*this, slice);
    for (auto& exit : parts) {
      const torch::Tensor logits = run.next_stage();
      const std::lock_guard<std::mutex> lock(mutex);
      exit[first] = logits;
    }
  });
  const torch::NoGradGuard no_grad;
  Exits exits;
  for (const auto& exit : parts) exits.logits.push_back(joined(exit));
  return exits;
}

torch::Tensor Subnet::forward_fixed(const torch::Tensor& images, int exit) const {
  std::map<std::int64_t, torch::Tensor> parts;
  std::mutex mutex;
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    Run run(*this, slice);
    for (int s = 0; s < exit; ++s) run.next_stage(Head::kSkip);
    const torch::Tensor logits = run.next_stage();
    const std::lock_guard<std::mutex> lock(mutex);
    parts[first] = logits;
  });
  const torch::NoGradGuard no_grad;
  return joined(parts);
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
