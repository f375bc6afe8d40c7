// Completion of a tool's command line in bash, made from its options.
#pragma once

#include <string>
#include <vector>

#include "cli/shipped.h"
#include "cli/tool.h"

namespace enas4d {

/// `script` with two lines replaced: `@values@` by what completes the value of each option, as
/// branches of a case over the option, and `@flags@` by the names of all options.  `@tool@` is
/// replaced wherever it stands. Options that choose from a shelf are completed with its names, too.
std::string bash_completion(const Tool& tool, const OptionList& list,
                            const std::vector<Shelf>& shelves, const std::string& script);

}  // namespace enas4d
