#include "edgeprune/core/units.h"

#include <gtest/gtest.h>

namespace edgeprune::core {
namespace {

TEST(FormatBytes, UsesDecimalUnits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1 kB");
  EXPECT_EQ(format_bytes(1.5e6), "1.5 MB");
  EXPECT_EQ(format_bytes(123456), "123 kB");
  EXPECT_EQ(format_bytes(47.04e6), "47 MB");
}

TEST(FormatBytes, TakesTheNextUnitRatherThanAFourthDigit) {
  EXPECT_EQ(format_bytes(999499), "999 kB");
  EXPECT_EQ(format_bytes(999500), "1 MB");
}

std::uint64_t count_of(std::string_view text) {
  return parse_bytes(text).value_or(ByteCount{~std::uint64_t{0}}).count;
}

TEST(ParseBytes, TakesNumbersWithOrWithoutAUnit) {
  EXPECT_EQ(count_of("123"), 123u);
  EXPECT_EQ(count_of("400MB"), 400'000'000u);
  EXPECT_EQ(count_of("1.5 GB"), 1'500'000'000u);
  EXPECT_EQ(count_of("512MiB"), 512u << 20);
  EXPECT_EQ(count_of("2kB"), 2000u);
}

TEST(ParseBytes, RefusesOtherText) {
  for (const char* text : {"", "MB", "-1", "nan", "inf", "1 horse", "1MBs", "1e30", "1 M B"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(FormatQuantity, ShowsThreeDigits) {
  EXPECT_EQ(format_quantity(1.234e9, "FLOP"), "1.23 GFLOP");
  EXPECT_EQ(format_quantity(0.5, "W"), "0.5 W");
  EXPECT_EQ(format_quantity(-2500, "J"), "-2.5 kJ");
}

TEST(FormatSeconds, GrowsCoarserWithTheDuration) {
  EXPECT_EQ(format_seconds(0), "0.00 s");
  EXPECT_EQ(format_seconds(3.14159), "3.14 s");
  EXPECT_EQ(format_seconds(31.4159), "31.4 s");
  EXPECT_EQ(format_seconds(125), "2 min 05 s");
  EXPECT_EQ(format_seconds(7320), "2 h 02 min");
}

TEST(FormatSeconds, NeverShowsSixtySecondsOrMinutes) {
  EXPECT_EQ(format_seconds(9.999), "10.0 s");
  EXPECT_EQ(format_seconds(59.96), "1 min 00 s");
  EXPECT_EQ(format_seconds(119.7), "2 min 00 s");
  EXPECT_EQ(format_seconds(3599.7), "1 h 00 min");
}

TEST(FormatCount, SeparatesThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(12345), "12,345");
  EXPECT_EQ(format_count(123456), "123,456");
  EXPECT_EQ(format_count(18446744073709551615U), "18,446,744,073,709,551,615");
}

}  // namespace
}  // namespace edgeprune::core
