#include "arch/sample.h"

#include <algorithm>
#include <map>
#include <set>

#include "arch/describe.h"
#include "search/record.h"
#include "support/catch.h"
#include "support/spaces.h"
#include "support/temporary_folder.h"
#include "support/tool_run.h"
#include "tools/tools.h"
#include "util/files.h"

namespace enas4d {
namespace {

/// enas4d-sample on a small space of a file.
class Sampling {
 public:
  Sampling() { write_file(folder_ / "space.json", to_json(space_).dump()); }

  ToolRun run(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {"--space", folder_ / "space.json"});
    return run_with(sample_tool(), arguments, input);
  }

  std::vector<Record> records(const std::vector<std::string>& arguments,
                              const std::string& input = "") const {
    const ToolRun result = run(arguments, input);
    CHECK(result.err.empty());
    CHECK(result.status == 0);
    return read_records(result.out, "output");
  }

  const Space& space() const { return space_; }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  Space space_ = pencil_space(2);
};

std::int64_t middle_macs(const Space& space) {
  const auto full = [&](const Spec& spec) { return exit_macs(lower(space, spec)).full(); };
  return (full(smallest(space)) + full(largest(space))) / 2;
}

}  // namespace

TEST_CASE("a sample is records of the space with their MACs and parameters", "[tools]") {
  const Sampling sampling;
  const auto records = sampling.records({"-n", "20"});
  CHECK(records.size() == 20);
  for (const Record& record : records) {
    const Record expected = describe(sampling.space(), space_hash(sampling.space()), record.spec);
    CHECK(to_line(record) == to_line(expected));
    CHECK(fits(sampling.space(), record.spec));
  }
}

TEST_CASE("spec number i depends on the seed and i only", "[tools]") {
  const Sampling sampling;
  const std::string five = sampling.run({"-n", "5", "--seed", "3"}).out;
  const std::string nine = sampling.run({"-n", "9", "--seed", "3"}).out;
  CHECK(nine.substr(0, five.size()) == five);
  CHECK(sampling.run({"-n", "5", "--seed", "4"}).out != five);
}

TEST_CASE("sampled specs lie inside the bounds", "[tools]") {
  const Sampling sampling;
  const std::int64_t middle = middle_macs(sampling.space());
  const std::string bound = std::to_string(middle);
  for (const Record& record : sampling.records({"-n", "20", "--max-macs", bound})) {
    CHECK(record.macs.back() <= middle);
  }
  for (const Record& record : sampling.records({"-n", "20", "--min-macs", bound})) {
    CHECK(record.macs.back() >= middle);
  }
}

TEST_CASE("an impossible window ends with status 4 and the range that is reachable", "[tools]") {
  const ToolRun run = Sampling().run({"--max-macs", "1"});
  CHECK(run.status == 4);
  CHECK_THAT(run.err, Contains("reach"));
  CHECK(run.out.empty());
}

TEST_CASE("unique writes no spec twice and says when there are no more", "[tools]") {
  const Sampling sampling;
  std::set<std::string> hashes;
  for (const Record& record : sampling.records({"-n", "100", "--unique"})) {
    hashes.insert(spec_hash(record.spec));
  }
  CHECK(hashes.size() == 100);
  const ToolRun run = sampling.run({"-n", "1000000", "--unique", "--max-macs",
                                    std::to_string(middle_macs(sampling.space()) / 2)});
  CHECK(run.status == 4);
  CHECK_THAT(run.err, Contains("distinct specs found of 1000000 asked for"));
}

TEST_CASE("the ends of a space can be asked for", "[tools]") {
  const Sampling sampling;
  CHECK(sampling.records({"--which", "smallest"}).at(0).spec == smallest(sampling.space()));
  CHECK(sampling.records({"--which", "largest"}).at(0).spec == largest(sampling.space()));
}

