#include "edgeprune/run/checkpoint.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/safetensors.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace edgeprune::run {
namespace {

core::FilePlace place_of(const core::Directory& run, std::uint64_t sequence) {
  return run / kCheckpointFiles[sequence % 2];
}

// Every array of a checkpoint, for writing and for reading alike.
template <typename Arrays, typename Kept, typename Visit>
void for_arrays(const Arrays& arrays, Kept& kept, Visit&& visit) {
  visit("model.parameters", std::span(arrays.model.parameters));
  visit("model.statistics", std::span(arrays.model.statistics));
  visit("optimizer.first", std::span(arrays.optimizer.first));
  visit("optimizer.second", std::span(arrays.optimizer.second));
  for (auto& array : arrays.optimizer.of_rule) {
    visit("optimizer.rule." + array.name, std::span(array.values));
  }
  for (const core::NamedArray& array : arrays.gathered) {
    std::visit([&](auto values) { visit(array.name, values); }, array.values);
  }
  visit("selection", std::span(kept));
}

// The hash that the file should carry, read in pieces.
std::string hash_of(const core::SafetensorsReader& file) {
  core::Hasher hasher;
  hasher.add(file.metadata().at("state"));
  std::vector<std::byte> piece(std::size_t{1} << 20);
  for (const core::TensorHeader& tensor : file.tensors()) {
    hasher.add(tensor.name);
    for (std::size_t at = 0; at < tensor.num_bytes(); at += piece.size()) {
      const auto part = std::span(piece).first(std::min(piece.size(), tensor.num_bytes() - at));
      file.read(tensor.name, part, at);
      hasher.add(part);
    }
  }
  return hasher.hex();
}

std::size_t length_of(const core::SafetensorsReader& file, const core::FilePlace& place,
                      std::string_view name, core::ElementType type) {
  for (const core::TensorHeader& tensor : file.tensors()) {
    if (tensor.name == name && tensor.type == type && tensor.shape.size() == 1) {
      return tensor.shape[0];
    }
  }
  throw UnfitCheckpoint(place.path(),
                        fmt::format("it has no array '{}' of {}", name, core::npy_type_name(type)));
}

LoadedCheckpoint read_checkpoint(const core::FilePlace& place) {
  const core::SafetensorsReader file(place);
  const auto& metadata = file.metadata();
  if (!metadata.contains("state") || !metadata.contains("hash") ||
      metadata.at("hash") != hash_of(file)) {
    core::reject_file(place.text(), "checksum mismatch");
  }
  LoadedCheckpoint checkpoint{.state = parse_run_state(metadata.at("state"), place.text()),
                              .file = place};
  checkpoint.state.kept.resize(length_of(file, place, "selection", core::ElementType::u32));
  file.read("selection", std::as_writable_bytes(std::span(checkpoint.state.kept)));
  require_selection(checkpoint.state, place.text());
  return checkpoint;
}

}  // namespace

void write_checkpoint(const core::Directory& run, RunState& state, const SavedArrays& arrays) {
  ++state.sequence;
  state.num_batches_tracked = arrays.model.num_batches_tracked;
  state.optimizer_step = arrays.optimizer.step;
  // In order of their names, as a reader finds them: the hash goes by it.
  std::map<std::string, std::pair<core::TensorHeader, std::span<const std::byte>>> saved;
  for_arrays(arrays, state.kept, [&]<typename T>(const std::string& name, std::span<T> values) {
    saved[name] = {{name, core::element_type_of<std::remove_const_t<T>>(), {values.size()}},
                   std::as_bytes(values)};
  });
  std::map<std::string, std::string> metadata = {{"state", to_json(state)}};
  std::vector<core::TensorHeader> headers;
  core::Hasher hasher;
  hasher.add(metadata["state"]);
  for (const auto& [name, array] : saved) {
    headers.push_back(array.first);
    hasher.add(name).add(array.second);
  }
  metadata["hash"] = hasher.hex();
  core::SafetensorsWriter writer(place_of(run, state.sequence), metadata, std::move(headers));
  for (const auto& [name, array] : saved) writer.write(array.second);
  writer.commit();
}

void restore_arrays(const LoadedCheckpoint& checkpoint, const RestoredArrays& arrays) {
  const core::SafetensorsReader file(checkpoint.file);
  const RunState& state = checkpoint.state;
  arrays.model.num_batches_tracked = state.num_batches_tracked;
  arrays.optimizer.step = state.optimizer_step;
  for_arrays(arrays, state.kept, [&]<typename T>(const std::string& name, std::span<T> values) {
    const core::ElementType type = core::element_type_of<std::remove_const_t<T>>();
    const std::size_t length = length_of(file, checkpoint.file, name, type);
    if (length != values.size()) {
      throw UnfitCheckpoint(checkpoint.file.path(),
                            fmt::format("'{}' holds {} numbers where this run needs {}", name,
                                        length, values.size()));
    }
    if constexpr (!std::is_const_v<T>) file.read(name, std::as_writable_bytes(values));
  });
}

UnfitCheckpoint::UnfitCheckpoint(const std::filesystem::path& path, const std::string& why)
    : core::Error(core::ErrorKind::data, fmt::format("{}: {}; restore it", path.string(), why),
                  {core::ErrorReason::run_unusable, path.parent_path().string()}),
      path_(path) {}

std::optional<LoadedCheckpoint> load_checkpoint(const core::Directory& run,
                                                const std::vector<UnfitCheckpoint>& unfit) {
  std::optional<LoadedCheckpoint> newest;
  std::vector<std::string> notices;
  std::string why;  // of the last that cannot be read
  for (const std::string_view name : kCheckpointFiles) {
    if (!run.contains(name)) continue;
    try {
      const core::FilePlace place = run / name;
      for (const UnfitCheckpoint& known : unfit) {
        if (known.path() == place.path()) throw known;
      }
      LoadedCheckpoint checkpoint = read_checkpoint(place);
      if (newest && newest->state.sequence > checkpoint.state.sequence) continue;
      newest = std::move(checkpoint);
    } catch (const core::Error& error) {
      why = error.what();
      notices.push_back(fmt::format("skipped a corrupt checkpoint ({})", why));
    }
  }
  if (!newest && !notices.empty()) {
    throw core::Error(
        core::ErrorKind::run_directory,
        fmt::format("{}: no checkpoint can be read ({}); restore one", run.path().string(), why),
        {core::ErrorReason::run_unusable, run.path().string()});
  }
  if (newest) newest->notices = std::move(notices);
  return newest;
}

}  // namespace edgeprune::run
