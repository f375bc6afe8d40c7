// ONNX (opset 17, IR 8): part of a network as a graph of standard operators with the batch norms
// folded in, for any number of images at a time.
#pragma once

#include <string>

#include "arch/plan.h"
#include "export/chain.h"
#include "nn/named_tensors.h"

namespace enas4d {

/// The bytes of an .onnx file. Inputs and outputs are the link's values by name: float32, images
/// and features N x C x H x W, logits N x classes. `weights`: of a calibrated subnet. `name`: of
/// the graph; `metadata` becomes the model's property "enas4d".
std::string onnx_model(const Plan& plan, const NamedTensors& weights, const Link& link,
                       const std::string& name, const std::string& metadata);

}  // namespace enas4d
