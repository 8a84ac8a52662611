#include "edgeprune/plan/recommendation.h"

#include "edgeprune/plan/cost_plan_page.h"

#include "planned_device.h"
#include "run/small_run.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edgeprune::plan {
namespace {

// Error 0.1 + 0.1 rho^-0.5 at three keep ratios.
const std::vector<cost::CurvePoint> kCurve = {{.keep_ratio = 0.04, .loss = 0.6},
                                              {.keep_ratio = 0.25, .loss = 0.3},
                                              {.keep_ratio = 1, .loss = 0.2}};

class RecommendedKeepRatio : public ::testing::Test {
 protected:
  RecommendedKeepRatio()
      : config_(data_.config("run", {"model.network=mlp"})),
        costs_(config::resolve(config_), planned_device(config_)) {}
  run::SmallRun data_;
  config::Config config_;
  RunCosts costs_;
};

TEST_F(RecommendedKeepRatio, ADearerSecondKeepsFewerSamples) {
  const auto at = [&](double per_second) {
    return recommend({.costs = costs_, .weights = {.per_second = per_second}, .curve = kCurve})
        .devices.front()
        .num_kept;
  };
  EXPECT_EQ(at(1e-6), 150u);
  EXPECT_LT(at(30), at(3));
}

TEST_F(RecommendedKeepRatio, EachDeviceOfAFleetGetsItsOwnWithinItsBudgets) {
  std::vector<FleetDevice> fleet(2);
  fleet[0] = {.name = "a", .profile = costs_.profile(), .num_samples = 150};
  fleet[1] = {
      .name = "b", .profile = costs_.profile(), .num_samples = 100, .budgets = {.seconds = 0.02}};
  const Recommended recommended = recommend(
      {.costs = costs_, .weights = {.per_second = 1e-6}, .curve = kCurve, .fleet = fleet});
  const auto& all = recommended.devices;
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].num_kept, 150u);
  EXPECT_LT(all[1].num_kept, 100u);
  EXPECT_EQ(all[1].binding, cost::BudgetKind::seconds);
  EXPECT_LE(all[1].cost.total().seconds, 0.02);
  const std::string table = recommendation_table(recommended);
  EXPECT_NE(table.find("budget.seconds keeps it from more"), std::string::npos) << table;
  const auto json = nlohmann::json::parse(recommendation_json(recommended));
  EXPECT_EQ(json["devices"][1]["binding"], "budget.seconds");
  EXPECT_TRUE(json["devices"][0]["binding"].is_null());
  EXPECT_EQ(json["curve"][1]["error"], 0.3);
}

TEST_F(RecommendedKeepRatio, ThePageOfThePlanDrawsItsCurve) {
  const Recommended recommended =
      recommend({.costs = costs_, .weights = {.per_second = 3}, .curve = kCurve});
  const CostPlan plan = make_cost_plan(costs_, {core::KeepRatio::parse("0.2")});
  const std::string html = cost_plan_html(plan, "edgeprune plan", &recommended);
  const std::string begin = "id=\"recommendation\">";
  const std::size_t at = html.find(begin) + begin.size();
  const auto json = nlohmann::json::parse(html.substr(at, html.find("</script>", at) - at));
  EXPECT_EQ(json, nlohmann::json::parse(recommendation_json(recommended)));
  EXPECT_NE(html.find("90 % range"), std::string::npos);
  EXPECT_NE(cost_plan_html(plan, "edgeprune plan").find(begin + "null"), std::string::npos);
}

}  // namespace
}  // namespace edgeprune::plan
