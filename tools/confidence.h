// --confidence: one option for all tools that fit thresholds.
#pragma once

#include <string>

#include "cli/options.h"
#include "policy/exit_table.h"

namespace enas4d {

/// `when` opens its help.
inline Option& add_confidence(OptionList& list, Confidence& field, const std::string& when = "") {
  return list.add<Confidence>("--confidence", field, when + "what a policy's thresholds look at",
                              {{"max_softmax", Confidence::kMaxSoftmax},
                               {"margin", Confidence::kMargin},
                               {"entropy", Confidence::kEntropy}});
}

}  // namespace enas4d
