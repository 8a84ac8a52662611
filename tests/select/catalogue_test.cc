#include "edgeprune/select/catalogue.h"

#include "edgeprune/score/scores.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace edgeprune::select {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Strategies, RankByScoresThatThereAre) {
  for (const Strategy& strategy : strategies()) {
    if (!strategy.score.empty()) {
      EXPECT_EQ(score::score_named(strategy.score).name, strategy.score);
    }
    if (!strategy.other_column.empty()) {
      EXPECT_EQ(score::score_named(strategy.other_column).name, strategy.other_column);
    }
  }
}

TEST(StrategiesPage, IsWhatTheTablesSay) {
  std::ifstream file(EDGEPRUNE_SOURCE_DIR "/docs/strategies.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), catalogue_markdown())
      << "write it with `edgeprune strategies --markdown > docs/strategies.md`";
}

TEST(CatalogueText, NamesEveryStrategyAndScoreIn100Columns) {
  const std::string text = catalogue_text();
  const std::vector<std::string> lines = lines_of(text);
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), 100u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
  const auto has_row = [&](std::string_view name) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.starts_with(std::string(name) + "  ");
    });
  };
  for (const Strategy& strategy : strategies())
    EXPECT_TRUE(has_row(strategy.name)) << strategy.name;
  for (const score::ScoreKind& kind : score::scores()) EXPECT_TRUE(has_row(kind.name)) << kind.name;
}

TEST(CatalogueText, SaysWhatAStrategyNeeds) {
  EXPECT_EQ(needs_of(strategy_named("top")), "warm-up: loss");
  EXPECT_EQ(needs_of(strategy_named("beta")), "warm-up: dual, confidence");
  EXPECT_EQ(needs_of(strategy_named("random")), "warm-up");
  EXPECT_EQ(needs_of(strategy_named("random_scratch")), "nothing");
  EXPECT_EQ(needs_of(strategy_named("rs2")), "all data stored");
  EXPECT_EQ(needs_of(strategy_named("full")), "all data stored");
  EXPECT_EQ(needs_of(strategy_named("file")), "an index list");
  EXPECT_EQ(needs_of(strategy_named("auto")), "what the chosen one needs");
  EXPECT_EQ(needs_of({.warms_up = true,
                      .needs_features = true,
                      .needs_labels = true,
                      .select = strategy_named("top").select}),
            "warm-up: features, labels");
}

// The rows of the tables of docs/strategies.md below a heading: column by column, by name.
using Rows = std::map<std::string, std::map<std::string, std::string>>;

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '|') {
      cells.emplace_back();
    } else {
      if (line[i] == '\\' && line[i + 1] == '|') ++i;
      cells.back() += line[i];
    }
  }
  cells.pop_back();
  for (std::string& cell : cells) {
    const std::size_t begin = cell.find_first_not_of(" `");
    const std::size_t end = cell.find_last_not_of(" `");
    cell = begin == std::string::npos ? "" : cell.substr(begin, end + 1 - begin);
  }
  return cells;
}

Rows rows_below(const std::string& heading) {
  std::ifstream page(EDGEPRUNE_SOURCE_DIR "/docs/strategies.md");
  Rows rows;
  std::vector<std::string> columns;
  bool is_below = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) is_below = line == "## " + heading;
    if (!is_below || !line.starts_with("|") || line.starts_with("|---")) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (cells[0] == "Name") {
      columns = cells;
      continue;
    }
    for (std::size_t i = 1; i < cells.size(); ++i) rows[cells[0]][columns[i]] = cells[i];
  }
  return rows;
}

std::set<std::string> names_where(const nlohmann::json& rows, const char* field) {
  std::set<std::string> names;
  for (const auto& row : rows) {
    if (row[field].get<bool>()) names.insert(row["name"]);
  }
  return names;
}

TEST(CatalogueJson, SaysOfEachStrategyWhatThePageSays) {
  const nlohmann::json json = nlohmann::json::parse(catalogue_json())["strategies"];
  Rows rows = rows_below("The strategies");
  EXPECT_EQ(json.size(), rows.size());
  for (const auto& object : json) {
    const std::string name = object["name"];
    SCOPED_TRACE(name);
    auto& row = rows.at(name);
    EXPECT_EQ(object["summary"], row["What"]);
    EXPECT_EQ(object["formula"], row["Formula"]);
    EXPECT_EQ(object["source"], row["Source"]);
    EXPECT_EQ(object["direction"], row["Direction"]);
    EXPECT_EQ(object["time"], row["Time"]);
    EXPECT_EQ(object["memory"], row["Memory"]);
    EXPECT_EQ(object["chooses"], row["Chooses"]);
    EXPECT_EQ(nlohmann::json::parse(strategy_json(strategy_named(name))), object);
  }
}

TEST(CatalogueJson, SaysWhichStrategiesNeedWhat) {
  const nlohmann::json json = nlohmann::json::parse(catalogue_json())["strategies"];
  const std::set<std::string> features = {"facility_location", "k_center", "moderate"};
  EXPECT_EQ(names_where(json, "needs_features"), features);
  EXPECT_EQ(names_where(json, "needs_labels"), features);
  EXPECT_EQ(names_where(json, "keeps_all"), (std::set<std::string>{"full", "infobatch", "short"}));
  for (const auto& object : json) {
    const std::string name = object["name"];
    EXPECT_EQ(object["other_column"], name == "beta" ? "confidence" : "") << name;
    EXPECT_EQ(object["score"] == "dual", name == "beta") << name;
    EXPECT_TRUE(object["score"] == "" || object["warms_up"] == true) << name;
  }
}

TEST(CatalogueJson, SaysOfEachScoreWhatThePageSays) {
  const nlohmann::json json = nlohmann::json::parse(catalogue_json())["scores"];
  Rows rows = rows_below("The scores");
  EXPECT_EQ(json.size(), rows.size());
  for (const auto& object : json) {
    SCOPED_TRACE(object["name"]);
    auto& row = rows.at(object["name"]);
    EXPECT_EQ(object["formula"], row["Formula"]);
    EXPECT_EQ(object["source"], row["Source"]);
    EXPECT_EQ(object["hard"], row["Hard"]);
    EXPECT_EQ(std::to_string(object["least_passes"].get<int>()), row["Passes"]);
    EXPECT_EQ(std::to_string(object["bytes_per_sample"]["bytes"].get<int>()),
              row["Bytes per sample"]);
  }
}

TEST(CatalogueJson, SaysWhenAStrategyChoosesAndHowLongItTrains) {
  const auto field = [](const char* strategy, const char* name) {
    return nlohmann::json::parse(strategy_json(strategy_named(strategy)))[name];
  };
  EXPECT_EQ(field("top", "chooses"), "once");
  EXPECT_EQ(field("rs2", "chooses"), "each epoch");
  EXPECT_EQ(field("file", "chooses"), "not by itself");
  EXPECT_EQ(field("top", "duration"), "epochs");
  EXPECT_EQ(field("short", "duration"), "total_steps");
}

TEST(StrategyText, ShowsOneInFullIn100Columns) {
  for (const Strategy& strategy : strategies()) {
    const std::string text = strategy_text(strategy);
    EXPECT_TRUE(text.starts_with(std::string(strategy.name) + ": "));
    for (const std::string& line : lines_of(text)) EXPECT_LE(line.size(), 100u) << line;
  }
  const std::string beta = strategy_text(strategy_named("beta"));
  for (const char* part : {"BetaPDF", "Cho et al.", "dual", "confidence", "high = keep"}) {
    EXPECT_NE(beta.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace edgeprune::select
