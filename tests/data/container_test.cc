#include "edgeprune/data/container.h"

#include "edgeprune/core/files.h"
#include "edgeprune/core/hash.h"
#include "edgeprune/core/random.h"
#include "edgeprune/data/readers.h"
#include "edgeprune/data/source.h"

#include "image_files.h"
#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace edgeprune::data::container_test {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;
using Samples = std::vector<std::uint32_t>;

Dataset finished(Dataset dataset) {
  dataset.name = "test data";
  dataset.class_names = {"cat", "dog", "\xc3\xa4"};
  return finish_dataset(std::move(dataset));
}

// Smooth images with some noise, as photos are.
Dataset images(std::uint32_t num_samples, const ImageShape& shape) {
  Dataset dataset{.shape = shape};
  core::RandomStream draws({.seed = 5});
  for (std::uint32_t n = 0; n < num_samples; ++n) {
    dataset.labels.push_back(static_cast<std::int32_t>(n % 3));
    for (std::uint32_t i = 0; i < shape.num_values(); ++i) {
      const double wave = std::sin(0.02 * i + n) + std::cos(0.11 * i);
      dataset.byte_pixels.push_back(
          static_cast<std::uint8_t>(128 + 40 * wave + static_cast<double>(draws.below(20))));
    }
  }
  return finished(std::move(dataset));
}

Dataset floats(std::uint32_t num_samples, const ImageShape& shape, float offset = -1) {
  Dataset dataset{.shape = shape};
  core::RandomStream draws({.seed = 6});
  for (std::uint32_t n = 0; n < num_samples; ++n) {
    dataset.labels.push_back(static_cast<std::int32_t>(n % 2));
    for (std::uint32_t i = 0; i < shape.num_values(); ++i) {
      const auto channel = static_cast<float>(i % shape.channels + 1);
      dataset.float_pixels.push_back(channel * static_cast<float>(draws.below(1000)) / 300 +
                                     offset);
    }
  }
  return finished(std::move(dataset));
}

Dataset back_from(const Container& container) {
  return decode_container(parse_container(container_bytes(container), "kept"), "kept");
}

std::uint64_t size_of(const Dataset& dataset, const Samples& samples, std::uint32_t quality) {
  return container_bytes(reencode(dataset, samples, {.jpeg_quality = quality})).size();
}

// A folder of three JPEG files of 16 x 16, made by ours, in two classes.
class Folder {
 public:
  Folder() : source_(images(3, {16, 16, 3})) {
    const char* const names[] = {"a/1.jpg", "b/1.jpg", "b/2.jpg"};
    for (std::uint32_t n = 0; n < 3; ++n) {
      const std::span<const std::uint8_t> pixels(source_.byte_pixels);
      core::create_directories((directory_ / names[n]).parent_path());
      core::write_file_atomically(directory_ / names[n], encode_jpeg(pixels.subspan(n * 768, 768),
                                                                     source_.shape, 90, "image"));
    }
  }
  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }
  [[nodiscard]] Dataset read(const ImageFolderOptions& options = {}) const {
    return read_image_folder(path(), options);
  }

 private:
  TempDirectory directory_;
  Dataset source_;
};

// Two samples of one byte: everything but the head and the checksum written out.
TEST(Container, HasTheBytesThatItsHeaderSays) {
  Dataset dataset{.shape = {1, 1, 1}};
  dataset.labels = {0, 2, 1};
  dataset.byte_pixels = {7, 8, 255};
  const std::string file = container_bytes(pack_originals(finished(dataset), Samples{1, 2}));
  EXPECT_EQ(file.substr(0, 8), "edgepack");
  const std::size_t head =
      static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  const std::string rest = file.substr(12 + head);
  // Distance, label, shared beginning, length; twice; then the two bytes.
  EXPECT_EQ(rest.substr(0, 10), std::string("\x01\x02\0\x01\x01\x01\0\x01\x08\xff", 10));
  EXPECT_EQ(rest.substr(10), core::content_hash(file.substr(0, file.size() - 32)));
}

