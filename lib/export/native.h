// The native export: one network's weights, ready to run with its exits, and a manifest that says
// how.
#pragma once

#include <string>

#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "search/record.h"

namespace enas4d {

/// Extracts and calibrates the record's spec and writes `directory`/subnet.safetensors and
/// manifest.json. The record, which must lie in the supernet's space, goes along with its policy
/// (none: the last exit). Throws Error (failed).
void export_native(const SupernetFile& supernet, Record record, const Dataset& data,
                   const std::string& directory);

}  // namespace enas4d
