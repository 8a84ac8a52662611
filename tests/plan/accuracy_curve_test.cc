#include "edgeprune/plan/accuracy_curve.h"

#include "edgeprune/compare/comparison_json.h"
#include "edgeprune/core/files.h"

#include "compare/made_cells.h"
#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

namespace edgeprune::plan {
namespace {

class AccuracyCurve : public ::testing::Test {
 protected:
  // top at 0.1: 60 and 64 %; full: 80 %.
  AccuracyCurve() {
    auto rows = compare::made_controls();
    rows[0].accuracies = {0.8, 0.8};
    for (compare::MadeRow& row : rows) row.accuracies.resize(2, 0.5);
    rows.push_back({.strategy = "top", .accuracies = {0.60, 0.64}});
    const auto cells = compare::made_cells(rows, "small, and skewed");
    core::write_file_atomically(path("comparison.csv"), compare::cells_csv(cells));
    core::write_file_atomically(
        path("comparison.json"),
        compare::comparison_json(cells, compare::summarise(cells), compare::Match::kept, {}));
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return directory_ / name.c_str();
  }

 private:
  testing::TempDirectory directory_;
};

TEST_F(AccuracyCurve, IsTheSameFromEitherTable) {
  for (const char* name : {"comparison.csv", "comparison.json"}) {
    const auto curve = read_accuracy_curve(path(name), {.strategy = "top"});
    ASSERT_EQ(curve.size(), 2u) << name;
    EXPECT_DOUBLE_EQ(curve[0].keep_ratio, 0.1);
    EXPECT_NEAR(curve[0].loss, 0.38, 1e-12);
    // Deviation of 0.40 and 0.36: 0.04 / sqrt 2; over sqrt 2 again, 0.02.
    EXPECT_NEAR(curve[0].standard_error, 0.02, 1e-12);
    EXPECT_DOUBLE_EQ(curve[1].keep_ratio, 1);  // full
    EXPECT_NEAR(curve[1].loss, 0.2, 1e-12);
  }
}

TEST_F(AccuracyCurve, AnUnknownStrategyOrSettingNamesThoseThereAre) {
  testing::expect_error(core::ErrorKind::config, {"bottom", "top", "random_scratch"}, [&] {
    (void)read_accuracy_curve(path("comparison.csv"), {.strategy = "bottom"});
  });
  testing::expect_error(core::ErrorKind::config, {"large", "small, and skewed"}, [&] {
    (void)read_accuracy_curve(path("comparison.json"), {.strategy = "top", .setting = "large"});
  });
}

TEST_F(AccuracyCurve, AnythingElseIsNoComparison) {
  const char* const wrong[] = {"",
                               "{}",
                               "keep_ratio,accuracy\n0.1,0.2\n",
                               "{\"cells\": [1]}",
                               "setting,strategy,keep_ratio,test_accuracy\na,top,x,0.5\n",
                               "setting,strategy,keep_ratio,test_accuracy\na,top\n"};
  for (const char* text : wrong) {
    for (const char* name : {"wrong.csv", "wrong.json"}) {
      core::write_file_atomically(path(name), text);
      testing::expect_error(core::ErrorKind::data, {name, "comparison.json"},
                            [&] { (void)read_accuracy_curve(path(name), {.strategy = "top"}); });
    }
  }
}

TEST(CurveOf, OneRunHasNoStandardError) {
  const auto curve = curve_of({{1, 0.8}, {0.1, 0.5}});
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_DOUBLE_EQ(curve[0].loss, 0.5);
  EXPECT_EQ(curve[0].standard_error, 0);
}

}  // namespace
}  // namespace edgeprune::plan
