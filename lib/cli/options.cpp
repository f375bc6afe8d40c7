#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "util/error.h"
#include "util/units.h"

namespace enas4d {
namespace {

std::string flag_of(const std::string& names) {
  return names.substr(names.rfind("--"));
}

std::string range_text(WholeRange range) {
  if (range.most < INT64_MAX) {
    return fmt::format("a whole number from {} to {}", range.least, range.most);
  }
  return fmt::format("a whole number of at least {}", range.least);
}

Error unfit(const std::string& flag, const std::string& rule, const std::string& text) {
  return usage_error(fmt::format("{}: must be {}, got '{}'", flag, rule, text));
}

/// The whole text as a number, or nothing.
template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

double real_in(const std::string& flag, const std::string& text, RealRange range) {
  const auto value = number_in<double>(text);
  if (value && range.least <= *value && *value <= range.most) return *value;
  throw unfit(flag, fmt::format("a number from {} to {}", range.least, range.most), text);
}

bool truth_in(const std::string& flag, const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  throw unfit(flag, "true or false", text);
}

std::size_t word_index(const std::string& flag, const std::vector<std::string>& words,
                       const std::string& text) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const auto nearest = nearest_name(text, words);
  throw usage_error(fmt::format("{}: must be {}, got '{}'{}", flag, fmt::join(words, ", "), text,
                                nearest ? fmt::format(", did you mean '{}'?", *nearest) : ""));
}

std::vector<std::string> comma_separated(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t comma = text.find(',', start);
    parts.push_back(text.substr(start, comma - start));
    if (comma == std::string::npos) return parts;
    start = comma + 1;
  }
}

/// A number, or a text such as "5M".
std::int64_t count_in(const JsonValue& value) {
  if (!value.is_string()) return value.whole(0, INT64_MAX);
  try {
    return parse_count(value.text(), "count");
  } catch (const Error&) {
    throw value.error("must be a count such as 5M");
  }
}

/// A number of seconds, or a text such as "1h30m".
double duration_in(const JsonValue& value) {
  if (!value.is_string()) return value.number(0, kLongestDuration);
  try {
    return parse_duration(value.text(), "duration");
  } catch (const Error&) {
    throw value.error("must be a duration such as 1h30m, 31 years at most");
  }
}

template <class T>
Json json_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

template <class T>
Json json_or_null(const std::vector<T>& values) {
  return values.empty() ? Json() : Json(values);
}

}  // namespace

std::string Option::flag() const {
  return flag_of(names);
}

