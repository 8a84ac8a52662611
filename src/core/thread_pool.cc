#include "edgeprune/core/thread_pool.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <mutex>
#include <new>
#include <sched.h>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace edgeprune::core {
namespace {

constexpr int kMaxSpins = 2048;
constexpr int kMinSpins = 64;

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits for an atomic to change. Steps of a small network last tens of microseconds: a short spin
// saves the wake-up between them. Where spinning has been in vain, as it is while the thread that
// is waited for is not running, the next spin is half as long.
class Waiter {
 public:
  template <typename T>
  void wait(const std::atomic<T>& value, T old) {
    for (int spin = 0; spin < spins_; ++spin) {
      if (value.load(std::memory_order_acquire) != old) {
        spins_ = std::min(2 * spins_, kMaxSpins);
        return;
      }
      pause_briefly();
    }
    spins_ = std::max(spins_ / 2, kMinSpins);
    while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
  }

 private:
  int spins_ = kMaxSpins;
};

// The tasks of one thread's share that nobody has taken yet: [first, end) in one word, so that who
// takes one and who steals one never take the same.
class alignas(64) Share {
 public:
  void put(std::size_t first, std::size_t end) {
    left_.store(word(first, end), std::memory_order_release);
  }
  bool take_first(std::size_t& task) {
    return take([&](std::uint32_t& first, std::uint32_t&) { task = first++; });
  }
  bool take_last(std::size_t& task) {
    return take([&](std::uint32_t&, std::uint32_t& end) { task = --end; });
  }

 private:
  static std::uint64_t word(std::size_t first, std::size_t end) {
    return std::uint64_t{first} << 32 | end;
  }
  template <typename Cut>
  bool take(Cut&& cut) {
    std::uint64_t left = left_.load(std::memory_order_relaxed);
    while (true) {
      auto first = static_cast<std::uint32_t>(left >> 32);
      auto end = static_cast<std::uint32_t>(left);
      if (first >= end) return false;
      cut(first, end);
      if (left_.compare_exchange_weak(left, word(first, end), std::memory_order_acq_rel))
        return true;
    }
  }

  std::atomic<std::uint64_t> left_{0};
};

}  // namespace

SpinTimes measure_spin_times() {
  using Clock = std::chrono::steady_clock;
  const std::atomic<int> value{0};
  double best = std::numeric_limits<double>::infinity();
  for (int repeat = 0; repeat < 5; ++repeat) {  // the least: others may take the processor
    const Clock::time_point begin = Clock::now();
    for (int spin = 0; spin < kMaxSpins && value.load(std::memory_order_acquire) == 0; ++spin) {
      pause_briefly();
    }
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return {.longest_seconds = best, .shortest_seconds = best * kMinSpins / kMaxSpins};
}

TaskCut cut_into_tasks(std::size_t count, std::size_t grain, std::size_t most) {
  const std::size_t fit = std::max<std::size_t>(count / std::max<std::size_t>(grain, 1), 1);
  return {count, std::min({count, fit, most})};
}

// What body and cut are is written before the shares are put and read after a task of theirs was
// taken; a call ends only when all that were taken are done. So a thread that wakes late, in the
// midst of a later call, takes part in that one.
struct ThreadPool::State {
  const std::function<void(const Task&)>* body = nullptr;
  TaskCut cut;
  std::function<void()> before_task;
  std::vector<Share> shares;
  std::atomic<int> unfinished{0};
  std::atomic<unsigned> generation{0};
  std::atomic<bool> stopping{false};
  std::mutex error_mutex;
  std::size_t error_task = 0;
  std::exception_ptr error;  // of the lowest task that threw one
  std::vector<std::jthread> workers;

  State(std::size_t num_threads, std::function<void()> hook)
      : before_task(std::move(hook)), shares(num_threads) {}

  void keep_error(std::size_t index) {
    const std::lock_guard lock(error_mutex);
    if (error && error_task < index) return;
    error = std::current_exception();
    error_task = index;
  }

  void call(std::size_t index, int thread) {
    try {
      if (before_task) before_task();
      Task task = cut.task(index);
      task.thread = thread;
      (*body)(task);
    } catch (...) {
      keep_error(index);
    }
  }

  void finish(std::size_t index, int thread) {
    call(index, thread);
    if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
  }

  // Its own tasks, then those of the others.
  void take_part(int thread) {
    const auto own = static_cast<std::size_t>(thread);
    std::size_t task = 0;
    while (shares[own].take_first(task)) finish(task, thread);
    for (std::size_t i = 1; i < shares.size(); ++i) {
      Share& other = shares[(own + i) % shares.size()];
      while (other.take_last(task)) finish(task, thread);
    }
  }

  void work(int thread) {
    Waiter waiter;
    unsigned seen = 0;
    while (true) {
      waiter.wait(generation, seen);
      seen = generation.load(std::memory_order_acquire);
      if (stopping.load(std::memory_order_relaxed)) return;
      take_part(thread);
    }
  }

  void put_tasks() {
    unfinished.store(static_cast<int>(cut.num_tasks), std::memory_order_relaxed);
    for (std::size_t t = 0; t < shares.size(); ++t) {
      shares[t].put(cut.num_tasks * t / shares.size(), cut.num_tasks * (t + 1) / shares.size());
    }
  }

  void wake() {
    generation.fetch_add(1, std::memory_order_acq_rel);
    generation.notify_all();
  }

  void wait_until_finished(Waiter& waiter) {
    for (int left = unfinished.load(std::memory_order_acquire); left != 0;
         left = unfinished.load(std::memory_order_acquire)) {
      waiter.wait(unfinished, left);
    }
  }

  // Lets the workers end; destroying them waits for that.
  void stop() {
    stopping.store(true, std::memory_order_relaxed);
    wake();
  }

  Waiter caller;
};

ThreadPool::ThreadPool(int num_threads, std::function<void()> before_task)
    : state_(
          std::make_unique<State>(static_cast<std::size_t>(num_threads), std::move(before_task))) {
  try {
    for (int thread = 1; thread < num_threads; ++thread) {
      state_->workers.emplace_back([state = state_.get(), thread] { state->work(thread); });
    }
  } catch (const std::bad_alloc&) {
    state_->stop();
    throw;
  } catch (const std::system_error&) {
    const std::size_t started = state_->workers.size() + 1;
    state_->stop();
    throw Error(ErrorKind::io,
                fmt::format("cannot start thread {} of {}: the system refuses more; lower "
                            "run.threads, or raise the limit on processes or memory",
                            started + 1, num_threads));
  }
}

ThreadPool::~ThreadPool() {
  state_->stop();
}

int ThreadPool::size() const {
  return static_cast<int>(state_->shares.size());
}

void ThreadPool::for_tasks(const TaskCut& cut, const std::function<void(const Task&)>& body) {
  State& state = *state_;
  state.body = &body;
  state.cut = cut;
  if (state.workers.empty() || cut.num_tasks <= 1) {
    for (std::size_t i = 0; i < cut.num_tasks; ++i) state.call(i, 0);
  } else {
    state.put_tasks();
    state.wake();
    state.take_part(0);
    state.wait_until_finished(state.caller);
  }
  if (state.error) std::rethrow_exception(std::exchange(state.error, nullptr));
}

int available_threads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace edgeprune::core
