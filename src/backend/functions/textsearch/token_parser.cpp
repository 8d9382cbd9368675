// A machine with a stack of positions: a state that may turn out wrong is tried from a pushed copy; a pop
// takes the try back and goes on with the next rule. The states are text, translated once:
//
//   rules     test action; test action; …          the first whose test holds
//   test      eof, else, 'c', ascii (letter), alpha, digit, alnum, xdigit, space, special (a mark inside
//   words),
//             other (no letter or digit), path (of a URL); ignored (inside <script>), stophost, host, urlpath
//   action    >State     take the character, go on there (> alone: stay)
//             ^State     the same, after pushing the position before
//             <          pop
//             ~State     take the character and forget the last push
//             @State     go there without taking the character; #special first
//             %          take the character into the pushed position and pop
//             =type      a token ends before the character; then Base or :State. =~ forgets the last push, =!
//             all #name      a special action before the rest
#include "textsearch/token_parser.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unicode/uchar.h>
#include <unordered_map>
#include <utility>

#include "common/check.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

constexpr TokenTypeInfo kTypes[kTokenTypes] = {
    {"asciiword", "Word, all ASCII"},
    {"word", "Word, all letters"},
    {"numword", "Word, letters and digits"},
    {"email", "Email address"},
    {"url", "URL"},
    {"host", "Host"},
    {"sfloat", "Scientific notation"},
    {"version", "Version number"},
    {"hword_numpart", "Hyphenated word part, letters and digits"},
    {"hword_part", "Hyphenated word part, all letters"},
    {"hword_asciipart", "Hyphenated word part, all ASCII"},
    {"blank", "Space symbols"},
    {"tag", "XML tag"},
    {"protocol", "Protocol head"},
    {"numhword", "Hyphenated word, letters and digits"},
    {"asciihword", "Hyphenated word, all ASCII"},
    {"hword", "Hyphenated word, all letters"},
    {"url_path", "URL path"},
    {"file", "File or path name"},
    {"float", "Decimal notation"},
    {"int", "Signed integer"},
    {"uint", "Unsigned integer"},
    {"entity", "XML entity"},
};

