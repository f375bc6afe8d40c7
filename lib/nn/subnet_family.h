// Networks of one supernet that share first stages, run side by side: what equal prefixes compute
// is computed once. Causality makes that exact: a family's logits and statistics are bit
// by bit those of each network alone.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <torch/types.h>

#include "arch/spec.h"
#include "nn/calibration.h"
#include "nn/dataflow.h"
#include "nn/subnet.h"
#include "nn/supernet.h"

namespace enas4d {

class SubnetFamily {
 public:
  /// `specs`, one or more of one resolution, lie in the supernet's space or in a prefix of it.
  SubnetFamily(const Supernet& supernet, std::vector<Spec> specs);

  std::size_t size() const { return specs_.size(); }
  const Plan& plan(std::size_t member) const { return subnets_[member].plan(); }

  /// As Subnet::calibrate: of every member, in one pass over the images.
  void calibrate(const std::function<torch::Tensor()>& next);

  /// Exits that differ: one for each prefix. Members with equal prefixes share them.
  std::size_t exits() const { return nodes_.size(); }
  int stage_of(std::size_t exit) const { return nodes_[exit].stage; }
  /// The exits of a member, stage by stage.
  const std::vector<std::size_t>& exits_of(std::size_t member) const { return paths_[member]; }

  /// The logits, N x classes, of every exit. Needs statistics.
  std::vector<torch::Tensor> forward(const torch::Tensor& images) const;

 private:
  /// A prefix that some members share, by its last stage.
  struct Node {
    int stage;
    std::vector<std::size_t> members, children;
  };
  using Nodes = std::vector<std::size_t>;

  Nodes divide(const std::vector<std::size_t>& members, int stage);
  const Subnet& leader(std::size_t node) const { return subnets_[nodes_[node].members.front()]; }
  void calibrate_below(const Nodes& nodes, const Values& values,
                       std::vector<PooledStatistics>& statistics) const;
  void run_below(
      const Nodes& nodes, const Subnet::Run& run,
      const std::function<void(std::size_t node, const torch::Tensor& logits)>& use) const;

  std::vector<Spec> specs_;
  std::vector<Subnet> subnets_;
  std::vector<Node> nodes_;
  Nodes roots_;
  std::vector<Nodes> paths_;  ///< per member: its nodes, stage by stage
};

}  // namespace enas4d
