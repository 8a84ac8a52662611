#include "edgeprune/compare/verdict.h"

#include "made_cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace edgeprune::compare {
namespace {

std::vector<std::string> sentences(const std::vector<MadeRow>& rows) {
  return verdict_on(summarise(made_cells(rows)).groups[0]).sentences;
}

// The sentence that begins so, or nothing.
std::string sentence(const std::vector<std::string>& all, const std::string& beginning) {
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const std::string& text) { return text.starts_with(beginning); });
  return found == all.end() ? "" : *found;
}

std::vector<MadeRow> one_seed(std::vector<MadeRow> rows) {
  for (MadeRow& row : rows) row.accuracies.resize(1);
  return rows;
}

TEST(Verdict, TellsTheBestUnderEachConstraintApart) {
  const auto all = sentences(with_row({"top", {0.75, 0.76, 0.74}, 1.5e9, 1000}));
  EXPECT_EQ(sentence(all, "Compute-bound"),
            "Compute-bound (work of at most short's, any storage): short is highest with 81.0 %, "
            "ahead of every other one.");
  EXPECT_EQ(sentence(all, "Storage-bound"),
            "Storage-bound (only the kept samples stored): top is highest with 75.0 %; no "
            "difference found to random.");
}

TEST(Verdict, LeavesOutWhatCostsMoreThanShort) {
  const auto all = sentences(with_row({"costly", {0.95, 0.96, 0.97}, 1.6e9, 1000}));
  EXPECT_NE(sentence(all, "Compute-bound").find("short is highest"), std::string::npos);
  EXPECT_NE(sentence(all, "Storage-bound").find("costly is highest"), std::string::npos);
}

TEST(Verdict, SaysThatPruningHelps) {
  // Against short: 0.08, 0.07, 0.075.
  const auto all = sentences(with_row({"top", {0.88, 0.89, 0.885}, 1.5e9, 1000}));
  EXPECT_EQ(sentence(all, "Pruning helps"),
            "Pruning helps: against short, all data in fewer steps, +7.5 +- 1.2 points at the same "
            "work (top).");
}

TEST(Verdict, SaysThatPruningDoesNotHelpAccuracy) {
  const auto all = sentences(with_row({"top", {0.71, 0.72, 0.73}, 0.75e9, 1000}));
  const std::string text = sentence(all, "Pruning does not help accuracy");
  EXPECT_NE(text.find("at 0.50 times its work (top)"), std::string::npos) << text;
  EXPECT_NE(text.find("Prune only if storage is short"), std::string::npos) << text;
}

TEST(Verdict, SaysThatPruningMakesNoDifference) {
  // Against short: 0, -0.02, 0.02: 0 +- 4.303 * 0.02 / sqrt(3).
  const auto all = sentences(with_row({"top", {0.80, 0.80, 0.83}, 1.5e9, 1000}));
  const std::string text = sentence(all, "Against short");
  EXPECT_NE(text.find("shows no difference"), std::string::npos) << text;
  EXPECT_NE(text.find("with 3 seeds a loss of up to 5.0 points is not ruled out"),
            std::string::npos)
      << text;
}

TEST(Verdict, SetsTheBestPrunedStrategyBesideFull) {
  // Against full: -0.15, -0.15, -0.15 +- noise; 1.5e9 of 1e10.
  const auto apart = sentences(with_row({"top", {0.75, 0.765, 0.735}, 1.5e9, 1000}));
  const std::string text = sentence(apart, "Against full (90.0 %), top comes to -15.0");
  EXPECT_NE(text.find("at 0.15 times its work"), std::string::npos) << text;
  const auto equal = sentences(with_row({"top", {0.89, 0.92, 0.89}, 1.5e9, 1000}));
  EXPECT_NE(sentence(equal, "Against full").find("top shows no difference"), std::string::npos);
}

TEST(Verdict, SortsStrategiesByWhatTheyDoAgainstRandom) {
  std::vector<MadeRow> rows = made_controls();
  rows.push_back({"good", {0.79999, 0.81, 0.79}, 1.5e9, 1000});   // +10 points, hardly a spread
  rows.push_back({"lucky", {0.712, 0.732, 0.714}, 1.5e9, 1000});  // 0.012, 0.022, 0.024
  rows.push_back({"noise", {0.71, 0.70, 0.70}, 1.5e9, 1000});     // 0.01, -0.01, 0.01
  rows.push_back({"bad", {0.50, 0.52, 0.495}, 1.5e9, 1000});      // -0.2, -0.19, -0.195
  const auto all = sentences(rows);
  EXPECT_NE(sentence(all, "Better than random, after Holm's correction too: good"), "");
  EXPECT_NE(sentence(all, "Better than random by its own interval").find("lucky"),
            std::string::npos);
  EXPECT_EQ(sentence(all, "Only noise"),
            "Only noise was seen against random: noise (+0.3 +- 2.9 "
            "points).");
  EXPECT_NE(sentence(all, "Worse than random: bad"), "");
}

TEST(Verdict, OfOneSeedClaimsNothing) {
  const auto all = sentences(one_seed(with_row({"top", {0.88}, 1.5e9, 1000})));
  EXPECT_NE(sentence(all, "Storage-bound").find("(one seed: the order may be noise)"),
            std::string::npos);
  EXPECT_NE(sentence(all, "Against short").find("untested"), std::string::npos);
  for (const std::string& text : all) {
    EXPECT_EQ(text.find("Better than"), std::string::npos) << text;
    EXPECT_EQ(text.find("Pruning helps"), std::string::npos) << text;
  }
}

TEST(VerdictLines, NameSettingAndKeepRatio) {
  const auto lines = verdict_lines(summarise(made_cells(made_controls(), "20 % noise", "0.25")));
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("20 % noise, keep ratio 0.25. ")) << line;
  }
}

TEST(VerdictText, FitsAHundredColumnsAndLosesNoWord) {
  const Summary summary =
      summarise(made_cells(with_row({"top", {0.71, 0.72, 0.73}, 0.75e9, 1000}), "noise"));
  const std::string text = verdict_text(summary);
  EXPECT_TRUE(text.starts_with("Verdict on noise, keep ratio 0.1:\n- Compute-bound")) << text;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  std::string joined = text;
  for (std::size_t at = joined.find("\n  "); at != std::string::npos; at = joined.find("\n  ")) {
    joined.replace(at, 3, " ");
  }
  for (const std::string& sentence : verdict_on(summary.groups[0]).sentences) {
    EXPECT_NE(joined.find("- " + sentence + "\n"), std::string::npos) << sentence;
  }
}

}  // namespace
}  // namespace edgeprune::compare
