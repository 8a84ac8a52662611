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

#include "own_files.h"
#include "work_left.h"
#include "workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <system_error>

namespace edgeprune::compare {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

[[noreturn]] void reject_file_there(const fs::path& directory) {
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: exists and is not a directory", directory.string()),
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
  Runner(const Comparison& comparison, const core::Directory& files,
         const ComparisonOptions& options)
      : comparison_(comparison),
        files_(files),
        options_(options),
        jobs_(std::max(1u, options.jobs)),
        grid_(make_grid(
            comparison, files.path(), threads_per_job(),
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
    if (cell.warm_up && !has_begun(cell.config)) {
      start_from_warm_up(grid_.warm_ups[*cell.warm_up], cell.config);
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

  // Where the run lies in the comparison's directory, wherever that is by now.
  [[nodiscard]] core::Directory parent_of(const config::ResolvedConfig& run) const {
    return files_.subdirectory(fs::path(run->run.directory).parent_path().filename().string());
  }
  [[nodiscard]] core::Directory directory_of(const config::ResolvedConfig& run) const {
    return parent_of(run).subdirectory(fs::path(run->run.directory).filename().string());
  }

  // All files of the warm-up under the cell's configuration.
  void start_from_warm_up(const WarmUp& warm_up, const config::ResolvedConfig& cell) const {
    const fs::path path = cell->run.directory;
    if (fs::exists(path) && !fs::is_empty(path)) {
      throw core::Error(core::ErrorKind::run_directory,
                        fmt::format("{}: not a run directory (it has no config.toml); remove it "
                                    "and compare again",
                                    path.string()));
    }
    core::write_directory_atomically(parent_of(cell), path.filename().string(),
                                     [&](const core::Directory& partial) {
                                       run::copy_run(directory_of(warm_up.config), partial, cell);
                                     });
  }

  // Continues under the present threads: those that the run began with are a last bit's matter.
  void run_to(const config::ResolvedConfig& wanted, run::Phase goal, const std::string& what) {
    files_.require_in_place();
    const core::Directory files = directory_of(wanted);
    (void)run::begin_or_continue(files, wanted, goal);
    // A run's own copy of its network counts once there is one.
    config::Config config = *run::run_config_in(files);
    config.run.threads = wanted->run.threads;
    naming_errors(what, [&] {
      (void)run::run_pipeline(run::RunDirectory{files, config::resolve(config)},
                              {.goal = goal,
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
  core::Directory files_;
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
  if (fs::exists(directory) && !fs::is_directory(directory)) reject_file_there(directory);
  core::create_directories(directory);
  const core::Directory files = core::Directory::locked(fs::absolute(directory).lexically_normal());
  OwnFiles own_files(files);
  own_files.write("comparison.toml", options.source);
  (void)files.subdirectory("cells");
  Runner runner(comparison, files, options);
  run_or_say_that_it_can_continue(runner);
  ComparisonOutcome outcome{.cells = runner.results()};
  outcome.summary = summarise(outcome.cells);
  outcome.verdict = verdict_lines(outcome.summary);
  outcome.json = comparison_json(outcome.cells, outcome.summary, comparison.match, outcome.verdict);
  own_files.write("comparison.csv", cells_csv(outcome.cells));
  own_files.write("comparison.json", outcome.json);
  own_files.write("report.html",
                  report_html({.title = fs::path(comparison.file).filename().string(),
                               .command = options.command,
                               .toml = options.source,
                               .summary = outcome.summary,
                               .verdict = outcome.verdict,
                               .json = outcome.json,
                               .match = comparison.match}));
  files.require_in_place();
  return outcome;
}

}  // namespace edgeprune::compare
