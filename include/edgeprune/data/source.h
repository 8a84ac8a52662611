#pragma once
// Where a run's data comes from, as the configuration names it, and how a kept subset is written
// back out.

#include "edgeprune/data/dataset.h"
#include "edgeprune/data/readers.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace edgeprune::data {

/// `memory`: a program hands the data over; there is nothing to read.
enum class SourceFormat { fashion_mnist, idx, cifar10, cifar100, folder, npy, container, memory };

/// One half (training or test) of a data set. Which paths count depends on the format:
/// fashion_mnist, cifar10, cifar100: `path` is the folder with the usual file names (empty for
/// fashion_mnist: Debian's /usr/share/datasets/fashion-mnist; for CIFAR also the folder that holds
/// cifar-10-batches-bin or cifar-100-binary); folder: `path` is the folder of classes; idx and npy:
/// `images` and `labels`; container: `path` is the file, or a folder of classes.
struct SourceOptions {
  SourceFormat format = SourceFormat::fashion_mnist;
  std::filesystem::path path;
  std::filesystem::path images;
  std::filesystem::path labels;
  NpyLayout layout = NpyLayout::nhwc;
  ImageFolderOptions folder;
  std::uint32_t limit = 0;        // so many samples; 0: all
  std::uint64_t sample_seed = 0;  // at random by this seed; 0: evenly spaced
  Part part = Part::all;          // taken first
  std::uint32_t num_classes = 0;  // 0: from the data
};

enum class Split { train, test };

/// Reads the half `split`; it says which files are meant where the format has names for both.
/// Missing Fashion-MNIST files name the Debian package to install.
[[nodiscard]] Dataset open_dataset(const SourceOptions& options, Split split);

/// A test set must have its training set's shape and no more classes; it takes over the class
/// names. Classes with names (folders) are matched by name, classes "0", "1", ... of arrays by
/// number. An Error of kind data says what differs.
[[nodiscard]] Dataset match_to_training(Dataset test, const Dataset& train);

/// Writes the kept samples as images.npy (N x H x W x C, or N x F for feature vectors, in the
/// stored type) and labels.npy (int32), in the order given.
void export_npy_pair(const Dataset& dataset, std::span<const std::uint32_t> samples,
                     const std::filesystem::path& directory);

/// Writes the kept samples as PNG files, one folder per class that has any ('/' in a class name
/// becomes '_'), named by their index in the data set. Only byte pixels with 1 or 3 channels can be
/// written; anything else is an Error of kind data. The directory must be new or empty, so that no
/// two selections mix. Who reads it back finds the classes by name: labels follow their byte order.
void export_image_folder(const Dataset& dataset, std::span<const std::uint32_t> samples,
                         const std::filesystem::path& directory);

}  // namespace edgeprune::data
