// The options of COPY, checked in PostgreSQL's order and with its messages.
#include <algorithm>
#include <fmt/format.h>

#include "common/sql_error.h"
#include "copy.h"
#include "functions/encodings.h"
#include "parser/ast.h"
#include "parser/parser.h"

namespace varve::session {
namespace {

using parser::ConstKind;

const parser::ConstExpr* constant(const parser::Option& o) {
  return o.value != nullptr && parser::is<parser::ConstExpr>(o.value) ? parser::as<parser::ConstExpr>(o.value)
                                                                      : nullptr;
}

std::string text_of(const parser::Option& o) {
  if (o.value == nullptr)
    throw SqlError(sqlstate::kSyntaxError, fmt::format("{} requires a parameter", o.name));
  const parser::ConstExpr* c = constant(o);
  if (c == nullptr) return parser::is<parser::StarStep>(o.value) ? "*" : "";
  switch (c->type) {
    case ConstKind::kInteger:
      return std::to_string(c->integer);
    case ConstKind::kBoolean:
      return c->boolean ? "true" : "false";
    default:
      return std::string(c->text);
  }
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// -1: neither true nor false.
int boolean_of(const parser::Option& o) {
  if (o.value == nullptr) return 1;
  const parser::ConstExpr* c = constant(o);
  if (c != nullptr && c->type == ConstKind::kInteger)
    return c->integer == 0 || c->integer == 1 ? c->integer : -1;
  std::string text = text_of(o);
  if (equals_ignoring_case(text, "true") || equals_ignoring_case(text, "on")) return 1;
  if (equals_ignoring_case(text, "false") || equals_ignoring_case(text, "off")) return 0;
  return -1;
}

class OptionReader {
 public:
  explicit OptionReader(std::string_view sql) : sql_(sql) {}

  CopyOptions read(const parser::CopyStmt& stmt) {
    for (const parser::Option* o : stmt.options) take(*o, stmt.is_from);
    check_single_bytes();
    check_modes(stmt.is_from);
    return std::move(options_);
  }

 private:
  void once(bool& seen, const parser::Option& o) {
    if (seen)
      throw SqlError(sqlstate::kSyntaxError, "conflicting or redundant options")
          .at(parser::character_position(sql_, o.location));
    seen = true;
  }

  void take(const parser::Option& o, bool is_from) {
    if (o.name == "format") {
      once(format_seen_, o);
      std::string name = text_of(o);
      if (name == "text")
        options_.format = CopyFormat::kText;
      else if (name == "csv")
        options_.format = CopyFormat::kCsv;
      else if (name == "binary")
        options_.format = CopyFormat::kBinary;
      else
        throw SqlError(sqlstate::kInvalidParameterValue,
                       fmt::format("COPY format \"{}\" not recognized", name))
            .at(parser::character_position(sql_, o.location));
    } else if (o.name == "freeze") {
      once(freeze_seen_, o);
      int value = boolean_of(o);
      if (value < 0) throw SqlError(sqlstate::kSyntaxError, "freeze requires a Boolean value");
      options_.freeze = value != 0;
    } else if (o.name == "delimiter") {
      once(has_delimiter_, o);
      delimiter_ = text_of(o);
    } else if (o.name == "null") {
      once(has_null_, o);
      options_.null_text = text_of(o);
    } else if (o.name == "header") {
      once(header_seen_, o);
      header(o, is_from);
    } else if (o.name == "quote") {
      once(has_quote_, o);
      quote_ = text_of(o);
    } else if (o.name == "escape") {
      once(has_escape_, o);
      escape_ = text_of(o);
    } else if (o.name == "force_quote") {
      once(has_force_quote_, o);
      if (o.value != nullptr && parser::is<parser::StarStep>(o.value))
        options_.force_quote_all = true;
      else
        options_.force_quote = columns(o);
    } else if (o.name == "force_not_null") {
      once(has_force_not_null_, o);
      options_.force_not_null = columns(o);
    } else if (o.name == "force_null") {
      once(has_force_null_, o);
      options_.force_null = columns(o);
    } else if (o.name == "encoding") {
      once(encoding_seen_, o);
      encoding(o);
    } else {
      throw SqlError(sqlstate::kSyntaxError, fmt::format("option \"{}\" not recognized", o.name))
          .at(parser::character_position(sql_, o.location));
    }
  }

  void header(const parser::Option& o, bool is_from) {
    int value = boolean_of(o);
    if (value < 0 && o.value != nullptr && equals_ignoring_case(text_of(o), "match")) {
      if (!is_from)
        throw SqlError(sqlstate::kFeatureNotSupported, "cannot use \"match\" with HEADER in COPY TO");
      options_.header = options_.header_match = true;
      return;
    }
    if (value < 0) throw SqlError(sqlstate::kSyntaxError, "header requires a Boolean value or \"match\"");
    options_.header = value != 0;
  }

  std::vector<std::string> columns(const parser::Option& o) {
    std::vector<std::string> names;
    if (o.value == nullptr || !parser::is<parser::ListNode>(o.value)) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("argument to option \"{}\" must be a list of column names", o.name))
          .at(parser::character_position(sql_, o.location));
    }
    for (const parser::Node* item : parser::as<parser::ListNode>(o.value)->items) {
      if (parser::is<parser::ConstExpr>(item)) names.emplace_back(parser::as<parser::ConstExpr>(item)->text);
    }
    return names;
  }

