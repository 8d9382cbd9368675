// COPY FROM: fields become vectors of the columns' types, a batch of them goes into the table at once.
#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "analyzer/expression_walk.h"
#include "catalog/user_type.h"
#include "common/sql_error.h"
#include "copy_command.h"
#include "copy_plain.h"
#include "executor/expression_program.h"
#include "executor/row_loader.h"
#include "functions/registry.h"
#include "functions/type_oids.h"
#include "parser/ast.h"
#include "row_security.h"
#include "types/quick_text.h"
#include "types/utf8.h"

namespace varve::session {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;
// What a thread reads at a time: enough to be worth handing over, and the rows still lie in its cache
// afterwards.
constexpr size_t kSliceBytes = size_t{256} << 10;
constexpr uint32_t kMaxReaders = 8;
// After plain lines that were not: so many are read one by one before the next try.
constexpr uint32_t kCarefulLines = 64;

// What a message shows of a value or a line: its first hundred bytes.
std::string excerpt(std::string_view text) {
  constexpr size_t kMaxBytes = 100;
  if (text.size() <= kMaxBytes) return std::string(text);
  size_t cut = kMaxBytes;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80) --cut;
  return std::string(text.substr(0, cut)) + "...";
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
           functions::SessionServices* services, executor::TaskScheduler& scheduler, uint32_t threads)
      : options_(options),
        table_(table),
        targets_(std::move(targets)),
        lines_(bytes, options),
        binary_(bytes),
        loader_(loader),
        context_{&memory_, &format, services},
        scheduler_(scheduler) {
    make_readers(format, threads);
    std::vector<types::PhysicalType> types;
    for (const Target& t : targets_) types.push_back(functions::physical_type_of(t.type));
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
  void make_readers(const types::FormatSettings& format, uint32_t threads) {
    std::vector<PlainColumn> columns;
    for (const Target& t : targets_) {
      if (t.force_not_null || t.force_null) return;
      columns.push_back({t.type, t.typmod});
    }
    if (!PlainReader::can_read(options_, columns)) return;
    for (uint32_t i = 0; i < std::clamp<uint32_t>(threads, 1, kMaxReaders); ++i)
      readers_.push_back(std::make_unique<PlainReader>(options_, columns, format));
  }

  // Reads the next lines that need no care, if there are any, and gives them to the loader. Whole slices are
  // read by several threads; what follows a line that one of them has left is read anew.
  bool load_plain_lines() {
    if (readers_.empty()) return false;
    if (careful_lines_ > 0) {
      --careful_lines_;
      return false;
    }
    const std::string_view text = lines_.plain_lines(readers_.size() * kSliceBytes);
    if (text.empty()) return false;
    flush();
    cut_into_slices(text);
    consumed_.assign(slices_.size(), 0);
    auto read = [this](uint32_t i) { consumed_[i] = readers_[i]->read(slices_[i]); };
    scheduler_.run(
        static_cast<uint32_t>(slices_.size()),
        [](void* user, uint32_t i) { (*static_cast<decltype(read)*>(user))(i); }, &read);
    uint64_t rows = 0;
    bool whole = true;
    for (size_t i = 0; i < slices_.size() && whole; ++i) {
      insert_plain(*readers_[i]);
      lines_.take(consumed_[i], readers_[i]->rows());
      rows += readers_[i]->rows();
      whole = consumed_[i] == slices_[i].size();
    }
    if (!whole && rows < kCarefulLines) careful_lines_ = kCarefulLines;
    return whole;
  }

  void cut_into_slices(std::string_view text) {
    slices_.clear();
    while (!text.empty()) {
      size_t end = text.size();
      if (slices_.size() + 1 < readers_.size() && end > kSliceBytes) end = text.find('\n', kSliceBytes) + 1;
      slices_.push_back(text.substr(0, end));
      text.remove_prefix(end);
    }
  }

  void insert_plain(PlainReader& reader) {
    plain_ = &reader;
    plain_line_ = lines_.line_number() + 1;
    for (size_t i = 0; i < reader.chunk_count(); ++i) {
      plain_chunk_ = i;
      vector::Chunk& chunk = reader.chunk(i);
      note_line(plain_line_, 0);
      insert([&] { loader_.insert(chunk); });
      rows_given_ += chunk.count();
      plain_line_ += chunk.count();
    }
    plain_ = nullptr;
  }

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
      while (load_plain_lines()) {
      }
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
      done = types::quick_integer(text, &column.data<int32_t>()[rows_]);
    else if (target.type == type_oid::kInt8)
      done = types::quick_integer(text, &column.data<int64_t>()[rows_]);
    else if (target.type == type_oid::kInt2)
      done = types::quick_integer(text, &column.data<int16_t>()[rows_]);
    else if (target.type == type_oid::kDate)
      done = types::quick_date(text, &column.data<int32_t>()[rows_]);
    else if (target.type == type_oid::kTimestamp && target.typmod < 0)
      done = timestamps_.read(text, &column.data<int64_t>()[rows_]);
    else if (target.type == type_oid::kTimestamptz && target.typmod < 0)
      done = timestamps_.read_zoned(text, &column.data<int64_t>()[rows_]);
    else if (target.type == type_oid::kFloat8)
      done = types::quick_float(text, &column.data<double>()[rows_]);
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
    for (uint32_t i = 0; i < rows_; ++i) note_line(started_[i], i);
  }
  void note_line(uint64_t line, uint32_t row_of_batch) {
    const uint64_t row = rows_given_ + row_of_batch;
    if (lines_of_rows_.empty() || line - lines_of_rows_.back().line != row - lines_of_rows_.back().row)
      lines_of_rows_.push_back({row, line});
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
      line_number_ = plain_ != nullptr ? plain_line_ + row : started_[row];
      column_ = -1;
      line_ = plain_ != nullptr ? plain_->line(plain_chunk_, row) : texts_[row];
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
  types::TimestampReader timestamps_;
  // Of the rows given to the loader, where lines do not just follow each other.
  struct RowLine {
    uint64_t row, line;
  };
  std::vector<RowLine> lines_of_rows_;
  uint64_t rows_given_ = 0;
  // Lines that need no care.
  executor::TaskScheduler& scheduler_;
  std::vector<std::unique_ptr<PlainReader>> readers_;  // none: every line needs it
  std::vector<std::string_view> slices_;
  std::vector<size_t> consumed_;
  uint32_t careful_lines_ = 0;          // to be read before plain ones are tried again
  const PlainReader* plain_ = nullptr;  // the batch in work is its
  size_t plain_chunk_ = 0;
  uint64_t plain_line_ = 0;
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
  CopyLoad load(options_, *table_, std::move(targets), *bytes, loader, session_.settings_.format(), &session_,
                session_.instance_.scheduler(), session_.execution_settings().parallel_workers);
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
