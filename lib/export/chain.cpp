#include "export/chain.h"

#include <algorithm>

#include <fmt/format.h>

namespace enas4d {
namespace {

/// The layers that run under `policy`, stage by stage.
std::vector<std::vector<std::size_t>> layers_by_link(const Plan& plan, const Policy& policy) {
  std::vector<std::vector<std::size_t>> links;
  std::size_t layer = 0;
  for (int stage = 0; stage <= policy.exit.value_or(plan.stages - 1); ++stage) {
    if (links.empty() || !policy.exit) links.emplace_back();
    const bool skips_head = policy.exit && stage < *policy.exit;
    for (; layer < at(plan.stage_end[at(stage)]); ++layer) {
      if (!skips_head || !is_head(plan.layers[layer].role)) links.back().push_back(layer);
    }
  }
  return links;
}

void add_once(std::vector<int>& values, int value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

}  // namespace

std::vector<Link> chain_of(const Plan& plan, const Policy& policy) {
  std::vector<Link> chain;
  std::vector<std::size_t> maker(at(plan.values));  // link that makes a value
  for (auto& layers : layers_by_link(plan, policy)) {
    const std::size_t index = chain.size();
    chain.push_back({std::move(layers), {0}, {}});
    for (const std::size_t l : chain.back().layers) {
      const Layer& layer = plan.layers[l];
      for_each_read(layer, [&](int value) {
        if (value == 0 || maker[at(value)] == index) return;
        add_once(chain[index].takes, value);
        add_once(chain[maker[at(value)]].gives, value);
      });
      maker[at(layer.output)] = index;
      if (layer.role == Role::kClassifier) chain[index].gives.push_back(layer.output);
    }
  }
  return chain;
}

Link all_exits_of(const Plan& plan, const Policy& policy) {
  Link whole{{}, {0}, {}};
  for (const Link& link : chain_of(plan, policy)) {
    whole.layers.insert(whole.layers.end(), link.layers.begin(), link.layers.end());
    whole.gives.push_back(link.gives.front());
  }
  return whole;
}

std::vector<std::string> value_names(const Plan& plan) {
  std::vector<std::string> names(at(plan.values));
  names[0] = "image";
  for (const Layer& layer : plan.layers) {
    names[at(layer.output)] = layer.role == Role::kClassifier
                                  ? fmt::format("logits{}", layer.stage + 1)
                                  : layer_name(layer);
  }
  return names;
}

std::vector<ValueShape> value_shapes(const Plan& plan) {
  std::vector<ValueShape> shapes(at(plan.values));
  shapes[0] = {plan.channels, plan.resolution};
  for (const Layer& layer : plan.layers) {
    const int size = layer.gated != kNoValue ? shapes[at(layer.gated)].size
                     : is_pooled(layer.role) ? 1
                                             : layer.out_size;
    shapes[at(layer.output)] = {layer.out_channels, size};
  }
  return shapes;
}

}  // namespace enas4d
