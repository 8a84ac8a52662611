#pragma once
// What the commands that run something have in common: where the configuration comes from, where
// the run goes, and how results are shown.

#include "edgeprune/compare/controls.h"
#include "edgeprune/config/config.h"
#include "edgeprune/run/pipeline.h"

#include <CLI/CLI.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace edgeprune::cli {

struct RunOptions {
  std::string config_path;
  std::vector<std::string> overrides;
  std::string run_directory;
  std::vector<std::string> controls;
  bool force = false;
  bool json = false;
  bool quiet = false;
  bool no_commands = false;
};

/// The configuration's path, the command's positional argument.
CLI::Option* add_config_argument(CLI::App& command, std::string& path,
                                 const std::string& description);
/// Of an option that names a file or directory: it must not be empty.
[[nodiscard]] CLI::Validator is_path();
/// As CLI::NonNegativeNumber, which takes a NaN and inf for one and tells its range in 309 digits.
[[nodiscard]] CLI::Validator is_not_negative();
/// As CLI::Range, which takes a NaN for a number in it.
[[nodiscard]] CLI::Validator is_in_range(double least, double most);
/// --set, one field each time.
void add_set_option(CLI::App& command, std::vector<std::string>& overrides,
                    const std::string& description);
/// Both, for commands that can do without.
void add_configuration_options(CLI::App& command, RunOptions& options);
/// CONFIG, --set, --run-dir, --force, --no-commands, and the output options.
void add_new_run_options(CLI::App& command, RunOptions& options);
/// --no-commands, of whatever may run energy.command.
void add_no_commands_option(CLI::App& command, RunOptions& options);
/// --json and --quiet.
void add_output_options(CLI::App& command, RunOptions& options);

/// The configuration from file, overrides and options.
[[nodiscard]] config::ResolvedConfig load_config(const RunOptions& options);

/// Makes the run's directory ready for a new run; with `force` it replaces a run that is there,
/// once the controls are known, --no-commands has nothing to refuse and prepare_run_directory has
/// tried the new one.
[[nodiscard]] run::RunDirectory begin_run(const config::ResolvedConfig& config,
                                          const RunOptions& options,
                                          run::Phase goal = run::Phase::done);

/// Set by Ctrl-C and SIGTERM once watch_signals() was called; a second signal ends the process.
[[nodiscard]] const std::atomic<bool>& stop_flag();
void watch_signals();

/// Runs with progress on standard error, the controls included.
[[nodiscard]] std::vector<compare::ControlsRow> run_watched(const run::RunDirectory& run,
                                                            const RunOptions& options,
                                                            std::optional<run::Phase> goal);

/// Prints the result on standard output: a table, or JSON with --json.
void show_results(const config::ResolvedConfig& config, const RunOptions& options,
                  const std::vector<compare::ControlsRow>& rows);

}  // namespace edgeprune::cli
