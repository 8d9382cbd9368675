// Lines read without care, by any number of threads, must be the rows that the careful way makes of them; and
// quick values what the types' own input functions say.
#include "copy_plain.h"

#include <charconv>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

#include "common/sql_error.h"
#include "functions/type_oids.h"
#include "types/datetime.h"
#include "types/format_settings.h"

namespace varve::session {
namespace {

class Pieces final : public CopyBytes {
 public:
  Pieces(std::string_view text, size_t step) : text_(text), step_(step) {}
  bool next(std::string_view* piece) override {
    if (text_.empty()) return false;
    *piece = text_.substr(0, step_);
    text_.remove_prefix(piece->size());
    return true;
  }

 private:
  std::string_view text_;
  size_t step_;
};

CopyOptions csv() {
  CopyOptions o;
  o.format = CopyFormat::kCsv;
  o.delimiter = ',';
  o.null_text = "";
  return o;
}

void append_field(std::string& out, bool null, std::string_view text) {
  out += null ? "[~]" : "[" + std::string(text) + "]";
}

// One line the careful way; false at the end.
bool careful_line(CopyLines& lines, const CopyOptions& options, Arena& memory, std::string& out) {
  std::string_view line;
  if (!lines.next(&line)) return false;
  std::vector<CopyField> fields;
  if (options.format == CopyFormat::kCsv)
    split_csv_line(line, options, memory, &fields);
  else
    split_text_line(line, options, memory, &fields);
  out += std::to_string(lines.line_number()) + ":";
  for (const CopyField& f : fields) append_field(out, f.null, f.view());
  out += ";";
  return true;
}

// All rows; `block`: plain lines are read in blocks of that size, cut into two slices; 0: none are.
std::string rows_of(std::string_view text, const CopyOptions& options, size_t columns, size_t block,
                    uint64_t* plain_rows = nullptr) {
  Pieces pieces(text, 7);
  CopyLines lines(pieces, options);
  Arena memory;
  std::string out;
  const types::FormatSettings format;
  const std::vector<PlainColumn> targets(columns, PlainColumn{type_oid::kText, -1});
  PlainReader first(options, targets, format), second(options, targets, format);
  try {
    for (;;) {
      for (bool whole = block > 0; whole;) {
        const std::string_view plain = lines.plain_lines(block);
        if (plain.empty()) break;
        const size_t newline = plain.find('\n', plain.size() / 2);
        const size_t cut = newline == std::string_view::npos ? plain.size() : newline + 1;
        for (auto [reader, slice] : {std::pair(&first, plain.substr(0, cut)), {&second, plain.substr(cut)}}) {
          const size_t read = reader->read(slice);
          uint64_t number = lines.line_number() + 1;
          for (size_t c = 0; c < reader->chunk_count(); ++c) {
            vector::Chunk& chunk = reader->chunk(c);
            for (uint32_t r = 0; r < chunk.count(); ++r) {
              out += std::to_string(number++) + ":";
              for (uint32_t k = 0; k < columns; ++k) {
                const vector::Vector& v = chunk.column(k);
                append_field(out, v.is_null(r), v.is_null(r) ? "" : v.at<types::StringRef>(r).view());
              }
              out += ";";
              EXPECT_EQ(reader->line(c, r).find('\n'), std::string_view::npos);
            }
          }
          if (plain_rows != nullptr) *plain_rows += reader->rows();
          lines.take(read, reader->rows());
          whole = read == slice.size();
          if (!whole) break;
        }
      }
      if (!careful_line(lines, options, memory, out)) return out;
    }
  } catch (const SqlError& e) {
    return out + "error " + e.fields().message;
  }
}

TEST(CopyPlain, RowsAreThoseOfTheCarefulWay) {
  const std::string_view pieces[] = {"a",   "bc",   "\t",  "\t",  ",",    ",",    "\n",   "\n", "\n",
                                     "\\N", "\\",   "\\t", "\\.", "\"",   "\"",   "\"\"", "x",  "12",
                                     "",    "\r\n", "\r",  "é",   "long", "\\\t", " ",    ".",  "\\x41"};
  std::mt19937 random(7);
  uint64_t plain = 0;
  for (int round = 0; round < 6000; ++round) {
    // Some texts are nearly all plain, others hardly.
    const size_t strange = std::size(pieces) * (random() % 4) / 3;
    CopyOptions options = random() % 2 == 0 ? csv() : CopyOptions();
    if (random() % 8 == 0) options.null_text = options.format == CopyFormat::kCsv ? "x" : "\\";
    const char delimiter = options.delimiter;
    std::string text;
    for (int line = 0; line < 12; ++line) {
      if (strange == 0 || random() % 3 != 0) {
        text += fmt::format("v{}{}{}\n", line, delimiter, random() % 5 == 0 ? "\\N" : "w");
      } else {
        for (size_t i = random() % 6; i > 0; --i) text += pieces[random() % std::max<size_t>(strange, 9)];
        text += "\n";
      }
    }
    if (random() % 4 == 0) text += "the end";
    const std::string expected = rows_of(text, options, 2, 0);
    for (size_t block : {1U, 20U, 1000U}) {
      ASSERT_EQ(rows_of(text, options, 2, block, &plain), expected)
          << text << "\n"
          << block << (options.format == CopyFormat::kCsv ? " csv" : " text");
    }
  }
  EXPECT_GT(plain, 50000U);  // it does read plain lines
}

TEST(CopyPlain, ManyRowsFillChunks) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += fmt::format("{}\t{}\n", i, i * 7);
  const CopyOptions options;
  const types::FormatSettings format;
  const PlainColumn columns[] = {{type_oid::kInt4, -1}, {type_oid::kNumeric, -1}};
  ASSERT_TRUE(PlainReader::can_read(options, columns));
  PlainReader reader(options, columns, format);
  for (int again = 0; again < 2; ++again) {
    ASSERT_EQ(reader.read(text), text.size());
    ASSERT_EQ(reader.rows(), 5000U);
    ASSERT_EQ(reader.chunk_count(), 5U);
    EXPECT_EQ(reader.chunk(4).count(), 5000U - 4 * vector::kChunkRows);
    EXPECT_EQ(reader.chunk(3).column(0).at<int32_t>(5), 3 * 1024 + 5);
    EXPECT_EQ(reader.line(4, 903), "4999\t34993");
  }
  // A value that is none ends it before its line.
  text.insert(text.find("3000\t"), "1\tx\n");
  EXPECT_EQ(reader.read(text), text.find("1\tx\n"));
  EXPECT_EQ(reader.rows(), 3000U);
}

TEST(CopyPlain, LeavesInvalidBytesToOthers) {
  const CopyOptions options;
  const types::FormatSettings format;
  const PlainColumn columns[] = {{type_oid::kText, -1}};
  PlainReader reader(options, columns, format);
  EXPECT_EQ(reader.read("good\nbad \xff\nmore\n"), 5U);
  EXPECT_EQ(reader.read(std::string_view("good\nz\0ero\nmore\n", 16)), 5U);
  EXPECT_EQ(reader.read("\xff\n"), 0U);
  EXPECT_EQ(reader.chunk_count(), 0U);
}

TEST(CopyPlain, RefusesWhatItCannotRead) {
  const PlainColumn text[] = {{type_oid::kText, -1}},
                    reg[] = {{type_oid::kText, -1}, {type_oid::kRegclass, -1}};
  CopyOptions options;
  EXPECT_TRUE(PlainReader::can_read(options, text));
  EXPECT_FALSE(PlainReader::can_read(options, reg));
  EXPECT_FALSE(PlainReader::can_read(options, {}));
  options = csv();
  EXPECT_TRUE(PlainReader::can_read(options, text));
  options.escape = '\\';
  EXPECT_FALSE(PlainReader::can_read(options, text));
  options.format = CopyFormat::kBinary;
  EXPECT_FALSE(PlainReader::can_read(options, text));
}

TEST(CopyPlain, FieldEndsAreAllFound) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 300, ' ');
    for (char& c : text) c = "abcdefgh\t\n\\\r"[random() % 12];
    FieldEnds ends(text, '\t', '\\');
    size_t at = 0;
    for (;;) {
      bool odd = false;
      const size_t end = ends.next(&odd);
      const size_t expected = std::min(text.find_first_of("\t\n", at), text.size());
      ASSERT_EQ(end, expected);
      if (end == text.size()) break;
      ASSERT_EQ(odd, text.substr(at, end - at).find_first_of("\\\r") != std::string::npos) << at;
      at = end + 1;
      if (random() % 4 == 0) {
        at = std::min(text.size(), at + random() % 90);
        ends.seek(at);
      }
    }
  }
}

