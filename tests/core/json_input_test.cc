#include "edgeprune/core/json_input.h"

#include "edgeprune/core/json_text.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

namespace edgeprune::core {
namespace {

using nlohmann::json;
using testing::expect_error;

const JsonSource kSource{.name = "run/plan.json", .what = "not a plan", .fix = "restore it"};

json parsed(const std::string& text, const JsonSource& source = kSource) {
  return read_json<json>(text, source, [](const json& value) { return value; });
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

void expect_refused(const std::string& text, const std::string& why) {
  SCOPED_TRACE(text.substr(0, 60));
  expect_error(ErrorKind::data, {"run/plan.json: not a plan (", why, "); restore it"},
               [&] { (void)parsed(text); });
}

TEST(JsonInput, ReadsWhatIsWithinTheLimits) {
  EXPECT_EQ(parsed(R"({"a": [1, -2, 0.5, "b", null, true], "c": {}})")["a"][2], 0.5);
  EXPECT_EQ(parsed(repeated("[", 32) + repeated("]", 32)).size(), 1u);
  EXPECT_EQ(parsed("{\"name\": \"gr\xc3\xb6\xc3\x9f"
                   "e\"}")["name"],
            "gr\xc3\xb6\xc3\x9f"
            "e");
}

TEST(JsonInput, RefusesWhatIsNestedTooDeep) {
  for (const std::size_t depth : {std::size_t{33}, std::size_t{200'000}}) {
    expect_refused(repeated("[", depth) + repeated("]", depth), "nested more than 32 deep");
    expect_refused(repeated("{\"a\":", depth) + "1" + repeated("}", depth), "more than 32 deep");
    expect_refused(repeated("[{\"a\":", depth) + "1" + repeated("}]", depth), "more than 32 deep");
    expect_refused(repeated("[", depth), "nested more than 32 deep");
  }
}

TEST(JsonInput, RefusesTwoEqualKeysOfOneObject) {
  expect_refused(R"({"a": 1, "b": {"a": 2}, "a": 3})", "it names 'a' twice");
  expect_refused(R"({"a": 1, "\u0061": 3})", "it names 'a' twice");
  EXPECT_EQ(parsed(R"([{"a": 1}, {"a": {"a": 2}}])").size(), 2u);
}

TEST(JsonInput, RefusesNumbersBeyondAll) {
  expect_refused("{\"a\":\n1" + std::string(308, '0') + "0}", "line 2: a number is out of range");
  expect_refused("[1e400]", "line 1: a number is out of range");
  expect_refused("[-1e999999]", "line 1: a number is out of range");
}

TEST(JsonInput, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "nonsense", "[NaN]", "[Infinity]", "[0x1]",
                           "[1] [2]", "\"\xff\"", "\"\xed\xa0\x80\"", "\"a\nb\"", "[01]"}) {
    expect_refused(text, "not JSON");
  }
  expect_refused(std::string("[\0]", 3), "not JSON");
}

TEST(JsonInput, RefusesWhatIsTooLong) {
  JsonSource source = kSource;
  source.limits = {.bytes = 40, .string_bytes = 8};
  expect_error(ErrorKind::data, {"41 bytes, at most 40 can be"},
               [&] { (void)parsed(std::string(41, ' '), source); });
  EXPECT_EQ(parsed("{\"12345678\":\"12345678\"}", source).size(), 1u);
  for (const char* text : {R"(["123456789"])", R"({"123456789": 1})"}) {
    expect_error(ErrorKind::data, {"a text of 9 bytes where at most 8 can be"},
                 [&] { (void)parsed(text, source); });
  }
}

TEST(JsonInput, WhatAReaderMissesIsTheSameError) {
  const auto missing = [&](const std::string& text, const std::string& why) {
    expect_error(ErrorKind::data, {"run/plan.json: not a plan (", why, "); restore it"}, [&] {
      (void)read_json<json>(text, kSource, [](const json& value) {
        return json_member<std::uint32_t>(value.at("data"), "size");
      });
    });
  };
  missing("{}", "key 'data' not found");
  missing("[]", "cannot use at() with array");
  missing(R"({"data": {}})", "key 'size' not found");
  for (const char* size : {"-1", "2.5", "4294967296", "1e300", "null", "\"7\"", "true"}) {
    missing(R"({"data": {"size": )" + std::string(size) + "}}",
            "'size' must be a whole number from 0 to 4294967295");
  }
}

TEST(JsonInput, ANumberOfAKindIsThatNumber) {
  EXPECT_EQ(json_number<std::uint64_t>(json(18446744073709551615u), "n"), 18446744073709551615u);
  EXPECT_EQ(json_number<double>(json(-3), "n"), -3);
  EXPECT_EQ(json_number<float>(json(0.5), "n"), 0.5f);
  EXPECT_THROW((void)json_number<float>(json(1e39), "n"), JsonMismatch);
  EXPECT_THROW((void)json_number<double>(json(), "n"), JsonMismatch);
}

TEST(JsonInput, AnErrorIsOfTheKindAskedForAndOneLine) {
  JsonSource source = kSource;
  source.kind = ErrorKind::run_directory;
  source.context = {ErrorReason::run_unusable, "run"};
  expect_error(ErrorKind::run_directory, ErrorReason::run_unusable, {"names 'a\\x0a\\x1b' twice"},
               [&] { (void)parsed(R"({"a\n\u001b": 1, "a\n\u001b": 2})", source); });
}

TEST(JsonOutput, IsAsciiWhateverTheNames) {
  const json object = {{"name",
                        "a\x1b[31m\xe2\x80\xae\xc2\x9b\x7f"
                        "\xff"
                        "z"}};
  for (const std::string& text : {json_text(object, "x.json", 2), json_text(object, "x.json")}) {
    for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7f)) << text;
    EXPECT_EQ(parsed(text)["name"],
              "a\x1b[31m\xe2\x80\xae\xc2\x9b\x7f\xef\xbf\xbd"
              "z");
  }
}

RC_GTEST_PROP(JsonInputProperty, WhateverTheTextItIsReadOrOneError, (const std::string& text)) {
  try {
    (void)parsed(text);
  } catch (const Error& error) {
    RC_ASSERT(std::string(error.what()).find('\n') == std::string::npos);
  }
}

}  // namespace
}  // namespace edgeprune::core
