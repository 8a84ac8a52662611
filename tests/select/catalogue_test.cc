#include "edgeprune/select/catalogue.h"

#include "edgeprune/score/scores.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

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

TEST(CatalogueJson, HoldsEveryFieldOfBothTables) {
  const nlohmann::json json = nlohmann::json::parse(catalogue_json());
  ASSERT_EQ(json["strategies"].size(), strategies().size());
  for (std::size_t i = 0; i < strategies().size(); ++i) {
    const Strategy& strategy = strategies()[i];
    const auto& object = json["strategies"][i];
    EXPECT_EQ(object["name"], strategy.name);
    EXPECT_EQ(object["summary"], strategy.summary);
    EXPECT_EQ(object["formula"], strategy.formula);
    EXPECT_EQ(object["source"], strategy.source);
    EXPECT_EQ(object["direction"], strategy.direction);
    EXPECT_EQ(object["time"], strategy.time);
    EXPECT_EQ(object["memory"], strategy.memory);
    EXPECT_EQ(object["score"], strategy.score);
    EXPECT_EQ(object["other_column"], strategy.other_column);
    EXPECT_EQ(object["warms_up"], strategy.warms_up);
    EXPECT_EQ(object["keeps_all"], strategy.keeps_all);
    EXPECT_EQ(object["needs_features"], strategy.needs_features);
    EXPECT_EQ(object["needs_labels"], strategy.needs_labels);
    EXPECT_EQ(nlohmann::json::parse(strategy_json(strategy)), object);
  }
  ASSERT_EQ(json["scores"].size(), score::scores().size());
  for (std::size_t i = 0; i < score::scores().size(); ++i) {
    const score::ScoreKind& kind = score::scores()[i];
    const auto& object = json["scores"][i];
    EXPECT_EQ(object["name"], kind.name);
    EXPECT_EQ(object["formula"], kind.formula);
    EXPECT_EQ(object["source"], kind.source);
    EXPECT_EQ(object["hard"] == "high", kind.hard == score::HardEnd::high);
    EXPECT_EQ(object["least_passes"], kind.min_passes);
    EXPECT_EQ(object["bytes_per_sample"]["bytes"],
              kind.bytes_per_sample({.num_samples = 1, .num_classes = 10, .passes = 10}));
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
