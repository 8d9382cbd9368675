// COPY FROM: fields become vectors of the columns' types, a batch of them goes into the table at once.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

#include "analyzer/expression_walk.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "copy_command.h"
#include "executor/expression_program.h"
#include "executor/row_loader.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "row_security.h"
#include "types/utf8.h"

namespace varve::session {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;

// What a message shows of a value or a line: its first hundred bytes.
std::string excerpt(std::string_view text) {
  constexpr size_t kMaxBytes = 100;
  if (text.size() <= kMaxBytes) return std::string(text);
  size_t cut = kMaxBytes;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80) --cut;
  return std::string(text.substr(0, cut)) + "...";
}

// Plain decimal digits, as nearly all integers come; anything else is for the type's own input function.
template <class T>
bool quick_integer(std::string_view text, T* out) {
  constexpr size_t kSafeDigits = sizeof(T) == 8 ? 18 : sizeof(T) == 4 ? 9 : 4;
  size_t i = 0;
  bool negative = !text.empty() && text[0] == '-';
  i += negative;
  if (i == text.size() || text.size() - i > kSafeDigits) return false;
  int64_t v = 0;
  for (; i < text.size(); ++i) {
    auto digit = static_cast<uint8_t>(text[i] - '0');
    if (digit > 9) return false;
    v = v * 10 + digit;
  }
  *out = static_cast<T>(negative ? -v : v);
  return true;
}

// Two digits at p, or a number above 99.
unsigned two_digits(const char* p) {
  auto a = static_cast<uint8_t>(p[0] - '0'), b = static_cast<uint8_t>(p[1] - '0');
  return a > 9 || b > 9 ? 1000U : a * 10U + b;
}

// "YYYY-MM-DD" to days since 2000-01-01; only what every date style reads alike.
bool quick_date(std::string_view text, int32_t* out) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  unsigned century = two_digits(text.data()), years = two_digits(text.data() + 2);
  unsigned month = two_digits(text.data() + 5), day = two_digits(text.data() + 8);
  if (century > 99 || years > 99 || month < 1 || month > 12 || day < 1) return false;
  int64_t year = century * 100 + years;
  constexpr uint8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (year == 0 || day > kDays[month - 1] + static_cast<unsigned>(leap && month == 2)) return false;
  // Days since 0000-03-01, years beginning in March.
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t m = month <= 2 ? month + 9 : month - 3;
  int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1;
  constexpr int64_t kDaysTo2000 = 730425;  // from 0000-03-01
  *out = static_cast<int32_t>(days - kDaysTo2000);
  return true;
}

