// How pieces of a JSON document look in messages: on one line, short, valid UTF-8.
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace enas4d {

constexpr std::size_t kShownCharacters = 40;

/// Longer than any key of ours. A hostile one must neither fill the screen nor stand in the place
/// of each of its thousand values.
constexpr std::size_t kShownKeyCharacters = 200;

/// A key as inside a JSON string: no control characters, no broken UTF-8. Cut to about
/// kShownKeyCharacters.
std::string escaped(const std::string& text);

/// Compact, cut to about kShownCharacters.
std::string shown(const nlohmann::ordered_json& value);

/// Whether it can stand in a JSON document.
bool is_utf8(const std::string& text);

/// "/key" with JSON pointer's own escapes.
std::string pointer_step(const std::string& key);

/// "source: /pointer", or "source" for the whole document.
std::string place_of(const std::string& source, const std::string& pointer);

}  // namespace enas4d
