// A command-line tool as a value, and the one function that runs any of them.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/options.h"
#include "util/error.h"

namespace enas4d {

/// A program's surroundings; tests put string streams here.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  int terminal_columns = 0;  ///< of the terminal behind `err`; 0 = it is none
};

/// What a tool's body works with besides its options.
struct Session {
  Streams streams;
  Console& console;
};

using ToolBody = std::function<ExitStatus(Session&)>;

/// A line of the examples in --help: a command and what it does.
struct Example {
  std::string command;
  std::string purpose;
};

struct Tool {
  std::string name;     ///< "enas4d-sample"
  std::string summary;  ///< one line: what it does
  std::string details;  ///< a paragraph: how it behaves
  std::vector<Example> examples;
  /// Declares the tool's options and returns the body that runs on them.
  std::function<ToolBody(OptionList&)> prepare;
  /// What must be given, where there is more than one way: "--model FILE --data NAME"; empty = the
  /// required options.
  std::vector<std::string> forms = {};
};

/// The `prepare` of a tool whose options are a struct: `declare` binds its fields, `run` gets it
/// filled in.
template <class Options>
std::function<ToolBody(OptionList&)> tool_of(void (*declare)(Options&, OptionList&),
                                             ExitStatus (*run)(const Options&, Session&)) {
  return [declare, run](OptionList& list) -> ToolBody {
    const auto options = std::make_shared<Options>();
    declare(*options, list);
    return [options, run](Session& session) { return run(*options, session); };
  };
}

/// Runs `tool` on the words after its name and returns its exit status. The one place where
/// exceptions end: an Error becomes its line and its status, anything else one line and status 1.
int run_tool(const Tool& tool, const std::vector<std::string>& arguments, const Streams& streams);

/// Calls `use` with all options of `tool`, those that every tool has included, at their defaults.
void with_options(const Tool& tool, const std::function<void(const OptionList&)>& use);

/// The whole --help page.
std::string help_text(const Tool& tool, const OptionList& list);

/// The tool's forms, or the one that its required options make.
std::vector<std::string> forms(const Tool& tool, const OptionList& list);

/// What --help says of a default and the range around it, " [20; 1 to 256]" or " (required)"; empty
/// where there is none worth telling.
std::string default_text(const Option& option);

/// "0.1.0".
std::string version_text();

}  // namespace enas4d
