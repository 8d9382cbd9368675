#include "textsearch/search_query.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "common/append_format.h"
#include "common/bytes.h"
#include "common/sql_error.h"
#include "textsearch/lexeme_vector.h"
#include "types/utf8.h"

namespace varve::functions {

namespace {

int priority(QueryOp op) {
  switch (op) {
    case QueryOp::kNot:
      return 4;
    case QueryOp::kPhrase:
      return 3;
    case QueryOp::kAnd:
      return 2;
    default:
      return 1;
  }
}

template <class T>
void append_be(std::string& out, T v) {
  char bytes[sizeof(T)];
  store_be<T>(bytes, v);
  out.append(bytes, sizeof(T));
}
void append_u16(std::string& out, size_t n) {
  auto u = static_cast<uint16_t>(n);
  out.append(reinterpret_cast<const char*>(&u), 2);
}

Query read_node(std::string_view bytes, size_t& at) {
  auto op = static_cast<QueryOp>(bytes[at]);
  if (op == QueryOp::kWord) {
    size_t n = load_raw<uint16_t>(bytes.data() + at + 3);
    Query q = make_word(bytes.substr(at + 5, n), static_cast<uint8_t>(bytes[at + 1]), bytes[at + 2] != 0);
    at += 5 + n;
    return q;
  }
  int distance = load_raw<uint16_t>(bytes.data() + at + 1);
  at += 3;
  Query left = read_node(bytes, at);
  Query right = op == QueryOp::kNot ? nullptr : read_node(bytes, at);
  return make_query(op, std::move(left), std::move(right), distance);
}

// The checksum that PostgreSQL keeps with each word and sorts by: the CRC-32 table walked the wrong way
// round.
int32_t word_checksum(std::string_view word) {
  static const std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? c >> 1 ^ 0xEDB88320u : c >> 1;
      table[i] = c;
    }
    return table;
  }();
  uint32_t crc = 0xFFFFFFFF;
  for (char c : word) crc = kTable[(crc >> 24 ^ static_cast<uint8_t>(c)) & 0xFF] ^ crc << 8;
  return static_cast<int32_t>(crc ^ 0xFFFFFFFF);
}

size_t postgres_bytes(const Query& q) {
  if (q == nullptr) return 0;
  if (q->op == QueryOp::kWord) return 12 + q->word.size() + 1;
  return 12 + postgres_bytes(q->left) + postgres_bytes(q->right);
}

// Right operands are compared before left ones. Of types and operators the greater number is the lesser.
void append_node_key(std::string& out, const QueryNode& n) {
  if (n.op == QueryOp::kWord) {
    out += '\2';
    append_be<uint32_t>(out, 0x7FFFFFFFu - static_cast<uint32_t>(word_checksum(n.word)));
    out += n.word;
    out += '\0';
    return;
  }
  out += '\1';
  constexpr char kOrder[] = {0, 0, 4, 3, 2, 1};  // ! & | <N> have the numbers 1 … 4
  out += kOrder[static_cast<size_t>(n.op)];
  if (n.right != nullptr) append_node_key(out, *n.right);
  append_node_key(out, *n.left);
  if (n.op == QueryOp::kPhrase) append_be<uint16_t>(out, static_cast<uint16_t>(0xFFFF - n.distance));
}

void append_infix(std::string& out, const QueryNode& n, int outer, bool right_of_phrase) {
  if (n.op == QueryOp::kWord) {
    out += '\'';
    for (char c : n.word) {
      if (c == '\'' || c == '\\') out += c;
      out += c;
    }
    out += '\'';
    if (n.weights != 0 || n.prefix) {
      out += ':';
      if (n.prefix) out += '*';
      for (int i = 3; i >= 0; --i)
        if ((n.weights >> i & 1) != 0) out += "DCBA"[i];
    }
    return;
  }
  int own = priority(n.op);
  bool brackets = own < outer || (n.op == QueryOp::kPhrase && right_of_phrase);
  if (brackets) out += "( ";
  if (n.op == QueryOp::kNot) {
    out += '!';
    append_infix(out, *n.left, own, false);
  } else {
    append_infix(out, *n.left, own, false);
    if (n.op == QueryOp::kPhrase && n.distance != 1)
      append_format(out, " <{}> ", n.distance);
    else
      out += n.op == QueryOp::kPhrase ? " <-> " : n.op == QueryOp::kAnd ? " & " : " | ";
    append_infix(out, *n.right, own, n.op == QueryOp::kPhrase);
  }
  if (brackets) out += " )";
}

