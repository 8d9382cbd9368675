// Crashes in a store whose pages hold plain words: every write of the workload and of recovery itself is a
// crash point. The same with heaps and indexes is in regress/recovery.
#include <cerrno>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "access/segment.h"
#include "buffer/log_batch.h"
#include "common/bytes.h"
#include "common/log.h"
#include "port/sim_vfs.h"
#include "port/vfs.h"
#include "recovery/engine.h"

namespace varve::recovery {
namespace {

constexpr wal::RedoOp kSetWord = 0xF1;          // payload: u16 offset, u64 value
constexpr auto kUndoWord = txn::UndoKind{200};  // object: page, tid: offset, payload: u64 value
constexpr uint64_t kFirstPage = 60;             // what create_space() uses lies before
constexpr uint64_t kWordsPerPage = 16;

struct SetPayload {
  uint16_t offset;
  uint64_t value;
} __attribute__((packed));
struct WordUndo {
  txn::UndoHeader header;
  uint64_t value;
} __attribute__((packed));

template <class T>
wal::Bytes bytes_of(const T& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof(value)};
}

void redo_set(PageId, buffer::Page& page, wal::Bytes payload) {
  auto p = load_raw<SetPayload>(payload.data());
  store_raw(page.body + p.offset, p.value);
}

Status undo_set(txn::UndoContext& context, const txn::UndoView& record) {
  SetPayload payload{static_cast<uint16_t>(record.header().tid), load_raw<uint64_t>(record.payload().data())};
  auto guard = context.pool.fix_exclusive(PageId{record.header().object});
  if (!guard.ok()) return guard.status();
  buffer::LogBatch batch(context.pool, context.xid, context.undo_next);
  batch.set_compensation();
  batch.change(*guard, kSetWord, bytes_of(payload));
  batch.commit(&context.last_lsn);
  return {};
}

void ignore_failure(const Status&) {}

struct Word {
  uint64_t page;
  uint16_t offset;
  auto operator<=>(const Word&) const = default;
};
using State = std::map<Word, uint64_t>;

class Store {
 public:
  Store(port::Vfs& vfs, uint64_t frames, unsigned threads, uint64_t pages) : vfs_(vfs), pages_(pages) {
    static const bool registered = [] {
      set_log_level(LogLevel::kFatal);
      access::register_segment_operations();
      wal::register_redo(kSetWord, redo_set);
      txn::register_undo(kUndoWord, undo_set);
      return true;
    }();
    (void)registered;
    options_.log.segment_bytes = 32 << 10;
    options_.log.ring_bytes = 64 << 10;
    options_.log.on_failure = ignore_failure;
    options_.pool.frame_bytes = frames * buffer::kPageBytes;
    options_.pool.max_pages = 1 << 20;
    options_.pool.huge_pages = false;
    options_.recovery.threads = threads;
    options_.background = false;
  }

  Status create() { return StorageEngine::create_new(vfs_, options_); }
  Status open() {
    engine.reset();
    VARVE_ASSIGN_OR_RETURN(engine, StorageEngine::open(vfs_, options_));
    return {};
  }

  Result<uint64_t> get(Word w) {
    VARVE_ASSIGN_OR_RETURN(auto guard, engine->pool().fix_shared(PageId{kFirstPage + w.page}));
    return load_raw<uint64_t>(guard.page().body + w.offset);
  }
  Status set(txn::Transaction& txn, Word w, uint64_t value) {
    txn.assign_xid();
    VARVE_ASSIGN_OR_RETURN(auto guard, engine->pool().fix_exclusive(PageId{kFirstPage + w.page}));
    WordUndo undo{{kUndoWord, 0, 0, kFirstPage + w.page, w.offset},
                  load_raw<uint64_t>(guard.page().body + w.offset)};
    SetPayload payload{w.offset, value};
    buffer::LogBatch batch(engine->pool(), txn.xid(), txn.last_lsn());
    batch.change(guard, kSetWord, bytes_of(payload));
    batch.set_undo(bytes_of(undo));
    txn.add_undo(bytes_of(undo), Xid{}, txn::kNoUndo);
    Lsn start;
    batch.commit(&start);
    txn.set_last_lsn(start);
    return {};
  }
  Result<State> state() {
    State result;
    for (uint64_t p = 0; p < pages_; ++p) {
      for (uint64_t i = 0; i < kWordsPerPage; ++i) {
        // Spread over the page, so that torn sectors hit some words and not others.
        Word w{p, static_cast<uint16_t>(i * 504)};
        VARVE_ASSIGN_OR_RETURN(uint64_t value, get(w));
        if (value != 0) result[w] = value;
      }
    }
    return result;
  }

