#include "export/torchscript.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/script.h>
#include <torch/torch.h>

#include "export/chain.h"
#include "nn/folded.h"
#include "util/files.h"

namespace enas4d {
namespace {

std::string activated(Activation activation, const std::string& x) {
  switch (activation) {
    case Activation::kLinear:
      return x;
    case Activation::kRelu:
      return fmt::format("torch.relu({})", x);
    case Activation::kHardSwish:
      return fmt::format("torch.hardswish({})", x);
    case Activation::kHardSigmoid:
      return fmt::format("torch.hardsigmoid({})", x);
  }
  return x;
}

std::string spatial_mean_of(const std::string& x) {
  return fmt::format("torch.mean({}, [2, 3], True)", x);
}

/// The module's source text: a method for each link of the chain, and what runs them.
class ScriptWriter {
 public:
  ScriptWriter(const Plan& plan, const Policy& policy)
      : plan_(plan), policy_(policy), chain_(chain_of(plan, policy)), names_(value_names(plan)) {}

  std::string source() const;

 private:
  std::string layer(const Layer& layer) const;
  std::string link(std::size_t index) const;
  std::string decide() const;
  std::string exits() const;
  std::string forward() const;
  std::string go_on(std::size_t index, const std::string& indent) const;
  std::string call(std::size_t index) const;
  std::vector<std::string> names(const std::vector<int>& values) const;
  std::vector<std::string> still_needed(std::size_t index) const;

