// Between LibTorch's tensors and entries of a safetensors file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/types.h>

#include "formats/safetensors.h"
#include "nn/subnet.h"

namespace enas4d {

/// Entries that point into `tensors`, which must be contiguous float32 or int64 on the CPU and
/// outlive them.
std::vector<TensorEntry> tensor_entries(const NamedTensors& tensors,
                                        const std::string& prefix = "");

struct ExpectedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// Throws Error (bad input) for the first tensor that is missing, has another dtype or shape, or
/// that nobody expects.
void check_tensors(const SafetensorsFile& file, const std::vector<ExpectedTensor>& expected);

/// A copy of the file's tensor `name`, which check_tensors has found good.
torch::Tensor copy_tensor(const SafetensorsFile& file, const std::string& name);

}  // namespace enas4d
