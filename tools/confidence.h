// --confidence: one option for all tools that fit thresholds.
#pragma once

#include "cli/options.h"
#include "policy/exit_table.h"

namespace enas4d {

inline Option& add_confidence(OptionList& list, Confidence& field) {
  return list.add<Confidence>("--confidence", field, "what a policy's thresholds look at",
                              {{"max_softmax", Confidence::kMaxSoftmax},
                               {"margin", Confidence::kMargin},
                               {"entropy", Confidence::kEntropy}});
}

}  // namespace enas4d
