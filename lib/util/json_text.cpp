#include "util/json_text.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace enas4d {

using Json = nlohmann::ordered_json;

namespace {

/// Cut, if it is longer, to `most` bytes and a sign of it.
std::string shortened(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  while ((static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;  // not inside a character
  return text.substr(0, most) + "...";
}

}  // namespace

std::string escaped(const std::string& text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), is_plain)) return shortened(text, kShownKeyCharacters);
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return shortened(quoted.substr(1, quoted.size() - 2), kShownKeyCharacters);
}

std::string shown(const Json& value) {
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace), kShownCharacters);
}

bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

std::string pointer_step(const std::string& key) {
  std::string step = "/";
  for (const char c : escaped(key)) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  return step;
}

std::string place_of(const std::string& source, const std::string& pointer) {
  return pointer.empty() ? source : fmt::format("{}: {}", source, pointer);
}

}  // namespace enas4d
