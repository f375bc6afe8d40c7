#include "cli/tool.h"

#include <exception>
#include <new>
#include <optional>

#include <fmt/format.h>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/shipped.h"

namespace enas4d {
namespace {

/// Options that every tool has.
struct CommonOptions {
  ConsoleOptions console;
  std::string config;
  bool print_config = false;
  bool help = false;
  bool version = false;
};

void declare_common(CommonOptions& options, OptionList& list) {
  list.group("Common");
  list.add("--config", options.config,
           "read options from this JSON file, - is standard input: keys are option names with "
           "underscores, lists are arrays; options on the command line win, --FLAG=false too",
           TextFormat{"FILE"})
      .configurable = false;
  list.add("--print-config", options.print_config,
           "print the options in force, as --config reads them, and end")
      .configurable = false;
  list.add("-q,--quiet", options.console.quiet, "say nothing but warnings and errors");
  list.add("-v,--verbose", options.console.verbose,
           "also say details, such as the number of threads");
  list.add<LogFormat>("--log-format", options.console.format, "form of the lines on standard error",
                      {{"text", LogFormat::kText}, {"json", LogFormat::kJson}});
  list.add("-V,--version", options.version, "print the version and end").configurable = false;
  list.add("-h,--help", options.help, "print a summary of the options and end").configurable =
      false;
}

/// The text given for an option, empty if it was not.
std::string text_given(const Given& given, const std::string& flag) {
  for (const auto& [option, text] : given) {
    if (option->flag() == flag) return text;
  }
  return "";
}

/// Whoever came second would find it empty.
void check_inputs(const OptionList& list, const std::string& config) {
  std::vector<std::string> flags;
  if (config == "-") flags.emplace_back("--config");
  for (const Option& option : list.options()) {
    if (!option.reads_input) continue;
    const Json value = option.to_json();
    if (value.is_string() && value.get_ref<const std::string&>() == "-") {
      flags.push_back(option.flag());
    }
  }
  if (flags.size() < 2) return;
  throw usage_error(
      fmt::format("{}: only one of them can be standard input", fmt::join(flags, ", ")));
}

/// What is asked for last, also where the options cannot be read whole.
LogFormat format_asked(const std::vector<std::string>& arguments) {
  LogFormat format = LogFormat::kText;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string next = i + 1 < arguments.size() ? arguments[i + 1] : "";
    const bool apart = arguments[i] == "--log-format";
    if ((apart && next == "json") || arguments[i] == "--log-format=json") format = LogFormat::kJson;
    if ((apart && next == "text") || arguments[i] == "--log-format=text") format = LogFormat::kText;
  }
  return format;
}

ExitStatus print(const std::string& text, std::ostream& out) {
  out << text;
  check_standard_output(out);
  return ExitStatus::kDone;
}

ExitStatus parse_and_run(const Tool& tool, const std::vector<std::string>& arguments,
                         CommonOptions& common, Session& session) {
  OptionList list;
  const ToolBody body = tool.prepare(list);
  declare_common(common, list);

  common.console.format = format_asked(arguments);  // of errors in the options themselves
  const Given given = split_arguments(list, arguments);
  std::ostream& out = session.streams.out;
  if (text_given(given, "--help") == "true") return print(help_text(tool, list), out);
  if (text_given(given, "--version") == "true") {
    return print(fmt::format("{} {}\n", tool.name, version_text()), out);
  }
  std::optional<JsonValue> config;
  const std::string config_path = text_given(given, "--config");
  if (!config_path.empty()) config = read_document(config_path, session.streams.in);
  assign(list, given, config);
  if (common.print_config) return print(effective_configuration(list).dump(2) + "\n", out);
  check_required(list);
  check_inputs(list, config_path);
  const ExitStatus status = body(session);
  check_standard_output(out);
  return status;
}

/// LibTorch's messages go on with a backtrace.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

void with_options(const Tool& tool, const std::function<void(const OptionList&)>& use) {
  OptionList list;
  const ToolBody fields = tool.prepare(list);  // owns what the options are bound to
  CommonOptions common;
  declare_common(common, list);
  use(list);
}

std::string version_text() {
  return ENAS4D_VERSION;
}

int run_tool(const Tool& tool, const std::vector<std::string>& arguments, const Streams& streams) {
  CommonOptions common;
  Console console(streams.err, tool.name, streams.terminal_columns, common.console);
  Session session{streams, console};
  try {
    return static_cast<int>(parse_and_run(tool, arguments, common, session));
  } catch (const Error& error) {
    console.error(error.what());
    return static_cast<int>(error.status());
  } catch (const std::bad_alloc&) {
    console.error("out of memory");
  } catch (const std::exception& error) {
    console.error(first_line(error.what()));
  }
  return static_cast<int>(ExitStatus::kFailed);
}

}  // namespace enas4d
