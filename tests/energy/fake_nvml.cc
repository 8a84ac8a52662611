// As much of NVML as the meter asks for. Device 0 counts joules, device 1 knows watts, device 2
// knows neither. With FAKE_NVML_CODE it does not start.

#include <cstdint>
#include <cstring>

#ifndef FAKE_NVML_CODE
#define FAKE_NVML_CODE 0
#endif

namespace {
constexpr int kSuccess = 0;
constexpr int kNotSupported = 3;

std::uintptr_t index_of(void* device) {
  return reinterpret_cast<std::uintptr_t>(device) - 1;
}
}  // namespace

extern "C" {

int nvmlInit_v2() {
  return FAKE_NVML_CODE;
}

int nvmlShutdown() {
  return kSuccess;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 3;
  return kSuccess;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = reinterpret_cast<void*>(std::uintptr_t{index} + 1);
  return kSuccess;
}

int nvmlDeviceGetName(void* device, char* name, unsigned length) {
  if (index_of(device) != 0) return kNotSupported;
  std::strncpy(name, "Fake", length);
  return kSuccess;
}

int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  if (index_of(device) != 0) return kNotSupported;
  *millijoules = 12345678;
  return kSuccess;
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  if (index_of(device) != 1) return kNotSupported;
  *milliwatts = 7500;
  return kSuccess;
}

}  // extern "C"