// What a subtree that lost stop words adds to the distances to its left and right.
struct Gaps {
  int left = 0, right = 0;
};

Query clean(Query q, Gaps& gaps) {
  gaps = {};
  if (q == nullptr || q->op == QueryOp::kWord) return q;
  if (q->op == QueryOp::kStop) return nullptr;
  if (q->op == QueryOp::kNot) {
    q->left = clean(std::move(q->left), gaps);
    return q->left == nullptr ? nullptr : std::move(q);
  }
  Gaps l, r;
  q->left = clean(std::move(q->left), l);
  q->right = clean(std::move(q->right), r);
  bool phrase = q->op == QueryOp::kPhrase;
  int own = phrase ? q->distance : 0;
  if (q->left == nullptr && q->right == nullptr) {
    gaps.left = gaps.right = phrase ? l.left + own + r.left : std::max(l.left, r.left);
    return nullptr;
  }
  if (q->left == nullptr) {
    gaps = phrase ? Gaps{l.left + own + r.left, r.right} : r;
    return std::move(q->right);
  }
  if (q->right == nullptr) {
    gaps = phrase ? Gaps{l.left, l.right + own + r.right} : l;
    return std::move(q->left);
  }
  if (phrase) {
    q->distance = static_cast<uint16_t>(q->distance + l.right + r.left);
    gaps = {l.left, r.right};
  }
  return q;
}

Query drop_negations(Query q) {
  if (q == nullptr || q->op == QueryOp::kWord) return q;
  if (q->op == QueryOp::kNot) return nullptr;
  q->left = drop_negations(std::move(q->left));
  q->right = drop_negations(std::move(q->right));
  if (q->left != nullptr && q->right != nullptr) return q;
  if (q->op == QueryOp::kOr) return nullptr;
  return std::move(q->left != nullptr ? q->left : q->right);
}

void collect_words(const Query& q, std::vector<std::string>& out) {
  if (q == nullptr) return;
  if (q->op == QueryOp::kWord) out.push_back(q->word);
  collect_words(q->left, out);
  collect_words(q->right, out);
}

// int32 number of nodes, then the nodes, right operands first; operators with their binary numbers.
void send_node(std::string& out, const QueryNode& n) {
  if (n.op == QueryOp::kWord) {
    out += '\1';
    out += static_cast<char>(n.weights);
    out += n.prefix ? '\1' : '\0';
    out += n.word;
    out += '\0';
    return;
  }
  out += '\2';
  out += static_cast<char>(static_cast<int>(n.op) - 1);
  if (n.op == QueryOp::kPhrase) append_be<uint16_t>(out, n.distance);
  if (n.right != nullptr) send_node(out, *n.right);
  send_node(out, *n.left);
}

[[noreturn]] void bad_binary(std::string_view why) {
  throw SqlError(sqlstate::kInternalError, fmt::format("invalid tsquery: {}", why));
}

Query receive_node(std::string_view& bytes, int32_t& left, int depth) {
  auto take = [&](size_t n) {
    if (bytes.size() < n) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
    std::string_view part = bytes.substr(0, n);
    bytes.remove_prefix(n);
    return part;
  };
  if (--left < 0) bad_binary("expected operand not found");
  if (depth > 10000) throw SqlError(sqlstate::kStatementTooComplex, "stack depth limit exceeded");
  int type = take(1)[0];
  if (type == 1) {
    auto weights = static_cast<uint8_t>(take(1)[0]);
    bool prefix = take(1)[0] != 0;
    size_t end = bytes.find('\0');
    if (end == std::string_view::npos)
      throw SqlError(sqlstate::kProtocolViolation, "invalid string in message");
    std::string_view word = take(end + 1).substr(0, end);
    types::utf8_verify(word);
    if (weights > 0xF) bad_binary("invalid weight bitmap");
    if (word.size() > kMaxLexemeBytes) bad_binary("operand too long");
    return make_word(word, weights, prefix);
  }
  if (type != 2) bad_binary(fmt::format("unrecognized tsquery node type: {}", type));
  int op = take(1)[0];
  if (op < 1 || op > 4) bad_binary(fmt::format("unrecognized operator type {}", op));
  int distance = op == 4 ? load_be<uint16_t>(take(2).data()) : 0;
  auto kind = static_cast<QueryOp>(op + 1);
  Query right = kind == QueryOp::kNot ? nullptr : receive_node(bytes, left, depth + 1);
  return make_query(kind, receive_node(bytes, left, depth + 1), std::move(right), distance);
}

