// --config: a document whose keys are a tool's options, of every kind that there is.
#include "cli/command_line.h"
#include "cli/common_options.h"
#include "fuzz/read_back.h"
#include "fuzz/readers.h"

namespace enas4d {
namespace {

struct AllKinds {
  bool flag = false;
  int whole = 1;
  std::uint64_t seed = 0;
  double real = 0.5;
  std::vector<double> reals;
  std::string text;
  SizeBounds counts;
  std::vector<std::int64_t> budgets;
  std::optional<double> duration;
  std::vector<std::string> words = {"native"};  // a list of words is never empty
  Device device = Device::kCpu;
};

void declare(AllKinds& options, OptionList& list) {
  list.add("--flag", options.flag, "a flag");
  list.add("--whole", options.whole, "a whole number", WholeRange{1, 100});
  list.add("--real", options.real, "a number", RealRange{0, 1});
  list.add("--reals", options.reals, "numbers", RealRange{0, 1});
  list.add("-t,--text", options.text, "a text", TextFormat{"TEXT"});
  list.add("--budgets", options.budgets, "counts", CountFormat{});
  list.add("--words", options.words, "words", WordList{{"native", "onnx", "torchscript"}});
  add_seed(list, options.seed);
  add_size_bounds(list, options.counts);
  add_max_time(list, options.duration);
  add_device(list, options.device);
}

/// The configuration in force.
Json configured(const JsonValue& document) {
  AllKinds options;
  OptionList list;
  declare(options, list);
  assign(list, {}, document);
  return effective_configuration(list);
}

}  // namespace

void try_config(std::string_view input) {
  read_back(JsonValue::parse(input, "config"), configured,
            [](const Json& json) { return json.dump(); });
}

}  // namespace enas4d
