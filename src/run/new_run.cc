#include "edgeprune/run/new_run.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/planned_run.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace edgeprune::run {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void reject_directory(const fs::path& directory, std::string_view what,
                                   core::ErrorReason reason = core::ErrorReason::none) {
  throw core::Error(core::ErrorKind::run_directory, fmt::format("{}: {}", directory.string(), what),
                    {reason, directory.string()});
}

// What a run writes, and nothing else: no file that is not known is removed.
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
  reject_directory(entry.path().parent_path(),
                   fmt::format("holds '{}', which no run wrote, so it is not replaced",
                               core::printable(entry.path().filename().string())),
                   core::ErrorReason::run_directory_taken);
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

// What the new run reads must outlive the old one.
void require_elsewhere(const config::Config& config) {
  const fs::path directory = fs::weakly_canonical(config.run.directory);
  for (const auto& [field, path] : config::given_paths(config)) {
    if (path.empty()) continue;
    const fs::path inside = fs::weakly_canonical(path).lexically_relative(directory);
    if (inside.empty() || inside.native().starts_with("..")) continue;
    throw core::Error(core::ErrorKind::config,
                      fmt::format("{} is {}, a file of the run that is to be replaced; copy it "
                                  "elsewhere first",
                                  field, path));
  }
}

// A run that could not even begin must not cost the one that is there.
void require_beginning(const config::ResolvedConfig& config, const RunInputs* inputs) {
  require_elsewhere(*config);
  config::Config trial = *config;
  trial.run.directory = (fs::path(config->run.directory) / "none").string();
  (void)PlannedRun(config::resolve(trial), nullptr, inputs).first_model();
  if (!config->device.profile.empty()) (void)cost::read_device_profile(config->device.profile);
  if (!config->budget.replay.empty()) (void)core::read_file(config->budget.replay);
}

// Checkpoints go first, so that what a kill in between leaves is not taken for a finished run, and
// config.toml last, so that it still shows whose it is.
void remove_old_run(const config::ResolvedConfig& config, const RunInputs* inputs) {
  const fs::path directory = config->run.directory;
  if (!fs::exists(directory / kConfigFile)) {
    reject_directory(directory,
                     "not a run directory (it has no config.toml), so it is not replaced",
                     core::ErrorReason::run_directory_taken);
  }
  require_run_files_only(directory);
  require_beginning(config, inputs);
  std::error_code code;
  for (const std::string_view checkpoint : kCheckpointFiles) {
    fs::remove(directory / checkpoint, code);
  }
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename() != kConfigFile && !code) fs::remove_all(entry.path(), code);
  }
  if (!code) fs::remove(directory / kConfigFile, code);
  if (code) reject_directory(directory, fmt::format("cannot be removed: {}", code.message()));
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

void prepare_run_directory(const config::ResolvedConfig& config, bool force,
                           const RunInputs* inputs) {
  require_utf8(*config);
  if (config->run.directory.empty()) {
    throw core::Error(core::ErrorKind::config,
                      "run.directory is empty; it must name where the run is written",
                      {core::ErrorReason::run_directory_needed});
  }
  (void)data_in_memory(*config, inputs);  // refused before anything is written
  const fs::path directory = config->run.directory;
  const bool has_network_file = config::is_network_file(config->model.network);
  // Read first: it may lie in the run that is replaced.
  const std::string network = has_network_file ? core::read_file(config->model.network) : "";
  if (fs::exists(directory) && !fs::is_directory(directory)) {
    reject_directory(directory, "exists and is not a directory",
                     core::ErrorReason::run_directory_taken);
  }
  core::create_directories(directory);
  const core::DirectoryLock lock(directory);
  if (!is_unused(directory)) {
    if (!force) {
      reject_directory(directory, "already exists; a new run needs a new or an empty directory",
                       core::ErrorReason::run_exists);
    }
    remove_old_run(config, inputs);
  }
  // Before config.toml, which makes it a run directory.
  if (has_network_file) {
    core::write_file_atomically(directory / kNetworkFile, network);
  } else {
    fs::remove(directory / kNetworkFile);
  }
  write_run_config(directory, config);
}

}  // namespace edgeprune::run
