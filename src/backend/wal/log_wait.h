// Where threads wait for a log flush that another thread is doing. The one place that decides how to wait.
#pragma once

#include <condition_variable>
#include <mutex>

namespace varve::wal {

class FlushWait {
 public:
  template <class Ready>
  void wait(std::unique_lock<std::mutex>& lock, Ready&& ready) {
    changed_.wait(lock, ready);
  }
  void wake_all() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace varve::wal
