// Strict reading of JSON documents. Every complaint names the source, the JSON pointer, the rule
// and the value; unknown keys are errors with the nearest known name, whole numbers are whole,
// words are from their list. This is the only way that JSON enters the program.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/error.h"

namespace enas4d {

/// Keys keep their order: documents are read by people.
using Json = nlohmann::ordered_json;

class JsonObject;

/// One value of a parsed document and its place in it. Cheap to copy; shares the document.
class JsonValue {
 public:
  /// Parses `text`; `source` (a file name, or "specs.jsonl:17") opens every message. Throws Error
  /// (bad input) for broken JSON, duplicate keys, text after the value, nesting deeper than 64,
  /// numbers out of range.
  static JsonValue parse(std::string_view text, const std::string& source);

  /// Reads and parses a file. Throws Error (bad input) if it cannot be read.
  static JsonValue read_file(const std::string& path);

  JsonObject object() const;
  std::vector<JsonValue> items() const;  ///< an array
  bool is_array() const;
  bool is_object() const;
  bool is_string() const;
  bool is_null() const;
  std::int64_t whole(std::int64_t least, std::int64_t most) const;
  int small_whole(int least, int most) const;      ///< the same as int
  double number(double least, double most) const;  ///< whole numbers are numbers too
  bool flag() const;
  std::string text() const;
  /// One of `words`; returns its index.
  std::size_t word(const std::vector<std::string>& words) const;

  /// For rules that the reader cannot know: "source: /pointer: must ..., got <value>".
  Error error(std::string_view rule) const;

  const std::string& source() const;
  const std::string& pointer() const { return pointer_; }
  const Json& raw() const { return *value_; }

 private:
  friend class JsonObject;
  struct Document;
  JsonValue(std::shared_ptr<const Document> document, const Json* value, std::string pointer);

  std::shared_ptr<const Document> document_;
  const Json* value_;
  std::string pointer_;
};

/// An object being read: each key is asked for once, finish() refuses those that nobody asked for.
class JsonObject {
 public:
  /// Throws Error if absent, and names a key that may be a misspelling of it.
  JsonValue required(const std::string& key);
  std::optional<JsonValue> optional(const std::string& key);
  /// Throws Error for the first key that was never asked for, with the nearest that was.
  void finish() const;
  /// All keys with their values, for objects whose keys are data. Counts as asking for each.
  std::vector<std::pair<std::string, JsonValue>> entries();

  const JsonValue& value() const { return value_; }

 private:
  friend class JsonValue;
  explicit JsonObject(JsonValue value) : value_(std::move(value)) {}

  JsonValue value_;
  std::vector<std::string> asked_;
  bool asked_for_all_ = false;
};

/// Opens a document: requires "format": "enas4d/<kind>" and "version" in [oldest, current]; a newer
/// version gets a message of its own. Returns the object with these two keys read.
JsonObject open_document(const JsonValue& value, const std::string& kind, int current_version = 1);

/// The first two keys of a document of this kind.
Json new_document(const std::string& kind, int version = 1);

/// The member of `known` nearest to `word` by edit distance, if near enough to be what was meant.
std::optional<std::string> nearest_name(const std::string& word,
                                        const std::vector<std::string>& known);

}  // namespace enas4d
