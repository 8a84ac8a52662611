#include "edgeprune/compare/run_comparison.h"

#include "edgeprune/run/pipeline.h"

#include "run/small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace edgeprune::compare {
namespace {

namespace fs = std::filesystem;

std::string small_toml(const run::SmallRun& data, const std::string& compare) {
  config::Config config = data.config("unused", {"train.epochs=2", "model.network=mlp",
                                                 "run.checkpoint_seconds=0", "run.threads=1"});
  config.run.directory.clear();
  return config::to_toml(config) + "\n[compare]\n" + compare;
}

constexpr const char* kSmall = "strategies = [\"top\"]\nkeep_ratios = [0.2, 0.5]\nseeds = 2\n";

ComparisonOutcome compare(const std::string& toml, const fs::path& directory,
                          ComparisonOptions options = {}) {
  options.source = toml;
  return run_comparison(parse_comparison(toml, "compare.toml"), directory, options);
}

// comparison.json without what the clock said.
nlohmann::json timeless(const std::string& text) {
  auto json = nlohmann::json::parse(text);
  for (auto& cell : json["cells"]) cell.erase("seconds");
  for (auto& group : json["groups"]) {
    for (auto& row : group["rows"]) row.erase("seconds");
  }
  return json;
}

class Watcher : public ComparisonEvents {
 public:
  void on_warm_up(const WarmUp&, const Done&) override { ++warm_ups; }
  void on_cell(const CellResult&, const Done& done) override {
    ++cells;
    last = done;
    if (cells == stop_after) stop = true;
  }
  void on_notice(const run::Notice& notice) override { notices.push_back(notice); }
  int warm_ups = 0;
  int cells = 0;
  int stop_after = -1;
  Done last;
  std::vector<run::Notice> notices;
  std::atomic<bool> stop{false};
};

// Sets `stop` in the middle of things.
class StopInside : public Watcher {
 public:
  void on_warm_up(const WarmUp& warm_up, const Done& done) override {
    Watcher::on_warm_up(warm_up, done);
    stop = true;
  }
};

void interrupt(const std::string& toml, const fs::path& directory, Watcher& watcher) {
  testing::expect_error(
      core::ErrorKind::interrupted, core::ErrorReason::comparison_resumable, {},
      [&] { (void)compare(toml, directory, {.stop = &watcher.stop, .events = &watcher}); });
}

TEST(RunComparison, RunsEveryCellAndLeavesItsFiles) {
  const run::SmallRun data;
  const fs::path directory = data.directory() / "c";
  Watcher watcher;
  const auto outcome = compare(small_toml(data, kSmall), directory, {.events = &watcher});
  // full: 2; four strategies x 2 ratios x 2 seeds.
  EXPECT_EQ(outcome.cells.size(), 18u);
  EXPECT_EQ(watcher.cells, 18);
  EXPECT_EQ(watcher.warm_ups, 2);
  EXPECT_EQ(watcher.last.number, 18u);
  EXPECT_NEAR(watcher.last.seconds_left, 0.0, 1e-6);
  for (const char* name : {"comparison.toml", "comparison.csv", "comparison.json", "report.html"}) {
    EXPECT_TRUE(fs::exists(directory / name)) << name;
  }
  EXPECT_EQ(outcome.summary.groups.size(), 2u);
  EXPECT_FALSE(outcome.verdict.empty());
}

TEST(RunComparison, SaysBeforeAnythingRunsWhatCannotBePlanned) {
  const run::SmallRun data;  // 150 samples
  Watcher watcher;
  testing::expect_error(core::ErrorKind::config, {"random, keep ratio 0.001", "keep"}, [&] {
    (void)compare(small_toml(data, "strategies = [\"top\"]\nkeep_ratios = [0.5, 0.001]\n"),
                  data.directory() / "c", {.events = &watcher});
  });
  EXPECT_EQ(watcher.warm_ups + watcher.cells, 0);
}

TEST(RunComparison, ChargesTheSharedWarmUpToEveryCellThatUsesIt) {
  const run::SmallRun data;  // 150 samples, 2 epochs
  const auto outcome = compare(small_toml(data, kSmall), data.directory() / "c");
  const Group& group = outcome.summary.groups[0];
  EXPECT_DOUBLE_EQ(group.row("top").cost.forward_backward_samples, 150 + 2 * 30);
  EXPECT_DOUBLE_EQ(group.row("random").cost.forward_backward_samples, 150 + 2 * 30);
  EXPECT_DOUBLE_EQ(group.row("random_scratch").cost.forward_backward_samples, 2 * 30);
  EXPECT_DOUBLE_EQ(group.row("full").cost.forward_backward_samples, 2 * 150);
}

TEST(RunComparison, GivesTheBitsOfRunsOfTheirOwn) {
  const run::SmallRun data;
  const std::string toml = small_toml(data, kSmall);
  const auto outcome = compare(toml, data.directory() / "c");
  const Comparison comparison = parse_comparison(toml, "compare.toml");
  config::Config alone = comparison.config(
      comparison.settings[0], {"prune.strategy=top", "prune.keep_ratio=0.2", "run.seed=1"});
  alone.run.directory = (data.directory() / "alone").string();
  (void)run::SmallRun::run(alone);
  for (const CellResult& cell : outcome.cells) {
    if (cell.strategy != "top" || cell.keep_ratio != "0.2" || cell.seed != 1) continue;
    EXPECT_EQ(core::read_file(data.directory() / "c" / cell.run / run::kModelFile),
              run::run_file(alone, run::kModelFile));
  }
}

TEST(RunComparison, StoppedBetweenCellsGoesOnToTheSameResult) {
  const run::SmallRun data;
  const std::string toml = small_toml(data, kSmall);
  const std::string whole = compare(toml, data.directory() / "whole").json;
  Watcher watcher;
  watcher.stop_after = 5;
  interrupt(toml, data.directory() / "stopped", watcher);
  Watcher rest;
  const auto outcome = compare(toml, data.directory() / "stopped", {.events = &rest});
  EXPECT_EQ(rest.cells, 18 - 5);
  EXPECT_EQ(rest.warm_ups, 0);
  EXPECT_EQ(timeless(outcome.json), timeless(whole));
}

TEST(RunComparison, StoppedInsideTheWarmUpsGoesOnToTheSameResult) {
  const run::SmallRun data;
  const std::string toml = small_toml(data, kSmall);
  const std::string whole = compare(toml, data.directory() / "whole").json;
  StopInside first;
  interrupt(toml, data.directory() / "stopped", first);
  EXPECT_EQ(first.cells, 0);
  // What a kill in the middle of a copy leaves.
  fs::create_directories(data.directory() / "stopped/cells/x.edgeprune-partial");
  const auto outcome = compare(toml, data.directory() / "stopped");
  EXPECT_EQ(timeless(outcome.json), timeless(whole));
}

TEST(RunComparison, ASecondCallRepeatsNothing) {
  const run::SmallRun data;
  const std::string toml = small_toml(data, kSmall);
  const auto first = compare(toml, data.directory() / "c");
  Watcher watcher;
  const auto again = compare(toml, data.directory() / "c", {.events = &watcher});
  EXPECT_EQ(watcher.cells, 0);
  EXPECT_EQ(again.json, first.json);
}

TEST(RunComparison, AnEditedComparisonReusesWhatDidNotChange) {
  const run::SmallRun data;
  (void)compare(small_toml(data, kSmall), data.directory() / "c");
  Watcher watcher;
  const auto outcome =
      compare(small_toml(data, "strategies = [\"top\"]\nkeep_ratios = [0.5, 0.3]\nseeds = 2\n"),
              data.directory() / "c", {.events = &watcher});
  EXPECT_EQ(watcher.cells, 8);  // the ratio 0.3 alone
  EXPECT_EQ(watcher.warm_ups, 0);
  EXPECT_EQ(outcome.cells.size(), 18u);
  EXPECT_EQ(outcome.summary.groups[1].keep_ratio, "0.3");
}

TEST(RunComparison, MatchedByCostSpendsAsMuchOnEveryStrategy) {
  const run::SmallRun data;  // 150 samples, 2 epochs, batches of 16
  const auto outcome =
      compare(small_toml(data, std::string(kSmall) + "match = \"cost\"\n"), data.directory() / "c");
  for (const Group& group : outcome.summary.groups) {
    const double top = group.row("top").cost.forward_backward_samples;
    EXPECT_EQ(top, 150 + 2 * (group.keep_ratio == "0.2" ? 30 : 75));
    for (const char* strategy : {"random", "random_scratch", "short"}) {
      const double spent = group.row(strategy).cost.forward_backward_samples;
      EXPECT_LE(spent, top) << strategy;
      EXPECT_GT(spent, top - 16) << strategy;
    }
  }
}

TEST(RunComparison, ComparesScoresOfOneWarmUp) {
  const run::SmallRun data;
  const auto outcome =
      compare(small_toml(data,
                         "strategies = [\"top:el2n\", \"top::uniform\"]\nkeep_ratios = [0.2]\n"
                         "seeds = 1\n"),
              data.directory() / "c");
  const Group& group = outcome.summary.groups[0];
  EXPECT_EQ(group.rows.size(), 6u);
  EXPECT_EQ(group.row("top:el2n").num_kept, 30u);
  EXPECT_EQ(group.row("top::uniform").num_kept, 30u);
}

TEST(RunComparison, TwoJobsGiveTheResultsOfOneWhateverTheThreads) {
  const run::SmallRun data;
  const std::string toml = small_toml(data, kSmall);
  const auto one = compare(toml, data.directory() / "one", {.jobs = 1, .threads = 1});
  const auto two = compare(toml, data.directory() / "two", {.jobs = 2, .threads = 5});
  EXPECT_EQ(timeless(one.json), timeless(two.json));
}

TEST(RunComparison, SaysANoticeOfManyCellsOnceAndNothingOfMemory) {
  const run::SmallRun data;  // 150 samples
  Watcher watcher;
  (void)compare(small_toml(data,
                           "strategies = [\"top\"]\nkeep_ratios = [0.5]\nseeds = 1\n"
                           "settings = [\"train.batch_size=256\"]\n"),
                data.directory() / "c", {.events = &watcher});
  int of_data = 0;
  for (const run::Notice& notice : watcher.notices) {
    EXPECT_NE(notice.kind, run::NoticeKind::memory) << notice.text;
    if (notice.kind == run::NoticeKind::data) ++of_data;
  }
  EXPECT_EQ(of_data, 1);
}

TEST(RunComparison, LeavesOtherDirectoriesAlone) {
  const run::SmallRun data;
  const std::string toml = small_toml(data, kSmall);
  core::create_directories(data.directory() / "mine");
  core::write_file_atomically(data.directory() / "mine/letter.txt", "dear");
  testing::expect_error(core::ErrorKind::run_directory,
                        core::ErrorReason::comparison_directory_taken, {"mine"},
                        [&] { (void)compare(toml, data.directory() / "mine"); });
  EXPECT_FALSE(fs::exists(data.directory() / "mine/cells"));
  // The user's own file of that name is no mark of ours.
  core::create_directories(data.directory() / "yours");
  core::write_file_atomically(data.directory() / "yours/comparison.toml", "# mine");
  testing::expect_error(core::ErrorKind::run_directory,
                        core::ErrorReason::comparison_directory_taken, {"yours"},
                        [&] { (void)compare(toml, data.directory() / "yours"); });
  EXPECT_EQ(core::read_file(data.directory() / "yours/comparison.toml"), "# mine");
}

TEST(RunComparison, FilesOfSomebodysOwnAreNotReplaced) {
  const run::SmallRun data;
  const std::string toml =
      small_toml(data, "strategies = [\"top\"]\nkeep_ratios = [0.5]\nseeds = 1\n");
  const auto expect_refused = [&](const fs::path& directory, const std::string& name) {
    testing::expect_error(core::ErrorKind::run_directory,
                          core::ErrorReason::comparison_directory_taken, {name, "not replaced"},
                          [&] { (void)compare(toml, directory); });
  };
  const fs::path made = data.directory() / "made";
  core::create_directories(made / "cells");
  core::write_file_atomically(made / "comparison.toml", "# mine");
  expect_refused(made, "comparison.toml");
  const fs::path own = data.directory() / "own";
  (void)compare(toml, own);
  for (const char* name : {"comparison.toml", "comparison.csv", "report.html"}) {
    const std::string before = core::read_file(own / name);
    core::write_file_atomically(own / name, before + "mine");
    expect_refused(own, name);
    EXPECT_EQ(core::read_file(own / name), before + "mine");
    core::write_file_atomically(own / name, before);
  }
  fs::create_symlink("report.html", own / "cells-of-mine");
  expect_refused(own, "cells-of-mine");
}

// As an earlier version left it.
TEST(RunComparison, GoesOnWithoutARecordOfItsFiles) {
  const run::SmallRun data;
  const std::string toml =
      small_toml(data, "strategies = [\"top\"]\nkeep_ratios = [0.5]\nseeds = 1\n");
  const std::string json = compare(toml, data.directory() / "c").json;
  fs::remove(data.directory() / "c/comparison-files.json");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(compare(toml, data.directory() / "c").json, json);
}

TEST(RunComparison, NamesTheCellThatFailed) {
  const run::SmallRun data;
  const std::string toml =
      small_toml(data, "strategies = [\"top\"]\nkeep_ratios = [0.5, 0.001]\nseeds = 1\n");
  testing::expect_error(core::ErrorKind::config, {"random", "keep ratio 0.001", "seed 1"},
                        [&] { (void)compare(toml, data.directory() / "c"); });
}

TEST(RunComparison, NeedsATestSet) {
  const run::SmallRun data;
  const std::string toml =
      small_toml(data, std::string(kSmall) +
                           "settings = [{name = \"a\", data.test_images = \"\", "
                           "data.test_labels = \"\"}]\n");
  testing::expect_error(core::ErrorKind::data, {"no test set"},
                        [&] { (void)compare(toml, data.directory() / "c"); });
}

}  // namespace
}  // namespace edgeprune::compare
