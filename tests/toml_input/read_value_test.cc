#include "edgeprune/toml_input/read_value.h"

#include "edgeprune/toml_input/document.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <string>
#include <vector>

namespace edgeprune::toml_input {
namespace {

// What the value must be; the read value in `result`.
template <typename T>
std::string must_be(const std::string& toml, const Limits& limits, T& result) {
  const Document document = parse_document("a = " + toml, "t.toml", {"a test"});
  return read_value(document.root().get("a"), limits, result);
}

template <typename T>
T read(const std::string& toml) {
  T result{};
  EXPECT_EQ(must_be(toml, kAny, result), "") << toml;
  return result;
}

template <typename T>
std::string refusal(const std::string& toml, const Limits& limits = kAny) {
  T result{};
  return must_be(toml, limits, result);
}

TEST(ReadValue, TakesEveryType) {
  EXPECT_EQ(read<std::uint32_t>("4294967295"), 4294967295u);
  EXPECT_EQ(read<std::uint64_t>("9223372036854775807"), 9223372036854775807u);
  EXPECT_EQ(read<float>("0.25"), 0.25f);
  EXPECT_EQ(read<double>("9010000000000001"), 9010000000000001.0);
  EXPECT_TRUE(read<bool>("true"));
  EXPECT_EQ(read<std::string>("'a'"), "a");
  EXPECT_EQ(read<std::vector<std::uint32_t>>("[1, 2]"), (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(read<std::vector<std::string>>("['a']"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(read<core::ByteCount>("'20MB'").count, 20'000'000u);
  EXPECT_EQ(read<core::ByteCount>("20").count, 20u);
}

TEST(ReadValue, SaysWhatItMustBe) {
  EXPECT_EQ(refusal<std::uint32_t>("1.5", kAtLeastOne), "a whole number, at least 1");
  EXPECT_EQ(refusal<std::uint32_t>("0", kAtLeastOne), "at least 1");
  EXPECT_EQ(refusal<std::uint32_t>("-1"), "at least 0");
  EXPECT_EQ(refusal<std::uint32_t>("4294967296"), "at most 4294967295");
  EXPECT_EQ(refusal<double>("true", kAboveZero), "a number, above 0");
  EXPECT_EQ(refusal<double>("inf", kAboveZero), "a finite number, above 0");
  EXPECT_EQ(refusal<double>("nan"), "a finite number");
  EXPECT_EQ(refusal<double>("-0.5", kNotNegative), "at least 0");
  EXPECT_EQ(refusal<float>("1e-60", kAboveZero), "above 0, and as a 32-bit float it is 0");
  EXPECT_EQ(refusal<float>("1e60"), "a finite number");
  EXPECT_EQ(refusal<bool>("1"), "true or false");
  EXPECT_EQ(refusal<std::string>("1"), "a string in quotes");
  EXPECT_EQ(refusal<std::string>("''", kNotEmpty), "non-empty");
  EXPECT_EQ(refusal<std::string>("\"\\u0000\""), "text without NUL characters");
  EXPECT_EQ(refusal<std::vector<std::uint32_t>>("[1, -1]", kAtLeastOne),
            "a list of whole numbers, each at least 1");
  EXPECT_EQ(refusal<std::vector<std::string>>("'a'"),
            "a list of strings, such as [\"full\", \"random\"]");
  EXPECT_EQ(refusal<core::ByteCount>("'much'"), "a number of bytes, or text such as \"400MB\"");
  EXPECT_EQ(refusal<core::ByteCount>("'0MB'", kAboveZero), "above 0");
}

TEST(ReadValue, LeavesTheResultWhenItRefuses) {
  std::vector<std::uint32_t> list = {7};
  EXPECT_NE(must_be("[1, 'a']", kAny, list), "");
  EXPECT_EQ(list, (std::vector<std::uint32_t>{7}));
  double number = 7;
  EXPECT_NE(must_be("-1", kAboveZero, number), "");
  EXPECT_EQ(number, 7);
}

TEST(ReadWord, ListsTheWordsAndSuggestsTheNearest) {
  constexpr std::string_view kWords[] = {"measured", "estimated"};
  const auto read_it = [&](const std::string& toml, std::size_t& place) {
    const Document document = parse_document("a = " + toml, "t.toml", {"a test"});
    return read_word(document.root().get("a"), kWords, place);
  };
  std::size_t place = 7;
  EXPECT_EQ(read_it("'estimated'", place), "");
  EXPECT_EQ(place, 1u);
  EXPECT_EQ(read_it("'mesured'", place), "one of measured, estimated; did you mean measured?");
  EXPECT_EQ(read_it("'wombat'", place), "one of measured, estimated");
  EXPECT_EQ(read_it("3", place), "one of measured, estimated");
  EXPECT_EQ(place, 1u);
}

TEST(ReadValueProperty, ANumberIsReadBackOrOutsideItsLimits) {
  EXPECT_TRUE(rc::check("a number is read back or outside its limits", [] {
    const auto whole = *rc::gen::arbitrary<std::int64_t>();
    double number = 0;
    RC_ASSERT(must_be(std::to_string(whole), kAny, number).empty());
    RC_ASSERT(number == static_cast<double>(whole));
    std::uint32_t count = 7;
    const bool fits = whole >= 1 && whole <= 4294967295;
    RC_ASSERT(must_be(std::to_string(whole), kAtLeastOne, count).empty() == fits);
    RC_ASSERT(count == (fits ? static_cast<std::uint32_t>(whole) : 7u));
  }));
}

}  // namespace
}  // namespace edgeprune::toml_input