struct StateText {
  std::string_view name, rules;
};
constexpr StateText kStates[] = {
    {"Base",
     "eof >; '<' ^TagFirst; ignored >Space; ascii >AsciiWord; alpha >Word; digit >UnsignedInt; "
     "'-' ^SignedFirst; '+' ^SignedFirst; '&' ^EntityFirst; '~' ^FileTilde; '/' ^FileFirst; "
     "'.' ^PathFirstFirst; else >Space"},
    // words
    {"NumWord",
     "eof =numword; alnum >; special >; '@' ^Email; '/' ^FileFirst; '.' ^FileNext; "
     "'-' ^HyphenNumFirst; else =numword"},
    {"AsciiWord",
     "eof =asciiword; ascii >; '.' ^HostFirstDomain; '.' ^FileNext; '-' ^HostFirst; "
     "'-' ^HyphenAsciiFirst; '_' ^HostFirst; '@' ^Email; ':' ^ProtocolFirst; '/' ^FileFirst; "
     "digit ^Host; digit >NumWord; alpha >Word; special >Word; else =asciiword"},
    {"Word", "eof =word; alpha >; special >; digit >NumWord; '-' ^HyphenWordFirst; else =word"},
    {"Space",
     "eof =blank; '<' =blank; ignored >; '-' =blank; '+' =blank; '&' =blank; '/' =blank; other >; "
     "else =blank"},
    // numbers
    {"UnsignedInt",
     "eof =uint; digit >; '.' ^HostFirstDomain; '.' ^UDecimalFirst; 'e' ^MantissaFirst; "
     "'E' ^MantissaFirst; '-' ^HostFirst; '_' ^HostFirst; '@' ^Email; ascii ^Host; "
     "alpha >NumWord; special >NumWord; '/' ^FileFirst; else =uint"},
    {"SignedFirst", "eof <; digit ~SignedInt; else <"},
    {"SignedInt", "eof =int; digit >; '.' ^DecimalFirst; 'e' ^MantissaFirst; 'E' ^MantissaFirst; else =int"},
    {"UDecimalFirst", "eof <; digit ~UDecimal; else <"},
    {"UDecimal",
     "eof =float; digit >; '.' ^VersionFirst; 'e' ^MantissaFirst; 'E' ^MantissaFirst; else =float"},
    {"DecimalFirst", "eof <; digit ~Decimal; else <"},
    {"Decimal",
     "eof =float; digit >; '.' ^SignedVersion; 'e' ^MantissaFirst; 'E' ^MantissaFirst; else =float"},
    {"SignedVersion", "eof <; digit #version @SignOfVersion; else <"},
    {"SignOfVersion", "eof <; digit =!blank:UnsignedInt; else >"},
    {"VersionFirst", "eof <; digit ~Version; else <"},
    {"Version", "eof =version; digit >; '.' ^VersionFirst; else =version"},
    {"MantissaFirst", "eof <; digit ~Mantissa; '+' >MantissaSign; '-' >MantissaSign; else <"},
    {"MantissaSign", "eof <; digit ~Mantissa; else <"},
    {"Mantissa", "eof =sfloat; digit >; else =sfloat"},
    // entities and tags
    {"EntityFirst", "eof <; '#' >EntityNumFirst; ascii >Entity; ':' >Entity; '_' >Entity; else <"},
    {"Entity", "eof <; alnum >; ':' >; '_' >; '.' >; '-' >; ';' >EntityEnd; else <"},
    {"EntityNumFirst", "eof <; 'x' >EntityHexFirst; 'X' >EntityHexFirst; digit >EntityNum; else <"},
    {"EntityHexFirst", "eof <; xdigit >EntityHex; else <"},
    {"EntityNum", "eof <; digit >; ';' >EntityEnd; else <"},
    {"EntityHex", "eof <; xdigit >; ';' >EntityEnd; else <"},
    {"EntityEnd", "else =~entity"},
    {"TagFirst",
     "eof <; '/' ^TagCloseFirst; '!' ^CommentFirst; '?' ^XmlBegin; ascii ^TagName; ':' ^TagName; "
     "'_' ^TagName; else <"},
    {"XmlBegin", "eof <; 'x' >Tag; else <"},
    {"TagCloseFirst", "eof <; ascii >TagName; else <"},
    {"TagName",
     "eof <; '/' >TagBeginEnd; '>' #tags >TagEnd; space #tags >Tag; alnum >; ':' >; '_' >; '.' >; "
     "'-' >; else <"},
    {"TagBeginEnd", "eof <; '>' >TagEnd; else <"},
    {"Tag",
     "eof <; '>' #tags >TagEnd; ''' >TagSingle; '\"' >TagDouble; ascii >; digit >; '=' >; '-' >; '_' >; "
     "'#' >; '/' >; ':' >; '.' >; '&' >; '?' >; '%' >; '~' >; space #tags >; else <"},
    {"TagSingle", "eof <; '\\' ^TagBackslash; ''' >Tag; else >"},
    {"TagDouble", "eof <; '\\' ^TagBackslash; '\"' >Tag; else >"},
    {"TagBackslash", "eof <; else %"},
    {"TagEnd", "else =!tag"},
    {"CommentFirst", "eof <; '-' >CommentLast; 'D' >Tag; 'd' >Tag; else <"},
    {"CommentLast", "eof <; '-' >Comment; else <"},
    {"Comment", "eof <; '-' >CommentCloseFirst; else >"},
    {"CommentCloseFirst", "eof <; '-' >CommentCloseLast; else >Comment"},
    {"CommentCloseLast", "eof <; '-' >; '>' >CommentEnd; else >Comment"},
    {"CommentEnd", "else =!tag"},
    // hosts, addresses, files
    {"HostFirstDomain", "eof <; ascii >HostDomainSecond; digit >Host; else <"},
    {"HostDomainSecond",
     "eof <; ascii >HostDomain; digit ^Host; '-' ^HostFirst; '_' ^HostFirst; "
     "'.' ^HostFirstDomain; '@' ^Email; else <"},
    {"HostDomain",
     "eof =!host; ascii >; digit ^Host; ':' ^PortFirst; '-' ^HostFirst; '_' ^HostFirst; "
     "'.' ^HostFirstDomain; '@' ^Email; digit <; stophost =!host:UrlPathStart; '/' ^HostUrl; "
     "else =!host"},
    {"PortFirst", "eof <; digit >Port; else <"},
    {"Port", "eof =!host; digit >; stophost =!host:UrlPathStart; '/' ^HostUrl; else =!host"},
    {"HostFirst", "eof <; digit >Host; ascii >Host; else <"},
    {"Host",
     "eof <; digit >; ascii >; '@' ^Email; '.' ^HostFirstDomain; '-' ^HostFirst; '_' ^HostFirst; else <"},
    {"Email", "stophost <; host =!email; else <"},
    {"FileFirst", "eof <; ascii >File; digit >File; '.' >PathFirst; '_' >File; '~' ^FileTilde; else <"},
    {"FileTilde", "eof <; ascii >File; digit >File; '_' >File; '/' >FileFirst; else <"},
    {"PathFirst", "eof <; ascii >File; digit >File; '_' >File; '.' >PathSecond; '/' >FileFirst; else <"},
    {"PathFirstFirst", "eof <; '.' >PathSecond; '/' >FileFirst; else <"},
    {"PathSecond", "eof =~file; '/' ^FileFirst; '/' =~file; space =~file; else <"},
    {"File", "eof =file; ascii >; digit >; '.' ^FileNext; '_' >; '-' >; '/' ^FileFirst; else =file"},
    {"FileNext", "eof <; ascii ~File; digit ~File; '_' ~File; else <"},
    {"UrlPathFirst", "eof <; path >UrlPath; else <"},
    {"UrlPathStart", "else >UrlPath"},
    {"UrlPath", "eof =url_path; path >; else =url_path"},
    {"HostUrl", "eof <; urlpath #url =!url; else <"},
    {"ProtocolFirst", "eof <; '/' >ProtocolSecond; else <"},
    {"ProtocolSecond", "eof <; '/' >ProtocolEnd; else <"},
    {"ProtocolEnd", "else =!protocol"},
    // words with hyphens: the whole, then its parts
    {"HyphenAsciiFirst", "eof <; ascii >HyphenAscii; alpha >HyphenWord; digit >HyphenDigits; else <"},
    {"HyphenAscii",
     "eof #hyphen =!asciihword:Parts; ascii >; alpha >HyphenWord; special >HyphenWord; "
     "digit >HyphenNum; '-' ^HyphenAsciiFirst; else #hyphen =!asciihword:Parts"},
    {"HyphenWordFirst", "eof <; alpha >HyphenWord; digit >HyphenDigits; else <"},
    {"HyphenWord",
     "eof #hyphen =!hword:Parts; alpha >; special >; digit >HyphenNum; '-' ^HyphenWordFirst; "
     "else #hyphen =!hword:Parts"},
    {"HyphenNumFirst", "eof <; alpha >HyphenNum; digit >HyphenDigits; else <"},
    {"HyphenNum",
     "eof #hyphen =!numhword:Parts; alnum >; special >; '-' ^HyphenNumFirst; "
     "else #hyphen =!numhword:Parts"},
    {"HyphenDigits", "eof <; digit >; alpha >HyphenNum; special >HyphenNum; else <"},
    {"Parts", "eof @Base; ascii >PartAscii; alpha >PartWord; digit ^PartDigits; '-' ^PartHyphen; else @Base"},
    {"PartHyphen", "eof <; alnum =~blank:Parts; special =~blank:Parts; else <"},
    {"PartWord", "eof =hword_part; alpha >; special >; digit >PartNum; else =hword_part:Parts"},
    {"PartAscii",
     "eof =hword_asciipart; ascii >; alpha >PartWord; special >PartWord; digit >PartNum; "
     "else =hword_asciipart:Parts"},
    {"PartNum", "eof =hword_numpart; alnum >; special >; else =hword_numpart:Parts"},
    {"PartDigits", "eof <; digit >; alpha ~PartNum; special ~PartNum; else <"},
};
constexpr size_t kStateCount = std::size(kStates);

