#include "checkpoint/training_state.h"

#include <limits>
#include <utility>

#include <torch/torch.h>

#include "checkpoint/weights_files.h"

namespace enas4d {

void save_training_state(const std::string& path, const TrainingState& state) {
  Json document = new_document("checkpoint");
  document["space"] = to_json(state.supernet->space());
  document["data"] = to_json(state.data);
  document["step"] = state.step;
  document["epoch_loss"] = state.epoch_loss;
  document["epoch_seconds"] = state.epoch_seconds;
  document["averaged"] = !state.average.empty();
  document["taught"] = static_cast<bool>(state.teacher);
  document["configuration"] = state.configuration;
  const NamedTensors weights = supernet_weights(state.supernet);
  const NamedTensors teacher = state.teacher ? supernet_weights(state.teacher) : NamedTensors();
  std::vector<TensorEntry> entries = tensor_entries(weights);
  const auto add = [&](const NamedTensors& tensors, const char* prefix) {
    for (TensorEntry& entry : tensor_entries(tensors, prefix)) entries.push_back(std::move(entry));
  };
  add(state.momentum, kMomentumPrefix);
  add(state.average, kAveragePrefix);
  add(teacher, kTeacherPrefix);
  write_safetensors(path, document, entries, Previous::kKept);
}

TrainingState load_training_state(const std::string& path) {
  return read_training_state(SafetensorsFile(path));
}

TrainingState read_training_state(const SafetensorsFile& file) {
  JsonObject document = open_document(file.document(), "checkpoint");
  const Space space = read_space(document.required("space"));
  TrainingState state;
  state.data = read_data_description(document.required("data"));
  state.step = document.required("step").whole(0, std::numeric_limits<std::int64_t>::max());
  const double largest = std::numeric_limits<double>::max();
  state.epoch_loss = document.required("epoch_loss").number(-largest, largest);
  if (const auto seconds = document.optional("epoch_seconds")) {  // older files have none
    state.epoch_seconds = seconds->number(0, largest);
  }
  const bool averaged = document.required("averaged").flag();
  const auto has_teacher = document.optional("taught");  // older files have none
  const bool taught = has_teacher && has_teacher->flag();
  state.configuration = document.required("configuration").raw();
  document.finish();
  check_data_fits(space, state.data, file.path());

  std::vector<ExpectedTensor> expected;
  const auto expect = [&](const char* prefix) {
    for (ExpectedTensor& tensor : expected_supernet(space, prefix))
      expected.push_back(std::move(tensor));
  };
  expect("");
  expect(kMomentumPrefix);
  if (averaged) expect(kAveragePrefix);
  if (taught) expect(kTeacherPrefix);
  check_tensors(file, expected);

  state.supernet = supernet_from(file, space, "");
  if (taught) state.teacher = supernet_from(file, space, kTeacherPrefix);
  for (const auto& item : state.supernet->named_parameters(/*recurse=*/false)) {
    state.momentum[item.key()] = copy_tensor(file, kMomentumPrefix + item.key());
    if (averaged) state.average[item.key()] = copy_tensor(file, kAveragePrefix + item.key());
  }
  return state;
}

}  // namespace enas4d
