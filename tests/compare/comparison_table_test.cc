#include "edgeprune/compare/comparison_table.h"

#include "made_cells.h"

#include <gtest/gtest.h>

#include <sstream>

namespace edgeprune::compare {
namespace {

TEST(DifferenceText, MarksWhatWasFoundAndWhatOutlastsHolm) {
  statistics::PairedDifference difference{.pairs = 3,
                                          .mean = 0.0123,
                                          .has_interval = true,
                                          .half_width = 0.005,
                                          .p_value = 0.01,
                                          .holm_p_value = 0.2};
  EXPECT_EQ(difference_text(difference), "+1.23 +- 0.50 * ");
  difference.holm_p_value = 0.04;
  EXPECT_EQ(difference_text(difference), "+1.23 +- 0.50 **");
  difference.half_width = 0.02;
  EXPECT_EQ(difference_text(difference), "+1.23 +- 2.00 ~ ");
  difference.has_interval = false;
  EXPECT_EQ(difference_text(difference), "+1.23");
}

TEST(SummaryTable, FitsAHundredColumnsAndSaysHowToReadIt) {
  const std::string table = comparison_table(
      summarise(made_cells(with_row({"stratified:el2n:proportional", {0.60, 0.62, 0.64}}))));
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
  for (const char* part : {"as configured; keep ratio 0.1: 100 of 1,000 samples; 3 seeds", "full ",
                           "70.00 +- 1.00", "- random_scratch", "fwd+bwd samples", "1.5 GFLOP",
                           "10 differences", "~ no difference found", "Holm"}) {
    EXPECT_NE(table.find(part), std::string::npos) << part << " is missing in\n" << table;
  }
}

TEST(SummaryTable, OfOneSeedHasNoIntervalsAndSaysSo) {
  std::vector<MadeRow> rows = made_controls();
  for (MadeRow& row : rows) row.accuracies.resize(1);
  const Summary summary = summarise(made_cells(rows));
  const std::string table = comparison_table(summary);
  EXPECT_NE(table.find("1 seed, so no spread and no intervals"), std::string::npos);
  EXPECT_NE(tests_text(summary).find("may be noise"), std::string::npos);
  const std::string random = table.substr(table.find("\nrandom "), 101);
  EXPECT_EQ(random.find("+-"), std::string::npos) << random;
}

}  // namespace
}  // namespace edgeprune::compare
