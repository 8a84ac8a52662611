#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/data/source.h"
#include "edgeprune/run/run_data.h"
#include "edgeprune/run/run_directory.h"
#include "edgeprune/select/manifest.h"

#include "commands.h"
#include "output.h"

#include <fmt/format.h>

#include <filesystem>
#include <span>

namespace edgeprune::cli {
namespace {

struct ExportOptions {
  std::string run_directory;
  std::string format = "indices";
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

void export_kept(const ExportOptions& options) {
  require_new(options.output);
  const config::ResolvedConfig config = run::read_run_config(options.run_directory);
  const data::Dataset dataset = run::open_training_data(*config);
  const select::SelectionHashes hashes = select::read_selection_hashes(options.run_directory);
  if (hashes.dataset != dataset.content_hash) {
    throw core::Error(
        core::ErrorKind::run_directory,
        fmt::format("{}: its data set has changed since the selection was made; export "
                    "from the original data",
                    options.run_directory));
  }
  const auto kept = select::read_index_list(
      std::filesystem::path(options.run_directory) / run::kSelectionFile, dataset.num_samples());
  if (hashes.selection != select::selection_hash(kept)) {
    throw core::Error(core::ErrorKind::run_directory,
                      fmt::format("{}: selection.npy is not the selection that selection.json "
                                  "names; restore it, or select again",
                                  options.run_directory));
  }
  if (options.format == "indices") {
    core::write_npy(options.output, std::span<const std::uint32_t>(kept), {kept.size()});
  } else {
    core::write_directory_atomically(options.output, [&](const std::filesystem::path& directory) {
      if (options.format == "npy") {
        data::export_npy_pair(dataset, kept, directory);
      } else {
        data::export_image_folder(dataset, kept, directory);
      }
    });
  }
  print(fmt::format("wrote {} of {} samples to {}\n", kept.size(), dataset.num_samples(),
                    core::printable(options.output, core::kNoLimit)));
}

}  // namespace

void add_export(CLI::App& app) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command =
      app.add_subcommand("export", "Write the kept samples out, so that the rest can be deleted");
  command->add_option("run", options->run_directory, "A run with a selection")->required();
  command
      ->add_option("--format", options->format,
                   "indices (one .npy), npy (images.npy and labels.npy), or folder (PNG per class)")
      ->check(CLI::IsMember({"indices", "npy", "folder"}))
      ->capture_default_str();
  command->add_option("--output", options->output, "File (indices) or directory")->required();
  command->callback([options] { export_kept(*options); });
}

}  // namespace edgeprune::cli
