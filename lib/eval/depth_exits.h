// A control for exits along width: the usual ones along depth. A static network gets classifiers
// behind its units, which are trained while the network stays as it is (as BranchyNet or SDN, on a
// frozen backbone).
#pragma once

#include <cstdint>

#include "data/dataset.h"
#include "nn/subnet.h"
#include "policy/exit_table.h"
#include "util/exit_macs.h"

namespace enas4d {

struct DepthExits {
  ExitMacs macs;  ///< trunk up to each unit and the classifiers that ran
  /// Exits behind units, and the network's own last one: on val, and on the split asked for.
  ExitTable val, measured;
};

/// Classifiers (global average pool, linear) behind the last units of `subnet`, as many as a policy
/// has thresholds for, trained on the whole train split after the evaluation transform. Throws
/// NotFinite.
DepthExits depth_exits(const Subnet& subnet, const Dataset& data, Split split, std::uint64_t seed);

}  // namespace enas4d
