#include "stored_samples.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/units.h"
#include "edgeprune/data/container.h"
#include "edgeprune/run/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::run {
namespace {

std::uint64_t max_bytes(const RunSetup& setup) {
  const double limit = byte_limit(setup.config, setup.plan.num_samples, setup.sizes).bytes;
  return std::isfinite(limit) ? static_cast<std::uint64_t>(limit) : 0;
}

void train_on(RunSetup& setup, std::span<const std::uint32_t> kept,
              const data::Container& container) {
  setup.reencoded =
      data::with_pixels(setup.data.train, kept, data::decode_container(container, "kept samples"));
}

// In blocks, which a small file does not fill; 0 where the data set is no folder of images.
std::uint64_t allocated_bytes(const data::Dataset& dataset) {
  std::uint64_t bytes = 0;
  for (const data::SampleFile& file : dataset.files) bytes += file.allocated_bytes;
  return bytes;
}

}  // namespace

std::optional<StoredSet> store_samples(RunSetup& setup, std::span<const std::uint32_t> kept) {
  if (!reencodes(setup.config, setup.strategy())) return {};
  const data::Container container = data::reencode(
      setup.data.train, kept,
      {.jpeg_quality = setup.config.prune.jpeg_quality, .max_bytes = max_bytes(setup)});
  const std::string file = data::container_bytes(container);
  core::write_file_atomically(setup.files() / kKeptFile, file);
  train_on(setup, kept, container);
  return StoredSet{.jpeg_quality = container.jpeg_quality,
                   .bytes = file.size(),
                   .hash = core::content_hash(file)};
}

std::string stored_text(const RunSetup& setup, const StoredSet& stored) {
  const double originals = setup.sizes.original * setup.plan.num_samples;
  std::string text = fmt::format("{}: {} samples", kKeptFile, setup.plan.num_kept);
  if (stored.jpeg_quality > 0) text += fmt::format(" at JPEG quality {}", stored.jpeg_quality);
  const auto bytes = static_cast<double>(stored.bytes);
  text += fmt::format(" in {}, {:.1f} % of the {} that all {} originals take in one file",
                      core::format_bytes(bytes), 100 * bytes / originals,
                      core::format_bytes(originals), setup.plan.num_samples);
  if (const std::uint64_t blocks = allocated_bytes(setup.data.train); blocks > 0) {
    text += fmt::format(" and of the {} that their files take on the disk",
                        core::format_bytes(static_cast<double>(blocks)));
  }
  const std::uint32_t wanted = setup.config.prune.jpeg_quality;
  if (stored.jpeg_quality > 0 && stored.jpeg_quality < wanted) {
    text += fmt::format("; at prune.jpeg_quality {} they would not fit", wanted);
  }
  return text;
}

std::string stored_file(const RunSetup& setup, const RunState& state) {
  const std::string file = data::container_bytes(
      data::reencode(setup.data.train, state.kept, {.jpeg_quality = state.stored->jpeg_quality}));
  if (core::content_hash(file) == state.stored->hash) return file;
  throw core::Error(
      core::ErrorKind::run_directory,
      fmt::format("{}: re-encoding its samples gives other bytes than when they were selected, as "
                  "another version of libjpeg-turbo may; resume it where it began, or begin again",
                  setup.directory.string()),
      {core::ErrorReason::run_unusable, setup.directory.string()});
}

void train_on_stored(RunSetup& setup, const RunState& state) {
  train_on(setup, state.kept,
           data::parse_container(stored_file(setup, state), std::string(kKeptFile)));
}

}  // namespace edgeprune::run
