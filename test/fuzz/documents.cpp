// JSON documents: space, spec, record, recipe and policy.
#include "arch/plan.h"
#include "arch/space.h"
#include "fuzz/read_back.h"
#include "fuzz/readers.h"
#include "policy/exit_table.h"
#include "search/record.h"
#include "train/recipe.h"

namespace enas4d {
namespace {

void try_space(const JsonValue& document) {
  const Space space =
      read_back(document, read_space, [](const Space& s) { return to_json(s).dump(); });
  space_hash(space);
  log10_size(space);
  for (const Spec& spec : {smallest(space), largest(space)}) {
    check_fits(space, spec, "space");
    describe(space, "", spec);
  }
}

void try_policy(const JsonValue& document) {
  constexpr int kStages = 3;
  read_back(
      document, [](const JsonValue& value) { return read_policy_object(value, kStages); },
      [](const Policy& policy) { return policy_object(policy).dump(); });
}

std::string format_of(const JsonValue& document) {
  const auto format = document.object().optional("format");
  return format ? format->text() : "";
}

}  // namespace

void try_document(std::string_view input) {
  const JsonValue document = JsonValue::parse(input, "document");
  const std::string format = format_of(document);
  if (format == "enas4d/space") return try_space(document);
  if (format == "enas4d/recipe") {
    read_back(document, read_recipe, [](const Recipe& recipe) { return to_json(recipe).dump(); });
  } else if (format == "enas4d/spec" || format == "enas4d/record") {
    read_back(document, read_record, to_line);
  } else {
    try_policy(document);
  }
}

}  // namespace enas4d
