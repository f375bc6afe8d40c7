// Options, each declared once: flag, JSON key, help, check and printed configuration all come from
// one call of add(). The tokens of a command line are CLI11's business (command_line.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "util/json.h"

namespace enas4d {

/// One option: how it is called, and how its field is read and shown.
struct Option {
  std::string names;        ///< as declared: "-o,--output"
  std::string placeholder;  ///< of its value in --help; empty = a flag without a value
  std::string help;
  std::function<void(const std::string& text)> from_text;  ///< throws Error (usage)
  std::function<void(const JsonValue& value)> from_json;   ///< throws Error (bad input)
  std::function<Json()> to_json;                           ///< null = not set

  std::string group = {};    ///< its heading in --help
  bool required = false;     ///< must be set by flag or file
  bool reads_input = false;  ///< "-" is standard input
  bool configurable = true;  ///< may stand in a --config file and is printed by --print-config
  std::vector<std::string> words = {};  ///< all that its value may be; empty = not only words
  std::string range = {};               ///< that its number lies in: "1 to 256"; empty = any

  std::string flag() const;  ///< "--output"
  std::string key() const;   ///< "output", dashes as underscores
};

/// Checks. Both ends belong to a range.
struct WholeRange {
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
};
struct RealRange {
  double least;
  double most;
};
/// A count as people write it: 5M.
struct CountFormat {};
/// A duration as people write it: 1h30m.
struct DurationFormat {};
/// Any text; the name of its kind in --help.
struct TextFormat {
  std::string placeholder;
};
/// A comma-separated list of these words.
struct WordList {
  std::vector<std::string> words;
};

/// The options of one tool, bound to the fields of its options struct. A field's value at the time
/// of add() is the default; an empty text, list or optional is "not set" (null in JSON).
class OptionList {
 public:
  /// Options declared from here on stand under this heading.
  void group(const std::string& heading) { heading_ = heading; }

  Option& add(const std::string& names, bool& field, const std::string& help);
  Option& add(const std::string& names, int& field, const std::string& help, WholeRange range);
  Option& add(const std::string& names, std::int64_t& field, const std::string& help,
              WholeRange range);
  Option& add(const std::string& names, std::uint64_t& field, const std::string& help,
              WholeRange range);
  Option& add(const std::string& names, double& field, const std::string& help, RealRange range);
  Option& add(const std::string& names, std::vector<double>& field, const std::string& help,
              RealRange range);
  Option& add(const std::string& names, std::string& field, const std::string& help,
              TextFormat format);
  Option& add(const std::string& names, std::optional<std::int64_t>& field, const std::string& help,
              CountFormat format);
  Option& add(const std::string& names, std::vector<std::int64_t>& field, const std::string& help,
              CountFormat format);
  Option& add(const std::string& names, std::optional<double>& field, const std::string& help,
              DurationFormat format);
  Option& add(const std::string& names, std::vector<std::string>& field, const std::string& help,
              WordList list);

  /// One of a few words, each standing for a value.
  template <class Enum>
  Option& add(const std::string& names, Enum& field, const std::string& help,
              const std::vector<std::pair<std::string, Enum>>& choices) {
    std::vector<std::string> words;
    for (const auto& choice : choices) words.push_back(choice.first);
    const auto set = [&field, choices](std::size_t index) { field = choices[index].second; };
    const auto index = [&field, choices] {
      std::size_t i = 0;
      while (choices[i].second != field) ++i;
      return i;
    };
    return add_word(names, words, help, set, index);
  }

  const std::deque<Option>& options() const { return options_; }

 private:
  Option& add_word(const std::string& names, const std::vector<std::string>& words,
                   const std::string& help, std::function<void(std::size_t)> set,
                   std::function<std::size_t()> index);
  template <class Whole>
  Option& add_whole(const std::string& names, Whole& field, const std::string& help,
                    WholeRange range);
  Option& declare(Option option);

  std::deque<Option> options_;  // add() hands out references
  std::string heading_ = "Options";
};

}  // namespace enas4d
