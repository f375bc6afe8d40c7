// The tools on LibTorch, the end of the pipeline: networks that are exported and measured.
#include <algorithm>

#include "tools/trained_folder.h"

namespace enas4d {

TEST_CASE("of equally accurate records the cheapest is exported", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  auto records = records_of(folder.run(search_tool(), {"--evaluations", "4", "--front"}));
  REQUIRE(records.size() >= 2);
  std::reverse(records.begin(), records.end());  // the cheapest is the last
  std::string lines;
  for (Record& record : records) {
    record.val->accuracy = 0.5;
    lines += to_line(record) + "\n";
  }
  const ToolRun run = folder.run(
      export_tool(), {"--specs", "-", "--average-macs", "1G", "-o", folder / "tied"}, lines);
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  const Json manifest = Json::parse(read_file(folder / "tied/manifest.json"));
  CHECK(manifest["record"]["spec"] == spec_object(records.back().spec));
  CHECK(manifest["record"]["val"]["average_macs"] == records.back().val->average_macs);
}

TEST_CASE("an exported network evaluates to what its record promised", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const ToolRun front = folder.run(search_tool(), {"--evaluations", "4", "--population", "3"});
  const auto records = records_of(front);
  const Record& wanted = records.at(records.size() / 2);
  const auto budget = static_cast<std::int64_t>(wanted.val->average_macs) + 1;
  const ToolRun exported = folder.run(
      export_tool(),
      {"--specs", "-", "--average-macs", std::to_string(budget), "-o", folder / "net"}, front.out);
  CAPTURE(exported.err);
  REQUIRE(exported.status == 0);
  CHECK(file_exists(folder / "net/manifest.json"));

  const std::string batch = GENERATE("1", "250");
  const auto result =
      records_of(folder.run_model(folder / "net/subnet.safetensors", {"--batch", batch})).at(0);
  CHECK(result.spec == wanted.spec);
  CHECK(result.val->accuracy == Approx(wanted.val->accuracy));
  CHECK(result.val->average_macs == Approx(wanted.val->average_macs));
}

TEST_CASE("thresholds of other weights are told of where they are measured and exported",
          "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  Record record = describe(pencil_space(2), "", largest(pencil_space(2)));
  record.policy = Policy{Confidence::kMaxSoftmax, {0.5}, {}};
  record.hashes["checkpoint"] = "other";
  const ToolRun measured = folder.run(eval_tool(), {"--specs", "-"}, to_line(record));
  CHECK_THAT(measured.err, Contains("thresholds of 1 of 1 records were fitted for other weights"));
  const ToolRun exported =
      folder.run(export_tool(), {"--specs", "-", "-o", folder / "others"}, to_line(record));
  CHECK_THAT(exported.err, Contains("thresholds were fitted for other weights"));
  const ToolRun own = folder.run(eval_tool(), {"--specs", "-"}, measured.out);
  CHECK_THAT(own.err, !Contains("other weights"));
}

TEST_CASE("a choice by figures of other weights is told", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  Record record = describe(pencil_space(2), "", largest(pencil_space(2)));
  record.policy = Policy{};
  record.policy->exit = 1;
  record.val = Outcome{100, 0.9, {0.8, 0.9}, {0, 1}, 10};
  const auto exported = [&](const Words& options) {
    Words words = {"--specs", "-", "-o", folder / "foreign"};
    words.insert(words.end(), options.begin(), options.end());
    const ToolRun run = folder.run(export_tool(), words, to_line(record));
    CHECK(run.status == 0);
    return run.err;
  };
  const std::string warning = "chose the record by figures that were measured with other weights";
  CHECK_THAT(exported({"--average-macs", "1G"}), Contains(warning));
  CHECK_THAT(exported({}), !Contains(warning));
}

TEST_CASE("a budget just below the least average is told apart from it", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const Spec spec = largest(pencil_space(2));
  REQUIRE(folder.run(export_tool(), {"--specs", "-", "-o", folder / "dear"}, to_json(spec).dump())
              .status == 0);
  const std::int64_t least = exit_macs(lower(pencil_space(2), spec)).cumulative.front();
  const ToolRun run =
      folder.run_model(folder / "dear/subnet.safetensors",
                       {"--fit-policy", "--average-macs", std::to_string(least - 1)});
  CHECK(run.status == 4);
  CHECK_THAT(run.err, Contains("at most " + std::to_string(least - 1) +
                               " MACs; reachable: " + std::to_string(least) + " to "));
}

TEST_CASE("an exported network tells its curve and times where they are asked for", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  REQUIRE(folder
              .run(export_tool(), {"--specs", "-", "-o", folder / "single"},
                   to_json(largest(pencil_space(2))).dump())
              .status == 0);
  const ToolRun run = folder.run_model(folder / "single/subnet.safetensors",
                                       {"--split", "test", "--curve", "--time"});
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  JsonObject result = JsonValue::parse(run.out, "output").object();
  CHECK(result.required("test").object().required("images").whole(0, 100) == 40);
  CHECK(result.required("curve").items().size() > 1);
  const auto times = result.required("time").items();
  REQUIRE(times.size() == 2);
  CHECK(times[0].object().required("batch").whole(1, 64) == 40);  // all
  CHECK(times[1].object().required("batch").whole(1, 64) == 1);
}

TEST_CASE("an exported network is reported image by image and class by class", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  REQUIRE(folder
              .run(export_tool(), {"--specs", "-", "-o", folder / "reported"},
                   to_json(largest(pencil_space(2))).dump())
              .status == 0);
  const std::string model = folder / "reported/subnet.safetensors";
  const auto budget =
      std::to_string(exit_macs(lower(pencil_space(2), largest(pencil_space(2)))).full());
  const ToolRun run =
      folder.run_model(model, {"--split", "test", "--report", "--fit-policy", "--average-macs",
                               budget, "--predictions", folder / "predictions.csv"});
  CAPTURE(run.err);
  REQUIRE(run.status == 0);
  const Json result = Json::parse(run.out);
  CHECK(result["policy"]["thresholds"].size() == 1);
  CHECK(result["val"]["images"] == 24);
  CHECK(result["peak_mib"] > 0);
  CHECK(result["split"] == "test");
  const Json& report = result["report"];
  CHECK(report["exits"].size() == 2);
  CHECK(report["classes"].size() == 3);
  CHECK(report["transfer"]["interval"].size() == 2);
  CHECK(report["oracle"]["accuracy"] >= result["test"]["accuracy"]);
  CHECK(report["intervals"]["accuracy"][0] <= result["test"]["accuracy"]);

  const std::string lines = read_file(folder / "predictions.csv");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 41);
  CHECK(lines.substr(0, lines.find('\n')) == "index,label,exit,class,confidence");
}

}  // namespace enas4d
