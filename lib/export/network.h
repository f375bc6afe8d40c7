// One network of a supernet as files that other programs run, and a manifest that says how.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/weights_files.h"
#include "data/dataset.h"
#include "export/verify.h"
#include "search/record.h"

namespace enas4d {

enum class ExportFormat {
  kNative,       ///< subnet.safetensors
  kOnnx,         ///< all_exits.onnx, and the chain stage1.onnx, stage2.onnx, ...
  kTorchScript,  ///< network.pt
};

/// "native", "onnx", "torchscript": in the order of ExportFormat.
const std::vector<std::string>& export_format_words();

struct ExportOptions {
  std::vector<ExportFormat> formats = {ExportFormat::kNative};
  std::int64_t verified_images = 0;  ///< of val, on which all files are run; 0 = none
  std::int64_t examples = 0;         ///< images of val for examples.safetensors; 0 = no such file
};

/// What was verified, and how well it agrees.
struct VerifiedFiles {
  std::string name;  ///< "stage1.onnx to stage2.onnx"
  Agreement agreement;
};

/// Extracts and calibrates the record's spec and writes it to `directory` in all formats, last
/// manifest.json. The record, which must lie in the supernet's space, goes along completed
/// (eval/evaluate.h) with its policy (none: the last exit). Files of an earlier export to the
/// directory are gone then. Throws Error (failed), and then `directory` is as it was, or,
/// where the last files could not be moved there, without a manifest.
std::vector<VerifiedFiles> export_network(const SupernetFile& supernet, Record record,
                                          const Dataset& data, const ExportOptions& options,
                                          const std::string& directory);

}  // namespace enas4d
