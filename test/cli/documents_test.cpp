// Manual pages, completions, schemas.
#include "cli/completion.h"
#include "cli/config_schema.h"
#include "cli/man_page.h"
#include "support/catch.h"

namespace enas4d {
namespace {

struct BrewOptions {
  std::string leaf = "green";
  std::string pot;
  std::vector<std::string> additions = {"milk"};
  int cups = 2;
  bool hot = false;
};

void declare_brew(BrewOptions& options, OptionList& list) {
  list.group("Tea");
  list.add("-p,--pot", options.pot, "where it is made", TextFormat{"FILE"}).required = true;
  list.add("--with", options.additions, "what goes in", WordList{{"milk", "sugar", "lemon-peel"}});
  list.add("--cups", options.cups, "how many", WholeRange{1, 9});
  list.add("--hot", options.hot, "not iced");
  list.group("Order");
  list.add("--space", options.leaf, "which", TextFormat{"NAME|FILE"});
}

ExitStatus no_brewing(const BrewOptions&, Session&) {
  return ExitStatus::kDone;
}

const Tool& brew_tool() {
  static const Tool tool{"enas4d-brew",
                         "make tea",
                         "",
                         {{"enas4d-brew --pot a\\b", "a pot"}},
                         tool_of(declare_brew, no_brewing)};
  return tool;
}

std::string page_of(const std::string& page_template) {
  std::string text;
  with_options(brew_tool(), [&](const OptionList& list) {
    text = man_page(brew_tool(), list, page_template,
                    [](const std::string& name) { return "<" + name + ">\n"; });
  });
  return text;
}

std::string completion_of(const std::string& script) {
  std::string text;
  with_options(brew_tool(), [&](const OptionList& list) {
    text = bash_completion(brew_tool(), list, {{"spaces", "--space"}}, script);
  });
  return text;
}

}  // namespace

TEST_CASE("a manual page has every option with its default under its heading", "[cli]") {
  const std::string page = page_of("@options@\n");
  CHECK_THAT(page, StartsWith(".SH OPTIONS\n.SS Tea\n.TP\n"
                              "\\fB\\-p\\fR, \\fB\\-\\-pot\\fR \\fIFILE\\fR\n"
                              "where it is made (required)\n"));
  CHECK_THAT(page, Contains("\\fB\\-\\-with\\fR \\fBmilk,sugar,lemon\\-peel\\fR\n"
                            "what goes in [milk]\n"));
  CHECK_THAT(page, Contains(".SS Order\n.TP\n\\fB\\-\\-space\\fR"));
  CHECK_THAT(page, Contains(".SS Common\n"));
  CHECK_THAT(page, Contains("\\-\\-help"));
  CHECK_THAT(page, Contains("how many [2; 1 to 9]\n"));
}

TEST_CASE("a tool that can be used in more than one way shows each", "[cli]") {
  Tool tool = brew_tool();
  tool.forms = {"--pot FILE", "--cups N --hot"};
  with_options(tool, [&](const OptionList& list) {
    CHECK_THAT(help_text(tool, list), Contains("Usage: enas4d-brew --pot FILE [options]\n"
                                               "       enas4d-brew --cups N --hot [options]\n"));
    CHECK_THAT(man_page(tool, list, "@name@\n", {}),
               Contains("\\fB\\-\\-pot\\fR\n\\fIFILE\\fR\n[\\fIoptions\\fR]\n.br\n"
                        "\\fBenas4d\\-brew\\fR\n\\fB\\-\\-cups\\fR\n"));
  });
}

TEST_CASE("a long example is broken before its options", "[cli]") {
  Tool tool = brew_tool();
  tool.examples = {
      {"enas4d-brew --pot a-very-long-name-of-a-pot-indeed --with milk,sugar --space x", "a pot"}};
  with_options(tool, [&](const OptionList& list) {
    CHECK_THAT(man_page(tool, list, "@examples@\n", {}),
               Contains("indeed \\e\n    \\-\\-with milk,sugar \\-\\-space x\n"));
  });
}

TEST_CASE("prose of a manual page stays as it is around what the tool and fragments say", "[cli]") {
  const std::string page = page_of("@name@\n.SH MORE\na@b\n@shared@\n@examples@\n");
  CHECK_THAT(page, StartsWith(".TH ENAS4D-BREW 1 "));
  CHECK_THAT(page, Contains(".SH NAME\nenas4d\\-brew \\- make tea\n"
                            ".SH SYNOPSIS\n\\fBenas4d\\-brew\\fR\n"
                            "\\fB\\-\\-pot\\fR\n\\fIFILE\\fR\n[\\fIoptions\\fR]\n"));
  CHECK_THAT(page, Contains(".SH MORE\na@b\n<shared>\n.SH EXAMPLES\n"));
  CHECK_THAT(page, Contains("A pot:\n"));
  CHECK_THAT(page, Contains("enas4d\\-brew \\-\\-pot a\\eb\n"));
}

TEST_CASE("no text becomes a request, an accent or a hyphen", "[cli]") {
  CHECK(roff_text(".x\n'y -- ~z^") == "\\&.x\n\\&\\(aqy \\-\\- \\(tiz\\(ha");
}

TEST_CASE("values are completed with the words, files or names that they may be", "[cli]") {
  const std::string script = completion_of("@tool@:\n@values@\n@flags@\n");
  CHECK_THAT(script, StartsWith("enas4d-brew:\n"));
  CHECK_THAT(script, Contains("    -p | --pot) _enas4d_files ;;\n"));
  CHECK_THAT(script, Contains("    --with) _enas4d_list milk sugar lemon-peel ;;\n"));
  CHECK_THAT(script, Contains("    --cups) ;;\n"));
  CHECK_THAT(script, Contains("    --log-format) _enas4d_words text json ;;\n"));
  CHECK_THAT(script, Contains("    --space) _enas4d_words cifar10 "));
  CHECK_THAT(script, !Contains("--hot)"));
}

TEST_CASE("all options are offered", "[cli]") {
  const std::string script = completion_of("@flags@\n");
  for (const char* flag : {"--pot", "--with", "--cups", "--hot", "--space", "--config", "--help"}) {
    CHECK_THAT(script, Contains(std::string(flag) + " \\\n"));
  }
}

TEST_CASE("the schema of a configuration has the type, words and default of every option",
          "[cli]") {
  Json schema;
  with_options(brew_tool(),
               [&](const OptionList& list) { schema = config_schema(brew_tool(), list); });
  const Json& properties = schema.at("properties");
  CHECK(properties.at("cups") ==
        Json({{"type", "integer"}, {"description", "how many"}, {"default", 2}}));
  CHECK(properties.at("with").at("items").at("enum") == Json({"milk", "sugar", "lemon-peel"}));
  CHECK(properties.at("with").at("minItems") == 1);
  CHECK(properties.at("hot").at("type") == "boolean");
  CHECK(properties.at("pot").at("anyOf").at(0).at("type") == "string");
  CHECK(properties.at("pot").at("anyOf").at(1).at("type") == "null");
  CHECK(!properties.contains("help"));
  CHECK(properties.at("$schema").at("type") == "string");
  CHECK(schema.at("additionalProperties") == false);
}

}  // namespace enas4d
