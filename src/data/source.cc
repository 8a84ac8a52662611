#include "edgeprune/data/source.h"

#include "edgeprune/core/error.h"
#include "edgeprune/data/container.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace edgeprune::data {
namespace {

using core::Error;
using core::ErrorKind;
using Path = std::filesystem::path;

constexpr std::string_view kFashionMnistFolder = "/usr/share/datasets/fashion-mnist";

std::vector<std::string> fashion_mnist_classes() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
}

bool file_exists(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void require_path(const Path& path, std::string_view format, std::string_view field,
                  std::string_view meaning) {
  if (!path.empty()) return;
  throw Error(ErrorKind::config,
              fmt::format("data of format {} need {}: {}", format, field, meaning));
}

// The Debian package compresses the files; Zalando's own, once unpacked, have no ".gz".
Path fashion_mnist_file(const Path& folder, const std::string& name) {
  Path compressed = folder / (name + ".gz");
  if (file_exists(compressed)) return compressed;
  if (file_exists(folder / name)) return folder / name;
  throw Error(ErrorKind::io,
              fmt::format("{}: not found; install Fashion-MNIST with: apt-get install "
                          "dataset-fashion-mnist (or give the folder that holds it)",
                          compressed.string()));
}

Dataset read_fashion_mnist(const Path& path, Split split) {
  const Path folder = path.empty() ? Path(kFashionMnistFolder) : path;
  const std::string prefix = split == Split::train ? "train" : "t10k";
  const Path images = fashion_mnist_file(folder, prefix + "-images-idx3-ubyte");
  const Path labels = fashion_mnist_file(folder, prefix + "-labels-idx1-ubyte");
  return read_idx(images, labels, static_cast<std::uint32_t>(fashion_mnist_classes().size()));
}

// The names of one CIFAR distribution.
struct CifarFiles {
  CifarVariant variant;
  std::string_view format;
  std::string_view archive;
  std::string_view folder;  // what the archive unpacks to
  std::vector<std::string> train;
  std::vector<std::string> test;
};

CifarFiles cifar10_files() {
  return {.variant = CifarVariant::cifar10,
          .format = "cifar10",
          .archive = "cifar-10-binary.tar.gz",
          .folder = "cifar-10-batches-bin",
          .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                    "data_batch_5.bin"},
          .test = {"test_batch.bin"}};
}

CifarFiles cifar100_files() {
  return {.variant = CifarVariant::cifar100,
          .format = "cifar100",
          .archive = "cifar-100-binary.tar.gz",
          .folder = "cifar-100-binary",
          .train = {"train.bin"},
          .test = {"test.bin"}};
}

Path cifar_folder(const Path& path, const CifarFiles& files, const std::string& first) {
  if (file_exists(path / first)) return path;
  if (file_exists(path / files.folder / first)) return path / files.folder;
  throw Error(ErrorKind::io,
              fmt::format("{}: no {} in it or in {}; unpack {} of "
                          "https://www.cs.toronto.edu/~kriz/cifar.html there",
                          path.string(), first, (path / files.folder).string(), files.archive));
}

Dataset read_cifar_split(const Path& path, const CifarFiles& files, Split split) {
  require_path(path, files.format, "a path", "the folder with its .bin files");
  const auto& names = split == Split::train ? files.train : files.test;
  const Path folder = cifar_folder(path, files, names.front());
  std::vector<Path> paths;
  paths.reserve(names.size());
  for (const std::string& name : names) paths.push_back(folder / name);
  return read_cifar(paths, files.variant);
}

Dataset read_folder(const SourceOptions& options) {
  require_path(options.path, "folder", "a path", "the folder that holds one folder per class");
  return read_image_folder(options.path, options.folder);
}

void require_pair(const SourceOptions& options, std::string_view format) {
  require_path(options.images, format, "images", "the file of images");
  require_path(options.labels, format, "labels", "the file of labels");
}

