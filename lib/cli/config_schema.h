// A JSON Schema of the documents that --config takes, made from a tool's options.
#pragma once

#include "cli/tool.h"
#include "util/json.h"

namespace enas4d {

/// For editors and other programs; ranges are left to the program itself.
Json config_schema(const Tool& tool, const OptionList& list);

}  // namespace enas4d
