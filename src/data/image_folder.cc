#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/data/readers.h"

#include "image_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace edgeprune::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kStatBlockBytes = 512;  // the unit of st_blocks

[[noreturn]] void reject(const fs::path& path, const std::string& what) {
  throw core::Error(core::ErrorKind::data, fmt::format("{}: {}", path.string(), what));
}

// Names in byte order, as std::string compares; those that begin with a dot belong to other tools.
std::set<std::string> entries(const fs::path& folder, bool directories) {
  std::error_code code;
  std::set<std::string> names;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    std::string name = entry->path().filename().string();
    std::error_code broken_link;
    if (entry->is_directory(broken_link) == directories && !name.starts_with('.')) {
      names.insert(std::move(name));
    }
  }
  if (code) {
    throw core::Error(core::ErrorKind::io, fmt::format("{}: cannot be listed: {}; check the path",
                                                       folder.string(), code.message()));
  }
  return names;
}

bool is_image(const std::string& file_name) {
  std::string extension = fs::path(file_name).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

// Gathers images one by one, all of one shape.
class FolderReader {
 public:
  FolderReader(const fs::path& folder, const ImageFolderOptions& options) : options_(options) {
    dataset_.name = folder.string();
    dataset_.shape.channels = options.channels;
    if (options.resize_height.has_value() != options.resize_width.has_value()) {
      throw core::Error(core::ErrorKind::config,
                        "data.resize_height and data.resize_width go together; give both or none");
    }
  }

  void add_class(const fs::path& folder, const std::string& name) {
    const auto label = static_cast<std::int32_t>(dataset_.class_names.size());
    dataset_.class_names.push_back(name);
    const std::size_t before = dataset_.labels.size();
    skip(entries(folder, true).size());
    for (const std::string& file : entries(folder, false)) {
      if (is_image(file)) {
        add_image(folder / file, label);
      } else {
        skip(1);
      }
    }
    if (dataset_.labels.size() == before) {
      reject(folder, "holds no .jpg, .jpeg or .png files; add images of this class or remove it");
    }
  }

  void skip(std::size_t count) { skipped_ += count; }

  Dataset finish() {
    if (skipped_ > 0) {
      dataset_.warnings.push_back(
          fmt::format("{}: skipped {} entries that are not .jpg, .jpeg or .png files",
                      dataset_.name, skipped_));
    }
    if (converted_ > 0 && options_.channels == 0) {
      dataset_.warnings.push_back(
          fmt::format("{}: converted {} images to the {} of the first, {}; set data.channels to 1 "
                      "or 3 to choose",
                      dataset_.name, converted_, dataset_.shape.channels == 1 ? "grey" : "colours",
                      first_.string()));
    }
    dataset_.stored_bytes_per_sample = bytes_ / dataset_.num_samples();
    return finish_dataset(std::move(dataset_));
  }

 private:
  void add_image(const fs::path& path, std::int32_t label) {
    const std::string content = core::read_file(path);
    const DecodedImage image = adapt(decode_image(content, 0, path.string()));
    if (first_.empty()) {
      first_ = path;
      dataset_.shape = image.shape;
    }
    if (image.shape != dataset_.shape) {
      reject(path, fmt::format("is {} x {} pixels (width x height) but {} is {} x {}; set "
                               "data.resize_height and data.resize_width to bring all to one size",
                               image.shape.width, image.shape.height, first_.string(),
                               dataset_.shape.width, dataset_.shape.height));
    }
    dataset_.labels.push_back(label);
    dataset_.byte_pixels.insert(dataset_.byte_pixels.end(), image.pixels.begin(),
                                image.pixels.end());
    bytes_ += static_cast<double>(content.size());
    dataset_.files.push_back(sample_file(path, content));
  }

  SampleFile sample_file(const fs::path& path, std::string_view content) {
    const std::string_view beginning = content.substr(0, jpeg_beginning(content));
    const bool is_new = beginnings_.insert(core::content_hash(beginning)).second;
    struct stat status {};
    const bool is_there = ::stat(path.c_str(), &status) == 0;
    return {.path = path.lexically_relative(dataset_.name).string(),
            .bytes = content.size(),
            .allocated_bytes =
                is_there ? kStatBlockBytes * static_cast<std::uint64_t>(status.st_blocks) : 0,
            .own_bytes = content.size() - (is_new ? 0 : beginning.size())};
  }

  DecodedImage adapt(DecodedImage image) {
    const std::uint32_t channels = dataset_.shape.channels;
    if (channels != 0 && image.shape.channels != channels) {
      ++converted_;
      image = convert_channels(std::move(image), channels);
    }
    if (!options_.resize_height) return image;
    return resize_image(image, *options_.resize_height, *options_.resize_width);
  }

  const ImageFolderOptions& options_;
  Dataset dataset_;
  fs::path first_;
  std::set<std::string> beginnings_;  // of JPEG files, by their hashes
  double bytes_ = 0;
  std::size_t skipped_ = 0;
  std::size_t converted_ = 0;
};

}  // namespace

Dataset read_image_folder(const fs::path& folder, const ImageFolderOptions& options) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw core::Error(core::ErrorKind::io,
                      fmt::format("{}: no such folder; check data.path", folder.string()));
  }
  const std::set<std::string> classes = entries(folder, true);
  if (classes.empty()) reject(folder, "holds no class folders; put each class's images in one");
  FolderReader reader(folder, options);
  reader.skip(entries(folder, false).size());
  for (const std::string& name : classes) reader.add_class(folder / name, name);
  return reader.finish();
}

}  // namespace edgeprune::data
