#include "sysfs.h"

#include "fake_sysfs.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace edgeprune::energy {
namespace {

TEST(SysfsNumber, IsScaledAndKeepsItsSign) {
  const testing::FakeSysfs tree;
  tree.write("number", " -2500 ");
  EXPECT_DOUBLE_EQ(read_number(tree / "number", 1e-3).value.value(), -2.5);
  EXPECT_FALSE(read_count(tree / "number", 1e-3).value);
}

// Root may read everything, so that only the text is tested.
TEST(SysfsError, NamesTheFileAndTheFix) {
  EXPECT_EQ(why_unreadable("/sys/x", EACCES),
            "/sys/x: root only; `sudo chmod o+r /sys/x`, or run as root");
  EXPECT_EQ(why_unreadable("/sys/x", EPERM), why_unreadable("/sys/x", EACCES));
  EXPECT_EQ(why_unreadable("/sys/x", ENOENT),
            "/sys/x: not there; the kernel or its driver does not offer it");
  EXPECT_EQ(why_unreadable("/sys/x", EIO), "/sys/x: cannot be read: Input/output error");
}

TEST(SysfsError, IsThatOfTheReadingToo) {
  EXPECT_EQ(read_number("/proc/self/mem").why_not,  // address 0: EIO
            "/proc/self/mem: cannot be read: Input/output error");
}

TEST(SysfsEntries, AreThoseWithThePrefixInOrder) {
  const testing::FakeSysfs tree;
  for (const std::string file : {"zone1/x", "zone0/x", "other/x"}) tree.write(file, "");
  EXPECT_EQ(entries_of(tree / "", "zone"),
            (std::vector<std::filesystem::path>{tree / "zone0", tree / "zone1"}));
  EXPECT_TRUE(entries_of(tree / "nowhere").empty());
}

}  // namespace
}  // namespace edgeprune::energy
