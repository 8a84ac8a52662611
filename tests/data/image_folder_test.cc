#include "edgeprune/core/files.h"
#include "edgeprune/data/readers.h"

#include "support/encode_image.h"
#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::encode_jpeg;
using testing::encode_png;
using testing::expect_error;
using testing::TempDirectory;
using Bytes = std::vector<std::uint8_t>;

std::string grey_png(std::uint32_t height, std::uint32_t width, std::uint8_t value) {
  return encode_png(height, width, PNG_FORMAT_GRAY, Bytes(std::size_t{height} * width, value));
}

class ImageFolder : public ::testing::Test {
 protected:
  void add(const std::string& name, const std::string& content) const {
    core::create_directories((directory / name).parent_path());
    core::write_file_atomically(directory / name, content);
  }
  Dataset read(const ImageFolderOptions& options = {}) const {
    return read_image_folder(directory.path(), options);
  }

  TempDirectory directory;
};

TEST_F(ImageFolder, ClassesAndFilesComeInByteOrder) {
  add("b/2.png", grey_png(1, 1, 4));
  add("b/10.PNG", grey_png(1, 1, 3));
  add("Z/a.png", grey_png(1, 1, 1));
  add("\xc3\xa4/a.png", grey_png(1, 1, 5));
  add("a/x.png", grey_png(1, 1, 2));
  const Dataset dataset = read();
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"Z", "a", "b", "\xc3\xa4"}));
  EXPECT_EQ(dataset.labels, (std::vector<std::int32_t>{0, 1, 2, 2, 3}));
  EXPECT_EQ(dataset.byte_pixels, (Bytes{1, 2, 3, 4, 5}));
  EXPECT_TRUE(dataset.warnings.empty());
}

TEST_F(ImageFolder, StoredBytesAreThoseOfTheFiles) {
  add("a/1.png", grey_png(2, 2, 1));
  add("b/1.jpeg", encode_jpeg(2, 2, TJPF_GRAY, Bytes(4, 9)));
  const auto size = [&](const char* name) {
    return static_cast<double>(std::filesystem::file_size(directory / name));
  };
  EXPECT_DOUBLE_EQ(read().stored_bytes_per_sample, (size("a/1.png") + size("b/1.jpeg")) / 2);
}

TEST_F(ImageFolder, OtherFilesAreLeftOutWithOneWarningThatCountsThemByType) {
  add("a/1.png", grey_png(1, 1, 1));
  add("a/notes.txt", "notes");
  add("a/deeper/more.TXT", "notes");
  add("b/1.png", grey_png(1, 1, 2));
  add("b/.hidden.png", "not counted");
  add("b/Makefile", "all:");
  add("README.md", "readme");
  add(".cache/thing", "not counted");
  add("__MACOSX/a/1.png", "not counted");
  const Dataset dataset = read();
  EXPECT_EQ(dataset.num_samples(), 2U);
  EXPECT_EQ(dataset.num_classes(), 2U);
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_EQ(dataset.warnings[0],
            directory.path().string() +
                ": read 2 .jpg, .jpeg and .png files and left out 4 of other types: 1 without an "
                "extension, 1 .md, 2 .txt");
}

TEST_F(ImageFolder, PicturesThatAreLeftOutAreToBeConverted) {
  add("a/1.png", grey_png(1, 1, 1));
  add("a/2.webp", "RIFF");
  add("b/1.png", grey_png(1, 1, 2));
  const Dataset dataset = read();
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_NE(dataset.warnings[0].find("1 .webp; convert the pictures among them"),
            std::string::npos);
  add("c/1.bmp", "BM");
  expect_error(ErrorKind::data,
               {(directory / "c").string() + ": holds no .jpg, .jpeg or .png files, but 1 of other "
                                             "types: 1 .bmp; convert them"},
               [&] { (void)read(); });
}

