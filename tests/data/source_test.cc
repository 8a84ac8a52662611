#include "edgeprune/data/source.h"

#include "edgeprune/core/npy.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;
using Path = std::filesystem::path;

void write(const Path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

// Two images of 1 x 2 pixels, plain IDX.
void write_idx_pair(const Path& images, const Path& labels, const std::string& two_labels) {
  write(images, std::string("\0\0\x08\x03", 4) + big_endian(2) + big_endian(1) + big_endian(2) +
                    std::string("\x01\x02\x03\x04", 4));
  write(labels, std::string("\0\0\x08\x01", 4) + big_endian(2) + two_labels);
}

Dataset labelled(std::vector<std::string> class_names, std::vector<std::int32_t> labels) {
  Dataset dataset;
  dataset.name = "labelled";
  dataset.shape = {1, 2, 1};
  dataset.class_names = std::move(class_names);
  dataset.byte_pixels.resize(labels.size() * 2, 7);
  dataset.labels = std::move(labels);
  return finish_dataset(std::move(dataset));
}

TEST(OpenDataset, NamesTheClassesOfFashionMnist) {
  const TempDirectory directory;
  write_idx_pair(directory / "train-images-idx3-ubyte", directory / "train-labels-idx1-ubyte",
                 std::string("\x09\x00", 2));
  const Dataset train = open_dataset({.path = directory.path()}, Split::train);
  EXPECT_EQ(train.num_samples(), 2u);
  EXPECT_EQ(train.class_names,
            (std::vector<std::string>{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                                      "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}));
  EXPECT_EQ(train.labels, (std::vector<std::int32_t>{9, 0}));
}

TEST(OpenDataset, FindsTheDebianPackageWithoutAPath) {
  const Dataset test = open_dataset({}, Split::test);
  EXPECT_EQ(test.num_samples(), 10000u);
  EXPECT_EQ(test.shape, (ImageShape{28, 28, 1}));
  // The first labels of t10k, as every tutorial shows them: boot, pullover, trouser, trouser,
  // shirt.
  const std::vector<std::int32_t> first(test.labels.begin(), test.labels.begin() + 5);
  EXPECT_EQ(first, (std::vector<std::int32_t>{9, 2, 1, 1, 6}));
  EXPECT_EQ(test.class_names[9], "Ankle boot");
}

TEST(OpenDataset, ALimitTakesSamplesFromAllOverTheFile) {
  const Dataset test = open_dataset({.limit = 1000}, Split::test);
  EXPECT_EQ(test.num_samples(), 1000u);
  EXPECT_EQ(test.labels[0], 9);
  EXPECT_EQ(test.labels[1], open_dataset({}, Split::test).labels[10]);
}

TEST(OpenDataset, SaysHowToInstallMissingFashionMnist) {
  const TempDirectory directory;
  expect_error(ErrorKind::io,
               {directory.path().string(), "t10k-images", "apt-get install dataset-fashion-mnist"},
               [&] { (void)open_dataset({.path = directory.path()}, Split::test); });
}

TEST(OpenDataset, TakesTheFirstSamplesUpToTheLimit) {
  const TempDirectory directory;
  write_idx_pair(directory / "images", directory / "labels", std::string("\x01\x00", 2));
  SourceOptions options{.format = SourceFormat::idx,
                        .images = directory / "images",
                        .labels = directory / "labels",
                        .limit = 1};
  const Dataset first = open_dataset(options, Split::train);
  EXPECT_EQ(first.labels, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(first.byte_pixels, (std::vector<std::uint8_t>{1, 2}));
  options.limit = 0;
  EXPECT_EQ(open_dataset(options, Split::train).num_samples(), 2u);
}

TEST(OpenDataset, PassesTheNumberOfClassesOn) {
  const TempDirectory directory;
  write_idx_pair(directory / "images", directory / "labels", std::string("\x01\x00", 2));
  const Dataset dataset = open_dataset({.format = SourceFormat::idx,
                                        .images = directory / "images",
                                        .labels = directory / "labels",
                                        .num_classes = 7},
                                       Split::train);
  EXPECT_EQ(dataset.num_classes(), 7u);
}

TEST(OpenDataset, ReadsANpyPair) {
  const TempDirectory directory;
  core::write_npy<std::uint8_t>(directory / "x.npy", std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6},
                                {2, 3});
  core::write_npy<std::int64_t>(directory / "y.npy", std::vector<std::int64_t>{0, 1}, {2});
  const Dataset dataset = open_dataset(
      {.format = SourceFormat::npy, .images = directory / "x.npy", .labels = directory / "y.npy"},
      Split::test);
  EXPECT_EQ(dataset.shape, (ImageShape{1, 1, 3}));
}

std::string cifar10_record(char label) {
  return std::string(1, label) + std::string(3072, 'x');
}

TEST(OpenDataset, FindsCifar10InTheFolderOrInItsArchivesFolder) {
  const TempDirectory directory;
  for (char batch = 1; batch <= 5; ++batch) {
    write(directory / ("cifar-10-batches-bin/data_batch_" + std::to_string(batch) + ".bin"),
          cifar10_record(batch));
  }
  write(directory / "cifar-10-batches-bin/test_batch.bin", cifar10_record(9));
  for (const Path& path : {directory.path(), directory / "cifar-10-batches-bin"}) {
    const SourceOptions options{.format = SourceFormat::cifar10, .path = path};
    EXPECT_EQ(open_dataset(options, Split::train).labels,
              (std::vector<std::int32_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(open_dataset(options, Split::test).labels, (std::vector<std::int32_t>{9}));
  }
}

TEST(OpenDataset, FindsCifar100InTheFolderOrInItsArchivesFolder) {
  const TempDirectory directory;
  write(directory / "cifar-100-binary/train.bin", '\x02' + cifar10_record(42));
  write(directory / "cifar-100-binary/test.bin", '\x03' + cifar10_record(99));
  for (const Path& path : {directory.path(), directory / "cifar-100-binary"}) {
    const SourceOptions options{.format = SourceFormat::cifar100, .path = path};
    EXPECT_EQ(open_dataset(options, Split::train).labels, (std::vector<std::int32_t>{42}));
    EXPECT_EQ(open_dataset(options, Split::test).labels, (std::vector<std::int32_t>{99}));
  }
}

TEST(OpenDataset, SaysWhereMissingCifarComesFrom) {
  const TempDirectory directory;
  expect_error(ErrorKind::io, {"data_batch_1.bin", "cifar-10-binary.tar.gz"}, [&] {
    (void)open_dataset({.format = SourceFormat::cifar10, .path = directory.path()}, Split::train);
  });
}

TEST(OpenDataset, AsksForThePathsItsFormatNeeds) {
  const auto opening = [](SourceFormat format) {
    return [format] { (void)open_dataset({.format = format}, Split::train); };
  };
  expect_error(ErrorKind::config, {"cifar10", "path"}, opening(SourceFormat::cifar10));
  expect_error(ErrorKind::config, {"cifar100", "path"}, opening(SourceFormat::cifar100));
  expect_error(ErrorKind::config, {"folder", "path"}, opening(SourceFormat::folder));
  expect_error(ErrorKind::config, {"idx", "images"}, opening(SourceFormat::idx));
  expect_error(ErrorKind::config, {"npy", "images"}, opening(SourceFormat::npy));
}

TEST(MatchToTraining, LeavesATestSetOfTheSameClassesAlone) {
  const Dataset train = labelled({"cat", "dog"}, {0, 1});
  const Dataset test = match_to_training(labelled({"cat", "dog"}, {1, 1, 0}), train);
  EXPECT_EQ(test.labels, (std::vector<std::int32_t>{1, 1, 0}));
}

TEST(MatchToTraining, MapsClassesByName) {
  const Dataset train = labelled({"ant", "cat", "dog"}, {0, 1, 2});
  const Dataset before = labelled({"cat", "dog"}, {0, 1, 1});
  const Dataset test = match_to_training(before, train);
  EXPECT_EQ(test.labels, (std::vector<std::int32_t>{1, 2, 2}));
  EXPECT_EQ(test.class_names, train.class_names);
  EXPECT_NE(test.content_hash, before.content_hash);
}

TEST(MatchToTraining, NamesAClassUnknownToTraining) {
  const Dataset train = labelled({"ant", "cat"}, {0, 1});
  expect_error(ErrorKind::data, {"labelled", "no class \"dog\""}, [&] {
    (void)match_to_training(labelled({"cat", "dog"}, {0, 1}), train);
  });
}

TEST(MatchToTraining, KeepsNumbersAndTakesOverTheNames) {
  const Dataset train = labelled({"T-shirt/top", "Trouser", "Pullover"}, {0, 1, 2});
  const Dataset test = match_to_training(labelled({"0", "1"}, {1, 0}), train);
  EXPECT_EQ(test.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(test.class_names, train.class_names);
}

// As arrays are numbered for want of names; folders have theirs from somebody.
TEST(MatchToTraining, GuessesNothingFromFoldersNamedByNumbers) {
  const Dataset train = labelled({"cat", "dog"}, {1, 0, 1});
  Dataset test = labelled({"0", "1"}, {1, 0});
  test.files.resize(2);
  expect_error(ErrorKind::data, {"has no class \"0\"", "rename"},
               [&] { (void)match_to_training(test, train); });
}

TEST(MatchToTraining, MatchesFoldersNamedByNumbersByTheirNames) {
  const Dataset train = labelled({"1", "2", "3"}, {0, 1, 2});
  expect_error(ErrorKind::data, {"no class \"0\""}, [&] {
    (void)match_to_training(labelled({"0", "1"}, {0, 1}), train);
  });
  EXPECT_EQ(match_to_training(labelled({"2", "3"}, {0, 1}), train).labels,
            (std::vector<std::int32_t>{1, 2}));
}

TEST(MatchToTraining, RejectsALabelBeyondTheTrainingClasses) {
  const Dataset train = labelled({"0", "1"}, {0, 1});
  expect_error(ErrorKind::data, {"label 2", "classes 0 to 1"}, [&] {
    (void)match_to_training(labelled({"0", "1", "2"}, {0, 2}), train);
  });
}

TEST(MatchToTraining, RejectsAnotherShape) {
  const Dataset train = labelled({"0", "1"}, {0, 1});
  Dataset test = labelled({"0", "1"}, {0, 1});
  test.shape = {2, 1, 1};
  expect_error(ErrorKind::data, {"2 x 1 x 1", "1 x 2 x 1", "resize"},
               [&] { (void)match_to_training(test, train); });
}

RC_GTEST_PROP(MatchToTraining, KeepsTheClassNameOfEverySample, ()) {
  std::vector<std::string> names = {"ant", "bee", "cat", "dog", "eel"};
  const Dataset train = labelled(names, {0, 1, 2, 3, 4});
  std::ranges::reverse(names);
  names.resize(*rc::gen::inRange<std::size_t>(1, 6));
  const auto labels = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int32_t>>(
      rc::gen::inRange(0, static_cast<std::int32_t>(names.size()))));
  const Dataset test = match_to_training(labelled(names, labels), train);
  for (std::size_t at = 0; at < labels.size(); ++at) {
    RC_ASSERT(test.class_names[test.labels[at]] == names[labels[at]]);
  }
}

}  // namespace
}  // namespace edgeprune::data