RC_GTEST_PROP(Container, OriginalValuesComeBackAsTheyWere, ()) {
  const auto shape =
      *rc::gen::element(ImageShape{1, 1, 5}, ImageShape{4, 3, 2}, ImageShape{8, 8, 3});
  const Dataset dataset = *rc::gen::arbitrary<bool>() ? floats(9, shape) : images(9, shape);
  const Samples samples = *rc::gen::suchThat(
      rc::gen::map(rc::gen::unique<Samples>(rc::gen::inRange<std::uint32_t>(0, 9)),
                   [](Samples some) {
                     std::ranges::sort(some);
                     return some;
                   }),
      [](const Samples& some) { return !some.empty(); });
  const Container container = pack_originals(dataset, samples);
  const Dataset back = back_from(container);
  RC_ASSERT(back.content_hash == take_samples(dataset, samples).content_hash);
  for (std::size_t at = 0; at < samples.size(); ++at) {
    RC_ASSERT(container.samples[at].source == samples[at]);
  }
}

TEST(Container, HoldsTheFilesOfAFolderByteForByteAndTheirTablesOnce) {
  const Folder folder;
  const Dataset dataset = folder.read();
  const Container container =
      parse_container(container_bytes(pack_originals(dataset, all_samples(dataset))), "kept");
  ASSERT_EQ(container.samples.size(), 3u);
  EXPECT_EQ(container.shared.size(), 2u);  // none, and that of all three
  std::uint64_t of_files = 0;
  for (std::uint32_t n = 0; n < 3; ++n) {
    const StoredSample& sample = container.samples[n];
    const std::string file = core::read_file(folder.path() / dataset.files[n].path);
    EXPECT_EQ(container.shared[sample.shared] + sample.content, file);
    EXPECT_EQ(dataset.files[n].bytes, file.size());
    EXPECT_GE(dataset.files[n].allocated_bytes, 512u);
    of_files += file.size();
  }
  EXPECT_EQ(back_from(container).content_hash, dataset.content_hash);
  const std::uint64_t twice = 2 * container.shared[1].size();
  EXPECT_GT(twice, 1000u);
  // Three entries of the index: distance, label, beginning and one or two bytes of length.
  EXPECT_NEAR(original_bytes_per_sample(dataset), static_cast<double>(of_files - twice) / 3 + 4.5,
              0.5);
}

TEST(Container, ReadsResizedAndConvertedFilesAsTheFolderDoes) {
  const Folder folder;
  const Dataset dataset = folder.read({.resize_height = 9, .resize_width = 12, .channels = 1});
  EXPECT_EQ(back_from(pack_originals(dataset, all_samples(dataset))).content_hash,
            dataset.content_hash);
}

TEST(Container, NamesAFileThatHasChangedSinceItWasRead) {
  const Folder folder;
  const Dataset dataset = folder.read();
  core::write_file_atomically(folder.path() / "b/1.jpg", "other");
  expect_error(ErrorKind::io, {"b/1.jpg", "has 5 bytes", "restore it"},
               [&] { (void)pack_originals(dataset, all_samples(dataset)); });
}

double mean_error(const Dataset& a, const Dataset& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.byte_pixels.size(); ++i) {
    sum += std::abs(int{a.byte_pixels[i]} - int{b.byte_pixels[i]});
  }
  return sum / static_cast<double>(a.byte_pixels.size());
}

TEST(Reencode, TradesBytesForLikeness) {
  const Dataset dataset = images(40, {32, 32, 3});
  const Samples all = all_samples(dataset);
  EXPECT_LT(size_of(dataset, all, 10), size_of(dataset, all, 30));
  EXPECT_LT(size_of(dataset, all, 30), size_of(dataset, all, 90));
  const auto error_at = [&](std::uint32_t quality) {
    return mean_error(dataset, back_from(reencode(dataset, all, {.jpeg_quality = quality})));
  };
  EXPECT_GT(error_at(5), error_at(50));
  EXPECT_GT(error_at(50), error_at(95));
  const Dataset grey = images(4, {16, 8, 1});
  EXPECT_LT(mean_error(grey, back_from(reencode(grey, all_samples(grey), {.jpeg_quality = 100}))),
            1.0);
}

