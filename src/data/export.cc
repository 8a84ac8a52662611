#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/data/source.h"

#include "image_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

namespace edgeprune::data {
namespace {

using core::Error;
using core::ErrorKind;
using Path = std::filesystem::path;

void check_samples(const Dataset& dataset, std::span<const std::uint32_t> samples) {
  for (const std::uint32_t sample : samples) {
    if (sample < dataset.num_samples()) continue;
    throw Error(ErrorKind::data,
                fmt::format("{}: sample {} is to be exported but there are only {}; use a "
                            "selection made from this data set",
                            dataset.name, sample, dataset.num_samples()));
  }
}

template <typename T>
std::span<const T> pixels_of(const std::vector<T>& pixels, const ImageShape& shape,
                             std::uint32_t sample) {
  return std::span(pixels).subspan(sample * shape.num_values(), shape.num_values());
}

template <typename T>
void write_images(const std::vector<T>& pixels, const ImageShape& shape,
                  std::span<const std::uint32_t> samples, const Path& path) {
  std::vector<T> kept;
  kept.reserve(samples.size() * shape.num_values());
  for (const std::uint32_t sample : samples) {
    const std::span<const T> image = pixels_of(pixels, shape, sample);
    kept.insert(kept.end(), image.begin(), image.end());
  }
  const bool features = shape.height == 1 && shape.width == 1;
  std::vector<std::size_t> extents = {samples.size(), shape.height, shape.width, shape.channels};
  if (features) extents = {samples.size(), shape.channels};
  core::write_npy<T>(path, kept, extents);
}

void require_png_pixels(const Dataset& dataset) {
  const std::uint32_t channels = dataset.shape.channels;
  if (dataset.has_byte_pixels() && (channels == 1 || channels == 3)) return;
  throw Error(ErrorKind::data,
              fmt::format("{}: {} pixels with {} channels cannot be written as PNG; export a .npy "
                          "pair instead",
                          dataset.name, dataset.has_byte_pixels() ? "byte" : "float", channels));
}

// Folder names by label; a '/' would make folders of folders.
std::vector<std::string> class_folders(const Dataset& dataset) {
  std::vector<std::string> folders = dataset.class_names;
  for (std::string& folder : folders) std::ranges::replace(folder, '/', '_');
  std::set<std::string> seen;
  for (std::size_t label = 0; label < folders.size(); ++label) {
    const std::string& folder = folders[label];
    if (!folder.empty() && folder != "." && folder != ".." && seen.insert(folder).second) continue;
    throw Error(ErrorKind::data,
                fmt::format("{}: the class \"{}\" cannot have the folder \"{}\" to itself; rename "
                            "the class or export a .npy pair instead",
                            dataset.name, dataset.class_names[label], folder));
  }
  return folders;
}

void require_empty(const Path& directory) {
  std::error_code missing;
  const std::filesystem::directory_iterator entries(directory, missing);
  if (missing || entries == std::filesystem::directory_iterator()) return;
  throw Error(ErrorKind::io, fmt::format("{}: holds files already; export into a new directory",
                                         directory.string()));
}

}  // namespace

void export_npy_pair(const Dataset& dataset, std::span<const std::uint32_t> samples,
                     const std::filesystem::path& directory) {
  check_samples(dataset, samples);
  require_empty(directory);
  core::create_directories(directory);
  const Path images = directory / "images.npy";
  if (dataset.has_byte_pixels()) {
    write_images(dataset.byte_pixels, dataset.shape, samples, images);
  } else {
    write_images(dataset.float_pixels, dataset.shape, samples, images);
  }
  std::vector<std::int32_t> labels;
  for (const std::uint32_t sample : samples) labels.push_back(dataset.labels[sample]);
  core::write_npy<std::int32_t>(directory / "labels.npy", labels, {labels.size()});
}

void export_image_folder(const Dataset& dataset, std::span<const std::uint32_t> samples,
                         const std::filesystem::path& directory) {
  check_samples(dataset, samples);
  require_png_pixels(dataset);
  require_empty(directory);
  const std::vector<std::string> folders = class_folders(dataset);
  const std::size_t digits = std::to_string(dataset.num_samples() - 1).size();
  for (const std::uint32_t sample : samples) {
    const Path folder = directory / folders[static_cast<std::size_t>(dataset.labels[sample])];
    core::create_directories(folder);
    const Path path = folder / fmt::format("{:0{}}.png", sample, digits);
    const auto pixels = pixels_of(dataset.byte_pixels, dataset.shape, sample);
    core::write_file_atomically(path, encode_png(pixels, dataset.shape, path.string()));
  }
}

}  // namespace edgeprune::data
