#include "edgeprune/run/new_run.h"

#include "edgeprune/config/network_file.h"
#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/toml_string.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/run/planned_run.h"
#include "edgeprune/run/run_files.h"

#include "begun_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace edgeprune::run {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void reject_directory(const fs::path& directory, std::string_view what,
                                   core::ErrorReason reason = core::ErrorReason::none) {
  throw core::Error(core::ErrorKind::run_directory, fmt::format("{}: {}", directory.string(), what),
                    {reason, directory.string()});
}

// What a run writes, and nothing else: no file that is not known is removed.
bool is_run_file(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      kRunFile,     kConfigFile,         kNetworkFile,        kPlanFile,
      kScoresFile,  kScoresManifestFile, kSelectionFile,      kSelectionManifestFile,
      kKeptFile,    kMetricsFile,        kDecisionsFile,      kModelFile,
      kSummaryFile, kControlsFile,       kCheckpointFiles[0], kCheckpointFiles[1]};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

// The first entry that no run wrote, with the path inside the directory; empty where all are a
// run's.
std::string foreign_in(const core::Directory& files) {
  const std::optional<BegunRecord> begun = read_begun(files);
  const auto is_own = [&](const core::Directory::Entry& entry) {
    if (entry.type != fs::file_type::regular) return false;
    if (core::is_temporary_name(entry.name)) return true;
    if (!is_run_file(entry.name)) return false;
    if (entry.name == kRunFile) return begun.has_value();
    if (entry.name != kConfigFile && entry.name != kNetworkFile) return true;
    return begun && begun->names(entry.name, core::read_file(files / entry.name));
  };
  for (const core::Directory::Entry& entry : files.entries()) {
    if (entry.name == kControlsDirectory && entry.type == fs::file_type::directory) {
      const core::Directory controls = files.subdirectory(entry.name);
      for (const core::Directory::Entry& control : controls.entries()) {
        std::string foreign;
        if (control.type == fs::file_type::directory) {
          foreign = foreign_in(controls.subdirectory(control.name));
          if (foreign.empty()) continue;
          foreign = "/" + foreign;
        }
        return fmt::format("{}/{}{}", entry.name, control.name, foreign);
      }
    } else if (!is_own(entry)) {
      return entry.name;
    }
  }
  return {};
}

void require_run_files_only(const core::Directory& files) {
  const std::string foreign = foreign_in(files);
  if (foreign.empty()) return;
  reject_directory(files.path(),
                   fmt::format("holds '{}', which no run wrote or which was edited since, so it is "
                               "not replaced",
                               core::printable(foreign)),
                   core::ErrorReason::run_directory_taken);
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
// last what shows whose it is.
void remove_old_run(const core::Directory& files, const config::ResolvedConfig& config,
                    const RunInputs* inputs) {
  if (!files.contains(kConfigFile)) {
    reject_directory(files.path(),
                     "not a run directory (it has no config.toml), so it is not replaced",
                     core::ErrorReason::run_directory_taken);
  }
  require_run_files_only(files);
  require_beginning(config, inputs);
  for (const std::string_view checkpoint : kCheckpointFiles) files.remove(checkpoint);
  files.sync();
  for (const core::Directory::Entry& entry : files.entries()) {
    if (entry.name != kConfigFile && entry.name != kRunFile) files.remove(entry.name);
  }
  files.remove(kConfigFile);
  files.remove(kRunFile);
  files.sync();
}

// Empty, or what a run leaves that ended before it did anything: it was killed while it wrote its
// first files, or could not open its data.
bool is_unused(const core::Directory& files) {
  return std::ranges::all_of(files.entries(), [](const core::Directory::Entry& entry) {
    return entry.name == kRunFile || entry.name == kConfigFile || entry.name == kNetworkFile;
  });
}

// Nothing but what a run wrote is left behind by this, and nothing else was there.
void make_empty(const core::Directory& files, const config::ResolvedConfig& config, bool force,
                const RunInputs* inputs) {
  files.remove_temporaries();
  if (is_unused(files)) {
    require_run_files_only(files);
    for (const std::string_view name : {kConfigFile, kNetworkFile, kRunFile}) files.remove(name);
  } else if (force) {
    remove_old_run(files, config, inputs);
  } else {
    if (!files.contains(kRunFile)) require_run_files_only(files);
    reject_directory(files.path(), "already exists; a new run needs a new or an empty directory",
                     core::ErrorReason::run_exists);
  }
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

namespace {

// What a run is begun with, refused before anything is written.
void require_wanted(const config::Config& config, const RunInputs* inputs) {
  require_utf8(config);
  if (config.run.directory.empty()) {
    throw core::Error(core::ErrorKind::config,
                      "run.directory is empty; it must name where the run is written",
                      {core::ErrorReason::run_directory_needed});
  }
  (void)data_in_memory(config, inputs);
}

std::string network_text(const config::Config& config) {
  return config::is_network_file(config.model.network) ? core::read_file(config.model.network) : "";
}

// What the files are is said before they are there, and config.toml, which makes it a run
// directory, comes last.
void write_first_files(const core::Directory& files, const config::ResolvedConfig& config,
                       Phase goal, const std::string& network) {
  const std::string toml = run_config_text(config);
  write_begun(files, {.goal = goal,
                      .config_hashes = {core::content_hash(toml)},
                      .network_hash = network.empty() ? "" : core::content_hash(network)});
  if (!network.empty()) core::write_file_atomically(files / kNetworkFile, network);
  core::write_file_atomically(files / kConfigFile, toml);
}

}  // namespace

RunDirectory prepare_run_directory(const config::ResolvedConfig& config, bool force,
                                   const RunInputs* inputs, Phase goal) {
  require_wanted(*config, inputs);
  const fs::path path = config->run.directory;
  const std::string network = network_text(*config);  // it may lie in the run that is replaced
  if (fs::exists(path) && !fs::is_directory(path)) {
    reject_directory(path, "exists and is not a directory", core::ErrorReason::run_directory_taken);
  }
  core::create_directories(path);
  const core::Directory files = core::Directory::locked(path);
  make_empty(files, config, force, inputs);
  write_first_files(files, config, goal, network);
  return {files, config};
}

RunDirectory begin_or_continue(const core::Directory& files, const config::ResolvedConfig& config,
                               Phase goal, const RunInputs* inputs) {
  files.lock();
  files.remove_temporaries();
  if (files.contains(kConfigFile)) {
    require_begun(files);
  } else {
    require_wanted(*config, inputs);
    const std::string network = network_text(*config);
    make_empty(files, config, false, inputs);
    write_first_files(files, config, goal, network);
  }
  return {files, config};
}

void copy_run(const core::Directory& from, const core::Directory& to,
              const config::ResolvedConfig& config) {
  for (const core::Directory::Entry& entry : from.entries()) {
    const bool is_own = entry.name == kRunFile || entry.name == kConfigFile;
    if (entry.type != fs::file_type::regular || !is_run_file(entry.name) || is_own) continue;
    core::copy_file_durably(from / entry.name, to / entry.name);
  }
  const bool has_network = to.contains(kNetworkFile);
  write_first_files(to, config, Phase::done, has_network ? core::read_file(to / kNetworkFile) : "");
}

}  // namespace edgeprune::run