TEST(Reencode, TakesTheHighestQualityThatFits) {
  const Dataset dataset = images(40, {32, 32, 3});
  const Samples all = all_samples(dataset);
  for (const std::uint32_t wanted : {7u, 25u, 60u}) {
    const std::uint64_t bytes = size_of(dataset, all, wanted);
    const Container exact = reencode(dataset, all, {.max_bytes = bytes});
    EXPECT_EQ(container_bytes(exact).size(), bytes);
    EXPECT_GE(exact.jpeg_quality, wanted);  // neighbours may come to the same bytes
    EXPECT_LT(reencode(dataset, all, {.max_bytes = bytes - 1}).jpeg_quality, wanted);
  }
  const std::uint64_t plenty = 10 * size_of(dataset, all, 95);
  EXPECT_EQ(reencode(dataset, all, {.max_bytes = plenty}).jpeg_quality, kHighestJpegQuality);
  EXPECT_EQ(reencode(dataset, all, {}).jpeg_quality, kUsualJpegQuality);
  // A given quality is lowered, never raised.
  EXPECT_EQ(reencode(dataset, all, {.jpeg_quality = 40, .max_bytes = plenty}).jpeg_quality, 40u);
  EXPECT_LE(reencode(dataset, all, {.jpeg_quality = 40, .max_bytes = size_of(dataset, all, 30)})
                .jpeg_quality,
            30u);
}

TEST(Reencode, RefusesWhatFitsAtNoQuality) {
  const Dataset dataset = images(40, {32, 32, 3});
  expect_error(ErrorKind::config, {"40 re-encoded samples take", "more than 2000", "fewer samples"},
               [&] { (void)reencode(dataset, all_samples(dataset), {.max_bytes = 2000}); });
  const Dataset two = images(3, {4, 4, 2});
  expect_error(ErrorKind::config, {"2 channels", "store the originals"},
               [&] { (void)reencode(two, all_samples(two), {}); });
  const Dataset signals = floats(8, {1, 50, 1});
  expect_error(ErrorKind::config, {"8 re-encoded samples take"},
               [&] { (void)reencode(signals, all_samples(signals), {.max_bytes = 300}); });
}

// To the nearest of 256 levels between the least and the largest value of each channel.
TEST(Reencode, ScalesFloatsToBytesByChannel) {
  const Dataset dataset = floats(20, {1, 30, 3});
  const Container container = reencode(dataset, all_samples(dataset), {});
  EXPECT_EQ(container.jpeg_quality, 0u);
  const Dataset back = back_from(container);
  for (std::size_t i = 0; i < dataset.float_pixels.size(); ++i) {
    const float step = container.step[i % 3];
    EXPECT_LE(std::abs(back.float_pixels[i] - dataset.float_pixels[i]), 0.5f * step + 1e-5f);
  }
  EXPECT_NEAR(container.step[0], 999.0 / 300 / 255, 2e-4);
  EXPECT_NEAR(container.step[2], 3 * 999.0 / 300 / 255, 6e-4);
}

TEST(Reencode, KeepsConstantAndHugeFloatsFinite) {
  Dataset dataset{.shape = {1, 1, 2}};
  dataset.labels = {0, 1, 0};
  dataset.float_pixels = {5, -3e38f, 5, 3e38f, 5, 0};
  dataset = finished(std::move(dataset));
  const Dataset back = back_from(reencode(dataset, all_samples(dataset), {}));
  EXPECT_EQ(back.float_pixels[0], 5);
  EXPECT_EQ(back.float_pixels[1], -3e38f);
  EXPECT_NEAR(back.float_pixels[3] / 3e38f, 1, 1e-3);
  EXPECT_NEAR(back.float_pixels[5] / 3e38f, 0, 0.005);
}

TEST(Reencode, KnowsItsSizeBefore) {
  const Dataset dataset = images(700, {16, 16, 3});
  const PackedSize size = reencoded_size(dataset, 25);
  const auto whole = static_cast<double>(size_of(dataset, all_samples(dataset), 25));
  EXPECT_NEAR(size.shared + 700 * size.per_sample, whole, 0.03 * whole);
  const auto values =
      static_cast<double>(container_bytes(pack_originals(dataset, all_samples(dataset))).size());
  EXPECT_NEAR(700 * original_bytes_per_sample(dataset), values, 800);
}

