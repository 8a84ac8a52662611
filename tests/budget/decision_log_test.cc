#include "edgeprune/budget/decision_log.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace edgeprune::budget {
namespace {

DecisionRecord decision() {
  return {.sequence = 2,
          .epoch = 3,
          .step = 90,
          .batch = 4,
          .pass_ended = false,
          .spent = {90.5, 452.5},
          .per_step = {1, 5},
          .steps_left = 210,
          .progress = 0.25,
          .evaluates = false,
          .why = "half is done; budget.seconds binds",
          .limits = BudgetLimits{.seconds = 400, .harvest = {{0, 2.5}, {60, 0}}}};
}

TEST(DecisionLog, HasALineForEachDecisionAndPause) {
  const DecisionRecord pause{.sequence = 1,
                             .kind = DecisionRecord::Kind::pause,
                             .phase = core::Activity::score,
                             .epoch = 1,
                             .step = 7,
                             .progress = 0,
                             .why = "the battery is at 20 %"};
  EXPECT_EQ(
      decisions_text({pause, decision()}),
      R"({"sequence":1,"kind":"pause","phase":"score","epoch":1,"step":7,"seconds":0.0,)"
      R"("joules":0.0,"seconds_per_step":0.0,"joules_per_step":0.0,"steps_left":0,)"
      R"("total_steps":7,"progress":0.0,"evaluates":true,"why":"the battery is at 20 %",)"
      R"("limits":null})"
      "\n"
      R"({"sequence":2,"kind":"decision","phase":"train","epoch":3,"step":90,"batch":4,)"
      R"("pass_ended":false,"seconds":90.5,"joules":452.5,"seconds_per_step":1.0,"joules_per_step":5.0,"steps_left":210,)"
      R"("total_steps":300,"progress":0.25,"evaluates":false,)"
      R"("why":"half is done; budget.seconds binds",)"
      R"("limits":{"seconds":400.0,"joules":0.0,"harvest":[[0.0,2.5],[60.0,0.0]]}})"
      "\n");
}

RC_GTEST_PROP(DecisionLogProperty, IsReadBackAsItWas, ()) {
  const auto number = [] { return *rc::gen::inRange(0, 1000000) / 7.0; };
  std::vector<DecisionRecord> records;
  const std::size_t count = *rc::gen::inRange<std::size_t>(0, 5);
  for (std::size_t i = 0; i < count; ++i) {
    DecisionRecord record{
        .sequence = i + 1,
        .kind = *rc::gen::element(DecisionRecord::Kind::decision, DecisionRecord::Kind::pause),
        .phase =
            *rc::gen::element(core::Activity::score, core::Activity::select, core::Activity::train),
        .epoch = *rc::gen::inRange(1u, 100u),
        .step = *rc::gen::inRange<std::uint64_t>(0, 10000),
        .spent = {number(), number()},
        .per_step = {number(), number()},
        .steps_left = *rc::gen::inRange<std::uint64_t>(0, 10000),
        .progress = number(),
        .evaluates = *rc::gen::arbitrary<bool>(),
        .why = *rc::gen::element<std::string>("", "half is done", "\"a\"\n")};
    if (*rc::gen::arbitrary<bool>()) {
      record.batch = *rc::gen::inRange(0u, 100u);
      record.pass_ended = *rc::gen::arbitrary<bool>();
    } else {
      record.why = "";  // an older log's reason would tell
    }
    if (*rc::gen::arbitrary<bool>()) {
      record.limits = BudgetLimits{.seconds = number(), .joules = number()};
      if (*rc::gen::arbitrary<bool>()) record.limits->harvest = {{number(), number()}};
    }
    records.push_back(record);
  }
  const std::vector<DecisionRecord> again = parse_decisions(decisions_text(records), "log");
  RC_ASSERT(decisions_text(again) == decisions_text(records));
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(again[i].limits == records[i].limits);
    RC_ASSERT(again[i].decides_training() == records[i].decides_training());
    RC_ASSERT(again[i].batch == records[i].batch);
    if (records[i].pass_ended) RC_ASSERT(again[i].pass_ended == records[i].pass_ended);
  }
}

TEST(DecisionLog, NeedsOfALineOnlyWhatAReplayTakes) {
  const auto records = parse_decisions(
      R"({"kind":"decision","phase":"train","epoch":2,"step":9,"steps_left":4,"evaluates":false})",
      "log");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records[0].decides_training());
  EXPECT_EQ(records[0].steps_left, 4u);
  EXPECT_FALSE(records[0].batch.has_value());
  EXPECT_FALSE(records[0].pass_ended.has_value());
  EXPECT_FALSE(records[0].progress.has_value());
}

TEST(DecisionLog, TellsTheEndOfAPassInAnOlderLogByTheReason) {
  const auto pass_ended = [](const std::string& why) {
    const std::string line =
        R"({"kind":"decision","phase":"train","epoch":2,"step":9,"steps_left":4,"evaluates":true,)"
        R"("why":")" +
        why + "\"}";
    return parse_decisions(line, "log").at(0).pass_ended;
  };
  EXPECT_EQ(pass_ended("a pass has ended; budget.seconds binds"), true);
  EXPECT_EQ(pass_ended("half is done; budget.seconds binds"), false);
  EXPECT_EQ(pass_ended("one more step would go over"), false);
  EXPECT_EQ(pass_ended("replayed"), std::nullopt);
}

TEST(DecisionLog, AnErrorNamesFileAndLine) {
  const std::string good = decisions_text({decision()});
  for (const char* bad : {"nonsense", R"({"kind":"decision","phase":"train","epoch":1})",
                          R"({"kind":"decision","phase":"train","epoch":"one","step":1,)"
                          R"("steps_left":1,"evaluates":true})"}) {
    testing::expect_error(core::ErrorKind::data, {"d.jsonl:2", "budget.replay"},
                          [&] { (void)parse_decisions(good + bad + "\n", "d.jsonl"); });
  }
}

TEST(Limits, AreReadBackAsTheyWereAndDifferWhereAnyNumberDoes) {
  const BudgetLimits limits{.seconds = 1.0 / 3, .joules = 7, .harvest = {{0, 0.1}, {9, 2}}};
  EXPECT_EQ(parse_limits(limits_text(limits)), limits);
  EXPECT_EQ(parse_limits(limits_text({})), BudgetLimits());
  BudgetLimits other = limits;
  other.harvest[1].watts = 3;
  EXPECT_NE(other, limits);
  other = limits;
  other.seconds = 1;
  EXPECT_NE(other, limits);
  testing::expect_error(core::ErrorKind::data, {"limits"}, [] { (void)parse_limits("{}"); });
}

}  // namespace
}  // namespace edgeprune::budget
