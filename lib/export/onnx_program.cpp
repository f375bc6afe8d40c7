#include "export/onnx_program.h"

#include <functional>
#include <map>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "util/error.h"
#include "util/files.h"

namespace enas4d {

struct OnnxProgram::Nodes {
  onnx::ModelProto model;
};

namespace {

using Tensors = std::vector<torch::Tensor>;
using Operator = std::function<torch::Tensor(const onnx::NodeProto&, const Tensors&)>;

/// A node's attribute, which it must have.
const onnx::AttributeProto& attribute(const onnx::NodeProto& node, const std::string& name) {
  for (const onnx::AttributeProto& item : node.attribute()) {
    if (item.name() == name) return item;
  }
  throw failed(fmt::format("node {} has no attribute {}", node.name(), name));
}

std::vector<std::int64_t> wholes(const onnx::NodeProto& node, const std::string& name) {
  const auto& ints = attribute(node, name).ints();
  return {ints.begin(), ints.end()};
}

torch::Tensor convolution(const onnx::NodeProto& node, const Tensors& x) {
  const auto pads = wholes(node, "pads");  // tops and lefts, then bottoms and rights
  const auto padded = torch::constant_pad_nd(x[0], {pads[1], pads[3], pads[0], pads[2]});
  return torch::conv2d(padded, x[1], x[2], wholes(node, "strides"), torch::IntArrayRef({0, 0}),
                       torch::IntArrayRef({1, 1}), attribute(node, "group").i());
}

torch::Tensor hard_sigmoid(const onnx::NodeProto& node, const Tensors& x) {
  constexpr double kBeta = 0.5;  // the standard's default
  return torch::clamp(x[0] * attribute(node, "alpha").f() + kBeta, 0, 1);
}

const std::map<std::string, Operator>& operators() {
  using Node = onnx::NodeProto;
  static const std::map<std::string, Operator> table = {
      {"Conv", convolution},
      {"HardSigmoid", hard_sigmoid},
      {"Relu", [](const Node&, const Tensors& x) { return torch::relu(x[0]); }},
      {"HardSwish",
       [](const Node&, const Tensors& x) { return x[0] * torch::clamp(x[0] / 6 + 0.5, 0, 1); }},
      {"Mul", [](const Node&, const Tensors& x) { return x[0] * x[1]; }},
      {"Add", [](const Node&, const Tensors& x) { return x[0] + x[1]; }},
      {"GlobalAveragePool",
       [](const Node&, const Tensors& x) {
         return x[0].mean({2, 3}, true);
       }},
      {"Flatten", [](const Node&, const Tensors& x) { return x[0].flatten(1); }},
      {"Concat", [](const Node& node,
                    const Tensors& x) { return torch::cat(x, attribute(node, "axis").i()); }},
  };
  return table;
}

torch::Tensor tensor_of(const onnx::TensorProto& weight) {
  const std::vector<std::int64_t> sizes(weight.dims().begin(), weight.dims().end());
  const torch::Tensor tensor = torch::empty(sizes);
  const std::string& bytes = weight.raw_data();
  if (weight.data_type() != onnx::TensorProto::FLOAT || bytes.size() != tensor.nbytes()) {
    throw failed(fmt::format("weight {} is not of its shape's size in float32", weight.name()));
  }
  std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

using ValueInfos = google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>;

/// Throws unless the graph's input or output has the shape that the file declares, of which the
/// first dimension, the batch, is free.
void require_shape(const std::string& path, const onnx::ValueInfoProto& declared,
                   torch::IntArrayRef shape) {
  const auto& dimensions = declared.type().tensor_type().shape().dim();
  bool fits = dimensions.size() == static_cast<int>(shape.size());
  for (int i = 1; fits && i < dimensions.size(); ++i) {
    fits = dimensions[i].dim_value() == shape[static_cast<std::size_t>(i)];
  }
  if (fits) return;
  throw bad_input(path, fmt::format("{} has another shape than declared: {}", declared.name(),
                                    fmt::join(shape, " x ")));
}

std::vector<std::string> names_of(const ValueInfos& values) {
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto& value : values) names.push_back(value.name());
  return names;
}

}  // namespace

OnnxProgram::OnnxProgram(const std::string& path) : path_(path) {
  const auto nodes = std::make_shared<Nodes>();
  if (!nodes->model.ParseFromString(read_file(path))) {
    throw bad_input(path, "is not a valid ONNX model: its protobuf message is broken");
  }
  try {
    onnx::checker::check_model(nodes->model);
  } catch (const std::exception& error) {
    throw bad_input(path, fmt::format("is not a valid ONNX model: {}", error.what()));
  }
  const onnx::GraphProto& graph = nodes->model.graph();
  for (const onnx::TensorProto& weight : graph.initializer()) {
    weights_[weight.name()] = tensor_of(weight);
  }
  outputs_ = names_of(graph.output());
  nodes_ = nodes;
}

NamedTensors OnnxProgram::run(NamedTensors values) const {
  const torch::NoGradGuard no_grad;
  const auto find = [&](const std::string& name) {
    const auto weight = weights_.find(name);
    if (weight != weights_.end()) return weight->second;
    const auto value = values.find(name);
    if (value == values.end()) throw bad_input(path_, fmt::format("nothing makes {}", name));
    return value->second;
  };
  const onnx::GraphProto& graph = nodes_->model.graph();
  for (const auto& input : graph.input()) require_shape(path_, input, find(input.name()).sizes());
  for (const onnx::NodeProto& node : graph.node()) {
    const auto op = operators().find(node.op_type());
    if (op == operators().end()) {
      throw bad_input(path_, fmt::format("operator {} is unknown here", node.op_type()));
    }
    Tensors inputs;
    for (const std::string& input : node.input()) inputs.push_back(find(input));
    values[node.output(0)] = op->second(node, inputs);
  }
  NamedTensors results;
  for (const auto& output : graph.output()) {
    results[output.name()] = find(output.name());
    require_shape(path_, output, results[output.name()].sizes());
  }
  return results;
}

}  // namespace enas4d
