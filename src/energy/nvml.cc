// Joules that NVIDIA's driver counts, by its management library, which is loaded where it is there.
//
// NVML API reference: nvmlDeviceGetTotalEnergyConsumption in millijoules since the driver was
// loaded (Volta and newer), else nvmlDeviceGetPowerUsage in milliwatts, on newer devices averaged
// over one second. The functions' types are written out here, so that no header of NVIDIA's is
// needed.

#include "sources.h"

#include <fmt/format.h>

#include <dlfcn.h>
#include <utility>

namespace edgeprune::energy {
namespace {

constexpr int kSuccess = 0;
constexpr double kCounterUpdateSeconds = 0.1;
constexpr double kPowerUpdateSeconds = 1;

using Device = void*;

class Nvml {
 public:
  /// Null, with a reason, where the library is not there or does not start.
  static std::shared_ptr<Nvml> load(const std::string& library, std::string& why_not);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  [[nodiscard]] unsigned device_count() const;
  [[nodiscard]] Device device(unsigned index) const;
  [[nodiscard]] std::string name_of(Device device, unsigned index) const;
  [[nodiscard]] Reading joules(Device device) const;
  [[nodiscard]] Reading watts(Device device) const;

 private:
  explicit Nvml(void* library) : library_(library) {}

  template <typename... Arguments>
  int call(const char* function, Arguments... arguments) const {
    void* symbol = dlsym(library_, function);
    constexpr int kFunctionNotFound = 13;
    if (symbol == nullptr) return kFunctionNotFound;
    return reinterpret_cast<int (*)(Arguments...)>(symbol)(arguments...);
  }

  void* library_;
  bool is_started_ = false;
};

std::shared_ptr<Nvml> Nvml::load(const std::string& library, std::string& why_not) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    why_not = fmt::format("{} is not there; it comes with NVIDIA's driver", library);
    return nullptr;
  }
  std::shared_ptr<Nvml> nvml(new Nvml(handle));
  const int code = nvml->call("nvmlInit_v2");
  nvml->is_started_ = code == kSuccess;
  if (nvml->is_started_) return nvml;
  why_not = fmt::format("NVML does not start (code {}); see whether `nvidia-smi` works", code);
  return nullptr;
}

Nvml::~Nvml() {
  if (is_started_) call("nvmlShutdown");
  dlclose(library_);
}

unsigned Nvml::device_count() const {
  unsigned count = 0;
  return call("nvmlDeviceGetCount_v2", &count) == kSuccess ? count : 0;
}

Device Nvml::device(unsigned index) const {
  Device device = nullptr;
  return call("nvmlDeviceGetHandleByIndex_v2", index, &device) == kSuccess ? device : nullptr;
}

std::string Nvml::name_of(Device device, unsigned index) const {
  char name[96] = {};
  const bool is_named =
      call("nvmlDeviceGetName", device, &name[0], unsigned{sizeof(name) - 1}) == kSuccess;
  return is_named ? fmt::format("gpu-{} {}", index, name) : fmt::format("gpu-{}", index);
}

Reading Nvml::joules(Device device) const {
  unsigned long long millijoules = 0;
  const int code = call("nvmlDeviceGetTotalEnergyConsumption", device, &millijoules);
  if (code == kSuccess) return {static_cast<double>(millijoules) * 1e-3, ""};
  return unreadable(fmt::format("NVML counts no energy of this device (code {})", code));
}

Reading Nvml::watts(Device device) const {
  unsigned milliwatts = 0;
  const int code = call("nvmlDeviceGetPowerUsage", device, &milliwatts);
  if (code == kSuccess) return {milliwatts * 1e-3, ""};
  return unreadable(
      fmt::format("NVML knows neither energy nor power of this device (code {})", code));
}

Candidate look_at_device(const std::shared_ptr<Nvml>& nvml, unsigned index) {
  MeterInfo info = {.source = Source::nvml,
                    .name = fmt::format("gpu-{}", index),
                    .scope = Scope::gpu,
                    .method = Method::counter,
                    .resolution_joules = 1e-3,
                    .delay_seconds = kCounterUpdateSeconds};
  const Device device = nvml->device(index);
  if (device == nullptr) return unusable(info, "NVML does not open this device");
  info.name = nvml->name_of(device, index);
  if (nvml->joules(device).value) {
    return try_meter(info, [nvml, device] { return nvml->joules(device); });
  }
  info.method = Method::integrated;
  info.resolution_joules = 0;
  info.delay_seconds = kPowerUpdateSeconds;
  return try_meter(info, [nvml, device] { return nvml->watts(device); });
}

}  // namespace

std::vector<Candidate> look_at_nvml(const MeterSearch& search) {
  std::string why_not = "NVML knows of no device";
  const std::shared_ptr<Nvml> nvml = Nvml::load(search.nvml_library, why_not);
  std::vector<Candidate> found;
  const unsigned count = nvml ? nvml->device_count() : 0;
  for (unsigned i = 0; i < count; ++i) found.push_back(look_at_device(nvml, i));
  if (found.empty()) {
    found.push_back(unusable(
        {.source = Source::nvml, .scope = Scope::gpu, .method = Method::counter}, why_not));
  }
  return found;
}

}  // namespace edgeprune::energy
