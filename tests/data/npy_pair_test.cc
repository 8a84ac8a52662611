#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/data/readers.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <numeric>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;
using Bytes = std::vector<std::uint8_t>;

class NpyPair : public ::testing::Test {
 protected:
  template <typename T>
  void write_images(const std::vector<T>& values, const std::vector<std::size_t>& shape) const {
    core::write_npy(images, std::span(values), shape);
  }
  template <typename T>
  void write_labels(const std::vector<T>& values) const {
    core::write_npy(labels, std::span(values), {values.size()});
  }
  Dataset read(NpyLayout layout = NpyLayout::nhwc, std::uint32_t num_classes = 0) const {
    return read_npy_pair(images, labels, layout, num_classes);
  }

  TempDirectory directory;
  std::filesystem::path images = directory / "images.npy";
  std::filesystem::path labels = directory / "labels.npy";
};

TEST_F(NpyPair, ReadsChannelsLast) {
  // One image, 1 x 2 pixels of 3 channels.
  write_images(Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 1, 2, 3});
  write_labels(std::vector<std::int64_t>{1, 0});
  const Dataset dataset = read(NpyLayout::nhwc);
  EXPECT_EQ(dataset.shape, (ImageShape{1, 2, 3}));
  EXPECT_EQ(dataset.byte_pixels, (Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(dataset.labels, (std::vector<std::int32_t>{1, 0}));
}

TEST_F(NpyPair, ReadsChannelsFirst) {
  // Two images of planes 1 2 | 3 4 | 5 6, each 1 x 2: pixels (1, 3, 5) and (2, 4, 6).
  write_images(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 3, 1, 2});
  write_labels(Bytes{0, 1});
  const Dataset dataset = read(NpyLayout::nchw);
  EXPECT_EQ(dataset.shape, (ImageShape{1, 2, 3}));
  EXPECT_EQ(dataset.float_pixels, (std::vector<float>{1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12}));
}

TEST_F(NpyPair, ReadsGreyImagesAndFeatureVectors) {
  write_labels(std::vector<std::int32_t>{0, 1});
  write_images(Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 2, 3});
  EXPECT_EQ(read(NpyLayout::nchw).shape, (ImageShape{2, 3, 1}));
  write_images(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(read().shape, (ImageShape{1, 1, 3}));
  EXPECT_EQ(read().channel_mean, (std::vector<double>{2.5, 3.5, 4.5}));
}

TEST_F(NpyPair, CountsTheBytesOfBothFiles) {
  write_images(Bytes{1, 2}, {2, 1});
  write_labels(Bytes{0, 1});
  const auto size = std::filesystem::file_size(images) + std::filesystem::file_size(labels);
  EXPECT_DOUBLE_EQ(read().stored_bytes_per_sample, static_cast<double>(size) / 2);
}

TEST_F(NpyPair, CountsThatDisagreeAreAnErrorThatNamesBothFiles) {
  write_images(Bytes{1, 2, 3}, {3, 1});
  write_labels(Bytes{0, 1});
  expect_error(ErrorKind::data,
               {images.string() + ": holds 3 images but " + labels.string() + " holds 2 labels"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, ALabelOutOfRangeIsAnErrorThatNamesTheSample) {
  write_images(Bytes{1, 2}, {2, 1});
  write_labels(std::vector<std::int64_t>{0, -1});
  expect_error(ErrorKind::data, {labels.string() + ": sample 1 has label -1"},
               [&] { (void)read(); });
  write_labels(std::vector<std::int64_t>{0, 3});
  expect_error(ErrorKind::data, {labels.string() + ": sample 1 has label 3", "[0, 3)"},
               [&] { (void)read(NpyLayout::nhwc, 3); });
  write_labels(std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(), 3});
  expect_error(ErrorKind::data, {labels.string() + ": sample 0 has label 9223372036854775807"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, NotANumberIsAnErrorThatNamesThePlace) {
  write_images(std::vector<float>{1, 2, 3, 4, 5, std::numeric_limits<float>::quiet_NaN()},
               {1, 1, 3, 2});
  write_labels(Bytes{0});
  expect_error(ErrorKind::data, {images.string() + ": sample 0 holds nan (value 5 of it)"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, OtherElementsAreAnErrorThatOffersConversion) {
  write_images(std::vector<double>{1, 2}, {2, 1});
  write_labels(Bytes{0, 1});
  expect_error(ErrorKind::data,
               {images.string() + ": holds '<f8' where '|u1' or '<f4' is wanted", "astype('<f4')"},
               [&] { (void)read(); });
  write_images(Bytes{1, 2}, {2, 1});
  write_labels(std::vector<float>{0, 1});
  expect_error(ErrorKind::data, {labels.string() + ": holds '<f4' where integers are wanted"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, OtherShapesAreAnError) {
  write_images(Bytes{1, 2}, {2});
  write_labels(Bytes{0, 1});
  expect_error(ErrorKind::data, {images.string() + ": has shape (2); images are N x H x W x C"},
               [&] { (void)read(); });
  write_images(Bytes{1, 2}, {2, 1});
  core::write_npy(labels, std::span<const std::uint8_t>(Bytes{0, 1}), {2, 1});
  expect_error(ErrorKind::data, {labels.string() + ": has shape (2, 1)", "array.ravel()"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, ZeroSamplesAreAnError) {
  write_images(Bytes{}, {0, 28, 28});
  write_labels(Bytes{});
  expect_error(ErrorKind::data, {images.string() + ": holds no samples; check"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, ATruncatedFileIsAnError) {
  write_images(Bytes{1, 2}, {2, 1});
  write_labels(Bytes{0, 1});
  const std::string whole = core::read_file(images);
  core::write_file_atomically(images, whole.substr(0, whole.size() - 1));
  expect_error(ErrorKind::data, {images.string(), "truncated or damaged, copy it again"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, AWrongMagicIsAnError) {
  core::write_file_atomically(images, "PK\3\4 an .npz perhaps");
  write_labels(Bytes{0, 1});
  expect_error(ErrorKind::data, {images.string() + ": not a .npy file (wrong magic)"},
               [&] { (void)read(); });
}

TEST_F(NpyPair, SamplesOfOneClassCarryAWarning) {
  write_images(Bytes{1, 2}, {2, 1});
  write_labels(Bytes{1, 1});
  ASSERT_EQ(read().warnings.size(), 1U);
  EXPECT_NE(read().warnings[0].find("all samples are of one class (1)"), std::string::npos);
}

RC_GTEST_FIXTURE_PROP(NpyPair, BothLayoutsOfTheSameImagesAreTheSameData, ()) {
  const auto extent = [] { return *rc::gen::inRange<std::size_t>(1, 5); };
  const std::size_t n = extent();
  const std::size_t h = extent();
  const std::size_t w = extent();
  const std::size_t c = extent();
  std::vector<float> last(n * h * w * c);
  std::iota(last.begin(), last.end(), 0.0F);
  std::vector<float> first(last.size());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t pixel = 0; pixel < h * w; ++pixel) {
      for (std::size_t k = 0; k < c; ++k) {
        first[(i * c + k) * h * w + pixel] = last[(i * h * w + pixel) * c + k];
      }
    }
  }
  write_labels(Bytes(n, 0));
  write_images(last, {n, h, w, c});
  const std::string hash = read(NpyLayout::nhwc).content_hash;
  write_images(first, {n, c, h, w});
  RC_ASSERT(read(NpyLayout::nchw).content_hash == hash);
}

}  // namespace
}  // namespace edgeprune::data
