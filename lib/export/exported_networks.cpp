#include <utility>

#include <fmt/format.h>
#include <torch/script.h>
#include <torch/torch.h>

#include "checkpoint/weights_files.h"
#include "eval/evaluate.h"
#include "export/chain.h"
#include "export/onnx_program.h"
#include "export/torchscript.h"
#include "export/verify.h"

namespace enas4d {
namespace {

class NativeNetwork : public ExportedNetwork {
 public:
  explicit NativeNetwork(const std::string& path) : NativeNetwork(load_subnet(path)) {}

  std::vector<torch::Tensor> exits(const torch::Tensor& images) const override {
    return exit_logits(subnet_, policy_, images);
  }

  EarlyExitRun run(const torch::Tensor& images) const override {
    return run_early_exit(subnet_, policy_, images);
  }

 private:
  explicit NativeNetwork(SubnetFile file)
      : subnet_(std::move(file.subnet)), policy_(policy_of(file.record)) {}

  Subnet subnet_;
  Policy policy_;
};

/// What all of `images` get whose stages `batch` computes.
EarlyExitRun run_stages(StagedBatch& batch, const Policy& policy, std::size_t stages,
                        const torch::Tensor& images) {
  const auto count = static_cast<std::size_t>(images.size(0));
  EarlyExitRun result(count);
  exit_early(batch, policy, static_cast<int>(stages), 0, count, result);
  return result;
}

/// A batch on its way through a chain of ONNX graphs: a program holds all values by name, feeds
/// each graph from them and puts there what it gives.
class ChainBatch : public StagedBatch {
 public:
  ChainBatch(const std::vector<OnnxProgram>& chain, const torch::Tensor& images)
      : chain_(chain), values_{{"image", images}} {}

  torch::Tensor next_stage() override {
    const OnnxProgram& link = chain_[next_++];
    for (auto& [name, value] : link.run(values_)) values_[name] = value;
    return values_.at(link.outputs().front());
  }

  void keep(const torch::Tensor& rows) override {
    for (auto& [name, value] : values_) value = value.index_select(0, rows);
  }

 private:
  const std::vector<OnnxProgram>& chain_;
  NamedTensors values_;
  std::size_t next_ = 0;
};

class OnnxChain : public ExportedNetwork {
 public:
  OnnxChain(const std::vector<std::string>& paths, Policy policy)
      : chain_(paths.begin(), paths.end()), policy_(std::move(policy)) {}

  std::vector<torch::Tensor> exits(const torch::Tensor& images) const override {
    ChainBatch batch(chain_, images);
    std::vector<torch::Tensor> logits(chain_.size());
    for (torch::Tensor& exit : logits) exit = batch.next_stage();
    return logits;
  }

  EarlyExitRun run(const torch::Tensor& images) const override {
    ChainBatch batch(chain_, images);
    return run_stages(batch, policy_, chain_.size(), images);
  }

 private:
  std::vector<OnnxProgram> chain_;
  Policy policy_;
};

/// Logits of all exits that are there already.
class LogitsBatch : public StagedBatch {
 public:
  explicit LogitsBatch(std::vector<torch::Tensor> logits) : logits_(std::move(logits)) {}

  torch::Tensor next_stage() override { return logits_[next_++]; }
  void keep(const torch::Tensor& rows) override {
    for (torch::Tensor& exit : logits_) exit = exit.index_select(0, rows);
  }

 private:
  std::vector<torch::Tensor> logits_;
  std::size_t next_ = 0;
};

class OnnxAllExits : public ExportedNetwork {
 public:
  OnnxAllExits(const std::string& path, Policy policy)
      : program_(path), policy_(std::move(policy)) {}

  std::vector<torch::Tensor> exits(const torch::Tensor& images) const override {
    const NamedTensors outputs = program_.run({{"image", images}});
    std::vector<torch::Tensor> logits;
    for (const std::string& name : program_.outputs()) logits.push_back(outputs.at(name));
    return logits;
  }

  EarlyExitRun run(const torch::Tensor& images) const override {
    LogitsBatch batch(exits(images));
    return run_stages(batch, policy_, program_.outputs().size(), images);
  }

 private:
  OnnxProgram program_;
  Policy policy_;
};

class TorchScriptNetwork : public ExportedNetwork {
 public:
  explicit TorchScriptNetwork(const std::string& path) : module_(load_torchscript(path)) {}

  std::vector<torch::Tensor> exits(const torch::Tensor& images) const override {
    const torch::NoGradGuard no_grad;
    return module_.get_method("exits")({images}).toTensorVector();
  }

  EarlyExitRun run(const torch::Tensor& images) const override {
    const torch::NoGradGuard no_grad;
    const auto answer = module_.get_method("forward")({images}).toTuple();
    const torch::Tensor label = answer->elements()[0].toTensor().contiguous();
    const torch::Tensor confidence = answer->elements()[1].toTensor().contiguous();
    const torch::Tensor exit = answer->elements()[2].toTensor().contiguous();
    EarlyExitRun result(static_cast<std::size_t>(images.size(0)));
    for (std::size_t i = 0; i < result.exit.size(); ++i) {
      result.exit[i] = static_cast<std::int32_t>(exit.data_ptr<std::int64_t>()[i]) - 1;
      result.predicted[i] = static_cast<std::int32_t>(label.data_ptr<std::int64_t>()[i]);
      result.confidence[i] = confidence.data_ptr<float>()[i];
    }
    return result;
  }

 private:
  torch::jit::Module module_;
};

}  // namespace

std::unique_ptr<ExportedNetwork> read_native(const std::string& path) {
  return std::make_unique<NativeNetwork>(path);
}

std::unique_ptr<ExportedNetwork> read_all_exits(const std::string& path, const Policy& policy) {
  return std::make_unique<OnnxAllExits>(path, policy);
}

std::unique_ptr<ExportedNetwork> read_chain(const std::vector<std::string>& paths,
                                            const Policy& policy) {
  return std::make_unique<OnnxChain>(paths, policy);
}

std::unique_ptr<ExportedNetwork> read_torchscript(const std::string& path) {
  return std::make_unique<TorchScriptNetwork>(path);
}

}  // namespace enas4d
