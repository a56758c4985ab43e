//! What was expected, in the words of the language.

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::rules::Rule as R;

/// The byte at which the grammar could not go on.
pub(crate) fn position(error: &Error<R>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// What would have fitted there.
pub(crate) fn expected(error: &Error<R>) -> Vec<R> {
    match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.clone(),
        ErrorVariant::CustomError { .. } => Vec::new(),
    }
}

/// The word of a keyword rule.
pub(crate) fn keyword(rule: R) -> Option<&'static str> {
    let name = format!("{rule:?}");
    let word = name.strip_prefix("kw_")?;
    let at = crate::keywords::KEYWORDS.binary_search(&word).ok()?;
    crate::keywords::KEYWORDS.get(at).copied()
}

/// Words that a rule accepts, for did-you-mean.
pub(crate) fn words(rule: R) -> &'static [&'static str] {
    match rule {
        R::is_test => &["known", "missing", "none", "met", "valid"],
        R::private_mark => &["private"],
        R::jurisdiction_mark => &["jurisdiction"],
        R::unchangeable_mark => &["unchangeable"],
        R::rounding_unit => &["cents", "dollars", "whole", "places"],
        R::rounding_mode => &["half", "down"],
        R::month_name => crate::keywords::MONTHS,
        R::text_test => &["starts", "ends", "matches"],
        R::direction => &["rises", "falls"],
        R::then_violated => &["then"],
        R::month_end => &["down"],
        R::any_word_before_of | R::part_word => &[
            "count",
            "any",
            "none",
            "all",
            "only",
            "sum",
            "highest",
            "lowest",
            "average",
            "latest",
            "earliest",
            "percent_rank",
            "total",
            "first_day",
            "last_day",
            "year",
            "month",
            "day",
            "length",
        ],
        _ => &[],
    }
}

/// Is it something that begins an operand?
pub(crate) fn is_operand(rule: R) -> bool {
    matches!(rule, R::reference | R::path_expression | R::paren | R::expression | R::arithmetic | R::in_list)
}

/// What a rule stands for, in the words of the language; `None`: better said by others.
fn noun(rule: R) -> Option<String> {
    let text = match rule {
        R::name | R::listed_name | R::row_name | R::header_name => "a name",
        R::path => "the name of a policy",
        R::string => "a text in quotes",
        R::because_clause => "`because`",
        R::date => "a date such as `2024-09-01`",
        R::interval => "`from`",
        R::interval_end => "`until` or `through`",
        R::outcome_name => "an outcome",
        R::type_expression | R::type_name | R::many_type | R::set_type => "a type",
        R::colon => "`:`",
        R::equals | R::define_value | R::amount_value => "`=`",
        R::open | R::table => "`{`",
        R::close => "`}`",
        R::close_paren => "`)`",
        R::whole | R::signed | R::affix_count | R::number => "a number",
        R::month_name => "a month such as `july`",
        R::is_test => "`known`, `missing`, `none`, `met` or `valid`",
        R::rounding_unit => "`cents`, `dollars`, `whole` or a number of `places`",
        R::direction => "`rises` or `falls`",
        R::limit_word => "`at most` or `at least`",
        R::month_end => "`up` or `down`",
        R::cell => "a value",
        R::code => "the code of a check",
        _ if is_operand(rule) => "a value",
        _ => return keyword(rule).map(|word| format!("`{word}`")),
    };
    Some(text.to_owned())
}

/// Is it an operator, or something else that may follow a finished expression?
fn is_operator(rule: R) -> bool {
    matches!(
        rule,
        R::kw_and
            | R::kw_or
            | R::kw_not
            | R::comparison
            | R::plus
            | R::subtract
            | R::times
            | R::divide
            | R::minus
            | R::is_tail
            | R::between_tail
            | R::in_tail
            | R::text_tail
            | R::text_test
            | R::on_suffix
            | R::presumed_suffix
            | R::rounded_suffix
            | R::kw_on
            | R::kw_presumed
            | R::kw_rounded
            | R::kw_is
            | R::kw_in
            | R::kw_between
            | R::call
            | R::kw_of
            | R::optional_mark
    )
}

/// "expected … after …, found …", from what would have fitted.
pub(crate) fn expectation(expected: &[R], before: &str, found: &str) -> (String, Option<String>) {
    // `then.grade`: the dot shows that a name was meant.
    let words = help_for(if found == "." { before } else { found });
    let found = if found.is_empty() { "the end of the file".to_owned() } else { format!("`{found}`") };
    let after = if before.is_empty() { String::new() } else { format!(" after `{before}`") };
    if expected.iter().any(|rule| is_operand(*rule)) {
        let condition =
            matches!(before, "when" | "where" | "and" | "or" | "not" | "if" | "must" | "satisfy" | "expect");
        let noun = if condition { "a condition" } else { "a value" };
        return (format!("expected {noun}{after}, found {found}"), words);
    }
    // Where no value can stand, these are not meant as names.
    let words = words.filter(|_| !matches!(found.trim_matches('`'), "over" | "among" | "per" | "satisfy"));
    let mut nouns: Vec<String> = Vec::new();
    for noun in expected.iter().filter(|rule| !is_operator(**rule)).filter_map(|rule| noun(*rule)) {
        if !nouns.contains(&noun) {
            nouns.push(noun);
        }
    }
    let operators = expected.iter().any(|rule| is_operator(*rule));
    if nouns.is_empty() || nouns.len() > 4 || (operators && nouns.len() > 2) {
        let help =
            operators.then(|| "an operator such as `and` may follow here, or the next clause".to_owned());
        return (format!("{found} does not fit{after}"), words.or(help));
    }
    (format!("expected {}{after}, found {found}", alternatives(&nouns)), words.filter(|_| before == "then"))
}

/// What is said of a word that stands where it has no meaning.
fn help_for(found: &str) -> Option<String> {
    match found {
        "if" => Some("the condition of a rule, line or exception begins with `when`".to_owned()),
        // Other reserved words begin clauses, and what stands before them is unfinished.
        "then" | "over" | "among" | "per" | "satisfy" => {
            Some(format!("`{found}` is a word of the language: as a name it stands in backquotes"))
        }
        _ => None,
    }
}

/// `a`, `b` or `c`.
fn alternatives(nouns: &[String]) -> String {
    match nouns {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Why the value between the braces of a text was not understood.
pub(crate) fn in_template(source: &str, at: usize) -> String {
    let rest = source.get(at..).unwrap_or("").trim();
    if rest.is_empty() {
        "expected a value before the closing brace".to_owned()
    } else {
        format!("expected an operator or the closing brace, found `{}`", crate::lower::Lower::quote(rest))
    }
}
