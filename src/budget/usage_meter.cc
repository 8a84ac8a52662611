#include "edgeprune/budget/usage_meter.h"

#include "edgeprune/core/error.h"
#include "edgeprune/energy/discovery.h"
#include "edgeprune/energy/recorder.h"

#include <fmt/format.h>

#include <set>
#include <thread>

namespace edgeprune::budget {
namespace {

using Clock = std::chrono::steady_clock;

std::string text_of(const energy::MeterInfo& info) {
  return fmt::format("{} {}: {}", energy::name_of(info.source), info.name,
                     energy::name_of(info.method));
}

energy::MeterSearch search_of(const MeterOptions& energy) {
  return {.choice = energy.meter,
          .command = energy.command,
          .file = energy.file,
          .power_watts = energy.power_watts};
}

class MeteredUsage final : public UsageMeter {
 public:
  MeteredUsage(const MeterOptions& energy, Clock::time_point begin)
      : start_(begin),
        recorder_(energy::open_meters(search_of(energy)),
                  {.sample_seconds = energy.sample_seconds, .idle_watts = energy.idle_watts}) {}

  [[nodiscard]] core::Usage total() override {
    return {std::chrono::duration<double>(Clock::now() - start_).count(),
            recorder_.counted_joules()};
  }
  [[nodiscard]] bool has_meter() const override { return recorder_.has_meters(); }
  [[nodiscard]] double uncertainty_joules() const override {
    return recorder_.uncertainty_joules();
  }
  void enter(core::Activity activity) override { recorder_.enter(activity); }
  [[nodiscard]] std::string meters() const override {
    std::string all;
    for (const energy::MeterRecord& record : recorder_.records()) {
      if (record.info.is_counted) all += (all.empty() ? "" : "; ") + text_of(record.info);
    }
    return all;
  }
  [[nodiscard]] std::vector<energy::MeterRecord> records() const override {
    return recorder_.records();
  }
  [[nodiscard]] double idle_joules() const override { return recorder_.idle_joules(); }
  [[nodiscard]] std::vector<std::string> take_notices() override {
    std::vector<std::string> notices;
    for (const energy::MeterRecord& record : recorder_.records()) {
      if (record.absurd.empty() || !told_.insert(record.info.name).second) continue;
      notices.push_back(fmt::format("energy: {} {} said {}; such readings count nothing",
                                    energy::name_of(record.info.source),
                                    core::printable(record.info.name), record.absurd));
    }
    return notices;
  }

 private:
  Clock::time_point start_;
  energy::Recorder recorder_;
  std::set<std::string> told_;  // the names of meters of which it was said
};

class NoUsage final : public UsageMeter {
 public:
  [[nodiscard]] core::Usage total() override { return {}; }
  // Of nothing, nothing goes unmeasured.
  [[nodiscard]] bool has_meter() const override { return true; }
};

}  // namespace

void UsageMeter::wait(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

std::unique_ptr<UsageMeter> measured_usage(const MeterOptions& energy, Clock::time_point begin) {
  return std::make_unique<MeteredUsage>(energy, begin);
}

std::string command_of(const MeterOptions& energy) {
  return energy::runs_command(search_of(energy)) ? energy.command : "";
}

std::unique_ptr<UsageMeter> no_usage() {
  return std::make_unique<NoUsage>();
}

}  // namespace edgeprune::budget
