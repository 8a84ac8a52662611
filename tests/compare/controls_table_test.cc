#include "edgeprune/compare/controls_table.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace edgeprune::compare {
namespace {

// 10 of 100 samples, trained for 8 steps after 2 of a warm-up, and not evaluated yet.
ControlsRow scored_only() {
  ControlsRow row{.strategy = "top", .learning_seconds = 1.25};
  row.result.plan.num_samples = 100;
  row.result.plan.num_kept = 10;
  row.result.plan.warmup_iterations = 2;
  row.result.plan.training_steps = 8;
  row.result.plan.cost_ratio = 0.125;
  return row;
}

TEST(ControlsTable, HasADashWhereANumberIsNotKnown) {
  const std::string table = controls_table({scored_only()});
  const std::string second_line = table.substr(table.find('\n') + 1);
  EXPECT_EQ(second_line.substr(0, second_line.find('\n')),
            "top                   -       -         10 of 100       10      1.25       0.12"
            "          -");
}

TEST(ControlsTable, HasAccuraciesInPercentAndRatiosWhereTheyAreKnown) {
  ControlsRow row = scored_only();
  row.result.test_accuracy = 0.5;
  row.result.train_accuracy = 0.625;
  row.time_ratio = 0.75;
  const std::string table = controls_table({row});
  for (const char* part : {" 50.0 ", " 62.5 ", " 0.75\n"}) {
    EXPECT_NE(table.find(part), std::string::npos) << table;
  }
}

TEST(ControlsJson, HasNullWhereANumberIsNotKnown) {
  const auto json = nlohmann::json::parse(controls_json({scored_only()}));
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["strategy"], "top");
  EXPECT_EQ(json[0]["iterations"], (nlohmann::json{{"score", 2}, {"train", 8}}));
  EXPECT_TRUE(json[0]["test_accuracy"].is_null());
  EXPECT_TRUE(json[0]["measured_time_ratio"].is_null());
}

}  // namespace
}  // namespace edgeprune::compare
