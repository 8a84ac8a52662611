#include "edgeprune/plan/pilot.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/plan/accuracy_curve.h"
#include "edgeprune/run/new_run.h"
#include "edgeprune/run/pipeline.h"
#include "edgeprune/run/run_directory.h"

#include <fmt/format.h>

#include <algorithm>

namespace edgeprune::plan {
namespace {

namespace fs = std::filesystem;

config::ResolvedConfig pilot_run(const config::ResolvedConfig& config, const PilotOptions& options,
                                 const core::KeepRatio& keep_ratio) {
  config::Config run = *config;
  run.budget = {};
  run.run.controls.clear();
  run.prune.keep_ratio = keep_ratio;
  run.train.epochs = options.epochs > 0 ? options.epochs : std::max(1u, config->train.epochs / 3);
  run.train.evaluate_every_epochs = 0;
  run.run.directory.clear();
  const std::string hash = core::content_hash(config::to_toml(run)).substr(0, 12);
  run.run.directory =
      (fs::absolute(options.directory) / fmt::format("keep-{}-{}", keep_ratio.as_written(), hash))
          .lexically_normal()
          .string();
  return config::resolve(std::move(run));
}

run::RunResult run_one(const config::ResolvedConfig& config, const PilotOptions& options) {
  core::create_directories(config->run.directory);
  const core::Directory files = core::Directory::locked(config->run.directory);
  return run::run_pipeline(run::begin_or_continue(files, config, run::Phase::done),
                           {.goal = run::Phase::done,
                            .stop = options.stop,
                            .events = options.events,
                            .runs_commands = options.runs_commands});
}

}  // namespace

std::vector<config::ResolvedConfig> pilot_runs(const config::ResolvedConfig& config,
                                               const PilotOptions& options) {
  std::vector<config::ResolvedConfig> runs;
  for (const core::KeepRatio& keep_ratio : options.keep_ratios) {
    runs.push_back(pilot_run(config, options, keep_ratio));
  }
  return runs;
}

PilotResult run_pilot(const config::ResolvedConfig& config, const PilotOptions& options) {
  std::vector<CurveRun> points;
  PilotResult result;
  for (const config::ResolvedConfig& run : pilot_runs(config, options)) {
    const run::RunResult made = run_one(run, options);
    if (made.test_accuracy < 0) {
      throw core::Error(core::ErrorKind::data,
                        "the data have no test set, so a pilot has nothing to measure; name one in "
                        "the section data (docs/configuration.md)");
    }
    points.push_back({run->prune.keep_ratio.value(), made.test_accuracy});
    result.seconds += made.spent.total_seconds();
  }
  result.curve = curve_of(points);
  return result;
}

}  // namespace edgeprune::plan