enum class Test : uint8_t {
  kElse,
  kEof,
  kChar,
  kAscii,
  kAlpha,
  kDigit,
  kAlnum,
  kXdigit,
  kSpace,
  kSpecial,
  kOther,
  kPath,
  kIgnored,
  kStopHost,
  kHost,
  kUrlPath
};
enum class Action : uint8_t { kNext, kPush, kPop, kClear, kRerun, kMerge, kFound };
enum class Forget : uint8_t { kNothing, kLast, kAll };
enum class Special : uint8_t { kNone, kTags, kUrl, kHyphen, kVersion };

struct Rule {
  Test test = Test::kElse;
  char c = 0;
  Action action = Action::kNext;
  Forget forget = Forget::kNothing;
  Special special = Special::kNone;
  TokenType type = TokenType::kNone;
  int state = -1;  // -1: stay
};
using Machine = std::array<std::vector<Rule>, kStateCount>;

int state_named(std::string_view name) {
  for (size_t i = 0; i < kStateCount; ++i) {
    if (kStates[i].name == name) return static_cast<int>(i);
  }
  VARVE_CHECK(false && "state of the text search parser");
  return 0;
}
TokenType type_named(std::string_view name) {
  for (size_t i = 0; i < kTokenTypes; ++i) {
    if (kTypes[i].alias == name) return static_cast<TokenType>(i + 1);
  }
  VARVE_CHECK(false && "token type of the text search parser");
  return TokenType::kNone;
}

