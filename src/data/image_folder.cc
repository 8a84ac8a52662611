#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/data/readers.h"

#include "class_files.h"
#include "image_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>
#include <vector>

namespace edgeprune::data {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kStatBlockBytes = 512;  // the unit of st_blocks

[[noreturn]] void reject(const fs::path& path, const std::string& what) {
  throw core::Error(core::ErrorKind::data, fmt::format("{}: {}", path.string(), what));
}

// Gathers images one by one, all of one shape.
class FolderReader {
 public:
  FolderReader(const fs::path& folder, const ImageFolderOptions& options) : options_(options) {
    dataset_.name = folder.string();
    dataset_.shape.channels = options.channels > 0 ? options.channels : options.usual_channels;
    if (options.resize_height.has_value() != options.resize_width.has_value()) {
      throw core::Error(core::ErrorKind::config,
                        "data.resize_height and data.resize_width go together; give both or none");
    }
  }

  void add_class(const fs::path& folder, const ClassFiles& files) {
    if (files.images.empty()) reject_empty(folder, files.left_out);
    const auto label = static_cast<std::int32_t>(dataset_.class_names.size());
    dataset_.class_names.push_back(folder.filename().string());
    for (const fs::path& image : files.images) add_image(image, label);
    num_nested_ += files.num_nested;
    left_out_.add(files.left_out);
  }

  void leave_out(const std::string& file) { left_out_.add(file); }

  Dataset finish() {
    if (num_nested_ > 0) {
      dataset_.warnings.push_back(fmt::format(
          "{}: {} of {} images lie in folders within their class's folder and are of that class",
          dataset_.name, num_nested_, dataset_.num_samples()));
    }
    if (left_out_.count() > 0) {
      dataset_.warnings.push_back(fmt::format(
          "{}: read {} .jpg, .jpeg and .png files and left out {}{}", dataset_.name,
          dataset_.num_samples(), left_out_.text(),
          left_out_.has_pictures() ? "; convert the pictures among them to train on them" : ""));
    }
    if (converted_ > 0 && options_.channels == 0) {
      dataset_.warnings.push_back(fmt::format(
          "{}: {} of {} images are {} and were converted to {}; set data.channels to 1 or 3 to "
          "choose",
          dataset_.name, converted_, dataset_.num_samples(), is_grey() ? "in colour" : "grey",
          is_grey() ? "grey" : "colour"));
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

  [[nodiscard]] bool is_grey() const { return dataset_.shape.channels == 1; }

  [[noreturn]] static void reject_empty(const fs::path& folder, const LeftOut& left_out) {
    if (left_out.has_pictures()) {
      reject(folder, fmt::format("holds no .jpg, .jpeg or .png files, but {}; convert them",
                                 left_out.text()));
    }
    reject(folder,
           "holds no .jpg, .jpeg or .png files; add images of this class or remove the folder");
  }

  // Grey images so far, and a first one in colour: all are read in colour.
  void turn_to_colour() {
    DecodedImage all{.shape = {1, static_cast<std::uint32_t>(dataset_.byte_pixels.size()), 1},
                     .pixels = std::move(dataset_.byte_pixels)};
    if (!all.pixels.empty()) all = convert_channels(std::move(all), 3);
    dataset_.byte_pixels = std::move(all.pixels);
    dataset_.shape.channels = 3;
    converted_ = dataset_.labels.size();
  }

  DecodedImage adapt(DecodedImage image) {
    const bool may_choose = options_.channels == 0 && options_.usual_channels == 0;
    if (may_choose && is_grey() && image.shape.channels == 3) turn_to_colour();
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
  std::size_t num_nested_ = 0;
  std::size_t converted_ = 0;
  LeftOut left_out_;
};

[[noreturn]] void reject_without_classes(const fs::path& folder,
                                         const std::set<std::string>& files) {
  const bool has_images = std::any_of(files.begin(), files.end(),
                                      [](const std::string& name) { return is_picture(name); });
  if (!has_images) reject(folder, "holds no class folders; put each class's images in one");
  reject(folder,
         "holds images but no class folders; name the folder above it if it is a class itself, or "
         "put each class's images in a folder");
}

// Training and test set, each with its classes below it, one level too high.
void require_classes(const fs::path& folder, const std::map<std::string, ClassFiles>& files) {
  static constexpr std::array<std::string_view, 10> kHalves = {
      "train", "training",   "test", "testing", "val",
      "valid", "validation", "eval", "dev",     "holdout"};
  std::vector<std::string> halves;
  for (const auto& [name, found] : files) {
    if (found.images.empty()) continue;
    const bool is_half =
        std::find(kHalves.begin(), kHalves.end(), lower_case(name)) != kHalves.end() &&
        found.num_nested == found.images.size();
    if (!is_half) return;
    halves.push_back(name);
  }
  if (halves.empty()) return;
  reject(folder, fmt::format("holds {}, part of a data set and no class: one level too high; name "
                             "{}",
                             fmt::join(halves, " and "), (folder / halves.back()).string()));
}

}  // namespace

Dataset read_image_folder(const fs::path& folder, const ImageFolderOptions& options) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw core::Error(core::ErrorKind::io,
                      fmt::format("{}: no such folder; check data.path", folder.string()));
  }
  const std::set<std::string> classes = folder_entries(folder, true);
  const std::set<std::string> beside = folder_entries(folder, false);
  if (classes.empty()) reject_without_classes(folder, beside);
  std::map<std::string, ClassFiles> files;
  for (const std::string& name : classes) files.emplace(name, files_of_class(folder / name));
  require_classes(folder, files);
  FolderReader reader(folder, options);
  for (const std::string& name : beside) reader.leave_out(name);
  for (const auto& [name, of_class] : files) reader.add_class(folder / name, of_class);
  return reader.finish();
}

}  // namespace edgeprune::data
