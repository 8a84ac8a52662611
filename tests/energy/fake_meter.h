#pragma once
// A meter that reads what the test says.
//
//   double joules = 100;
//   FakeMeter({.method = Method::counter}, [&joules] { return joules; });

#include "edgeprune/energy/meter.h"

#include <functional>
#include <utility>

namespace edgeprune::energy::testing {

class FakeMeter final : public Meter {
 public:
  using Read = std::function<std::optional<double>()>;
  FakeMeter(MeterInfo info, Read read) : info_(std::move(info)), read_(std::move(read)) {}
  [[nodiscard]] const MeterInfo& info() const override { return info_; }
  [[nodiscard]] std::optional<double> read() override { return read_(); }

 private:
  MeterInfo info_;
  Read read_;
};

}  // namespace edgeprune::energy::testing
