#include "sync/wait_event.h"

namespace varve::sync {

std::string_view wait_class_name(WaitClass wait_class) {
  switch (wait_class) {
    case WaitClass::kActivity:
      return "Activity";
    case WaitClass::kBufferPin:
      return "BufferPin";
    case WaitClass::kClient:
      return "Client";
    case WaitClass::kExtension:
      return "Extension";
    case WaitClass::kIo:
      return "IO";
    case WaitClass::kIpc:
      return "IPC";
    case WaitClass::kLock:
      return "Lock";
    case WaitClass::kLwLock:
      return "LWLock";
    case WaitClass::kTimeout:
      return "Timeout";
  }
  return "";
}

}  // namespace varve::sync
