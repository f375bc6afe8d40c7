// What all tools on LibTorch have in common, without any network.
#include <algorithm>
#include <map>
#include <sstream>

#include "support/catch.h"
#include "support/tool_run.h"
#include "tools/tools.h"
#include "util/json.h"

namespace enas4d {
namespace {

const Tool& any_torch_tool() {
  const auto tool = GENERATE(train_ofa_tool, search_tool, export_tool, eval_tool);
  return tool();
}

}  // namespace

TEST_CASE("help of every tool names each configurable option and keeps to the width of a terminal",
          "[tools]") {
  const Tool& tool = any_torch_tool();
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
  const Tool& tool = any_torch_tool();
  for (const Example& example : tool.examples) {
    CHECK_THAT(example.command, Contains(tool.name + " --"));
  }
}

TEST_CASE("every tool says which option it misses", "[tools]") {
  const Tool& tool = any_torch_tool();
  const ToolRun run = run_with(tool, {});
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains(tool.name + ": error: --"));
  CHECK_THAT(run.err, Contains(" is required\n"));
}

TEST_CASE("common options have one name and one help text in all tools", "[tools]") {
  std::map<std::string, std::string> help_of;
  for (const auto tool : {train_ofa_tool, search_tool, export_tool, eval_tool}) {
    OptionList list;
    tool().prepare(list);
    for (const Option& option : list.options()) {
      const std::string flag = option.flag();
      if (flag != "--data" && flag != "--checkpoint" && flag != "--specs" && flag != "--seed" &&
          flag != "--threads" && flag != "--device" && flag != "--max-time") {
        continue;
      }
      // Of training these say more: one spec alone, a seed beside that of the split, processes.
      const bool own = flag == "--specs" || flag == "--seed" || flag == "--threads";
      if (own && tool == train_ofa_tool) continue;
      const auto [known, is_new] = help_of.try_emplace(flag, option.help);
      CHECK(known->second == option.help);
    }
  }
  CHECK(help_of.size() == 7);
}

}  // namespace enas4d