TEST(Container, DamageAnywhereIsNamed) {
  const Dataset dataset = images(3, {8, 8, 3});
  const std::string file = container_bytes(reencode(dataset, all_samples(dataset), {}));
  for (std::size_t at = 0; at < file.size(); at += 13) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    expect_error(ErrorKind::data, {"kept.edgeprune: not a"},
                 [&] { (void)parse_container(damaged, "kept.edgeprune"); });
    expect_error(ErrorKind::data, {"kept.edgeprune: not a"},
                 [&] { (void)parse_container(file.substr(0, at), "kept.edgeprune"); });
  }
}

// With a checksum that is right: what a stranger may write.
TEST(Container, WhatMakesNoSenseIsRefused) {
  const Dataset dataset = images(3, {8, 8, 3});
  const auto refuse = [&](const auto& spoil, const std::string& why) {
    Container container = reencode(dataset, all_samples(dataset), {});
    spoil(container);
    expect_error(ErrorKind::data, {why}, [&] { (void)back_from(container); });
  };
  refuse([](Container& c) { c.samples[1].label = 3; }, "sample 1 is of no class");
  refuse([](Container& c) { c.samples[1].label = -1; }, "out of range");
  refuse([](Container& c) { c.samples[1].shared = 2; }, "a beginning is missing");
  refuse([](Container& c) { c.samples[1].source = 0; }, "out of order");
  refuse([](Container& c) { c.shape = {60000, 60000, 3}; }, "too large for its bytes");
  refuse([](Container& c) { c.shape = {7000, 7000, 3}; }, "too large for its bytes");
  refuse([](Container& c) { c.samples[2].content = "\xff\xd8"; }, "sample 2");
  refuse([](Container& c) { c.code = SampleCode::bytes; }, "not 192");
  refuse([](Container& c) { c.code = SampleCode::scaled; }, "one number for each channel");
  refuse([](Container& c) { c.samples.clear(); }, "no samples");
}

TEST(Container, IsASourceOfData) {
  const TempDirectory directory;
  const Dataset dataset = images(5, {8, 8, 3});
  const std::string file = container_bytes(pack_originals(dataset, Samples{0, 2, 3}));
  core::write_file_atomically(directory / "kept.edgeprune", file);
  const Dataset back = open_dataset(
      {.format = SourceFormat::container, .path = directory / "kept.edgeprune"}, Split::train);
  EXPECT_EQ(back.num_samples(), 3u);
  EXPECT_EQ(back.class_names, dataset.class_names);
  EXPECT_DOUBLE_EQ(back.stored_bytes_per_sample, static_cast<double>(file.size()) / 3);
  core::write_file_atomically(directory / "other", "something else");
  expect_error(ErrorKind::data, {"other", "not a container", "kept.edgeprune of a run"}, [&] {
    (void)open_dataset({.format = SourceFormat::container, .path = directory / "other"},
                       Split::train);
  });
}

TEST(JpegBeginning, EndsWhereTheCodedDataBegin) {
  const Dataset dataset = images(2, {16, 16, 3});
  const std::span<const std::uint8_t> pixels(dataset.byte_pixels);
  const std::string first = encode_jpeg(pixels.first(768), dataset.shape, 50, "image");
  const std::string second = encode_jpeg(pixels.last(768), dataset.shape, 50, "image");
  const std::size_t end = jpeg_beginning(first);
  EXPECT_EQ(first.substr(0, end), second.substr(0, end));
  EXPECT_NE(first[end], second[end]);
  // The header of a scan with three components: length 12, so the marker is 14 bytes before.
  EXPECT_EQ(first.substr(end - 14, 4), std::string("\xff\xda\x00\x0c", 4));
  for (std::size_t length = 0; length < end; ++length) {
    EXPECT_EQ(jpeg_beginning(std::string_view(first).substr(0, length)), 0u);
  }
  EXPECT_EQ(jpeg_beginning("\x89PNG"), 0u);
}

}  // namespace
}  // namespace edgeprune::data::container_test
