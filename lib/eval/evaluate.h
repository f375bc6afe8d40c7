// What enas4d-eval reports: the outcome of a record on a split, and of an exported network with
// true early exit.
#pragma once

#include <cstdint>

#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "eval/early_exit.h"
#include "eval/measure.h"
#include "policy/exit_table.h"
#include "search/record.h"
#include "util/json.h"

namespace enas4d {

/// The record's policy; without one the network runs to its last exit.
Policy policy_of(const Record& record);

/// The record with all that is known before its network runs: MACs, policy, and the hashes of these
/// weights and images. What was measured with others, by the hashes that it came with, is dropped.
Record completed(Record record, const SupernetFile& file, const Plan& plan, const Dataset& data);

/// Whether the record says that its figures were measured with these weights.
bool is_measured_with(const Record& record, const SupernetFile& file);

/// Whether the record has thresholds for the confidences of other weights than these.
bool has_thresholds_of_others(const Record& record, const SupernetFile& file);

/// Extracts, calibrates and measures one spec on `split`: the record is completed and gets the
/// outcome of its policy, or `failure` if the network cannot be measured.
Record evaluate_record(const SupernetFile& file, const Dataset& data, Split split, Record record);

/// A control for the record's network: of its static child (stages up to its fixed exit, or all)
/// with exits along depth (eval/depth_exits.h) the curve of policies fitted on val and applied to
/// the split, as "curve" of evaluate_model.
Json depth_curve(const SupernetFile& file, const Dataset& data, Split split, const Record& record);

/// The network with thresholds fitted anew, on val, for an average of at most `average_macs`; its
/// record says what they give there. Throws Error (impossible) with the reachable range.
void fit_policy(SubnetFile& file, const Dataset& data, Confidence confidence, double average_macs);

struct ModelEvaluation {
  Split split = Split::kVal;
  int batch = kEvaluationBatch;  ///< images that enter together
  bool curve = false;   ///< "curve": accuracies over average MACs, of policies fitted on val,
                        ///< applied to the split; and "geometric_curve", as published ones are made
  bool time = false;    ///< "time": wall-clock seconds at batch 64 and 1
  bool report = false;  ///< "report": exits, classes, intervals, oracle and random exits; with it
                        ///< and with times "peak_mib"
};

struct ModelResult {
  Json json;         ///< the record with the outcome of true early exit, and what was asked for
  EarlyExitRun run;  ///< image by image
};
ModelResult evaluate_model(const SubnetFile& file, const Dataset& data,
                           const ModelEvaluation& options);

/// One line an image, after a line of headings: its index in the split, the true class, the exit at
/// which it left (from 1), the class it got and the confidence there, separated by commas.
std::string predictions_csv(const EarlyExitRun& run, const std::vector<std::int32_t>& labels);

}  // namespace enas4d
