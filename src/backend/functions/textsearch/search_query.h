// tsquery: words joined by ! & | and <N> (followed by, N positions on). A kString value: the nodes in prefix
// order, an operator before its left and then its right operand; nothing at all is the empty query.
//
//   word      u8 1 | u8 weights (bit 0 … 3: D … A; 0: any) | u8 prefix | u16 bytes | the word
//   operator  u8 2 … 5 (! & | <N>) | u16 distance
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace varve::functions {

enum class QueryOp : uint8_t { kStop, kWord, kNot, kAnd, kOr, kPhrase };

struct QueryNode;
using Query = std::unique_ptr<QueryNode>;  // null: the empty query
struct QueryNode {
  QueryOp op;  // kStop: a stop word, which clean_stop_words() takes out
  uint8_t weights = 0;
  bool prefix = false;
  uint16_t distance = 0;
  std::string word;
  Query left, right;  // of kNot: left
};

Query make_word(std::string_view word, uint8_t weights = 0, bool prefix = false);
Query make_stop();
Query make_query(QueryOp op, Query left, Query right, int distance = 0);
Query copy_query(const Query& q);

Query read_query(std::string_view bytes);
void append_query(std::string& out, const Query& q);
size_t node_count(const Query& q);

// Text and binary form.
Query parse_query(std::string_view text);
void append_query_text(std::string& out, const Query& q);
Query receive_query(std::string_view bytes);
void send_query(std::string& out, const Query& q);
int compare_queries(const Query& a, const Query& b);
void append_query_key(std::string& out, std::string_view bytes);

// Without stop words: the distances of phrases grow by what was taken out.
Query clean_stop_words(Query q);
// What of it an index could answer (querytree()): without negations; null when nothing is left.
Query without_negations(const Query& q);
// The words of a query, sorted, each once.
std::vector<std::string> query_words(const Query& q);

// The skeleton of all ways of reading queries: `value` makes the query of one word of the text (stop words
// among them).
class QueryReader {
 public:
  virtual ~QueryReader() = default;
  // Operators in symbols, as in '…'::tsquery and to_tsquery().
  Query read(std::string_view text);
  // A search engine's way: words, "phrases", OR, -not. Never fails.
  Query read_web(std::string_view text);

 protected:
  virtual Query value(std::string_view word, uint8_t weights, bool prefix) = 0;
};

}  // namespace varve::functions
