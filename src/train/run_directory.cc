#include "edgeprune/train/run_directory.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/train/checkpoint.h"

#include <fmt/format.h>

#include <system_error>

namespace edgeprune::train {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void reject(const fs::path& directory, std::string_view what) {
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: {}", directory.string(), what));
}

// config.toml goes last: whatever is left by a kill in between still shows whose it is.
void remove_old_run(const fs::path& directory) {
  if (!fs::exists(directory / kConfigFile)) {
    reject(directory,
           "not a run directory (it has no config.toml), so --force leaves it alone; "
           "choose another --run-dir");
  }
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename() != kConfigFile && !code) fs::remove_all(entry.path(), code);
  }
  if (!code) fs::remove(directory / kConfigFile, code);
  if (code) reject(directory, fmt::format("cannot be removed: {}", code.message()));
}

// Nothing, or what a run leaves that was killed while it wrote its very first file.
bool is_unused(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename() != std::string(kConfigFile) + ".tmp") return false;
  }
  return true;
}

Config read_run_config(const fs::path& directory, const std::vector<std::string>& overrides) {
  if (!fs::exists(directory / kConfigFile)) {
    reject(directory, "not a run directory (it has no config.toml); check the path");
  }
  Config config = read_config(directory / kConfigFile, overrides);
  config.run.directory = directory.string();
  return config;
}

}  // namespace

void prepare_run_directory(const Config& config, bool force) {
  if (config.run.directory.empty()) {
    throw core::Error(core::ErrorKind::config,
                      "run.directory is empty; say where the run goes with --run-dir DIR");
  }
  const fs::path directory = config.run.directory;
  if (fs::exists(directory) && !fs::is_directory(directory)) {
    reject(directory, "exists and is not a directory; choose another --run-dir");
  }
  if (fs::exists(directory) && !is_unused(directory)) {
    if (!force) {
      reject(directory,
             "already exists; continue it with `edgeprune resume`, replace it with "
             "--force, or choose another --run-dir");
    }
    remove_old_run(directory);
  }
  core::create_directories(directory);
  core::write_file_atomically(directory / kConfigFile, to_toml(config));
}

Config open_run_directory(const fs::path& directory) {
  return read_run_config(directory, {});
}

Config change_selection(const fs::path& directory, const std::vector<std::string>& overrides) {
  for (const std::string& assignment : overrides) {
    if (assignment.starts_with("prune.")) continue;
    throw core::Error(core::ErrorKind::config,
                      fmt::format("--set {}: only prune.* may change once a run has begun; start "
                                  "another run with --run-dir",
                                  assignment));
  }
  const auto checkpoint = load_checkpoint(directory);
  if (!overrides.empty() && checkpoint && checkpoint->state.phase > Phase::select) {
    reject(directory, "its selection is already made; start another run with --run-dir");
  }
  const Config config = read_run_config(directory, overrides);
  core::write_file_atomically(directory / kConfigFile, to_toml(config));
  return config;
}

}  // namespace edgeprune::train
