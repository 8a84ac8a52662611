#include "begun_record.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/version.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace edgeprune::run {
namespace {

using nlohmann::ordered_json;

// Ours is much shorter.
constexpr std::size_t kMaxBytes = 4096;

constexpr std::array kPhases = {Phase::score, Phase::select, Phase::train, Phase::done};

std::optional<Phase> phase_named(std::string_view name) {
  const auto found = std::ranges::find(kPhases, name, [](Phase phase) { return name_of(phase); });
  return found == kPhases.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

bool BegunRecord::names(std::string_view file, std::string_view content) const {
  const std::string hash = core::content_hash(content);
  if (file == kNetworkFile) return hash == network_hash;
  return file == kConfigFile && std::ranges::find(config_hashes, hash) != config_hashes.end();
}

std::optional<BegunRecord> read_begun(const core::Directory& files) {
  if (!files.contains(kRunFile)) return {};
  try {
    return core::read_json<ordered_json>(
        core::read_file(files / kRunFile),
        {.name = std::string(kRunFile),
         .what = "not the record of a run",
         .fix = "begin again",
         .limits = {.bytes = kMaxBytes}},
        [](const ordered_json& json) -> std::optional<BegunRecord> {
          const std::optional<Phase> goal = phase_named(json.at("goal").get<std::string>());
          if (!goal) return {};
          return BegunRecord{.goal = *goal,
                             .config_hashes = json.at("config_hashes"),
                             .network_hash = json.at("network_hash")};
        });
  } catch (const core::Error&) {
    return {};
  }
}

void require_begun(const core::Directory& files) {
  const auto is_there = [&](std::string_view name) { return files.contains(name); };
  if (read_begun(files) || std::ranges::any_of(kCheckpointFiles, is_there)) return;
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: its config.toml is not replaced or gone on with: no run was "
                                "begun there (it has no run.json); begin one in another directory",
                                files.path().string()),
                    {core::ErrorReason::run_directory_taken, files.path().string()});
}

void write_begun(const core::Directory& files, const BegunRecord& record) {
  const ordered_json json = {{"version", core::version()},
                             {"goal", name_of(record.goal)},
                             {"config_hashes", record.config_hashes},
                             {"network_hash", record.network_hash}};
  core::write_file_atomically(files / kRunFile, core::json_text(json, kRunFile, 2) + "\n");
}

}  // namespace edgeprune::run
