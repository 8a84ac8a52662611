#include "edgeprune/core/cpu_name.h"

#include <gtest/gtest.h>

#include <fstream>

namespace edgeprune::core {
namespace {

class CpuName : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(proc_ / "device-tree"); }
  void TearDown() override { std::filesystem::remove_all(proc_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(proc_ / name) << text;
  }

  const std::filesystem::path proc_ = std::filesystem::path(::testing::TempDir()) / "cpu_name_proc";
};

TEST_F(CpuName, IsTheFirstModelName) {
  write("cpuinfo",
        "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n\nmodel name\t: another\n");
  write("device-tree/model", "a board");
  EXPECT_EQ(cpu_name(proc_), "AMD EPYC");
}

// An Arm kernel's cpuinfo names parts by number only; the device tree's strings end with a zero.
TEST_F(CpuName, IsTheBoardsOnArm) {
  write("cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n");
  write("device-tree/model", std::string("Raspberry Pi 5 Model B Rev 1.0\0", 31));
  EXPECT_EQ(cpu_name(proc_), "Raspberry Pi 5 Model B Rev 1.0");
}

TEST_F(CpuName, IsUnknownWhereNothingTells) {
  EXPECT_EQ(cpu_name(proc_), "unknown CPU");
  write("cpuinfo", "processor\t: 0\n");
  write("device-tree/model", "");
  EXPECT_EQ(cpu_name(proc_), "unknown CPU");
}

}  // namespace
}  // namespace edgeprune::core
