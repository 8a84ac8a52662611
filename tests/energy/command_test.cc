#include "fake_sysfs.h"
#include "support/expect_error.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace edgeprune::energy {
namespace {

using testing::FakeSysfs;

std::unique_ptr<Meter> open(const std::string& command) {
  return std::move(open_meters({.choice = MeterChoice::command, .command = command}).at(0));
}

// As long as it takes: the meter asks about once a second.
void wait_for(Meter& meter, std::optional<double> value) {
  while (meter.read() != value) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

// The read end of a pipe with a name. Waits until something can be read, or every writer is gone.
class NamedPipe {
 public:
  explicit NamedPipe(const std::filesystem::path& path) {
    if (::mkfifo(path.c_str(), 0600) == 0) end_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  }
  ~NamedPipe() { ::close(end_); }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;

  /// How many bytes; 0: no process holds the other end.
  [[nodiscard]] ssize_t wait() const {
    pollfd wanted = {end_, POLLIN, 0};
    ::poll(&wanted, 1, -1);
    char bytes[64];
    return ::read(end_, &bytes[0], sizeof(bytes));
  }

 private:
  int end_ = -1;
};

TEST(CommandMeter, ReadsWattsThatACommandPrints) {
  const auto meter = open("echo 12.5 W");
  EXPECT_EQ(meter->info().method, Method::integrated);
  EXPECT_EQ(meter->info().name, "echo 12.5 W");
  EXPECT_DOUBLE_EQ(meter->read().value(), 12.5);
}

TEST(CommandMeter, ReadsJoulesThatACommandCounts) {
  const auto meter = open("echo 1.2; echo kJ >&2");
  EXPECT_EQ(meter->info().method, Method::integrated);  // what it says to stderr is not read
  EXPECT_EQ(open("echo 1.2 kJ")->info().method, Method::counter);
  EXPECT_DOUBLE_EQ(open("printf 512J")->read().value(), 512);
}

TEST(CommandMeter, AsksAgainAndTakesGarbageForAGap) {
  const FakeSysfs tree;
  tree.write("watts", "5 W");
  const auto meter = open(fmt::format("cat '{}'", (tree / "watts").string()));
  EXPECT_DOUBLE_EQ(meter->read().value(), 5);
  tree.write("watts", "512 J");  // no watts
  wait_for(*meter, std::nullopt);
  tree.write("watts", "6 W");
  wait_for(*meter, 6.0);
}

TEST(CommandMeter, IsRefusedWithAReason) {
  const auto expect_refused = [](const std::string& command,
                                 std::initializer_list<std::string> parts) {
    edgeprune::testing::expect_error(core::ErrorKind::config, parts, [&] { (void)open(command); });
  };
  expect_refused("", {"energy.command is not given"});
  expect_refused("echo offline", {"energy.meter: command", "printed \"offline", "12.3 W"});
  expect_refused("no-such-command-here", {"printed \"\""});
}

TEST(CommandMeter, KillsACommandThatHangsWhenItGoes) {
  const FakeSysfs tree;
  const NamedPipe pipe(tree / "pipe");
  // Answers once; then it and its child hang, with the pipe open.
  auto meter = open(
      fmt::format("cd '{}'; if mkdir asked 2>/dev/null; then echo 5 W; else exec 3>pipe; echo >&3; "
                  "sleep 1000000 & wait; fi",
                  (tree / "").string()));
  EXPECT_EQ(pipe.wait(), 1);
  meter.reset();
  EXPECT_EQ(pipe.wait(), 0);
}

}  // namespace
}  // namespace edgeprune::energy
