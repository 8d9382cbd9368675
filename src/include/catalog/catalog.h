// The catalog: what exists, read through a cache, changed by ordinary transactional rows.
//
// Database    process-wide, one a database: handles of heaps and indexes, the shared cache, the epoch that
// every
//             committed change of the catalog advances. Thread-safe.
// Catalog     one statement's (or transaction's) view: the shared cache while its transaction has changed
//             nothing, its own afterwards. Used by one thread.
//
// Catalog reads see everything committed and the transaction's own changes, whatever the isolation level, as
// in PostgreSQL. Errors: SqlError.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/relation.h"
#include "catalog/routine.h"
#include "catalog/system_table.h"
#include "common/status.h"
#include "common/strong_id.h"

namespace varve::txn {
struct Snapshot;
class Transaction;
class TxnManager;
}  // namespace varve::txn

namespace varve::catalog {

// One row of a system table, read out. Valid while the arena it was read into lives.
class Row {
 public:
  Row() = default;
  Row(const SystemTable& table, std::span<const types::Value> values, Tid tid, Xid writer)
      : table_(&table), values_(values), tid_(tid), writer_(writer) {}

  const types::Value& operator[](std::string_view column) const { return values_[table_->column(column)]; }
  bool is_null(std::string_view column) const { return (*this)[column].null; }
  Oid oid(std::string_view column) const { return Oid{(*this)[column].oid()}; }
  int32_t int4(std::string_view column) const { return (*this)[column].int32; }
  int16_t int2(std::string_view column) const { return (*this)[column].int16; }
  float float4(std::string_view column) const { return (*this)[column].float32; }
  bool boolean(std::string_view column) const { return (*this)[column].boolean != 0; }
  // Of name, text, pg_node_tree: as stored. Of NULL: empty.
  std::string_view text(std::string_view column) const;
  // Of "char": its letter, or 0.
  char letter(std::string_view column) const;
  // Of int2[], oid[], int2vector, oidvector: the numbers.
  std::vector<int64_t> numbers(std::string_view column) const;

  std::span<const types::Value> values() const { return values_; }
  Tid tid() const { return tid_; }
  Xid writer() const { return writer_; }  // of this version

 private:
  const SystemTable* table_ = nullptr;
  std::span<const types::Value> values_;
  Tid tid_;
  Xid writer_;
};

// A new or changed row, column by column. What is not set is NULL, or the type's zero if it must not be NULL.
class RowDraft {
 public:
  explicit RowDraft(const SystemTable& table);
  RowDraft(const SystemTable& table, const Row& from);

  RowDraft& set(std::string_view column, const types::Value& value);
  RowDraft& oid(std::string_view column, Oid v) { return set(column, types::Value::of_oid(v.value())); }
  RowDraft& boolean(std::string_view column, bool v) { return set(column, types::Value::of_bool(v)); }
  RowDraft& int2(std::string_view column, int16_t v) { return set(column, types::Value::of_int16(v)); }
  RowDraft& int4(std::string_view column, int32_t v) { return set(column, types::Value::of_int32(v)); }
  RowDraft& float4(std::string_view column, float v) { return set(column, types::Value::of_float32(v)); }
  // Through the type's text input; works for every type.
  RowDraft& text(std::string_view column, std::string_view v);
  RowDraft& null(std::string_view column);

  const SystemTable& table() const { return *table_; }
  std::span<const types::Value> values() const { return values_; }

 private:
  const SystemTable* table_;
  std::vector<types::Value> values_;
  std::unique_ptr<Arena> arena_;
};

struct KeyMatch {
  std::string_view column;
  types::Value value;
};

class Catalog;

class Database {
 public:
  // `oid`: the database's row in pg_database. `creator`: the transaction that is making this database.
  Database(txn::TxnManager& txns, Oid oid, txn::Transaction* creator = nullptr);
  ~Database();

  Oid oid() const { return oid_; }
  txn::TxnManager& txns() { return txns_; }
  // A plan made at this epoch is good while it has not changed.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  void advance_epoch() { epoch_.fetch_add(1, std::memory_order_acq_rel); }

  // Handles of storage, one a segment while anybody uses it: they remember where there is room.
  // `method`: pg_class.relam. Throws 42704 when nobody has registered it (access/table_method.h).
  std::shared_ptr<access::Heap> heap(PageId segment, Oid method = kInvalidOid);
  std::shared_ptr<access::Btree> btree(PageId segment);
  // New storage. A segment's number may have been another's before: what a handle of that one remembers
  // (which may live on in a stale plan) must never be used for the new one.
  Result<PageId> create_heap(txn::Transaction& txn);
  Result<PageId> create_btree(txn::Transaction& txn);
  // Segment of a system table or index of this database.
  PageId system_segment(Oid relation) const;

  // Oids for new objects: above 16384, unique in the process's data directory.
  static Oid new_oid();
  static void start_oids_at(uint32_t first);

 private:
  friend class Catalog;
  friend class Bootstrap;

