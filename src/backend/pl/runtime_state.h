// What a Runtime holds. Private to the module.
#pragma once

#include <string>
#include <unordered_map>

#include "activation.h"
#include "interpreter.h"
#include "pl/runtime.h"
#include "triggers.h"

namespace varve::pl {

// Names and types of the live columns: what was compiled for one text holds as long as it stays the same.
std::string column_text(const catalog::Relation& relation);

struct Runtime::State {
  State(Host& h, Runtime& runtime) : host(h), session{h, runtime}, triggers(session, *this) {}

  // The compiled function, made or made again when the catalog says so.
  FunctionPtr function(const catalog::RoutinePtr& routine, std::span<const Oid> arg_types, Oid result,
                       const functions::RoutineInfo* columns, const catalog::Trigger* trigger,
                       const catalog::Relation* relation);
  FunctionPtr function_of_call(const functions::CallSite& site);
  FunctionPtr compile(const catalog::RoutinePtr& routine, std::span<const Oid> arg_types, Oid result,
                      const functions::RoutineInfo* columns, const catalog::Trigger* trigger,
                      const catalog::Relation* relation, bool validating);
  void compile_plpgsql(Function& f, bool validating);
  void compile_sql(Function& f, bool validating);
  void check_sql_result(Function& f, Expression& last);

  types::Value call_scalar(Function& f, std::span<const types::Value> args, Arena& memory);
  types::Value run_sql_scalar(Function& f, Activation& a, CallFrame& frame, Arena& memory);
  types::Value call_row(Function& f, Activation& a, CallFrame& frame, Arena& memory);
  void run_sql_rows(Function& f, Activation& a, CallFrame& frame, RowStore& rows);
  void run_plpgsql_rows(Function& f, Activation& a, CallFrame& frame, RowStore& rows);

  Host& host;
  Session session;
  Triggers triggers;
  std::unordered_map<std::string, FunctionPtr> functions;
  std::unordered_map<uint32_t, FunctionPtr>
      plain;  // by oid: functions without polymorphic types, the hot path
};

// An activation for one call; goes back to its function.
class Lease {
 public:
  Lease(Session& session, Function& f);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Activation& operator*() { return *activation_; }
  Activation* operator->() { return activation_.get(); }

 private:
  Function& f_;
  std::unique_ptr<Activation> activation_;
};

// SECURITY DEFINER and SET clauses, for the time of a call.
class Environment {
 public:
  Environment(Host& host, const catalog::Routine* routine);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  Host& host_;
  Oid role_;
  bool role_changed_ = false, settings_changed_ = false;
  size_t mark_ = 0;
};

}  // namespace varve::pl