Dataset read_source(const SourceOptions& options, Split split) {
  switch (options.format) {
    case SourceFormat::fashion_mnist:
      return read_fashion_mnist(options.path, split);
    case SourceFormat::cifar10:
      return read_cifar_split(options.path, cifar10_files(), split);
    case SourceFormat::cifar100:
      return read_cifar_split(options.path, cifar100_files(), split);
    case SourceFormat::folder:
      return read_folder(options);
    case SourceFormat::idx:
      require_pair(options, "idx");
      return read_idx(options.images, options.labels, options.num_classes);
    case SourceFormat::npy:
      require_pair(options, "npy");
      return read_npy_pair(options.images, options.labels, options.layout, options.num_classes);
    case SourceFormat::container:
      require_path(options.path, "container", "a path", "the file of samples");
      if (std::filesystem::is_directory(options.path)) return read_folder(options);
      return read_container(options.path);
    case SourceFormat::memory:
      throw Error(
          ErrorKind::config,
          "the data set is in the memory of the program that made the run, not in files; run "
          "it from that program, or name files");
  }
  throw Error(ErrorKind::internal, "unknown data format");
}

void require_same_shape(const Dataset& test, const Dataset& train) {
  if (test.shape == train.shape) return;
  throw Error(ErrorKind::data,
              fmt::format("{}: its samples are {} x {} x {} but those of the training set {} are "
                          "{} x {} x {}; use the test set that belongs to it, or resize both",
                          test.name, test.shape.height, test.shape.width, test.shape.channels,
                          train.name, train.shape.height, train.shape.width, train.shape.channels));
}

// Named "0", "1", ... for want of names.
bool are_numbers(const std::vector<std::string>& class_names) {
  for (std::size_t at = 0; at < class_names.size(); ++at) {
    if (class_names[at] != std::to_string(at)) return false;
  }
  return true;
}

// A class that both have by name is the same class, whatever its number.
bool share_no_name(const Dataset& test, const Dataset& train) {
  return std::ranges::find_first_of(test.class_names, train.class_names) == test.class_names.end();
}

void require_labels_in_range(const Dataset& test, const Dataset& train) {
  const std::int32_t largest = *std::ranges::max_element(test.labels);
  if (static_cast<std::uint32_t>(largest) < train.num_classes()) return;
  throw Error(ErrorKind::data,
              fmt::format("{}: has label {} but the training set {} has the classes 0 to {}; use "
                          "the test set that belongs to it, or set the number of classes",
                          test.name, largest, train.name, train.num_classes() - 1));
}

// The training set's label of each of the test set's classes.
std::vector<std::int32_t> labels_by_name(const Dataset& test, const Dataset& train) {
  std::vector<std::int32_t> labels;
  for (const std::string& name : test.class_names) {
    const auto found = std::ranges::find(train.class_names, name);
    if (found == train.class_names.end()) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: the training set {} has no class \"{}\"; rename or remove it",
                              test.name, train.name, name));
    }
    labels.push_back(static_cast<std::int32_t>(found - train.class_names.begin()));
  }
  return labels;
}

}  // namespace

Dataset open_dataset(const SourceOptions& options, Split split) {
  Dataset dataset = take_part(read_source(options, split), options.part);
  dataset = options.sample_seed > 0 ? take_at_random(dataset, options.limit, options.sample_seed)
                                    : take_evenly(dataset, options.limit);
  if (options.format != SourceFormat::fashion_mnist) return dataset;
  dataset.class_names = fashion_mnist_classes();
  return finish_dataset(std::move(dataset));
}

Dataset match_to_training(Dataset test, const Dataset& train) {
  require_same_shape(test, train);
  if (test.class_names == train.class_names) return test;
  const bool has_folders = !test.files.empty();  // their names are meant
  const bool by_number =
      are_numbers(test.class_names) &&
      (are_numbers(train.class_names) || (!has_folders && share_no_name(test, train)));
  if (by_number) {
    require_labels_in_range(test, train);
  } else {
    const std::vector<std::int32_t> labels = labels_by_name(test, train);
    for (std::int32_t& label : test.labels) label = labels[static_cast<std::size_t>(label)];
  }
  test.class_names = train.class_names;
  return finish_dataset(std::move(test));
}

}  // namespace edgeprune::data
