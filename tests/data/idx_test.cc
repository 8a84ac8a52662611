#include "edgeprune/core/files.h"
#include "edgeprune/data/readers.h"

#include "support/expect_error.h"
#include "support/gzip.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::gzip;
using testing::TempDirectory;

std::string idx(const std::vector<std::uint32_t>& extents, const std::string& values) {
  std::string content{'\0', '\0', '\x08', static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents) {
    for (const int shift : {24, 16, 8, 0}) content += static_cast<char>(extent >> shift & 0xff);
  }
  return content + values;
}

class Idx : public ::testing::Test {
 protected:
  void write(const std::string& image_content, const std::string& label_content) const {
    core::write_file_atomically(images, image_content);
    core::write_file_atomically(labels, label_content);
  }
  Dataset read(std::uint32_t num_classes = 0) const {
    return read_idx(images, labels, num_classes);
  }

  TempDirectory directory;
  std::filesystem::path images = directory / "images.idx";
  std::filesystem::path labels = directory / "labels.idx";
};

const std::string kPixels = "abcdefghijkl";  // two images of 2 x 3
const std::string kLabels{'\0', '\2'};

TEST_F(Idx, ReadsImagesAndLabels) {
  write(idx({2, 2, 3}, kPixels), idx({2}, kLabels));
  const Dataset dataset = read();
  EXPECT_EQ(dataset.shape, (ImageShape{2, 3, 1}));
  EXPECT_EQ(dataset.labels, (std::vector<std::int32_t>{0, 2}));
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"0", "1", "2"}));
  EXPECT_EQ(std::string(dataset.byte_pixels.begin(), dataset.byte_pixels.end()), kPixels);
  // Headers of 16 and 8 bytes, 12 pixels, 2 labels, for 2 samples.
  EXPECT_DOUBLE_EQ(dataset.stored_bytes_per_sample, (16 + 12 + 8 + 2) / 2.0);
}

TEST_F(Idx, ReadsTheSameThroughGzip) {
  write(idx({2, 2, 3}, kPixels), idx({2}, kLabels));
  const std::string plain = read().content_hash;
  write(gzip(idx({2, 2, 3}, kPixels)), gzip(idx({2}, kLabels)));
  EXPECT_EQ(read().content_hash, plain);
}

TEST_F(Idx, TakesTheNumberOfClassesItIsGiven) {
  write(idx({2, 2, 3}, kPixels), idx({2}, kLabels));
  EXPECT_EQ(read(5).num_classes(), 5U);
}

TEST_F(Idx, ALabelBeyondTheGivenClassesIsAnError) {
  write(idx({2, 2, 3}, kPixels), idx({2}, kLabels));
  expect_error(ErrorKind::data, {labels.string() + ": sample 1 has label 2", "must be in [0, 2)"},
               [&] { (void)read(2); });
}

TEST_F(Idx, AMissingFileIsAnErrorOfTheSystem) {
  expect_error(ErrorKind::io, {"images.idx", "No such file", "check the path"},
               [&] { (void)read(); });
}

TEST_F(Idx, TruncatedGzipIsAnErrorThatNamesTheFile) {
  const std::string whole = gzip(idx({2, 2, 3}, kPixels));
  write(whole.substr(0, whole.size() - 9), idx({2}, kLabels));
  expect_error(ErrorKind::data,
               {images.string() + ": the gzip stream ends early; copy the file again"},
               [&] { (void)read(); });
}

TEST_F(Idx, GzipGrowsNoFurtherThanTheHeaderCounts) {
  write(gzip(idx({2, 2, 3}, kPixels + std::string(50'000'000, 'x'))), idx({2}, kLabels));
  expect_error(ErrorKind::data,
               {images.string() + ": expands to more than the 28 bytes that its header promises"},
               [&] { (void)read(); });
  write(gzip(idx({60000, 1000, 1000}, kPixels)), idx({2}, kLabels));
  expect_error(ErrorKind::data, {images.string(), "more than 4 GiB"}, [&] { (void)read(); });
  write(gzip(idx({60000, 28, 28}, kPixels)), idx({2}, kLabels));
  expect_error(ErrorKind::data, {images.string(), "its header promises 47040016 bytes"},
               [&] { (void)read(); });
  const std::uint32_t huge = 0xffffffff;
  write(gzip(idx({huge, huge, huge}, kPixels)), idx({2}, kLabels));
  expect_error(ErrorKind::data, {images.string(), "more than 4 GiB"}, [&] { (void)read(); });
}

