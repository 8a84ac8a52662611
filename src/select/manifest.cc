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

#include <utility>

namespace edgeprune::select {

std::string selection_hash(std::span<const std::uint32_t> kept) {
  return core::Hasher().add_values(kept).hex();
}

SelectionFiles selection_files(std::span<const std::uint32_t> kept, Manifest manifest) {
  manifest.selection_hash = selection_hash(kept);
  nlohmann::ordered_json json = {{"dataset_hash", manifest.dataset_hash},
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
  if (manifest.stored) {
    json["stored"] = {{"bytes", manifest.stored->bytes},
                      {"share_of_originals", manifest.stored->share_of_originals},
                      {"jpeg_quality", manifest.stored->jpeg_quality}};
  }
  // Whatever bytes a file's name has.
  return {core::npy_bytes(std::as_bytes(kept), core::ElementType::u32, {kept.size()}),
          core::json_text(json, "selection.json", 2) + "\n"};
}

void write_selection(const core::Directory& directory, std::span<const std::uint32_t> kept,
                     Manifest manifest) {
  const SelectionFiles files = selection_files(kept, std::move(manifest));
  core::write_file_atomically(directory / "selection.npy", files.npy);
  core::write_file_atomically(directory / "selection.json", files.json);
}

SelectionHashes read_selection_hashes(const core::Directory& directory) {
  const core::FilePlace place = directory / "selection.json";
  return core::read_json<nlohmann::json>(core::read_file(place),
                                         {.name = place.text(),
                                          .what = "not a selection's manifest",
                                          .fix = "select again",
                                          .kind = core::ErrorKind::run_directory},
                                         [](const nlohmann::json& json) -> SelectionHashes {
                                           return {.dataset = json.at("dataset_hash"),
                                                   .selection = json.at("selection_hash")};
                                         });
}

void require_replaceable_selection(const core::Directory& directory) {
  const bool has_list = directory.contains("selection.npy");
  const bool has_manifest = directory.contains("selection.json");
  if (!has_list && !has_manifest) return;
  try {
    const core::NpyArray list = core::read_npy(directory / "selection.npy");
    const std::string hash = read_selection_hashes(directory).selection;
    if (hash == selection_hash(list.as<std::uint32_t>())) return;
  } catch (const core::Error&) {
    // Said of both below.
  }
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: holds a selection.npy or selection.json that edgeprune did "
                                "not write or that was edited since, so it is not replaced; name "
                                "another directory",
                                directory.path().string()));
}

std::vector<std::uint32_t> read_index_list(const core::FilePlace& place,
                                           std::uint32_t num_samples) {
  const core::NpyArray array = core::read_npy(place);
  const auto reject = [&](const std::string& what) {
    throw core::Error(core::ErrorKind::data, fmt::format("{}: {}", place.text(), what));
  };
  if (array.shape.size() != 1 || array.num_elements() == 0) {
    reject("an index list must be one-dimensional and hold at least one index");
  }
  std::vector<bool> kept(num_samples);
  for (const std::int64_t index : core::npy_integers(array, place.text())) {
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
