#include "own_files.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace edgeprune::compare {
namespace {

using core::Directory;

constexpr std::string_view kRecordFile = "comparison-files.json";
constexpr std::string_view kFiles[] = {"comparison.toml", "comparison.csv", "comparison.json",
                                       "report.html"};
constexpr std::string_view kDirectories[] = {"cells", "warm-ups"};
// Ours is shorter.
constexpr std::size_t kMaxRecordBytes = 8192;

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Comparisons of earlier versions have no record, but runs.
bool has_runs(const Directory& directory) {
  for (const std::string_view name : kDirectories) {
    if (!directory.contains(name)) continue;
    const Directory runs = directory.subdirectory(name);
    for (const Directory::Entry& entry : runs.entries()) {
      const bool is_directory = entry.type == std::filesystem::file_type::directory;
      if (is_directory && runs.subdirectory(entry.name).contains(run::kConfigFile)) return true;
    }
  }
  return false;
}

}  // namespace

OwnFiles::OwnFiles(Directory directory) : directory_(std::move(directory)) {
  directory_.remove_temporaries();
  read_record();
  for (const Directory::Entry& entry : directory_.entries()) {
    if (wrote(entry)) continue;
    throw core::Error(
        core::ErrorKind::run_directory,
        fmt::format("{}: exists and holds something other than a comparison: '{}', which no "
                    "comparison wrote or which was edited since, so it is not replaced",
                    directory_.path().string(), core::printable(entry.name)),
        {core::ErrorReason::comparison_directory_taken, directory_.path().string()});
  }
  if (!has_record_) adopt();
}

// From here on only as they are now.
void OwnFiles::adopt() {
  for (const std::string_view name : kFiles) {
    if (!directory_.contains(name)) continue;
    hashes_[std::string(name)] = {core::content_hash(core::read_file(directory_ / name))};
  }
}

bool OwnFiles::wrote(const Directory::Entry& entry) const {
  if (entry.type == std::filesystem::file_type::directory) {
    return is_one_of(kDirectories, entry.name);
  }
  if (entry.type != std::filesystem::file_type::regular) return false;
  if (entry.name == kRecordFile) return has_record_;
  if (!is_one_of(kFiles, entry.name)) return false;
  if (!has_record_) return has_runs(directory_);
  const auto written = hashes_.find(entry.name);
  if (written == hashes_.end()) return false;
  const std::string hash = core::content_hash(core::read_file(directory_ / entry.name));
  return std::ranges::find(written->second, hash) != written->second.end();
}

void OwnFiles::write(const std::string& name, std::string_view content) {
  std::vector<std::string> hashes = {core::content_hash(content)};
  if (directory_.contains(name)) {
    hashes.push_back(core::content_hash(core::read_file(directory_ / name)));
  }
  hashes_[name] = std::move(hashes);
  write_record();
  core::write_file_atomically(directory_ / name, content);
}

void OwnFiles::read_record() {
  if (!directory_.contains(kRecordFile)) return;
  try {
    hashes_ = core::read_json<nlohmann::json>(
        core::read_file(directory_ / kRecordFile),
        {.name = std::string(kRecordFile),
         .what = "not a comparison's record",
         .fix = "remove it",
         .limits = {.bytes = kMaxRecordBytes}},
        [](const nlohmann::json& json) { return json.at("hashes").get<Hashes>(); });
    has_record_ = true;
  } catch (const core::Error&) {
    // Then no file is known to be its own.
  }
}

void OwnFiles::write_record() const {
  const nlohmann::json json = {{"hashes", hashes_}};
  core::write_file_atomically(directory_ / kRecordFile,
                              core::json_text(json, kRecordFile, 2) + "\n");
}

}  // namespace edgeprune::compare