std::string_view take_word(std::string_view& s) {
  size_t end = 0;
  while (end < s.size() &&
         ((s[end] >= 'a' && s[end] <= 'z') || (s[end] >= 'A' && s[end] <= 'Z') || s[end] == '_'))
    ++end;
  std::string_view word = s.substr(0, end);
  s.remove_prefix(end);
  return word;
}

void translate_test(std::string_view& s, Rule& rule) {
  if (s[0] == '\'') {
    rule.test = Test::kChar;
    rule.c = s[1];
    s.remove_prefix(3);
    return;
  }
  static const std::unordered_map<std::string_view, Test> kTests = {
      {"else", Test::kElse},         {"eof", Test::kEof},     {"ascii", Test::kAscii},
      {"alpha", Test::kAlpha},       {"digit", Test::kDigit}, {"alnum", Test::kAlnum},
      {"xdigit", Test::kXdigit},     {"space", Test::kSpace}, {"special", Test::kSpecial},
      {"other", Test::kOther},       {"path", Test::kPath},   {"ignored", Test::kIgnored},
      {"stophost", Test::kStopHost}, {"host", Test::kHost},   {"urlpath", Test::kUrlPath},
  };
  rule.test = kTests.at(take_word(s));
}

// One rule at the start of `s`, which is left behind it.
Rule translate_rule(std::string_view& s) {
  Rule rule;
  translate_test(s, rule);
  s.remove_prefix(1);
  if (s[0] == '#') {
    s.remove_prefix(1);
    static const std::unordered_map<std::string_view, Special> kSpecials = {{"tags", Special::kTags},
                                                                            {"url", Special::kUrl},
                                                                            {"hyphen", Special::kHyphen},
                                                                            {"version", Special::kVersion}};
    rule.special = kSpecials.at(take_word(s));
    s.remove_prefix(1);
  }
  char action = s[0];
  s.remove_prefix(1);
  rule.action = action == '^'   ? Action::kPush
                : action == '<' ? Action::kPop
                : action == '~' ? Action::kClear
                : action == '@' ? Action::kRerun
                : action == '%' ? Action::kMerge
                : action == '=' ? Action::kFound
                                : Action::kNext;
  if (rule.action == Action::kFound) {
    if (s[0] == '~' || s[0] == '!') {
      rule.forget = s[0] == '~' ? Forget::kLast : Forget::kAll;
      s.remove_prefix(1);
    }
    rule.type = type_named(take_word(s));
    rule.state = 0;
    if (!s.empty() && s[0] == ':') s.remove_prefix(1);
  }
  if (std::string_view name = take_word(s); !name.empty()) rule.state = state_named(name);
  if (rule.action == Action::kClear) rule.forget = Forget::kLast;
  while (!s.empty() && (s[0] == ';' || s[0] == ' ')) s.remove_prefix(1);
  return rule;
}

