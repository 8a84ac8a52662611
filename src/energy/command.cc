// A command of the user's that prints watts or joules: a smart plug's, a USB meter's.
//
// It may be slow or hang, so a thread of its own runs it, once a second, and a reading is what it
// last printed. It runs in a process group of its own, which is killed when it is late and when the
// meter goes.

#include "edgeprune/core/error.h"
#include "edgeprune/core/start_thread.h"
#include "edgeprune/energy/plausible.h"
#include "edgeprune/energy/quantity.h"

#include "sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <spawn.h>
#include <stop_token>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace edgeprune::energy {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPeriod{1000};
constexpr std::chrono::milliseconds kTimeout{3000};
// How soon a command that runs notices that the meter goes.
constexpr std::chrono::milliseconds kGlance{20};

struct Outcome {
  std::optional<Quantity> quantity;
  std::string why_not;
};

class Process {
 public:
  explicit Process(const std::string& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// All that it prints, 4096 bytes at most; nothing where it is late or told to stop.
  [[nodiscard]] std::optional<std::string> output(const std::stop_token& stop) const;
  [[nodiscard]] bool is_running() const { return id_ > 0; }

 private:
  int pipe_ = -1;
  pid_t id_ = 0;
};

Process::Process(const std::string& command) {
  int ends[2] = {-1, -1};
  if (::pipe2(&ends[0], O_CLOEXEC) != 0) return;
  pipe_ = ends[0];
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  char* arguments[] = {shell.data(), option.data(), text.data(), nullptr};
  if (::posix_spawn(&id_, "/bin/sh", &files, &attributes, &arguments[0], environ) != 0) id_ = 0;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  ::close(ends[1]);
}

Process::~Process() {
  if (pipe_ >= 0) ::close(pipe_);
  if (id_ <= 0) return;
  ::kill(-id_, SIGKILL);
  while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<std::string> Process::output(const std::stop_token& stop) const {
  const Clock::time_point deadline = Clock::now() + kTimeout;
  std::string text;
  while (!stop.stop_requested() && Clock::now() < deadline) {
    pollfd wanted = {pipe_, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(kGlance.count())) <= 0) continue;
    char piece[512];
    const ssize_t size = ::read(pipe_, &piece[0], sizeof(piece));
    if (size == 0) return text;
    if (size > 0) text.append(&piece[0], static_cast<std::size_t>(size));
    if (text.size() > 4096) return text;
  }
  return std::nullopt;
}

Outcome ask(const std::string& command, const std::stop_token& stop) {
  const Process process(command);
  if (!process.is_running()) return {{}, "/bin/sh cannot be started"};
  const std::optional<std::string> text = process.output(stop);
  if (!text) {
    return {{},
            fmt::format("energy.command printed nothing whole within {} s; make it faster",
                        std::chrono::duration<double>(kTimeout).count())};
  }
  const std::optional<Quantity> quantity = parse_quantity(*text);
  if (quantity) return {quantity, ""};
  return {{},
          fmt::format("energy.command printed \"{}\"; it must print watts (\"12.3 W\") or joules "
                      "(\"512 J\")",
                      core::printable(*text))};
}

class CommandMeter final : public Meter {
 public:
  CommandMeter(MeterInfo info, std::string command, double first);
  [[nodiscard]] const MeterInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<double> read() override;

 private:
  void poll(const std::stop_token& stop);
  void keep(const Outcome& outcome);

  MeterInfo info_;
  std::string command_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<double> latest_;
  std::exception_ptr failure_;  // of the thread
  std::jthread thread_;         // last: it ends before what it uses
};

CommandMeter::CommandMeter(MeterInfo info, std::string command, double first)
    : info_(std::move(info)),
      command_(std::move(command)),
      latest_(first),
      thread_(core::start_thread("energy.command",
                                 [this](const std::stop_token& stop) { poll(stop); })) {}

std::optional<double> CommandMeter::read() {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  return latest_;
}

void CommandMeter::keep(const Outcome& outcome) {
  const bool is_joules = info_.method == Method::counter;
  const bool is_same_unit = outcome.quantity && outcome.quantity->is_joules == is_joules;
  const std::lock_guard lock(mutex_);
  latest_ = is_same_unit ? std::optional(outcome.quantity->value) : std::nullopt;
}

void CommandMeter::poll(const std::stop_token& stop) {
  try {
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, kPeriod, [] { return false; });
      }
      if (!stop.stop_requested()) keep(ask(command_, stop));
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failure_ = std::current_exception();
  }
}

}  // namespace

std::vector<Candidate> look_at_command(const MeterSearch& search) {
  MeterInfo info = {.source = Source::command,
                    .name = search.command,
                    .scope = Scope::other,
                    .method = Method::integrated,
                    .path = search.command,
                    .delay_seconds = std::chrono::duration<double>(kPeriod + kTimeout).count()};
  std::vector<Candidate> found;
  const Outcome first = search.command.empty() ? Outcome{{}, "energy.command is not given"}
                                               : ask(search.command, std::stop_token());
  if (!first.quantity) {
    found.push_back(unusable(info, first.why_not));
    return found;
  }
  if (first.quantity->is_joules) info.method = Method::counter;
  if (const std::string absurd = why_absurd(info, first.quantity->value); !absurd.empty()) {
    found.push_back(unusable(info, fmt::format("energy.command printed {}", absurd)));
    return found;
  }
  found.push_back(
      usable(std::make_unique<CommandMeter>(info, search.command, first.quantity->value)));
  return found;
}

}  // namespace edgeprune::energy
