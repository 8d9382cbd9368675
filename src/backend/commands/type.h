// CREATE TYPE … AS ENUM and AS RANGE, CREATE DOMAIN, and what changes them.
#pragma once

#include "catalog/user_type.h"
#include "names.h"

namespace varve::commands {

std::string create_enum(CommandContext& context, const parser::CreateEnumStmt& stmt);
std::string alter_enum(CommandContext& context, const parser::AlterEnumStmt& stmt);
std::string create_range(CommandContext& context, const parser::CreateRangeStmt& stmt);
std::string create_domain(CommandContext& context, const parser::CreateDomainStmt& stmt);
std::string alter_domain(CommandContext& context, const parser::AlterDomainStmt& stmt);

// The enum, range or domain of that name; null only when `missing_ok`. 42704 `type "x" does not exist`.
catalog::UserTypePtr find_type(CommandContext& context, parser::NameList names, bool missing_ok = false);
// RENAME TO, OWNER TO, SET SCHEMA of enums, ranges and domains.
void rename_type(CommandContext& context, const catalog::UserType& type, std::string_view name);
void rename_domain_constraint(CommandContext& context, const parser::RenameStmt& stmt);
void change_type_owner(CommandContext& context, const catalog::UserType& type, Oid owner);
void move_type(CommandContext& context, const catalog::UserType& type, Oid schema);

// A new type's name, looked at: 42710 when it is taken.
struct NewType {
  std::string name;
  Oid schema;
};
NewType name_new_type(CommandContext& context, parser::NameList names);
// The array type of `element`; returns its oid.
Oid insert_array_type(CommandContext& context, const NewType& element, Oid element_oid, char alignment,
                      Oid collation = kInvalidOid);
// A column (or domain) of a user's type goes with the type.
void depend_on_type(CommandContext& context, const ObjectAddress& dependent, Oid type);

}  // namespace varve::commands