TEST_F(Idx, AnotherFormatInGzipIsNotUnpacked) {
  write(gzip("P5 2 3 255 " + std::string(50'000'000, 'x')), idx({2}, kLabels));
  expect_error(ErrorKind::data, {images.string() + ": not an IDX file"}, [&] { (void)read(); });
  write(gzip(idx({2, 3}, std::string(50'000'000, 'x'))), idx({2}, kLabels));
  expect_error(ErrorKind::data, {images.string() + ": has 2 dimensions"}, [&] { (void)read(); });
}

TEST_F(Idx, AWrongMagicIsAnError) {
  write("P5 2 3 255 abcdef", idx({2}, kLabels));
  expect_error(ErrorKind::data,
               {images.string() + ": not an IDX file: it begins with 0x50352032", "check the path"},
               [&] { (void)read(); });
}

TEST_F(Idx, ElementsOtherThanBytesAreAnError) {
  write(std::string("\0\0\x0d\1", 4), idx({2}, kLabels));
  expect_error(ErrorKind::data, {"images.idx", "type 0x0d", "convert them to unsigned bytes"},
               [&] { (void)read(); });
}

TEST_F(Idx, AFileThatEndsWithinItsHeaderIsAnError) {
  write(idx({2, 2, 3}, "").substr(0, 11), idx({2}, kLabels));
  expect_error(ErrorKind::data, {"images.idx: the file ends within its header; copy"},
               [&] { (void)read(); });
}

TEST_F(Idx, AHeaderThatPromisesOtherThanItsContentIsAnError) {
  write(idx({2, 2, 3}, kPixels.substr(1)), idx({2}, kLabels));
  expect_error(ErrorKind::data,
               {"images.idx: the header promises 2 x 2 x 3 bytes but 11 follow", "copy it again"},
               [&] { (void)read(); });
}

TEST_F(Idx, AHeaderWhoseProductOverflowsIsAnError) {
  const std::uint32_t huge = 0xffffffff;
  write(idx({huge, huge, huge}, kPixels), idx({2}, kLabels));
  expect_error(ErrorKind::data, {"images.idx: the header promises 4294967295 x"},
               [&] { (void)read(); });
}

TEST_F(Idx, ExchangedFilesAreAnError) {
  write(idx({2}, kLabels), idx({2, 2, 3}, kPixels));
  expect_error(ErrorKind::data,
               {"images.idx: has 1 dimensions but images have three (N x H x W)", "swapped"},
               [&] { (void)read(); });
}

TEST_F(Idx, CountsThatDisagreeAreAnErrorThatNamesBothFiles) {
  write(idx({2, 2, 3}, kPixels), idx({3}, "\1\1\1"));
  expect_error(ErrorKind::data,
               {images.string() + ": holds 2 images but " + labels.string() + " holds 3 labels",
                "belong together"},
               [&] { (void)read(); });
}

TEST_F(Idx, ZeroSamplesAreAnError) {
  write(idx({0, 2, 3}, ""), idx({0}, ""));
  expect_error(ErrorKind::data, {images.string() + ": holds no samples"}, [&] { (void)read(); });
}

TEST_F(Idx, SamplesOfOneClassCarryAWarning) {
  write(idx({2, 2, 3}, kPixels), idx({2}, "\1\1"));
  const Dataset dataset = read();
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_NE(dataset.warnings[0].find("all samples are of one class (1)"), std::string::npos);
}

const std::filesystem::path kFashionMnist = "/usr/share/datasets/fashion-mnist";

TEST(FashionMnist, TrainingHalfIsAsPublished) {
  const Dataset train = read_idx(kFashionMnist / "train-images-idx3-ubyte.gz",
                                 kFashionMnist / "train-labels-idx1-ubyte.gz");
  EXPECT_EQ(train.num_samples(), 60000U);
  EXPECT_EQ(train.shape, (ImageShape{28, 28, 1}));
  // The constants of PyTorch's examples for this data set, given to four digits.
  EXPECT_NEAR(train.channel_mean[0], 0.2860, 1e-4);
  EXPECT_NEAR(train.channel_stddev[0], 0.3530, 1e-4);
  EXPECT_EQ(class_counts(train, all_samples(train)), std::vector<std::uint32_t>(10, 6000));
  EXPECT_TRUE(train.warnings.empty());
}

TEST(FashionMnist, TestHalfIsAsPublished) {
  const Dataset test = read_idx(kFashionMnist / "t10k-images-idx3-ubyte.gz",
                                kFashionMnist / "t10k-labels-idx1-ubyte.gz", 10);
  EXPECT_EQ(test.num_samples(), 10000U);
  EXPECT_EQ(test.shape, (ImageShape{28, 28, 1}));
  EXPECT_EQ(class_counts(test, all_samples(test)), std::vector<std::uint32_t>(10, 1000));
}

}  // namespace
}  // namespace edgeprune::data
