// From text to a JSON tree, stricter than nlohmann's own builder.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace enas4d {

/// The rules of JsonValue::parse. Time and memory are linear in the text.
nlohmann::ordered_json parse_strictly(std::string_view text, const std::string& source);

}  // namespace enas4d
