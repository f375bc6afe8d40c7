#include "checkpoint/weights_files.h"

#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "checkpoint/tensors.h"
#include "checkpoint/training_state.h"
#include "formats/safetensors.h"
#include "nn/shared_weights.h"
#include "util/error.h"

namespace enas4d {

NamedTensors supernet_weights(const Supernet& supernet) {
  NamedTensors weights;
  for (const auto& item : supernet->named_parameters(/*recurse=*/false)) {
    weights[item.key()] = item.value().detach().contiguous();
  }
  return weights;
}

Supernet supernet_from(const SafetensorsFile& file, const Space& space, const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  Supernet supernet(space, /*seed=*/0);
  for (auto& item : supernet->named_parameters(/*recurse=*/false)) {
    item.value().copy_(copy_tensor(file, prefix + item.key()));
  }
  return supernet;
}

std::vector<ExpectedTensor> expected_supernet(const Space& space, const std::string& prefix) {
  std::vector<ExpectedTensor> expected;
  for (const Layer& layer : full_plan(space).layers) {
    for (ParameterShape& parameter : supernet_parameters(layer)) {
      expected.push_back(
          {prefix + layer_name(layer) + parameter.suffix, std::move(parameter.shape)});
    }
  }
  return expected;
}

void check_data_fits(const Space& space, const DataDescription& data, const std::string& path) {
  const auto require = [&](const char* key, int of_data, int of_space) {
    if (of_data == of_space) return;
    throw bad_input(fmt::format("{}: /data/{}", path, key),
                    fmt::format("must be {} as in the space, got {}", of_space, of_data));
  };
  require("channels", data.channels, space.channels);
  require("classes", data.classes, space.classes);
}

namespace {

SupernetFile load_plain_supernet(const SafetensorsFile& file) {
  JsonObject document = open_document(file.document(), "supernet");
  const Space space = read_space(document.required("space"));
  DataDescription data = read_data_description(document.required("data"));
  document.required("training");
  document.finish();
  check_data_fits(space, data, file.path());
  check_tensors(file, expected_supernet(space, ""));
  return {supernet_from(file, space, ""), std::move(data), space_hash(space), file.sha256()};
}

}  // namespace

SupernetFile load_supernet(const std::string& path) {
  const SafetensorsFile file(path);
  if (file.document().object().required("format").text() != "enas4d/checkpoint") {
    return load_plain_supernet(file);
  }
  TrainingState state = read_training_state(file);
  if (!state.average.empty()) {
    state.supernet = supernet_from(file, state.supernet->space(), kAveragePrefix);
  }
  std::string hash = space_hash(state.supernet->space());
  return {state.supernet, std::move(state.data), std::move(hash), file.sha256()};
}

int trained_epochs(const std::string& path) {
  const Json document = SafetensorsFile(path).document().raw();
  const Json::json_pointer place("/training/epoch");
  return document.contains(place) && document[place].is_number() ? document[place].get<int>() : 0;
}

void save_supernet(const std::string& path, const Space& space, const NamedTensors& weights,
                   const DataDescription& data, const Json& training) {
  Json document = new_document("supernet");
  document["space"] = to_json(space);
  document["data"] = to_json(data);
  document["training"] = training;
  write_safetensors(path, document, tensor_entries(weights));
}

SubnetFile load_subnet(const std::string& path) {
  const SafetensorsFile file(path);
  JsonObject document = open_document(file.document(), "subnet");
  Space space = read_space(document.required("space"));
  Record record = read_record(document.required("record"));
  DataDescription data = read_data_description(document.required("data"));
  document.finish();
  check_data_fits(space, data, path);
  check_fits(space, record.spec, path, "/record/spec");
  Plan plan = lower(space, record.spec);
  std::vector<ExpectedTensor> expected;
  for (const Layer& layer : plan.layers) {
    for (ParameterShape& parameter : subnet_parameters(layer)) {
      expected.push_back({layer_name(layer) + parameter.suffix, std::move(parameter.shape)});
    }
  }
  check_tensors(file, expected);
  NamedTensors weights;
  for (const ExpectedTensor& tensor : expected)
    weights[tensor.name] = copy_tensor(file, tensor.name);
  return {Subnet(std::move(plan), std::move(weights), path), std::move(space), std::move(record),
          std::move(data), file.sha256()};
}

void save_subnet(const std::string& path, const Subnet& subnet, const Space& space,
                 const Record& record, const DataDescription& data) {
  Json document = new_document("subnet");
  document["space"] = to_json(space);
  document["record"] = Json::parse(to_line(record));
  document["data"] = to_json(data);
  write_safetensors(path, document, tensor_entries(subnet.weights()));
}

}  // namespace enas4d
