#include "export/examples.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "checkpoint/tensors.h"
#include "eval/early_exit.h"
#include "eval/measure.h"
#include "util/json.h"

namespace enas4d {
namespace {

torch::Tensor whole_numbers(const std::vector<std::int32_t>& numbers) {
  return torch::tensor(std::vector<std::int64_t>(numbers.begin(), numbers.end()), torch::kLong);
}

/// What a file tells of one batch, all but the labels.
NamedTensors answers_to(const torch::Tensor& images, const Subnet& subnet, const Policy& policy) {
  NamedTensors tensors;
  tensors["image"] = images.contiguous();
  int exit = policy.exit.value_or(0);
  for (const torch::Tensor& logits : exit_logits(subnet, policy, images)) {
    tensors[fmt::format("logits{}", ++exit)] = logits;
  }
  const EarlyExitRun run = run_early_exit(subnet, policy, images);
  tensors["exit"] = whole_numbers(run.exit) + 1;
  tensors["class"] = whole_numbers(run.predicted);
  return tensors;
}

}  // namespace

void write_examples(const std::string& path, const Subnet& subnet, const Policy& policy,
                    const Dataset& data, std::int64_t count) {
  const torch::NoGradGuard no_grad;
  count = std::min(count, data.size(Split::kVal));
  std::map<std::string, std::vector<torch::Tensor>> batches;
  for_each_batch(data, Split::kVal, subnet.plan().resolution, kEvaluationBatch, count,
                 [&](std::int64_t, const torch::Tensor& images) {
                   for (const auto& [name, tensor] : answers_to(images, subnet, policy))
                     batches[name].push_back(tensor);
                 });
  NamedTensors tensors;
  for (const auto& [name, parts] : batches) tensors[name] = torch::cat(parts).contiguous();
  const auto& labels = data.labels(Split::kVal);
  tensors["label"] = whole_numbers({labels.begin(), labels.begin() + count});
  write_safetensors(path, new_document("examples"), tensor_entries(tensors));
}

}  // namespace enas4d
