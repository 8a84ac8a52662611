#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/data/container.h"
#include "edgeprune/data/source.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/run/run_files.h"
#include "edgeprune/select/manifest.h"

#include "commands.h"
#include "output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

namespace edgeprune::cli {
namespace {

struct ExportOptions {
  std::string run_directory;
  std::string format = "indices";
  std::string as = "originals";
  std::string output;
};

// What is exported may be all that is kept: nothing that exists is written over.
void require_new(const std::filesystem::path& output) {
  if (output.empty() || std::filesystem::exists(std::filesystem::symlink_status(output))) {
    throw core::Error(core::ErrorKind::usage,
                      fmt::format("--output {}: exists already or is empty; name a new file or "
                                  "directory",
                                  output.string()));
  }
}

// What the run trained on where it re-encoded its samples; nothing where it did not.
std::optional<data::Container> read_stored(const std::filesystem::path& run_directory,
                                           const data::Dataset& dataset,
                                           std::span<const std::uint32_t> kept) {
  const std::filesystem::path path = run_directory / run::kKeptFile;
  if (!std::filesystem::exists(path)) return {};
  data::Container stored = data::parse_container(core::read_file(path), path.string());
  const bool is_of_run = stored.source_hash == dataset.content_hash &&
                         std::ranges::equal(stored.samples, kept, {},
                                            [](const auto& sample) { return sample.source; });
  if (is_of_run) return stored;
  throw core::Error(core::ErrorKind::run_directory,
                    fmt::format("{}: holds other samples than selection.npy names; resume the run, "
                                "which writes it anew",
                                path.string()));
}

void export_samples(const ExportOptions& options, data::Dataset dataset,
                    std::span<const std::uint32_t> kept) {
  std::optional<data::Container> stored;
  if (options.as == "trained") stored = read_stored(options.run_directory, dataset, kept);
  if (options.format == "container") {
    core::write_file_atomically(
        options.output,
        data::container_bytes(stored ? *stored : data::pack_originals(dataset, kept)));
    return;
  }
  if (stored) {
    const data::Dataset decoded = data::decode_container(*stored, dataset.name);
    dataset = data::with_pixels(std::move(dataset), kept, decoded);
  }
  core::write_directory_atomically(options.output, [&](const std::filesystem::path& directory) {
    if (options.format == "npy") {
      data::export_npy_pair(dataset, kept, directory);
    } else {
      data::export_image_folder(dataset, kept, directory);
    }
  });
}

void export_kept(const ExportOptions& options) {
  require_new(options.output);
  const config::ResolvedConfig config = run::read_run_config(options.run_directory);
  data::Dataset dataset = run::open_training_data(*config);
  const std::uint32_t num_samples = dataset.num_samples();
  const select::SelectionHashes hashes = select::read_selection_hashes(options.run_directory);
  if (hashes.dataset != dataset.content_hash) {
    throw core::Error(
        core::ErrorKind::run_directory,
        fmt::format("{}: its data set has changed since the selection was made; export "
                    "from the original data",
                    options.run_directory));
  }
  const auto kept = select::read_index_list(
      std::filesystem::path(options.run_directory) / run::kSelectionFile, num_samples);
  if (hashes.selection != select::selection_hash(kept)) {
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{}: selection.npy is not the selection that selection.json "
                                  "names; restore it, or select again",
                                  options.run_directory));
  }
  if (options.format == "indices") {
    core::write_npy(options.output, std::span<const std::uint32_t>(kept), {kept.size()});
  } else {
    export_samples(options, std::move(dataset), kept);
  }
  print(fmt::format("wrote {} of {} samples to {}\n", kept.size(), num_samples,
                    core::printable(options.output, core::kNoLimit)));
}

}  // namespace

void add_export(CLI::App& app) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command =
      app.add_subcommand("export", "Write the kept samples out, so that the rest can be deleted");
  command->add_option("run", options->run_directory, "A run with a selection")->required();
  command
      ->add_option(
          "--format", options->format,
          "indices (one .npy), npy (images.npy and labels.npy), folder (PNG per class), or "
          "container (one file; JPEG files byte for byte)")
      ->check(CLI::IsMember({"indices", "npy", "folder", "container"}))
      ->capture_default_str();
  command
      ->add_option("--as", options->as,
                   "originals, or trained: as the run stored them (prune.store)")
      ->check(CLI::IsMember({"originals", "trained"}))
      ->capture_default_str();
  command->add_option("--output", options->output, "File (indices, container) or directory")
      ->required();
  command->callback([options] { export_kept(*options); });
}

}  // namespace edgeprune::cli
