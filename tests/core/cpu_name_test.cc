#include "edgeprune/core/cpu_name.h"

#include "support/temp_directory.h"

#include <gtest/gtest.h>

#include <fstream>

namespace edgeprune::core {
namespace {

class CpuName : public ::testing::Test {
 protected:
  CpuName() { std::filesystem::create_directories(directory_ / "device-tree"); }
  void write(std::string_view name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
  }
  [[nodiscard]] const std::filesystem::path& proc() const { return directory_.path(); }

 private:
  const testing::TempDirectory directory_;
};

TEST_F(CpuName, IsTheFirstModelName) {
  write("cpuinfo",
        "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n\nmodel name\t: another\n");
  write("device-tree/model", "a board");
  EXPECT_EQ(cpu_name(proc()), "AMD EPYC");
}

// An Arm kernel's cpuinfo names parts by number only; the device tree's strings end with a zero.
TEST_F(CpuName, IsTheBoardsOnArm) {
  write("cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n");
  write("device-tree/model", std::string("Raspberry Pi 5 Model B Rev 1.0\0", 31));
  EXPECT_EQ(cpu_name(proc()), "Raspberry Pi 5 Model B Rev 1.0");
}

TEST_F(CpuName, IsUnknownWhereNothingTells) {
  EXPECT_EQ(cpu_name(proc()), "unknown CPU");
  write("cpuinfo", "processor\t: 0\n");
  write("device-tree/model", "");
  EXPECT_EQ(cpu_name(proc()), "unknown CPU");
}

}  // namespace
}  // namespace edgeprune::core
