#include "support/gzip.h"

#include "edgeprune/data/readers.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <sys/resource.h>

namespace edgeprune::data {
namespace {

using core::ErrorKind;
using testing::expect_error;
using testing::gzip;

TEST(Gunzip, ReturnsOtherContentAsItIs) {
  EXPECT_EQ(gunzip("plain text", "file"), "plain text");
  EXPECT_EQ(gunzip("", "file"), "");
  EXPECT_EQ(gunzip("\x1f", "file"), "\x1f");
}

TEST(Gunzip, JoinsSeveralMembersAndAllowsZeroPadding) {
  const std::string padding(512, '\0');
  EXPECT_EQ(gunzip(gzip("first, ") + gzip("second") + padding, "file"), "first, second");
}

TEST(Gunzip, ReadsContentOfManyChunks) {
  const std::string content(3'000'000, 'x');
  EXPECT_EQ(gunzip(gzip(content), "file"), content);
}

TEST(Gunzip, AStreamCutAnywhereIsAnErrorThatNamesTheFile) {
  const std::string whole = gzip("some content that is long enough to be cut");
  for (std::size_t size = 2; size < whole.size(); ++size) {
    expect_error(ErrorKind::data, {"images.gz: the gzip stream ends early; copy the file again"},
                 [&] { (void)gunzip(whole.substr(0, size), "images.gz"); });
  }
}

TEST(Gunzip, ADamagedStreamIsAnErrorThatNamesTheFile) {
  std::string damaged = gzip("some content");
  damaged[damaged.size() - 6] ^= 1;  // within the checksum
  expect_error(ErrorKind::data,
               {"images.gz: the gzip stream is damaged (incorrect data check)", "copy the file"},
               [&] { (void)gunzip(damaged, "images.gz"); });
}

TEST(Gunzip, BytesBehindTheStreamAreAnError) {
  expect_error(ErrorKind::data,
               {"images.gz: 5 bytes that are not gzip follow the gzip stream; copy the file again"},
               [] { (void)gunzip(gzip("content") + "stray", "images.gz"); });
}

// The largest amount of memory the process has had, in bytes.
std::size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

TEST(Gunzip, UnpacksNoMoreThanIsPromised) {
  const std::string bomb = gzip("header" + std::string(200'000'000, '\0'));
  const auto promises = [](std::uint64_t size) {
    return [size](std::string_view first) -> std::optional<std::uint64_t> {
      if (first.size() < 6) return std::nullopt;
      return size;
    };
  };
  const std::size_t before = peak_memory();
  for (const std::uint64_t size :
       std::initializer_list<std::uint64_t>{0, 6, 24, 5'000, 100'000, 1'000'000}) {
    expect_error(ErrorKind::data,
                 {"images.gz: expands to more than the " + std::to_string(size) +
                  " bytes that its header promises"},
                 [&] { (void)gunzip(bomb, "images.gz", promises(size)); });
  }
  EXPECT_LT(peak_memory() - before, 20'000'000u);
  EXPECT_EQ(gunzip(gzip("header123"), "file", promises(9)), "header123");
  EXPECT_EQ(gunzip(gzip("header123"), "file", promises(20)), "header123");  // the reader says so
}

TEST(Gunzip, BelievesNoPromiseThatSoFewBytesCannotHold) {
  const auto promise = [](std::uint64_t size) {
    return [size](std::string_view) { return std::optional(size); };
  };
  const std::string small = gzip("header");
  expect_error(ErrorKind::data, {"images.gz: its header promises 1000000000 bytes", "cannot hold"},
               [&] { (void)gunzip(small, "images.gz", promise(1'000'000'000)); });
  for (const std::uint64_t size : {std::uint64_t{5} << 30, ~std::uint64_t{0}}) {
    expect_error(ErrorKind::data, {"images.gz: expands to more than 4 GiB"},
                 [&] { (void)gunzip(small, "images.gz", promise(size)); });
  }
}

TEST(Gunzip, AsksForThePromiseUntilTheHeaderIsComplete) {
  std::string members;
  for (const char c : std::string("header and all")) members += gzip(std::string(1, c));
  std::size_t asked = 0;
  const auto promised = [&](std::string_view first) -> std::optional<std::uint64_t> {
    ++asked;
    if (first.size() < 6) return std::nullopt;
    return 14;
  };
  EXPECT_EQ(gunzip(members, "file", promised), "header and all");
  EXPECT_EQ(asked, 6u);
}

RC_GTEST_PROP(Gunzip, GivesBackWhatWasCompressed, (const std::string& content)) {
  RC_ASSERT(gunzip(gzip(content), "file") == content);
}

}  // namespace
}  // namespace edgeprune::data
