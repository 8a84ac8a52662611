#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

namespace edgeprune::energy {
namespace {

class FileMeter : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Meter> open() const {
    return std::move(open_meters({.choice = MeterChoice::file, .file = tree_ / "meter"}).at(0));
  }
  void expect_refused(std::initializer_list<std::string> parts) const {
    edgeprune::testing::expect_error(core::ErrorKind::config, parts, [&] { (void)open(); });
  }
  testing::FakeSysfs tree_;
};

TEST_F(FileMeter, ReadsWatts) {
  tree_.write("meter", "450 mW");
  const auto meter = open();
  EXPECT_EQ(meter->info().method, Method::integrated);
  EXPECT_DOUBLE_EQ(meter->read().value(), 0.45);
  tree_.write("meter", "12.5");
  EXPECT_DOUBLE_EQ(meter->read().value(), 12.5);
}

TEST_F(FileMeter, ReadsACounterOfJoules) {
  tree_.write("meter", "0.5 Wh");
  const auto meter = open();
  EXPECT_EQ(meter->info().method, Method::counter);
  EXPECT_DOUBLE_EQ(meter->read().value(), 1800);
}

TEST_F(FileMeter, ReadsNothingWhileTheFileIsOfNoUseAndGoesOnAfterwards) {
  tree_.write("meter", "10 W");
  const auto meter = open();
  for (const std::string text : {"", "off", "-3 W", "512 J"}) {
    tree_.write("meter", text);
    EXPECT_FALSE(meter->read()) << text;
  }
  tree_.remove("meter");
  EXPECT_FALSE(meter->read());
  tree_.write("meter", "11 W");
  EXPECT_DOUBLE_EQ(meter->read().value(), 11);
}

TEST_F(FileMeter, IsRefusedWithAReason) {
  expect_refused({"energy.meter: file", "meter: not there"});
  tree_.write("meter", "12.3 V");
  expect_refused({"meter: holds \"12.3 V", "12.3 W"});
}

TEST_F(FileMeter, IsNoFolder) {
  std::filesystem::create_directory(tree_ / "meter");
  expect_refused({"meter: cannot be read"});
}

TEST_F(FileMeter, DoesNotWaitForTheWriterOfAPipe) {
  ASSERT_EQ(::mkfifo((tree_ / "meter").c_str(), 0600), 0);
  expect_refused({"a pipe"});
}

}  // namespace
}  // namespace edgeprune::energy
