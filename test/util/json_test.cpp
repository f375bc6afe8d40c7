#include "util/json.h"

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "util/files.h"

namespace enas4d {
namespace {

constexpr std::int64_t kNoLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNoMost = std::numeric_limits<std::int64_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

JsonValue json_value(const std::string& text) {
  return JsonValue::parse(text, "x.json");
}

}  // namespace

TEST_CASE("values are read as what they are", "[util][json]") {
  CHECK(json_value("7").whole(1, 7) == 7);
  CHECK(json_value("-3").small_whole(-3, 0) == -3);
  CHECK(json_value("2.5").number(0, 3) == 2.5);
  CHECK(json_value("2").number(0, 3) == 2);
  CHECK(json_value("true").flag());
  CHECK(json_value("\"text\"").text() == "text");
  CHECK(json_value("\"all\"").word({"own", "all"}) == 1);
  CHECK(json_value("[1, 2]").items()[1].whole(0, 9) == 2);
  CHECK(json_value("null").is_null());
}

TEST_CASE("a key longer than any of ours is cut where it is told", "[util][json]") {
  const std::string key(100'000, 'k'), shown = std::string(200, 'k') + "...";
  const JsonValue document = json_value("{\"" + key + "\": 1}");
  CHECK_THROWS_WITH(document.object().finish(), "x.json: unknown key '" + shown + "'");
  CHECK(document.object().entries()[0].first == key);
  CHECK(document.object().entries()[0].second.pointer() == "/" + shown);
}

TEST_CASE("a value that breaks its rule is shown with the rule", "[util][json]") {
  CHECK_THROWS_WITH(json_value("5.9").whole(1, 7),
                    "x.json: must be a whole number from 1 to 7, got 5.9");
  CHECK_THROWS_WITH(json_value("5.0").whole(1, 7), Contains("got 5.0"));
  CHECK_THROWS_WITH(json_value("8").whole(1, 7), Contains("from 1 to 7, got 8"));
  CHECK_THROWS_WITH(json_value("-1").whole(0, 7),
                    "x.json: must be a whole number from 0 to 7, got -1");
  CHECK_THROWS_WITH(json_value("1").whole(kNoLeast, 0),
                    "x.json: must be a whole number of at most 0, got 1");
  CHECK_THROWS_WITH(json_value("0").whole(1, kNoMost),
                    "x.json: must be a whole number of at least 1, got 0");
  CHECK_THROWS_WITH(json_value("true").whole(kNoLeast, kNoMost),
                    "x.json: must be a whole number, got true");
  CHECK_THROWS_WITH(json_value("2").number(0, 1), "x.json: must be a number from 0 to 1, got 2");
  CHECK_THROWS_WITH(json_value("-1").number(0, kInfinity),
                    "x.json: must be a number of at least 0, got -1");
  CHECK_THROWS_WITH(json_value("1").flag(), "x.json: must be true or false, got 1");
  CHECK_THROWS_WITH(json_value("null").text(), "x.json: must be a string, got null");
  CHECK_THROWS_WITH(json_value("[]").object(), "x.json: must be an object, got []");
  CHECK_THROWS_WITH(json_value("{}").items(), "x.json: must be an array, got {}");
  CHECK_THROWS_WITH(json_value("\"some\"").word({"own", "all", "none"}),
                    "x.json: must be 'own', 'all' or 'none', got \"some\"");
}

TEST_CASE("a message names the place by JSON pointer", "[util][json]") {
  JsonObject root = json_value(R"({"units": [0, {"a/b~c": {"kernel": [5.9]}}]})").object();
  JsonObject unit = root.required("units").items()[1].object();
  const JsonValue kernel = unit.required("a/b~c").object().required("kernel").items()[0];
  CHECK(kernel.pointer() == "/units/1/a~1b~0c/kernel/0");
  CHECK_THROWS_WITH(
      kernel.whole(1, 7),
      "x.json: /units/1/a~1b~0c/kernel/0: must be a whole number from 1 to 7, got 5.9");
}

TEST_CASE("a long value is cut between two characters", "[util][json]") {
  const JsonValue ascii = json_value("\"" + std::string(1000, 'x') + "\"");
  CHECK(std::string(ascii.error("must be short").what()) ==
        "x.json: must be short, got \"" + std::string(39, 'x') + "...");
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "é";
  const std::string message = json_value("\"" + accents + "\"").error("must be short").what();
  CHECK(message == "x.json: must be short, got \"" + accents.substr(0, 38) + "...");
}

TEST_CASE("a key that nobody asked for is refused, with the nearest", "[util][json]") {
  JsonObject object = json_value(R"({"units": [{"kernal": 5, "expand": 4}]})").object();
  JsonObject unit = object.required("units").items()[0].object();
  CHECK_NOTHROW(object.finish());
  unit.required("expand");
  CHECK(!unit.optional("kernel"));
  CHECK_THROWS_WITH(unit.finish(),
                    "x.json: /units/0: unknown key 'kernal', did you mean 'kernel'?");
  CHECK_NOTHROW(unit.entries());
  CHECK_NOTHROW(unit.finish());
}

TEST_CASE("a missing key is named, with what may be its misspelling", "[util][json]") {
  JsonObject object = json_value(R"({"kernal": 5, "width": 8})").object();
  CHECK_THROWS_WITH(object.required("depth"), "x.json: missing key 'depth'");
  CHECK_THROWS_WITH(object.required("kernel"),
                    "x.json: missing key 'kernel', did you mean it by 'kernal'?");
}

TEST_CASE("a strange key does not break the line of its message", "[util][json]") {
  JsonObject object = json_value(R"({"a\nb": 1})").object();
  CHECK_THROWS_WITH(object.finish(), "x.json: unknown key 'a\\nb'");
}

TEST_CASE("entries come in the order of the document", "[util][json]") {
  const auto entries = json_value(R"({"z": 1, "a": 2})").object().entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].first == "z");
  CHECK(entries[1].second.pointer() == "/a");
}

TEST_CASE("values outlive the object that they came from", "[util][json]") {
  const JsonValue inner =
      json_value(R"({"a": {"b": "text"}})").object().required("a").object().required("b");
  CHECK(inner.text() == "text");
}

TEST_CASE("a document of the right kind and version opens", "[util][json]") {
  JsonObject object =
      open_document(JsonValue::parse(new_document("space").dump(), "x.json"), "space");
  CHECK_NOTHROW(object.finish());
}

TEST_CASE("a document of another kind or version is refused", "[util][json]") {
  const auto open = [](const Json& document) {
    open_document(JsonValue::parse(document.dump(), "x.json"), "space", /*current_version=*/1);
  };
  CHECK_THROWS_WITH(open(new_document("recipe")),
                    "x.json: /format: must be \"enas4d/space\", got \"enas4d/recipe\"");
  CHECK_THROWS_WITH(open(new_document("space", 3)),
                    "x.json: /version: 3 was written by a later enas4d; this one reads 1");
  CHECK_THROWS_WITH(open(new_document("space", 0)), Contains("/version: must be a whole number"));
  CHECK_THROWS_WITH(open({{"version", 1}}), "x.json: missing key 'format'");
}

TEST_CASE("a file's name opens its messages", "[util][json]") {
  const TemporaryFolder folder;
  write_file(folder / "space.json", "[1,");
  CHECK_THROWS_WITH(JsonValue::read_file(folder / "space.json"),
                    Contains(folder / "space.json" + ": line 1, column 4: "));
  CHECK_THROWS_WITH(JsonValue::read_file(folder / "absent.json"), Contains("cannot be read"));
}

}  // namespace enas4d
