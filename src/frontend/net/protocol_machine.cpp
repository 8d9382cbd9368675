#include "protocol_machine.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <new>

#include "common/bytes.h"

namespace varve::net {
namespace {

constexpr size_t kHeaderBytes = 5;

SqlError protocol_error(std::string message) { return {sqlstate::kProtocolViolation, std::move(message)}; }

void check_complete(const ByteReader& r) {
  if (!r.ok()) throw protocol_error("insufficient data left in message");
  if (r.remaining() != 0) throw protocol_error("invalid message format");
}

void read_formats(ByteReader& r, std::vector<Format>* formats) {
  formats->clear();
  int count = r.be<int16_t>();
  if (count < 0) throw protocol_error("invalid message format");
  for (int i = 0; i < count && r.ok(); ++i) {
    int code = r.be<int16_t>();
    if (code != 0 && code != 1) {
      throw SqlError(sqlstate::kInvalidParameterValue, fmt::format("unsupported format code: {}", code));
    }
    formats->push_back(static_cast<Format>(code));
  }
}

}  // namespace

// Which messages a client may send once the session runs, how long they may be, and who handles them.
struct ProtocolMachine::Rule {
  char type;
  uint32_t max_bytes;
  bool extended;  // an error in it skips to Sync
  void (ProtocolMachine::*handle)(std::string_view body);
};

const ProtocolMachine::Rule ProtocolMachine::kRules[] = {
    {'Q', kMaxMessageBytes, false, &ProtocolMachine::on_query},
    {'P', kMaxMessageBytes, true, &ProtocolMachine::on_parse},
    {'B', kMaxMessageBytes, true, &ProtocolMachine::on_bind},
    {'D', kMaxSmallMessageBytes, true, &ProtocolMachine::on_describe},
    {'E', kMaxSmallMessageBytes, true, &ProtocolMachine::on_execute},
    {'C', kMaxSmallMessageBytes, true, &ProtocolMachine::on_close},
    {'H', kMaxSmallMessageBytes, true, &ProtocolMachine::on_flush},
    {'S', kMaxSmallMessageBytes, false, &ProtocolMachine::on_sync},
    {'F', kMaxMessageBytes, false, &ProtocolMachine::on_function_call},
    {'d', kMaxMessageBytes, false, &ProtocolMachine::on_copy_leftover},
    {'c', kMaxSmallMessageBytes, false, &ProtocolMachine::on_copy_leftover},
    {'f', kMaxSmallMessageBytes, false, &ProtocolMachine::on_copy_leftover},
    {'X', kMaxSmallMessageBytes, false, &ProtocolMachine::on_terminate},
};

const ProtocolMachine::Rule* ProtocolMachine::find_rule(char type) {
  static const std::array<const Rule*, 256> table = [] {
    std::array<const Rule*, 256> t{};
    for (const Rule& rule : kRules) t[static_cast<uint8_t>(rule.type)] = &rule;
    return t;
  }();
  return table[static_cast<uint8_t>(type)];
}

ProtocolMachine::~ProtocolMachine() { terminate(); }

void ProtocolMachine::terminate() {
  phase_ = Phase::kClosed;
  if (handler_ == nullptr) return;
  handler_->note_end(end_);
  handler_->terminate();
  handler_.reset();
}

void ProtocolMachine::fail(const SqlError& error) {
  report(Severity::kFatal, error);
  end_ = error.state() == sqlstate::kAdminShutdown ? SessionEnd::kKilled : SessionEnd::kFatal;
  phase_ = Phase::kClosed;
}

void ProtocolMachine::report(Severity severity, const SqlError& error) {
  out_.abort_message();
  out_.postpone_drain();  // reporting must not fail on a client that does not read
  out_.error_response(severity, error.fields());
}

// Runs `action`, turning what it throws into messages to the client.
template <class F>
void ProtocolMachine::guarded(F&& action) {
  try {
    try {
      action();
      return;
    } catch (const FatalError&) {
      throw;
    } catch (const SqlError& e) {
      sync::CancelReason why = host_.token().reason();
      bool ends = phase_ != Phase::kReady || why == sync::CancelReason::kTerminate ||
                  why == sync::CancelReason::kIdleTimeout;
      if (why == sync::CancelReason::kConnectionLost) throw ConnectionLost();
      if (ends) throw FatalError(e);
      report(Severity::kError, e);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const std::bad_alloc&) {
      if (phase_ != Phase::kReady) throw;
      report(Severity::kError, SqlError(sqlstate::kOutOfMemory, "out of memory"));
    } catch (const std::exception& e) {
      SqlError internal(sqlstate::kInternalError, e.what());
      if (phase_ != Phase::kReady) throw FatalError(internal);
      report(Severity::kError, internal);
    }
    handler_->on_error();
    if (extended_) {
      skip_to_sync_ = true;
    } else {
      finish_command();
    }
  } catch (const FatalError& e) {
    fail(e);
  } catch (const std::exception&) {
    // The client is gone, or there is no memory even to say so.
    terminate();
  }
}

ProtocolMachine::Want ProtocolMachine::run(Input& input) {
  for (;;) {
    if (phase_ == Phase::kClosed) return Want::kClose;
    if (tls_requested_now_) {
      tls_requested_now_ = false;
      phase_ = Phase::kTlsHandshake;
      return Want::kTls;
    }
    if (phase_ == Phase::kTlsHandshake) return Want::kTls;
    if (release_wanted_) {
      release_wanted_ = false;
      out_.flush();
      if (out_.gated()) return Want::kRelease;
    }
    bool handled = phase_ == Phase::kStartup ? startup_message(input) : ready_message(input);
    if (!handled && phase_ != Phase::kClosed) return Want::kInput;
  }
}

// --- Startup
// --------------------------------------------------------------------------------------------------

bool ProtocolMachine::startup_message(Input& input) {
  std::string_view data = input.data();
  wanted_ = 8;
  if (data.size() < 4) return false;
  auto length = load_be<uint32_t>(data.data());
  if (length < 8 || length > kMaxStartupBytes) {
    terminate();  // not our protocol: no answer would be understood
    return false;
  }
  wanted_ = length;
  if (data.size() < length) return false;
  auto code = load_be<uint32_t>(data.data() + 4);
  std::string_view body = data.substr(8, length - 8);

  if (code == kCancelRequestCode) {
    if (body.size() == 8)
      host_.cancel_request(load_be<int32_t>(body.data()), load_be<uint32_t>(body.data() + 4));
    terminate();
  } else if (code == kSslRequestCode && !tls_asked_) {
    tls_asked_ = true;
    tls_requested_now_ = host_.tls_available() && !host_.startup_info().tls;
    out_.raw_byte(tls_requested_now_ ? 'S' : 'N');
    // Bytes sent in the clear before the handshake must not be taken for the encrypted session's.
    if (tls_requested_now_ && data.size() > length) {
      tls_requested_now_ = false;
      out_.consume(out_.size());
      fail(protocol_error("received unencrypted data after SSL request")
               .detail("This could be either a client-software bug or evidence of an attempted "
                       "man-in-the-middle attack."));
    }
  } else if (code == kGssEncRequestCode && !gss_asked_) {
    gss_asked_ = true;
    out_.raw_byte('N');
  } else {
    guarded([&] { start_session(body, code); });
  }
  input.consume(length);
  return true;
}

void ProtocolMachine::tls_established() {
  host_.startup_info().tls = true;
  phase_ = Phase::kStartup;
}

void ProtocolMachine::start_session(std::string_view body, uint32_t version) {
  if (version >> 16 != 3) {
    throw SqlError(sqlstate::kFeatureNotSupported,
                   fmt::format("unsupported frontend protocol {}.{}: server supports 3.0 to 3.0",
                               version >> 16, version & 0xFFFF));
  }
  parse_startup_options(body, version);
  host_.admit();
  phase_ = Phase::kAuthenticating;
  authenticator_ = host_.make_authenticator();
  continue_authentication(authenticator_->begin(out_));
}

void ProtocolMachine::parse_startup_options(std::string_view body, uint32_t version) {
  constexpr size_t kMaxNameBytes = 63;
  StartupInfo& info = host_.startup_info();
  ByteReader r(body);
  std::vector<std::string_view> unknown;
  for (;;) {
    std::string_view name = r.c_string();
    if (!r.ok()) throw protocol_error("invalid startup packet layout: expected terminator as last byte");
    if (name.empty()) break;
    std::string_view value = r.c_string();
    if (!r.ok()) throw protocol_error("invalid startup packet layout: expected terminator as last byte");
    if (name == "user") {
      info.user = value.substr(0, kMaxNameBytes);
    } else if (name == "database") {
      info.database = value.substr(0, kMaxNameBytes);
    } else if (name == "replication") {
      info.replication =
          value == "database" || value == "true" || value == "on" || value == "yes" || value == "1";
    } else if (name.starts_with("_pq_.")) {
      unknown.push_back(name);
    } else {
      if (name == "application_name") info.application_name = value;
      info.options.emplace_back(name, value);
    }
  }
  if (r.remaining() != 0) {
    throw protocol_error("invalid startup packet layout: expected terminator as last byte");
  }
  if ((version & 0xFFFF) != 0 || !unknown.empty()) out_.negotiate_protocol_version(0, unknown);
  if (info.user.empty()) {
    throw SqlError(sqlstate::kInvalidAuthorizationSpecification,
                   "no PostgreSQL user name specified in startup packet");
  }
  if (info.database.empty()) info.database = info.user;
}

void ProtocolMachine::continue_authentication(Authenticator::Step step) {
  if (step == Authenticator::Step::kNeedReply) return;
  authenticator_.reset();
  out_.authentication(0);
  handler_ = host_.make_handler();
  host_.write_backend_key(out_);
  phase_ = Phase::kReady;
  finish_command();
}

// --- The running session
// --------------------------------------------------------------------------------------

bool ProtocolMachine::ready_message(Input& input) {
  std::string_view data = input.data();
  wanted_ = kHeaderBytes;
  if (data.size() < kHeaderBytes) return false;
  char type = data[0];
  auto length = load_be<uint32_t>(data.data() + 1);
  bool authenticating = phase_ == Phase::kAuthenticating;
  const Rule* rule = find_rule(type);
  if (authenticating ? type != 'p' : rule == nullptr) {
    fail(authenticating && type != 'X'
             ? protocol_error(fmt::format("expected password response, got message type {}", uint8_t(type)))
             : protocol_error(fmt::format("invalid frontend message type {}", uint8_t(type))));
    return false;
  }
  if (length < 4 || length > (authenticating ? kMaxAuthBytes : rule->max_bytes)) {
    // The stream cannot be followed any further.
    fail(protocol_error("invalid message length"));
    return false;
  }
  wanted_ = size_t{length} + 1;
  if (data.size() < wanted_) return false;
  std::string_view body = data.substr(kHeaderBytes, wanted_ - kHeaderBytes);
  input_ = &input;
  message_bytes_ = wanted_;
  if (authenticating) {
    extended_ = false;
    guarded([&] { continue_authentication(authenticator_->reply(body, out_)); });
  } else {
    dispatch(*rule, body);
  }
  end_copy();
  input.consume(message_bytes_);
  input_ = nullptr;
  return true;
}

void ProtocolMachine::dispatch(const Rule& rule, std::string_view body) {
  if (skip_to_sync_ && rule.type != 'S' && rule.type != 'X') return;
  extended_ = rule.extended;
  // A cancel that came while the session was idle concerns no statement.
  if (between_commands_) host_.token().clear_statement();
  between_commands_ = false;
  guarded([&] {
    if (rule.type != 'X') end_if_asked();
    (this->*rule.handle)(body);
  });
}

// A termination that came while no statement could notice it.
void ProtocolMachine::end_if_asked() {
  sync::CancelToken& token = host_.token();
  if (token.pending(sync::CancelReason::kConnectionLost)) throw ConnectionLost();
  if (token.pending(sync::CancelReason::kTerminate)) token.throw_if_pending();
}

void ProtocolMachine::finish_command() {
  host_.token().clear_statement();
  char status = handler_->transaction_status();
  if (status == 'I') host_.deliver_notifications(out_);
  out_.ready_for_query(status);
  between_commands_ = true;
}

void ProtocolMachine::on_query(std::string_view body) {
  ByteReader r(body);
  std::string_view sql = r.c_string();
  check_complete(r);
  handler_->simple_query(sql, out_);
  finish_command();
}

void ProtocolMachine::on_parse(std::string_view body) {
  ByteReader r(body);
  std::string_view name = r.c_string();
  std::string_view sql = r.c_string();
  int count = r.be<int16_t>();
  types_.clear();
  for (int i = 0; i < count && r.ok(); ++i) types_.emplace_back(r.be<uint32_t>());
  check_complete(r);
  handler_->parse(name, sql, types_);
  out_.empty_message('1');
}

void ProtocolMachine::on_bind(std::string_view body) {
  ByteReader r(body);
  BindMessage bind;
  bind.portal = r.c_string();
  bind.statement = r.c_string();
  read_formats(r, &parameter_formats_);
  int count = static_cast<uint16_t>(r.be<int16_t>());
  values_.clear();
  for (int i = 0; i < count && r.ok(); ++i) {
    auto length = r.be<int32_t>();
    if (length == -1) {
      values_.push_back({});
    } else {
      if (length < 0) throw protocol_error("insufficient data left in message");
      std::string_view v = r.bytes(static_cast<size_t>(length));
      values_.push_back({v.data(), static_cast<uint32_t>(v.size())});
    }
  }
  read_formats(r, &result_formats_);
  check_complete(r);
  size_t formats = parameter_formats_.size();
  if (formats > 1 && formats != values_.size()) {
    throw protocol_error(
        fmt::format("bind message has {} parameter formats but {} parameters", formats, values_.size()));
  }
  bind.parameter_formats = FormatCodes(parameter_formats_);
  bind.values = values_;
  bind.result_formats = FormatCodes(result_formats_);
  handler_->bind(bind);
  out_.empty_message('2');
}

void ProtocolMachine::on_describe(std::string_view body) {
  ByteReader r(body);
  auto kind = static_cast<char>(r.be<int8_t>());
  std::string_view name = r.c_string();
  check_complete(r);
  if (kind == 'S') {
    handler_->describe_statement(name, out_);
  } else if (kind == 'P') {
    handler_->describe_portal(name, out_);
  } else {
    throw protocol_error(fmt::format("invalid DESCRIBE message subtype {}", uint8_t(kind)));
  }
}

void ProtocolMachine::on_execute(std::string_view body) {
  ByteReader r(body);
  std::string_view portal = r.c_string();
  auto max_rows = r.be<int32_t>();
  check_complete(r);
  handler_->execute(portal, std::max(max_rows, 0), out_);
}

void ProtocolMachine::on_close(std::string_view body) {
  ByteReader r(body);
  auto kind = static_cast<char>(r.be<int8_t>());
  std::string_view name = r.c_string();
  check_complete(r);
  if (kind == 'S') {
    handler_->close_statement(name);
  } else if (kind == 'P') {
    handler_->close_portal(name);
  } else {
    throw protocol_error(fmt::format("invalid CLOSE message subtype {}", uint8_t(kind)));
  }
  out_.empty_message('3');
}

void ProtocolMachine::on_flush(std::string_view body) {
  if (!body.empty()) throw protocol_error("invalid message format");
  release_wanted_ = true;
}

void ProtocolMachine::on_sync(std::string_view body) {
  skip_to_sync_ = false;
  if (!body.empty()) throw protocol_error("invalid message format");
  handler_->sync(out_);
  finish_command();
}

void ProtocolMachine::on_function_call(std::string_view) {
  throw_not_supported("the function call message of the protocol");
}

// What a client still sends after a COPY has failed on the server's side.
void ProtocolMachine::on_copy_leftover(std::string_view) {}

void ProtocolMachine::on_terminate(std::string_view) {
  end_ = SessionEnd::kNormal;
  terminate();
}

// --- COPY from the client
// -------------------------------------------------------------------------------------

CopySource& ProtocolMachine::copy_in(Format overall, std::span<const Format> columns) {
  out_.copy_in_response(overall, columns);
  out_.flush();
  if (out_.gated()) throw protocol_error("COPY from stdin cannot start behind an unacknowledged commit");
  if (copy_input_ == nullptr) {
    copy_input_ = std::make_unique<Input>();
    copy_input_->append(input_->data().substr(message_bytes_));
    copy_consumed_ = 0;
  }
  copying_ = true;
  return *this;
}

bool ProtocolMachine::next(std::string_view* data) {
  if (!copying_) return false;
  for (;;) {
    copy_input_->consume(copy_consumed_);
    copy_consumed_ = 0;
    size_t need = kHeaderBytes;
    std::string_view d = copy_input_->data();
    const Rule* rule = nullptr;
    if (d.size() >= kHeaderBytes) {
      auto length = load_be<uint32_t>(d.data() + 1);
      rule = find_rule(d[0]);
      if (rule == nullptr || length < 4 || length > rule->max_bytes) {
        throw FatalError(sqlstate::kProtocolViolation, "invalid message length");
      }
      need = size_t{length} + 1;
    }
    if (d.size() < need) {
      if (!host_.fill(*copy_input_, need)) throw ConnectionLost();
      continue;
    }
    copy_consumed_ = need;
    std::string_view body = d.substr(kHeaderBytes, need - kHeaderBytes);
    switch (rule->type) {
      case 'd':
        *data = body;
        return true;
      case 'c':
        copying_ = false;
        return false;
      case 'f': {
        copying_ = false;
        ByteReader r(body);
        std::string reason(r.c_string());
        check_complete(r);
        throw SqlError(sqlstate::kQueryCanceled, "COPY from stdin failed: " + reason);
      }
      case 'H':
      case 'S':
        break;  // clients of the extended protocol may send them; they mean nothing here
      default:
        copying_ = false;
        copy_consumed_ = 0;  // the main loop decides about it
        throw protocol_error(
            fmt::format("unexpected message type 0x{:02X} during COPY from stdin", uint8_t(rule->type)));
    }
  }
}

// Puts what followed the COPY data back in front of the main loop.
void ProtocolMachine::end_copy() {
  copying_ = false;
  if (copy_input_ == nullptr) return;
  copy_input_->consume(copy_consumed_);
  input_->consume(input_->size());
  input_->append(copy_input_->data());
  copy_input_.reset();
  message_bytes_ = 0;
}

}  // namespace varve::net
