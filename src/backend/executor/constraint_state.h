// What a table's constraints ask for when its rows change, worked out once for each picture of the catalog.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "executor/constraint_triggers.h"
#include "referenced_key.h"

namespace varve::executor {

// This table refers to another one.
struct ReferenceCheck {
  ReferenceCheck(const catalog::ForeignKey& foreign_key, const catalog::Relation& table);

  catalog::ForeignKey key;
  std::vector<uint16_t> ordinals;  // of the key's columns among the table's live columns
  ReferencedKey referenced;
  uint64_t ready = 0;    // number of the round in which the referenced table was made ready …
  bool exists = false;   // … with this result
  std::string last_key;  // found in this round: rows that follow with the same key need no look-up
};

// Another table refers to this one.
struct ReferenceAction {
  ReferenceAction(const catalog::ForeignKey& foreign_key, const catalog::Relation& table,
                  const catalog::Relation& referencing, std::span<const catalog::ColumnNumber> key_columns);

  catalog::ForeignKey key;
  std::vector<uint16_t> places;  // of the key's columns among TableConstraints::key_columns
  std::vector<Oid> types;  // of the values that stand for the key in the statements: the referencing columns'
                           // where that is possible, so that an index on those is of use
  std::vector<KeyConversion> conversions;  // from the referenced columns' types to `types`
  std::string schema, table;               // the referencing table
  std::string find, on_delete,
      on_update;                  // statements over the referencing table; $1 …: referenced columns' values
  std::vector<Oid> update_types;  // parameters of on_update: new values if it cascades, then old ones
  Oid whole;                      // the table that the key names: this one, or one that it is a partition of
  ReferencedKey own;              // has another row of this table taken the key?
};

struct TableConstraints {
  TableConstraints(ConstraintHost& host, catalog::RelationPtr picture);

  catalog::RelationPtr relation;
  uint64_t epoch = 0;
  std::vector<std::unique_ptr<ReferenceCheck>> checks;
  std::vector<std::unique_ptr<ReferenceAction>> actions;
  std::vector<catalog::ColumnNumber> key_columns;  // that others refer to
  std::vector<uint16_t> key_ordinals;              // the same among the live columns
};

}  // namespace varve::executor
