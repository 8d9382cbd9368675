// The readers of COPY on friendly and hostile input: however it is cut into pieces, the rows are the same.
#include "copy.h"

#include <gtest/gtest.h>
#include <random>

#include "common/sql_error.h"

namespace varve::session {
namespace {

class Pieces final : public CopyBytes {
 public:
  Pieces(std::string_view text, std::vector<size_t> cuts) : text_(text), cuts_(std::move(cuts)) {}
  bool next(std::string_view* piece) override {
    while (position_ < text_.size()) {
      size_t end = index_ < cuts_.size() ? cuts_[index_++] : text_.size();
      if (end <= position_) continue;
      current_ =
          std::string(text_.substr(position_, end - position_));  // nothing beyond the piece can be read
      position_ = end;
      *piece = current_;
      return true;
    }
    return false;
  }

 private:
  std::string_view text_;
  std::vector<size_t> cuts_;
  size_t index_ = 0, position_ = 0;
  std::string current_;
};

// Rows as text, "~" for NULL, and the error if there is one.
std::string read_all(std::string_view text, const CopyOptions& options, std::vector<size_t> cuts) {
  Pieces pieces(text, std::move(cuts));
  CopyLines lines(pieces, options);
  Arena memory;
  std::vector<CopyField> fields;
  std::string out;
  try {
    std::string_view line;
    while (lines.next(&line)) {
      std::string copy(line);
      out += std::to_string(lines.line_number()) + ":";
      if (options.format == CopyFormat::kCsv)
        split_csv_line(copy, options, memory, &fields);
      else
        split_text_line(copy, options, memory, &fields);
      for (const CopyField& f : fields) out += f.null ? "[~]" : "[" + std::string(f.view()) + "]";
      out += ";";
    }
  } catch (const SqlError& e) {
    out += "error " + e.fields().message;
  }
  return out;
}

CopyOptions csv() {
  CopyOptions o;
  o.format = CopyFormat::kCsv;
  o.delimiter = ',';
  o.null_text = "";
  return o;
}

void expect_any_split(std::string_view text, const CopyOptions& options, const std::string& expected) {
  EXPECT_EQ(read_all(text, options, {}), expected);
  for (size_t a = 0; a <= text.size(); ++a) {
    for (size_t b = a; b <= text.size(); ++b)
      ASSERT_EQ(read_all(text, options, {a, b}), expected) << a << " " << b;
  }
  std::vector<size_t> every;
  for (size_t i = 1; i <= text.size(); ++i) every.push_back(i);
  EXPECT_EQ(read_all(text, options, every), expected);
}

TEST(CopyText, FieldsAndEscapes) {
  CopyOptions o;
  expect_any_split("1\tab\n\\N\t\n\ta\\tb\\\\\n", o, "1:[1][ab];2:[~][];3:[][a\tb\\];");
  expect_any_split("\\101\\x42\\x4g\\b\\q\n", o, "1:[AB\x04g\bq];");
  expect_any_split("a\\\nb\tc\nd\n", o, "1:[a\nb][c];2:[d];");
  expect_any_split("last line without end", o, "1:[last line without end];");
  expect_any_split("\\NN\t\\N\n", o, "1:[NN][~];");
}

TEST(CopyText, LineEnds) {
  CopyOptions o;
  expect_any_split("1\r\n2\r\n", o, "1:[1];2:[2];");
  expect_any_split("1\r2\r3", o, "1:[1];2:[2];3:[3];");
  expect_any_split("1\r\n2\n", o, "1:[1];error literal newline found in data");
  expect_any_split("1\n2\r\n", o, "1:[1];error literal carriage return found in data");
  expect_any_split("1\r\n2\r3\r\n", o, "1:[1];error literal carriage return found in data");
}

TEST(CopyText, EndMarker) {
  CopyOptions o;
  expect_any_split("1\n\\.\nrubbish\n", o, "1:[1];");
  expect_any_split("1\n2\\.\n", o, "1:[1];2:[2];");
  expect_any_split("1\n\\.x\n", o, "1:[1];error end-of-copy marker corrupt");
  expect_any_split("1\r\n\\.\n", o, "1:[1];error end-of-copy marker does not match previous newline style");
  expect_any_split("1\n\\.", o, "1:[1];error end-of-copy marker corrupt");
}

TEST(CopyCsv, Quotes) {
  expect_any_split("a,\"b,c\",\"d\"\"e\",\n", csv(), "1:[a][b,c][d\"e][~];");
  expect_any_split("q\n\"x\ny\",\"\"\nz,w\n", csv(), "1:[q];3:[x\ny][];4:[z][w];");
  // As long as nobody knows how lines end, a line end within quotes does not count.
  expect_any_split("\"x\ny\",\"\"\nz,w\n", csv(), "1:[x\ny][];2:[z][w];");
  expect_any_split("pre\"quoted\"post,1\n", csv(), "1:[prequotedpost][1];");
  expect_any_split("a,\"b\n", csv(), "1:error unterminated CSV quoted field");
  expect_any_split("\\.\n", csv(), "");
  expect_any_split("\\.x,1\n", csv(), "1:[\\.x][1];");
  CopyOptions o = csv();
  o.escape = '\\';
  expect_any_split("\"a\\\"b\\\\\",c\n", o, "1:[a\"b\\][c];");
}

TEST(CopyBoth, RandomBytesNeverDependOnTheSplit) {
  std::minstd_rand random(7);
  static constexpr std::string_view kAlphabet = "a\t,\"\\.\n\rNx1";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t n = random() % 40; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
    std::vector<size_t> cuts;
    for (size_t i = 1; i < text.size(); ++i) {
      if (random() % 3 == 0) cuts.push_back(i);
    }
    CopyOptions o = round % 2 == 0 ? CopyOptions() : csv();
    ASSERT_EQ(read_all(text, o, cuts), read_all(text, o, {})) << testing::PrintToString(text);
  }
}

TEST(CopyBinary, RefusesWhatIsNoCopyFile) {
  std::string header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  auto read = [](const std::string& text, size_t columns, size_t cut) {
    Pieces pieces(text, {cut});
    CopyBinary reader(pieces);
    Arena memory;
    std::vector<CopyField> fields;
    std::string out;
    try {
      reader.read_header();
      while (reader.next(columns, memory, &fields)) {
        for (const CopyField& f : fields) out += f.null ? "[~]" : "[" + std::string(f.view()) + "]";
      }
    } catch (const SqlError& e) {
      out += e.fields().message;
    }
    return out;
  };
  std::string row = header + std::string("\0\2\0\0\0\2hi\377\377\377\377\377\377", 14);
  for (size_t cut = 0; cut <= row.size(); ++cut) EXPECT_EQ(read(row, 2, cut), "[hi][~]");
  EXPECT_EQ(read(row, 3, 0), "row field count is 2, expected 3");
  EXPECT_EQ(read(row + "x", 2, 0), "[hi][~]received copy data after EOF marker");
  EXPECT_EQ(read("PGCOPY", 2, 0), "COPY file signature not recognized");
  EXPECT_EQ(read(header.substr(0, 11), 2, 0), "invalid COPY file header (missing flags)");
  EXPECT_EQ(read(header + std::string("\0\1\177\377\377\377ab", 8), 1, 0), "unexpected EOF in COPY data");
  EXPECT_EQ(read(header + std::string("\0\1\377\377\377\376", 6), 1, 0), "invalid field size");
  for (size_t n = 0; n < header.size(); ++n) EXPECT_NE(read(header.substr(0, n), 1, 0), "");
}

TEST(CopyOut, EscapesAndQuotes) {
  CopyOptions o;
  std::string out;
  append_copy_text(out, "a\tb\\c\nd\x01", o);
  EXPECT_EQ(out, "a\\tb\\\\c\\nd\x01");
  out.clear();
  o.delimiter = '|';
  append_copy_text(out, "a|b\t", o);
  EXPECT_EQ(out, "a\\|b\\t");
  auto quoted = [](std::string_view value, bool force, bool single) {
    std::string text;
    append_copy_csv(text, value, csv(), force, single);
    return text;
  };
  EXPECT_EQ(quoted("plain", false, false), "plain");
  EXPECT_EQ(quoted("plain", true, false), "\"plain\"");
  EXPECT_EQ(quoted("", false, false), "\"\"");
  EXPECT_EQ(quoted("a\"b", false, false), "\"a\"\"b\"");
  EXPECT_EQ(quoted("\\.", false, true), "\"\\.\"");
}

}  // namespace
}  // namespace varve::session
