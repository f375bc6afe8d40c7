#include "cli/config_schema.h"

#include <fmt/format.h>

#include "cli/command_line.h"

namespace enas4d {
namespace {

/// What one value of the option may be, told by the placeholder.
Json value_schema(const Option& option, const std::string& placeholder) {
  if (!option.words.empty()) return {{"enum", option.words}};
  if (placeholder.empty()) return {{"type", "boolean"}};
  if (placeholder == "N") return {{"type", "integer"}};
  if (placeholder == "X") return {{"type", "number"}};
  if (placeholder == "COUNT") return {{"type", {"integer", "string"}}};
  if (placeholder == "TIME") return {{"type", {"number", "string"}}};
  return {{"type", "string"}, {"minLength", 1}};
}

Json option_schema(const Option& option) {
  const std::string& placeholder = option.placeholder;
  const bool is_list = option.to_json().is_array() || placeholder.find(",...") != std::string::npos;
  Json schema = value_schema(option, placeholder.substr(0, placeholder.find(",...")));
  if (is_list) schema = {{"type", "array"}, {"items", schema}};
  if (is_list && !option.words.empty()) schema["minItems"] = 1;
  // What has no default may be null, as --print-config shows it.
  if (option.to_json().is_null()) schema = {{"anyOf", {schema, {{"type", "null"}}}}};
  schema["description"] = option.help;
  if (!option.to_json().is_null()) schema["default"] = option.to_json();
  return schema;
}

}  // namespace

Json config_schema(const Tool& tool, const OptionList& list) {
  Json properties = {
      {kSchemaKey, {{"type", "string"}, {"description", "where this schema is, for editors"}}}};
  for (const Option& option : list.options()) {
    if (option.configurable) properties[option.key()] = option_schema(option);
  }
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", fmt::format("Options of {}, as --config reads them", tool.name)},
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", properties}};
}

}  // namespace enas4d