// Plain decimals, as nearly all floats come.
bool quick_float(std::string_view text, double* out) {
  if (text.empty() || text.size() > 24) return false;
  for (char c : text) {
    if ((c < '0' || c > '9') && c != '.' && c != '-') return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

// "YYYY-MM-DD HH:MM:SS[.ffffff]" to microseconds since 2000-01-01.
bool quick_timestamp(std::string_view text, int64_t* out) {
  if (text.size() < 19 || text.size() > 26 || text[10] != ' ' || text[13] != ':' || text[16] != ':')
    return false;
  int32_t days;
  if (!quick_date(text.substr(0, 10), &days)) return false;
  unsigned hour = two_digits(text.data() + 11), minute = two_digits(text.data() + 14),
           second = two_digits(text.data() + 17);
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t micros = 0;
  if (text.size() > 19) {
    if (text[19] != '.' || text.size() == 20) return false;
    int64_t unit = 100000;
    for (char c : text.substr(20)) {
      auto digit = static_cast<uint8_t>(c - '0');
      if (digit > 9) return false;
      micros += digit * unit;
      unit /= 10;
    }
  }
  *out = days * int64_t{86400000000} + (hour * 3600LL + minute * 60LL + second) * 1000000 + micros;
  return true;
}

// The same with a zone as ±HH behind it.
bool quick_zoned_timestamp(std::string_view text, int64_t* out) {
  if (text.size() < 22) return false;
  const std::string_view zone = text.substr(text.size() - 3);
  const unsigned hours = two_digits(zone.data() + 1);
  if ((zone[0] != '+' && zone[0] != '-') || hours > 14) return false;
  if (!quick_timestamp(text.substr(0, text.size() - 3), out)) return false;
  const int64_t offset = hours * int64_t{3600000000};
  *out += zone[0] == '+' ? -offset : offset;
  return true;
}

}  // namespace

// One run of COPY FROM: reads rows, keeps the batch, says where it was when something fails.
class CopyLoad {
 public:
  struct Target {
    std::string_view name;
    Oid type;
    int32_t typmod;
    bool force_not_null, force_null;
    std::string domain;  // its name, if the column is of one
  };

  CopyLoad(const CopyOptions& options, const catalog::Relation& table, std::vector<Target> targets,
           CopyBytes& bytes, executor::RowLoader& loader, const types::FormatSettings& format,
           functions::SessionServices* services)
      : options_(options),
        table_(table),
        targets_(std::move(targets)),
        lines_(bytes, options),
        binary_(bytes),
        loader_(loader),
        context_{&memory_, &format, services} {
    std::vector<types::PhysicalType> types;
    for (const Target& t : targets_) types.push_back(executor::physical_type_of(t.type));
    batch_ = vector::Chunk(types, vectors_);
    started_.resize(vector::kChunkRows);
    texts_.resize(vector::kChunkRows);
  }

  void run() {
    if (options_.format == CopyFormat::kBinary)
      run_binary();
    else
      run_text();
    flush();
    insert([&] { loader_.flush(); });
  }

  // Where the load stands, for the CONTEXT of an error.
  std::string where() const {
    std::string out = fmt::format("COPY {}, line {}", table_.name, line_number_);
    if (column_ >= 0) {
      out += fmt::format(", column {}", targets_[static_cast<size_t>(column_)].name);
      if (options_.format == CopyFormat::kBinary) return out;
      if (field_.null) return out + ": null input";
      return out + fmt::format(": \"{}\"", excerpt(field_.view()));
    }
    if (line_known_) out += fmt::format(": \"{}\"", excerpt(line_));
    return out;
  }

 private:
  bool next_line() {
    std::string_view line;
    line_known_ = false;
    column_ = -1;
    bool found;
    try {
      found = lines_.next(&line);
    } catch (...) {
      line_number_ = lines_.line_number();
      throw;
    }
    line_number_ = lines_.line_number();
    if (!found) return false;
    types::utf8_verify(line);
    line_ = memory_.copy(line);
    line_known_ = true;
    if (options_.format == CopyFormat::kCsv)
      split_csv_line(line_, options_, memory_, &fields_);
    else
      split_text_line(line_, options_, memory_, &fields_);
    return true;
  }

  void run_text() {
    if (options_.header) {
      if (!next_line()) return;
      if (options_.header_match) match_header();
    }
    for (;;) {
      begin_row();
      bool more;
      try {
        more = next_line();
        if (!more) return;
        text_row();
      } catch (SqlError&) {
        flush_before_error();
        throw;
      }
      end_row();
    }
  }

  void run_binary() {
    binary_.read_header();
    for (;;) {
      begin_row();
      line_number_ = ++rows_read_;
      column_ = -1;
      try {
        if (!binary_.next(targets_.size(), memory_, &fields_)) return;
        for (size_t i = 0; i < targets_.size(); ++i) {
          column_ = static_cast<int>(i);
          field_ = fields_[i];
          if (field_.null)
            batch_.column(static_cast<uint32_t>(i)).set_null(rows_);
          else
            store(i, functions::receive_value(targets_[i].type, targets_[i].typmod, field_.view(), context_));
        }
        column_ = -1;
      } catch (SqlError&) {
        flush_before_error();
        throw;
      }
      end_row();
    }
  }

  void match_header() {
    if (fields_.size() != targets_.size()) {
      throw SqlError(sqlstate::kBadCopyFileFormat,
                     fmt::format("wrong number of fields in header line: got {}, expected {}", fields_.size(),
                                 targets_.size()));
    }
    for (size_t i = 0; i < fields_.size(); ++i) {
      std::string got = fields_[i].null ? fmt::format("null value (\"{}\")", options_.null_text)
                                        : fmt::format("\"{}\"", fields_[i].view());
      if (!fields_[i].null && fields_[i].view() == targets_[i].name) continue;
      throw SqlError(sqlstate::kBadCopyFileFormat,
                     fmt::format("column name mismatch in header line field {}: got {}, expected \"{}\"",
                                 i + 1, got, targets_[i].name));
    }
  }

  void begin_row() {
    if (rows_ == vector::kChunkRows || memory_.held_bytes() > kBatchBytes) flush();
  }

  void end_row() {
    started_[rows_] = line_number_;
    texts_[rows_] = line_;
    ++rows_;
  }

  void text_row() {
    if (targets_.empty() && !line_.empty())
      throw SqlError(sqlstate::kBadCopyFileFormat, "extra data after last expected column");
    if (fields_.size() > targets_.size() && !targets_.empty()) {
      throw SqlError(sqlstate::kBadCopyFileFormat, "extra data after last expected column");
    }
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (i >= fields_.size()) {
        column_ = -1;
        throw SqlError(sqlstate::kBadCopyFileFormat,
                       fmt::format("missing data for column \"{}\"", targets_[i].name));
      }
      CopyField field = fields_[i];
      const Target& target = targets_[i];
      if (field.null && target.force_not_null) {
        field = {options_.null_text.data(), static_cast<uint32_t>(options_.null_text.size()), false};
      } else if (!field.null && target.force_null && field.view() == options_.null_text) {
        field.null = true;
      }
      column_ = static_cast<int>(i);
      field_ = field;
      text_field(i);
    }
    column_ = -1;
  }

  void text_field(size_t i) {
    vector::Vector& column = batch_.column(static_cast<uint32_t>(i));
    if (field_.null) {
      column.set_null(rows_);
      return;
    }
    const Target& target = targets_[i];
    std::string_view text = field_.view();
    bool done = false;
    if (target.type == type_oid::kInt4)
      done = quick_integer(text, &column.data<int32_t>()[rows_]);
    else if (target.type == type_oid::kInt8)
      done = quick_integer(text, &column.data<int64_t>()[rows_]);
    else if (target.type == type_oid::kInt2)
      done = quick_integer(text, &column.data<int16_t>()[rows_]);
    else if (target.type == type_oid::kDate)
      done = quick_date(text, &column.data<int32_t>()[rows_]);
    else if (target.type == type_oid::kTimestamp && target.typmod < 0)
      done = quick_timestamp(text, &column.data<int64_t>()[rows_]);
    else if (target.type == type_oid::kTimestamptz && target.typmod < 0)
      done = quick_zoned_timestamp(text, &column.data<int64_t>()[rows_]);
    else if (target.type == type_oid::kFloat8)
      done = quick_float(text, &column.data<double>()[rows_]);
    else if (target.type == type_oid::kText || (target.type == type_oid::kVarchar && target.typmod < 0)) {
      column.data<types::StringRef>()[rows_] = types::StringRef(text);
      done = true;
    }
    if (done)
      column.set_valid(rows_);
    else
      store(i, functions::parse_value(target.type, target.typmod, text, context_));
  }

  void store(size_t i, const types::Value& value) {
    vector::Vector& column = batch_.column(static_cast<uint32_t>(i));
    column.set_valid(rows_);
    column.set_value(rows_, value);
  }

  // An earlier row of the batch may be at fault itself: then that is what must be reported.
  void flush_before_error() {
    uint64_t number = line_number_;
    std::string_view line = line_;
    CopyField field = field_;
    int column = column_;
    bool known = line_known_;
    insert_batch();
    insert([&] { loader_.flush(); });
    line_number_ = number;
    line_ = line;
    field_ = field;
    column_ = column;
    line_known_ = known;
  }

  void flush() {
    insert_batch();
    batch_.reset();
    rows_ = 0;
    memory_.reset();
  }

  // A value that a domain refuses is its column's fault.
  void find_domain_column(std::string_view domain) {
    for (size_t i = 0; i < targets_.size() && column_ < 0; ++i) {
      if (targets_[i].domain == domain) column_ = static_cast<int>(i);
    }
    if (column_ < 0) return;
    if (options_.format == CopyFormat::kCsv)
      split_csv_line(line_, options_, memory_, &fields_);
    else
      split_text_line(line_, options_, memory_, &fields_);
    field_ = fields_[static_cast<size_t>(column_)];
  }

  void insert_batch() {
    if (rows_ == 0) return;
    batch_.set_dense(rows_);
    note_lines();
    insert([&] { loader_.insert(batch_); });
    rows_given_ += rows_;
  }

  // Rows that are kept back are at fault long after they have been read. Lines follow each other but for
  // those with line ends in quotes.
  void note_lines() {
    for (uint32_t i = 0; i < rows_; ++i) {
      const uint64_t row = rows_given_ + i;
      if (lines_of_rows_.empty() ||
          started_[i] - lines_of_rows_.back().line != row - lines_of_rows_.back().row)
        lines_of_rows_.push_back({row, started_[i]});
    }
  }
  uint64_t line_of(uint64_t row) const {
    auto it = std::upper_bound(lines_of_rows_.begin(), lines_of_rows_.end(), row,
                               [](uint64_t r, const RowLine& from) { return r < from.row; });
    return (it - 1)->line + (row - (it - 1)->row);
  }

  template <class F>
  void insert(F&& step) {
    try {
      step();
    } catch (SqlError& e) {
      if (std::optional<uint64_t> earlier = loader_.failed_earlier()) {
        line_number_ = line_of(*earlier);
        column_ = -1;
        line_known_ = false;
        throw;
      }
      uint32_t row = loader_.failed_row();
      line_number_ = started_[row];
      column_ = -1;
      line_ = texts_[row];
      // A conflict in an index shows up after the line has been given up.
      line_known_ = options_.format != CopyFormat::kBinary && e.state() != sqlstate::kUniqueViolation;
      if (line_known_ && !e.fields().datatype.empty()) find_domain_column(e.fields().datatype);
      throw;
    }
  }

  const CopyOptions& options_;
  const catalog::Relation& table_;
  std::vector<Target> targets_;
  CopyLines lines_;
  CopyBinary binary_;
  executor::RowLoader& loader_;
  Arena vectors_, memory_;
  functions::EvalContext context_;
  vector::Chunk batch_;
  uint32_t rows_ = 0;
  std::vector<uint64_t> started_;  // by row of the batch: its line
  std::vector<std::string_view> texts_;
  std::vector<CopyField> fields_;
  uint64_t rows_read_ = 0;
  // Of the rows given to the loader, where lines do not just follow each other.
  struct RowLine {
    uint64_t row, line;
  };
  std::vector<RowLine> lines_of_rows_;
  uint64_t rows_given_ = 0;
  // Where we are.
  uint64_t line_number_ = 0;
  std::string_view line_;
  bool line_known_ = false;
  int column_ = -1;
  CopyField field_;
};

