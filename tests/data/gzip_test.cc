#include "support/gzip.h"

#include "edgeprune/data/readers.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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

RC_GTEST_PROP(Gunzip, GivesBackWhatWasCompressed, (const std::string& content)) {
  RC_ASSERT(gunzip(gzip(content), "file") == content);
}

}  // namespace
}  // namespace edgeprune::data
