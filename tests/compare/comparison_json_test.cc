#include "edgeprune/compare/comparison_json.h"

#include "made_cells.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <vector>

namespace edgeprune::compare {
namespace {

TEST(ComparisonJson, HasCellsGroupsAndTests) {
  const auto cells = made_cells(with_row({"top", {0.60, 0.62, 0.64}}));
  const auto json =
      nlohmann::json::parse(comparison_json(cells, summarise(cells), Match::cost, {"a sentence"}));
  EXPECT_EQ(json["match"], "cost");
  EXPECT_EQ(json["verdict"][0], "a sentence");
  EXPECT_EQ(json["cells"].size(), cells.size());
  EXPECT_EQ(json["tests"]["differences"], 10);
  const auto& top = json["groups"][0]["rows"][4];
  EXPECT_EQ(top["strategy"], "top");
  EXPECT_EQ(top["test_accuracies"], (std::vector<double>{0.60, 0.62, 0.64}));
  EXPECT_EQ(top["difference_to"]["random"]["interval_95"].size(), 2u);
  EXPECT_FALSE(json["groups"][0]["rows"][1]["difference_to"].contains("random"));
}

TEST(ComparisonJson, HasNoIntervalsOfOneSeed) {
  std::vector<MadeRow> rows = made_controls();
  for (MadeRow& row : rows) row.accuracies.resize(1);
  const auto cells = made_cells(rows);
  const auto json =
      nlohmann::json::parse(comparison_json(cells, summarise(cells), Match::kept, {}));
  const auto& random = json["groups"][0]["rows"][1];
  EXPECT_TRUE(random["standard_deviation"].is_null());
  EXPECT_TRUE(random["difference_to"]["short"]["interval_95"].is_null());
}

}  // namespace
}  // namespace edgeprune::compare
