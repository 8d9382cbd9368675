#include "functions/extension.h"

#include <algorithm>
#include <unordered_map>

#include "common/check.h"

namespace varve::functions {

namespace {

struct Registered {
  std::vector<const Extension*> extensions;
  std::unordered_map<std::string, const Binding*> natives;  // "library/symbol(args):result"
};

// The language that every database has.
Extension plpgsql() {
  Extension e;
  e.name = "plpgsql";
  e.default_version = "1.0";
  e.comment = "PL/pgSQL procedural language";
  e.schema = "pg_catalog";
  e.trusted = true;
  return e;
}

Registered& registered() {
  static const Extension kPlpgsql = plpgsql();
  static Registered all{{&kPlpgsql}, {}};
  return all;
}

std::string native_key(std::string_view library, std::string_view symbol, std::span<const Oid> args,
                       Oid result) {
  std::string key = std::string(library) + "/" + std::string(symbol) + "(";
  for (size_t i = 0; i < args.size(); ++i) {
    const TypeInfo* type = type_by_oid(args[i]);
    if (i > 0) key += ',';
    key += type == nullptr ? std::string_view("?") : type->name;
  }
  const TypeInfo* type = type_by_oid(result);
  return key + "):" + std::string(type == nullptr ? std::string_view("?") : type->name);
}

}  // namespace

void register_extension(const Extension& extension) {
  Registered& all = registered();
  VARVE_CHECK(find_extension(extension.name) == nullptr);
  auto after = std::find_if(all.extensions.begin(), all.extensions.end(),
                            [&](const Extension* e) { return extension.name < e->name; });
  all.extensions.insert(after, &extension);
  for (const Binding& b : extension.natives) {
    std::string key = std::string(extension.library) + "/" + std::string(b.signature);
    if (!all.natives.emplace(key, &b).second) check_failed(__FILE__, __LINE__, key.c_str());
  }
}

const Extension* find_extension(std::string_view name) {
  for (const Extension* e : registered().extensions) {
    if (e->name == name) return e;
  }
  return nullptr;
}

std::span<const Extension* const> all_extensions() { return registered().extensions; }

const Binding* find_native(std::string_view library, std::string_view symbol, std::span<const Oid> args,
                           Oid result) {
  const auto& natives = registered().natives;
  auto it = natives.find(native_key(library, symbol, args, result));
  return it == natives.end() ? nullptr : it->second;
}

bool has_library(std::string_view library) {
  return std::any_of(registered().extensions.begin(), registered().extensions.end(),
                     [&](const Extension* e) { return !library.empty() && e->library == library; });
}

bool has_native(std::string_view library, std::string_view symbol) {
  std::string start = std::string(library) + "/" + std::string(symbol) + "(";
  return std::any_of(registered().natives.begin(), registered().natives.end(),
                     [&](const auto& entry) { return entry.first.starts_with(start); });
}

void aggregate_only_kernel(KernelCall&) {
  throw SqlError(sqlstate::kInternalError, "aggregate function called in non-aggregate context");
}

}  // namespace varve::functions
