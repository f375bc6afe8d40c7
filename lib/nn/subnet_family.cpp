#include "nn/subnet_family.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <torch/torch.h>

#include "nn/slices.h"

namespace enas4d {

SubnetFamily::SubnetFamily(const Supernet& supernet, std::vector<Spec> specs)
    : specs_(std::move(specs)), paths_(specs_.size()) {
  TORCH_CHECK(!specs_.empty(), "a family has members");
  for (const Spec& spec : specs_) {
    TORCH_CHECK(spec.resolution == specs_.front().resolution, "a family has one resolution");
    const int stages = static_cast<int>(spec.stages.size());
    subnets_.push_back(extract(supernet, lower(prefix(supernet->space(), stages), spec)));
  }
  std::vector<std::size_t> all(specs_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  roots_ = divide(all, 0);
}

/// The nodes of `stage` for members that share the stages before it.
SubnetFamily::Nodes SubnetFamily::divide(const std::vector<std::size_t>& members, int stage) {
  const auto s = static_cast<std::size_t>(stage);
  Nodes nodes;
  for (const std::size_t member : members) {
    if (specs_[member].stages.size() <= s) continue;
    const StageSpec& own = specs_[member].stages[s];
    const auto found = std::find_if(nodes.begin(), nodes.end(), [&](std::size_t node) {
      return specs_[nodes_[node].members.front()].stages[s] == own;
    });
    const std::size_t node = found == nodes.end() ? nodes_.size() : *found;
    if (found == nodes.end()) {
      nodes.push_back(node);
      nodes_.push_back({stage, {}, {}});
    }
    nodes_[node].members.push_back(member);
    paths_[member].push_back(node);
  }
  for (const std::size_t node : nodes) {
    const std::vector<std::size_t> sharing = nodes_[node].members;
    for (const std::size_t member : sharing) {
      subnets_[sharing.front()].retain_for(subnets_[member], stage + 1);
    }
    Nodes children = divide(sharing, stage + 1);  // nodes_ grows meanwhile
    nodes_[node].children = std::move(children);
  }
  return nodes;
}

void SubnetFamily::calibrate(const std::function<torch::Tensor()>& next) {
  std::vector<PooledStatistics> statistics;
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    const Plan& plan = leader(node).plan();
    statistics.emplace_back(plan, stage_layers(plan, nodes_[node].stage));
  }
  for (torch::Tensor images = next(); images.defined(); images = next()) {
    for (PooledStatistics& node : statistics) node.count(images.size(0));
    calibrate_below(roots_, begin_values(subnets_.front().plan(), images), statistics);
  }
  for (std::size_t member = 0; member < size(); ++member) {
    NamedTensors measured;
    for (const std::size_t node : paths_[member]) statistics[node].write(measured);
    subnets_[member].set_statistics(measured);
  }
}

void SubnetFamily::calibrate_below(const Nodes& nodes, const Values& values,
                                   std::vector<PooledStatistics>& statistics) const {
  for (const std::size_t node : nodes) {
    Values own = values;
    own.resize(static_cast<std::size_t>(leader(node).plan().values));
    leader(node).calibrate_stage(nodes_[node].stage, own, statistics[node]);
    calibrate_below(nodes_[node].children, own, statistics);
  }
}

std::vector<torch::Tensor> SubnetFamily::forward(const torch::Tensor& images) const {
  std::vector<JoinedSlices> exits(nodes_.size());
  for_each_slice(images, [&](std::int64_t first, const torch::Tensor& slice) {
    run_below(
        roots_, Subnet::Run(subnets_.front(), slice),
        [&](std::size_t node, const torch::Tensor& logits) { exits[node].add(first, logits); });
  });
  std::vector<torch::Tensor> logits;
  for (const JoinedSlices& exit : exits) logits.push_back(exit.joined());
  return logits;
}

void SubnetFamily::run_below(
    const Nodes& nodes, const Subnet::Run& run,
    const std::function<void(std::size_t node, const torch::Tensor& logits)>& use) const {
  for (const std::size_t node : nodes) {
    Subnet::Run own = run.continued_as(leader(node));
    use(node, own.next_stage());
    run_below(nodes_[node].children, own, use);
  }
}

}  // namespace enas4d
