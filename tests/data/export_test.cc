#include "edgeprune/core/npy.h"
#include "edgeprune/core/random.h"
#include "edgeprune/data/readers.h"
#include "edgeprune/data/source.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;

Dataset pixels_at_random(std::uint32_t num_samples, const ImageShape& shape) {
  Dataset dataset;
  dataset.name = "test data";
  dataset.shape = shape;
  dataset.class_names = {"T-shirt/top", "Bag", "Coat"};
  core::RandomStream draws({.seed = 3});
  for (std::uint32_t at = 0; at < num_samples; ++at) dataset.labels.push_back(at % 3);
  dataset.byte_pixels.resize(num_samples * shape.num_values());
  for (std::uint8_t& pixel : dataset.byte_pixels) pixel = static_cast<std::uint8_t>(draws.next());
  return finish_dataset(std::move(dataset));
}

template <typename T>
std::vector<T> image_of(const std::vector<T>& pixels, const Dataset& dataset, std::size_t sample) {
  const std::size_t size = dataset.shape.num_values();
  return {pixels.begin() + static_cast<std::ptrdiff_t>(sample * size),
          pixels.begin() + static_cast<std::ptrdiff_t>((sample + 1) * size)};
}

TEST(ExportNpyPair, ReadBackHasTheKeptPixelsAndLabelsInOrder) {
  const TempDirectory directory;
  const Dataset dataset = pixels_at_random(8, {5, 4, 3});
  const std::vector<std::uint32_t> kept = {6, 1, 5, 3};
  export_npy_pair(dataset, kept, directory / "kept");
  const Dataset back =
      read_npy_pair(directory / "kept/images.npy", directory / "kept/labels.npy", NpyLayout::nhwc);
  ASSERT_EQ(back.num_samples(), 4u);
  EXPECT_EQ(back.shape, dataset.shape);
  for (std::size_t at = 0; at < kept.size(); ++at) {
    EXPECT_EQ(image_of(back.byte_pixels, back, at),
              image_of(dataset.byte_pixels, dataset, kept[at]));
    EXPECT_EQ(back.labels[at], dataset.labels[kept[at]]);
  }
}

