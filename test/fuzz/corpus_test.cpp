#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "fuzz/reader.h"
#include "support/catch.h"
#include "util/files.h"

namespace enas4d {
namespace {

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

}  // namespace

TEST_CASE("each reader has a corpus, and each corpus a reader", "[formats][fuzz]") {
  std::set<std::string> names;
  for (const Reader& reader : readers()) names.insert(reader.name);
  CHECK(names_in(ENAS4D_CORPUS) == names);
}

TEST_CASE("what fuzzing has kept is read, or refused in one line, in bounded memory",
          "[formats][fuzz]") {
  for (const Reader& reader : readers()) {
    const std::string folder = std::string(ENAS4D_CORPUS "/") + reader.name;
    const std::set<std::string> inputs = names_in(folder);
    CHECK_FALSE(inputs.empty());
    for (const std::string& input : inputs) {
      CAPTURE(reader.name, input);
      CHECK_NOTHROW(check_input(reader, read_file(folder + "/" + input)));
    }
  }
}

}  // namespace enas4d
