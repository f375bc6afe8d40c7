// What enas4d-eval reports: the outcome of a record on a split, and of an exported network with
// true early exit.
#pragma once

#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "eval/measure.h"
#include "search/record.h"
#include "util/json.h"

namespace enas4d {

/// The record's policy; without one the network runs to its last exit.
Policy policy_of(const Record& record);

/// Extracts, calibrates and measures one spec on `split`. The record gets the outcome of its policy
/// and all that is known then; outcomes that were measured with other weights are dropped.
Record evaluate_record(const SupernetFile& file, const Dataset& data, Split split, Record record);

struct ModelEvaluation {
  Split split = Split::kVal;
  int batch = kEvaluationBatch;  ///< images that enter together
  bool curve = false;  ///< "curve": accuracies over average MACs, of policies fitted on val,
                       ///< applied to the split
  bool time = false;   ///< "time": wall-clock seconds at batch 64 and 1
};

/// The network's record with the outcome of true early exit, and what else was asked for.
Json evaluate_model(const SubnetFile& file, const Dataset& data, const ModelEvaluation& options);

}  // namespace enas4d
