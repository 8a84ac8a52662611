#include "edgeprune/core/thread_pool.h"

#include "edgeprune/core/error.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

namespace edgeprune::core {
namespace {

// The tasks as they came, by index; what never came has thread -1.
std::vector<Task> tasks_of(ThreadPool& pool, const TaskCut& cut) {
  std::vector<Task> tasks(cut.num_tasks, Task{.thread = -1});
  pool.for_tasks(cut, [&](const Task& task) { tasks[task.index] = task; });
  return tasks;
}

void expect_ranges(const TaskCut& cut,
                   const std::vector<std::pair<std::size_t, std::size_t>>& ranges) {
  ASSERT_EQ(cut.num_tasks, ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_EQ(cut.task(i).begin, ranges[i].first) << i;
    EXPECT_EQ(cut.task(i).end, ranges[i].second) << i;
  }
}

TEST(TaskCut, IsAFunctionOfTheCountAlone) {
  expect_ranges(cut_into_tasks(9, 3), {{0, 3}, {3, 6}, {6, 9}});
  expect_ranges(cut_into_tasks(10, 3), {{0, 3}, {3, 6}, {6, 10}});
  expect_ranges(cut_into_tasks(5, 3), {{0, 5}});
  expect_ranges(cut_into_tasks(2, 3), {{0, 2}});
  expect_ranges(cut_into_tasks(0), {});
  EXPECT_EQ(cut_into_tasks(1'000'000).num_tasks, kMaxTasks);
  EXPECT_EQ(cut_into_tasks(1'000'000, 1, 5).num_tasks, 5U);
}

TEST(ThreadPool, DoesEveryTaskOnce) {
  for (const int threads : {1, 2, 3, 5, 64}) {
    ThreadPool pool(threads);
    for (std::size_t count = 0; count < 40; ++count) {
      std::vector<std::atomic<int>> done(count);
      pool.for_tasks({count, count}, [&](const Task& task) { ++done[task.index]; });
      for (const auto& times : done) ASSERT_EQ(times, 1) << threads << " threads, " << count;
    }
  }
}

TEST(ThreadPool, GivesATaskItsRangeAndAThread) {
  ThreadPool pool(3);
  const TaskCut cut = cut_into_tasks(1001);
  for (int i = 0; i < 200; ++i) {
    for (const Task& task : tasks_of(pool, cut)) {
      ASSERT_EQ(task.begin, cut.task(task.index).begin);
      ASSERT_EQ(task.end, cut.task(task.index).end);
      ASSERT_GE(task.thread, 0);
      ASSERT_LT(task.thread, 3);
    }
  }
}

TEST(ThreadPool, TheCallerIsThreadZeroAndDoesWhatOthersLeave) {
  ThreadPool pool(4);
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> others_wait = true;
  std::atomic<int> by_caller = 0;
  // Whoever else takes a task is held until the caller has done all the others.
  pool.for_tasks({16, 16}, [&](const Task& task) {
    EXPECT_EQ(task.thread == 0, std::this_thread::get_id() == caller);
    if (task.thread == 0) {
      if (++by_caller >= 13) others_wait = false;
      return;
    }
    while (others_wait) std::this_thread::yield();
  });
  EXPECT_GE(by_caller, 13);
}

TEST(ThreadPool, OneThreadIsTheCaller) {
  ThreadPool pool(1);
  EXPECT_EQ(pool.size(), 1);
  for (const Task& task : tasks_of(pool, {5, 5})) EXPECT_EQ(task.thread, 0);
}

TEST(ThreadPool, NoWorkCallsNobody) {
  ThreadPool pool(3);
  pool.for_tasks(cut_into_tasks(0), [](const Task&) { FAIL() << "called"; });
}

TEST(ThreadPool, WritesOfAllThreadsAreSeenAfterTheCall) {
  ThreadPool pool(3);
  std::vector<int> counts(1000);
  for (int i = 0; i < 500; ++i) {
    pool.for_tasks(cut_into_tasks(counts.size()), [&](const Task& task) {
      for (std::size_t n = task.begin; n < task.end; ++n) ++counts[n];
    });
  }
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 500), 1000);
}

