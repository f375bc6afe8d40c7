// TorchScript: the whole network with its exits as one module with real control flow, for LibTorch
// and PyTorch.
#pragma once

#include <string>

#include <torch/csrc/jit/api/module.h>

#include "arch/plan.h"
#include "nn/named_tensors.h"
#include "policy/exit_table.h"

namespace enas4d {

/// Writes a module with
///   forward(image) -> (label, confidence, exit): per image its class, its confidence there, and
///     the stage, from 1, that it left at; a stage that no image goes on to is not computed;
///   exits(image) -> [logits]: of every exit, without early exit;
///   thresholds: list of numbers, one a stage but the last, which may be set;
///   manifest: `manifest`, a text.
/// `weights`: of a calibrated subnet.
void write_torchscript(const std::string& path, const Plan& plan, const NamedTensors& weights,
                       const Policy& policy, const std::string& manifest);

/// To run one here. From then on LibTorch's fuser is off in this process: in Debian 13 it compiles
/// such a module for many minutes once it has run a time or two.
torch::jit::Module load_torchscript(const std::string& path);

}  // namespace enas4d
