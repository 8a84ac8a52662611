#include "edgeprune/compare/report.h"

#include "edgeprune/compare/comparison_table.h"
#include "edgeprune/compare/verdict.h"
#include "edgeprune/core/units.h"
#include "edgeprune/page/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace edgeprune::embedded {
extern const std::string_view report_template;  // src/compare/report_template.html
}  // namespace edgeprune::embedded

namespace edgeprune::compare {
namespace {

// The verdict is written for plain text.
std::string with_signs(std::string html) {
  for (std::size_t at = html.find("+-"); at != std::string::npos; at = html.find("+-", at)) {
    html.replace(at, 2, "&plusmn;");
  }
  return html;
}

std::string difference_cell(const Row& row, std::string_view control) {
  if (row.strategy == control) return "<td></td>";
  const statistics::PairedDifference& difference = row.against_control(control);
  const std::string mean = fmt::format("{:+.2f}", 100 * difference.mean);
  if (!difference.has_interval) return fmt::format("<td class=\"muted\">{}</td>", mean);
  const std::string interval = fmt::format("{} &plusmn; {:.2f}", mean, 100 * difference.half_width);
  if (difference.holds_zero()) {
    return fmt::format("<td class=\"muted\">{}<small>no difference found</small></td>", interval);
  }
  return fmt::format("<td class=\"{}\">{}<small>{}</small></td>",
                     difference.mean > 0 ? "better" : "worse", interval,
                     difference.holm_p_value <= 0.05 ? "after Holm too" : "not after Holm");
}

std::string accuracy_row(const Row& row) {
  const statistics::Spread& accuracy = row.accuracy;
  std::string mean = fmt::format("{:.2f}", 100 * accuracy.mean);
  if (accuracy.count > 1) mean += fmt::format(" &plusmn; {:.2f}", 100 * accuracy.stddev);
  std::string html =
      fmt::format("<tr{}><th>{}</th><td>{}</td>", row.is_control() ? " class=\"control\"" : "",
                  page::escaped(row.strategy), mean);
  for (const std::string_view control : {"random", "random_scratch", "short", "full"}) {
    html += difference_cell(row, control);
  }
  return html + "</tr>\n";
}

std::string accuracy_table(const Group& group) {
  std::string html = fmt::format(
      "<h3>Keep ratio {}: {} of {} samples</h3>\n<div class=\"wide\"><table><thead><tr>"
      "<th>strategy</th><th>test accuracy %</th><th>&minus; random</th>"
      "<th>&minus; random_scratch</th><th>&minus; short</th><th>&minus; full</th></tr></thead>"
      "<tbody>\n",
      page::escaped(group.keep_ratio), core::format_count(group.row("random").num_kept),
      core::format_count(group.num_samples));
  for (const Row& row : group.rows) html += accuracy_row(row);
  return html + "</tbody></table></div>\n";
}

std::string cost_rows(const Group& group) {
  std::string html;
  for (const Row& row : group.rows) {
    const Cost& cost = row.cost;
    html += fmt::format(
        "<tr{}><td>{}</td><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></"
        "tr>\n",
        row.is_control() ? " class=\"control\"" : "", page::escaped(group.keep_ratio),
        page::escaped(row.strategy),
        core::format_count(static_cast<std::uint64_t>(cost.forward_backward_samples + 0.5)),
        core::format_count(static_cast<std::uint64_t>(cost.forward_samples + 0.5)),
        core::format_quantity(cost.flops, "FLOP"), core::format_seconds(cost.seconds),
        core::format_bytes(cost.stored_bytes));
  }
  return html;
}

using Groups = std::vector<const Group*>;

std::string verdict_html(const Groups& groups) {
  std::string html;
  for (const Group* group : groups) {
    html += fmt::format("<h3>Keep ratio {}</h3>\n<ul>\n", page::escaped(group->keep_ratio));
    for (const std::string& sentence : verdict_on(*group).sentences) {
      html += fmt::format("<li>{}</li>\n", with_signs(page::escaped(sentence)));
    }
    html += "</ul>\n";
  }
  return html;
}

std::string plots_html(std::size_t setting) {
  return fmt::format(
      "<div class=\"plots\"><figure><canvas data-setting=\"{0}\" data-x=\"keep_ratio\"></canvas>"
      "<figcaption>Test accuracy against keep ratio</figcaption></figure>"
      "<figure><canvas data-setting=\"{0}\" data-x=\"work\"></canvas>"
      "<figcaption>Test accuracy against work, as a share of full's</figcaption></figure></div>\n",
      setting);
}

std::string section_html(std::size_t setting, const Groups& groups) {
  std::string html = fmt::format("<section>\n<h2>{}</h2>\n{}",
                                 page::escaped(groups.front()->setting), plots_html(setting));
  for (const Group* group : groups) html += accuracy_table(*group);
  html +=
      "<h3>Costs</h3>\n<div class=\"wide\"><table><thead><tr><th>keep ratio</th><th>strategy</th>"
      "<th>forward + backward samples</th><th>forward samples</th><th>work</th><th>time</th>"
      "<th>stored</th></tr></thead><tbody>\n";
  for (const Group* group : groups) html += cost_rows(*group);
  return html + "</tbody></table></div>\n</section>\n";
}

std::vector<Groups> by_setting(const Summary& summary) {
  std::vector<Groups> settings;
  for (const Group& group : summary.groups) {
    if (settings.empty() || settings.back().front()->setting != group.setting) {
      settings.emplace_back();
    }
    settings.back().push_back(&group);
  }
  return settings;
}

std::string facts(const ReportInput& input, std::size_t num_settings) {
  const Group& group = input.summary.groups.front();
  const auto ratios = input.summary.groups.size() / num_settings;
  const auto counted = [](std::size_t count, const char* thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
  };
  return fmt::format("{}, {}, {}, {}; {}", counted(group.rows.size(), "strategy and control row"),
                     counted(ratios, "keep ratio"), counted(group.seeds.size(), "seed"),
                     counted(num_settings, "setting"),
                     input.match == Match::kept
                         ? "within a keep ratio every run has the same kept samples and epochs"
                         : "within a keep ratio every run but full does the same work");
}

}  // namespace

std::string report_html(const ReportInput& input) {
  const std::vector<Groups> settings = by_setting(input.summary);
  std::string verdict;
  std::string sections;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (settings.size() > 1) {
      verdict += fmt::format("<h3 class=\"setting\">{}</h3>\n",
                             page::escaped(settings[i].front()->setting));
    }
    verdict += verdict_html(settings[i]);
    sections += section_html(i, settings[i]);
  }
  return page::filled_page(embedded::report_template,
                           {{"title", page::escaped(input.title)},
                            {"facts", page::escaped(facts(input, settings.size()))},
                            {"verdict", verdict},
                            {"tests", page::escaped(tests_text(input.summary))},
                            {"sections", sections},
                            {"command", page::escaped(input.command)},
                            {"toml", page::escaped(input.toml)},
                            {"json", page::inside_script(input.json)}});
}

}  // namespace edgeprune::compare
