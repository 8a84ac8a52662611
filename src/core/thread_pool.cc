#include "edgeprune/core/thread_pool.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <sched.h>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace edgeprune::core {
namespace {

// Steps of a small network last tens of microseconds: a short spin saves the wake-up between them
// without burning a battery while nothing runs.
constexpr int kSpins = 2000;

template <typename T>
void wait_for_change(const std::atomic<T>& value, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct ThreadPool::State {
  const std::function<void(int)>* task = nullptr;
  std::atomic<unsigned> generation{0};
  std::atomic<int> running{0};
  bool stopping = false;
  std::vector<std::exception_ptr> errors;
  std::vector<std::jthread> workers;

  void call(int thread) {
    try {
      (*task)(thread);
    } catch (...) {
      errors[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  }

  void work(int thread) {
    unsigned seen = 0;
    while (true) {
      wait_for_change(generation, seen);
      seen = generation.load(std::memory_order_acquire);
      if (stopping) return;
      call(thread);
      if (running.fetch_sub(1, std::memory_order_acq_rel) == 1) running.notify_all();
    }
  }

  void start() {
    generation.fetch_add(1, std::memory_order_acq_rel);
    generation.notify_all();
  }

  // Lets the workers end; destroying them waits for that.
  void stop() {
    stopping = true;
    start();
  }
};

ThreadPool::ThreadPool(int num_threads) : state_(std::make_unique<State>()) {
  state_->errors.resize(static_cast<std::size_t>(num_threads));
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
  return static_cast<int>(state_->errors.size());
}

void ThreadPool::run(const std::function<void(int)>& task) {
  State& state = *state_;
  state.task = &task;
  state.running.store(static_cast<int>(state.workers.size()), std::memory_order_relaxed);
  if (!state.workers.empty()) state.start();
  state.call(0);
  for (int left = state.running.load(std::memory_order_acquire); left != 0;
       left = state.running.load(std::memory_order_acquire)) {
    wait_for_change(state.running, left);
  }
  std::exception_ptr first;
  for (std::exception_ptr& error : state.errors) {
    const std::exception_ptr taken = std::exchange(error, nullptr);
    if (!first) first = taken;
  }
  if (first) std::rethrow_exception(first);
}

void ThreadPool::for_ranges(std::size_t count,
                            const std::function<void(std::size_t, std::size_t, int)>& body) {
  const auto threads = static_cast<std::size_t>(size());
  run([&](int thread) {
    const auto t = static_cast<std::size_t>(thread);
    const std::size_t begin = count * t / threads;
    const std::size_t end = count * (t + 1) / threads;
    if (begin < end) body(begin, end, thread);
  });
}

int available_threads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace edgeprune::core
