#include "cli/man_page.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace enas4d {
namespace {

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string bold(const std::string& text) {
  return "\\fB" + roff_text(text) + "\\fR";
}

/// The placeholder of a value; words that are meant literally are bold.
std::string value_text(const Option& option) {
  if (!option.words.empty()) return bold(option.placeholder);
  return "\\fI" + roff_text(option.placeholder) + "\\fR";
}

/// "-o, --output FILE".
std::string invocation(const Option& option) {
  const std::string flag = option.flag();
  const bool has_short = option.names.size() > flag.size();
  const std::string names = (has_short ? bold(option.names.substr(0, 2)) + ", " : "") + bold(flag);
  return option.placeholder.empty() ? names : names + " " + value_text(option);
}

std::string title(const Tool& tool, const OptionList& list) {
  std::string text = fmt::format(
      ".TH {} 1 \"\" \"enas4d {}\" \"enas4d manual\"\n"
      ".ad l\n.nh\n",
      upper_case(tool.name), version_text());
  text += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n{}", roff_text(tool.name),
                      roff_text(tool.summary), bold(tool.name));
  for (const Option& option : list.options()) {
    if (option.required) {
      text += fmt::format("\n{} {}", bold(option.flag()), value_text(option));
    }
  }
  return text + "\n[\\fIoptions\\fR]\n";
}

std::string options_section(const OptionList& list) {
  std::string text = ".SH OPTIONS\n";
  std::string heading;
  for (const Option& option : list.options()) {
    if (option.group != heading) {
      heading = option.group;
      text += fmt::format(".SS {}\n", roff_text(heading));
    }
    text += fmt::format(".TP\n{}\n{}{}\n", invocation(option), roff_text(option.help),
                        roff_text(default_text(option)));
  }
  return text;
}

std::string examples_section(const Tool& tool) {
  std::string text = ".SH EXAMPLES\n";
  for (const Example& example : tool.examples) {
    std::string purpose = example.purpose;
    purpose.front() = upper_case(purpose.substr(0, 1)).front();
    text += fmt::format(".PP\n{}:\n.PP\n.nf\n.RS 4\n{}\n.RE\n.fi\n", roff_text(purpose),
                        roff_text(example.command));
  }
  return text;
}

/// "options" of the line "@options@", empty for a line of prose.
std::string place_in(const std::string& line) {
  const bool is_place = line.size() > 2 && line.front() == '@' && line.back() == '@';
  return is_place ? line.substr(1, line.size() - 2) : "";
}

}  // namespace

std::string roff_text(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    const bool starts_line = safe.empty() || safe.back() == '\n';
    if (starts_line && (c == '.' || c == '\'')) safe += "\\&";
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else if (c == '~' || c == '^' || c == '\'') {  // these would become accents and quotes
      safe += c == '~' ? "\\(ti" : c == '^' ? "\\(ha" : "\\(aq";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string man_page(const Tool& tool, const OptionList& list, const std::string& page,
                     const Fragment& fragment) {
  std::string text;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const std::string place = place_in(line);
    if (place.empty()) {
      text += line + "\n";
    } else if (place == "name") {
      text += title(tool, list);
    } else if (place == "options") {
      text += options_section(list);
    } else if (place == "examples") {
      text += examples_section(tool);
    } else {
      text += fragment(place);
    }
  }
  return text;
}

}  // namespace enas4d
