// Weights on disk: supernet.safetensors (what eval, search and export read) and subnet.safetensors
// (one network, ready to run). Every name, dtype and shape is compared before any tensor is
// touched.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.h"
#include "nn/subnet.h"
#include "nn/supernet.h"
#include "policy/exit_table.h"
#include "search/record.h"
#include "util/json.h"

namespace enas4d {

/// A supernet as it is read back, with what a result made from it must name.
struct SupernetFile {
  Supernet supernet{nullptr};
  DataDescription data;
  std::string space_hash;
  std::string hash;  ///< of the file: the cache key "checkpoint"
};

/// Reads supernet.safetensors or checkpoint.safetensors (with EMA its averaged weights).
SupernetFile load_supernet(const std::string& path);

/// `weights` as supernet_weights() gives them (or their average); `training`: recipe, epochs, seed,
/// for people to read.
void save_supernet(const std::string& path, const Space& space, const NamedTensors& weights,
                   const DataDescription& data, const Json& training);

/// The epoch in `training` of supernet.safetensors; 0 where it says none.
int trained_epochs(const std::string& path);

/// All parameters by name, detached.
NamedTensors supernet_weights(const Supernet& supernet);

struct SubnetFile {
  Subnet subnet;
  Space space;
  Record record;  ///< spec, policy, MACs, val outcome, hashes
  DataDescription data;
  std::string hash;  ///< of the file
};

SubnetFile load_subnet(const std::string& path);
void save_subnet(const std::string& path, const Subnet& subnet, const Space& space,
                 const Record& record, const DataDescription& data);

}  // namespace enas4d
