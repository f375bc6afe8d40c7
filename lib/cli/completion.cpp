#include "cli/completion.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace enas4d {
namespace {

/// "-o | --output", as the pattern of a case.
std::string case_pattern(const Option& option) {
  const std::string flag = option.flag();
  const bool has_short = option.names.size() > flag.size();
  return (has_short ? option.names.substr(0, 2) + " | " : "") + flag;
}

/// The command of the script that completes the option's value; empty if nobody can guess it.
std::string completer(const Option& option, const std::vector<Shelf>& shelves) {
  const auto shelf = std::find_if(shelves.begin(), shelves.end(), [&](const Shelf& candidate) {
    return candidate.option == option.flag();
  });
  if (shelf != shelves.end()) {
    return fmt::format("_enas4d_words {}; _enas4d_files", fmt::join(shipped_names(*shelf), " "));
  }
  if (!option.words.empty()) {
    const bool is_list = option.placeholder.find(',') != std::string::npos;
    return fmt::format("{} {}", is_list ? "_enas4d_list" : "_enas4d_words",
                       fmt::join(option.words, " "));
  }
  if (option.placeholder == "FILE") return "_enas4d_files";
  if (option.placeholder == "DIR") return "_enas4d_folders";
  if (option.placeholder == "NAME[:DIR]") return "_enas4d_data";
  return "";
}

std::string value_branches(const OptionList& list, const std::vector<Shelf>& shelves) {
  std::string text;
  for (const Option& option : list.options()) {
    if (option.placeholder.empty()) continue;
    const std::string command = completer(option, shelves);
    text +=
        fmt::format("    {}) {};;\n", case_pattern(option), command.empty() ? "" : command + " ");
  }
  return text;
}

std::string flag_words(const OptionList& list) {
  std::string text;
  for (const Option& option : list.options()) text += fmt::format("      {} \\\n", option.flag());
  return text;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string bash_completion(const Tool& tool, const OptionList& list,
                            const std::vector<Shelf>& shelves, const std::string& script) {
  std::string text = script;
  replace_all(text, "@tool@", tool.name);
  replace_all(text, "@values@\n", value_branches(list, shelves));
  replace_all(text, "@flags@\n", flag_words(list));
  return text;
}

}  // namespace enas4d
