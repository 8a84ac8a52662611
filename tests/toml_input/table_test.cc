#include "edgeprune/toml_input/table.h"

#include "edgeprune/toml_input/document.h"
#include "edgeprune/toml_input/message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <string>
#include <vector>

namespace edgeprune::toml_input {
namespace {

Document parsed_table(const std::string& text) {
  return parse_document(text, "t.toml", {"a test"});
}

// The message of what `read` asks of the root.
std::string message_of(const std::string& text, const std::function<void(const Table&)>& read) {
  const Document document = parsed_table(text);
  try {
    read(document.root());
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::config);
    return error.what();
  }
  return "";
}

TEST(Table, ReadsWhatIsThere) {
  const Document document = parsed_table("rate = 0.5\nword = 'b'\n");
  const Table root = document.root();
  double rate = 0;
  double other = 7;
  root.require("rate", kAboveZero, rate);
  EXPECT_EQ(rate, 0.5);
  EXPECT_FALSE(root.read("other", kAboveZero, other));
  EXPECT_EQ(other, 7);
  constexpr std::string_view kWords[] = {"a", "b"};
  EXPECT_EQ(root.word("word", kWords), 1u);
}

TEST(Table, NamesFileLineKeyValueAndFix) {
  const auto rate = [](const Table& root) {
    double result = 0;
    root.table("power")->require("rate", kAboveZero, result);
  };
  EXPECT_EQ(message_of("\n[power]\nrate = -1\n", rate),
            "t.toml:3: power.rate is -1; it must be above 0");
  EXPECT_EQ(message_of("\npower.rate = '8GB'\n", rate),
            "t.toml:2: power.rate is \"8GB\"; it must be a number, above 0");
  EXPECT_EQ(message_of("\n[power]\n", rate), "t.toml:2: power.rate is missing; add it");
  EXPECT_EQ(message_of("power = 3", rate), "t.toml:1: power is 3; it must be a section, [power]");
}

TEST(Table, TakesListsOfTablesAlone) {
  const auto devices = [](const Table& root) { (void)root.tables("device"); };
  EXPECT_EQ(parsed_table("[[device]]\n[[device]]\n").root().tables("device").size(), 2u);
  EXPECT_EQ(parsed_table("device = [{}, {}, {}]").root().tables("device").size(), 3u);
  EXPECT_TRUE(parsed_table("").root().tables("device").empty());
  const std::string must_be = "; it must be a list of sections, [[device]]";
  EXPECT_EQ(message_of("device = 3", devices), "t.toml:1: device is 3" + must_be);
  EXPECT_EQ(message_of("device = [{}, 3]", devices), "t.toml:1: device is [ {}, 3 ]" + must_be);
  EXPECT_EQ(message_of("[device]", devices), "t.toml:1: device is a table" + must_be);
}

TEST(Table, NamesTheFirstUnknownKeyOfTheFile) {
  const auto check = [](const Table& root) {
    constexpr std::string_view kKeys[] = {"seconds", "joules"};
    root.reject_unknown_keys(kKeys);
  };
  EXPECT_EQ(message_of("seconds = 1\nzebra = 1\nant = 2", check),
            "t.toml:2: zebra is not a field; the fields are seconds, joules");
  EXPECT_EQ(message_of("second = 1", check),
            "t.toml:1: second is not a field; did you mean seconds?");
  EXPECT_EQ(message_of("\"a\\nb\" = 1", check),
            "t.toml:1: a\\x0ab is not a field; the fields are seconds, joules");
}

TEST(Table, KeepsTheOrderOfTheFile) {
  const Document document = parsed_table("z = 1\na.y = 2\nm = {c = 1, b = 2}\na.x = 3\n");
  std::vector<std::string> keys;
  for (const Entry& entry : document.root().entries()) keys.push_back(entry.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"z", "a", "m"}));
  const auto inner = document.root().get("m").entries();
  EXPECT_EQ(inner[0].key, "c");
  EXPECT_EQ(inner[1].place(), "t.toml:3");
}

TEST(Value, ShowsItselfOnOneLine) {
  const Document document =
      parsed_table("a = [64, 0]\nb = 1e60\nc = \"x\\ny\"\nd = true\ne = {}\nf = '" +
                   std::string(200, 'x') + "'\ng = [" + std::string(200, ' ') + "[1]]\n");
  const auto shown = [&](const char* key) { return document.root().get(key).for_message(); };
  EXPECT_EQ(shown("a"), "[ 64, 0 ]");
  EXPECT_EQ(shown("b"), "1e+60");
  EXPECT_EQ(shown("c"), "\"x\\x0ay\"");
  EXPECT_EQ(shown("d"), "true");
  EXPECT_EQ(shown("e"), "a table");
  EXPECT_EQ(shown("f"), "\"" + std::string(80, 'x') + "...\"");
  EXPECT_EQ(document.root().get("a").toml(), "[ 64, 0 ]");
}

TEST(ForMessage, CutsBetweenCharacters) {
  EXPECT_EQ(for_message(std::string(79, 'a') + "é"), std::string(79, 'a') + "...");
  EXPECT_EQ(for_message("é\x7f"), "é\\x7f");
}

TEST(TableProperty, AKeyWithALetterMissingIsToldTheKey) {
  EXPECT_TRUE(rc::check("a key with a letter missing is told the key", [] {
    const std::vector<std::string_view> keys = {"seconds", "joules", "harvest", "num_samples"};
    const std::string key(*rc::gen::elementOf(keys));
    std::string misspelt = key;
    misspelt.erase(*rc::gen::inRange<std::size_t>(0, key.size()), 1);
    const int line = *rc::gen::inRange(1, 9);
    const std::string text = std::string(line - 1, '\n') + misspelt + " = 1";
    RC_ASSERT(message_of(text, [&](const Table& root) { root.reject_unknown_keys(keys); }) ==
              "t.toml:" + std::to_string(line) + ": " + misspelt +
                  " is not a field; did you mean " + key + "?");
  }));
}

}  // namespace
}  // namespace edgeprune::toml_input
