// Writes of every tool, from its options, the manual page, the bash completion and the schema of
// its --config documents. A program of the build, not installed.
//
//   enas4d-documents PROSE_FOLDER OUTPUT_FOLDER
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "cli/common_options.h"
#include "cli/completion.h"
#include "cli/config_schema.h"
#include "cli/man_page.h"
#include "tools/tools.h"
#include "util/files.h"

namespace enas4d {
namespace {

namespace fs = std::filesystem;

/// `prose` is the folder tools/: man/TOOL.1 the page, man/shared/NAME what several pages hold.
void write_documents(const fs::path& prose, const fs::path& output) {
  for (const char* folder : {"man", "completions", "config"}) {
    fs::create_directories(output / folder);
  }
  const std::string script = read_file(prose / "completion.bash");
  const auto shared = [&](const std::string& name) {
    return read_file(prose / "man" / "shared" / name);
  };
  for (const auto tool_of_name :
       {train_ofa_tool, sample_tool, search_tool, export_tool, eval_tool}) {
    const Tool& tool = tool_of_name();
    with_options(tool, [&](const OptionList& list) {
      const std::string page = tool.name + ".1";
      const std::string schema = tool.name + ".schema.json";
      write_file(output / "man" / page,
                 man_page(tool, list, read_file(prose / "man" / page), shared));
      write_file(output / "completions" / tool.name,
                 bash_completion(tool, list, {space_shelf(), recipe_shelf()}, script));
      write_file(output / "config" / schema, config_schema(tool, list).dump(2) + "\n");
    });
  }
}

}  // namespace
}  // namespace enas4d

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: enas4d-documents PROSE_FOLDER OUTPUT_FOLDER\n");
    return 2;
  }
  try {
    enas4d::write_documents(argv[1], argv[2]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "enas4d-documents: {}\n", error.what());
    return 1;
  }
}