  std::unique_ptr<StorageEngine> engine;

 private:
  port::Vfs& vfs_;
  uint64_t pages_;
  EngineOptions options_;
};

// Several transactions at a time, each with its own words of every page.
class Workload {
 public:
  static constexpr size_t kSessions = 3;

  // `rollbacks`: whole transactions are rolled back, too. A rollback that meets a dead disk stops the
  // process, so only where it needs no I/O.
  Workload(Store& store, uint64_t seed, uint64_t pages, bool rollbacks)
      : store_(store), random_(seed), pages_(pages), rollbacks_(rollbacks) {}

  // Until an operation fails.
  void run(int steps, port::SimVfs& vfs) {
    for (int i = 0; i < steps && !vfs.crashed(); ++i) {
      if (!step().ok()) break;
    }
    // What is open now is left to recovery; giving the objects back would roll them back.
    for (auto& s : sessions_) (void)s.txn.release(), s = {};
  }

  // The state after every commit, in log order; [0] is the start.
  std::vector<State> states{State{}};
  size_t acknowledged = 0;  // index of the newest state that must survive

 private:
  struct Session {
    std::unique_ptr<txn::Transaction> txn;
    State changes;
    bool saved = false;
    txn::Transaction::Savepoint savepoint;
    State changes_at_savepoint;
  };

  Status step() {
    Session& s = sessions_[random_() % kSessions];
    size_t who = static_cast<size_t>(&s - sessions_.data());
    if (!s.txn) s.txn = store_.engine->txns().begin(txn::Isolation::kReadCommitted, nullptr);
    switch (random_() % 16) {
      case 0:
        return commit(s);
      case 1:
        if (!rollbacks_) return {};
        store_.engine->txns().rollback(*s.txn);
        s = {};
        return {};
      case 2:
        s.saved = true;
        s.savepoint = s.txn->savepoint();
        s.changes_at_savepoint = s.changes;
        return {};
      case 3:
        if (!s.saved) return {};
        VARVE_RETURN_IF_ERROR(s.txn->rollback_to(s.savepoint));
        s.changes = s.changes_at_savepoint;
        return {};
      case 4:
        if (random_() % 3 != 0) return {};
        return store_.engine->checkpoint();
      default: {
        uint64_t i = random_() % (kWordsPerPage / kSessions) * kSessions + who;
        Word w{random_() % pages_, static_cast<uint16_t>(i * 504)};
        uint64_t value = random_();
        VARVE_RETURN_IF_ERROR(store_.set(*s.txn, w, value));
        s.changes[w] = value;
        return {};
      }
    }
  }

  Status commit(Session& s) {
    bool wrote = s.txn->xid() != Xid{};
    Lsn lsn = store_.engine->txns().commit(*s.txn);
    if (!wrote) {
      s = {};
      return {};
    }
    State next = states.back();
    for (const auto& [w, value] : s.changes) next[w] = value;
    states.push_back(std::move(next));
    s = {};
    if (random_() % 2 == 0) {
      VARVE_RETURN_IF_ERROR(store_.engine->log().flush(lsn));
      acknowledged = states.size() - 1;
    }
    return {};
  }

