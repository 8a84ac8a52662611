#include "edgeprune/run/run_directory.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/thread_pool.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/checkpoint.h"
#include "edgeprune/run/planned_run.h"
#include "edgeprune/select/strategy.h"

#include "run_scores.h"
#include "strategy_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace edgeprune::run {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void reject(const fs::path& directory, std::string_view what) {
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: {}", directory.string(), what));
}

// What a run writes, and nothing else: --force removes no file that it does not know.
bool is_run_file(std::string name) {
  static constexpr std::string_view kNames[] = {
      kConfigFile,         kNetworkFile,   kPlanFile,           kScoresFile,
      kScoresManifestFile, kSelectionFile, kMetricsFile,        kDecisionsFile,
      kModelFile,          kSummaryFile,   "selection.json",    "controls.json",
      "controls",          "report.html",  kCheckpointFiles[0], kCheckpointFiles[1]};
  if (name.ends_with(".tmp")) name.resize(name.size() - 4);
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

[[noreturn]] void reject_foreign(const fs::directory_entry& entry) {
  reject(entry.path().parent_path(),
         fmt::format("holds '{}', which no run wrote, so --force leaves it alone; choose another "
                     "--run-dir",
                     core::printable(entry.path().filename().string())));
}

void require_run_files_only(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (!is_run_file(name)) reject_foreign(entry);
    if (name != "controls") continue;
    for (const auto& control : fs::directory_iterator(entry)) {
      if (!control.is_directory()) reject_foreign(control);
      require_run_files_only(control);
    }
  }
}

// Every field that names a file or directory of the user's own, apart from those that may be a
// name instead.
std::vector<std::pair<std::string_view, std::string*>> given_paths(config::Config& config) {
  config::Config::Data& data = config.data;
  return {{"data.path", &data.path},
          {"data.test_path", &data.test_path},
          {"data.images", &data.images},
          {"data.labels", &data.labels},
          {"data.test_images", &data.test_images},
          {"data.test_labels", &data.test_labels},
          {"model.init", &config.model.init},
          {"prune.selection_file", &config.prune.selection_file},
          {"budget.file", &config.budget.file},
          {"budget.replay", &config.budget.replay},
          {"energy.file", &config.energy.file}};
}

// What the new run reads must outlive the old one.
void require_elsewhere(config::Config config) {
  const fs::path directory = fs::weakly_canonical(config.run.directory);
  for (const auto& [field, path] : given_paths(config)) {
    if (path->empty()) continue;
    const fs::path inside = fs::weakly_canonical(*path).lexically_relative(directory);
    if (inside.empty() || inside.native().starts_with("..")) continue;
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{} is {}, a file of the run that --force would remove; copy it "
                                  "elsewhere first",
                                  field, *path));
  }
}

// A run that could not even begin must not cost the one that is there.
void require_beginning(const config::Config& config) {
  require_elsewhere(config);
  config::Config trial = config;
  trial.run.directory = (fs::path(config.run.directory) / "none").string();
  (void)PlannedRun(trial).first_model();
  if (!config.device.profile.empty()) (void)cost::read_device_profile(config.device.profile);
  if (!config.budget.replay.empty()) (void)core::read_file(config.budget.replay);
}

// Checkpoints go first, so that what a kill in between leaves is not taken for a finished run, and
// config.toml last, so that it still shows whose it is.
void remove_old_run(const config::Config& config) {
  const fs::path directory = config.run.directory;
  if (!fs::exists(directory / kConfigFile)) {
    reject(directory,
           "not a run directory (it has no config.toml), so --force leaves it alone; "
           "choose another --run-dir");
  }
  require_run_files_only(directory);
  require_beginning(config);
  std::error_code code;
  for (const std::string_view checkpoint : kCheckpointFiles) {
    fs::remove(directory / checkpoint, code);
  }
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename() != kConfigFile && !code) fs::remove_all(entry.path(), code);
  }
  if (!code) fs::remove(directory / kConfigFile, code);
  if (code) reject(directory, fmt::format("cannot be removed: {}", code.message()));
}

// Empty, or what a run leaves that ended before it did anything: it was killed while it wrote its
// first file, or could not open its data.
bool is_unused(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(".tmp")) name.resize(name.size() - 4);
    if (name != kConfigFile && name != kNetworkFile) return false;
  }
  return true;
}

bool is_profile_file(const std::string& profile) {
  const std::vector<std::string> shipped = cost::shipped_profiles();
  return !profile.empty() && std::find(shipped.begin(), shipped.end(), profile) == shipped.end();
}

void require_run_directory(const fs::path& directory) {
  if (fs::exists(directory / kConfigFile)) return;
  reject(directory, "not a run directory (it has no config.toml); check the path");
}

config::Config read_run_config(const fs::path& directory,
                               const std::vector<std::string>& overrides) {
  require_run_directory(directory);
  config::Config config = config::read_config(directory / kConfigFile, overrides);
  config.run.directory = directory.string();
  return config;
}

// Linux' file names are bytes; config.toml holds text.
void require_utf8(const config::Config& config) {
  for (const config::ConfigField& field : config::config_fields()) {
    const std::string value = field.value(config);
    if (core::is_utf8(value)) continue;
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{} is {}: not UTF-8, which config.toml cannot hold; rename it",
                                  field.key, core::printable(value)));
  }
}

}  // namespace

