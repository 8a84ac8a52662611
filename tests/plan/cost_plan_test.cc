#include "edgeprune/plan/cost_plan.h"

#include "edgeprune/plan/cost_plan_json.h"
#include "edgeprune/plan/cost_plan_page.h"
#include "edgeprune/plan/cost_plan_table.h"

#include "planned_device.h"
#include "run/small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <sstream>

namespace edgeprune::plan {
namespace {

using core::KeepRatio;
using run::SmallRun;
using Json = nlohmann::json;

// 150 training and 60 test samples, batches of 16, 3 epochs.
RunCosts costs_of(const SmallRun& data, std::vector<std::string> overrides = {}) {
  overrides.insert(overrides.begin(), "model.network=mlp");
  const config::Config config = data.config("run", overrides);
  return RunCosts(config::resolve(config), planned_device(config));
}

CostPlan plan_of(const SmallRun& data, const std::vector<std::string>& overrides = {}) {
  return make_cost_plan(costs_of(data, overrides),
                        {KeepRatio::parse("0.2"), KeepRatio::parse("1")});
}

TEST(CostPlan, HasTheSecondsAndJoulesOfEachPhase) {
  const SmallRun data;
  const CostPlan plan = plan_of(data);
  ASSERT_EQ(plan.rows.size(), 2u);
  const CostRow& row = plan.rows[0];
  EXPECT_EQ(row.num_kept, 30u);
  // Warm-up: ceil(150 / 16) = 10 steps, 10 * 1 ms + 150 * 10 us.
  EXPECT_DOUBLE_EQ(row.cost.of(core::Activity::score).seconds, 10e-3 + 1.5e-3);
  // Training: 3 epochs of 2 steps over 30 samples.
  EXPECT_DOUBLE_EQ(row.cost.of(core::Activity::train).seconds, 6e-3 + 0.9e-3);
  EXPECT_DOUBLE_EQ(row.cost.of(core::Activity::train).joules, 5 * (6e-3 + 0.9e-3));
  // Evaluation: 3 times over 150 + 60 samples at 2 us.
  EXPECT_DOUBLE_EQ(row.cost.of(core::Activity::evaluate).seconds, 3 * 210 * 2e-6);
  EXPECT_DOUBLE_EQ(row.cost.paper_ratio, 0.2);
  EXPECT_NEAR(row.cost.ratio_with_warmup, 0.2 + 1.0 / 3, 1e-12);
  EXPECT_EQ(row.cost.time_from, "timing");
  EXPECT_FALSE(plan.largest_keep);
}

TEST(CostPlan, ASetBudgetSaysWhatFitsAndWhichOneBinds) {
  const SmallRun data;
  // Warm-up 11.5 ms and one evaluation, 0.42 ms, of the 40 ms leave 28.08 for 3 passes. 129 =
  // 8 * 16 + 1 samples make 8 batches, the last of 17: 3 (8 + 1.29) = 27.87 ms. 130 make 9: 30.9
  // ms.
  const CostPlan plan = plan_of(data, {"budget.seconds=0.04", "budget.bytes=1MB"});
  ASSERT_TRUE(plan.largest_keep);
  EXPECT_EQ(plan.largest_keep->value, 129u);
  EXPECT_EQ(plan.largest_keep->binding, cost::BudgetKind::seconds);
  EXPECT_EQ(plan.largest_keep->uses.size(), 2u);
  // At keep ratio 0.5 an epoch takes 5 + 0.75 ms: 28.08 / 5.75 = 4.9 epochs.
  ASSERT_TRUE(plan.max_epochs);
  EXPECT_EQ(plan.max_epochs->value, 4u);
  const std::string table = cost_plan_table(plan);
  EXPECT_NE(table.find("129 of 150 samples"), std::string::npos) << table;
  EXPECT_NE(table.find("over seconds"), std::string::npos) << table;
}

TEST(CostPlan, ABudgetTooSmallForAnySaysTheMinimum) {
  const SmallRun data;
  testing::expect_error(core::ErrorKind::config, {"budget.seconds", "the minimum is"},
                        [&] { (void)plan_of(data, {"budget.seconds=0.005"}); });
}

TEST(CostPlan, ABudgetOfBytesLeavesTheEpochsFree) {
  const SmallRun data;
  const CostPlan plan = plan_of(data, {"budget.bytes=10kB"});
  EXPECT_FALSE(plan.max_epochs);
  EXPECT_NE(cost_plan_table(plan).find("no budget limits the epochs"), std::string::npos);
}

TEST(CostPlan, WithoutATimingTheProfilesFlopsCount) {
  const SmallRun data;
  const config::Config config = data.config("run", {"model.network=mlp"});
  cost::DeviceProfile profile{.name = "sheet"};
  profile.flops_per_second = {.value = 1e9, .source = "a data sheet"};
  const RunCosts costs(config::resolve(config), profile);
  const cost::RunWork work = costs.run().work();
  // (8): 3 epochs of 75 samples at c(theta) over f.
  EXPECT_DOUBLE_EQ(costs.at().of(core::Activity::train).seconds, 225 * work.flops_per_sample / 1e9);
  EXPECT_NE(costs.provenance().time.find("a data sheet"), std::string::npos);
  EXPECT_NE(costs.provenance().power.find("not known"), std::string::npos);
}

TEST(CostPlan, ItsTableKeepsTo100Columns) {
  const SmallRun data;
  CostPlan plan = plan_of(data, {"budget.seconds=0.04", "budget.joules=0.1", "budget.bytes=3kB"});
  plan.from.power = "6.8 W (measured: " + std::string(200, 'x') +
                    " and then some more words that "
                    "go on for longer than any line of a table should be)";
  plan.from.power.replace(20, 200, "a meter at the outlet, as described in a long, long text ");
  std::istringstream lines(cost_plan_table(plan));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(CostPlan, ItsJsonHoldsRowsBudgetsAndWhereTheNumbersComeFrom) {
  const SmallRun data;
  const Json json = Json::parse(cost_plan_json(plan_of(data, {"budget.seconds=0.04"})));
  EXPECT_EQ(json["kind"], "predicted");
  EXPECT_EQ(json["rows"].size(), 2u);
  EXPECT_EQ(json["rows"][0]["num_kept"], 30);
  EXPECT_DOUBLE_EQ(json["rows"][0]["train"]["seconds"], 6.9e-3);
  EXPECT_TRUE(json["rows"][0]["budgets"][0]["fits"]);
  EXPECT_FALSE(json["rows"][1]["budgets"][0]["fits"]);
  EXPECT_EQ(json["largest_keep"]["num_kept"], 129);
  EXPECT_EQ(json["most_epochs"]["epochs"], 4);
  EXPECT_NE(json["from"]["time"].get<std::string>().find("measured"), std::string::npos);
}

TEST(CostPlan, ItsPageHoldsItsJsonAndNeedsNoNetwork) {
  const SmallRun data;
  const CostPlan plan = plan_of(data);
  const std::string html = cost_plan_html(plan, "edgeprune plan <here>");
  EXPECT_NE(html.find("Chart.js Contributors"), std::string::npos);
  EXPECT_NE(html.find("edgeprune plan &lt;here&gt;"), std::string::npos);
  EXPECT_EQ(html.find("{{"), std::string::npos);
  EXPECT_EQ(html.find("src=\"http"), std::string::npos);
  const std::string begin = "id=\"plan\">";
  const std::size_t at = html.find(begin) + begin.size();
  const Json json = Json::parse(html.substr(at, html.find("</script>", at) - at));
  EXPECT_EQ(json, Json::parse(cost_plan_json(plan)));
}

RC_GTEST_PROP(RatioKeeping, KeepsExactlyThatMany, ()) {
  const auto num_samples = *rc::gen::inRange<std::uint32_t>(1, 4'000'000'000u);
  const auto num_kept = *rc::gen::inRange<std::uint32_t>(1, num_samples);
  RC_ASSERT(ratio_keeping(num_kept, num_samples).num_kept(num_samples) == num_kept);
  RC_ASSERT(ratio_keeping(num_samples, num_samples).num_kept(num_samples) == num_samples);
  const auto shown = KeepRatio::parse(ratio_text(num_kept, num_samples));
  RC_ASSERT(shown.num_kept(num_samples) <= num_kept);
}

}  // namespace
}  // namespace edgeprune::plan