class PlainReader : public QueryReader {
 protected:
  Query value(std::string_view word, uint8_t weights, bool prefix) override {
    if (word.size() > kMaxLexemeBytes)
      throw SqlError(sqlstate::kProgramLimitExceeded, "word is too long in tsquery");
    return make_word(word, weights, prefix);
  }
};

}  // namespace

Query make_word(std::string_view word, uint8_t weights, bool prefix) {
  auto q = std::make_unique<QueryNode>();
  q->op = QueryOp::kWord;
  q->word = word;
  q->weights = weights;
  q->prefix = prefix;
  return q;
}
Query make_stop() {
  auto q = std::make_unique<QueryNode>();
  q->op = QueryOp::kStop;
  return q;
}
Query make_query(QueryOp op, Query left, Query right, int distance) {
  auto q = std::make_unique<QueryNode>();
  q->op = op;
  q->distance = static_cast<uint16_t>(distance);
  q->left = std::move(left);
  q->right = std::move(right);
  return q;
}
Query copy_query(const Query& q) {
  if (q == nullptr) return nullptr;
  if (q->op == QueryOp::kWord) return make_word(q->word, q->weights, q->prefix);
  return make_query(q->op, copy_query(q->left), copy_query(q->right), q->distance);
}

Query read_query(std::string_view bytes) {
  size_t at = 0;
  return bytes.empty() ? nullptr : read_node(bytes, at);
}
void append_query(std::string& out, const Query& q) {
  if (q == nullptr) return;
  out += static_cast<char>(q->op);
  if (q->op == QueryOp::kWord) {
    out += static_cast<char>(q->weights);
    out += q->prefix ? '\1' : '\0';
    append_u16(out, q->word.size());
    out += q->word;
    return;
  }
  append_u16(out, q->distance);
  append_query(out, q->left);
  append_query(out, q->right);
}
size_t node_count(const Query& q) {
  return q == nullptr ? 0 : 1 + node_count(q->left) + node_count(q->right);
}

Query parse_query(std::string_view text) { return PlainReader().read(text); }
void append_query_text(std::string& out, const Query& q) {
  if (q != nullptr) append_infix(out, *q, -1, false);
}
Query receive_query(std::string_view bytes) {
  if (bytes.size() < 4) throw SqlError(sqlstate::kProtocolViolation, "insufficient data left in message");
  auto n = static_cast<int32_t>(load_be<uint32_t>(bytes.data()));
  bytes.remove_prefix(4);
  if (n < 0) throw SqlError(sqlstate::kInternalError, "invalid size of tsquery");
  if (n == 0) return nullptr;
  int32_t left = n;
  Query q = receive_node(bytes, left, 0);
  if (left != 0) bad_binary("extra nodes");
  return q;
}
void send_query(std::string& out, const Query& q) {
  append_be<uint32_t>(out, static_cast<uint32_t>(node_count(q)));
  if (q != nullptr) send_node(out, *q);
}

void append_query_key(std::string& out, std::string_view bytes) {
  Query q = read_query(bytes);
  append_be<uint32_t>(out, static_cast<uint32_t>(node_count(q)));
  append_be<uint32_t>(out, static_cast<uint32_t>(8 + postgres_bytes(q)));
  if (q != nullptr) append_node_key(out, *q);
}
int compare_queries(const Query& a, const Query& b) {
  std::string bytes_a, bytes_b, x, y;
  append_query(bytes_a, a);
  append_query(bytes_b, b);
  append_query_key(x, bytes_a);
  append_query_key(y, bytes_b);
  int c = x.compare(y);
  return c < 0 ? -1 : c > 0 ? 1 : 0;
}

Query clean_stop_words(Query q) {
  Gaps gaps;
  return clean(std::move(q), gaps);
}
Query without_negations(const Query& q) { return drop_negations(copy_query(q)); }

std::vector<std::string> query_words(const Query& q) {
  std::vector<std::string> words;
  collect_words(q, words);
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace varve::functions
