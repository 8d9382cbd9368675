// Which configuration a text search function reads with.
#pragma once

#include "kernel.h"
#include "textsearch/text_config.h"

namespace varve::functions {

inline const TextConfig& config_of(uint32_t oid) {
  const TextConfig* config = find_text_config(Oid{oid});
  if (config == nullptr) {
    throw SqlError(sqlstate::kInternalError,
                   "cache lookup failed for text search configuration " + std::to_string(oid));
  }
  return *config;
}
// The session's (default_text_search_config).
inline const TextConfig& current_config(Env& env) {
  return config_of(env.context.session->call("get_current_ts_config", {}, env.arena).oid());
}

}  // namespace varve::functions
