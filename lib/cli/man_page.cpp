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

/// "--data NAME", a word a line.
std::string form_text(const std::string& form) {
  std::string text;
  std::istringstream words(form);
  for (std::string word; words >> word;)
    text += (word.front() == '-' ? bold(word) : "\\fI" + roff_text(word) + "\\fR") + "\n";
  return text;
}

std::string title(const Tool& tool, const OptionList& list) {
  std::string text = fmt::format(
      ".TH {} 1 \"\" \"enas4d {}\" \"enas4d manual\"\n"
      ".ad l\n.nh\n",
      upper_case(tool.name), version_text());
  text += fmt::format(".SH NAME\n{} \\- {}\n.SH SYNOPSIS\n", roff_text(tool.name),
                      roff_text(tool.summary));
  std::string between;
  for (const std::string& form : forms(tool, list)) {
    text += fmt::format("{}{}\n{}[\\fIoptions\\fR]\n", between, bold(tool.name), form_text(form));
    between = ".br\n";
  }
  return text;
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

/// A command as a shell takes it, in lines that fit a terminal, broken before options.
std::string broken(const std::string& command) {
  constexpr std::size_t kColumns = 68;
  std::string text;
  std::size_t line = 0;  // where the last one starts
  std::istringstream words(command);
  for (std::string word; words >> word;) {
    const bool may_break = word.front() == '-' || word.front() == '|' || word.front() == '>';
    const std::size_t with_value = word.size() + (may_break ? 16 : 0);
    if (may_break && text.size() - line + 1 + with_value > kColumns) {
      text += " \\\n";
      line = text.size();
      text += "    ";
    } else if (!text.empty()) {
      text += ' ';
    }
    text += word;
  }
  return text;
}

std::string examples_section(const Tool& tool) {
  std::string text = ".SH EXAMPLES\n";
  for (const Example& example : tool.examples) {
    std::string purpose = example.purpose;
    purpose.front() = upper_case(purpose.substr(0, 1)).front();
    text += fmt::format(".PP\n{}:\n.PP\n.nf\n.RS 4\n{}\n.RE\n.fi\n", roff_text(purpose),
                        roff_text(broken(example.command)));
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
