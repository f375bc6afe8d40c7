// Whether exported files answer as the network that they were made from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/early_exit.h"
#include "nn/subnet.h"
#include "policy/exit_table.h"

namespace enas4d {

/// An exported network, read back from its files.
class ExportedNetwork {
 public:
  virtual ~ExportedNetwork() = default;
  /// The logits of every exit that the policy knows, N x classes each.
  virtual std::vector<torch::Tensor> exits(const torch::Tensor& images) const = 0;
  /// Early exit as a program with these files runs it.
  virtual EarlyExitRun run(const torch::Tensor& images) const = 0;
};

/// `path`: subnet.safetensors.
std::unique_ptr<ExportedNetwork> read_native(const std::string& path);
/// `path`: an ONNX graph of all exits, whose logits the program itself compares with thresholds.
std::unique_ptr<ExportedNetwork> read_all_exits(const std::string& path, const Policy& policy);
/// `paths`: the ONNX graphs of a chain.
std::unique_ptr<ExportedNetwork> read_chain(const std::vector<std::string>& paths,
                                            const Policy& policy);
/// `path`: a TorchScript module.
std::unique_ptr<ExportedNetwork> read_torchscript(const std::string& path);

/// How close they are.
struct Agreement {
  std::int64_t images = 0;
  double largest_difference = 0;  ///< of any logit
  /// Images that leave at the same stage with the same class.
  std::int64_t same_decisions = 0;
  /// Of the others, those whose confidence is within 0.001 of a threshold, or whose two likeliest
  /// classes are: float32 decides them.
  std::int64_t close_decisions = 0;
};

/// Runs both on the first `images` images of val (or all). Throws Error (failed) that begins with
/// `name` if a logit differs by more than 1e-4 + 1e-4 x its size, or more than one image in 1,000
/// gets another decision that is not close.
Agreement verify(const std::string& name, const ExportedNetwork& exported, const Subnet& subnet,
                 const Policy& policy, const Dataset& data, std::int64_t images);

}  // namespace enas4d