  Store& store_;
  std::mt19937_64 random_;
  uint64_t pages_;
  bool rollbacks_;
  std::array<Session, kSessions> sessions_;
};

// The recovered state is one of `states` from the acknowledged one on; which.
size_t find_state(const Workload& workload, const State& now) {
  for (size_t i = workload.states.size(); i-- > workload.acknowledged;) {
    if (workload.states[i] == now) return i;
  }
  return SIZE_MAX;
}

// How the state differs from the newest possible and the acknowledged one.
std::string describe(const Workload& workload, const State& now) {
  std::string text;
  for (size_t i : {workload.acknowledged, workload.states.size() - 1}) {
    text += "against state " + std::to_string(i) + ":";
    State all = workload.states[i];
    all.insert(now.begin(), now.end());
    for (const auto& [w, unused] : all) {
      auto value = [&](const State& s) { return s.contains(w) ? s.at(w) : 0; };
      if (value(now) == value(workload.states[i])) continue;
      text += " page " + std::to_string(w.page) + " word " + std::to_string(w.offset / 504) + " is " +
              std::to_string(value(now) % 10000) + " not " +
              std::to_string(value(workload.states[i]) % 10000) + ";";
    }
    text += "\n";
  }
  return text;
}

struct Variant {
  const char* name;
  uint64_t frames, pages;
  unsigned threads;
  bool rollbacks;
};

class CrashTest : public ::testing::TestWithParam<Variant> {};

TEST_P(CrashTest, AnywhereAndAgainDuringRecovery) {
  const Variant& v = GetParam();
#if defined(VARVE_TSAN) || defined(__SANITIZE_ADDRESS__)
  constexpr uint64_t kSeeds = 1, kStride = 7;
#else
  constexpr uint64_t kSeeds = 3, kStride = 1;
#endif
  uint64_t crashes = 0, losers = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (uint64_t crash_at = 1;; crash_at += kStride) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << ", crash at write " << crash_at);
      port::SimVfs vfs(seed << 32 | crash_at);
      Store store(vfs, v.frames, v.threads, v.pages);
      ASSERT_TRUE(store.create().ok());
      ASSERT_TRUE(store.open().ok());
      Workload workload(store, seed, v.pages, v.rollbacks);
      vfs.crash_at_write(vfs.writes() + crash_at);
      workload.run(250, vfs);
      bool crashed = vfs.crashed();
      vfs.crash();
      store.engine.reset();
      // Up to three recoveries that are cut short themselves.
      for (uint64_t again = 0; again < 3; ++again) {
        vfs.restart();
        vfs.crash_at_write(vfs.writes() + 1 + (crash_at * 5 + again * 11) % 40);
        if (store.open().ok()) losers += store.engine->recovery().losers;
        vfs.crash();
        store.engine.reset();
      }
      vfs.restart();
      Status opened = store.open();
      ASSERT_TRUE(opened.ok()) << opened.to_string();
      losers += store.engine->recovery().losers;
      auto now = store.state();
      ASSERT_TRUE(now.ok()) << now.status().to_string();
      ASSERT_NE(find_state(workload, *now), SIZE_MAX) << describe(workload, *now);
      // And it works on from there.
      auto txn = store.engine->txns().begin(txn::Isolation::kReadCommitted, nullptr);
      ASSERT_TRUE(store.set(*txn, Word{0, 0}, 4711).ok());
      (void)store.engine->txns().commit(*txn);
      txn.reset();
      ASSERT_TRUE(store.engine->close().ok());
      ASSERT_TRUE(store.open().ok());
      EXPECT_EQ(store.engine->recovery().redone, 0u);
      EXPECT_EQ(store.get(Word{0, 0}).value(), 4711u);
      if (!crashed) break;
      ++crashes;
    }
  }
  EXPECT_GT(crashes, 20 * kSeeds / kStride);
  EXPECT_GT(losers, 0u);
}

INSTANTIATE_TEST_SUITE_P(Recovery, CrashTest,
                         ::testing::Values(Variant{"Resident", 64, 6, 1, true},
                                           Variant{"Evicting", 16, 40, 1, false},
                                           Variant{"Parallel", 64, 6, 3, true}),
                         [](const auto& variant) { return variant.param.name; });

