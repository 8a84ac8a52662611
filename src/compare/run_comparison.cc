#include "edgeprune/compare/run_comparison.h"

#include "edgeprune/compare/comparison_json.h"
#include "edgeprune/compare/planned_work.h"
#include "edgeprune/compare/report.h"
#include "edgeprune/compare/verdict.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/run/new_run.h"
#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/planned_run.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_summary.h"

#include "work_left.h"
#include "workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>
#include <set>
#include <system_error>

namespace edgeprune::compare {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kSourceFile = "comparison.toml";
constexpr std::string_view kCellsDirectory = "cells";

bool is_own_file(std::string name) {
  static constexpr std::string_view kNames[] = {kSourceFile,   "comparison.csv", "comparison.json",
                                                "report.html", "warm-ups",       kCellsDirectory};
  if (name.ends_with(".tmp")) name.resize(name.size() - 4);
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

// Empty, or with cells and nothing that no comparison wrote.
bool is_own_directory(const fs::path& directory) {
  if (!fs::is_directory(directory)) return false;
  if (fs::is_empty(directory)) return true;
  return fs::is_directory(directory / kCellsDirectory) &&
         std::all_of(fs::directory_iterator(directory), fs::directory_iterator(),
                     [](const auto& entry) { return is_own_file(entry.path().filename()); });
}

void require_own_directory(const fs::path& directory) {
  if (!fs::exists(directory) || is_own_directory(directory)) return;
  throw core::Error(
      core::ErrorKind::run_directory,
      fmt::format("{}: exists and holds something other than a comparison", directory.string()),
      {core::ErrorReason::comparison_directory_taken, directory.string()});
}

// Runs say some things in every cell; a comparison says them once.
class Notices final : public run::Events {
 public:
  explicit Notices(ComparisonEvents* events) : events_(events) {}
  void on_notice(const run::Notice& notice) override {
    if (events_ == nullptr || notice.kind == run::NoticeKind::memory) return;
    const std::lock_guard lock(mutex_);
    if (seen_.insert(notice.text).second) events_->on_notice(notice);
  }

 private:
  ComparisonEvents* events_;
  std::mutex mutex_;
  std::set<std::string> seen_;
};

bool has_begun(const config::ResolvedConfig& config) {
  return fs::exists(fs::path(config->run.directory) / run::kConfigFile);
}

bool is_scored(const config::ResolvedConfig& config) {
  if (!has_begun(config)) return false;
  const auto checkpoint = run::load_checkpoint(config->run.directory);
  return checkpoint && checkpoint->state.phase >= run::Phase::select;
}

// All files of the warm-up under the cell's configuration.
void start_from_warm_up(const WarmUp& warm_up, const config::ResolvedConfig& cell) {
  const fs::path target = cell->run.directory;
  if (fs::exists(target) && !fs::is_empty(target)) {
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{}: not a run directory (it has no config.toml); remove it and "
                                  "compare again",
                                  target.string()));
  }
  core::write_directory_atomically(target, [&](const fs::path& partial) {
    for (const auto& entry : fs::directory_iterator(warm_up.config->run.directory)) {
      const fs::path name = entry.path().filename();
      if (name.extension() != ".tmp") fs::copy_file(entry.path(), partial / name);
    }
    run::write_run_config(partial, cell);
  });
}

std::string name_of(const Cell& cell) {
  return fmt::format("{}: {}", cell.setting, cell.label());
}
std::string name_of(const WarmUp& warm_up) {
  return fmt::format("warm-up of {}, seed {}", warm_up.setting, warm_up.seed);
}

// An error says whose it is; to be interrupted is the whole comparison's. Where a run would begin
// again, its directory goes.
template <typename Work>
void naming_errors(const std::string& what, Work&& work) {
  try {
    work();
  } catch (const core::Error& error) {
    if (error.kind() == core::ErrorKind::interrupted) throw;
    if (error.reason() != core::ErrorReason::run_unusable) throw error.of(core::printable(what));
    throw core::Error(
        error.kind(),
        fmt::format("{}, or remove that directory, and where the data have changed its "
                    "warm-up's, and compare again",
                    error.what()))
        .of(core::printable(what));
  }
}

class Runner {
 public:
  Runner(const Comparison& comparison, const fs::path& directory, const ComparisonOptions& options)
      : comparison_(comparison),
        directory_(directory),
        options_(options),
        jobs_(std::max(1u, options.jobs)),
        grid_(make_grid(
            comparison, directory, threads_per_job(),
            [this](const config::ResolvedConfig& top) { return planned_work(top, &data_); })),
        notices_(options.events) {}

  void run() {
    const std::size_t complete = std::count_if(
        grid_.cells.begin(), grid_.cells.end(),
        [](const Cell& cell) { return run::is_complete(cell.config->run.directory); });
    if (options_.events != nullptr) options_.events->on_start(complete, grid_.cells.size());
    done_ = complete;
    find_missing();
    require_plans();
    run_side_by_side(missing_warm_ups_.size(), jobs_,
                     [&](std::size_t i) { run_warm_up(grid_.warm_ups[missing_warm_ups_[i]]); });
    run_side_by_side(missing_cells_.size(), jobs_,
                     [&](std::size_t i) { run_cell(grid_.cells[missing_cells_[i]]); });
  }

  [[nodiscard]] std::vector<CellResult> results() const {
    std::vector<CellResult> results;
    for (const Cell& cell : grid_.cells) results.push_back(read_cell_result(cell));
    return results;
  }

