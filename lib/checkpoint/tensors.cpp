#include "checkpoint/tensors.h"

#include <cstring>
#include <unordered_set>

#include <fmt/format.h>
#include <torch/torch.h>

#include "util/error.h"
#include "util/json_text.h"

namespace enas4d {

std::vector<TensorEntry> tensor_entries(const NamedTensors& tensors, const std::string& prefix) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    const bool is_whole = tensor.scalar_type() == torch::kLong;
    TORCH_CHECK(tensor.is_contiguous() && (is_whole || tensor.scalar_type() == torch::kFloat),
                name);
    entries.push_back({prefix + name, is_whole ? "I64" : "F32", tensor.sizes().vec(),
                       tensor.data_ptr(), tensor.nbytes()});
  }
  return entries;
}

void check_tensors(const SafetensorsFile& file, const std::vector<ExpectedTensor>& expected) {
  std::unordered_set<std::string> names;
  for (const ExpectedTensor& want : expected) {
    names.insert(want.name);
    const TensorEntry* entry = file.find(want.name);
    if (entry == nullptr)
      throw bad_input(file.path(), fmt::format("has no tensor '{}'", want.name));
    if (entry->dtype != "F32" || entry->shape != want.shape) {
      throw bad_input(file.path(), fmt::format("tensor '{}' must be F32 [{}], is {} [{}]",
                                               want.name, fmt::join(want.shape, ", "), entry->dtype,
                                               fmt::join(entry->shape, ", ")));
    }
  }
  for (const TensorEntry& entry : file.tensors()) {
    if (names.count(entry.name) == 0) {
      throw bad_input(file.path(),
                      fmt::format("tensor '{}' has no place in this network", escaped(entry.name)));
    }
  }
}

torch::Tensor copy_tensor(const SafetensorsFile& file, const std::string& name) {
  const TensorEntry& entry = *file.find(name);
  auto tensor = torch::empty(entry.shape);
  if (entry.bytes > 0) std::memcpy(tensor.data_ptr(), entry.data, entry.bytes);
  return tensor;
}

}  // namespace enas4d
