// enas4d-export: takes one network out of a supernet and writes it, ready to run.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "checkpoint/weights_files.h"
#include "cli/common_options.h"
#include "data/dataset.h"
#include "eval/evaluate.h"
#include "export/network.h"
#include "search/record.h"
#include "tools/compute.h"
#include "tools/images.h"
#include "tools/tools.h"
#include "util/units.h"

namespace enas4d {
namespace {

constexpr std::int64_t kVerifiedImages = 1000;

struct ExportToolOptions {
  std::string checkpoint;
  std::string specs;
  std::optional<std::int64_t> average_macs;
  ImageOptions images;
  std::vector<std::string> formats = {export_format_words().front()};
  bool verify = false;
  std::int64_t examples = 0;
  std::string output;
  ComputeOptions compute;
};

void declare_export(ExportToolOptions& options, OptionList& list) {
  list.group("Network");
  add_checkpoint(list, options.checkpoint).required = true;
  add_specs(list, options.specs).required = true;
  list.add("--average-macs", options.average_macs,
           "take the most accurate record within this average on val, which the records must tell; "
           "without it there must be exactly one record",
           CountFormat{});
  declare_images(options.images, list);
  list.group("Result");
  list.add("--format", options.formats,
           "what to write: native, onnx and torchscript, one or several with commas",
           WordList{export_format_words()});
  list.add("--verify", options.verify,
           "run what was written on the first 1000 images of val, and leave nothing behind unless "
           "it answers as the network does");
  list.add("--examples", options.examples,
           "write this many images of val with the network's answers to examples.safetensors, to "
           "check other runtimes with; 0 = no such file",
           WholeRange{0, 1'000'000});
  list.add("-o,--output", options.output,
           "the directory to write to: manifest.json; native: subnet.safetensors; onnx: "
           "all_exits.onnx and a graph for each stage; torchscript: network.pt",
           TextFormat{"DIR"})
      .required = true;
  declare_compute(options.compute, list);
}

const Record& chosen_within(const std::vector<Record>& records, std::int64_t budget,
                            const std::string& source) {
  if (const Record* best = best_within(records, static_cast<double>(budget))) return *best;
  const Record* cheapest = cheapest_on_val(records);
  if (cheapest == nullptr) {
    throw bad_input(source, "--average-macs needs records with a val outcome, there is none");
  }
  const std::int64_t least = std::llround(std::ceil(cheapest->val->average_macs));
  const auto [within, cheapest_has] = format_apart(budget, least);
  throw impossible(fmt::format("--average-macs: no record of {} is within {}, the cheapest has {}",
                               source, within, cheapest_has));
}

const Record& chosen(const std::vector<Record>& records, const ExportToolOptions& options) {
  const std::string source = options.specs == "-" ? "standard input" : options.specs;
  if (options.average_macs) return chosen_within(records, *options.average_macs, source);
  if (records.size() == 1) return records.front();
  throw records.empty() ? bad_input(source, "must hold a spec or a record, is empty")
                        : usage_error(fmt::format("{} holds {} records: choose one with "
                                                  "--average-macs",
                                                  source, records.size()));
}

/// Each once, in the order of ExportFormat.
std::vector<ExportFormat> formats_of(const std::vector<std::string>& words) {
  std::vector<ExportFormat> formats;
  const auto& known = export_format_words();
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (std::find(words.begin(), words.end(), known[i]) != words.end()) {
      formats.push_back(static_cast<ExportFormat>(i));
    }
  }
  return formats;
}

ExitStatus run_export(const ExportToolOptions& options, Session& session) {
  set_up_compute(options.compute, session.console);
  const SupernetFile file = load_supernet(options.checkpoint);
  const std::vector<Record> records =
      read_records_from(options.specs, session.streams.in, &file.supernet->space());
  const Record& record = chosen(records, options);
  if (has_thresholds_of_others(record, file)) {
    session.console.warning(
        "the record's thresholds were fitted for other weights and may not suit these");
  }
  if (options.average_macs && !is_measured_with(record, file)) {
    session.console.warning(
        "--average-macs chose the record by figures that were measured with other weights");
  }
  const Dataset data = open_as_trained(options.images, file.data, session.console);
  ExportOptions exporting;
  exporting.formats = formats_of(options.formats);
  exporting.examples = options.examples;
  if (options.verify) exporting.verified_images = kVerifiedImages;
  for (const VerifiedFiles& files : export_network(file, record, data, exporting, options.output)) {
    const Agreement& agreement = files.agreement;
    session.console.info(
        fmt::format("{}: {} of {} images leave where and as they do in the network ({} close "
                    "ones do not), logits differ by {:.2g} at most",
                    files.name, agreement.same_decisions, agreement.images,
                    agreement.close_decisions, agreement.largest_difference));
  }
  return ExitStatus::kDone;
}

}  // namespace

const Tool& export_tool() {
  static const Tool tool{
      "enas4d-export",
      "write one network of a supernet, ready to run",
      "Extracts the record's network, calibrates its batch norms on training images and writes it "
      "with its exit policy: for these programs (native), as ONNX graphs (one with all exits, and "
      "a "
      "chain of one a stage, so that any runtime can stop early), as a TorchScript module. "
      "manifest.json tells other programs all they need. Without a policy the network runs to its "
      "last exit.",
      {{"enas4d-export --checkpoint run/supernet.safetensors --specs front.jsonl "
        "--average-macs 10M --data cifar10:DIR -o net/",
        "of a search's result the best within 10 million average MACs"},
       {"enas4d-export --checkpoint run/supernet.safetensors --specs best.json --data cifar10:DIR "
        "--format native,onnx,torchscript --verify -o net/",
        "in all formats, each run on real images before it is kept"},
       {"enas4d-sample --space cifar10 --which smallest | enas4d-export --specs - "
        "--checkpoint run/supernet.safetensors --data cifar10:DIR -o smallest/",
        "the smallest network"}},
      tool_of(declare_export, run_export)};
  return tool;
}

}  // namespace enas4d
