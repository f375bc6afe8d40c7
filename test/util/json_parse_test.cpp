#include "support/catch.h"
#include "util/json.h"

namespace enas4d {
namespace {

std::string parsed(const std::string& text) {
  return JsonValue::parse(text, "x.json").raw().dump();
}

}  // namespace

TEST_CASE("a document is kept as it is written, keys in order", "[util][json]") {
  const std::string text = R"({"b":[1,-2,2.5,1e3,true,false,null,[],{}],"a":{"":"\"\\\né\u0000"},)"
                           R"("big":9223372036854775807})";
  CHECK(Json::parse(parsed(text)) == Json::parse(text));
  CHECK(parsed(R"({"b":1,"a":2})") == R"({"b":1,"a":2})");
}

TEST_CASE("broken JSON is one line with line and column", "[util][json]") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"", "x.json: is empty"},
      {"{\n \"a\": 1,\n \"b\": tru\n}", "x.json: line 3, column 10: invalid literal"},
      {"[1, 2", "x.json: line 1, column 6: unexpected end of input; expected ']'"},
      {"{} {}", "x.json: line 1, column 4: unexpected '{'; expected end of input"},
      {"[NaN]", "x.json: line 1, column 2: invalid literal"},
      {"[1e999]", "x.json: line 1, column 6: number out of range"},
      {"[1,]", "x.json: line 1, column 4: unexpected ']'; expected '[', '{', or a literal"},
      {"{'a': 1}", "x.json: line 1, column 2: invalid literal"},
      {"[01]", "x.json: line 1, column 3: unexpected number literal; expected ']'"},
      {"[\"\xff\"]", "x.json: line 1, column 3: invalid string: ill-formed UTF-8 byte"},
      {"[\"a\nb\"]",
       "x.json: line 1, column 4: invalid string: control character U+000A (LF) must be escaped to "
       "\\u000A or \\n"},
      {"[\"\\ud800\"]",
       "x.json: line 1, column 9: invalid string: surrogate U+D800..U+DBFF must be followed by "
       "U+DC00..U+DFFF"},
  }));
  CAPTURE(text);
  CHECK_THROWS_WITH(parsed(text), message);
}

TEST_CASE("a key that stands twice is refused", "[util][json]") {
  CHECK_THROWS_WITH(parsed(R"({"a": 1, "b": 2, "a": 3})"), "x.json: key 'a' stands twice");
  CHECK_THROWS_WITH(parsed(R"({"units": [{}, {"a/b": {"k": 1, "k": 1}}]})"),
                    "x.json: /units/1/a~1b: key 'k' stands twice");
  CHECK_NOTHROW(parsed(R"({"a": {"a": 1}, "b": {"a": 1}})"));
}

TEST_CASE("whole numbers beyond 64 bits are refused, not rounded", "[util][json]") {
  const std::string digits = GENERATE("9223372036854775808", "18446744073709551615",
                                      "18446744073709551616", "-9223372036854775809");
  CHECK_THROWS_WITH(parsed("{\"n\": [0, " + digits + "]}"),
                    "x.json: /n/1: must fit in 64 bits with sign, got " + digits);
  CHECK(parsed("[-9223372036854775808]") == "[-9223372036854775808]");
}

TEST_CASE("nesting ends at 64 levels", "[util][json]") {
  const auto nested = [](std::size_t depth, char open, const std::string& inside, char close) {
    return std::string(depth, open) + inside + std::string(depth, close);
  };
  CHECK_NOTHROW(parsed(nested(64, '[', "1", ']')));
  CHECK_THROWS_WITH(parsed(nested(65, '[', "1", ']')),
                    "x.json: must not nest deeper than 64 levels");
  CHECK_THROWS_WITH(parsed(std::string(10'000'000, '[')),
                    "x.json: must not nest deeper than 64 levels");
}

TEST_CASE("an object of many keys is read", "[util][json]") {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i) text += "\"" + std::to_string(i) + "\":0,";
  text.back() = '}';
  const auto entries = JsonValue::parse(text, "x.json").object().entries();
  CHECK(entries.size() == 20'000);
}

TEST_CASE("every cut and every changed byte of a document is read or refused", "[util][json]") {
  const std::string text = R"({"a":[1,-2.5e3,"\u00e9é"],"b":{"c":null}})";
  for (std::size_t i = 0; i < text.size(); ++i) {
    CAPTURE(i);
    CHECK_THROWS_AS(parsed(text.substr(0, i)), Error);
    for (int byte = 0; byte < 256; byte += 3) {
      std::string changed = text;
      changed[i] = static_cast<char>(byte);
      try {
        parsed(changed);
      } catch (const Error& error) {
        REQUIRE(error.status() == ExitStatus::kBadInput);
        REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
      }
    }
  }
}

}  // namespace enas4d
