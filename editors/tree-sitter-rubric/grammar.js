/**
 * Rubric for tree-sitter: the twin of `grammar/src/rubric.pest`, which is the definition. A change there is made here
 * too; a test compares the words of both.
 *
 * What `rubric.pest` says with a look-ahead, "a word before `:` begins the next field, label or row and is no name, unit
 * or operator", is said here by the scanner (`src/scanner.c`): such a word is the token `_label` wherever a label may
 * stand. That is what lets every keyword be a field name.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// Loosest first.
const OR = 1;
const AND = 2;
const NOT = 3;
const COMPARE = 4;
const ADD = 5;
const MULTIPLY = 6;
const NEGATE = 7;
const SUFFIX = 8;
const PATH = 9;
// What runs as far as it can: `where`, `satisfy`, `then`, `else`.
const GREEDY = -1;
// Last: a word that begins a form is a name only where the form cannot go on.
const NAME = -2;

const comma1 = (rule) => seq(rule, repeat(seq(",", rule)));
const block = (rule) => seq("{", repeat(rule), "}");

module.exports = grammar({
  name: "rubric",

  word: ($) => $.identifier,
  externals: ($) => [$._label, $._row_label],
  extras: ($) => [/\s/, $.comment, $.documentation],

  rules: {
    file: ($) => repeat($._item),

    _item: ($) =>
      choice(
        $.allow,
        $.policy,
        $.use,
        $.category,
        $.record,
        $.group,
        $.input,
        $.parameter,
        $.define,
        $.decision,
        $.requirement,
        $.amount,
        $.assertion,
        $.fixture,
        $.test,
        $.waiver,
      ),

    // ---- words and literals

    comment: () => token(prec(1, /\/\/[^\n]*/)),
    documentation: () => token(prec(2, /\/\/\/[^\n]*/)),
    identifier: () => /[_\p{XID_Start}][_\p{XID_Continue}]*/u,
    quoted_name: () => /`[^`\n]+`/,

    // A name that is declared, or follows `.`: any word.
    _name: ($) => choice($.identifier, $.quoted_name, alias($._label, $.identifier)),
    // A name that a label may follow.
    _listed: ($) => choice($.identifier, $.quoted_name),
    // A name in an expression. The words that begin a form are names too when what follows is not the form.
    reference: ($) => choice($.identifier, $.quoted_name, alias($._form_name, $.identifier)),
    _form_name: () =>
      prec(
        NAME,
        choice(
          "all",
          "any",
          "apportion",
          "at",
          "average",
          "count",
          "day",
          "days",
          "distinct",
          "earliest",
          "exactly",
          "first",
          "first_day",
          "highest",
          "last",
          "last_day",
          "latest",
          "length",
          "lowest",
          "month",
          "months",
          "none",
          "only",
          "percent_rank",
          "some",
          "sum",
          "total",
          "year",
          "years",
        ),
      ),
    path: ($) => seq($._name, repeat(seq(".", $._name))),

    string: () => /"(\\[^\n\r]|[^"\n\r\\])*"/,
    number: () => /\d+(,\d{3})*(\.\d+)?/,
    percent: () => /\d+(,\d{3})*(\.\d+)? ?%/,
    money: () => /\$\d+(,\d{3})*(\.\d+)?/,
    date: () => /\d{4}-\d{2}-\d{2}/,
    school_year: () => /SY\d{4}-\d{2}/,
    flag: () => choice("yes", "no"),
    duration: ($) => prec(1, seq($.number, $.unit)),
    unit: () => choice("day", "days", "month", "months", "year", "years"),

    _literal: ($) =>
      choice($.date, $.duration, $.percent, $.percent_of, $.number, $.string, $.money, $.school_year, $.flag),
    percent_of: ($) => prec.right(MULTIPLY, seq($.percent, "of", $._tight)),
    _cell_literal: ($) =>
      choice($.date, $.duration, $.percent, $.number, $.string, $.money, $.school_year, $.flag),

    // ---- expressions

    _expression: ($) => choice($._arithmetic, $._condition),

    _condition: ($) => choice($.or, $.and, $.not, $.comparison, $.is, $.between, $.in, $.text_test),
    or: ($) => prec.left(OR, seq($._expression, "or", $._expression)),
    and: ($) => prec.left(AND, seq($._expression, "and", $._expression)),
    not: ($) => prec(NOT, seq("not", $._expression)),
    comparison: ($) =>
      prec.left(COMPARE, seq($._arithmetic, choice("=", "!=", "<", "<=", ">", ">="), choice($._arithmetic, $.not))),
    is: ($) =>
      prec(COMPARE, seq($._arithmetic, "is", optional("not"), choice("known", "missing", "none", "met", "valid"))),
    between: ($) =>
      prec(COMPARE, seq($._arithmetic, optional("not"), "between", $._arithmetic, "and", $._arithmetic)),
    in: ($) => prec(COMPARE, seq($._arithmetic, optional("not"), "in", choice($.list, $._arithmetic))),
    list: ($) => prec(1, seq("(", $._expression, repeat1(seq(",", $._expression)), ")")),
    text_test: ($) =>
      prec(
        COMPARE,
        seq(
          $._arithmetic,
          optional("not"),
          choice(seq("starts", "with"), seq("ends", "with"), "matches"),
          choice($.string, $._path_expression),
        ),
      ),

    _arithmetic: ($) =>
      choice(
        $.sum_of_two,
        $.product,
        $.negation,
        $._operand,
      ),
    sum_of_two: ($) => prec.left(ADD, seq($._arithmetic, choice("+", "-"), $._arithmetic)),
    product: ($) => prec.left(MULTIPLY, seq($._arithmetic, choice("*", "/"), $._arithmetic)),
    negation: ($) => prec(NEGATE, seq("-", $._arithmetic)),

    _operand: ($) => choice($.at_date, $.presumed, $.rounded, $._primary),
    at_date: ($) => prec.left(SUFFIX, seq($._operand, "on", $._tight)),
    presumed: ($) => prec.left(SUFFIX, seq($._operand, "presumed", optional("-"), $._tight)),
    rounded: ($) => prec.left(SUFFIX, seq($._operand, $._rounding)),
    _rounding: ($) => seq("rounded", optional($.rounding_mode), "to", $.rounding_unit),
    rounding_mode: () => choice("up", "down", seq("half", choice("up", "even"))),
    rounding_unit: ($) => choice("cents", "dollars", "whole", seq($.number, choice("place", "places"))),

    _tight: ($) => choice($._literal, $.part_of, $.affix, $._path_expression),
    _primary: ($) => choice($._literal, $._form, $._path_expression),

    _path_expression: ($) => choice($.reference, $.bracket, $.member, $.call),
    member: ($) => prec.left(PATH, seq($._path_expression, ".", field("field", $._name))),
    call: ($) => prec.left(PATH, seq(field("function", $._path_expression), $.arguments)),
    bracket: ($) => seq("(", $._expression, ")"),
    arguments: ($) => seq("(", optional(comma1($._expression)), ")"),

    _form: ($) =>
      choice(
        $.part_of,
        $.rows_test,
        $.count,
        $.aggregate,
        $.latest,
        $.rank,
        $.in_top,
        $.quantity,
        $.affix,
        $.elapsed,
        $.if,
        $.case,
        $.apportion,
      ),
    part_of: ($) => seq(choice("first_day", "last_day", "year", "month", "day", "length"), "of", $._tight),
    rows_test: ($) =>
      prec.right(
        GREEDY,
        seq(
          choice("any", "none", "all", "only", seq("some", "and", "all")),
          "of",
          $._rows,
          optional($.satisfy),
        ),
      ),
    satisfy: ($) => prec.right(GREEDY, seq("satisfy", $._expression)),
    count: ($) =>
      prec.right(GREEDY, seq("count", "of", choice(seq("distinct", $._arithmetic, "over", $._rows), $._rows))),
    aggregate: ($) =>
      prec.right(
        GREEDY,
        seq(choice("sum", "highest", "lowest", "average"), "of", $._arithmetic, "over", $._rows),
      ),
    latest: ($) =>
      prec.right(
        GREEDY,
        seq(
          choice("latest", "earliest"),
          "of",
          $._path_expression,
          optional($._as),
          "by",
          $._arithmetic,
          optional($.where),
        ),
      ),
    rank: ($) =>
      prec.right(
        GREEDY,
        seq(choice("percent_rank", "total"), "of", $._arithmetic, "among", $._rows, optional($.per)),
      ),
    in_top: ($) =>
      prec.right(
        GREEDY,
        seq(
          "in",
          "top",
          choice($.percent, $.number, $._path_expression),
          "of",
          $._arithmetic,
          "among",
          $._rows,
          optional($.per),
        ),
      ),
    per: ($) => prec.right(GREEDY, seq("per", choice($.list, $._path_expression))),
    _rows: ($) => prec.right(GREEDY, seq($._path_expression, optional($._as), optional($.where))),
    _as: ($) => seq("as", $._listed),
    where: ($) => prec.right(GREEDY, seq("where", $._expression)),
    quantity: ($) =>
      prec.right(
        GREEDY,
        seq(
          choice(seq("at", choice("least", "most")), "exactly"),
          choice($.percent, $.number, $._path_expression),
          "of",
          $._rows,
        ),
      ),
    affix: ($) => seq(choice("first", "last"), $.number, "of", $._tight),
    elapsed: ($) => prec(1, seq(choice("days", "months", "years"), "between", $._tight, "and", $._tight)),
    if: ($) => prec.right(GREEDY, seq("if", $._expression, "then", $._expression, "else", $._expression)),
    case: ($) => seq("case", "{", repeat($.arm), optional($.otherwise), "}"),
    arm: ($) => seq("when", $._expression, "then", $._expression),
    otherwise: ($) => seq("otherwise", $._expression),
    apportion: ($) =>
      prec.right(
        GREEDY,
        seq("apportion", $._arithmetic, "over", $._rows, "by", $._arithmetic, "to", $.rounding_unit),
      ),

    // ---- types

    type: ($) => prec.right(seq(choice($._many, $._set, $.type_name), optional("?"))),
    _many: ($) => prec.right(seq("many", $.type_name, optional(seq("by", $._listed)))),
    _set: ($) => seq("set", "of", $.type_name),
    type_name: ($) => $._listed,

    // ---- clauses that several declarations have

    cite: ($) => seq("cite", $.string),
    because: ($) => seq("because", $.string),
    title: ($) => seq("title", $.string),
    id: ($) => seq("id", $.string),
    interval: ($) => prec.right(choice(seq("from", $.date, optional($._interval_end)), $._interval_end)),
    _interval_end: ($) => seq(choice("until", "through"), $.date),
    when: ($) => seq("when", $._expression),
    subject_to: ($) => seq("subject", "to", comma1($._listed)),
    notwithstanding: ($) => seq("notwithstanding", comma1($._listed)),
    waivable: ($) => seq("waivable", "by", $.string),
    law_on: ($) => seq("law", "on", $._arithmetic),
    allow: ($) => seq("allow", "(", $.code, ")", $.string),
    code: () => /[\p{XID_Continue}_-]+/u,
    grant: ($) => seq(",", $._listed, "may", $._listed),
    for_each: ($) => seq("for", "each", $._listed, optional($._as)),
    _head_part: ($) => choice($.where, $.law_on, $.for_each, $.grant),
    _of: ($) => seq("of", field("record", alias($._name, $.record_name))),

    // ---- declarations

    policy: ($) => seq("policy", field("name", $.path), block($._policy_clause)),
    _policy_clause: ($) =>
      choice($.title, $.authority, $.cite, $.effective, $.school_year_clause, $.month_end),
    authority: ($) =>
      seq("authority", alias($._listed, $.level), optional($.string), optional(seq("under", $.path))),
    effective: ($) => seq("effective", $.interval),
    school_year_clause: ($) => seq("school_year", "starts", $.month_name, $.number),
    month_name: () =>
      choice(
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
      ),
    month_end: () => seq("month_end", "round", choice("down", "up")),

    use: ($) => seq("use", $.path),

    category: ($) =>
      seq(
        optional("ordered"),
        "category",
        field("name", $._name),
        "{",
        repeat(seq($.value, optional(","))),
        "}",
      ),
    value: ($) => seq(field("name", $._name), repeat($.string)),

    record: ($) => seq(optional("extend"), "record", field("name", $._name), block(choice($.key, $.field))),
    key: ($) => seq("key", choice(seq("(", comma1($.field), ")"), $.field)),
    field: ($) => seq(field("name", $._field_name), ":", $.type, repeat($._modifier)),
    _field_name: ($) => choice($.quoted_name, alias($._label, $.identifier)),
    _modifier: ($) => choice("private", "jurisdiction", "unchangeable", $.absent_means, $.judged_by),
    absent_means: ($) => seq("absent", "means", optional("-"), $._tight),
    judged_by: ($) => seq("judged", "by", $.string),

    group: ($) =>
      seq("group", field("name", $._name), $._of, "by", comma1($.group_key)),
    group_key: ($) => seq($._listed, optional(seq("=", $._arithmetic))),

    input: ($) => seq("input", field("name", $._name), ":", $.type),

    parameter: ($) =>
      seq(
        optional("amend"),
        "parameter",
        field("name", $._name),
        optional(seq("by", comma1($._name))),
        optional(seq(":", $.type)),
        repeat($.grant),
        block(choice($.cite, $.entry)),
      ),
    entry: ($) =>
      prec.right(
        seq($.interval, repeat($.cite), choice(seq(":", comma1($._arithmetic)), $.table), repeat($.cite)),
      ),
    table: ($) => seq("{", repeat($.column), repeat($.row_of_table), "}"),
    column: ($) => choice($._listed, $.school_year),
    row_of_table: ($) => seq($.row_label, repeat(seq(",", $.row_label)), ":", repeat($._cell)),
    row_label: ($) => choice($.quoted_name, alias($._row_label, $.identifier)),
    _cell: ($) => choice(seq(optional("-"), $._cell_literal), alias($.identifier, $.reference)),

    define: ($) =>
      seq(
        "define",
        field("name", $._name),
        optional($.parameters),
        optional($._of),
        ":",
        $.type,
        choice(seq("=", $._expression, repeat($.cite)), block(choice($.cite, $.define_entry))),
      ),
    parameters: ($) => seq("(", comma1($.parameter_declaration), ")"),
    parameter_declaration: ($) => seq(field("name", $._field_name), ":", $.type),
    define_entry: ($) => prec.right(seq($.interval, repeat($.cite), ":", $._expression, repeat($.cite))),

    decision: ($) =>
      seq(
        optional("amend"),
        "decision",
        field("name", $._name),
        optional($._of),
        repeat($._head_part),
        block($._decision_clause),
      ),
    _decision_clause: ($) => choice($.rule, $.part, $.default, $.outcomes, $.law_on, $._rule_clause),
    _rule_clause: ($) =>
      choice(
        $.when,
        $.cite,
        $.because,
        $.subject_to,
        $.notwithstanding,
        $.interval,
        $.waivable,
        $.allow,
      ),
    rule: ($) => seq("rule", field("name", $._name), optional("fixed"), ":", $.outcome),
    part: ($) =>
      seq(
        "part",
        field("name", $._name),
        repeat(choice($.subject_to, $.notwithstanding, $.interval, $.cite)),
        block(choice($.rule, $._rule_clause)),
      ),
    outcome: ($) => $._listed,
    default: ($) => seq("default", $.outcome),
    outcomes: ($) => seq("outcomes", optional($._any_order), comma1($.outcome), optional($._any_order)),
    _any_order: () => seq("in", "any", "order"),

    requirement: ($) =>
      seq(
        optional("amend"),
        "requirement",
        field("name", $._name),
        optional($._of),
        repeat($._head_part),
        block($._requirement_clause),
      ),
    _requirement_clause: ($) =>
      choice(
        $.must,
        $.except,
        $.id,
        $.severity,
        $.due,
        $.law_on,
        $.when,
        $.cite,
        $.because,
        $.interval,
        $.waivable,
        $.allow,
      ),
    severity: ($) => seq("severity", $._listed),
    due: ($) => prec.right(seq("due", $._arithmetic, optional(seq("then", "violated")))),
    must: ($) =>
      seq(
        "must",
        choice(
          seq("be", "unique", "by", comma1($._arithmetic)),
          seq(optional(seq(field("name", $._field_name), ":")), $._expression),
        ),
      ),
    except: ($) => seq("except", field("name", $._name)),

    amount: ($) =>
      seq(
        optional("amend"),
        "amount",
        field("name", $._name),
        optional($._of),
        optional(seq(":", $.type)),
        repeat($._head_part),
        choice(
          seq("=", $._expression, repeat(choice($.cite, $.because, $.limit))),
          block($._amount_clause),
        ),
      ),
    _amount_clause: ($) =>
      choice(
        $.line,
        $.law_on,
        alias($._rounding, $.rounding),
        $.limit,
        $.when,
        $.subject_to,
        $.interval,
        $.cite,
        $.because,
        $.allow,
      ),
    line: ($) => seq("line", field("name", $._name), optional($.for_each), "=", $._expression),
    limit: ($) => seq("at", choice("most", "least"), $._arithmetic),

    assertion: ($) => seq("assert", $._path_expression, $._claim),
    _claim: ($) =>
      choice(
        seq("never", "depends", "on", comma1($._path_expression)),
        seq("never", "worsens", "as", $._path_expression, choice("rises", "falls")),
        seq("is", $.limit),
        seq("implies", $._expression),
      ),

    fixture: ($) =>
      seq("fixture", field("name", $._name), optional(seq("from", $._name)), block($._statement)),
    test: ($) => seq("test", field("name", $.string), optional(seq("from", $._name)), block($._statement)),
    _statement: ($) => choice($.as_of, $.no_rows, $.given, $.expect, $.waiver, $.row),
    as_of: ($) => seq("as", "of", $._arithmetic),
    no_rows: ($) => seq("no", alias($._name, $.record_name)),
    given: ($) => seq("given", $._path_expression, "=", $._arithmetic),
    expect: ($) =>
      seq(
        "expect",
        $._expression,
        optional(seq("by", comma1($._listed))),
        optional(seq("needs", comma1($._path_expression))),
      ),
    waiver: ($) => seq("waiver", field("name", $._name), block($.row_field)),
    row: ($) =>
      seq(
        field("record", alias($._listed, $.record_name)),
        optional(field("name", choice($._listed, alias("like", $.identifier)))),
        optional($.range),
        optional(seq("like", $._listed)),
        block($.row_field),
      ),
    range: ($) => seq("[", $._signed, "..", $._signed, "]"),
    _signed: ($) => seq(optional("-"), $.number),
    row_field: ($) => seq(field("name", $._field_name), ":", $._arithmetic),
  },
});
