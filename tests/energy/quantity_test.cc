#include "edgeprune/energy/quantity.h"

#include <gtest/gtest.h>

#include <string>

namespace edgeprune::energy {
namespace {

void expect_quantity(std::string_view text, double value, bool is_joules) {
  const std::optional<Quantity> quantity = parse_quantity(text);
  ASSERT_TRUE(quantity) << text;
  EXPECT_DOUBLE_EQ(quantity->value, value) << text;
  EXPECT_EQ(quantity->is_joules, is_joules) << text;
}

TEST(Quantity, IsWattsWithoutAUnit) {
  expect_quantity("12.3", 12.3, false);
  expect_quantity("0", 0, false);
  expect_quantity("1e3\n", 1000, false);
}

TEST(Quantity, KnowsWattsJoulesAndWattHoursWithPrefixes) {
  expect_quantity("12.3 W", 12.3, false);
  expect_quantity("450 mW\n", 0.45, false);
  expect_quantity("3000000uW", 3, false);
  expect_quantity("1.5kW", 1500, false);
  expect_quantity("512 J", 512, true);
  expect_quantity("1.2 kJ", 1200, true);
  expect_quantity("2 MJ", 2e6, true);
  expect_quantity("3 Wh", 10800, true);
  expect_quantity(" \t0.5 kWh\r\n", 1.8e6, true);
}

TEST(Quantity, IsNoOtherText) {
  for (const std::string text :
       {"",      " ",     "W",      "N/A",    "-1 W",    "-0.5",          "nan",
        "inf W", "1e999", "12.3 V", "12,3 W", "12 W 13", "1 2",           "5 w",
        "5 GW",  "5 hW",  "5 mm W", "0x10",   "+-3",     "12.3 W\n12.4 W"}) {
    EXPECT_FALSE(parse_quantity(text)) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace edgeprune::energy
