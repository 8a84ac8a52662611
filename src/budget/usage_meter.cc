#include "edgeprune/budget/usage_meter.h"

#include "edgeprune/energy/discovery.h"
#include "edgeprune/energy/recorder.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

namespace edgeprune::budget {
namespace {

std::string text_of(const energy::MeterInfo& info) {
  return fmt::format("{} {}: {}", energy::name_of(info.source), info.name,
                     energy::name_of(info.method));
}

class MeteredUsage final : public UsageMeter {
 public:
  MeteredUsage(const MeterOptions& energy, const energy::MeterSearch& search)
      : recorder_(energy::open_meters(search),
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

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point start_ = Clock::now();
  energy::Recorder recorder_;
};

}  // namespace

void UsageMeter::wait(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

std::unique_ptr<UsageMeter> measured_usage(const MeterOptions& energy) {
  return std::make_unique<MeteredUsage>(energy,
                                        energy::MeterSearch{.choice = energy.meter,
                                                            .command = energy.command,
                                                            .file = energy.file,
                                                            .power_watts = energy.power_watts});
}

}  // namespace edgeprune::budget
