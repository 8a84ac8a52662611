#pragma once
// A small fixed pool that splits work into static ranges: the same thread gets the same range every
// time, so that sums taken per thread and added in thread order are the same bits every time.
//
//   ThreadPool pool(2);
//   pool.for_ranges(n, [&](std::size_t begin, std::size_t end, int thread) { ... });
//
// The calling thread is thread 0 and works too. One pool serves one call at a time: a call from
// inside a task, or from another thread while one is under way, is not checked, and then work is
// lost or neither call returns. Whoever needs threads within a task takes a pool of its own.
//
// An exception in one range stops no other: all of them end first, then the call rethrows that of
// the lowest thread and drops the others.

#include <cstddef>
#include <functional>
#include <memory>

namespace edgeprune::core {

class ThreadPool {
 public:
  /// num_threads >= 1; 1 means that everything runs on the caller. Error of kind io where the
  /// system refuses a thread.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int size() const;

  /// Runs task(thread) once on every thread and returns when all are done.
  void run(const std::function<void(int thread)>& task);

  /// Cuts [0, count) into size() contiguous ranges, as equal as can be, and runs
  /// body(begin, end, thread) for each that is not empty.
  void for_ranges(std::size_t count,
                  const std::function<void(std::size_t begin, std::size_t end, int thread)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The number of threads this process may use (its CPU affinity), at least 1.
[[nodiscard]] int available_threads();

}  // namespace edgeprune::core