StatementPtr CopyCommand::insert_statement() {
  std::string names, values;
  for (size_t i = 0; i < columns_.size(); ++i) {
    names += (i == 0 ? "" : ", ") + parser::quote_identifier(columns_[i].name);
    values += fmt::format("{}${}", i == 0 ? "" : ", ", i + 1);
  }
  std::string sql = columns_.empty() ? fmt::format("INSERT INTO {} DEFAULT VALUES", qualified_table())
                                     : fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})",
                                                   qualified_table(), names, values);
  StatementPtr statement = session_.make_statement(sql, nullptr);
  statement->node = parser::parse(statement->sql, statement->parse_arena).statements[0].statement;
  for (const Column& c : columns_) statement->param_types.push_back(c.type);
  session_.make_plan(*statement);
  return statement;
}

// Rows written frozen would be seen by older snapshots; nobody can have one of a table that is new.
void CopyCommand::check_freeze() {
  if (!options_.freeze) return;
  bool fresh = false;
  if (session_.catalog().changed()) {
    auto& txns = session_.instance_.engine().txns();
    auto other = txns.begin(txn::Isolation::kReadCommitted, nullptr);
    catalog::RelationPtr committed = catalog::Catalog(*session_.database_, *other).relation(table_->oid);
    txns.commit(*other);
    fresh = committed == nullptr || committed->segment != table_->segment;
  }
  if (fresh) return;
  throw SqlError(sqlstate::kObjectNotInPrerequisiteState,
                 "cannot perform COPY FREEZE because the table was not created or truncated in the current "
                 "subtransaction");
}

