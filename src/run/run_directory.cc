#include "edgeprune/run/run_directory.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/core/version.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/select/strategy.h"

#include "begun_record.h"
#include "run_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
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

[[noreturn]] void reject_missing(const fs::path& directory) {
  reject(directory, "not a run directory (it has no config.toml); check the path");
}

core::Directory open_existing(const fs::path& directory) {
  if (!fs::is_directory(directory)) reject_missing(directory);
  return directory;
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

config::Config read_config_in(const core::Directory& files,
                              const std::vector<std::string>& overrides,
                              const config::Catalogues& catalogues) {
  if (!files.contains(kConfigFile)) reject_missing(files.path());
  const core::FilePlace file = files / kConfigFile;
  const std::string toml = core::read_file(file);
  require_todays_names(files.path(), toml);
  config::Config config = config::parse_config(toml, file.text(), overrides);
  config.run.directory = files.path().string();
  config.catalogues = catalogues;
  return config;
}

// Locked, and without what killed processes left.
core::Directory lock_existing(const fs::path& directory) {
  if (!open_existing(directory).contains(kConfigFile)) reject_missing(directory);
  core::Directory files = core::Directory::locked(directory);
  require_begun(files);
  files.remove_temporaries();
  return files;
}

// A run of an earlier version has no run.json; it has a checkpoint, or it cost nothing.
void require_own_config(const core::Directory& files) {
  const std::string toml = core::read_file(files / kConfigFile);
  const std::optional<BegunRecord> begun = read_begun(files);
  const bool is_earlier = (!begun || begun->config_hashes.empty()) &&
                          toml.starts_with(kWrittenBy) && load_checkpoint(files);
  if (is_earlier || (begun && begun->names(kConfigFile, toml))) return;
  reject(
      files.path(),
      "its config.toml is not as a run wrote it, so it is not replaced; make this change by hand "
      "there, or undo what was edited");
}

// Until the new file is there, the old one counts too.
void replace_config(const core::Directory& files, const config::ResolvedConfig& config) {
  const std::string toml = run_config_text(config);
  if (std::optional<BegunRecord> begun = read_begun(files)) {
    begun->config_hashes = {core::content_hash(toml),
                            core::content_hash(core::read_file(files / kConfigFile))};
    write_begun(files, *begun);
  }
  core::write_file_atomically(files / kConfigFile, toml);
}

bool has_warmed_up(const RunState& state) {
  return state.warmup_iterations > 0 || (state.phase == Phase::score && state.step > 0);
}

}  // namespace

std::string run_config_text(const config::ResolvedConfig& config) {
  return fmt::format("{}{}\n\n{}", kWrittenBy, core::version(), config::to_toml(*config));
}

config::ResolvedConfig read_run_config(const fs::path& directory,
                                       const config::Catalogues& catalogues) {
  return run_config_in(open_existing(directory), catalogues);
}

config::ResolvedConfig run_config_in(const core::Directory& files,
                                     const config::Catalogues& catalogues) {
  return config::resolve(read_config_in(files, {}, catalogues));
}

RunDirectory open_run_directory(const fs::path& directory, const config::Catalogues& catalogues) {
  const core::Directory files = lock_existing(directory);
  return {files, run_config_in(files, catalogues)};
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

RunDirectory change_limits(const fs::path& directory, const std::vector<std::string>& overrides,
                           const config::Catalogues& catalogues) {
  require_changeable(overrides, may_always_change, "begun");
  const core::Directory files = lock_existing(directory);
  const config::ResolvedConfig config =
      config::resolve(read_config_in(files, overrides, catalogues));
  require_own_config(files);
  replace_config(files, config);
  return {files, config};
}

RunDirectory change_selection(const fs::path& directory, const std::vector<std::string>& overrides,
                              const config::Catalogues& catalogues) {
  require_changeable(overrides, may_change_until_selected, "been scored");
  const core::Directory files = lock_existing(directory);
  const auto checkpoint = load_checkpoint(files);
  if (!overrides.empty() && checkpoint && checkpoint->state.phase > Phase::select) {
    reject(directory, "its selection is already made; start another run",
           core::ErrorReason::new_run_needed);
  }
  const config::ResolvedConfig begun = run_config_in(files, catalogues);
  if (overrides.empty()) return {files, begun};
  const config::ResolvedConfig config =
      config::resolve(read_config_in(files, overrides, catalogues));
  if (checkpoint) {
    require_resumable(checkpoint->state, *config);
    if (has_warmed_up(checkpoint->state)) require_columns(*config, begun->score.columns);
    // Refused here, before config.toml changes, rather than by the plan.
    (void)config->prune.keep_ratio.num_kept(checkpoint->state.num_samples);
  }
  require_own_config(files);
  replace_config(files, config);
  return {files, config};
}

}  // namespace edgeprune::run
