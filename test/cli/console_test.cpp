#include "cli/console.h"

#include <sstream>

#include "support/catch.h"
#include "util/json.h"

namespace enas4d {
namespace {

/// All that a console with these options says when it is told one thing of each kind.
std::string everything_said(const ConsoleOptions& options) {
  std::ostringstream err;
  Console console(err, "tool", 0, options);
  console.detail("a detail");
  console.info("an info", {{"loss", 1.5, "loss 1.50"}});
  console.warning("a warning");
  console.error("an error");
  return err.str();
}

}  // namespace

TEST_CASE("log lines open with the program and tell warnings and errors", "[cli]") {
  CHECK(everything_said({}) ==
        "tool: an info, loss 1.50\ntool: warning: a warning\ntool: error: an error\n");
}

TEST_CASE("quiet leaves warnings and errors, verbose adds details", "[cli]") {
  ConsoleOptions options;
  SECTION("quiet") {
    options.quiet = true;
    options.verbose = GENERATE(false, true);
    CHECK(everything_said(options) == "tool: warning: a warning\ntool: error: an error\n");
  }
  SECTION("verbose") {
    options.verbose = true;
    CHECK_THAT(everything_said(options), Contains("tool: a detail\n"));
  }
}

TEST_CASE("as JSON every line is an object with program, level, message and figures", "[cli]") {
  ConsoleOptions options;
  options.format = LogFormat::kJson;
  std::istringstream lines(everything_said(options));
  std::string line;
  std::vector<std::string> levels;
  while (std::getline(lines, line)) {
    JsonObject entry = JsonValue::parse(line, "log").object();
    CHECK(entry.required("program").text() == "tool");
    levels.push_back(entry.required("level").text());
    if (levels.back() == "info") {
      CHECK(entry.required("message").text() == "an info");
      CHECK(entry.required("loss").number(0, 2) == 1.5);
    }
  }
  CHECK(levels == std::vector<std::string>{"info", "warning", "error"});
}

TEST_CASE("a message is one line and valid UTF-8 in JSON whatever a file name holds", "[cli]") {
  ConsoleOptions options;
  std::ostringstream err;
  Console console(err, "tool", 0, options);
  console.error("a\nb");
  CHECK(err.str() == "tool: error: a b\n");
  options.format = LogFormat::kJson;
  CHECK_NOTHROW(console.error("\xff\n"));
}

TEST_CASE("progress is a bar on a terminal that the next line replaces", "[cli]") {
  const ConsoleOptions options;
  std::ostringstream err;
  Console console(err, "tool", 60, options);
  console.progress(1, "epoch 1/1", {{"loss", 0.5, "loss 0.50"}});
  CHECK(err.str() == "\r\033[Ktool: [####################] 100 % epoch 1/1, loss 0.50");
  console.info("done");
  CHECK_THAT(err.str(), Contains("\r\033[Ktool: done\n"));
}

TEST_CASE("a bar is never wider than its terminal", "[cli]") {
  const ConsoleOptions options;
  std::ostringstream err;
  {
    Console console(err, "tool", 20, options);
    console.progress(1, std::string(200, 'x'));
  }
  const std::string clear = "\r\033[K";
  CHECK(err.str().size() == clear.size() + 19 + clear.size());
}

TEST_CASE("elsewhere progress is a line now and then, the last one always", "[cli]") {
  const ConsoleOptions options;
  std::ostringstream err;
  Console console(err, "tool", 0, options);
  for (int i = 0; i <= 100; ++i) console.progress(i / 100.0, "work");
  CHECK(err.str() == "tool: work, 100 %\n");
}

TEST_CASE("quiet shows no progress", "[cli]") {
  ConsoleOptions options;
  options.quiet = true;
  std::ostringstream err;
  {
    Console console(err, "tool", GENERATE(0, 80), options);
    console.progress(1, "work");
  }
  CHECK(err.str().empty());
}

}  // namespace enas4d