TEST(StorageEngine, CreateOpenClose) {
  port::SimVfs vfs(1);
  Store store(vfs, 32, 1, 4);
  EXPECT_EQ(store.open().code(), StatusCode::kNotFound);
  ASSERT_TRUE(store.create().ok());
  EXPECT_EQ(store.create().code(), StatusCode::kExists);
  ASSERT_TRUE(store.open().ok());
  Store other(vfs, 32, 1, 4);
  EXPECT_EQ(other.open().code(), StatusCode::kBusy);
  auto txn = store.engine->txns().begin(txn::Isolation::kReadCommitted, nullptr);
  Xid xid = txn->assign_xid();
  ASSERT_TRUE(store.set(*txn, Word{1, 0}, 9).ok());
  (void)store.engine->txns().commit(*txn);
  txn.reset();
  ASSERT_TRUE(store.engine->close().ok());
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(store.get(Word{1, 0}).value(), 9u);
  EXPECT_GT(store.engine->txns().next_xid(), xid);
}

TEST(StorageEngine, AnInterruptedCreationIsNoDatabaseAndCanBeRepeated) {
  for (uint64_t crash_at = 1;; ++crash_at) {
    port::SimVfs vfs(crash_at);
    Store store(vfs, 32, 1, 4);
    vfs.crash_at_write(crash_at);
    bool created = store.create().ok();
    vfs.crash();
    vfs.restart();
    Status opened = store.open();
    if (!opened.ok()) {
      ASSERT_FALSE(created) << opened.to_string();
      ASSERT_EQ(opened.code(), StatusCode::kNotFound) << opened.to_string();
      ASSERT_TRUE(store.create().ok());
      ASSERT_TRUE(store.open().ok());
    }
    EXPECT_TRUE(store.state()->empty());
    if (created) {
      EXPECT_GT(crash_at, 10u);
      break;
    }
  }
}

TEST(StorageEngine, ALongTransactionKeepsItsLog) {
  port::SimVfs vfs(1);
  Store store(vfs, 64, 1, 6);
  ASSERT_TRUE(store.create().ok());
  ASSERT_TRUE(store.open().ok());
  auto begin = [&] { return store.engine->txns().begin(txn::Isolation::kReadCommitted, nullptr); };
  auto old = begin();
  ASSERT_TRUE(store.set(*old, Word{0, 0}, 1).ok());
  State expected;
  for (uint64_t i = 1; i <= 1500; ++i) {
    auto txn = begin();
    ASSERT_TRUE(store.set(*txn, Word{i % 6, 504}, i).ok());
    expected[Word{i % 6, 504}] = i;
    Lsn lsn = store.engine->txns().commit(*txn);
    ASSERT_TRUE(store.engine->log().flush(lsn).ok());
    if (i % 50 == 0) {
      ASSERT_TRUE(store.engine->checkpoint().ok());
    }
  }
  EXPECT_GT(vfs.list("wal")->size(), 2u);
  vfs.crash();
  (void)old.release();
  vfs.restart();
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(store.engine->recovery().losers, 1u);
  EXPECT_EQ(store.state().value(), expected);
  // Nobody needs the old segments any more.
  EXPECT_LE(vfs.list("wal")->size(), 6u);
}

TEST(StorageEngine, FailedCheckpointsLoseNothing) {
  // Every operation of a checkpoint fails once; the log or a sync failing is the end of the process, which
  // the crash stands for.
  for (uint64_t at = 1; at < 60; ++at) {
    for (int error : {EIO, ENOSPC}) {
      port::SimVfs vfs(at);
      Store store(vfs, 64, 1, 6);
      ASSERT_TRUE(store.create().ok());
      ASSERT_TRUE(store.open().ok());
      State expected;
      for (uint64_t i = 1; i <= 40; ++i) {
        auto txn = store.engine->txns().begin(txn::Isolation::kReadCommitted, nullptr);
        ASSERT_TRUE(store.set(*txn, Word{i % 6, 504}, i).ok());
        expected[Word{i % 6, 504}] = i;
        ASSERT_TRUE(store.engine->log().flush(store.engine->txns().commit(*txn)).ok());
      }
      vfs.fail_at_operation(vfs.operations() + at, error);
      (void)store.engine->checkpoint().ok();
      vfs.crash();
      vfs.restart();
      ASSERT_TRUE(store.open().ok());
      ASSERT_EQ(store.state().value(), expected) << at;
    }
  }
}

