// enas4d-sample: draws specs from a space. No LibTorch: it starts in milliseconds.
#include "arch/sample.h"

#include <optional>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "arch/describe.h"
#include "arch/plan.h"
#include "arch/space.h"
#include "cli/common_options.h"
#include "cli/output.h"
#include "search/record.h"
#include "tools/limits.h"
#include "tools/tools.h"
#include "util/rng.h"

namespace enas4d {
namespace {

enum class Which { kRandom, kSmallest, kLargest };

struct SampleOptions {
  std::string space;
  std::optional<std::int64_t> count;
  Which which = Which::kRandom;
  std::string specs;
  SizeBounds bounds;
  bool unique = false;
  bool describe = false;
  std::uint64_t seed = 1;
  std::string output;
};

void declare_sample(SampleOptions& options, OptionList& list) {
  list.group("Specs");
  add_space(list, options.space).required = true;
  list.add("-n,--count", options.count, "random specs to draw, as 100k; absent = 1", CountFormat{});
  list.add<Which>(
      "--which", options.which, "random specs, or the one at an end of the space",
      {{"random", Which::kRandom}, {"smallest", Which::kSmallest}, {"largest", Which::kLargest}});
  add_specs(list, options.specs).help =
      "take these specs or records instead of drawing any: those inside the bounds are written "
      "with their MACs; - is standard input";
  add_size_bounds(list, options.bounds);
  list.add("--unique", options.unique, "no spec twice; status 4 if there are too few");
  add_seed(list, options.seed);
  list.group("Result");
  list.add("--describe", options.describe,
           "tables for people instead of records: of the space, or, with --count, --which or "
           "--specs, of each network");
  add_output(list, options.output, "records");
}

bool is_bounded(const SizeBounds& bounds) {
  return bounds.least_macs || bounds.most_macs || bounds.most_params;
}

/// Not any network of it.
bool describes_space(const SampleOptions& options) {
  return options.describe && options.specs.empty() && options.which == Which::kRandom &&
         !options.count;
}

void check_combination(const SampleOptions& options) {
  const bool one = options.which != Which::kRandom;
  if (options.count == 0) throw usage_error("--count: must be at least 1, got 0");
  if (!options.specs.empty() && (one || options.count)) {
    throw usage_error("--specs: draws nothing, so --count and --which do not go with it");
  }
  if (one && options.count) {
    throw usage_error("--which: that is one spec, so --count does not go with it");
  }
  if (describes_space(options) && (is_bounded(options.bounds) || options.unique)) {
    throw usage_error(
        "--describe: the space is described whole; --min-macs, --max-macs, --max-params and "
        "--unique need --count or --specs");
  }
}

/// Writes the records that the options let through, memory being used again: 100,000 a second.
class RecordWriter {
 public:
  RecordWriter(const Space& space, const SampleOptions& options, Output& output)
      : space_(space),
        hash_(space_hash(space)),
        limits_(limits_of(options.bounds)),
        options_(options),
        output_(output) {}

  const Limits& limits() const { return limits_; }

  /// True if it was written: inside the limits and, if that is asked for, not seen before.
  bool offer(Record record) {
    lower(space_, record.spec, plan_);
    if (!limits_.allow(plan_)) return false;
    if (options_.unique && !is_new(record.spec)) return false;
    if (options_.describe) {
      output_.line((is_first_ ? "" : "\n") + describe_network(space_, record.spec));
      is_first_ = false;
      return true;
    }
    record.space = hash_;
    record.macs = exit_macs(plan_).cumulative;
    record.params = parameters(plan_);
    output_.line(to_line(record));
    return true;
  }

  bool offer(Spec spec) {
    Record record;
    record.spec = std::move(spec);
    return offer(std::move(record));
  }

 private:
  bool is_new(const Spec& spec) {
    std::string text;
    append_json(text, spec);
    return seen_.insert(std::move(text)).second;
  }

  const Space& space_;
  const std::string hash_;
  const Limits limits_;
  const SampleOptions& options_;
  Output& output_;
  bool is_first_ = true;
  Plan plan_;
  std::unordered_set<std::string> seen_;
};

/// Spec i is a pure function of (seed, i).
void draw(const SampleOptions& options, const Space& space, RecordWriter& writer) {
  constexpr int kMostRepeats = 10000;
  const bool bounded = is_bounded(options.bounds);
  const std::int64_t count = options.count.value_or(1);
  int repeats = 0;
  std::int64_t written = 0;
  for (std::uint64_t i = 0; written < count; ++i) {
    Rng rng(options.seed, {i});
    if (writer.offer(bounded ? uniform_within(space, writer.limits(), rng) : uniform(space, rng))) {
      ++written;
      repeats = 0;
    } else if (++repeats == kMostRepeats) {
      throw impossible(
          fmt::format("--unique: only {} distinct specs found of {} asked for; {} "
                      "draws in a row were known already",
                      written, count, kMostRepeats));
    }
  }
}

ExitStatus run_sample(const SampleOptions& options, Session& session) {
  check_combination(options);
  std::istream& in = session.streams.in;
  const Space space = read_space(read_shipped(space_shelf(), options.space, in));
  Output output(options.output, session.streams.out);
  RecordWriter writer(space, options, output);
  if (describes_space(options)) {
    output.line(describe_space(space));
  } else if (!options.specs.empty()) {
    for (Record& record : read_records_from(options.specs, in, &space)) {
      writer.offer(std::move(record));
    }
  } else if (options.which == Which::kRandom) {
    draw(options, space, writer);
  } else {
    writer.offer(options.which == Which::kSmallest ? smallest(space) : largest(space));
  }
  output.finish();
  return ExitStatus::kDone;
}

}  // namespace

const Tool& sample_tool() {
  static const Tool tool{
      "enas4d-sample",
      "draw network specs from a space and count their MACs",
      "Writes one record a line: the spec, its cumulative multiply-accumulates per exit and its "
      "parameters. Spec number i depends on the space, the bounds, the seed and i only: a longer "
      "sample begins with the shorter one.",
      {{"enas4d-sample --space cifar10 -n 1000 --max-macs 20M --seed 1 > specs.jsonl",
        "a thousand specs of at most 20 million MACs"},
       {"enas4d-sample --space cifar10 --describe", "what the space offers, as a table"},
       {"enas4d-sample --space cifar10 --which largest --describe",
        "its largest network, layer by layer"},
       {"enas4d-sample --space cifar10 --specs specs.jsonl --max-macs 8M | head -n 3",
        "of given specs the first three that are small enough"}},
      tool_of(declare_sample, run_sample)};
  return tool;
}

}  // namespace enas4d