TEST(CopyValues, FloatsAreTheNearest) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 400000; ++round) {
    std::string text = random() % 3 == 0 ? "-" : "";
    const size_t digits = random() % 21;
    const size_t point = random() % 24;
    for (size_t i = 0; i < digits; ++i) {
      if (i == point) text += '.';
      text += static_cast<char>('0' + random() % 10);
    }
    if (random() % 50 == 0) text += ".-e x"[random() % 5];
    double expected = 0, got = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), expected, std::chars_format::fixed);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (types::quick_float(text, &got)) {
      ASSERT_TRUE(is_number) << text;
      ASSERT_EQ(std::bit_cast<uint64_t>(got), std::bit_cast<uint64_t>(expected)) << text;
    } else {
      ASSERT_FALSE(is_number && text.size() < 20) << text;
    }
  }
}

TEST(CopyValues, TimestampsAreThoseOfTheType) {
  const types::FormatSettings format;
  types::TimestampReader reader;
  std::mt19937 random(5);
  const std::string_view zones[] = {"",       "+00", "Z",    "-05", "+05:00", "-14:00",
                                    "+05:30", "+1",  " UTC", "+15", ":00"};
  int quick = 0;
  for (int round = 0; round < 100000; ++round) {
    std::string text = fmt::format(
        "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}", 1890 + random() % 4 + random() % 200, random() % 14,
        random() % 33, random() % 4 == 0 ? 'T' : ' ', random() % 25, random() % 61, random() % 61);
    if (random() % 2 == 0) text += fmt::format(".{}", random() % 10000000);
    text += zones[random() % std::size(zones)];
    if (random() % 20 == 0) text[random() % text.size()] = "x0:- "[random() % 5];
    for (bool zoned : {false, true}) {
      int64_t got;
      if (!(zoned ? reader.read_zoned(text, &got) : reader.read(text, &got))) continue;
      ++quick;
      int64_t expected = 0;
      ASSERT_NO_THROW(expected = zoned ? types::parse_timestamptz(text, 6, format)
                                       : types::parse_timestamp(text, 6, format))
          << text;
      ASSERT_EQ(got, expected) << text;
    }
  }
  EXPECT_GT(quick, 20000);
}

}  // namespace
}  // namespace varve::session
