// Linked with what the library holds where EDGEPRUNE_IMAGE_READERS is off.
#include "edgeprune/data/readers.h"
#include "edgeprune/data/source.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;

constexpr const char* kSwitch = "EDGEPRUNE_IMAGE_READERS=ON";

TEST(WithoutImageReaders, AFolderIsAnErrorThatNamesTheFileAndTheSwitch) {
  const TempDirectory directory;
  std::filesystem::create_directory(directory / "cats");
  std::ofstream(directory / "cats/tom.png") << "\x89PNG";
  expect_error(ErrorKind::config, {"cats/tom.png: this edgeprune reads no images", kSwitch},
               [&] { (void)read_image_folder(directory.path(), {}); });
}

TEST(WithoutImageReaders, AnExportOfImagesSaysTheSame) {
  const TempDirectory directory;
  Dataset dataset;
  dataset.name = "test data";
  dataset.shape = {.height = 1, .width = 1, .channels = 1};
  dataset.class_names = {"cats"};
  dataset.labels = {0};
  dataset.byte_pixels = {7};
  const Dataset finished = finish_dataset(std::move(dataset));
  const std::vector<std::uint32_t> samples = {0};
  expect_error(ErrorKind::config, {"cats/0.png: this edgeprune writes no images", kSwitch},
               [&] { export_image_folder(finished, samples, directory / "out"); });
}

}  // namespace
}  // namespace edgeprune::data
