#include "cli/shipped.h"

#include <sstream>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/files.h"

namespace enas4d {
namespace {

const Shelf kSpaces{"spaces", "--space"};

}  // namespace

TEST_CASE("a word with a slash or .json is a path", "[cli]") {
  const std::string word = GENERATE("./cifar10", "a/b", "cifar10.json", "-");
  CHECK(resolve_shipped(kSpaces, word) == word);
}

TEST_CASE("any other word is the name of a shipped document", "[cli]") {
  CHECK_THAT(resolve_shipped(kSpaces, "cifar10"), Contains("/spaces/cifar10.json"));
  std::istringstream in;
  CHECK(read_shipped(kSpaces, "cifar10", in).object().required("name").text() == "cifar10");
}

TEST_CASE("a name that is not shipped is wrong usage that tells the nearest and all", "[cli]") {
  const std::string word = GENERATE("cifra10", "");
  CAPTURE(word);
  try {
    resolve_shipped(kSpaces, word);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kUsage);
    CHECK_THAT(error.what(), Contains("--space: must be "));
    CHECK_THAT(error.what(), Contains("cifar10, "));
    CHECK_THAT(error.what(), Contains(" or a path, got '" + word + "'"));
    if (!word.empty()) CHECK_THAT(error.what(), Contains("did you mean 'cifar10'?"));
  }
}

TEST_CASE("a document comes from its path or from standard input", "[cli]") {
  const TemporaryFolder folder;
  write_file(folder / "d.json", "1");
  std::istringstream in("2");
  CHECK(read_document(folder / "d.json", in).whole(0, 9) == 1);
  CHECK(read_document("-", in).whole(0, 9) == 2);
}

TEST_CASE("what is wrong with a piped document is said of standard input", "[cli]") {
  std::istringstream in("{");
  CHECK_THROWS_WITH(read_document("-", in), Contains("standard input"));
}

}  // namespace enas4d
