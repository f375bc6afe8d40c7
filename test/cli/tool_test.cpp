#include "cli/tool.h"

#include <new>

#include "cli/output.h"
#include "support/catch.h"
#include "support/temporary_folder.h"
#include "support/tool_run.h"
#include "util/files.h"

namespace enas4d {
namespace {

struct EchoOptions {
  std::string text;
  std::string output;
};

void declare_echo(EchoOptions& options, OptionList& list) {
  list.group("Echo");
  list.add("-t,--text", options.text, "what to say, which may be long enough to need a second line",
           TextFormat{"TEXT"})
      .required = true;
  list.add("-o,--output", options.output, "where to", TextFormat{"FILE"});
}

/// Says its text, or fails as the text demands.
ExitStatus run_echo(const EchoOptions& options, Session& session) {
  if (options.text == "error") throw impossible("no such echo");
  if (options.text == "exception") throw std::runtime_error("first line\nbacktrace");
  if (options.text == "memory") throw std::bad_alloc();
  if (options.text == "stop") return ExitStatus::kStopped;
  session.console.info("echoing");
  session.console.detail("in detail");
  Output output(options.output, session.streams.out);
  output.line(options.text);
  output.finish();
  return ExitStatus::kDone;
}

const Tool& echo_tool() {
  static const Tool tool{"enas4d-echo",
                         "say what it is told",
                         "Details.",
                         {{"enas4d-echo -t hello", "says hello"}},
                         tool_of(declare_echo, run_echo)};
  return tool;
}

ToolRun echo(const std::vector<std::string>& arguments, const std::string& input = "") {
  return run_with(echo_tool(), arguments, input);
}

}  // namespace

TEST_CASE("a tool's result is all there is on standard output", "[cli]") {
  const ToolRun run = echo({"-t", "hello"});
  CHECK(run.status == 0);
  CHECK(run.out == "hello\n");
  CHECK(run.err == "enas4d-echo: echoing\n");
}

TEST_CASE("two runs of a tool share nothing", "[cli]") {
  CHECK(echo({"-t", "hello", "--verbose"}).status == 0);
  const ToolRun run = echo({});
  CHECK(run.status == 2);
  CHECK(run.err == "enas4d-echo: error: --text TEXT is required\n");
}

TEST_CASE("what ends a tool decides its status and is told in one line", "[cli]") {
  struct Case {
    const char* text;
    int status;
    const char* err;
  };
  const Case ending =
      GENERATE(Case{"error", 4, "enas4d-echo: error: no such echo\n"},
               Case{"exception", 1, "enas4d-echo: error: first line\n"},
               Case{"memory", 1, "enas4d-echo: error: out of memory\n"}, Case{"stop", 75, ""});
  CAPTURE(ending.text);
  const ToolRun run = echo({"-t", ending.text});
  CHECK(run.status == ending.status);
  CHECK(run.err == ending.err);
  CHECK(run.out.empty());
}

TEST_CASE("quiet, verbose and log format have their effect", "[cli]") {
  CHECK(echo({"-t", "x", "--quiet"}).err.empty());
  CHECK(echo({"-t", "x", "-v"}).err == "enas4d-echo: echoing\nenas4d-echo: in detail\n");
  CHECK(echo({"-t", "x", "--log-format", "json"}).err ==
        R"({"program":"enas4d-echo","level":"info","message":"echoing"})"
        "\n");
  CHECK(echo({"-t", "error", "--log-format", "json"}).err ==
        R"({"program":"enas4d-echo","level":"error","message":"no such echo"})"
        "\n");
  // Also where the options themselves are wrong.
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"--log-format", "json"}, {"--log-format=json", "--txet", "x"}}) {
    const ToolRun run = echo(wrong);
    CHECK(run.status == 2);
    CHECK_THAT(run.err, StartsWith(R"({"program":"enas4d-echo","level":"error","message":)"));
  }
}

TEST_CASE("help names every option, its default, the examples and the statuses", "[cli]") {
  const ToolRun run = echo({GENERATE("-h", "--help"), "-t", "error"});
  CHECK(run.status == 0);
  CHECK(run.err.empty());
  for (const char* part :
       {"enas4d-echo: say what it is told\n", "Usage: enas4d-echo --text TEXT [options]\n",
        "  -t, --text TEXT", "  -o, --output FILE", "      --config FILE", "--print-config",
        "  -q, --quiet", "  -v, --verbose",
        "--log-format text|json  form of the lines on standard error "
        "[text]",
        "  -V, --version", "  -h, --help", "  enas4d-echo -t hello\n", "75 stopped early"}) {
    CHECK_THAT(run.out, Contains(part));
  }
}

TEST_CASE("the version is the project's", "[cli]") {
  const ToolRun run = echo({"--version"});
  CHECK(run.status == 0);
  CHECK_THAT(run.out, Contains("enas4d-echo 0."));
}

TEST_CASE("a printed configuration gives the same run again", "[cli]") {
  const TemporaryFolder folder;
  const std::vector<std::string> arguments = {"-t", "hello", "-o", folder / "out", "--quiet"};
  std::vector<std::string> printing = arguments;
  printing.emplace_back("--print-config");
  const ToolRun printed = echo(printing);
  CHECK(printed.status == 0);
  CHECK_FALSE(file_exists(folder / "out"));

  write_file(folder / "c.json", printed.out);
  CHECK(echo({"--config", folder / "c.json", "--print-config"}).out == printed.out);
  CHECK(echo({"--config", "-", "--print-config"}, printed.out).out == printed.out);
  CHECK(echo({"--config", folder / "c.json"}).status == 0);
  CHECK(read_file(folder / "out") == "hello\n");
}

TEST_CASE("a configuration that cannot be read is bad input", "[cli]") {
  const TemporaryFolder folder;
  const ToolRun absent = echo({"--config", folder / "absent.json", "-t", "x"});
  CHECK(absent.status == 3);
  CHECK_THAT(absent.err, Contains("absent.json: cannot be read: "));
  write_file(folder / "c.json", R"({"txet": "x"})");
  const ToolRun misspelt = echo({"--config", folder / "c.json"});
  CHECK(misspelt.status == 3);
  CHECK_THAT(misspelt.err, Contains("c.json: unknown key 'txet', did you mean 'text'?"));
}

TEST_CASE("a standard output that takes nothing is a failure", "[cli]") {
  std::istringstream in;
  std::ostringstream out, err;
  out.setstate(std::ios::badbit);
  const std::vector<std::string> arguments =
      GENERATE(std::vector<std::string>{"-t", "x"}, std::vector<std::string>{"--help"});
  CHECK(run_tool(echo_tool(), arguments, {in, out, err}) == 1);
  CHECK_THAT(err.str(), Contains("error: standard output: cannot be written"));
}

}  // namespace enas4d