// sorted(os.walk(folder)) by the folders' paths, then sorted(files): '-' comes before '/'.
TEST_F(ImageFolder, FoldersWithinAClassBelongToItInTheOrderOfTorchvision) {
  const char* const names[] = {"a/z.png", "a/s/1.png", "a/s-t/1.png", "a/s/t/1.png", "b/2/1.png"};
  for (std::uint8_t n = 0; n < 5; ++n) add(names[n], grey_png(1, 1, n));
  const Dataset dataset = read();
  EXPECT_EQ(dataset.class_names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(dataset.byte_pixels, (Bytes{0, 1, 2, 3, 4}));
  EXPECT_EQ(dataset.labels, (std::vector<std::int32_t>{0, 0, 0, 0, 1}));
  EXPECT_EQ(dataset.files[3].path, "a/s/t/1.png");
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_NE(dataset.warnings[0].find("4 of 5 images lie in folders within"), std::string::npos);
}

TEST_F(ImageFolder, ALinkBackIsNamedAndALinkElsewhereFollowed) {
  add("elsewhere/1.png", grey_png(1, 1, 7));
  core::create_directories(directory / "set/a");
  std::filesystem::create_directory_symlink(directory / "elsewhere", directory / "set/a/linked");
  const Dataset dataset = read_image_folder(directory / "set");
  EXPECT_EQ(dataset.byte_pixels, (Bytes{7}));
  std::filesystem::create_directory_symlink(directory / "set/a", directory / "set/a/back");
  expect_error(ErrorKind::data, {"back", "a link leads back"},
               [&] { (void)read_image_folder(directory / "set"); });
}

TEST_F(ImageFolder, ALevelTooHighOrTooLowIsNamed) {
  for (const char* half : {"train", "Test"}) {
    for (const char* name : {"/cat/1.png", "/dog/1.png"}) {
      add(half + std::string(name), grey_png(1, 1, 1));
    }
  }
  expect_error(ErrorKind::data,
               {"holds Test and train", "one level too high", (directory / "train").string()},
               [&] { (void)read(); });
  core::create_directories(directory / "run");
  expect_error(ErrorKind::data, {"one level too high"}, [&] { (void)read(); });
  EXPECT_EQ(read_image_folder(directory / "train").num_classes(), 2U);
  expect_error(ErrorKind::data, {"train/cat: holds images but no class folders", "above it"},
               [&] { (void)read_image_folder(directory / "train/cat"); });
  // Classes that only have such names are classes.
  add("flat/train/1.png", grey_png(1, 1, 1));
  add("flat/test/1.png", grey_png(1, 1, 2));
  EXPECT_EQ(read_image_folder(directory / "flat").num_classes(), 2U);
}

TEST_F(ImageFolder, OneImageInColourMakesAllColourWithAWarning) {
  add("a/1.png", grey_png(1, 1, 1));
  add("a/2.png", grey_png(1, 1, 2));
  add("b/1.png", encode_png(1, 1, PNG_FORMAT_RGB, Bytes{255, 254, 253}));
  add("b/2.png", grey_png(1, 1, 3));
  const Dataset dataset = read();
  EXPECT_EQ(dataset.byte_pixels, (Bytes{1, 1, 1, 2, 2, 2, 255, 254, 253, 3, 3, 3}));
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_NE(dataset.warnings[0].find("3 of 4 images are grey and were converted to colour"),
            std::string::npos)
      << dataset.warnings[0];
  EXPECT_NE(dataset.warnings[0].find("set data.channels"), std::string::npos);
}

// Those of the training set.
TEST_F(ImageFolder, UsualChannelsAreTakenWithAWarning) {
  add("a/1.png", grey_png(1, 1, 1));
  add("b/1.png", encode_png(1, 1, PNG_FORMAT_RGB, Bytes{255, 255, 255}));
  const Dataset dataset = read({.usual_channels = 1});
  EXPECT_EQ(dataset.byte_pixels, (Bytes{1, 255}));
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_NE(dataset.warnings[0].find("1 of 2 images are in colour and were converted to grey"),
            std::string::npos);
}

TEST_F(ImageFolder, ImagesTakeTheChannelsAskedFor) {
  add("a/1.png", grey_png(1, 1, 1));
  add("b/1.png", encode_png(1, 1, PNG_FORMAT_RGB, Bytes{7, 8, 9}));
  const Dataset dataset = read({.channels = 3});
  EXPECT_EQ(dataset.byte_pixels, (Bytes{1, 1, 1, 7, 8, 9}));
  EXPECT_TRUE(dataset.warnings.empty());
}

TEST_F(ImageFolder, MixedSizesAreAnErrorThatOffersToResize) {
  add("a/1.png", grey_png(3, 2, 1));
  add("a/2.png", grey_png(3, 2, 1));
  add("b/1.png", grey_png(4, 5, 1));
  add("b/2.png", grey_png(9, 9, 1));
  expect_error(
      ErrorKind::data,
      {(directory / "b/1.png").string() + ": is 5 x 4 pixels (width x height)",
       (directory / "a/1.png").string() + " is 2 x 3", "data.resize_height", "data.resize_width"},
      [&] { (void)read(); });
}

TEST_F(ImageFolder, ResizingBringsMixedSizesTogether) {
  add("a/1.png", grey_png(3, 2, 10));
  add("b/1.png", grey_png(4, 5, 20));
  const Dataset dataset = read({.resize_height = 1, .resize_width = 2});
  EXPECT_EQ(dataset.shape, (ImageShape{1, 2, 1}));
  EXPECT_EQ(dataset.byte_pixels, (Bytes{10, 10, 20, 20}));
}

TEST_F(ImageFolder, OneResizeExtentAloneIsAnError) {
  add("a/1.png", grey_png(3, 2, 10));
  expect_error(ErrorKind::config, {"data.resize_height and data.resize_width go together"},
               [&] { (void)read({.resize_height = 4}); });
}

TEST_F(ImageFolder, AnUnreadableImageIsNamed) {
  add("a/1.png", grey_png(3, 2, 10));
  add("b/broken.jpg", "\xff\xd8\xff not really");
  expect_error(ErrorKind::data,
               {(directory / "b/broken.jpg").string() + ": not a readable JPEG image",
                "replace or remove it"},
               [&] { (void)read(); });
}

TEST_F(ImageFolder, AnEmptyFolderIsAnError) {
  expect_error(
      ErrorKind::data,
      {directory.path().string() + ": holds no class folders; put each class's images in one"},
      [&] { (void)read(); });
}

TEST_F(ImageFolder, ImagesWithoutClassFoldersAreAnError) {
  add("1.png", grey_png(3, 2, 10));
  expect_error(ErrorKind::data, {"holds images but no class folders"}, [&] { (void)read(); });
}

TEST_F(ImageFolder, AClassFolderWithoutImagesIsAnErrorThatNamesIt) {
  add("a/1.png", grey_png(3, 2, 10));
  add("b/notes.txt", "notes");
  expect_error(
      ErrorKind::data,
      {(directory / "b").string() + ": holds no .jpg, .jpeg or .png files", "or remove the folder"},
      [&] { (void)read(); });
}

TEST_F(ImageFolder, AMissingFolderIsAnErrorOfTheSystem) {
  expect_error(ErrorKind::io, {"/nowhere: no such folder; check data.path"},
               [] { (void)read_image_folder("/nowhere"); });
}

TEST_F(ImageFolder, OneClassAloneCarriesAWarning) {
  add("a/1.png", grey_png(1, 1, 1));
  const Dataset dataset = read();
  ASSERT_EQ(dataset.warnings.size(), 1U);
  EXPECT_NE(dataset.warnings[0].find("all samples are of one class (a)"), std::string::npos);
}

}  // namespace
}  // namespace edgeprune::data
