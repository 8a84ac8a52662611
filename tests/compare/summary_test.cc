#include "edgeprune/compare/summary.h"

#include "made_cells.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <sstream>

namespace edgeprune::compare {
namespace {

TEST(Summarise, MakesARowOfEachStrategyWithItsMeanOverSeeds) {
  const Summary summary = summarise(made_cells(with_row({"top", {0.60, 0.62, 0.64}, 1.5e9, 1000})));
  ASSERT_EQ(summary.groups.size(), 1u);
  const Group& group = summary.groups[0];
  EXPECT_EQ(group.seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(group.rows.size(), 5u);
  EXPECT_NEAR(group.row("top").accuracy.mean, 0.62, 1e-12);
  EXPECT_NEAR(group.row("top").accuracy.stddev, 0.02, 1e-12);  // -0.02, 0, 0.02
  EXPECT_DOUBLE_EQ(group.row("short").cost.flops, 1.5e9);
  EXPECT_DOUBLE_EQ(group.row("top").cost.seconds, 2.0);
}

TEST(Summarise, PairsDifferencesBySeed) {
  const Summary summary = summarise(made_cells(with_row({"top", {0.60, 0.62, 0.61}, 1.5e9, 1000})));
  // 0.60 - 0.70, 0.62 - 0.71, 0.61 - 0.69
  EXPECT_NEAR(summary.groups[0].row("top").against_control("random").mean, -0.09, 1e-12);
}

TEST(Summarise, PutsFullIntoEveryGroupOfItsSetting) {
  std::vector<CellResult> cells = made_cells(made_controls());
  for (const CellResult& cell : made_cells(made_controls(), "as configured", "0.5")) {
    if (cell.strategy != "full") cells.push_back(cell);
  }
  for (const CellResult& cell : made_cells(made_controls(), "noise")) cells.push_back(cell);
  const Summary summary = summarise(cells);
  ASSERT_EQ(summary.groups.size(), 3u);
  for (const Group& group : summary.groups) {
    EXPECT_EQ(group.row("full").accuracies.size(), 3u) << group.keep_ratio;
    EXPECT_EQ(group.rows.front().strategy, "full");
  }
  EXPECT_EQ(summary.groups[1].keep_ratio, "0.5");
  EXPECT_EQ(summary.groups[2].setting, "noise");
}

TEST(Summarise, CountsEachDifferenceOnce) {
  // Four controls have 6 differences among each other, a strategy has 4 to them.
  const Summary summary = summarise(made_cells(with_row({"top", {0.60, 0.64, 0.61}})));
  EXPECT_EQ(summary.num_differences, 10u);
  EXPECT_DOUBLE_EQ(summary.expected_by_chance(), 0.5);
  EXPECT_GE(summary.num_found, summary.num_after_holm);
}

TEST(Summarise, OfOneSeedTestsNothing) {
  std::vector<MadeRow> rows = with_row({"top", {0.6}});
  for (MadeRow& row : rows) row.accuracies.resize(1);
  EXPECT_EQ(summarise(made_cells(rows)).num_differences, 0u);
}

TEST(Summarise, RefusesCellsThatSawDifferentData) {
  for (std::string CellResult::*hash : {&CellResult::dataset_hash, &CellResult::test_hash}) {
    std::vector<CellResult> cells = made_cells(made_controls());
    cells.back().*hash = "other";
    testing::expect_error(core::ErrorKind::run_directory, {"different data", "another directory"},
                          [&] { (void)summarise(cells); });
  }
}

TEST(Summarise, TakesCellsOfAVersionThatDidNotKnowTheTestSet) {
  std::vector<CellResult> cells = made_cells(made_controls());
  cells.back().test_hash.clear();
  EXPECT_NO_THROW((void)summarise(cells));
}

TEST(Summarise, TakesOtherDataOfAnotherSeed) {
  std::vector<CellResult> cells = made_cells(made_controls());
  for (CellResult& cell : cells) cell.dataset_hash = std::to_string(cell.seed);
  EXPECT_NO_THROW((void)summarise(cells));
}

RC_GTEST_PROP(Summarise, GivesAPairTheSameVerdictFromBothSides, ()) {
  std::vector<MadeRow> rows = made_controls();
  for (MadeRow& row : rows) {
    for (double& accuracy : row.accuracies) accuracy = *rc::gen::inRange(0, 1001) / 1000.0;
  }
  const Summary summary = summarise(made_cells(rows));
  const Group& group = summary.groups[0];
  for (const std::string_view a : kControls) {
    for (const std::string_view b : kControls) {
      const auto& there = group.row(a).against_control(b);
      const auto& back = group.row(b).against_control(a);
      if (a != b) RC_ASSERT(there.holm_p_value == back.holm_p_value);
      RC_ASSERT(there.has_interval == back.has_interval);
    }
  }
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(CellsCsv, HasALinePerCellAndAsManyFieldsInEach) {
  const auto cells = made_cells(made_controls());
  const auto lines = lines_of(cells_csv(cells));
  ASSERT_EQ(lines.size(), cells.size() + 1);
  for (const std::string& line : lines) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 16) << line;
  }
  EXPECT_EQ(lines[4],
            "as configured,random,0.1,1,1000,100,0.7,1,0.5,0.5,10,640,20,1500000000,2,1000,"
            "cells/random");
}

TEST(CellsCsv, QuotesWhatHoldsCommasAndQuotes) {
  const auto cells = made_cells({{"full", {0.5}}}, "20 % noise, \"hard\"");
  const auto lines = lines_of(cells_csv(cells));
  EXPECT_EQ(lines[1].substr(0, lines[1].find(",full")), "\"20 % noise, \"\"hard\"\"\"");
}

}  // namespace
}  // namespace edgeprune::compare
