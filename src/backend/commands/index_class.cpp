// Operator classes of inverted indexes: which one a key has.
#include <fmt/format.h>

#include "common/sql_error.h"
#include "functions/registry.h"
#include "index.h"

namespace varve::commands {

using functions::InvertedClassInfo;

namespace {

[[noreturn]] void throw_no_default(Oid type) {
  throw SqlError(sqlstate::kUndefinedObject,
                 fmt::format("data type {} has no default operator class for access method \"gin\"",
                             functions::format_type(type, -1)))
      .hint(
          "You must specify an operator class for the index or define a default operator class for the data "
          "type.");
}

void require_accepts(const InvertedClassInfo& c, Oid type) {
  if (functions::accepts(c, type)) return;
  throw SqlError(sqlstate::kDatatypeMismatch,
                 fmt::format("operator class \"{}\" does not accept data type {}", c.name,
                             functions::format_type(type, -1)));
}

}  // namespace

functions::InvertedClass choose_inverted_class(parser::NameList name, Oid type) {
  if (name.empty()) {
    const InvertedClassInfo* c = functions::default_inverted_class(type);
    if (c == nullptr) throw_no_default(type);
    return c->kind;
  }
  const InvertedClassInfo* c = functions::inverted_class(name.back());
  if (c == nullptr) {
    throw SqlError(
        sqlstate::kUndefinedObject,
        fmt::format("operator class \"{}\" does not exist for access method \"gin\"", name.back()));
  }
  require_accepts(*c, type);
  return c->kind;
}

void require_class_accepts(const catalog::Index& index, const catalog::IndexColumn& key, Oid type) {
  if (!index.inverted()) return;
  const InvertedClassInfo& c = *functions::inverted_class(key.inverted);
  if (!c.is_default) return require_accepts(c, type);
  const InvertedClassInfo* now = functions::default_inverted_class(type);
  if (now == nullptr) throw_no_default(type);
  if (now != &c) throw_not_supported("a change of type that changes the operator class of an index");
}

}  // namespace varve::commands
