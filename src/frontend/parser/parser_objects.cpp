// CREATE for types, operators, casts, languages, operator classes, extensions, foreign data, publications.
#include <fmt/format.h>

#include "parser_impl.h"

namespace varve::parser {

using enum Tok;

Node* Parser::define_aggregate(bool replace, int32_t loc) {
  auto* node = make<DefineStmt>(loc);
  advance();
  node->object_type = ObjectType::kAggregate;
  node->replace = replace;
  node->names = func_name();
  // The old style has name = value right in the first parentheses.
  bool old_style = at('(') && peek(1) == kIdentifier && peek(2) == static_cast<Tok>('=');
  if (old_style) {
    node->old_style = true;
    node->definition = paren_list([&] {
      int32_t item_loc = location();
      if (!at(kIdentifier)) syntax_error();
      Option* item = option(cur().text, nullptr, item_loc);
      advance();
      expect('=');
      item->value = def_arg();
      return item;
    });
    return node;
  }
  node->signature = make<RoutineRef>(loc);
  node->signature->names = node->names;
  // The ordered arguments of (… ORDER BY …) are parameters, but not among the argument types.
  node->signature->parameters = aggregate_args(&node->direct_args);
  ListBuilder<TypeName*> types;
  if (node->direct_args < 0) {
    for (const FunctionParameter* p : node->signature->parameters) types.add(p->type);
  }
  node->signature->arg_types = finish(types);
  node->definition = definition();
  return node;
}

// CREATE OPERATOR, OPERATOR CLASS, OPERATOR FAMILY
Node* Parser::create_operator(int32_t loc) {
  advance();
  bool is_name = next_is('.');  // class.+ is an operator in a schema
  if (!is_name && accept(kFamily)) {
    auto* node = make<CreateOpFamilyStmt>(loc);
    node->names = any_name();
    expect(kUsing);
    node->access_method = col_id();
    return node;
  }
  if (!is_name && accept(kClass)) {
    auto* node = make<CreateOpClassStmt>(loc);
    node->names = any_name();
    node->is_default = accept(kDefault);
    expect_all(kFor, kType);
    node->type = type_name();
    expect(kUsing);
    node->access_method = col_id();
    if (accept(kFamily)) node->family = any_name();
    expect(kAs);
    node->items = comma_list([&] { return opclass_item(false); });
    return node;
  }
  auto* node = make<DefineStmt>(loc);
  node->object_type = ObjectType::kOperator;
  node->names = any_operator();
  node->definition = definition();
  return node;
}

OpClassItem* Parser::opclass_item(bool drop) {
  auto* node = make<OpClassItem>(location());
  if (!drop && accept(kStorage)) {
    node->item = OpClassItemKind::kStorage;
    node->stored_type = type_name();
    return node;
  }
  bool function = at(kFunction);
  if (!accept(kFunction)) expect(kOperator);
  node->item = function ? OpClassItemKind::kFunction : OpClassItemKind::kOperator;
  node->number = integer_const();
  if (drop) {
    node->class_args = paren_list([&] { return type_name(); });
    return node;
  }
  if (function) {
    if (at('(')) node->class_args = paren_list([&] { return type_name(); });
    node->name = function_with_args();
    return node;
  }
  // any_operator, with or without its argument types
  auto* ref = make<RoutineRef>(location());
  size_t start = pos_;
  ref->names = any_operator();
  ref->args_unspecified = !at('(');
  if (!ref->args_unspecified) {
    pos_ = start;
    ref = operator_with_args();
  }
  node->name = ref;
  if (accept(kFor)) {
    if (accept(kOrder)) {
      expect(kBy);
      node->order_family = any_name();
    } else {
      expect(kSearch);
    }
  }
  accept(kRecheck);  // once meaningful, taken and ignored by PostgreSQL too
  return node;
}

Node* Parser::create_type(int32_t loc) {
  advance();
  int32_t name_loc = location();
  NameList names = any_name();
  if (!accept(kAs)) {
    auto* node = make<DefineStmt>(loc);
    node->object_type = ObjectType::kType;
    node->names = names;
    if (at('(')) node->definition = definition();
    return node;
  }
  if (accept(kEnum)) {
    auto* node = make<CreateEnumStmt>(loc);
    node->names = names;
    expect('(');
    if (!at(')')) node->values = comma_list([&] { return string_const(); });
    expect(')');
    return node;
  }
  if (accept(kRange)) {
    auto* node = make<CreateRangeStmt>(loc);
    node->names = names;
    node->options = definition();
    return node;
  }
  auto* node = make<CreateCompositeTypeStmt>(loc);
  expect('(');
  if (!at(')')) node->columns = comma_list([&] { return table_func_element(); });
  expect(')');
  node->type = range_var_from(names, name_loc);
  return node;
}

Node* Parser::create_domain(int32_t loc) {
  auto* node = make<CreateDomainStmt>(loc);
  advance();
  node->names = any_name();
  accept(kAs);
  node->type = type_name();
  ColumnDef column;
  column_qualifiers(&column);
  node->collation = column.collation;
  node->constraints = column.constraints;
  return node;
}

// PARSER | DICTIONARY | TEMPLATE | CONFIGURATION behind TEXT SEARCH
ObjectType Parser::text_search_kind() {
  ObjectType kind;
  switch (type()) {
    case kParser:
      kind = ObjectType::kTsParser;
      break;
    case kDictionary:
      kind = ObjectType::kTsDictionary;
      break;
    case kTemplate:
      kind = ObjectType::kTsTemplate;
      break;
    case kConfiguration:
      kind = ObjectType::kTsConfiguration;
      break;
    default:
      syntax_error();
  }
  advance();
  return kind;
}

// CREATE TEXT SEARCH … and CREATE COLLATION
Node* Parser::define_object(int32_t loc) {
  auto* node = make<DefineStmt>(loc);
  if (accept(kText)) {
    expect(kSearch);
    node->object_type = text_search_kind();
    node->names = any_name();
    node->definition = definition();
    return node;
  }
  advance();
  node->object_type = ObjectType::kCollation;
  node->if_not_exists = if_not_exists();
  node->names = any_name();
  int32_t from_loc = location();
  if (accept(kFrom)) {
    node->definition = one(option("from", any_name_node(), from_loc));
  } else {
    node->definition = definition();
  }
  return node;
}

Node* Parser::create_cast(int32_t loc) {
  auto* node = make<CreateCastStmt>(loc);
  advance();
  expect('(');
  node->source = type_name();
  expect(kAs);
  node->target = type_name();
  expect(')');
  if (accept(kWithout)) {
    expect(kFunction);
  } else {
    expect(kWith);
    if (accept(kInout)) {
      node->inout = true;
    } else {
      expect(kFunction);
      node->function = function_with_args();
    }
  }
  if (accept(kAs)) {
    node->context = at(kImplicit) ? CastContext::kImplicit : CastContext::kAssignment;
    if (!accept(kImplicit)) expect(kAssignment);
  }
  return node;
}

Node* Parser::create_transform(bool replace, int32_t loc) {
  auto* node = make<CreateTransformStmt>(loc);
  node->replace = replace;
  advance();
  expect(kFor);
  node->type = type_name();
  expect(kLanguage);
  node->language = col_id();
  expect('(');
  auto part = [&](bool from) {
    expect(from ? kFrom : kTo);
    expect_all(kSql, kWith, kFunction);
    (from ? node->from_sql : node->to_sql) = function_with_args();
  };
  bool from_first = at(kFrom);
  part(from_first);
  if (accept(',')) part(!from_first);
  expect(')');
  return node;
}

Node* Parser::create_conversion(int32_t loc) {
  auto* node = make<CreateConversionStmt>(loc);
  node->is_default = accept(kDefault);
  expect(kConversion);
  node->names = any_name();
  expect(kFor);
  node->from_encoding = string_const();
  expect(kTo);
  node->to_encoding = string_const();
  expect(kFrom);
  node->function = any_name();
  return node;
}

Node* Parser::create_language(bool replace, int32_t loc) {
  auto* node = make<CreateLanguageStmt>(loc);
  node->replace = replace;
  node->trusted = accept(kTrusted);
  accept(kProcedural);
  expect(kLanguage);
  node->name = col_id();
  if (!accept(kHandler)) return node;
  node->handler = any_name();
  if (accept(kInline)) node->inline_handler = any_name();
  if (accept(kValidator)) {
    node->validator = any_name();
  } else if (accept(kNo)) {
    expect(kValidator);
  }
  return node;
}

Node* Parser::create_access_method(int32_t loc) {
  auto* node = make<CreateAccessMethodStmt>(loc);
  advance();
  expect(kMethod);
  node->name = col_id();
  expect(kType);
  node->is_table = at(kTable);
  if (!accept(kTable)) expect(kIndex);
  expect(kHandler);
  node->handler = any_name();
  return node;
}

// --- publications and subscriptions

// `relation` is set for whatever was written as a name; the kind of an object without a keyword is settled
// when the whole list has been read.
PublicationObject* Parser::publication_object() {
  auto* node = make<PublicationObject>(location());
  if (at(kTables) && next_is(kIn)) {
    pos_ += 2;
    expect(kSchema);
    if (accept(kCurrentSchema)) {
      node->object = PublicationObjectKind::kTablesInCurrentSchema;
    } else {
      node->object = PublicationObjectKind::kTablesInSchema;
      node->schema = col_id();
    }
    return node;
  }
  bool table = accept(kTable);
  if (!table && accept(kCurrentSchema)) {
    node->object = PublicationObjectKind::kTablesInCurrentSchema;
    return node;
  }
  bool decorated = at(kOnly);
  node->relation = relation_expr();
  decorated = decorated || tokens_[pos_ - 1].type == static_cast<Tok>('*');
  if (!table && decorated) node->location = 0;  // where PostgreSQL reports such an object
  node->columns = opt_column_list();
  if (accept(kWhere)) {
    expect('(');
    node->where = a_expr();
    expect(')');
  }
  return node;
}

// An object without a keyword is of the kind of the one in front of it.
std::span<WrittenPublicationObject> Parser::publication_objects() {
  ListBuilder<WrittenPublicationObject> written;
  do {
    bool keyword = at(kTable) || (at(kTables) && next_is(kIn));
    written.add({publication_object(), keyword});
  } while (accept(','));
  return finish(written);
}

List<PublicationObject> Parser::settle_publication_objects(std::span<WrittenPublicationObject> written) {
  ListBuilder<PublicationObject*> list;
  bool tables = true, first = true;
  for (auto [object, keyword] : written) {
    if (first && !keyword) {
      error_at(
          object->location, "invalid publication object list",
          "One of TABLE or TABLES IN SCHEMA must be specified before a standalone table or schema name.");
    }
    first = false;
    list.add(object);
    if (keyword) {
      tables = object->object == PublicationObjectKind::kTable;
    } else if (tables) {
      if (object->relation == nullptr) error_at(object->location, "invalid table name");
    } else if (object->relation != nullptr) {
      standalone_schema(object);
    }
  }
  return finish(list);
}

void Parser::standalone_schema(PublicationObject* object) {
  RangeVar* relation = object->relation;
  if (object->where != nullptr) error_at(object->location, "WHERE clause not allowed for schema");
  if (!object->columns.empty()) error_at(object->location, "column specification not allowed for schema");
  if (!relation->schema.empty() || !relation->inherit) error_at(object->location, "invalid schema name");
  object->object = PublicationObjectKind::kTablesInSchema;
  object->schema = relation->name;
  object->relation = nullptr;
}

Node* Parser::create_publication(int32_t loc) {
  auto* node = make<CreatePublicationStmt>(loc);
  std::span<WrittenPublicationObject> written;
  advance();
  node->name = col_id();
  if (accept(kFor)) {
    if (accept(kAll)) {
      expect(kTables);
      node->for_all_tables = true;
    } else {
      written = publication_objects();
    }
  }
  if (accept(kWith)) node->options = definition();
  node->objects = settle_publication_objects(written);
  return node;
}

Node* Parser::create_subscription(int32_t loc) {
  auto* node = make<CreateSubscriptionStmt>(loc);
  advance();
  node->name = col_id();
  expect(kConnection);
  node->connection = string_const();
  expect(kPublication);
  node->publications = name_list();
  if (accept(kWith)) node->options = definition();
  return node;
}

// --- extensions and foreign data

Node* Parser::create_extension(int32_t loc) {
  auto* node = make<CreateExtensionStmt>(loc);
  advance();
  node->if_not_exists = if_not_exists();
  node->name = col_id();
  if (!accept(kWith)) accept(kWithLa);
  ListBuilder<Option*> options;
  while (true) {
    int32_t item_loc = location();
    if (accept(kSchema)) {
      options.add(option("schema", make_string(col_id()), item_loc));
    } else if (accept(kVersion)) {
      options.add(option("new_version", make_string(word_or_string()), item_loc));
    } else if (accept(kFrom)) {
      word_or_string();
      error_at(item_loc, sqlstate::kFeatureNotSupported, "CREATE EXTENSION ... FROM is no longer supported");
    } else if (accept(kCascade)) {
      options.add(option("cascade", make_boolean(true), item_loc));
    } else {
      break;
    }
  }
  node->options = finish(options);
  return node;
}

// HANDLER f | NO HANDLER | VALIDATOR f | NO VALIDATOR
List<Option> Parser::fdw_functions() {
  ListBuilder<Option*> list;
  while (at_any(kHandler, kValidator, kNo)) {
    int32_t loc = location();
    bool no = accept(kNo);
    bool handler = at(kHandler);
    if (!accept(kHandler)) expect(kValidator);
    list.add(option(handler ? "handler" : "validator", no ? nullptr : any_name_node(), loc));
  }
  return finish(list);
}

Node* Parser::create_foreign(int32_t loc) {
  advance();
  if (accept(kData)) {
    auto* node = make<CreateFdwStmt>(loc);
    expect(kWrapper);
    node->name = col_id();
    node->function_options = fdw_functions();
    node->options = generic_options();
    return node;
  }
  expect(kTable);
  auto* table = make<CreateTableStmt>(loc);
  table->if_not_exists = if_not_exists();
  table->relation = qualified_name();
  if (accept(kPartition)) {
    expect(kOf);
    table->is_partition = true;
    table->inherits = one(qualified_name());
    if (at('(')) table->elements = paren_list([&] { return typed_table_element(); });
    table->partition_bound = partition_bound();
  } else {
    expect('(');
    if (!at(')')) table->elements = comma_list([&] { return table_element(); });
    expect(')');
    if (accept(kInherits)) table->inherits = paren_list([&] { return qualified_name(); });
  }
  auto* node = make<CreateForeignTableStmt>(loc);
  node->table = table;
  expect(kServer);
  node->server = col_id();
  node->options = generic_options();
  return node;
}

Node* Parser::create_server(int32_t loc) {
  auto* node = make<CreateForeignServerStmt>(loc);
  advance();
  node->if_not_exists = if_not_exists();
  node->name = col_id();
  if (accept(kType)) {
    node->has_type = true;
    node->type = string_const();
  }
  if (at(kVersion)) node->has_version = server_version(node->version);
  expect_all(kForeign, kData, kWrapper);
  node->wrapper = col_id();
  node->options = generic_options();
  return node;
}

bool Parser::server_version(std::string_view& version) {
  advance();
  if (accept(kNull)) return false;
  version = string_const();
  return true;
}

RoleSpec* Parser::auth_ident() {
  if (!at(kUser)) return role_spec();
  auto* node = make<RoleSpec>(location());
  node->role = RoleSpecKind::kCurrentUser;
  advance();
  return node;
}

Node* Parser::create_user_mapping(int32_t loc) {
  auto* node = make<CreateUserMappingStmt>(loc);
  pos_ += 2;
  if (accept(kIf)) {
    expect_all(kNot, kExists);
    node->if_not_exists = true;
  }
  expect(kFor);
  node->user = auth_ident();
  expect(kServer);
  node->server = col_id();
  node->options = generic_options();
  return node;
}

Node* Parser::import_foreign_schema() {
  auto* node = make<ImportForeignSchemaStmt>(location());
  advance();
  expect_all(kForeign, kSchema);
  node->remote_schema = col_id();
  if (at(kLimit) || at(kExcept)) {
    node->filter = at(kLimit) ? ImportSchemaFilter::kLimitTo : ImportSchemaFilter::kExcept;
    if (accept(kLimit)) {
      expect(kTo);
    } else {
      advance();
    }
    node->tables = paren_list([&] { return relation_expr(); });
  }
  expect_all(kFrom, kServer);
  node->server = col_id();
  expect(kInto);
  node->local_schema = col_id();
  node->options = generic_options();
  return node;
}

}  // namespace varve::parser
