// The parts of an evaluation that tell how far its figures can be believed.
#pragma once

#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "policy/exit_table.h"
#include "util/json.h"

namespace enas4d {

/// Whether the average MACs that thresholds were fitted to on val were kept on test: both, the 95 %
/// interval around the first (sampling error of both splits), and whether the second lies in it.
Json transfer_json(const Outcome& val, const Outcome& test, const Policy& policy,
                   const ExitMacs& macs);

/// Of the network's policy on a split: per exit accuracy, top-5 accuracy where there are more
/// classes than that, MACs and calibration error; per class accuracy and exit shares; bootstrap
/// intervals; what an oracle and random exits would give.
Json report_json(const SubnetFile& file, const Dataset& data, const ExitTable& table, Split split);

}  // namespace enas4d