// Sums whose last bits tell the order of their parts.
std::vector<float> sums_by_task(ThreadPool& pool, std::size_t count) {
  const TaskCut cut = cut_into_tasks(count, 3);
  std::vector<float> sums(cut.num_tasks);
  pool.for_tasks(cut, [&](const Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      sums[task.index] += 1.0f / static_cast<float>(i + 1);
    }
  });
  return sums;
}

TEST(ThreadPool, DelayedThreadsChangeNoBit) {
  ThreadPool one(1);
  std::atomic<unsigned> draws = 1;
  const auto delay = [&] {
    const unsigned draw = draws.fetch_add(1) * 2654435761u;
    if (draw >> 30 == 0) std::this_thread::sleep_for(std::chrono::microseconds(draw >> 20 & 511));
  };
  for (const int threads : {2, 3, 5}) {
    ThreadPool many(threads, delay);
    for (std::size_t count = 1; count < 100; count += 7) {
      ASSERT_EQ(sums_by_task(many, count), sums_by_task(one, count)) << threads << ", " << count;
    }
  }
}

// The message of a call in which the listed tasks throw their number.
std::string thrown_by(ThreadPool& pool, const std::set<std::size_t>& throwing) {
  try {
    pool.for_tasks({8, 8}, [&](const Task& task) {
      if (throwing.contains(task.index)) throw std::runtime_error(std::to_string(task.index));
    });
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ThreadPool, RethrowsWhatATaskThrows) {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    EXPECT_EQ(thrown_by(pool, {0}), "0");
    EXPECT_EQ(thrown_by(pool, {7}), "7");
    EXPECT_EQ(thrown_by(pool, {}), "nothing");
  }
}

TEST(ThreadPool, RethrowsTheLowestTasksExceptionAndForgetsTheOthers) {
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(thrown_by(pool, {2, 5, 7}), "2");
    EXPECT_EQ(thrown_by(pool, {}), "nothing");
  }
}

TEST(ThreadPool, DoesTheOtherTasksWhereOneThrows) {
  ThreadPool pool(3);
  std::atomic<int> done = 0;
  EXPECT_THROW(pool.for_tasks({8, 8},
                              [&](const Task& task) {
                                if (task.index == 1) throw std::runtime_error("1");
                                ++done;
                              }),
               std::runtime_error);
  EXPECT_EQ(done, 7);
}

TEST(AvailableThreads, IsAtLeastOne) {
  EXPECT_GE(available_threads(), 1);
}

RC_GTEST_PROP(TaskCutProperty, TasksCoverTheWorkInOrder, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 1000);
  const auto grain = *rc::gen::inRange<std::size_t>(1, 50);
  const TaskCut cut = cut_into_tasks(count, grain);
  std::size_t next = 0;
  for (std::size_t i = 0; i < cut.num_tasks; ++i) {
    const Task task = cut.task(i);
    RC_ASSERT(task.begin == next);
    RC_ASSERT(task.end - task.begin >= std::min(grain, count));
    next = task.end;
  }
  RC_ASSERT(next == count);
}

// A sanitizer's shadow memory is larger than any limit that would refuse a thread, and an emulator
// of another processor does not keep to the limit.
#if !defined(EDGEPRUNE_SANITIZED) && defined(__x86_64__)
[[noreturn]] void ask_for_too_many_threads() {
  const rlimit limit{.rlim_cur = std::size_t{1} << 30, .rlim_max = std::size_t{1} << 30};
  setrlimit(RLIMIT_AS, &limit);
  try {
    ThreadPool pool(5000);
  } catch (const Error& error) {
    std::cerr << error.what();
    std::_Exit(exit_code(error.kind()));
  }
  std::_Exit(0);
}

TEST(ThreadPool, AThreadTooManyIsAnErrorAndDoesNotHang) {
  EXPECT_EXIT(ask_for_too_many_threads(), ::testing::ExitedWithCode(exit_code(ErrorKind::io)),
              "of 5000.*run.threads");
}
#endif

}  // namespace
}  // namespace edgeprune::core