TEST(StorageEngine, ADropFromBeforeTheRedoPointIsNotForgotten) {
  port::SimVfs vfs(1);
  Store store(vfs, 64, 1, 6);
  ASSERT_TRUE(store.create().ok());
  ASSERT_TRUE(store.open().ok());
  auto begin = [&] { return store.engine->txns().begin(txn::Isolation::kRepeatableRead, nullptr); };
  auto commit = [&](std::unique_ptr<txn::Transaction> txn) {
    ASSERT_TRUE(store.engine->log().flush(store.engine->txns().commit(*txn)).ok());
  };
  auto txn = begin();
  PageId dropped = *access::create_segment(store.engine->pool(), *txn, access::SegmentKind::kHeap);
  PageId kept = *access::create_segment(store.engine->pool(), *txn, access::SegmentKind::kHeap);
  commit(std::move(txn));
  // Somebody's snapshot holds the purge back over two checkpoints.
  auto reader = begin();
  reader->statement_snapshot();
  txn = begin();
  ASSERT_TRUE(access::drop_segment(store.engine->pool(), *txn, dropped).ok());
  commit(std::move(txn));
  auto loser = begin();
  ASSERT_TRUE(access::drop_segment(store.engine->pool(), *loser, kept).ok());
  for (uint64_t i = 0; i < 2; ++i) {
    txn = begin();
    ASSERT_TRUE(store.set(*txn, Word{i, 504}, i + 1).ok());
    commit(std::move(txn));
    ASSERT_TRUE(store.engine->txns().purge_once().ok());
    ASSERT_TRUE(store.engine->checkpoint().ok());
  }
  ASSERT_TRUE(access::segment_runs(store.engine->pool(), dropped).ok());
  vfs.crash();
  (void)loser.release();
  (void)reader.release();
  vfs.restart();
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(store.engine->recovery().segments_freed, 1u);
  EXPECT_FALSE(access::segment_runs(store.engine->pool(), dropped).ok());
  EXPECT_TRUE(access::segment_runs(store.engine->pool(), kept).ok());
  // Once is enough.
  ASSERT_TRUE(store.engine->close().ok());
  ASSERT_TRUE(store.open().ok());
  EXPECT_EQ(store.engine->recovery().segments_freed, 0u);
}

TEST(ControlFile, SurvivesOneDamagedCopy) {
  port::SimVfs vfs(1);
  ControlFile control(vfs, "control");
  EXPECT_EQ(control.read().status().code(), StatusCode::kNotFound);
  ControlData data;
  data.system_id = 5;
  data.redo = Lsn{100};
  ASSERT_TRUE(control.create(data).ok());
  for (uint64_t i = 1; i < 10; ++i) {
    data.redo = Lsn{100 + i};
    ASSERT_TRUE(control.write(data).ok());
    EXPECT_EQ(control.read()->redo, data.redo);
    // The newest copy damaged: the one before counts.
    uint64_t copy = control.read()->sequence % 2 * 4096;
    vfs.corrupt("control", copy + 20);
    EXPECT_EQ(control.read()->redo, Lsn{100 + i - 1});
    vfs.corrupt("control", copy + 20);
  }
  vfs.corrupt("control", 30);
  vfs.corrupt("control", 4096 + 30);
  EXPECT_EQ(control.read().status().code(), StatusCode::kCorruption);
}

}  // namespace
}  // namespace varve::recovery
