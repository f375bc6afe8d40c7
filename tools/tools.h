// The five tools, each a value that main.cpp runs and that tests run in process.
#pragma once

#include "cli/tool.h"

namespace enas4d {

const Tool& train_ofa_tool();
const Tool& sample_tool();
const Tool& search_tool();
const Tool& export_tool();
const Tool& eval_tool();

}  // namespace enas4d
