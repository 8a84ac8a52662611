#include "edgeprune/budget/decision_replay.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::budget {
namespace {

using core::ErrorKind;
using testing::expect_error;

DecisionRecord within_pass(std::uint32_t epoch, std::uint64_t step, std::uint32_t batch) {
  return {.epoch = epoch,
          .step = step,
          .batch = batch,
          .pass_ended = false,
          .steps_left = 5,
          .why = "half is done"};
}

DecisionRecord at_end(std::uint32_t epoch, std::uint64_t step, std::uint32_t batch) {
  DecisionRecord record = within_pass(epoch, step, batch);
  record.pass_ended = true;
  record.why = kPassHasEnded;
  return record;
}

// As an older version wrote it.
DecisionRecord of_older_log(DecisionRecord record) {
  record.batch.reset();
  record.pass_ended.reset();
  return record;
}

DecisionReplay replay_of(const std::vector<DecisionRecord>& records) {
  return {decisions_text(records), "d.jsonl"};
}

TEST(DecisionReplay, TakesEachDecisionWithinThePassOrAtItsEnd) {
  for (const bool is_older : {false, true}) {
    SCOPED_TRACE(is_older);
    std::vector<DecisionRecord> records = {within_pass(1, 4, 4), at_end(1, 4, 4),
                                           within_pass(2, 4, 0), within_pass(2, 4, 0)};
    if (is_older) {
      for (DecisionRecord& record : records) record = of_older_log(record);
    }
    DecisionReplay replay = replay_of(records);
    EXPECT_TRUE(replay.due({.epoch = 1, .step = 3, .batch = 3}).empty());
    EXPECT_EQ(replay.due({.epoch = 1, .step = 4, .batch = 4}).size(), 1u);
    EXPECT_TRUE(replay.due({.epoch = 1, .step = 4, .batch = 4}).empty()) << "once";
    EXPECT_EQ(replay.due({.epoch = 1, .step = 4, .batch = 4, .pass_ended = true}).size(), 1u);
    EXPECT_EQ(replay.due({.epoch = 2, .step = 4, .batch = 0}).size(), 2u);
    replay.require_all_taken();
  }
}

// A run of an older version that was stopped in the evaluation after a shortened pass and resumed
// could decide once more and go on with the pass.
TEST(DecisionReplay, TakesWhatStandsBeforeADecisionWithinThePass) {
  DecisionReplay replay =
      replay_of({of_older_log(at_end(1, 4, 4)), of_older_log(within_pass(1, 4, 4)),
                 of_older_log(at_end(1, 4, 4))});
  const auto due = replay.due({.epoch = 1, .step = 4, .batch = 4});
  ASSERT_EQ(due.size(), 2u);
  EXPECT_TRUE(*due[0].pass_ended);
  EXPECT_EQ(replay.due({.epoch = 1, .step = 4, .batch = 4, .pass_ended = true}).size(), 1u);
}

TEST(DecisionReplay, TakesAReplayedDecisionOfAnOlderLogWhereTheRunIs) {
  DecisionRecord replayed = of_older_log(within_pass(1, 4, 4));
  replayed.why = std::string(kReplayed);
  EXPECT_EQ(replay_of({replayed}).due({.epoch = 1, .step = 4, .batch = 4}).size(), 1u);
  EXPECT_EQ(
      replay_of({replayed}).due({.epoch = 1, .step = 4, .batch = 4, .pass_ended = true}).size(),
      1u);
}

TEST(DecisionReplay, LeavesOutPausesAndTheWarmUp) {
  DecisionRecord pause = within_pass(1, 1, 1);
  pause.kind = DecisionRecord::Kind::pause;
  DecisionRecord warm_up = within_pass(1, 2, 2);
  warm_up.phase = core::Activity::score;
  DecisionReplay replay = replay_of({pause, warm_up});
  EXPECT_TRUE(replay.due({.epoch = 1, .step = 9, .batch = 9}).empty());
  replay.require_all_taken();
}

void expect_misfit(const DecisionRecord& made, const DecisionMoment& now, const std::string& taken,
                   const std::string& here) {
  DecisionReplay replay = replay_of({within_pass(1, 0, 0), made});
  replay.go_on_behind(1);
  expect_error(ErrorKind::data, {"d.jsonl: decision 2 was taken " + taken, "this run is " + here},
               [&] { (void)replay.due(now); });
}

TEST(DecisionReplay, RefusesALogThatDoesNotFitTheRun) {
  const std::string taken = "in pass 2 after batch 3, step 9";
  const std::string taken_at_end = "at the end of pass 2 after batch 3, step 9";
  expect_misfit(within_pass(2, 9, 3), {.epoch = 2, .step = 10, .batch = 4}, taken,
                "in pass 2 after batch 4, step 10");
  expect_misfit(within_pass(2, 9, 3), {.epoch = 3, .step = 9}, taken, "in pass 3 after batch 0");
  expect_misfit(within_pass(2, 9, 3), {.epoch = 2, .step = 9, .batch = 4}, taken,
                "in pass 2 after batch 4, step 9");
  expect_misfit(within_pass(2, 9, 3), {.epoch = 2, .step = 9, .batch = 3, .pass_ended = true},
                taken, "at the end of pass 2");
  expect_misfit(at_end(2, 9, 3), {.epoch = 3, .step = 9}, taken_at_end, "in pass 3");
  expect_misfit(at_end(2, 9, 3), {.epoch = 2, .step = 10, .batch = 4}, taken_at_end, "in pass 2");
  expect_misfit(of_older_log(at_end(2, 9, 3)), {.epoch = 2, .step = 10, .batch = 4},
                "in pass 2 after step 9", "in pass 2");
}

TEST(DecisionReplay, RefusesAnotherPointOfTheSchedule) {
  DecisionRecord made = within_pass(1, 4, 4);
  DecisionReplay replay = replay_of({made});
  made.progress = 0.25;
  replay.require_progress(made, 0.25 + 1e-15);
  expect_error(ErrorKind::data, {"d.jsonl", "0.25", "0.26"}, [&] {
    DecisionReplay(decisions_text({made}), "d.jsonl").require_progress(made, 0.26);
  });
  made.progress.reset();
  replay.require_progress(made, 0.26);
}

TEST(DecisionReplay, RefusesToLeaveDecisionsOver) {
  DecisionReplay replay = replay_of({within_pass(1, 4, 4), at_end(2, 9, 3), at_end(3, 12, 3)});
  EXPECT_EQ(replay.due({.epoch = 1, .step = 4, .batch = 4}).size(), 1u);
  expect_error(ErrorKind::data, {"d.jsonl", "2 of its 3 decisions", "pass 2", "step 9"},
               [&] { replay.require_all_taken(); });
  replay.go_on_behind(3);
  replay.require_all_taken();
  expect_error(ErrorKind::data, {"d.jsonl", "3 decisions", "taken 4"},
               [&] { replay.go_on_behind(4); });
}

TEST(DecisionReplay, NamesItsContentByAHash) {
  const std::string text = decisions_text({within_pass(1, 4, 4)});
  EXPECT_EQ(DecisionReplay(text, "a").hash(), DecisionReplay(text, "b").hash());
  EXPECT_NE(DecisionReplay(text, "a").hash(), DecisionReplay(text + text, "a").hash());
}

}  // namespace
}  // namespace edgeprune::budget
