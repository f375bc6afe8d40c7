// Documents that were read are written so that they read the same.
#pragma once

#include <string>
#include <utility>

#include "fuzz/reader.h"
#include "util/error.h"
#include "util/json.h"

namespace enas4d {

/// `read` makes a value of a JsonValue, `write` the text of it. Returns the value. Throws what
/// `read` throws, and Finding if the text is not read as the same.
template <class Read, class Write>
auto read_back(const JsonValue& document, const Read& read, const Write& write) {
  auto value = read(document);
  const std::string text = write(value);
  try {
    if (write(read(JsonValue::parse(text, "again"))) == text) return value;
  } catch (const Error& error) {
    throw Finding("refused once written: " + std::string(error.what()));
  }
  throw Finding("reads another way once written: " + text);
}

}  // namespace enas4d
