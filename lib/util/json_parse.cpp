#include "util/json_parse.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/error.h"
#include "util/json_text.h"

namespace enas4d {
namespace {

using Json = nlohmann::ordered_json;

/// Builds a document bottom-up and refuses what nlohmann's own builder lets through: duplicate keys
/// (the last would win), whole numbers beyond 64 bits (they would become floating), nesting without
/// bound.
class StrictBuilder {
 public:
  StrictBuilder(std::string_view text, const std::string& source) : text_(text), source_(source) {}

  Json take() { return std::move(root_); }

  // nlohmann's SAX interface; each returns whether to go on.
  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool number_unsigned(std::uint64_t value) {
    if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      throw error(fmt::format("must fit in 64 bits with sign, got {}", value));
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& digits) {
    if (digits.find_first_of(".eE") == std::string::npos) {
      throw error(
          fmt::format("must fit in 64 bits with sign, got {}", digits.substr(0, kShownCharacters)));
    }
    return add(value);
  }
  bool binary(Json::binary_t& /*value*/) { return false; }  // not in JSON text

  bool start_object(std::size_t /*size*/) { return open(/*is_object=*/true); }
  bool start_array(std::size_t /*size*/) { return open(/*is_object=*/false); }
  bool key(std::string& name) {
    levels_.back().key = std::move(name);
    return true;
  }

  bool end_object() {
    refuse_duplicate_keys();
    auto& members = levels_.back().members;
    Json object = Json::object_t(std::make_move_iterator(members.begin()),
                                 std::make_move_iterator(members.end()));
    levels_.pop_back();
    return add(std::move(object));
  }
  bool end_array() {
    Json array = std::move(levels_.back().elements);
    levels_.pop_back();
    return add(std::move(array));
  }

  [[noreturn]] bool parse_error(std::size_t position, const std::string& /*token*/,
                                const Json::exception& exception) {
    const std::string_view before = text_.substr(0, position == 0 ? 0 : position - 1);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t column =
        newline == std::string_view::npos ? before.size() + 1 : before.size() - newline;
    throw bad_input(source_, fmt::format("line {}, column {}: {}", line, column,
                                         broken_rule(exception.what())));
  }

 private:
  struct Level {
    bool is_object;
    std::string key;  ///< of the member that is being read
    std::vector<std::pair<std::string, Json>> members;
    Json::array_t elements;
  };

  bool open(bool is_object) {
    constexpr std::size_t kDeepest = 64;
    if (levels_.size() == kDeepest) {
      throw bad_input(source_, fmt::format("must not nest deeper than {} levels", kDeepest));
    }
    levels_.push_back({is_object, {}, {}, {}});
    return true;
  }

  bool add(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.is_object) {
      level.members.emplace_back(std::move(level.key), std::move(value));
    } else {
      level.elements.push_back(std::move(value));
    }
    return true;
  }

  void refuse_duplicate_keys() const {
    std::vector<std::string_view> keys;
    for (const auto& member : levels_.back().members) keys.push_back(member.first);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return;
    throw bad_input(place_of(source_, pointer(levels_.size() - 1)),
                    fmt::format("key '{}' stands twice", escaped(std::string(*twice))));
  }

  /// Of the value being read, seen from the outermost `depth` levels.
  std::string pointer(std::size_t depth) const {
    std::string result;
    for (std::size_t i = 0; i < depth; ++i) {
      const Level& level = levels_[i];
      result +=
          level.is_object ? pointer_step(level.key) : fmt::format("/{}", level.elements.size());
    }
    return result;
  }

  Error error(const std::string& rule) const {
    return bad_input(place_of(source_, pointer(levels_.size())), rule);
  }

  /// Out of "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while
  /// parsing value - invalid literal; last read: 'x'" what a person needs, without raw bytes of the
  /// text.
  static std::string broken_rule(const std::string& message) {
    if (message.find("number overflow") != std::string::npos) return "number out of range";
    const std::size_t dash = message.find(" - ");
    std::string rule = dash == std::string::npos ? "syntax error" : message.substr(dash + 3);
    return rule.substr(0, rule.find("; last read"));
  }

  std::string_view text_;
  const std::string& source_;
  std::vector<Level> levels_;
  Json root_;
};

}  // namespace

Json parse_strictly(std::string_view text, const std::string& source) {
  StrictBuilder builder(text, source);
  [[maybe_unused]] const bool whole = Json::sax_parse(text.begin(), text.end(), &builder);
  assert(whole && "the builder throws instead");
  return builder.take();
}

}  // namespace enas4d