const Machine& machine() {
  static const Machine kMachine = [] {
    Machine m;
    for (size_t i = 0; i < kStateCount; ++i) {
      for (std::string_view s = kStates[i].rules; !s.empty();) m[i].push_back(translate_rule(s));
    }
    return m;
  }();
  return kMachine;
}

struct Position {
  size_t at = 0;      // byte of the text
  size_t length = 0;  // bytes of the token so far
  size_t chars = 0;
  int state = 0;
  const Rule* pushed_at = nullptr;  // after a pop the rules behind this one are tried
};

class TokenParser {
 public:
  explicit TokenParser(std::string_view text) : text_(text), stack_(1) {}

  bool next(Token* token);

 private:
  Position& top() { return stack_.back(); }
  bool holds(const Rule& rule, uint32_t c, size_t bytes);
  bool host();
  bool url_path();
  void take_over(const TokenParser& other);
  void special(Special what);

  std::string_view text_;
  std::vector<Position> stack_;
  size_t token_start_ = 0;
  size_t found_length_ = 0, found_chars_ = 0;
  bool ignore_ = false;     // inside <script> and <style>
  bool want_host_ = false;  // stop behind a host: the path is read for itself
};

bool is_alpha(uint32_t c) {
  if (c < 0x80) return (c | 32) >= 'a' && (c | 32) <= 'z';
  auto u = static_cast<UChar32>(c);
  return u_hasBinaryProperty(u, UCHAR_ALPHABETIC) || u_charType(u) == U_DECIMAL_DIGIT_NUMBER;
}
bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
bool is_space(uint32_t c) {
  if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
  return u_isWhitespace(static_cast<UChar32>(c)) != 0;
}
// Marks do not end a word, although they are no letters.
bool is_mark(uint32_t c) {
  if (c < 0x80) return false;
  int type = u_charType(static_cast<UChar32>(c));
  return type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_COMBINING_SPACING_MARK ||
         type == U_FORMAT_CHAR;
}
bool is_url_char(uint32_t c) {
  return c > 0x20 && c < 0x7F &&
         std::string_view("\"<>\\^`{|}").find(static_cast<char>(c)) == std::string_view::npos;
}

bool TokenParser::holds(const Rule& rule, uint32_t c, size_t bytes) {
  if (rule.test == Test::kElse) return true;
  if (rule.test == Test::kEof) return bytes == 0;
  if (rule.test == Test::kIgnored) return ignore_;
  if (rule.test == Test::kStopHost) return std::exchange(want_host_, false);
  if (rule.test == Test::kHost) return host();
  if (rule.test == Test::kUrlPath) return url_path();
  if (bytes == 0) return false;
  switch (rule.test) {
    case Test::kChar:
      return bytes == 1 && static_cast<char>(c) == rule.c;
    case Test::kAscii:
      return c < 0x80 && is_alpha(c);
    case Test::kAlpha:
      return is_alpha(c);
    case Test::kDigit:
      return is_digit(c);
    case Test::kAlnum:
      return is_alpha(c) || is_digit(c);
    case Test::kXdigit:
      return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
    case Test::kSpace:
      return is_space(c);
    case Test::kSpecial:
      return is_mark(c);
    case Test::kOther:
      return !is_alpha(c) && !is_digit(c);
    default:
      return is_url_char(c);
  }
}

