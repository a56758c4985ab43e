// A word before `:` is a label, wherever a label may stand; in a table, so is a word before `,`.

#include "tree_sitter/parser.h"

enum Token { LABEL, ROW_LABEL };

void *tree_sitter_rubric_external_scanner_create(void) { return NULL; }
void tree_sitter_rubric_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_rubric_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_rubric_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

// Letters beyond ASCII, without a table of them: what is left when the blocks of punctuation and symbols are taken out.
static bool is_far_letter(int32_t c) {
  if (c < 0xAA) return false;
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7) return false;
  if (c >= 0x2000 && c <= 0x206F) return false;
  if (c >= 0x20A0 && c <= 0x20CF) return false;
  if (c >= 0x2190 && c <= 0x2BFF) return false;
  if (c >= 0x3000 && c <= 0x3004) return false;
  if (c >= 0x3008 && c <= 0x3020) return false;
  if (c >= 0x1F000 && c <= 0x1FAFF) return false;
  return c != 0xFEFF && c != 0xFFFD;
}

static bool is_word_start(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_far_letter(c);
}

static bool is_word(int32_t c) { return is_word_start(c) || is_digit(c); }

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

// Past white space and comments; nothing of it belongs to the token.
static void skip_between(TSLexer *lexer) {
  for (;;) {
    while (is_blank(lexer->lookahead)) advance(lexer);
    if (lexer->lookahead != '/') return;
    advance(lexer);
    if (lexer->lookahead != '/') return;
    while (!lexer->eof(lexer) && lexer->lookahead != '\n') advance(lexer);
  }
}

bool tree_sitter_rubric_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  // While an error is being mended every token is valid; which one is meant cannot be known then.
  if (valid[LABEL] && valid[ROW_LABEL]) return false;
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  if (!is_word_start(lexer->lookahead)) return false;
  bool begins_sy = lexer->lookahead == 'S';
  unsigned length = 0;
  while (is_word(lexer->lookahead)) {
    if (length == 1 && lexer->lookahead != 'Y') begins_sy = false;
    if (length >= 2 && !is_digit(lexer->lookahead)) begins_sy = false;
    advance(lexer);
    length++;
  }
  // A row of a table may be labelled with a school year.
  if (valid[ROW_LABEL] && begins_sy && length == 6 && lexer->lookahead == '-') {
    advance(lexer);
    while (is_digit(lexer->lookahead)) advance(lexer);
  }
  lexer->mark_end(lexer);
  skip_between(lexer);
  if (lexer->lookahead == ':' && valid[LABEL]) {
    lexer->result_symbol = LABEL;
    return true;
  }
  if ((lexer->lookahead == ':' || lexer->lookahead == ',') && valid[ROW_LABEL]) {
    lexer->result_symbol = ROW_LABEL;
    return true;
  }
  return false;
}
