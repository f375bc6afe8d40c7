// The --help page: written here, not by CLI11, whose layout differs between versions.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "cli/tool.h"

namespace enas4d {
namespace {

constexpr std::size_t kHelpColumns = 80;
constexpr std::size_t kHelpIndent = 30;

/// Appends `text`, broken at spaces, to `page`, whose last line is filled up to `column`.
void append_wrapped(std::string& page, std::string_view text, std::size_t column,
                    std::size_t indent) {
  bool line_start = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!line_start && column + 1 + word.size() > kHelpColumns) {
      page += '\n' + std::string(indent, ' ');
      column = indent;
      line_start = true;
    }
    if (!line_start) page += ' ';
    page += word;
    column += word.size() + (line_start ? 0 : 1);
    line_start = false;
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  page += '\n';
}

/// "  -o, --output FILE".
std::string left_column(const Option& option) {
  const std::string flag = option.flag();
  const bool has_short = option.names.size() > flag.size();
  return fmt::format("  {} {}{}{}", has_short ? option.names.substr(0, 2) + "," : "   ", flag,
                     option.placeholder.empty() ? "" : " ", option.placeholder);
}

}  // namespace

std::vector<std::string> forms(const Tool& tool, const OptionList& list) {
  if (!tool.forms.empty()) return tool.forms;
  std::string form;
  for (const Option& option : list.options()) {
    if (!option.required) continue;
    form += fmt::format("{}{} {}", form.empty() ? "" : " ", option.flag(), option.placeholder);
  }
  return {form};
}

std::string default_text(const Option& option) {
  const Json value = option.to_json();
  if (option.required) return " (required)";
  if (value.is_null() || value.is_boolean()) return "";
  const std::string range = option.range.empty() ? "" : "; " + option.range;
  if (value.is_number_float()) return fmt::format(" [{}{}]", value.get<double>(), range);
  if (value.is_string()) return fmt::format(" [{}]", value.get<std::string>());
  if (value.is_array()) {
    return fmt::format(" [{}]", fmt::join(value.get<std::vector<std::string>>(), ","));
  }
  return fmt::format(" [{}{}]", value.dump(), range);
}

std::string help_text(const Tool& tool, const OptionList& list) {
  std::string page;
  append_wrapped(page, fmt::format("{}: {}", tool.name, tool.summary), 0, 2);
  page += '\n';
  std::string start = "Usage:";
  for (const std::string& form : forms(tool, list)) {
    append_wrapped(page, fmt::format("{} {} {} [options]", start, tool.name, form), 0, 7);
    start = "      ";
  }
  page += '\n';
  append_wrapped(page, tool.details, 0, 0);
  std::string heading;
  for (const Option& option : list.options()) {
    if (option.group != heading) {
      heading = option.group;
      page += fmt::format("\n{}:\n", heading);
    }
    const std::string left = left_column(option);
    const bool fits = left.size() + 2 <= kHelpIndent;
    page += fits ? left + std::string(kHelpIndent - left.size(), ' ')
                 : left + '\n' + std::string(kHelpIndent, ' ');
    append_wrapped(page, option.help + default_text(option), kHelpIndent, kHelpIndent);
  }
  page += "\nExamples:\n";
  for (const Example& example : tool.examples) {
    page += fmt::format("  {}\n      {}\n", example.command, example.purpose);
  }
  page +=
      "\nExit status:\n"
      "  0 done, 1 failed, 2 wrong usage, 3 bad input file, 4 impossible constraint,\n"
      "  5 diverged, 75 stopped early\n";
  return page;
}

}  // namespace enas4d