namespace {

// The table's columns become columns of the row that is about to be inserted.
void bind_to_row(analyzer::Expr*& e, const catalog::Relation& table, Arena& arena) {
  using analyzer::ExprKind;
  switch (e->kind) {
    case ExprKind::kAggregate:
      throw SqlError(sqlstate::kGroupingError,
                     "aggregate functions are not allowed in COPY FROM WHERE conditions");
    case ExprKind::kWindow:
      throw SqlError(sqlstate::kWindowingError,
                     "window functions are not allowed in COPY FROM WHERE conditions");
    case ExprKind::kSetReturning:
      throw SqlError(sqlstate::kFeatureNotSupported,
                     "set-returning functions are not allowed in COPY FROM WHERE conditions");
    case ExprKind::kSubquery:
      throw SqlError(sqlstate::kFeatureNotSupported, "cannot use subquery in COPY FROM WHERE condition");
    default:
      break;
  }
  if (e->kind != ExprKind::kColumn) {
    analyzer::visit_children(*e, [&](analyzer::Expr*& child) { bind_to_row(child, table, arena); });
    return;
  }
  int16_t number = e->as<analyzer::ColumnExpr>().column;
  if (number <= 0) throw_not_supported("a system column in COPY FROM WHERE");
  if (table.column(number).generated != 0) {
    throw SqlError(sqlstate::kInvalidColumnReference,
                   "generated columns are not supported in COPY FROM WHERE conditions")
        .detail(fmt::format("Column \"{}\" is a generated column.", table.column(number).name));
  }
  uint32_t ordinal = 0;
  for (int16_t c = 1; c < number; ++c) ordinal += !table.column(c).dropped;
  auto* input = arena.make<analyzer::InputExpr>();
  static_cast<analyzer::Expr&>(*input) = *e;
  input->kind = ExprKind::kInput;
  input->index = ordinal;
  e = input;
}

}  // namespace

