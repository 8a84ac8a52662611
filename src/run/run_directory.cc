#include "edgeprune/run/run_directory.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/core/version.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/select/strategy.h"

#include "run_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace edgeprune::run {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void reject(const fs::path& directory, std::string_view what,
                         core::ErrorReason reason = core::ErrorReason::none) {
  throw core::Error(core::ErrorKind::run_directory, fmt::format("{}: {}", directory.string(), what),
                    {reason, directory.string()});
}

void require_run_directory(const fs::path& directory) {
  if (fs::exists(directory / kConfigFile)) return;
  reject(directory, "not a run directory (it has no config.toml); check the path");
}

// As config.toml begins.
constexpr std::string_view kWrittenBy = "# written by edgeprune ";

std::string writer_of(std::string_view toml) {
  if (!toml.starts_with(kWrittenBy)) return "an earlier version of edgeprune";
  const std::string_view version = toml.substr(kWrittenBy.size());
  return core::printable(fmt::format("edgeprune {}", version.substr(0, version.find('\n'))));
}

// A run is never rewritten into another version's words.
void require_todays_names(const fs::path& directory, std::string_view toml) {
  const std::string renamed = config::find_renamed(toml);
  if (renamed.empty()) return;
  reject(directory, fmt::format("written by {} ({}); finish it with that version, or start another "
                                "run",
                                writer_of(toml), renamed));
}

config::Config read_run_config(const fs::path& directory, const std::vector<std::string>& overrides,
                               const config::Catalogues& catalogues) {
  require_run_directory(directory);
  const fs::path file = directory / kConfigFile;
  const std::string toml = core::read_file(file);
  require_todays_names(directory, toml);
  config::Config config = config::parse_config(toml, file.string(), overrides);
  config.run.directory = directory.string();
  config.catalogues = catalogues;
  return config;
}

bool has_warmed_up(const RunState& state) {
  return state.warmup_iterations > 0 || (state.phase == Phase::score && state.step > 0);
}

}  // namespace

void write_run_config(const fs::path& directory, const config::ResolvedConfig& config) {
  core::write_file_atomically(
      directory / kConfigFile,
      fmt::format("{}{}\n\n{}", kWrittenBy, core::version(), config::to_toml(*config)));
}

config::ResolvedConfig open_run_directory(const fs::path& directory,
                                          const config::Catalogues& catalogues) {
  return config::resolve(read_run_config(directory, {}, catalogues));
}

void require_resumable(const RunState& state, const config::Config& config) {
  const bool warmed_up = has_warmed_up(state);
  const bool warms_up = config::possible_strategies(config).front()->warms_up;
  if (warmed_up && !warms_up) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("prune.strategy {} trains without a warm-up but this run has made "
                    "one; give it a run of its own",
                    config.prune.strategy),
        {core::ErrorReason::new_run_needed});
  }
  if (!warmed_up && warms_up && state.phase != Phase::score) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("prune.strategy {} needs a warm-up but this run was begun without "
                    "one; give it a run of its own",
                    config.prune.strategy),
        {core::ErrorReason::new_run_needed});
  }
}

namespace {

// What the overrides set may change by now, or else an Error that lists what may.
void require_changeable(const std::vector<std::string>& overrides, config::FieldQuery may_change,
                        std::string_view moment) {
  for (const std::string& assignment : overrides) {
    const config::ConfigField* field = config::find_field(config::key_of(assignment));
    // What is no field at all, the reader says better.
    if (field == nullptr || may_change(*field)) continue;
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("{}: once a run has {}, only {} may change; start another run",
                    core::printable(assignment), moment, config::list_fields(may_change)),
        {core::ErrorReason::new_run_needed});
  }
}

bool may_always_change(const config::ConfigField& field) {
  return field.may_change == config::MayChange::always;
}

bool may_change_until_selected(const config::ConfigField& field) {
  return field.may_change != config::MayChange::never;
}

}  // namespace

config::ResolvedConfig change_limits(const fs::path& directory,
                                     const std::vector<std::string>& overrides,
                                     const config::Catalogues& catalogues) {
  require_changeable(overrides, may_always_change, "begun");
  require_run_directory(directory);
  const core::DirectoryLock lock(directory);
  const config::ResolvedConfig config =
      config::resolve(read_run_config(directory, overrides, catalogues));
  write_run_config(directory, config);
  return config;
}

config::ResolvedConfig change_selection(const fs::path& directory,
                                        const std::vector<std::string>& overrides,
                                        const config::Catalogues& catalogues) {
  require_changeable(overrides, may_change_until_selected, "been scored");
  require_run_directory(directory);
  const core::DirectoryLock lock(directory);
  const auto checkpoint = load_checkpoint(directory);
  if (!overrides.empty() && checkpoint && checkpoint->state.phase > Phase::select) {
    reject(directory, "its selection is already made; start another run",
           core::ErrorReason::new_run_needed);
  }
  const config::ResolvedConfig begun = open_run_directory(directory, catalogues);
  const config::ResolvedConfig config =
      config::resolve(read_run_config(directory, overrides, catalogues));
  if (checkpoint) {
    require_resumable(checkpoint->state, *config);
    if (has_warmed_up(checkpoint->state)) require_columns(*config, begun->score.columns);
    // Refused here, before config.toml changes, rather than by the plan.
    (void)config->prune.keep_ratio.num_kept(checkpoint->state.num_samples);
  }
  write_run_config(directory, config);
  return config;
}

}  // namespace edgeprune::run
