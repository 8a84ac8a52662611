#include "workers.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace edgeprune::compare {
namespace {

// Where the system refuses another thread, those that there are do the work.
bool start(std::vector<std::jthread>& threads, const std::function<void()>& work) {
  try {
    threads.emplace_back(work);
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace

void run_side_by_side(std::size_t count, std::uint32_t jobs,
                      const std::function<void(std::size_t)>& task) {
  std::mutex mutex;
  std::size_t next = 0;
  std::exception_ptr failure;
  const auto take = [&] {
    const std::lock_guard lock(mutex);
    return failure == nullptr && next < count ? next++ : count;
  };
  const auto work = [&] {
    for (std::size_t i = take(); i < count; i = take()) {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (failure == nullptr) failure = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min<std::size_t>(jobs, count); ++i) {
      if (!start(others, work)) break;
    }
    work();
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

}  // namespace edgeprune::compare
