// Runs what onnx_model() wrote, from the file alone: each operator as ONNX's standard defines it,
// on LibTorch's own operators. Not a fast runtime and not a whole one; it is the check that a
// file's weights, attributes, names and shapes are those of the network.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nn/named_tensors.h"

namespace enas4d {

class OnnxProgram {
 public:
  /// Reads a model and lets libonnx's checker look at it. Throws Error (bad input): "path: is not
  /// a valid ONNX model: ...".
  explicit OnnxProgram(const std::string& path);

  const std::vector<std::string>& outputs() const { return outputs_; }

  /// All outputs by name. `values` must hold the inputs; others are ignored. Throws Error (bad
  /// input) where a shape is not the declared one.
  NamedTensors run(NamedTensors values) const;

 private:
  struct Nodes;
  std::string path_;
  std::shared_ptr<const Nodes> nodes_;
  NamedTensors weights_;
  std::vector<std::string> outputs_;
};

}  // namespace enas4d
