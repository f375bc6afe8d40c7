#include "cli/output.h"

#include <filesystem>
#include <sstream>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/error.h"

namespace enas4d {

TEST_CASE("without a path or with - a result goes to standard output", "[cli]") {
  std::ostringstream out;
  Output output(GENERATE("", "-"), out);
  output.line("one");
  output.flush();
  CHECK(out.str() == "one\n");
  output.line("two");
  output.finish();
  CHECK(out.str() == "one\ntwo\n");
}

TEST_CASE("a result file appears only when it is finished", "[cli]") {
  const TemporaryFolder folder;
  const std::string path = folder / "result.jsonl";
  std::ostringstream out;
  {
    Output output(path, out);
    output.line(std::string(1 << 17, 'x'));
    output.flush();
    CHECK_FALSE(file_exists(path));
    if (GENERATE(true, false)) {
      output.finish();
      CHECK(read_file(path) == std::string(1 << 17, 'x') + "\n");
    }
  }
  CHECK(out.str().empty());
  const auto left = std::distance(std::filesystem::directory_iterator(folder.path()),
                                  std::filesystem::directory_iterator());
  CHECK(left == (file_exists(path) ? 1 : 0));
}

TEST_CASE("a result that is not whole lies beside the target, which stays as it was", "[cli]") {
  const TemporaryFolder folder;
  const std::string path = folder / "result.jsonl";
  write_file(path, "whole\n");
  std::ostringstream out;
  Output output(path, out);
  output.line("half");
  CHECK(output.finish_partly() == ", in " + path + ".partial");
  CHECK(read_file(path) == "whole\n");
  CHECK(read_file(path + ".partial") == "half\n");
  Output streamed("-", out);
  streamed.line("half");
  CHECK(streamed.finish_partly().empty());
  CHECK(out.str() == "half\n");
}

TEST_CASE("a target that cannot be written is known before the work", "[cli]") {
  std::ostringstream out;
  CHECK_THROWS_WITH(Output("/nowhere/at/all.jsonl", out),
                    Contains("/nowhere/at/all.jsonl: cannot be written: "));
}

TEST_CASE("output that standard output does not take is a failure", "[cli]") {
  std::ostringstream out;
  Output output("-", out);
  out.setstate(std::ios::badbit);
  output.line("lost");
  try {
    output.finish();
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kFailed);
    CHECK_THAT(error.what(), Contains("standard output: cannot be written"));
  }
}

}  // namespace enas4d
