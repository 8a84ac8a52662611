#include "edgeprune/compare/summary.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace edgeprune::compare {
namespace {

std::size_t control_index(std::string_view name) {
  return static_cast<std::size_t>(std::find(kControls.begin(), kControls.end(), name) -
                                  kControls.begin());
}

// Wrong labels and class shares are drawn by the seed: each has data of its own.
void require_same_data(const std::vector<CellResult>& cells) {
  std::map<std::pair<std::string, std::uint64_t>, const CellResult*> first;
  for (const CellResult& cell : cells) {
    const CellResult& seen =
        *first.emplace(std::pair(cell.setting, cell.seed), &cell).first->second;
    const bool is_test_known = !seen.test_hash.empty() && !cell.test_hash.empty();
    const bool has_same_test = !is_test_known || seen.test_hash == cell.test_hash;
    if (seen.dataset_hash == cell.dataset_hash && has_same_test) continue;
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{} and {} saw different data; remove the older cells and their "
                                  "warm-ups, or compare into another directory",
                                  seen.run, cell.run));
  }
}

void add_to_row(Row& row, const CellResult& cell) {
  row.num_kept = cell.num_kept;
  row.accuracies.push_back(cell.test_accuracy);
  row.cost.forward_backward_samples += static_cast<double>(cell.forward_backward_samples);
  row.cost.forward_samples += static_cast<double>(cell.forward_samples);
  row.cost.flops += cell.flops;
  row.cost.seconds += cell.seconds;
  row.cost.stored_bytes += cell.stored_bytes;
}

void finish_row(Row& row) {
  row.accuracy = statistics::spread_of(row.accuracies);
  const auto count = static_cast<double>(row.accuracies.size());
  for (double* value : {&row.cost.forward_backward_samples, &row.cost.forward_samples,
                        &row.cost.flops, &row.cost.seconds, &row.cost.stored_bytes}) {
    *value /= count;
  }
}

Row& row_named(Group& group, const std::string& strategy) {
  for (Row& row : group.rows) {
    if (row.strategy == strategy) return row;
  }
  return group.rows.emplace_back(Row{.strategy = strategy});
}

// A group per setting and keep ratio; the cells of `full` go into each of their setting's.
std::vector<Group> grouped(const std::vector<CellResult>& cells) {
  std::vector<Group> groups;
  for (const CellResult& cell : cells) {
    if (cell.strategy == kControls[0]) continue;
    const bool known = std::any_of(groups.begin(), groups.end(), [&](const Group& group) {
      return group.setting == cell.setting && group.keep_ratio == cell.keep_ratio;
    });
    if (known) continue;
    groups.push_back(
        {.setting = cell.setting, .keep_ratio = cell.keep_ratio, .num_samples = cell.num_samples});
  }
  for (Group& group : groups) {
    for (const CellResult& cell : cells) {
      const bool is_full = cell.strategy == kControls[0];
      if (cell.setting != group.setting) continue;
      if (!is_full && cell.keep_ratio != group.keep_ratio) continue;
      add_to_row(row_named(group, cell.strategy), cell);
      if (is_full) group.seeds.push_back(cell.seed);
    }
    for (Row& row : group.rows) finish_row(row);
  }
  return groups;
}

// The two sides of a difference, so that what Holm says goes to both.
struct Pair {
  statistics::PairedDifference* difference;
  statistics::PairedDifference* mirrored;  // a control's own row has it too
};

std::vector<Pair> compare_with_controls(Group& group) {
  std::vector<Pair> pairs;
  for (Row& row : group.rows) {
    for (std::size_t c = 0; c < kControls.size(); ++c) {
      const Row& control = group.row(kControls[c]);
      row.against[c] = statistics::paired_difference(row.accuracies, control.accuracies);
    }
  }
  for (Row& row : group.rows) {
    const std::size_t own = control_index(row.strategy);
    for (std::size_t c = 0; c < std::min(own, kControls.size()); ++c) {
      Row& control = row_named(group, std::string(kControls[c]));
      pairs.push_back({&row.against[c], row.is_control() ? &control.against[own] : nullptr});
    }
  }
  return pairs;
}

void adjust(Summary& summary, const std::vector<Pair>& pairs) {
  std::vector<double> p_values;
  for (const Pair& pair : pairs) p_values.push_back(pair.difference->p_value);
  const std::vector<double> adjusted = statistics::holm_adjusted(p_values);
  summary.num_differences = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    statistics::PairedDifference& difference = *pairs[i].difference;
    difference.holm_p_value = adjusted[i];
    if (pairs[i].mirrored != nullptr) pairs[i].mirrored->holm_p_value = adjusted[i];
    if (!difference.has_interval) continue;
    ++summary.num_differences;
    if (difference.holds_zero()) continue;
    ++summary.num_found;
    if (difference.holm_p_value <= 0.05) ++summary.num_after_holm;
  }
}

}  // namespace

bool Row::is_control() const {
  return control_index(strategy) < kControls.size();
}

const statistics::PairedDifference& Row::against_control(std::string_view control) const {
  return against.at(control_index(control));
}

const Row& Group::row(std::string_view strategy) const {
  for (const Row& row : rows) {
    if (row.strategy == strategy) return row;
  }
  throw core::Error(core::ErrorKind::internal,
                    fmt::format("the comparison has no row {}", strategy));
}

Summary summarise(const std::vector<CellResult>& cells) {
  require_same_data(cells);
  Summary summary{.groups = grouped(cells)};
  std::vector<Pair> pairs;
  for (Group& group : summary.groups) {
    for (const Pair& pair : compare_with_controls(group)) pairs.push_back(pair);
  }
  adjust(summary, pairs);
  return summary;
}

}  // namespace edgeprune::compare