  const Plan& plan_;
  const Policy& policy_;
  const std::vector<Link> chain_;
  const std::vector<std::string> names_;
};

std::string ScriptWriter::source() const {
  std::string text;
  for (std::size_t index = 0; index < chain_.size(); ++index) text += link(index);
  return text + decide() + exits() + forward();
}

std::string ScriptWriter::layer(const Layer& layer) const {
  std::vector<std::string> inputs;
  for (int i = 0; i < layer.input_count; ++i) {
    const std::string& name = names_[at(layer.inputs[at(i)].value)];
    inputs.push_back(layer.role == Role::kSqueeze ? spatial_mean_of(name) : name);
  }
  const std::string joined = inputs.size() == 1
                                 ? inputs.front()
                                 : fmt::format("torch.cat([{}], 1)", fmt::join(inputs, ", "));
  const int pad = layer.kernel / 2;
  std::string y = fmt::format(
      "torch.conv2d({}, self.{name}_weight, self.{name}_bias, [{stride}, {stride}], [{pad}, {pad}],"
      " [1, 1], {groups})",
      joined, fmt::arg("name", layer_name(layer)), fmt::arg("stride", layer.stride),
      fmt::arg("pad", pad),
      fmt::arg("groups", layer.role == Role::kDepthwise ? layer.out_channels : 1));
  y = activated(layer.activation, y);
  if (layer.gated != kNoValue) y = fmt::format("{} * {}", names_[at(layer.gated)], y);
  if (layer.addend != kNoValue) y = fmt::format("{} + {}", y, names_[at(layer.addend)]);
  if (is_pooled(layer.role)) y = spatial_mean_of(y);
  if (layer.role == Role::kClassifier) y = fmt::format("torch.flatten({}, 1)", y);
  return fmt::format("    {} = {}\n", names_[at(layer.output)], y);
}

std::vector<std::string> ScriptWriter::names(const std::vector<int>& values) const {
  std::vector<std::string> result;
  for (const int value : values) result.push_back(names_[at(value)]);
  return result;
}

/// A method that takes and gives what the link does.
std::string ScriptWriter::link(std::size_t index) const {
  const Link& link = chain_[index];
  const auto gives = names(link.gives);
  const std::vector<std::string> types(gives.size(), "Tensor");
  const std::string result =
      gives.size() == 1 ? "Tensor" : fmt::format("Tuple[{}]", fmt::join(types, ", "));
  std::string text = fmt::format("def stage{}(self, {}) -> {}:\n", index + 1,
                                 fmt::join(names(link.takes), ", "), result);
  for (const std::size_t l : link.layers) text += layer(plan_.layers[l]);
  return text + fmt::format("    return {}\n\n", fmt::join(gives, ", "));
}

/// Class and confidence of each row of logits, as policy/exit_table.h's predict().
std::string ScriptWriter::decide() const {
  std::string text =
      "def decide(self, logits) -> Tuple[Tensor, Tensor]:\n"
      "    assert bool(torch.isfinite(logits).all()), \"a logit is not finite\"\n"
      "    label = torch.argmax(logits, 1)\n"
      "    shares = torch.softmax(logits.double(), 1)\n";
  switch (policy_.confidence) {
    case Confidence::kMaxSoftmax:
      text += "    confidence = torch.amax(shares, [1])\n";
      break;
    case Confidence::kMargin:
      text +=
          "    top, _ = torch.topk(shares, 2, 1)\n"
          "    confidence = top[:, 0] - top[:, 1]\n";
      break;
    case Confidence::kEntropy:
      text += fmt::format(
          "    logs = torch.log_softmax(logits.double(), 1)\n"
          "    confidence = 1.0 + torch.sum(shares * logs, [1]) / {:.17g}\n",
          std::log(plan_.classes));
      break;
  }
  return text + "    return label, torch.clamp(confidence, 0.0, 1.0).float()\n\n";
}

/// "logits1, a, b = self.stage1(image)".
std::string ScriptWriter::call(std::size_t index) const {
  const Link& link = chain_[index];
  return fmt::format("{} = self.stage{}({})\n", fmt::join(names(link.gives), ", "), index + 1,
                     fmt::join(names(link.takes), ", "));
}

std::string ScriptWriter::exits() const {
  std::string text = "def exits(self, image) -> List[Tensor]:\n";
  std::vector<std::string> logits;
  for (std::size_t index = 0; index < chain_.size(); ++index) {
    text += "    " + call(index);
    logits.push_back(names_[at(chain_[index].gives.front())]);
  }
  return text + fmt::format("    return [{}]\n\n", fmt::join(logits, ", "));
}

/// What links from `index` on take of the image and of the links before.
std::vector<std::string> ScriptWriter::still_needed(std::size_t index) const {
  std::vector<std::string> needed = {"image"};
  for (std::size_t before = 0; before < index; ++before) {
    for (const int value : chain_[before].gives) {
      for (std::size_t later = index; later < chain_.size(); ++later) {
        const auto& takes = chain_[later].takes;
        if (std::find(takes.begin(), takes.end(), value) == takes.end()) continue;
        needed.push_back(names_[at(value)]);
        break;
      }
    }
  }
  return needed;
}

/// The branch in which link `index` runs for the images that go on to it.
std::string ScriptWriter::go_on(std::size_t index, const std::string& indent) const {
  std::string text = fmt::format(
      "{0}here = torch.nonzero(sure.double() < self.thresholds[{1}]).flatten()\n"
      "{0}if here.numel() > 0:\n",
      indent, index - 1);
  const std::string inner = indent + "    ";
  text += inner + "rows = rows.index_select(0, here)\n";
  for (const std::string& name : still_needed(index)) {
    text += fmt::format("{}{} = {}.index_select(0, here)\n", inner, name, name);
  }
  text += inner + call(index);
  text += fmt::format(
      "{0}said, sure = self.decide({1})\n"
      "{0}label = label.index_copy(0, rows, said)\n"
      "{0}confidence = confidence.index_copy(0, rows, sure)\n"
      "{0}exit = exit.index_fill(0, rows, {2})\n",
      inner, names_[at(chain_[index].gives.front())], index + 1);
  if (index + 1 < chain_.size()) text += go_on(index + 1, inner);
  return text;
}

std::string ScriptWriter::forward() const {
  std::string text = "def forward(self, image) -> Tuple[Tensor, Tensor, Tensor]:\n    " + call(0);
  text += fmt::format(
      "    label, confidence = self.decide({})\n"
      "    exit = torch.full_like(label, {})\n",
      names_[at(chain_[0].gives.front())], policy_.exit.value_or(0) + 1);
  if (chain_.size() > 1) {
    text +=
        "    sure = confidence\n"
        "    rows = torch.arange(image.size(0), device=image.device)\n" +
        go_on(1, "    ");
  }
  return text + "    return label, confidence, exit\n";
}

}  // namespace

void write_torchscript(const std::string& path, const Plan& plan, const NamedTensors& weights,
                       const Policy& policy, const std::string& manifest) {
  const torch::NoGradGuard no_grad;
  torch::jit::Module module("Network");
  for (const std::size_t l : all_exits_of(plan, policy).layers) {
    const Layer& layer = plan.layers[l];
    const FoldedLayer folded = fold(layer, weights);
    module.register_buffer(layer_name(layer) + "_weight", folded.weight.contiguous());
    module.register_buffer(layer_name(layer) + "_bias", folded.bias.contiguous());
  }
  module.register_attribute("thresholds", c10::ListType::ofFloats(),
                            c10::List<double>(policy.thresholds));
  module.register_attribute("manifest", c10::StringType::get(), manifest);
  module.define(ScriptWriter(plan, policy).source());
  // Not to the path: LibTorch's writer ends the program where the disk is full.
  std::ostringstream file;
  module.save(file);
  write_file(path, file.str());
}

torch::jit::Module load_torchscript(const std::string& path) {
  torch::jit::FusionStrategy none;
  torch::jit::setFusionStrategy(none);
  return torch::jit::load(path);
}

}  // namespace enas4d