  void encoding(const parser::Option& o) {
    const int32_t number = functions::find_encoding(text_of(o));
    if (number == functions::kUtf8Encoding) return;
    if (number >= 0) {
      throw_not_supported("COPY in an encoding other than UTF8",
                          parser::character_position(sql_, o.location));
    }
    throw SqlError(sqlstate::kInvalidParameterValue,
                   "argument to option \"encoding\" must be a valid encoding name")
        .at(parser::character_position(sql_, o.location));
  }

  [[noreturn]] static void refuse(SqlState state, std::string_view message) {
    throw SqlError(state, std::string(message));
  }

  void check_single_bytes() {
    bool binary = options_.format == CopyFormat::kBinary, csv = options_.format == CopyFormat::kCsv;
    if (binary && has_delimiter_) refuse(sqlstate::kSyntaxError, "cannot specify DELIMITER in BINARY mode");
    if (binary && has_null_) refuse(sqlstate::kSyntaxError, "cannot specify NULL in BINARY mode");
    if (!has_delimiter_) delimiter_ = csv ? "," : "\t";
    if (!has_null_) options_.null_text = csv ? "" : "\\N";
    if (!has_quote_) quote_ = "\"";
    if (!has_escape_) escape_ = quote_;
    if (delimiter_.size() != 1)
      refuse(sqlstate::kFeatureNotSupported, "COPY delimiter must be a single one-byte character");
    options_.delimiter = delimiter_[0];
    if (delimiter_.find_first_of("\r\n") != std::string::npos) {
      refuse(sqlstate::kInvalidParameterValue, "COPY delimiter cannot be newline or carriage return");
    }
    if (options_.null_text.find_first_of("\r\n") != std::string::npos) {
      refuse(sqlstate::kInvalidParameterValue,
             "COPY null representation cannot use newline or carriage return");
    }
    // Letters and digits would make escapes and the null marker ambiguous.
    if (!csv && std::string_view("\\.abcdefghijklmnopqrstuvwxyz0123456789").find(options_.delimiter) !=
                    std::string_view::npos) {
      throw SqlError(sqlstate::kInvalidParameterValue,
                     fmt::format("COPY delimiter cannot be \"{}\"", delimiter_));
    }
    if (binary && options_.header)
      refuse(sqlstate::kFeatureNotSupported, "cannot specify HEADER in BINARY mode");
    if (!csv && has_quote_) refuse(sqlstate::kFeatureNotSupported, "COPY quote available only in CSV mode");
    if (csv && quote_.size() != 1)
      refuse(sqlstate::kFeatureNotSupported, "COPY quote must be a single one-byte character");
    if (csv && delimiter_ == quote_)
      refuse(sqlstate::kInvalidParameterValue, "COPY delimiter and quote must be different");
    if (!csv && has_escape_) refuse(sqlstate::kFeatureNotSupported, "COPY escape available only in CSV mode");
    if (csv && escape_.size() != 1)
      refuse(sqlstate::kFeatureNotSupported, "COPY escape must be a single one-byte character");
    if (csv) {
      options_.quote = quote_[0];
      options_.escape = escape_[0];
    }
  }

  void check_modes(bool is_from) {
    bool csv = options_.format == CopyFormat::kCsv;
    auto force = [&](bool given, bool wants_from, std::string_view name) {
      if (!given) return;
      if (!csv)
        throw SqlError(sqlstate::kFeatureNotSupported,
                       fmt::format("COPY {} available only in CSV mode", name));
      if (is_from != wants_from) {
        throw SqlError(sqlstate::kFeatureNotSupported,
                       fmt::format("COPY {} only available using COPY {}", name, wants_from ? "FROM" : "TO"));
      }
    };
    force(has_force_quote_, false, "force quote");
    force(has_force_not_null_, true, "force not null");
    force(has_force_null_, true, "force null");
    if (options_.null_text.find(options_.delimiter) != std::string::npos) {
      refuse(sqlstate::kFeatureNotSupported, "COPY delimiter must not appear in the NULL specification");
    }
    if (csv && options_.null_text.find(options_.quote) != std::string::npos) {
      refuse(sqlstate::kFeatureNotSupported, "CSV quote character must not appear in the NULL specification");
    }
  }

  std::string_view sql_;
  CopyOptions options_;
  std::string delimiter_, quote_, escape_;
  bool format_seen_ = false, freeze_seen_ = false, header_seen_ = false, encoding_seen_ = false;
  bool has_delimiter_ = false, has_null_ = false, has_quote_ = false, has_escape_ = false;
  bool has_force_quote_ = false, has_force_not_null_ = false, has_force_null_ = false;
};

}  // namespace

CopyOptions copy_options(const parser::CopyStmt& stmt, std::string_view sql) {
  return OptionReader(sql).read(stmt);
}

}  // namespace varve::session