TEST(ExportNpyPair, KeepsFloatFeaturesAsRowsOfFloats) {
  const TempDirectory directory;
  Dataset dataset;
  dataset.shape = {1, 1, 2};
  dataset.class_names = {"0", "1"};
  dataset.labels = {0, 1, 1};
  dataset.float_pixels = {0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f};
  export_npy_pair(dataset, std::vector<std::uint32_t>{2, 0}, directory.path());
  const core::NpyArray images = core::read_npy(directory / "images.npy");
  EXPECT_EQ(images.shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_TRUE(std::ranges::equal(images.as<float>(), std::vector<float>{4.5f, 5.5f, 0.5f, 1.5f}));
  const core::NpyArray labels = core::read_npy(directory / "labels.npy");
  EXPECT_TRUE(std::ranges::equal(labels.as<std::int32_t>(), std::vector<std::int32_t>{1, 0}));
}

TEST(ExportNpyPair, NamesASampleThatIsNotThere) {
  const TempDirectory directory;
  const Dataset dataset = pixels_at_random(3, {2, 2, 1});
  expect_error(ErrorKind::data, {"test data", "sample 3", "only 3"},
               [&] { export_npy_pair(dataset, std::vector<std::uint32_t>{3}, directory.path()); });
}

// For every kept sample, the file that must hold it, read alone.
void expect_files(const Dataset& dataset, const std::vector<std::uint32_t>& kept,
                  const std::vector<std::string>& files, const TempDirectory& directory) {
  for (std::size_t at = 0; at < kept.size(); ++at) {
    std::ifstream file(directory / files[at], std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    const DecodedImage image = decode_image(content, 0, files[at]);
    EXPECT_EQ(image.shape, dataset.shape) << files[at];
    EXPECT_EQ(image.pixels, image_of(dataset.byte_pixels, dataset, kept[at])) << files[at];
  }
}

TEST(ExportImageFolder, WritesOnePngPerSampleInTheFolderOfItsClass) {
  const TempDirectory directory;
  const Dataset grey = pixels_at_random(12, {6, 5, 1});
  export_image_folder(grey, std::vector<std::uint32_t>{0, 4, 11}, directory / "grey");
  expect_files(grey, {0, 4, 11}, {"grey/T-shirt_top/00.png", "grey/Bag/04.png", "grey/Coat/11.png"},
               directory);
  const Dataset colour = pixels_at_random(3, {5, 6, 3});
  export_image_folder(colour, std::vector<std::uint32_t>{2}, directory / "colour");
  expect_files(colour, {2}, {"colour/Coat/2.png"}, directory);
}

TEST(ExportImageFolder, ReadBackHasTheSamePixelsAndClassNames) {
  const TempDirectory directory;
  const Dataset dataset = pixels_at_random(9, {4, 4, 3});
  export_image_folder(dataset, all_samples(dataset), directory / "kept");
  const Dataset back = read_image_folder(directory / "kept");
  EXPECT_EQ(back.class_names, (std::vector<std::string>{"Bag", "Coat", "T-shirt_top"}));
  // Classes in byte order, samples of a class in the order of their indices.
  const std::vector<std::uint32_t> expected = {1, 4, 7, 2, 5, 8, 0, 3, 6};
  ASSERT_EQ(back.num_samples(), 9u);
  for (std::size_t at = 0; at < expected.size(); ++at) {
    EXPECT_EQ(image_of(back.byte_pixels, back, at),
              image_of(dataset.byte_pixels, dataset, expected[at]));
  }
  EXPECT_EQ(back.labels, (std::vector<std::int32_t>{0, 0, 0, 1, 1, 1, 2, 2, 2}));
}

RC_GTEST_PROP(ExportNpyPair, KeepsAnySelectionAsItIs, ()) {
  const TempDirectory directory;
  const Dataset dataset = pixels_at_random(20, {3, 2, 1});
  const auto kept = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, 20u));
  export_npy_pair(dataset, kept, directory.path());
  const core::NpyArray images = core::read_npy(directory / "images.npy");
  RC_ASSERT(images.shape == (std::vector<std::size_t>{kept.size(), 3, 2, 1}));
  const auto pixels = images.as<std::uint8_t>();
  const std::vector<std::uint8_t> copied(pixels.begin(), pixels.end());
  for (std::size_t at = 0; at < kept.size(); ++at) {
    RC_ASSERT(image_of(copied, dataset, at) == image_of(dataset.byte_pixels, dataset, kept[at]));
  }
}

TEST(ExportImageFolder, RejectsWhatAPngCannotHold) {
  const TempDirectory directory;
  const Dataset two_channels = pixels_at_random(3, {2, 2, 2});
  expect_error(ErrorKind::data, {"test data", "byte pixels with 2 channels", ".npy"}, [&] {
    export_image_folder(two_channels, all_samples(two_channels), directory.path());
  });
  Dataset floats = pixels_at_random(3, {2, 2, 1});
  floats.float_pixels.assign(12, 0.5f);
  floats.byte_pixels.clear();
  expect_error(ErrorKind::data, {"float pixels"},
               [&] { export_image_folder(floats, all_samples(floats), directory.path()); });
}

TEST(ExportImageFolder, RejectsClassesThatWouldShareAFolder) {
  const TempDirectory directory;
  Dataset dataset = pixels_at_random(3, {2, 2, 1});
  dataset.class_names = {"a/b", "a_b", "c"};
  expect_error(ErrorKind::data, {"class \"a_b\"", "folder \"a_b\""},
               [&] { export_image_folder(dataset, all_samples(dataset), directory.path()); });
}

TEST(ExportImageFolder, DoesNotMixWithFilesThatAreThere) {
  const TempDirectory directory;
  const Dataset dataset = pixels_at_random(3, {2, 2, 1});
  export_image_folder(dataset, all_samples(dataset), directory.path());
  expect_error(ErrorKind::io, {directory.path().string(), "new directory"},
               [&] { export_image_folder(dataset, all_samples(dataset), directory.path()); });
}

}  // namespace
}  // namespace edgeprune::data
