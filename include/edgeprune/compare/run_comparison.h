#pragma once
// Carries a comparison out, cell by cell, in a directory of its own, and continues it at any
// moment.
//
//   const Comparison comparison = read_comparison("compare.toml");
//   const ComparisonOutcome outcome = run_comparison(comparison, "comparisons/a", {.jobs = 2});
//
// DIR/warm-ups and DIR/cells hold a run directory each. A cell with a warm-up starts from a copy of
// its setting's and seed's, whose samples and seconds are charged to it. A cell that is complete is
// never repeated, one that was cut off continues where it was, and both hold for an edited
// comparison: cells that it does not have any more stay where they are and are left out.
//
// Cells may run side by side, as threads of this process: with 2 jobs each gets half of the
// threads, and memory is needed for both.

#include "edgeprune/compare/grid.h"
#include "edgeprune/compare/summary.h"
#include "edgeprune/run/notice.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::compare {

/// What a comparison tells whoever watches it. Called by one thread at a time.
class ComparisonEvents {
 public:
  struct Done {
    std::size_t number = 0;  // 1, 2, ...: this one is the so-manieth to be done
    std::size_t total = 0;
    double seconds = 0;       // that it took now, evaluation included
    double seconds_left = 0;  // estimated, for all that are left
  };
  virtual ~ComparisonEvents() = default;
  virtual void on_start(std::size_t /*complete*/, std::size_t /*total*/) {}
  virtual void on_warm_up(const WarmUp&, const Done&) {}
  virtual void on_cell(const CellResult&, const Done&) {}
  /// Each text once, however many cells say it.
  virtual void on_notice(const run::Notice&) {}
};

struct ComparisonOptions {
  std::uint32_t jobs = 1;
  std::uint32_t threads = 0;                // of all jobs together; 0: as configured
  const std::atomic<bool>* stop = nullptr;  // as PipelineOptions::stop
  ComparisonEvents* events = nullptr;
  bool runs_commands = true;  // as PipelineOptions::runs_commands
  std::string_view source;    // the TOML as it was given, kept in DIR/comparison.toml
  std::string_view command;   // that makes it again, for the report
};

struct ComparisonOutcome {
  std::vector<CellResult> cells;  // in the order of make_grid
  Summary summary;
  std::vector<std::string> verdict;
  std::string json;  // comparison.json
};

/// Runs what is missing, then writes comparison.csv, comparison.json and report.html into the
/// directory. A directory that holds something other than a comparison is an Error of kind
/// run_directory and left alone. When `stop` is set it throws an Error of kind interrupted; the
/// same call continues.
[[nodiscard]] ComparisonOutcome run_comparison(const Comparison& comparison,
                                               const std::filesystem::path& directory,
                                               const ComparisonOptions& options);

}  // namespace edgeprune::compare
