// What all tools have in common, without any network.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "support/catch.h"
#include "support/tool_run.h"
#include "tools/tools.h"
#include "util/json.h"

namespace enas4d {
namespace {

const Tool& any_tool() {
  const auto tool = GENERATE(sample_tool, train_ofa_tool, search_tool, export_tool, eval_tool);
  return tool();
}

}  // namespace

TEST_CASE("help of every tool names each configurable option and keeps to the width of a terminal",
          "[tools]") {
  const Tool& tool = any_tool();
  CAPTURE(tool.name);
  const std::string help = run_with(tool, {"--help"}).out;
  const ToolRun printed = run_with(tool, {"--print-config"});
  REQUIRE(printed.status == 0);
  for (const auto& [key, value] : JsonValue::parse(printed.out, "printed").object().entries()) {
    std::string flag = "--" + key;
    std::replace(flag.begin(), flag.end(), '_', '-');
    CHECK_THAT(help, Contains(flag));
  }
  std::istringstream lines(help.substr(0, help.find("\nExamples:")));
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
}

TEST_CASE("every tool shows its own name in its examples", "[tools]") {
  const Tool& tool = any_tool();
  for (const Example& example : tool.examples) {
    CHECK_THAT(example.command, Contains(tool.name + " --"));
  }
}

TEST_CASE("every tool says which option it misses", "[tools]") {
  const Tool& tool = any_tool();
  const ToolRun run = run_with(tool, {});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains(tool.name + ": error: --"));
  CHECK_THAT(run.err, Contains(" is required\n"));
}

TEST_CASE("common options have one name and one help text in all tools", "[tools]") {
  // Trainings have one spec alone, a seed beside that of the split, and processes; what a budget, a
  // confidence and an output are for depends on the tool.
  const std::map<std::string, std::size_t> kinds = {{"--average-macs", 3}, {"--confidence", 2},
                                                    {"--output", 4},       {"--seed", 2},
                                                    {"--specs", 3},        {"--threads", 2}};
  std::map<std::string, std::set<std::string>> helps;
  for (const auto tool : {sample_tool, train_ofa_tool, search_tool, export_tool, eval_tool}) {
    OptionList list;
    tool().prepare(list);
    for (const Option& option : list.options()) helps[option.flag()].insert(option.help);
  }
  for (const auto& [flag, texts] : helps) {
    CAPTURE(flag);
    const auto several = kinds.find(flag);
    CHECK(texts.size() == (several == kinds.end() ? 1 : several->second));
  }
}

}  // namespace enas4d