config::Config with_absolute_paths(config::Config config) {
  for (const auto& [field, path] : given_paths(config)) {
    if (!path->empty()) *path = fs::absolute(*path).lexically_normal().string();
  }
  std::string& network = config.model.network;
  if (config::is_network_file(network)) network = fs::absolute(network).lexically_normal().string();
  std::string& profile = config.device.profile;
  if (is_profile_file(profile)) profile = fs::absolute(profile).lexically_normal().string();
  return config;
}

config::Config with_resolved_threads(config::Config config) {
  if (config.run.threads == 0) {
    config.run.threads = static_cast<std::uint32_t>(core::available_threads());
  }
  return config;
}

void prepare_run_directory(const config::Config& config, bool force) {
  require_utf8(config);
  if (config.run.directory.empty()) {
    throw core::Error(core::ErrorKind::config,
                      "run.directory is empty; say where the run goes with --run-dir DIR");
  }
  const fs::path directory = config.run.directory;
  const bool has_network_file = config::is_network_file(config.model.network);
  // Read first: it may lie in the run that is replaced.
  const std::string network = has_network_file ? core::read_file(config.model.network) : "";
  if (fs::exists(directory) && !fs::is_directory(directory)) {
    reject(directory, "exists and is not a directory; choose another --run-dir");
  }
  core::create_directories(directory);
  const core::DirectoryLock lock(directory);
  if (!is_unused(directory)) {
    if (!force) {
      reject(directory,
             "already exists; continue it with `edgeprune resume`, replace it with "
             "--force, or choose another --run-dir");
    }
    remove_old_run(config);
  }
  // Before config.toml, which makes it a run directory.
  if (has_network_file) {
    core::write_file_atomically(directory / kNetworkFile, network);
  } else {
    fs::remove(directory / kNetworkFile);
  }
  core::write_file_atomically(
      directory / kConfigFile,
      config::to_toml(with_resolved_columns(with_resolved_threads(config))));
}

config::Config open_run_directory(const fs::path& directory) {
  return read_run_config(directory, {});
}

void require_resumable(const RunState& state, const config::Config& config) {
  const bool warmed_up =
      state.warmup_iterations > 0 || (state.phase == Phase::score && state.step > 0);
  const bool warms_up = possible_strategies(config).front()->warms_up;
  if (warmed_up && !warms_up) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("prune.strategy {} trains without a warm-up but this run has made "
                    "one; give it a run of its own with --run-dir",
                    config.prune.strategy));
  }
  if (!warmed_up && warms_up && state.phase != Phase::score) {
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("prune.strategy {} needs a warm-up but this run was begun without "
                    "one; give it a run of its own with --run-dir",
                    config.prune.strategy));
  }
  if (warmed_up) require_columns(config);
}

namespace {

// Nothing that decisions.jsonl would have to know to be replayed, such as budget.shrink.
constexpr std::string_view kChangeable[] = {
    "budget.seconds", "budget.joules", "budget.file",           "pause.*",
    "energy.*",       "limits.*",      "run.checkpoint_seconds"};

bool is_changeable(std::string_view key) {
  return std::any_of(std::begin(kChangeable), std::end(kChangeable), [&](std::string_view name) {
    return name.ends_with('*') ? key.starts_with(name.substr(0, name.size() - 1)) : key == name;
  });
}

}  // namespace

config::Config change_limits(const fs::path& directory, const std::vector<std::string>& overrides) {
  for (const std::string& assignment : overrides) {
    if (is_changeable(assignment.substr(0, assignment.find_first_of("= ")))) continue;
    throw core::Error(
        core::ErrorKind::config,
        fmt::format("--set {}: once a run has begun, only {} may change; start another run with "
                    "--run-dir",
                    core::printable(assignment), fmt::join(kChangeable, ", ")));
  }
  require_run_directory(directory);
  const core::DirectoryLock lock(directory);
  const config::Config config = with_absolute_paths(read_run_config(directory, overrides));
  core::write_file_atomically(directory / kConfigFile, config::to_toml(config));
  return config;
}

config::Config without_changeable(const config::Config& config) {
  std::string fixed;
  for (const config::ConfigField& field : config::config_fields()) {
    if (!is_changeable(field.key))
      fixed += fmt::format("{} = {}\n", field.key, field.value(config));
  }
  return config::parse_config(fixed, std::string(kConfigFile));
}

config::Config change_selection(const fs::path& directory,
                                const std::vector<std::string>& overrides) {
  for (const std::string& assignment : overrides) {
    if (assignment.starts_with("prune.")) continue;
    throw core::Error(core::ErrorKind::config,
                      fmt::format("--set {}: only prune.* may change once a run has begun; start "
                                  "another run with --run-dir",
                                  assignment));
  }
  require_run_directory(directory);
  const core::DirectoryLock lock(directory);
  const auto checkpoint = load_checkpoint(directory);
  if (!overrides.empty() && checkpoint && checkpoint->state.phase > Phase::select) {
    reject(directory, "its selection is already made; start another run with --run-dir");
  }
  const config::Config config = read_run_config(directory, overrides);
  if (checkpoint) {
    require_resumable(checkpoint->state, config);
    // Refused here, before config.toml changes, rather than by the plan.
    (void)config.prune.keep_ratio.num_kept(checkpoint->state.num_samples);
  }
  core::write_file_atomically(directory / kConfigFile, config::to_toml(config));
  return config;
}

}  // namespace edgeprune::run
