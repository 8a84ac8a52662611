#pragma once
// A small fixed pool of threads that claim tasks: what is computed does not depend on who computes
// it, nor on how many there are.
//
//   ThreadPool pool(2);
//   std::vector<double> sums(kMaxTasks);
//   pool.for_tasks(cut_into_tasks(values.size(), 1024), [&](const Task& task) {
//     for (std::size_t i = task.begin; i < task.end; ++i) sums[task.index] += values[i];
//   });
//   // added up in the order of tasks: the same bits on any number of threads
//
// Work is cut into tasks by its size alone. Each thread first takes the tasks of its own share, in
// order, so that on a quiet machine it finds in its cache what it left there; then it takes from
// the ends of the others' shares. A thread that the system does not run thus holds at most the one
// task that it was in the middle of.
//
// The calling thread is thread 0 and works too. One pool serves one call at a time: a call from
// inside a task, or from another thread while one is under way, is not checked, and then work is
// lost or neither call returns. Whoever needs threads within a task takes a pool of its own.
//
// Threads that wait spin for some microseconds, less where that has been in vain, and then sleep.

#include <cstddef>
#include <functional>
#include <memory>

namespace edgeprune::core {

/// How long a thread of a pool spins before it sleeps, on this machine as it is now.
struct SpinTimes {
  double longest_seconds = 0;   // where spinning has not been in vain
  double shortest_seconds = 0;  // where it has, time and again
};
/// Measured: takes a fraction of a millisecond.
[[nodiscard]] SpinTimes measure_spin_times();

/// The most tasks that a cut has: what is gathered task by task has so many parts.
inline constexpr std::size_t kMaxTasks = 16;

/// Entries [begin, end) of the work, the index-th task of its cut, on thread `thread`.
struct Task {
  std::size_t index = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  int thread = 0;
};

/// [0, count) in num_tasks contiguous tasks, as equal as can be; none is empty.
struct TaskCut {
  std::size_t count = 0;
  std::size_t num_tasks = 0;

  [[nodiscard]] Task task(std::size_t index) const {
    return {
        .index = index, .begin = count * index / num_tasks, .end = count * (index + 1) / num_tasks};
  }
};
/// At most `most` tasks, of at least `grain` entries where there are so many: fewer are not worth
/// another thread.
[[nodiscard]] TaskCut cut_into_tasks(std::size_t count, std::size_t grain = 1,
                                     std::size_t most = kMaxTasks);

class ThreadPool {
 public:
  /// num_threads >= 1; 1 means that everything runs on the caller. Error of kind io where the
  /// system refuses a thread. `before_task` is called on a task's thread before it: tests delay
  /// threads with it.
  explicit ThreadPool(int num_threads, std::function<void()> before_task = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  [[nodiscard]] int size() const;

  /// Calls body(task) once for every task of the cut and returns when all are done. An exception
  /// in one task stops no other: all of them end first, then that of the lowest task is rethrown
  /// and the others are dropped.
  void for_tasks(const TaskCut& cut, const std::function<void(const Task&)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The number of threads this process may use (its CPU affinity), at least 1.
[[nodiscard]] int available_threads();

}  // namespace edgeprune::core
