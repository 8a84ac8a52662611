#include "edgeprune/core/files.h"
#include "edgeprune/data/readers.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;

std::string planes(char red, char green, char blue) {
  return std::string(1024, red) + std::string(1024, green) + std::string(1024, blue);
}

std::string record10(char label) {
  return label + planes(1, 2, 3);
}
std::string record100(char coarse, char fine) {
  return std::string{coarse, fine} + planes(1, 2, 3);
}

TEST(Cifar, PlanesBecomePixels) {
  std::string content = record10(0) + record10(9);
  content[3073 + 1 + 1024 + 5] = 77;  // second image, green, sixth pixel
  const CifarRecords records = parse_cifar(content, CifarVariant::cifar10, "batch.bin");
  EXPECT_EQ(records.labels, (std::vector<std::int32_t>{0, 9}));
  ASSERT_EQ(records.pixels.size(), 2U * 3072);
  const auto pixel = records.pixels.begin() + 3072 + 5 * 3;
  EXPECT_EQ(std::vector<std::uint8_t>(pixel, pixel + 3), (std::vector<std::uint8_t>{1, 77, 3}));
}

TEST(Cifar, TenHasItsPublishedClassNames) {
  const TempDirectory directory;
  core::write_file_atomically(directory / "batch.bin", record10(9));
  const Dataset dataset = read_cifar({directory / "batch.bin"}, CifarVariant::cifar10);
  EXPECT_EQ(dataset.shape, (ImageShape{32, 32, 3}));
  EXPECT_EQ(dataset.stored_bytes_per_sample, 3073);
  ASSERT_EQ(dataset.num_classes(), 10U);
  EXPECT_EQ(dataset.class_names.front(), "airplane");
  EXPECT_EQ(dataset.class_names.back(), "truck");
}

TEST(Cifar, HundredUsesTheFineLabel) {
  const TempDirectory directory;
  core::write_file_atomically(directory / "train.bin", record100(4, 99) + record100(4, 0));
  const Dataset dataset = read_cifar({directory / "train.bin"}, CifarVariant::cifar100);
  EXPECT_EQ(dataset.labels, (std::vector<std::int32_t>{99, 0}));
  EXPECT_EQ(dataset.class_names[99], "99");
  EXPECT_EQ(dataset.stored_bytes_per_sample, 3074);
}

TEST(Cifar, FilesAreReadInTheirOrder) {
  const TempDirectory directory;
  core::write_file_atomically(directory / "b.bin", record10(3));
  core::write_file_atomically(directory / "a.bin", record10(5) + record10(1));
  const Dataset dataset =
      read_cifar({directory / "b.bin", directory / "a.bin"}, CifarVariant::cifar10);
  EXPECT_EQ(dataset.labels, (std::vector<std::int32_t>{3, 5, 1}));
}

TEST(Cifar, HundredTakesNamesFromTheFileBesideIt) {
  const TempDirectory directory;
  std::string names;
  for (int label = 0; label < 100; ++label) names += "thing-" + std::to_string(label) + "\n";
  core::write_file_atomically(directory / "train.bin", record100(0, 7));
  core::write_file_atomically(directory / "fine_label_names.txt", names + "\n");
  const Dataset dataset = read_cifar({directory / "train.bin"}, CifarVariant::cifar100);
  EXPECT_EQ(dataset.class_names[7], "thing-7");
}

TEST(Cifar, AWrongNumberOfNamesIsAnError) {
  const TempDirectory directory;
  core::write_file_atomically(directory / "train.bin", record100(0, 7));
  core::write_file_atomically(directory / "fine_label_names.txt", "apple\nbaby\n");
  expect_error(
      ErrorKind::data,
      {"fine_label_names.txt: names 2 classes but CIFAR-100 has 100; unpack it again or remove"},
      [&] { (void)read_cifar({directory / "train.bin"}, CifarVariant::cifar100); });
}

TEST(Cifar, ALabelOutOfRangeIsAnErrorThatNamesTheRecord) {
  expect_error(
      ErrorKind::data, {"batch.bin: record 1 has label 10", "CIFAR-10 has labels 0 to 9"},
      [] { (void)parse_cifar(record10(0) + record10(10), CifarVariant::cifar10, "batch.bin"); });
  expect_error(ErrorKind::data,
               {"train.bin: record 0 has label 100", "CIFAR-100 has labels 0 to 99"},
               [] { (void)parse_cifar(record100(0, 100), CifarVariant::cifar100, "train.bin"); });
}

TEST(Cifar, AFileThatEndsWithinARecordIsAnError) {
  expect_error(ErrorKind::data,
               {"batch.bin: its 6145 bytes are no whole number of CIFAR-10 records of 3073 bytes",
                "copy it again"},
               [] {
                 const std::string whole = record10(0) + record10(1);
                 (void)parse_cifar(whole.substr(1), CifarVariant::cifar10, "batch.bin");
               });
}

TEST(Cifar, AnEmptyFileIsAnError) {
  expect_error(ErrorKind::data, {"batch.bin: its 0 bytes", "copy it again"},
               [] { (void)parse_cifar("", CifarVariant::cifar10, "batch.bin"); });
}

TEST(Cifar, AMissingFileIsAnErrorOfTheSystem) {
  expect_error(ErrorKind::io, {"/nowhere/batch.bin", "check the path"},
               [] { (void)read_cifar({"/nowhere/batch.bin"}, CifarVariant::cifar10); });
}

}  // namespace
}  // namespace edgeprune::data
