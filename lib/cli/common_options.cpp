#include "cli/common_options.h"

#include <fmt/format.h>

namespace enas4d {

Option& add_space(OptionList& list, std::string& field) {
  Option& option = list.add(
      "--space", field,
      "the space of networks: a shipped name such as cifar10, or a file, whose path has a / or "
      "ends in .json; - is standard input",
      TextFormat{"NAME|FILE"});
  option.reads_input = true;
  return option;
}

Option& add_recipe(OptionList& list, std::string& field) {
  Option& option = list.add(
      "--recipe", field,
      "the training recipe: a shipped name such as sandwich, or a file, whose path has a / or "
      "ends in .json; - is standard input",
      TextFormat{"NAME|FILE"});
  option.reads_input = true;
  return option;
}

Option& add_checkpoint(OptionList& list, std::string& field) {
  return list.add("--checkpoint", field,
                  "the trained supernet: supernet.safetensors or checkpoint.safetensors of a run",
                  TextFormat{"FILE"});
}

Option& add_data(OptionList& list, std::string& field) {
  return list.add("--data", field,
                  "the images: fashion-mnist[:DIR], cifar10:DIR, cifar100:DIR, folder:DIR "
                  "(DIR/train/CLASS/* and so on) or synthetic[:train=N,size=N,...]",
                  TextFormat{"NAME[:DIR]"});
}

Option& add_specs(OptionList& list, std::string& field) {
  Option& option = list.add("--specs", field,
                            "specs or records, one document or one a line; - is standard input",
                            TextFormat{"FILE"});
  option.reads_input = true;
  return option;
}

Option& add_output(OptionList& list, std::string& field, const std::string& what) {
  return list.add("-o,--output", field,
                  fmt::format("file of the {}, which appears when all is done; absent or - is "
                              "standard output",
                              what),
                  TextFormat{"FILE"});
}

Option& add_seed(OptionList& list, std::uint64_t& field) {
  return list.add("--seed", field, "seed of every random choice", WholeRange{});
}

Option& add_threads(OptionList& list, int& field) {
  constexpr int kMostThreads = 1024;
  return list.add("--threads", field,
                  "threads of computation; 0 = as many as there are usable CPUs",
                  WholeRange{0, kMostThreads});
}

Option& add_workers(OptionList& list, int& field) {
  constexpr int kMostWorkers = 256;
  return list.add("--workers", field,
                  "threads that prepare images; the result does not depend on it",
                  WholeRange{1, kMostWorkers});
}

Option& add_device(OptionList& list, Device& field) {
  return list.add<Device>(
      "--device", field,
      "where networks run; this version knows the CPU only, and refuses cuda with status 2",
      {{"cpu", Device::kCpu}, {"cuda", Device::kCuda}});
}

Option& add_max_time(OptionList& list, std::optional<double>& field) {
  return list.add(
      "--max-time", field,
      "stop in good order after this time, as 90s, 1h30m or, in seconds, 5400, with status 75",
      DurationFormat{});
}

void add_size_bounds(OptionList& list, SizeBounds& field) {
  list.add("--min-macs", field.least_macs, "least multiply-accumulates of all stages, as 2M",
           CountFormat{});
  list.add("--max-macs", field.most_macs, "most multiply-accumulates of all stages, as 20M",
           CountFormat{});
  list.add("--max-params", field.most_params, "most parameters of a network, as 500k",
           CountFormat{});
}

const Shelf& space_shelf() {
  static const Shelf shelf{"spaces", "--space"};
  return shelf;
}

const Shelf& recipe_shelf() {
  static const Shelf shelf{"recipes", "--recipe"};
  return shelf;
}

}  // namespace enas4d