analyzer::Expr* CopyCommand::bind_filter(analyzer::AnalyzerContext& context) {
  if (stmt_.where == nullptr) return nullptr;
  context.relations.push_back(table_);
  analyzer::Expr* filter = analyzer::analyze_table_expression(context, stmt_.where, &context.relations.back(),
                                                              "COPY FROM WHERE conditions");
  if (filter->type != type_oid::kBool) {
    throw SqlError(sqlstate::kDatatypeMismatch,
                   fmt::format("argument of COPY FROM WHERE must be type boolean, not type {}",
                               functions::format_type(filter->type, -1)));
  }
  bind_to_row(filter, *table_, context.arena);
  return filter;
}

uint64_t CopyCommand::copy_from(analyzer::AnalyzerContext& context) {
  if (session_.read_only_) {
    throw SqlError(sqlstate::kReadOnlySqlTransaction, "cannot execute COPY FROM in a read-only transaction");
  }
  SessionRowSecurity security(session_.catalog(), session_.role_, session_.settings_.boolean("row_security"));
  if (security.applies(*table_, session_.role_)) {
    throw SqlError(sqlstate::kFeatureNotSupported, "COPY FROM not supported with row-level security")
        .hint("Use INSERT statements instead.");
  }
  analyzer::Expr* filter = bind_filter(context);
  StatementPtr statement = insert_statement();
  executor::RowLoader loader(*statement->plan, session_.execution_settings(), filter,
                             &session_.instance_.scheduler());
  size_t mark = session_.constraints_.begin_statement();
  loader.start(session_.run_parameters({}, nullptr));
  std::unique_ptr<CopyBytes> bytes;
  if (stmt_.standard_stream) {
    bool binary = options_.format == CopyFormat::kBinary;
    bytes = std::make_unique<ClientBytes>(
        session_.client_.copy_in(binary ? net::Format::kBinary : net::Format::kText, formats()));
  } else {
    file_ = std::make_unique<ServerFile>(stmt_.filename, stmt_.is_program, true);
    bytes = std::make_unique<FileBytes>(*file_);
  }
  check_freeze();
  auto domain_name = [&](std::string_view column) {
    catalog::ColumnNumber number = table_->find_column(column);
    Oid domain = number > 0 ? table_->column(number).domain : kInvalidOid;
    if (Oid element = catalog::element_user_type(session_.catalog(), domain); element != kInvalidOid)
      domain = element;
    catalog::UserTypePtr type =
        domain == kInvalidOid ? nullptr : catalog::user_type(session_.catalog(), domain);
    return type == nullptr ? std::string() : type->name;
  };
  std::vector<CopyLoad::Target> targets;
  for (const Column& c : columns_)
    targets.push_back({c.name, c.type, c.typmod, c.force_not_null, c.force_null, domain_name(c.name)});
  CopyLoad load(options_, *table_, std::move(targets), *bytes, loader, session_.settings_.format(),
                &session_);
  try {
    load.run();
  } catch (SqlError& e) {
    if (e.fields().context.empty()) e.context(load.where());
    throw;
  }
  loader.finish();
  if (file_ != nullptr) file_->close();
  loader.end_statement();
  session_.constraints_.end_statement(mark);
  session_.txn_->release_snapshot();
  return loader.rows_inserted();
}

}  // namespace varve::session
