#include "edgeprune/select/manifest.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/files.h"
#include "edgeprune/core/npy.h"
#include "edgeprune/core/version.h"

#include "support/expect_error.h"
#include "support/temp_directory.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace edgeprune::select {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::TempDirectory;
using Samples = std::vector<std::uint32_t>;

const Samples kKeptSamples = {0, 1, 2};
// python-xxhash: xxhash.xxh3_128_hexdigest(struct.pack("<3I", 0, 1, 2))
constexpr const char* kKeptHash = "583ee361663f563f83e77f585e9f1e52";

const Manifest kManifest{.dataset_hash = "d1",
                         .scorer = "observed",
                         .selector = "top",
                         .seed = 18446744073709551615U,
                         .keep_ratio = "0.30",
                         .num_samples = 10,
                         .num_kept = 3,
                         .selection_hash = ""};

TEST(SelectionHash, IsThatOfTheIndicesAsLittleEndianWords) {
  EXPECT_EQ(selection_hash(kKeptSamples), kKeptHash);
}

TEST(SelectionHash, TellsSetsApart) {
  EXPECT_NE(selection_hash(Samples{0, 1, 3}), kKeptHash);
  EXPECT_NE(selection_hash(Samples{0, 1}), kKeptHash);
}

TEST(WriteSelection, WritesTheIndicesAndTheirManifest) {
  const TempDirectory directory;
  write_selection(directory.path(), kKeptSamples, kManifest);

  const core::NpyArray indices = core::read_npy(directory / "selection.npy");
  EXPECT_EQ(indices.type, core::ElementType::u32);
  EXPECT_EQ(read_index_list(directory / "selection.npy", 10), kKeptSamples);

  const auto json = nlohmann::json::parse(core::read_file(directory / "selection.json"));
  EXPECT_EQ(json, nlohmann::json({{"dataset_hash", "d1"},
                                  {"scorer", "observed"},
                                  {"selector", "top"},
                                  {"per_class", "none"},
                                  {"seed", 18446744073709551615U},
                                  {"keep_ratio", "0.30"},
                                  {"num_samples", 10},
                                  {"num_kept", 3},
                                  {"selection_hash", kKeptHash},
                                  {"format_version", 1},
                                  {"version", core::version()}}));
}

TEST(WriteSelection, WritesTheSameBytesEveryTime) {
  const TempDirectory directory;
  core::create_directories(directory / "a");
  core::create_directories(directory / "b");
  write_selection(directory / "a", kKeptSamples, kManifest);
  write_selection(directory / "b", kKeptSamples, kManifest);
  for (const std::string name : {"selection.npy", "selection.json"}) {
    EXPECT_EQ(core::read_file(directory / ("a/" + name)),
              core::read_file(directory / ("b/" + name)));
  }
}

class IndexList : public ::testing::Test {
 protected:
  template <typename T>
  void write(const std::vector<T>& indices) const {
    write(indices, {indices.size()});
  }
  template <typename T>
  void write(const std::vector<T>& indices, const std::vector<std::size_t>& shape) const {
    core::write_npy(path, std::span<const T>(indices), shape);
  }
  void expect_data_error(std::initializer_list<std::string> parts) const {
    expect_error(ErrorKind::data, {"list.npy"}, [&] { (void)read_index_list(path, 5); });
    expect_error(ErrorKind::data, parts, [&] { (void)read_index_list(path, 5); });
  }

  TempDirectory directory;
  std::filesystem::path path = directory / "list.npy";
};

TEST_F(IndexList, IsReadInAscendingOrder) {
  write<std::int64_t>({4, 0, 2});
  EXPECT_EQ(read_index_list(path, 5), (Samples{0, 2, 4}));
}

TEST_F(IndexList, MayBeOfAnyIntegerType) {
  write<std::uint8_t>({1, 3});
  EXPECT_EQ(read_index_list(path, 5), (Samples{1, 3}));
  write<std::int32_t>({1, 3});
  EXPECT_EQ(read_index_list(path, 5), (Samples{1, 3}));
  write<std::uint64_t>({1, 3});
  EXPECT_EQ(read_index_list(path, 5), (Samples{1, 3}));
}

TEST_F(IndexList, AnIndexTwiceIsAnErrorThatNamesIt) {
  write<std::int32_t>({1, 3, 1});
  expect_data_error({"index 1", "twice"});
}

TEST_F(IndexList, AnIndexOutsideIsAnErrorThatNamesIt) {
  write<std::int32_t>({1, 5});
  expect_data_error({"index 5", "5 samples"});
  write<std::int32_t>({1, -1});
  expect_data_error({"index -1", "5 samples"});
  write<std::int64_t>({1, std::int64_t{1} << 32});
  expect_data_error({"index 4294967296", "5 samples"});
}

TEST_F(IndexList, AnotherShapeIsAnError) {
  write<std::int32_t>({0, 1, 2, 3}, {2, 2});
  expect_data_error({"one-dimensional"});
  write<std::int32_t>({3}, {});
  expect_data_error({"one-dimensional"});
}

TEST_F(IndexList, AnEmptyListIsAnError) {
  write<std::int32_t>({});
  expect_data_error({"at least one"});
}

TEST_F(IndexList, FloatsAreAnError) {
  write<float>({1, 2});
  expect_data_error({"integers"});
}

RC_GTEST_PROP(IndexListProperty, WhatIsWrittenIsReadInOrder, ()) {
  auto indices =
      *rc::gen::suchThat(rc::gen::unique<Samples>(rc::gen::inRange<std::uint32_t>(0, 1000)),
                         [](const Samples& samples) { return !samples.empty(); });
  const TempDirectory directory;
  core::write_npy(directory / "list.npy", std::span<const std::uint32_t>(indices),
                  {indices.size()});
  std::sort(indices.begin(), indices.end());
  RC_ASSERT(read_index_list(directory / "list.npy", 1000) == indices);
}

TEST(Selection, IsReplacedOnlyWhereItIsAsItWasWritten) {
  const TempDirectory directory;
  const auto expect_refused = [&] {
    expect_error(ErrorKind::run_directory, {"selection.npy", "not replaced"},
                 [&] { require_replaceable_selection(directory.path()); });
  };
  require_replaceable_selection(directory.path());
  const std::vector<std::uint32_t> kept = {1, 5};
  const std::vector<std::uint32_t> mine = {1, 6};
  write_selection(directory.path(), kept, {.num_samples = 9, .num_kept = 2});
  require_replaceable_selection(directory.path());
  core::write_npy(directory / "selection.npy", std::span<const std::uint32_t>(mine), {2});
  expect_refused();
  std::filesystem::remove(directory / "selection.json");
  expect_refused();
}

}  // namespace
}  // namespace edgeprune::select
