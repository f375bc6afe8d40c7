#include "nn/importance.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include <torch/torch.h>

#include "arch/plan.h"
#include "arch/spec.h"

namespace enas4d {

namespace {

/// Values of the full plan whose channels must move together, as a forest: value -> parent.
class TiedValues {
 public:
  explicit TiedValues(const Plan& plan) : parents_(static_cast<std::size_t>(plan.values)) {
    std::iota(parents_.begin(), parents_.end(), 0);
    for (const Layer& layer : plan.layers) {
      if (layer.role == Role::kDepthwise) tie(layer.output, layer.inputs[0].value);
      if (layer.gated != kNoValue) tie(layer.output, layer.gated);
      if (layer.addend != kNoValue) tie(layer.output, layer.addend);
    }
  }

  /// The value that stands for all that `value` is tied to.
  int root(int value) const {
    while (parents_[static_cast<std::size_t>(value)] != value) {
      value = parents_[static_cast<std::size_t>(value)];
    }
    return value;
  }

 private:
  void tie(int a, int b) { parents_[static_cast<std::size_t>(root(a))] = root(b); }

  std::vector<int> parents_;
};

/// Channels that move together, one entry a channel.
struct Axis {
  std::vector<double> importance;
  std::set<std::int64_t> cuts;  ///< widths that trained specs use: no channel crosses one
};

using Axes = std::map<int, Axis>;  // by root

/// What a dense layer reads, channel by channel: sums of |w| over all else.
void add_importance(const Layer& layer, const torch::Tensor& weight, const TiedValues& tied,
                    Axes& axes) {
  // A depthwise weight is its channel's own, and the norm after it makes its size meaningless.
  if (layer.role == Role::kDepthwise) return;
  const auto sums = weight.abs().sum({0, 2, 3}, /*keepdim=*/false, torch::kDouble).contiguous();
  const double* sum = sums.data_ptr<double>();
  for (int i = 0; i < layer.input_count; ++i) {
    const Input& input = layer.inputs[static_cast<std::size_t>(i)];
    const auto axis = axes.find(tied.root(input.value));
    if (axis == axes.end()) continue;  // the image
    for (int c = 0; c < input.channels; ++c) {
      axis->second.importance[static_cast<std::size_t>(c)] += sum[input.offset + c];
    }
  }
}

std::size_t most_choices(const std::vector<Choices>& stages) {
  std::size_t most = 1;
  for (const Choices& choices : stages) most = std::max(most, choices.size());
  return most;
}

std::size_t most_widths(const Space& space) {
  std::size_t most = std::max(most_choices(space.stem.width), most_choices(space.head.width));
  for (const UnitSpace& unit : space.units) most = std::max(most, most_choices(unit.width));
  return most;
}

std::size_t most_expands(const Space& space) {
  std::size_t most = 1;
  for (const UnitSpace& unit : space.units) most = std::max(most, most_choices(unit.expand));
  return most;
}

/// The largest spec with the width'th width and the expand'th expand everywhere, or the last where
/// there are fewer.
Spec spec_of_choices(const Space& space, std::size_t width, std::size_t expand) {
  const auto pick = [](const Choices& choices, std::size_t index) {
    return choices[std::min(index, choices.size() - 1)];
  };
  Spec spec = largest(space);
  for (std::size_t s = 0; s < spec.stages.size(); ++s) {
    StageSpec& stage = spec.stages[s];
    stage.stem = pick(space.stem.width[s], width);
    stage.head = pick(space.head.width[s], width);
    for (std::size_t u = 0; u < stage.units.size(); ++u) {
      stage.units[u].width = pick(space.units[u].width[s], width);
      for (Block& block : stage.units[u].blocks)
        block.expand = pick(space.units[u].expand[s], expand);
    }
  }
  return spec;
}

/// Every width that a spec of `trained` may give an axis. A group's width follows from one width
/// and one expand at most, so all pairs show them all; layers stand in one order in all these
/// plans, because depths are the largest.
void add_cuts(const Space& space, const Space& trained, const Plan& full, const TiedValues& tied,
              Axes& axes) {
  for (std::size_t width = 0; width < most_widths(trained); ++width) {
    for (std::size_t expand = 0; expand < most_expands(trained); ++expand) {
      const Plan plan = lower(space, spec_of_choices(trained, width, expand));
      for (std::size_t i = 0; i < plan.layers.size(); ++i) {
        const auto axis = axes.find(tied.root(full.layers[i].output));
        if (axis != axes.end()) axis->second.cuts.insert(plan.layers[i].out_channels);
      }
    }
  }
}

torch::Tensor order_of(const Axis& axis) {
  std::vector<std::int64_t> order(axis.importance.size());
  std::iota(order.begin(), order.end(), 0);
  const auto more_important = [&](std::int64_t a, std::int64_t b) {
    return axis.importance[static_cast<std::size_t>(a)] >
           axis.importance[static_cast<std::size_t>(b)];
  };
  std::int64_t begin = 0;
  for (const std::int64_t end : axis.cuts) {
    std::stable_sort(order.begin() + begin, order.begin() + end, more_important);
    begin = end;
  }
  return torch::tensor(order, torch::kLong);
}

Axes find_axes(const Plan& plan, const TiedValues& tied) {
  Axes axes;
  for (const Layer& layer : plan.layers) {
    if (layer.role == Role::kClassifier) continue;  // classes keep their places
    axes[tied.root(layer.output)].importance.resize(static_cast<std::size_t>(layer.out_channels));
  }
  return axes;
}

/// The layer's columns, each input group moved within its own place.
torch::Tensor column_order(const Layer& layer, const TiedValues& tied,
                           const std::map<int, torch::Tensor>& orders) {
  torch::Tensor columns = torch::arange(layer.full_in_channels, torch::kLong);
  for (int i = 0; i < layer.input_count; ++i) {
    const Input& input = layer.inputs[static_cast<std::size_t>(i)];
    const auto order = orders.find(tied.root(input.value));
    if (order == orders.end()) continue;
    columns.narrow(0, input.offset, input.channels).copy_(order->second + input.offset);
  }
  return columns;
}

ChannelOrder parameter_orders(const Plan& plan, const TiedValues& tied,
                              const std::map<int, torch::Tensor>& orders) {
  ChannelOrder result;
  for (const Layer& layer : plan.layers) {
    const auto own = orders.find(tied.root(layer.output));
    const torch::Tensor rows = own == orders.end() ? torch::Tensor() : own->second;
    for (const ParameterShape& parameter : supernet_parameters(layer)) {
      if (parameter.suffix.rfind("_kernel", 0) == 0) continue;  // one matrix for all channels
      ParameterOrder& order = result[layer_name(layer) + parameter.suffix];
      order.rows = rows;
      if (parameter.suffix == "_weight" && layer.role != Role::kDepthwise) {
        order.columns = column_order(layer, tied, orders);
      }
    }
  }
  return result;
}

}  // namespace

ChannelOrder importance_order(const Space& space, const Space& trained,
                              const NamedTensors& weights) {
  const Plan plan = full_plan(space);
  const TiedValues tied(plan);
  Axes axes = find_axes(plan, tied);
  for (const Layer& layer : plan.layers) {
    add_importance(layer, weights.at(layer_name(layer) + "_weight"), tied, axes);
  }
  add_cuts(space, trained, plan, tied, axes);
  std::map<int, torch::Tensor> orders;
  for (const auto& [root, axis] : axes) orders[root] = order_of(axis);
  return parameter_orders(plan, tied, orders);
}

void reorder(const ChannelOrder& order, const NamedTensors& tensors) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, parameter] : order) {
    torch::Tensor tensor = tensors.at(name);
    torch::Tensor moved = tensor;
    if (parameter.rows.defined()) moved = moved.index_select(0, parameter.rows);
    if (parameter.columns.defined()) moved = moved.index_select(1, parameter.columns);
    if (!moved.is_same(tensor)) tensor.copy_(moved);
  }
}

}  // namespace enas4d
