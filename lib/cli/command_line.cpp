#include "cli/command_line.h"

#include <algorithm>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "util/error.h"

namespace enas4d {
namespace {

/// For the first word that CLI11 could not place.
Error unplaced(const OptionList& list, const std::string& word) {
  if (word.size() < 2 || word[0] != '-') {
    return usage_error(fmt::format("unexpected argument '{}'", word));
  }
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const Option& option : list.options()) known.push_back(option.flag());
  const auto nearest = nearest_name(flag, known);
  return usage_error(fmt::format("unknown option '{}'{}", flag,
                                 nearest ? fmt::format(", did you mean '{}'?", *nearest) : ""));
}

}  // namespace

Given split_arguments(const OptionList& list, const std::vector<std::string>& arguments) {
  // CLI11 would take the next word for the value that is missing in "--output=".
  for (const Option& option : list.options()) {
    if (std::find(arguments.begin(), arguments.end(), option.flag() + "=") != arguments.end()) {
      throw usage_error(option.flag() + ": needs a value");
    }
  }
  CLI::App app;
  app.set_help_flag();  // --help is declared as every other option
  app.allow_extras();
  std::vector<CLI::Option*> parsed;
  for (const Option& option : list.options()) {
    parsed.push_back(option.placeholder.empty() ? app.add_flag(option.names)
                                                : app.add_option(option.names));
    parsed.back()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ArgumentMismatch& mismatch) {  // "--seed: 1 required TEXT missing"
    const std::string message = mismatch.what();
    throw usage_error(message.substr(0, message.find(':')) + ": needs a value");
  } catch (const CLI::ParseError& error) {
    throw usage_error(error.what());
  }
  const std::vector<std::string> rest = app.remaining();
  if (!rest.empty()) throw unplaced(list, rest.front());

  Given given;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    if (parsed[i]->count() > 0) {
      given.emplace_back(&list.options()[i], parsed[i]->results().back());
    }
  }
  return given;
}

void assign(const OptionList& list, const Given& given, const std::optional<JsonValue>& config) {
  if (config) {
    JsonObject object = config->object();
    if (const auto schema = object.optional(kSchemaKey)) (void)schema->text();  // for editors
    for (const Option& option : list.options()) {
      if (!option.configurable) continue;
      if (const auto value = object.optional(option.key())) option.from_json(*value);
    }
    object.finish();
  }
  for (const auto& [option, text] : given) option->from_text(text);
}

void check_required(const OptionList& list) {
  for (const Option& option : list.options()) {
    if (option.required && option.to_json().is_null()) {
      throw usage_error(fmt::format("{} {} is required", option.flag(), option.placeholder));
    }
  }
}

Json effective_configuration(const OptionList& list) {
  Json configuration = Json::object();
  for (const Option& option : list.options()) {
    if (option.configurable) configuration[option.key()] = option.to_json();
  }
  return configuration;
}

}  // namespace enas4d
