// The example documents under schemas/examples: valid ones are read, invalid ones give the message
// recorded beside them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.h"
#include "util/files.h"
#include "util/json.h"

namespace enas4d {

/// Documents "schemas/<folder>/<prefix>*.json", sorted; there must be some.
inline std::vector<std::string> shipped_documents(const std::string& folder,
                                                  const std::string& prefix = "") {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(ENAS4D_SCHEMAS "/" + folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".json" && name.rfind(prefix, 0) == 0) {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  REQUIRE_FALSE(paths.empty());
  return paths;
}

/// `read` is the reader of documents of this kind.
template <class Read>
void check_valid_examples(const std::string& kind, const Read& read) {
  for (const std::string& path : shipped_documents("examples/valid", kind + "-")) {
    CAPTURE(path);
    CHECK_NOTHROW(read(JsonValue::read_file(path)));
  }
}

/// A file NAME.json has its message, after the file's name, in NAME.message.
template <class Read>
void check_invalid_examples(const std::string& kind, const Read& read) {
  for (const std::string& path : shipped_documents("examples/invalid", kind + "-")) {
    const auto recorded = std::filesystem::path(path).replace_extension(".message");
    std::string message = read_file(recorded.string());
    message.erase(message.find_last_not_of('\n') + 1);
    CHECK_THROWS_WITH(read(JsonValue::read_file(path)), path + ": " + message);
  }
}

}  // namespace enas4d