void TokenParser::take_over(const TokenParser& other) {
  top().at += other.found_length_;
  top().length += other.found_length_;
  top().chars += other.found_chars_;
}
bool TokenParser::host() {
  TokenParser tail(text_.substr(std::min(top().at, text_.size())));
  tail.want_host_ = true;
  Token token;
  if (!tail.next(&token) || token.type != TokenType::kHost) return false;
  take_over(tail);
  return true;
}
bool TokenParser::url_path() {
  static const int kPathFirst = state_named("UrlPathFirst");
  TokenParser tail(text_.substr(std::min(top().at, text_.size())));
  tail.stack_.push_back(tail.top());
  tail.top().state = kPathFirst;
  Token token;
  if (!tail.next(&token) || token.type != TokenType::kUrlPath) return false;
  take_over(tail);
  return true;
}

void TokenParser::special(Special what) {
  Position& p = top();
  switch (what) {
    case Special::kNone:
      return;
    case Special::kTags: {
      std::string tag(text_.substr(token_start_, p.length));
      for (char& c : tag)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      if (tag == "<script" || tag == "<style") ignore_ = true;
      if (tag == "</script" || tag == "</style") ignore_ = false;
      return;
    }
    case Special::kUrl:  // the host is found again by itself
      want_host_ = true;
      p.at -= p.length;
      return;
    case Special::kHyphen:  // and so are the parts of the word
      p.at -= p.length;
      return;
    case Special::kVersion:
      p.at -= p.length;
      p.length = p.chars = 0;
      return;
  }
}

bool TokenParser::next(Token* token) {
  if (top().at >= text_.size()) return false;
  token_start_ = top().at;
  top().pushed_at = nullptr;
  const Rule* rule = nullptr;
  while (top().at <= text_.size()) {
    size_t bytes = 0;
    uint32_t c = 0;
    if (top().at < text_.size()) {
      size_t end = top().at;
      c = types::utf8_next(text_, end);
      bytes = end - top().at;
    }
    rule = top().pushed_at != nullptr ? std::exchange(top().pushed_at, nullptr) + 1
                                      : machine()[static_cast<size_t>(top().state)].data();
    while (!holds(*rule, c, bytes)) ++rule;
    // A host or a path may have been taken whole.
    if (rule->test == Test::kHost || rule->test == Test::kUrlPath) bytes = 0;
    special(rule->special);
    if (rule->action == Action::kFound) {
      found_length_ = std::exchange(top().length, 0);
      found_chars_ = std::exchange(top().chars, 0);
      *token = {rule->type, text_.substr(token_start_, found_length_)};
    }
    if (rule->action == Action::kPop) {
      stack_.pop_back();
    } else if (rule->action == Action::kPush) {
      top().pushed_at = rule;
      stack_.push_back(top());
      top().pushed_at = nullptr;
    } else if (rule->forget == Forget::kLast) {
      stack_.erase(stack_.end() - 2);
    } else if (rule->forget == Forget::kAll) {
      stack_.erase(stack_.begin(), stack_.end() - 1);
    } else if (rule->action == Action::kMerge) {
      Position merged = top();
      stack_.pop_back();
      top().at = merged.at;
      top().length = merged.length;
      top().chars = merged.chars;
    }
    if (rule->state >= 0) top().state = rule->state;
    if (rule->action == Action::kFound) return true;
    if (top().at >= text_.size() && rule->action != Action::kRerun) {
      // At the end only a pop can still lead somewhere.
      if (rule->action != Action::kPop) return false;
      continue;
    }
    if (rule->action == Action::kRerun || rule->action == Action::kPop) continue;
    top().at += bytes;
    top().length += bytes;
    top().chars += bytes != 0;
  }
  return false;
}

}  // namespace

std::span<const TokenTypeInfo> token_types() { return kTypes; }

std::vector<Token> parse_tokens(std::string_view text) {
  std::vector<Token> tokens;
  TokenParser parser(text);
  Token token;
  while (parser.next(&token)) tokens.push_back(token);
  return tokens;
}

}  // namespace varve::functions
