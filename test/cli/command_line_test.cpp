#include "cli/command_line.h"

#include "support/catch.h"

namespace enas4d {
namespace {

/// A list with one option of each shape.
struct Declared {
  Declared() {
    list.add("-n,--count", count, "a number", WholeRange{1, 100});
    list.add("--space", space, "a text", TextFormat{"FILE"}).required = true;
    list.add("--unique", unique, "a flag");
    list.add("--hidden", hidden, "not in files", WholeRange{}).configurable = false;
  }

  void parse(const std::vector<std::string>& arguments, const char* config = nullptr) {
    assign(list, split_arguments(list, arguments),
           config == nullptr ? std::nullopt : std::optional(JsonValue::parse(config, "c.json")));
  }

  OptionList list;
  int count = 1;
  std::string space;
  bool unique = false;
  int hidden = 0;
};

}  // namespace

TEST_CASE("options may be written in every usual way", "[cli]") {
  const std::vector<std::string> arguments =
      GENERATE(std::vector<std::string>{"--count", "7", "--space", "s", "--unique"},
               std::vector<std::string>{"--count=7", "--space=s", "--unique=true"},
               std::vector<std::string>{"-n", "7", "--unique", "--space", "s"},
               std::vector<std::string>{"-n7", "--space", "s", "--unique"});
  Declared declared;
  declared.parse(arguments);
  CHECK(declared.count == 7);
  CHECK(declared.space == "s");
  CHECK(declared.unique);
}

TEST_CASE("of an option given twice the last counts", "[cli]") {
  Declared declared;
  declared.parse({"-n", "7", "--count", "8", "--unique", "--unique=false"});
  CHECK(declared.count == 8);
  CHECK_FALSE(declared.unique);
}

TEST_CASE("a value may look like an option", "[cli]") {
  Declared declared;
  declared.parse({"--space", "-"});
  CHECK(declared.space == "-");
}

TEST_CASE("a flag beats the file and the file beats the default", "[cli]") {
  Declared declared;
  declared.parse({}, R"({"count": 5, "unique": true})");
  CHECK(declared.count == 5);
  declared.parse({"--count", "6", "--unique=false"}, R"({"count": 5, "unique": true})");
  CHECK(declared.count == 6);
  CHECK_FALSE(declared.unique);
}

TEST_CASE("what no option takes is wrong usage", "[cli]") {
  struct Case {
    std::vector<std::string> arguments;
    const char* message;
  };
  const Case wrong =
      GENERATE(Case{{"--cuont", "5"}, "unknown option '--cuont', did you mean '--count'?"},
               Case{{"--cuont=5"}, "unknown option '--cuont', did you mean '--count'?"},
               Case{{"--entirely-else"}, "unknown option '--entirely-else'"},
               Case{{"-x"}, "unknown option '-x'"}, Case{{"word"}, "unexpected argument 'word'"},
               Case{{"--unique", "true"}, "unexpected argument 'true'"},
               Case{{"-n"}, "--count: needs a value"},
               Case{{"--space=", "--unique"}, "--space: needs a value"},
               Case{{"--unique="}, "--unique: needs a value"},
               Case{{"--unique", "--space"}, "--space: needs a value"});
  Declared declared;
  CAPTURE(wrong.arguments);
  try {
    declared.parse(wrong.arguments);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kUsage);
    CHECK(std::string(error.what()) == wrong.message);
  }
}

TEST_CASE("a configuration file is read strictly", "[cli]") {
  struct Case {
    const char* config;
    const char* message;
  };
  const Case wrong = GENERATE(
      Case{R"({"cuont": 5})", "c.json: unknown key 'cuont', did you mean 'count'?"},
      Case{R"({"count": 5.9})", "c.json: /count: must be a whole number from 1 to 100, got 5.9"},
      Case{R"({"hidden": 5})", "c.json: unknown key 'hidden'"},
      Case{R"({"$schema": 5})", "c.json: /$schema: must be a string, got 5"},
      Case{R"([])", "c.json: must be an object, got []"});
  Declared declared;
  CAPTURE(wrong.config);
  try {
    declared.parse({"--count", "7"}, wrong.config);
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.status() == ExitStatus::kBadInput);
    CHECK(std::string(error.what()) == wrong.message);
  }
}

TEST_CASE("a configuration file may say where its schema is", "[cli]") {
  Declared declared;
  declared.parse({}, R"({"$schema": "enas4d-sample.schema.json", "count": 5})");
  CHECK(declared.count == 5);
  CHECK_FALSE(effective_configuration(declared.list).contains("$schema"));
}

TEST_CASE("a required option may come from flag or file", "[cli]") {
  Declared declared;
  CHECK_THROWS_WITH(check_required(declared.list), "--space FILE is required");
  SECTION("flag") {
    declared.parse({"--space", "s"});
  }
  SECTION("file") {
    declared.parse({}, R"({"space": "s"})");
  }
  CHECK_NOTHROW(check_required(declared.list));
}

TEST_CASE("the effective configuration holds every configurable option and can be read again",
          "[cli]") {
  Declared declared;
  declared.parse({"-n", "9", "--hidden", "3"});
  const std::string shown = effective_configuration(declared.list).dump();
  CHECK(shown == R"({"count":9,"space":null,"unique":false})");
  Declared again;
  again.parse({}, shown.c_str());
  CHECK(effective_configuration(again.list).dump() == shown);
}

}  // namespace enas4d
