#include "edgeprune/compare/report.h"

#include "edgeprune/compare/comparison_json.h"
#include "edgeprune/compare/verdict.h"

#include "made_cells.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edgeprune::compare {
namespace {

std::string report_on(const std::vector<CellResult>& cells, std::string_view toml = "") {
  const Summary summary = summarise(cells);
  const auto verdict = verdict_lines(summary);
  const std::string json = comparison_json(cells, summary, Match::kept, verdict);
  return report_html({.title = "a.toml",
                      .command = "edgeprune compare a.toml --output out",
                      .toml = toml,
                      .summary = summary,
                      .verdict = verdict,
                      .json = json});
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++times;
  }
  return times;
}

TEST(Report, BringsChartJsAndItsLicenceAndLoadsNothing) {
  const std::string html = report_on(made_cells(made_controls()));
  EXPECT_NE(html.find("Chart.js v3"), std::string::npos);
  EXPECT_NE(html.find("Permission is hereby granted"), std::string::npos);
  for (const char* loads : {" src=", " href=", "@import", "url("}) {
    EXPECT_EQ(html.find(loads), std::string::npos) << loads;
  }
  EXPECT_EQ(count(html, "</script>"), 3u);
}

TEST(Report, PutsTheVerdictBeforeTheTables) {
  const std::string html =
      report_on(made_cells(with_row({"top", {0.75, 0.76, 0.74}, 1.5e9, 1000})));
  const std::size_t verdict = html.find("top is highest with 75.0 %");
  ASSERT_NE(verdict, std::string::npos);
  EXPECT_LT(verdict, html.find("<table>"));
  EXPECT_NE(html.find("no difference found"), std::string::npos);
  EXPECT_NE(html.find("edgeprune compare a.toml --output out"), std::string::npos);
}

TEST(Report, HasTwoPlotsPerSettingAndAllNumbers) {
  std::vector<CellResult> cells = made_cells(made_controls());
  for (const CellResult& cell : made_cells(made_controls(), "noise")) cells.push_back(cell);
  const std::string html = report_on(cells);
  EXPECT_EQ(count(html, "<canvas "), 4u);
  const std::string marker = "id=\"comparison\">";
  const std::size_t begin = html.find(marker) + marker.size();
  const auto json =
      nlohmann::json::parse(html.substr(begin, html.find("</script>", begin) - begin));
  EXPECT_EQ(json["cells"].size(), cells.size());
}

TEST(Report, LetsNoNameEndAnElement) {
  const std::string html = report_on(made_cells(made_controls(), "</script><b>{{json}}"), "a < b");
  EXPECT_EQ(count(html, "</script>"), 3u);
  EXPECT_EQ(html.find("<b>{{"), std::string::npos);
  EXPECT_NE(html.find("&lt;b&gt;{{json}}"), std::string::npos);
  EXPECT_NE(html.find("a &lt; b"), std::string::npos);
}

}  // namespace
}  // namespace edgeprune::compare
