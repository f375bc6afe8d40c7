#include "export/onnx_model.h"

#include <onnx/onnx_pb.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "nn/folded.h"
#include "util/error.h"

namespace enas4d {
namespace {

constexpr int kIrVersion = 8;
constexpr int kOpset = 17;

void set_whole(onnx::NodeProto& node, const char* name, std::int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void set_real(onnx::NodeProto& node, const char* name, float value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

void set_wholes(onnx::NodeProto& node, const char* name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

/// Writes the layers of a plan as nodes. Each value has the name that value_names() gives it; what
/// lies between two values is named after the layer and the operator.
class GraphWriter {
 public:
  GraphWriter(const Plan& plan, const NamedTensors& weights, onnx::GraphProto& graph)
      : plan_(plan), weights_(weights), graph_(graph), names_(value_names(plan)) {}

  void add_layer(const Layer& layer);
  void describe(const Link& link) const;

 private:
  onnx::NodeProto& add_node(const Layer& layer, const char* op, std::vector<std::string> inputs);
  std::string join_inputs(const Layer& layer);
  void add_convolution(const Layer& layer, std::string input);
  void add_activation(const Layer& layer);
  void add_weight(const std::string& name, const torch::Tensor& tensor);
  void describe(int value, onnx::ValueInfoProto& info) const;

  const std::string& last_output() const { return graph_.node(graph_.node_size() - 1).output(0); }

  const Plan& plan_;
  const NamedTensors& weights_;
  onnx::GraphProto& graph_;
  const std::vector<std::string> names_;
};

void GraphWriter::add_layer(const Layer& layer) {
  add_convolution(layer, join_inputs(layer));
  add_activation(layer);
  if (layer.gated != kNoValue) add_node(layer, "Mul", {names_[at(layer.gated)], last_output()});
  if (layer.addend != kNoValue) add_node(layer, "Add", {last_output(), names_[at(layer.addend)]});
  if (is_pooled(layer.role)) add_node(layer, "GlobalAveragePool", {last_output()});
  if (layer.role == Role::kClassifier) add_node(layer, "Flatten", {last_output()});
  graph_.mutable_node(graph_.node_size() - 1)->set_output(0, names_[at(layer.output)]);
}

onnx::NodeProto& GraphWriter::add_node(const Layer& layer, const char* op,
                                       std::vector<std::string> inputs) {
  const std::string number = std::to_string(graph_.node_size());
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(layer_name(layer) + "/" + op + number);
  for (std::string& input : inputs) node.add_input(std::move(input));
  node.add_output(node.name());
  return node;
}

std::string GraphWriter::join_inputs(const Layer& layer) {
  std::vector<std::string> inputs;
  for (int i = 0; i < layer.input_count; ++i) {
    inputs.push_back(names_[at(layer.inputs[at(i)].value)]);
    if (layer.role != Role::kSqueeze) continue;
    inputs.back() = add_node(layer, "GlobalAveragePool", {inputs.back()}).output(0);
  }
  if (inputs.size() == 1) return inputs.front();
  onnx::NodeProto& node = add_node(layer, "Concat", std::move(inputs));
  set_whole(node, "axis", 1);
  return node.output(0);
}

void GraphWriter::add_convolution(const Layer& layer, std::string input) {
  const FoldedLayer folded = fold(layer, weights_);
  const std::string weight = layer_name(layer) + "_weight";
  const std::string bias = layer_name(layer) + "_bias";
  add_weight(weight, folded.weight);
  add_weight(bias, folded.bias);
  onnx::NodeProto& node = add_node(layer, "Conv", {std::move(input), weight, bias});
  const std::int64_t kernel = layer.kernel, stride = layer.stride, pad = layer.kernel / 2;
  set_wholes(node, "kernel_shape", {kernel, kernel});
  set_wholes(node, "strides", {stride, stride});
  set_wholes(node, "pads", {pad, pad, pad, pad});
  set_whole(node, "group", layer.role == Role::kDepthwise ? layer.out_channels : 1);
}

void GraphWriter::add_activation(const Layer& layer) {
  switch (layer.activation) {
    case Activation::kLinear:
      return;
    case Activation::kRelu:
      add_node(layer, "Relu", {last_output()});
      return;
    case Activation::kHardSwish:
      add_node(layer, "HardSwish", {last_output()});
      return;
    case Activation::kHardSigmoid:
      set_real(add_node(layer, "HardSigmoid", {last_output()}), "alpha", 1.0F / 6.0F);
      return;
  }
}

void GraphWriter::add_weight(const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.contiguous();
  onnx::TensorProto& weight = *graph_.add_initializer();
  weight.set_name(name);
  weight.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : plain.sizes()) weight.add_dims(size);
  weight.set_raw_data(plain.data_ptr<float>(), plain.nbytes());
}

void GraphWriter::describe(const Link& link) const {
  for (const int value : link.takes) describe(value, *graph_.add_input());
  for (const int value : link.gives) describe(value, *graph_.add_output());
}

void GraphWriter::describe(int value, onnx::ValueInfoProto& info) const {
  const ValueShape shape = value_shapes(plan_)[at(value)];
  info.set_name(names_[at(value)]);
  onnx::TypeProto::Tensor& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  type.mutable_shape()->add_dim()->set_dim_value(shape.channels);
  if (info.name().rfind("logits", 0) == 0) return;
  type.mutable_shape()->add_dim()->set_dim_value(shape.size);
  type.mutable_shape()->add_dim()->set_dim_value(shape.size);
}

}  // namespace

std::string onnx_model(const Plan& plan, const NamedTensors& weights, const Link& link,
                       const std::string& name, const std::string& metadata) {
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("enas4d");
  onnx::OperatorSetIdProto& opset = *model.add_opset_import();
  opset.set_domain("");
  opset.set_version(kOpset);
  onnx::StringStringEntryProto& property = *model.add_metadata_props();
  property.set_key("enas4d");
  property.set_value(metadata);
  model.mutable_graph()->set_name(name);
  GraphWriter writer(plan, weights, *model.mutable_graph());
  writer.describe(link);
  for (const std::size_t layer : link.layers) writer.add_layer(plan.layers[layer]);
  std::string bytes;
  if (!model.SerializeToString(&bytes)) {
    throw failed(fmt::format("{}.onnx: a network of over 2 GiB has no ONNX file", name));
  }
  return bytes;
}

}  // namespace enas4d