TEST_CASE("given specs are described and those outside the bounds left out", "[tools]") {
  const Sampling sampling;
  const Space& space = sampling.space();
  const std::string specs =
      to_json(smallest(space)).dump() + "\n" + to_json(largest(space)).dump() + "\n";
  CHECK(sampling.records({"--specs", "-"}, specs).size() == 2);

  write_file(sampling.folder() / "specs.jsonl", specs);
  const auto small = sampling.records({"--specs", sampling.folder() / "specs.jsonl", "--max-macs",
                                       std::to_string(middle_macs(space))});
  REQUIRE(small.size() == 1);
  CHECK(small[0].spec == smallest(space));
  CHECK(small[0].macs == exit_macs(lower(space, small[0].spec)).cumulative);
}

TEST_CASE("a space is described as it is, and with specs their networks", "[tools]") {
  const Sampling sampling;
  const Space& space = sampling.space();
  CHECK(sampling.run({"--describe"}).out == describe_space(space) + "\n");
  CHECK(sampling.run({"--describe", "--which", "largest"}).out ==
        describe_network(space, largest(space)) + "\n");

  const Spec ends[] = {smallest(space), largest(space)};
  const std::string specs = to_json(ends[0]).dump() + "\n" + to_json(ends[1]).dump() + "\n";
  CHECK(sampling.run({"--describe", "--specs", "-"}, specs).out ==
        describe_network(space, ends[0]) + "\n\n" + describe_network(space, ends[1]) + "\n");

  const ToolRun drawn = sampling.run({"--describe", "-n", "3"});
  CHECK(std::count(drawn.out.begin(), drawn.out.end(), ':') == 3);
}

TEST_CASE("counts of specs may have a suffix", "[tools]") {
  CHECK(Sampling().records({"-n", "0.1k"}).size() == 100);
}

TEST_CASE("a space may come from standard input", "[tools]") {
  const ToolRun run = run_with(sample_tool(), {"--space", "-"}, to_json(pencil_space(1)).dump());
  CHECK(run.status == 0);
  CHECK(read_records(run.out, "output").size() == 1);
}

TEST_CASE("a sample can go to a file", "[tools]") {
  const Sampling sampling;
  const std::string path = sampling.folder() / "specs.jsonl";
  const ToolRun run = sampling.run({"-n", "3", "-o", path});
  CHECK(run.status == 0);
  CHECK(run.out.empty());
  CHECK(read_file(path) == sampling.run({"-n", "3"}).out);
}

TEST_CASE("what goes wrong in sampling has its status and names its cause", "[tools]") {
  struct Case {
    std::vector<std::string> arguments;
    int status;
    const char* part;
  };
  const Case wrong = GENERATE(
      Case{{"--count", "0"}, 2, "--count: must be at least 1, got 0"},
      Case{{"--which", "larges"}, 2, "did you mean 'largest'?"},
      Case{{"--which", "largest", "-n", "2"}, 2, "--count does not go with it"},
      Case{{"--specs", "-", "-n", "2"}, 2, "--count and --which do not go with it"},
      Case{{"--describe", "--max-macs", "5k"}, 2, "--describe: the space is described whole; "},
      Case{{"--describe", "--unique"}, 2, " need --count or --specs"},
      Case{{"--max-macs", "fast"}, 2, "--max-macs: must be a count such as 5M, got 'fast'"},
      Case{{"--sede", "1"}, 2, "unknown option '--sede', did you mean '--seed'?"},
      Case{{"--space", "cifra10"}, 2, "did you mean 'cifar10'?"},
      Case{{"--space", "/no/such.json"}, 3, "/no/such.json: cannot be read: "},
      Case{{"--specs", "/no/such.jsonl"}, 3, "/no/such.jsonl: cannot be read: "},
      Case{{"--specs", "-"}, 3, "standard input:2: "},
      Case{{"-o", "/no/such/folder.jsonl"}, 1, "/no/such/folder.jsonl: cannot be written: "});
  const std::string input =
      to_json(smallest(pencil_space(2))).dump() + "\n" + R"({"format": "enas4d/spec"})";
  CAPTURE(wrong.arguments);
  const ToolRun run = Sampling().run(wrong.arguments, input);
  CHECK(run.status == wrong.status);
  CHECK_THAT(run.err, Contains(wrong.part));
  CHECK_THAT(run.err, Contains("enas4d-sample: error: "));
  CHECK(run.err.find('\n') == run.err.size() - 1);
}

}  // namespace enas4d
