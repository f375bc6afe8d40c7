// From the words of a command line and a --config file to the fields behind an OptionList.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "cli/options.h"
#include "util/json.h"

namespace enas4d {

/// What was given on a command line: option and text, in the order of declaration.
using Given = std::vector<std::pair<const Option*, std::string>>;

/// Takes `arguments` (without the program's name) apart; of an option given twice the last counts.
/// Throws Error (usage): an unknown option with the nearest known name, a missing value, a word
/// that belongs to no option.
Given split_arguments(const OptionList& list, const std::vector<std::string>& arguments);

/// May stand in a configuration file and says where its schema is, for editors.
constexpr const char* kSchemaKey = "$schema";

/// Sets the fields: first from the JSON document, if there is one, then from `given`. Throws Error.
void assign(const OptionList& list, const Given& given, const std::optional<JsonValue>& config);

/// Throws Error (usage) that names the first required option that is not set.
void check_required(const OptionList& list);

/// All configurable options as they stand: a document that --config takes back.
Json effective_configuration(const OptionList& list);

}  // namespace enas4d