 private:
  [[nodiscard]] std::uint32_t threads_per_job() const {
    config::Config config = comparison_.config(comparison_.settings.front());
    if (options_.threads > 0) config.run.threads = options_.threads;
    return std::max(1u, config::resolve(std::move(config))->run.threads / jobs_);
  }

  void find_missing() {
    std::set<std::size_t> warm_ups;
    for (std::size_t i = 0; i < grid_.cells.size(); ++i) {
      const Cell& cell = grid_.cells[i];
      if (run::is_complete(cell.config->run.directory)) continue;
      missing_cells_.push_back(i);
      left_.add(work_of(cell));
      if (!cell.warm_up || has_begun(cell.config)) continue;
      const WarmUp& warm_up = grid_.warm_ups[*cell.warm_up];
      naming_errors(name_of(warm_up), [&] {
        if (!is_scored(warm_up.config)) warm_ups.insert(*cell.warm_up);
      });
    }
    missing_warm_ups_.assign(warm_ups.begin(), warm_ups.end());
    for (const std::size_t i : missing_warm_ups_) left_.add(work_of(grid_.warm_ups[i]));
  }

  // What no run could be made of is said before the first one is.
  void require_plans() {
    for (const std::size_t i : missing_cells_) {
      const Cell& cell = grid_.cells[i];
      if (cell.seed != comparison_.seeds.front() || has_begun(cell.config)) continue;
      naming_errors(name_of(cell), [&] { const run::PlannedRun run(cell.config, &data_); });
    }
  }

  void run_warm_up(const WarmUp& warm_up) {
    const auto start = Clock::now();
    if (!has_begun(warm_up.config)) run::prepare_run_directory(warm_up.config, false);
    run_to(warm_up.config, run::Phase::select, name_of(warm_up));
    const std::lock_guard lock(mutex_);
    const double seconds = finished(work_of(warm_up), start);
    if (options_.events == nullptr) return;
    options_.events->on_warm_up(warm_up, {.number = ++warm_ups_done_,
                                          .total = missing_warm_ups_.size(),
                                          .seconds = seconds,
                                          .seconds_left = left_.seconds() / jobs_});
  }

  void run_cell(const Cell& cell) {
    const auto start = Clock::now();
    if (!has_begun(cell.config)) {
      if (cell.warm_up) {
        start_from_warm_up(grid_.warm_ups[*cell.warm_up], cell.config);
      } else {
        run::prepare_run_directory(cell.config, false);
      }
    }
    run_to(cell.config, run::Phase::done, name_of(cell));
    const CellResult result = read_cell_result(cell);
    const std::lock_guard lock(mutex_);
    const double seconds = finished(work_of(cell), start);
    ++done_;
    if (options_.events == nullptr) return;
    options_.events->on_cell(result, {.number = done_,
                                      .total = grid_.cells.size(),
                                      .seconds = seconds,
                                      .seconds_left = left_.seconds() / jobs_});
  }

  // Continues under the present threads: those that the run began with are a last bit's matter.
  void run_to(const config::ResolvedConfig& wanted, run::Phase goal, const std::string& what) {
    // A run's own copy of its network counts once there is one.
    config::Config config = *run::open_run_directory(wanted->run.directory);
    config.run.threads = wanted->run.threads;
    naming_errors(what, [&] {
      (void)run::run_pipeline(config::resolve(config), {.goal = goal,
                                                        .stop = options_.stop,
                                                        .events = &notices_,
                                                        .data = &data_,
                                                        .runs_commands = options_.runs_commands});
    });
  }

  double finished(double work, Clock::time_point start) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    left_.finish(work, seconds);
    return seconds;
  }

  const Comparison& comparison_;
  fs::path directory_;
  const ComparisonOptions& options_;
  std::uint32_t jobs_;
  run::SharedData data_;
  Grid grid_;
  Notices notices_;
  std::vector<std::size_t> missing_warm_ups_;
  std::vector<std::size_t> missing_cells_;
  std::mutex mutex_;
  WorkLeft left_;
  std::size_t done_ = 0;
  std::size_t warm_ups_done_ = 0;
};

void run_or_say_that_it_can_continue(Runner& runner) {
  try {
    runner.run();
  } catch (const core::Error& error) {
    if (error.kind() != core::ErrorKind::interrupted) throw;
    throw core::Error(error.kind(), "stopped; the comparison can be continued",
                      {core::ErrorReason::comparison_resumable});
  }
}

}  // namespace

ComparisonOutcome run_comparison(const Comparison& comparison, const fs::path& directory,
                                 const ComparisonOptions& options) {
  require_own_directory(directory);
  core::create_directories(directory / kCellsDirectory);
  const core::DirectoryLock lock(directory);
  core::write_file_atomically(directory / kSourceFile, options.source);
  Runner runner(comparison, fs::absolute(directory).lexically_normal(), options);
  run_or_say_that_it_can_continue(runner);
  ComparisonOutcome outcome{.cells = runner.results()};
  outcome.summary = summarise(outcome.cells);
  outcome.verdict = verdict_lines(outcome.summary);
  outcome.json = comparison_json(outcome.cells, outcome.summary, comparison.match, outcome.verdict);
  core::write_file_atomically(directory / "comparison.csv", cells_csv(outcome.cells));
  core::write_file_atomically(directory / "comparison.json", outcome.json);
  core::write_file_atomically(directory / "report.html",
                              report_html({.title = fs::path(comparison.file).filename().string(),
                                           .command = options.command,
                                           .toml = options.source,
                                           .summary = outcome.summary,
                                           .verdict = outcome.verdict,
                                           .json = outcome.json,
                                           .match = comparison.match}));
  return outcome;
}

}  // namespace edgeprune::compare