  struct Cache;
  txn::TxnManager& txns_;
  Oid oid_;
  std::atomic<uint64_t> epoch_{1};
  const std::unique_ptr<Cache> cache_;
};

struct Role {
  Oid oid;
  std::string name;
  bool superuser, inherit, create_role, create_db, can_login, replication, bypass_rls;
  int32_t connection_limit;
  std::string secret;  // SCRAM or md5 verifier; empty: none
};

struct DatabaseInfo {
  Oid oid;
  std::string name;
  Oid owner;
  bool allow_connections, is_template;
  int32_t connection_limit;
};

class Catalog {
 public:
  Catalog(Database& database, txn::Transaction& txn);
  ~Catalog();

  Database& database() { return database_; }
  txn::Transaction& txn() { return txn_; }
  uint64_t epoch() const { return epoch_at_start_; }

  // What the name pg_temp means: the session's schema of temporary objects; kInvalidOid: it has none.
  Oid temporary_schema() const { return temporary_schema_; }
  void set_temporary_schema(Oid schema) { temporary_schema_ = schema; }

  // --- relations. Null when there is none.
  RelationPtr relation(Oid oid);
  RelationPtr find_relation(Oid schema, std::string_view name);
  Oid find_relation_oid(Oid schema, std::string_view name);

  // --- types that are not built in. Reading one makes it known to functions::type_by_oid().
  // kInvalidOid when there is none of this name.
  Oid find_type(Oid schema, std::string_view name);
  // Makes a type known with all that it is made of; nothing happens for built-in ones.
  void load_type(Oid type);
  // --- functions and procedures that SQL made, in any schema; by oid null when there is none
  std::vector<RoutinePtr> routines_named(std::string_view name);
  RoutinePtr routine(Oid oid);

  // --- names
  Oid find_schema(std::string_view name);
  std::string schema_name(Oid oid);
  std::optional<Role> find_role(std::string_view name);
  std::optional<Role> role(Oid oid);
  std::optional<DatabaseInfo> find_database(std::string_view name);
  std::optional<DatabaseInfo> database_info(Oid oid);
  // Oids of the roles that `member` belongs to, itself included.
  std::vector<Oid> roles_of(Oid member);

  // --- rows. `f(const Row&)` may return void, or bool: false stops.
  template <class F>
  void for_each(const SystemTable& table, std::span<const KeyMatch> match, F&& f) {
    Scan scan(*this, table, match);
    while (const Row* row = scan.next()) {
      if constexpr (std::is_same_v<decltype(f(*row)), bool>) {
        if (!f(*row)) return;
      } else {
        f(*row);
      }
    }
  }
  void insert(const RowDraft& draft);
  void update(const Row& old, const RowDraft& draft);
  void remove(const SystemTable& table, const Row& row);
  // Removes all rows that match; returns how many.
  uint64_t remove_where(const SystemTable& table, std::span<const KeyMatch> match);

  // This transaction has changed the catalog: its cache is its own until it ends. Called by
  // insert/update/remove.
  void note_change();
  bool changed() const { return changed_; }
  // At the end of the transaction.
  void committed();

 private:
  class Scan {
   public:
    Scan(Catalog& catalog, const SystemTable& table, std::span<const KeyMatch> match);
    ~Scan();
    const Row* next();

   private:
    struct State;
    std::unique_ptr<State> state_;
  };
  txn::Snapshot snapshot();
  RelationPtr load(Oid oid);
  void define_row_type(const Relation& relation, const Row& type);

  Database& database_;
  txn::Transaction& txn_;
  bool changed_ = false;
  Oid temporary_schema_;
  uint64_t epoch_at_start_ = database_.epoch();
  struct Own;
  std::unique_ptr<Own> own_;  // while changed_
};

// Creates the system tables of a new data directory: kInitialDatabases, the superuser `owner`.
Status bootstrap_data_directory(txn::TxnManager& txns, std::string_view owner);

// The same as a copy of another, in which nobody may be working: catalog rows, tables, indexes, sequences.
void copy_database(Catalog& catalog, Oid source, Oid target);
// DROP DATABASE: everything the database has in storage goes when the transaction has committed. Nobody may
// be working in it. Its rows in shared tables are the caller's.
void drop_database_storage(Catalog& catalog, Oid database);

// Definitions of the views every database has; commands::create_system_views() makes their rows.
std::string_view system_views_sql();

inline constexpr Oid kPgCatalogSchema{11};
inline constexpr Oid kPublicSchema{2200};
inline constexpr Oid kInformationSchema{13159};
inline constexpr Oid kBootstrapSuperuser{10};
inline constexpr Oid kTemplate1{1}, kTemplate0{4}, kPostgresDatabase{5};
inline constexpr Oid kInitialDatabases[] = {kTemplate1, kTemplate0, kPostgresDatabase};
inline constexpr Oid kDefaultCollation{100};
inline constexpr Oid kCCollation{950};
inline constexpr uint32_t kFirstNormalOid = 16384;

}  // namespace varve::catalog
