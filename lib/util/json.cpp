#include "util/json.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "util/files.h"
#include "util/json_parse.h"
#include "util/json_text.h"

namespace enas4d {
namespace {

/// "from 1 to 7", "of at least 1", "".
template <class Number>
std::string range_words(Number least, Number most) {
  const bool open_below = least <= std::numeric_limits<Number>::lowest();
  const bool open_above = most >= std::numeric_limits<Number>::max();
  if (open_below && open_above) return "";
  if (open_above) return fmt::format(" of at least {}", least);
  if (open_below) return fmt::format(" of at most {}", most);
  return fmt::format(" from {} to {}", least, most);
}

/// "'own', 'all' or 'none'".
std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += fmt::format("'{}'", words[i]);
  }
  return text;
}

}  // namespace

struct JsonValue::Document {
  std::string source;
  Json root;
};

JsonValue::JsonValue(std::shared_ptr<const Document> document, const Json* value,
                     std::string pointer)
    : document_(std::move(document)), value_(value), pointer_(std::move(pointer)) {}

JsonValue JsonValue::parse(std::string_view text, const std::string& source) {
  if (text.empty()) throw bad_input(source, "is empty");
  auto document = std::make_shared<const Document>(Document{source, parse_strictly(text, source)});
  const Json* root = &document->root;
  return {std::move(document), root, ""};
}

JsonValue JsonValue::read_file(const std::string& path) {
  return parse(enas4d::read_file(path), path);
}

JsonObject JsonValue::object() const {
  if (!value_->is_object()) throw error("must be an object");
  return JsonObject(*this);
}

std::vector<JsonValue> JsonValue::items() const {
  if (!value_->is_array()) throw error("must be an array");
  std::vector<JsonValue> values;
  values.reserve(value_->size());
  for (const Json& element : *value_) {
    values.push_back({document_, &element, fmt::format("{}/{}", pointer_, values.size())});
  }
  return values;
}

bool JsonValue::is_array() const {
  return value_->is_array();
}
bool JsonValue::is_object() const {
  return value_->is_object();
}
bool JsonValue::is_string() const {
  return value_->is_string();
}
bool JsonValue::is_null() const {
  return value_->is_null();
}

std::int64_t JsonValue::whole(std::int64_t least, std::int64_t most) const {
  if (value_->is_number_integer()) {
    const auto value = value_->get<std::int64_t>();
    if (least <= value && value <= most) return value;
  }
  throw error(fmt::format("must be a whole number{}", range_words(least, most)));
}

int JsonValue::small_whole(int least, int most) const {
  return static_cast<int>(whole(least, most));
}

double JsonValue::number(double least, double most) const {
  if (value_->is_number()) {
    const auto value = value_->get<double>();
    if (least <= value && value <= most) return value;
  }
  throw error(fmt::format("must be a number{}", range_words(least, most)));
}

bool JsonValue::flag() const {
  if (!value_->is_boolean()) throw error("must be true or false");
  return value_->get<bool>();
}

std::string JsonValue::text() const {
  if (!value_->is_string()) throw error("must be a string");
  return value_->get<std::string>();
}

std::size_t JsonValue::word(const std::vector<std::string>& words) const {
  if (value_->is_string()) {
    const auto found = std::find(words.begin(), words.end(), value_->get_ref<const std::string&>());
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  }
  throw error(fmt::format("must be {}", alternatives(words)));
}

Error JsonValue::error(std::string_view rule) const {
  return bad_input(place_of(source(), pointer_), fmt::format("{}, got {}", rule, shown(*value_)));
}

const std::string& JsonValue::source() const {
  return document_->source;
}

JsonValue JsonObject::required(const std::string& key) {
  if (auto found = optional(key)) return *std::move(found);
  std::string rule = fmt::format("missing key '{}'", key);
  for (const auto& [present, value] : value_.raw().items()) {
    const bool asked = std::find(asked_.begin(), asked_.end(), present) != asked_.end();
    if (asked || !nearest_name(present, {key})) continue;
    rule += fmt::format(", did you mean it by '{}'?", escaped(present));
    break;
  }
  throw bad_input(place_of(value_.source(), value_.pointer()), rule);
}

std::optional<JsonValue> JsonObject::optional(const std::string& key) {
  asked_.push_back(key);
  const auto found = value_.raw().find(key);
  if (found == value_.raw().end()) return std::nullopt;
  return JsonValue(value_.document_, &*found, value_.pointer() + pointer_step(key));
}

void JsonObject::finish() const {
  if (asked_for_all_) return;
  for (const auto& [key, value] : value_.raw().items()) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    std::string rule = fmt::format("unknown key '{}'", escaped(key));
    if (const auto name = nearest_name(key, asked_))
      rule += fmt::format(", did you mean '{}'?", *name);
    throw bad_input(place_of(value_.source(), value_.pointer()), rule);
  }
}

std::vector<std::pair<std::string, JsonValue>> JsonObject::entries() {
  asked_for_all_ = true;
  std::vector<std::pair<std::string, JsonValue>> result;
  for (const auto& [key, value] : value_.raw().items()) {
    result.emplace_back(key,
                        JsonValue(value_.document_, &value, value_.pointer() + pointer_step(key)));
  }
  return result;
}

JsonObject open_document(const JsonValue& value, const std::string& kind, int current_version) {
  JsonObject object = value.object();
  const std::string format = "enas4d/" + kind;
  const JsonValue found = object.required("format");
  if (found.text() != format) {
    throw found.error(fmt::format("must be \"{}\"", format));
  }
  const JsonValue version = object.required("version");
  if (version.whole(1, std::numeric_limits<std::int64_t>::max()) > current_version) {
    throw bad_input(
        place_of(version.source(), version.pointer()),
        fmt::format("{} was written by a later enas4d; this one reads {}{}", version.raw().dump(),
                    current_version > 1 ? "1 to " : "", current_version));
  }
  return object;
}

Json new_document(const std::string& kind, int version) {
  return {{"format", "enas4d/" + kind}, {"version", version}};
}

}  // namespace enas4d
