#include "edgeprune/select/manifest.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/json_input.h"
#include "edgeprune/core/json_text.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace edgeprune::select {

std::string selection_hash(std::span<const std::uint32_t> kept) {
  return core::Hasher().add_values(kept).hex();
}

void write_selection(const std::filesystem::path& directory, std::span<const std::uint32_t> kept,
                     Manifest manifest) {
  manifest.selection_hash = selection_hash(kept);
  const nlohmann::ordered_json json = {{"dataset_hash", manifest.dataset_hash},
                                       {"scorer", manifest.scorer},
                                       {"selector", manifest.selector},
                                       {"per_class", manifest.per_class},
                                       {"seed", manifest.seed},
                                       {"keep_ratio", manifest.keep_ratio},
                                       {"num_samples", manifest.num_samples},
                                       {"num_kept", manifest.num_kept},
                                       {"selection_hash", manifest.selection_hash},
                                       {"format_version", 1},
                                       {"version", core::version()}};
  // First, and whatever bytes a file's name has: what cannot be written leaves nothing.
  const std::string text = core::json_text(json, "selection.json", 2) + "\n";
  core::write_npy(directory / "selection.npy", kept, {kept.size()});
  core::write_file_atomically(directory / "selection.json", text);
}

SelectionHashes read_selection_hashes(const std::filesystem::path& directory) {
  const auto path = directory / "selection.json";
  return core::read_json<nlohmann::json>(core::read_file(path),
                                         {.name = path.string(),
                                          .what = "not a selection's manifest",
                                          .fix = "select again",
                                          .kind = core::ErrorKind::run_directory},
                                         [](const nlohmann::json& json) -> SelectionHashes {
                                           return {.dataset = json.at("dataset_hash"),
                                                   .selection = json.at("selection_hash")};
                                         });
}

std::vector<std::uint32_t> read_index_list(const std::filesystem::path& path,
                                           std::uint32_t num_samples) {
  const core::NpyArray array = core::read_npy(path);
  const auto reject = [&](const std::string& what) {
    throw core::Error(core::ErrorKind::data, fmt::format("{}: {}", path.string(), what));
  };
  if (array.shape.size() != 1 || array.num_elements() == 0) {
    reject("an index list must be one-dimensional and hold at least one index");
  }
  std::vector<bool> kept(num_samples);
  for (const std::int64_t index : core::npy_integers(array, path.string())) {
    if (index < 0 || index >= num_samples) {
      reject(fmt::format("index {} lies outside the data set's {} samples", index, num_samples));
    }
    if (kept[static_cast<std::size_t>(index)]) reject(fmt::format("index {} comes twice", index));
    kept[static_cast<std::size_t>(index)] = true;
  }
  std::vector<std::uint32_t> samples;
  for (std::uint32_t n = 0; n < num_samples; ++n) {
    if (kept[n]) samples.push_back(n);
  }
  return samples;
}

}  // namespace edgeprune::select
