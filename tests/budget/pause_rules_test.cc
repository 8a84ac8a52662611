#include "edgeprune/budget/pause_rules.h"

#include <gtest/gtest.h>

namespace edgeprune::budget {
namespace {

TEST(DailyHours, MayGoOverMidnight) {
  const DailyHours night = parse_daily_hours("22:00-06:00").value();
  EXPECT_TRUE(night.contains(22 * 60));
  EXPECT_TRUE(night.contains(0));
  EXPECT_FALSE(night.contains(6 * 60));
  EXPECT_FALSE(night.contains(12 * 60));
  const DailyHours day = parse_daily_hours("08:30-24:00").value();
  EXPECT_TRUE(day.contains(8 * 60 + 30));
  EXPECT_FALSE(day.contains(8 * 60 + 29));
  EXPECT_TRUE(day.contains(24 * 60 - 1));
}

TEST(DailyHours, AreTwoDifferentTimesOfDay) {
  for (const char* wrong : {"", "22:00", "22-06", "25:00-06:00", "22:00-06:60", "22:00-22:00",
                            "22:00 06:00", "-1:00-06:00", "24:00-06:00"}) {
    EXPECT_FALSE(parse_daily_hours(wrong).has_value()) << wrong;
  }
}

TEST(ReasonToPause, IsABatteryThatIsLowAndNotCharging) {
  const PauseRules rules{.battery_percent = 30};
  EXPECT_EQ(reason_to_pause(rules, {.battery_percent = 29}, 0, false),
            "the battery is at 29 %, below 30 %");
  EXPECT_EQ(reason_to_pause(rules, {.battery_percent = 29, .is_charging = true}, 0, false), "");
  EXPECT_EQ(reason_to_pause(rules, {}, 0, false), "") << "there is no battery";
}

TEST(ReasonToPause, LastsUntilThingsAreBetterByFive) {
  const PauseRules rules{.battery_percent = 30, .temperature_celsius = 70};
  EXPECT_NE(reason_to_pause(rules, {.battery_percent = 34}, 0, true), "");
  EXPECT_EQ(reason_to_pause(rules, {.battery_percent = 35}, 0, true), "");
  EXPECT_EQ(reason_to_pause(rules, {.temperature_celsius = 69}, 0, false), "");
  EXPECT_NE(reason_to_pause(rules, {.temperature_celsius = 69}, 0, true), "");
  EXPECT_EQ(reason_to_pause(rules, {.temperature_celsius = 65}, 0, true), "");
}

TEST(ReasonToPause, IsATimeOutsideItsHours) {
  const PauseRules rules{.allowed_hours = "22:00-06:00"};
  EXPECT_EQ(reason_to_pause(rules, {}, 12 * 60, false), "it is outside 22:00-06:00");
  EXPECT_EQ(reason_to_pause(rules, {}, 23 * 60, false), "");
}

}  // namespace
}  // namespace edgeprune::budget