std::string Option::key() const {
  std::string name = flag().substr(2);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

Option& OptionList::declare(Option option) {
  option.group = heading_;
  options_.push_back(std::move(option));
  return options_.back();
}

Option& OptionList::add(const std::string& names, bool& field, const std::string& help) {
  const std::string flag = flag_of(names);
  return declare({names, "", help,
                  [&field, flag](const std::string& text) { field = truth_in(flag, text); },
                  [&field](const JsonValue& value) { field = value.flag(); },
                  [&field] { return Json(field); }});
}

template <class Whole>
Option& OptionList::add_whole(const std::string& names, Whole& field, const std::string& help,
                              WholeRange range) {
  const std::string flag = flag_of(names);
  const auto from_text = [&field, flag, range](const std::string& text) {
    const auto value = number_in<std::int64_t>(text);
    if (!value || *value < range.least || *value > range.most) {
      throw unfit(flag, range_text(range), text);
    }
    field = static_cast<Whole>(*value);
  };
  const auto from_json = [&field, range](const JsonValue& value) {
    field = static_cast<Whole>(value.whole(range.least, range.most));
  };
  Option& option =
      declare({names, "N", help, from_text, from_json, [&field] { return Json(field); }});
  if (range.most < INT32_MAX) option.range = fmt::format("{} to {}", range.least, range.most);
  return option;
}

Option& OptionList::add(const std::string& names, int& field, const std::string& help,
                        WholeRange range) {
  range.most = std::min<std::int64_t>(range.most, INT32_MAX);
  return add_whole(names, field, help, range);
}

Option& OptionList::add(const std::string& names, std::int64_t& field, const std::string& help,
                        WholeRange range) {
  return add_whole(names, field, help, range);
}

Option& OptionList::add(const std::string& names, std::uint64_t& field, const std::string& help,
                        WholeRange range) {
  return add_whole(names, field, help, range);
}

Option& OptionList::add(const std::string& names, double& field, const std::string& help,
                        RealRange range) {
  const std::string flag = flag_of(names);
  const auto from_text = [&field, flag, range](const std::string& text) {
    field = real_in(flag, text, range);
  };
  const auto from_json = [&field, range](const JsonValue& value) {
    field = value.number(range.least, range.most);
  };
  Option& option =
      declare({names, "X", help, from_text, from_json, [&field] { return Json(field); }});
  option.range = fmt::format("{} to {}", range.least, range.most);
  return option;
}

Option& OptionList::add(const std::string& names, std::vector<double>& field,
                        const std::string& help, RealRange range) {
  const std::string flag = flag_of(names);
  const auto from_text = [&field, flag, range](const std::string& text) {
    field.clear();
    for (const std::string& part : comma_separated(text)) {
      field.push_back(real_in(flag, part, range));
    }
  };
  const auto from_json = [&field, range](const JsonValue& value) {
    field.clear();
    if (value.is_null()) return;
    for (const JsonValue& item : value.items()) {
      field.push_back(item.number(range.least, range.most));
    }
  };
  return declare(
      {names, "X,...", help, from_text, from_json, [&field] { return json_or_null(field); }});
}

Option& OptionList::add(const std::string& names, std::string& field, const std::string& help,
                        TextFormat format) {
  const std::string flag = flag_of(names);
  const auto from_text = [&field, flag](const std::string& text) {
    if (text.empty()) throw usage_error(fmt::format("{}: must not be empty", flag));
    field = text;
  };
  const auto from_json = [&field](const JsonValue& value) {
    if (value.is_null()) {
      field.clear();
      return;
    }
    if (value.text().empty()) throw value.error("must not be empty");
    field = value.text();
  };
  return declare({names, std::move(format.placeholder), help, from_text, from_json,
                  [&field] { return field.empty() ? Json() : Json(field); }});
}

Option& OptionList::add(const std::string& names, std::optional<std::int64_t>& field,
                        const std::string& help, CountFormat) {
  const std::string flag = flag_of(names);
  const auto from_json = [&field](const JsonValue& value) {
    field = value.is_null() ? std::nullopt : std::optional(count_in(value));
  };
  return declare({names, "COUNT", help,
                  [&field, flag](const std::string& text) { field = parse_count(text, flag); },
                  from_json, [&field] { return json_or_null(field); }});
}

Option& OptionList::add(const std::string& names, std::vector<std::int64_t>& field,
                        const std::string& help, CountFormat) {
  const std::string flag = flag_of(names);
  const auto from_text = [&field, flag](const std::string& text) {
    field.clear();
    for (const std::string& part : comma_separated(text)) {
      field.push_back(parse_count(part, flag));
    }
  };
  const auto from_json = [&field](const JsonValue& value) {
    field.clear();
    if (value.is_null()) return;
    for (const JsonValue& item : value.items()) field.push_back(count_in(item));
  };
  return declare(
      {names, "COUNT,...", help, from_text, from_json, [&field] { return json_or_null(field); }});
}

Option& OptionList::add(const std::string& names, std::optional<double>& field,
                        const std::string& help, DurationFormat) {
  const std::string flag = flag_of(names);
  const auto from_json = [&field](const JsonValue& value) {
    field = value.is_null() ? std::nullopt : std::optional(duration_in(value));
  };
  return declare({names, "TIME", help,
                  [&field, flag](const std::string& text) { field = parse_duration(text, flag); },
                  from_json, [&field] { return json_or_null(field); }});
}

Option& OptionList::add(const std::string& names, std::vector<std::string>& field,
                        const std::string& help, WordList list) {
  const std::string flag = flag_of(names);
  const std::vector<std::string> words = std::move(list.words);
  const auto from_text = [&field, flag, words](const std::string& text) {
    field.clear();
    for (const std::string& part : comma_separated(text)) {
      field.push_back(words[word_index(flag, words, part)]);
    }
  };
  const auto from_json = [&field, words](const JsonValue& value) {
    field.clear();
    for (const JsonValue& item : value.items()) field.push_back(words[item.word(words)]);
    if (field.empty()) throw value.error("must name at least one");
  };
  Option& option = declare({names, fmt::format("{}", fmt::join(words, ",")), help, from_text,
                            from_json, [&field] { return Json(field); }});
  option.words = words;
  return option;
}

Option& OptionList::add_word(const std::string& names, const std::vector<std::string>& words,
                             const std::string& help, std::function<void(std::size_t)> set,
                             std::function<std::size_t()> index) {
  const std::string flag = flag_of(names);
  Option& option =
      declare({names, fmt::format("{}", fmt::join(words, "|")), help,
               [set, flag, words](const std::string& text) { set(word_index(flag, words, text)); },
               [set, words](const JsonValue& value) { set(value.word(words)); },
               [index, words] { return Json(words[index()]); }});
  option.words = words;
  return option;
}

}  // namespace enas4d
