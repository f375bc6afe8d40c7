// The tools on LibTorch, chained as a pipeline: trainings, measurements and searches.
#include <fmt/format.h>

#include "tools/trained_folder.h"

namespace enas4d {

TEST_CASE("training stopped by a time limit ends with status 75 and goes on", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  Words stopped = folder.training("stopped");
  stopped.insert(stopped.end(), {"--max-time", "0"});
  const ToolRun first = run_with(train_ofa_tool(), stopped);
  CHECK(first.status == 75);
  CHECK_THAT(first.err, Contains("the same command goes on"));
  CHECK(run_with(train_ofa_tool(), folder.training("stopped")).status == 0);
  CHECK(read_file(folder / "stopped/supernet.safetensors") ==
        read_file(folder / "run/supernet.safetensors"));
}

TEST_CASE("training takes its number of epochs and its seeds from the options", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const auto [name, option, place] = GENERATE(table<std::string, std::string, std::string>(
      {{"--epochs", "1.5", "/recipe"}, {"--seed", "2", "/seed"}, {"--split-seed", "2", "/data"}}));
  CAPTURE(name);
  Words arguments = folder.training("run");  // belongs to one epoch of seed 1
  arguments.insert(arguments.end(), {name, option});
  const ToolRun run = run_with(train_ofa_tool(), arguments);
  CHECK(run.status == 3);
  CHECK_THAT(run.err, Contains(place));
}

TEST_CASE("one network is trained alone, from scratch or from a supernet's weights", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const bool from_weights = GENERATE(false, true);
  const std::string run = from_weights ? "tuned" : "alone";
  const std::string spec = to_json(smallest(pencil_space(2))).dump();
  Words arguments = folder.training(run);
  arguments.insert(arguments.end(), {"--specs", "-"});
  if (from_weights) {
    arguments.insert(arguments.end(), {"--init-from", folder / "run/supernet.safetensors"});
  }
  const ToolRun trained = run_with(train_ofa_tool(), arguments, spec);
  CAPTURE(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.err, Contains("spec "));
  const auto records = records_of(
      folder.run(eval_tool(),
                 {"--specs", "-", "--checkpoint", folder / (run + "/supernet.safetensors")}, spec));
  CHECK(records.at(0).val.has_value());
}

TEST_CASE("training refuses specs that are not one, and a recipe that cannot train one",
          "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  Words arguments = folder.training("refused");
  arguments.insert(arguments.end(), {"--specs", "-"});
  const ToolRun two = run_with(train_ofa_tool(), arguments, folder.specs());
  CHECK(two.status == 2);
  CHECK_THAT(two.err, Contains("--specs: must hold one spec or record to train, holds 2"));
  arguments[3] = "progressive-shrinking";
  const ToolRun shrinking =
      run_with(train_ofa_tool(), arguments, to_json(smallest(pencil_space(2))).dump());
  CHECK(shrinking.status == 3);
  CHECK_THAT(shrinking.err, Contains("recipe 'progressive-shrinking': /phases/1/teacher: must be"));
  CHECK_FALSE(file_exists(folder / "refused"));
}

TEST_CASE("training in bfloat16 is another configuration", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  Words arguments = folder.training("run");
  arguments.emplace_back("--bf16");
  const ToolRun run = run_with(train_ofa_tool(), arguments);
  CHECK(run.status == 3);
  CHECK_THAT(run.err, Contains("/recipe/precision is \"float32\" there, \"bfloat16\" here"));
}

TEST_CASE("phases that a space has no use for are left out with a note", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  Words arguments = folder.training("shrunk");
  arguments[3] = "progressive-shrinking";
  arguments.insert(arguments.end(), {"--epochs", "4"});
  const ToolRun run = run_with(train_ofa_tool(), arguments);
  CAPTURE(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, Contains("phase 'depth 1' is left out: it frees nothing in the space"));
  CHECK_THAT(run.err, Contains("epoch 4/4 (width 2)"));
}

TEST_CASE("specs come back as records with what they give on the split", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const bool on_test = GENERATE(false, true);
  const auto records = records_of(folder.run(
      eval_tool(), {"--specs", "-", "--split", on_test ? "test" : "val"}, folder.specs()));
  REQUIRE(records.size() == 2);
  for (const Record& record : records) {
    CHECK(record.val.has_value() == !on_test);
    CHECK(record.test.has_value() == on_test);
    const Outcome& outcome = on_test ? *record.test : *record.val;
    CHECK(outcome.images == (on_test ? 40 : 24));
    CHECK(outcome.accuracy == outcome.exit_accuracy.back());  // no policy: the last exit
    CHECK(record.policy->exit == 1);
    CHECK(record.hashes.size() == 3);
  }
}

TEST_CASE("exits along depth are measured beside a static network", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const auto curve_on = [&](const std::string& split) {
    const ToolRun run =
        folder.run(eval_tool(), {"--specs", "-", "--depth-exits", "--split", split},
                   R"({"format":"enas4d/record","version":1,"policy":{"exit":1},"spec":)" +
                       spec_object(largest(pencil_space(2))).dump() + "}");
    CAPTURE(run.err);
    REQUIRE(run.status == 0);
    return Json::parse(run.out)["depth_curve"];
  };
  const Json on_test = curve_on("test");
  REQUIRE_FALSE(on_test.empty());
  CHECK(on_test.back()["accuracy"] <= 1);
  CHECK(on_test.back()["average_macs"] > 0);

  // Whatever the split, a point says what it gave on val, where it may be chosen.
  const Json on_val = curve_on("val");
  REQUIRE(on_val.size() == on_test.size());
  for (std::size_t i = 0; i < on_val.size(); ++i) {
    CHECK(on_val[i]["average_macs"] == on_val[i]["val_average_macs"]);
    CHECK(on_val[i]["accuracy"] == on_val[i]["val_accuracy"]);
    CHECK(on_test[i]["val_average_macs"] == on_val[i]["val_average_macs"]);
    CHECK(on_test[i]["val_accuracy"] == on_val[i]["val_accuracy"]);
  }
}

TEST_CASE("a search for budgets writes a record for each in their order", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const Words search = {"--evaluations", "4", "--population", "3"};
  const auto front = records_of(folder.run(search_tool(), search));
  REQUIRE_FALSE(front.empty());

  const auto cheap = static_cast<std::int64_t>(front.front().val->average_macs) + 1;
  const auto costly = static_cast<std::int64_t>(front.back().val->average_macs) + 1;
  Words budgets = search;
  budgets.insert(budgets.end(), {"--average-macs", fmt::format("{},{}", costly, cheap)});
  const auto best = records_of(folder.run(search_tool(), budgets));
  REQUIRE(best.size() == 2);
  CHECK(best[0].val->average_macs <= static_cast<double>(costly));
  CHECK(best[1].val->average_macs <= static_cast<double>(cheap));
  CHECK(best[0].val->accuracy >= best[1].val->accuracy);

  budgets.emplace_back("--front");
  CHECK(records_of(folder.run(search_tool(), budgets)).size() == 2 + front.size());
}

TEST_CASE("a search reaches accuracies, a higher one at no less cost, by every strategy",
          "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const std::string strategy = GENERATE("evolution", "stagewise", "random");
  CAPTURE(strategy);
  const auto records =
      records_of(folder.run(search_tool(),
                            {"--evaluations", "6", "--population", "3", "--strategy", strategy,
                             "--specs", "-", "--min-accuracy", "0.1,0.2", "--max-params", "1M"},
                            folder.specs()));
  REQUIRE(records.size() == 2);
  CHECK(records[0].val->accuracy >= 0.1);
  CHECK(records[1].val->accuracy >= 0.2);
  CHECK(records[0].val->average_macs <= records[1].val->average_macs);
}

TEST_CASE("a goal that a search does not meet costs no other its record", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const std::string file = folder / "some.jsonl";
  const Words search = {"--evaluations", "4", "--population", "3", "-o", file, "--min-accuracy"};
  Words none = search, some = search;
  none.emplace_back("1");
  CHECK(folder.run(search_tool(), none).status == 4);
  CHECK_FALSE(file_exists(file));
  some.emplace_back("1,0.1");
  const ToolRun run = folder.run(search_tool(), some);
  CHECK(run.status == 4);
  CHECK_THAT(run.err, Contains("error: no policy reaches accuracy 1 on val"));
  CHECK(read_records(read_file(file), file).size() == 1);
}

TEST_CASE("a search for fixed exits finds static networks", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  for (const Record& record : records_of(folder.run(
           search_tool(), {"--evaluations", "3", "--population", "2", "--policy", "fixed"}))) {
    CHECK(record.policy->exit.has_value());
  }
}

TEST_CASE("a search into a file keeps its journal beside it and leaves none on standard output",
          "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const std::string file = folder / "front.jsonl";
  const Words search = {"--evaluations", "3", "--population", "2", "-o", file};
  CHECK(folder.run(search_tool(), search).out.empty());
  CHECK(file_exists(file));
  CHECK(file_exists(file + ".journal"));
}

TEST_CASE("a stopped search writes no result and ends with status 75", "[tools]") {
  const TrainedFolder& folder = TrainedFolder::get();
  const ToolRun run = folder.run(search_tool(), {"--max-time", "0", "-o", folder / "none.jsonl"});
  CHECK(run.status == 75);
  CHECK_FALSE(file_exists(folder / "none.jsonl"));
}

TEST_CASE("what goes wrong with networks has its status and names its cause", "[tools]") {
  struct Case {
    const Tool& (*tool)();
    Words arguments;
    int status;
    const char* part;
  };
  const Case wrong = GENERATE(
      Case{eval_tool, {}, 2, "either --model FILE or --checkpoint FILE with --specs FILE"},
      Case{eval_tool, {"--specs", "-", "--model", "net"}, 2, "either --model FILE or "},
      Case{eval_tool, {"--specs", "-", "--curve"}, 2, "--curve: goes with --model only"},
      Case{eval_tool, {"--specs", "-", "--time"}, 2, "--time: goes with --model only"},
      Case{eval_tool, {"--specs", "-", "--report"}, 2, "--report: goes with --model only"},
      Case{eval_tool, {"--specs", "-", "--batch", "7"}, 2, "--batch: goes with --model only"},
      Case{eval_tool, {"--specs", "-", "--confidence", "margin"}, 2, "with --fit-policy only"},
      Case{eval_tool, {"--specs", "-", "--fit-policy"}, 2, "--average-macs go together"},
      Case{eval_tool, {"--specs", "-", "--split", "train"}, 2, "--split: must be val, test"},
      Case{eval_tool, {"--specs", "-", "--device", "cuda"}, 2, "only cpu is"},
      Case{eval_tool, {"--specs", "/no/such"}, 3, "/no/such: cannot be read: "},
      Case{eval_tool, {"--specs", "-", "--checkpoint", "/no/such"}, 3, "/no/such: cannot be read"},
      Case{search_tool, {"--average-macs", "1"}, 4, "reach"},
      Case{search_tool, {"--max-params", "9"}, 4, "no spec has at most 9 parameters"},
      Case{search_tool, {"--min-accuracy", "1", "--evaluations", "2"}, 4, "reaches accuracy 1"},
      Case{search_tool, {"--min-accuracy", "0.5,2"}, 2, "must be a number from 0 to 1, got '2'"},
      Case{search_tool, {"--shard", "4/3"}, 2, "--shard: must be I/N with I from 1 to N"},
      Case{search_tool, {"--shard", "1/3"}, 2, "--shard: needs the --journal"},
      Case{search_tool, {"--shard", "1/3", "-o", "front"}, 2, "--shard: needs the --journal"},
      Case{search_tool, {"--strategy", "stagewise", "--evaluations", "1"}, 2, "must be at least 2"},
      Case{search_tool, {"--mutation-rate", "2"}, 2, "must be a number from 0 to 1, got '2'"},
      Case{search_tool, {"--confidence", "margni"}, 2, "did you mean 'margin'?"},
      Case{export_tool, {"--specs", "-", "-o", "net"}, 2, "standard input holds 2 records"},
      Case{export_tool, {"--specs", "-", "-o", "net", "--average-macs", "5M"}, 3, "val outcome"},
      Case{export_tool, {"--specs", "-", "-o", "net", "--format", "onyx"}, 2, "must be native"});
  const TrainedFolder& folder = TrainedFolder::get();
  const ToolRun run = folder.run(wrong.tool(), wrong.arguments, folder.specs());
  CAPTURE(wrong.arguments, run.err);
  CHECK(run.status == wrong.status);
  CHECK(run.out.empty());
  CHECK_THAT(run.err, Contains(wrong.tool().name + ": error: "));
  CHECK_THAT(run.err, Contains(wrong.part));
}

}  // namespace enas4d
