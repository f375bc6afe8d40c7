// Runs a tool in process, as a shell would, and keeps what it said.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cli/tool.h"

namespace enas4d {

struct ToolRun {
  int status;
  std::string out;
  std::string err;
};

inline ToolRun run_with(const Tool& tool, const std::vector<std::string>& arguments,
                        const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  const int status = run_tool(tool, arguments, {in, out, err});
  return {status, out.str(), err.str()};
}

}  // namespace enas4d
