//! The words that can begin a clause, and the shapes of declarations.

pub(super) use rubric_grammar::MONTHS;

use super::place::Block;

/// The shape of a declaration or clause; `$1`, `${1:name}` and `$0` are places to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    pub(super) label: &'static str,
    pub(super) detail: &'static str,
    pub(super) text: &'static str,
}

const fn snippet(label: &'static str, detail: &'static str, text: &'static str) -> Snippet {
    Snippet { label, detail, text }
}

const ITEMS: &[Snippet] = &[
    snippet(
        "policy",
        "the header of a file",
        "policy ${1:name} {\n  title \"${2:title}\"\n  cite  \"${3:citation}\"\n}\n$0",
    ),
    snippet("use", "what another policy declares", "use ${1:policy}\n$0"),
    snippet("category", "a set of values", "category ${1:Name} { ${2:a, b} }\n$0"),
    snippet(
        "ordered category",
        "values of which later ones are greater",
        "ordered category ${1:Name} { ${2:low, high} }\n$0",
    ),
    snippet("record", "what data has rows of", "record ${1:Name} {\n  key ${2:id}: text private\n  $0\n}"),
    snippet("extend record", "more fields of a record", "extend record ${1:Name} {\n  $0\n}"),
    snippet(
        "group",
        "rows that share a key, seen as one record",
        "group ${1:Name} of ${2:Record} by ${3:field}\n$0",
    ),
    snippet("input", "one value for the whole run", "input ${1:name}: ${2:type}\n$0"),
    snippet(
        "parameter",
        "a dated constant",
        "parameter ${1:name}: ${2:count} {\n  cite \"${3:citation}\"\n  from ${4:2024-07-01}: $0\n}",
    ),
    snippet("define", "a derived fact", "define ${1:name} of ${2:Record}: ${3:flag} =\n  $0"),
    snippet(
        "decision",
        "one outcome for each record",
        "decision ${1:name} of ${2:Record} {\n  outcomes ${3:granted}, ${4:denied}\n\n  default ${4:denied}\n    cite \"${5:citation}\"\n\n  rule ${6:label}: ${3:granted}\n    when $0\n    cite \"${7:citation}\"\n}",
    ),
    snippet(
        "requirement",
        "what each record must meet",
        "requirement ${1:name} of ${2:Record} {\n  id \"${3:R-0001}\"\n  severity ${4|error,warning|}\n  cite \"${5:citation}\"\n  must ${6:label}: $0\n}",
    ),
    snippet(
        "amount",
        "money or another sum, line by line",
        "amount ${1:name} of ${2:Record} {\n  line ${3:base} = $0\n    cite \"${4:citation}\"\n}",
    ),
    snippet(
        "assert",
        "what must hold of a result for all records",
        "assert ${1:result} never depends on ${0:fact}",
    ),
    snippet(
        "fixture",
        "rows that tests share",
        "fixture ${1:name} {\n  as of ${2:2024-06-01}\n  ${3:Student} ${4:maria} { $0 }\n}",
    ),
    snippet(
        "test",
        "an example with what must come out",
        "test \"${1:what it shows}\" {\n  as of ${2:2024-06-01}\n  ${3:Student} ${4:maria} { $5 }\n  expect ${4:maria}.${6:result} = $0\n}",
    ),
    snippet(
        "amend parameter",
        "another value in this layer",
        "amend parameter ${1:name} {\n  from ${2:2024-07-01}: $0\n}",
    ),
    snippet(
        "amend decision",
        "more rules in this layer",
        "amend decision ${1:name} {\n  rule ${2:label}: ${3:outcome}\n    when $0\n    cite \"${4:citation}\"\n}",
    ),
    snippet(
        "waiver",
        "one record excused by an authority",
        "waiver ${1:name} {\n  target: ${2:requirement}\n  key: \"${3:key}\"\n  authority: \"${4:who}\"\n  from: ${5:2024-07-01}\n  reason: \"$0\"\n}",
    ),
];

const RULES: &[Snippet] = &[
    snippet(
        "rule",
        "an outcome and when it holds",
        "rule ${1:label}: ${2:outcome}\n  when $0\n  cite \"${3:citation}\"",
    ),
    snippet("part", "rules that share clauses", "part ${1:label} cite \"${2:citation}\" {\n  $0\n}"),
    snippet(
        "default",
        "the outcome where no rule applies",
        "default ${1:outcome}\n  cite \"${2:citation}\"$0",
    ),
];

const MUSTS: &[Snippet] = &[
    snippet("must", "what must hold", "must ${1:label}: $0"),
    snippet("must be unique by", "no two rows alike", "must be unique by $0"),
    snippet("except", "what excuses", "except ${1:label}\n  when $0\n  cite \"${2:citation}\""),
];

const LINES: &[Snippet] =
    &[snippet("line", "a part of the amount", "line ${1:label} = $0\n  cite \"${2:citation}\"")];

const STATEMENTS: &[Snippet] = &[
    snippet("expect", "what must come out", "expect ${1:row}.${2:result} = $0"),
    snippet("given", "a fact that is fixed", "given ${1:row}.${2:fact} = $0"),
    snippet("as of", "the day of deciding", "as of ${1:2024-06-01}$0"),
    snippet("no", "a record that is supplied and has no rows", "no $0"),
];

pub(super) const AGGREGATES: &[Snippet] = &[
    snippet("count of", "how many rows", "(count of ${1:rows} where $0)"),
    snippet("any of", "whether some row fits", "any of ${1:rows} where $0"),
    snippet("none of", "whether no row fits", "none of ${1:rows} where $0"),
    snippet("all of", "whether every row fits; yes of no rows", "all of ${1:rows} satisfy $0"),
    snippet(
        "some and all of",
        "whether there are rows and every one fits",
        "some and all of ${1:rows} satisfy $0",
    ),
    snippet("sum of", "a sum over rows", "(sum of ${1:number} over ${2:rows}$0)"),
    snippet("highest of", "the highest over rows", "(highest of ${1:value} over ${2:rows}$0)"),
    snippet("lowest of", "the lowest over rows", "(lowest of ${1:value} over ${2:rows}$0)"),
    snippet("average of", "the average over rows", "(average of ${1:value} over ${2:rows}$0)"),
    snippet("latest of", "the row with the latest date", "(latest of ${1:rows} by ${2:date}).$0"),
    snippet("earliest of", "the row with the earliest date", "(earliest of ${1:rows} by ${2:date}).$0"),
    snippet("only of", "the one row that fits", "(only of ${1:rows} where ${2:condition}).$0"),
    snippet("at least of", "whether so many rows fit", "at least ${1:1} of ${2:rows} where $0"),
    snippet("at most of", "whether no more rows fit", "at most ${1:1} of ${2:rows} where $0"),
    snippet("exactly of", "whether exactly so many rows fit", "exactly ${1:1} of ${2:rows} where $0"),
    snippet(
        "case",
        "one value of several, in no order",
        "case { when ${1:condition} then ${2:value}  otherwise $0 }",
    ),
    snippet("if then else", "one value of two", "if ${1:condition} then ${2:value} else $0"),
];

pub(super) const OPERAND: &[&str] = &[
    "yes",
    "no",
    "not",
    "as_of",
    "this",
    "if",
    "case",
    "in",
    "percent_rank",
    "total",
    "apportion",
    "first_day",
    "last_day",
    "year",
    "month",
    "day",
    "length",
    "first",
    "last",
    "days",
    "months",
];

pub(super) const AFTER_OPERAND: &[&str] = &[
    "and", "or", "in", "not", "is", "between", "presumed", "rounded", "on", "as", "where", "over", "by",
    "satisfy", "among", "per", "starts", "ends", "matches", "then", "else",
];

pub(super) const IS: &[&str] = &["known", "missing", "none", "met", "valid", "not"];
pub(super) const ROUNDED: &[&str] = &["up", "down", "half", "to"];
pub(super) const ROUNDING: &[&str] = &["cents", "dollars", "whole"];
pub(super) const HEAD: &[&str] = &["of", "where", "by", "for", "law", "on"];
pub(super) const WAIVER: &[&str] = &["target", "of", "key", "authority", "from", "until", "reason"];

/// The shapes that can begin in a block.
pub(super) const fn snippets(block: Block) -> &'static [Snippet] {
    match block {
        Block::File => ITEMS,
        Block::Decision | Block::Part => RULES,
        Block::Requirement => MUSTS,
        Block::Amount => LINES,
        Block::Statements => STATEMENTS,
        _ => &[],
    }
}

/// The words that can begin a clause in a block.
pub(super) const fn clauses(block: Block) -> &'static [&'static str] {
    match block {
        Block::File => &[
            "policy",
            "use",
            "category",
            "ordered",
            "record",
            "extend",
            "group",
            "input",
            "parameter",
            "define",
            "decision",
            "requirement",
            "amount",
            "assert",
            "fixture",
            "test",
            "amend",
            "waiver",
            "allow",
        ],
        Block::Policy => &["title", "authority", "under", "cite", "effective", "school_year", "month_end"],
        Block::Record => &["key", "private", "jurisdiction", "unchangeable", "absent", "judged"],
        Block::Parameter | Block::Define => &["cite", "from", "until", "through"],
        Block::Decision => &[
            "outcomes",
            "default",
            "rule",
            "part",
            "cite",
            "law",
            "when",
            "subject",
            "notwithstanding",
            "because",
            "from",
            "until",
            "through",
            "fixed",
            "waivable",
            "allow",
        ],
        Block::Part => &[
            "rule",
            "when",
            "subject",
            "notwithstanding",
            "cite",
            "because",
            "from",
            "until",
            "through",
            "waivable",
            "allow",
        ],
        Block::Requirement => &[
            "id", "severity", "cite", "because", "due", "law", "waivable", "must", "except", "when", "from",
            "until", "through", "allow",
        ],
        Block::Amount => &[
            "line", "when", "subject", "at", "rounded", "cite", "because", "from", "until", "through", "for",
            "allow",
        ],
        Block::Statements => &["as", "no", "given", "expect", "waiver", "by", "needs", "like"],
        Block::Case => &["when", "then", "otherwise"],
        Block::Category | Block::Table | Block::Row => &[],
    }
}

/// What a keyword is for.
pub(super) fn describe_keyword(word: &str) -> Option<&'static str> {
    let shapes = [ITEMS, RULES, MUSTS, LINES, STATEMENTS, AGGREGATES];
    let found = shapes.into_iter().flatten().find(|shape| shape.label == word).map(|shape| shape.detail);
    found.or(Some(match word {
        "title" => "what the policy is called",
        "authority" => {
            "who makes the policy: `authority district \"Miami-Dade\" under florida.grade_3_promotion`"
        }
        "cite" => "the place in the law that says so",
        "because" => "what is told to those whom it concerns; `{expression}` is filled in",
        "effective" => "from when to when the policy counts",
        "when" => "the condition under which it holds",
        "where" => "which records or rows are meant",
        "subject" => "`subject to a`: where `a` holds, this one does not apply against it",
        "notwithstanding" => "`notwithstanding a`: where this one holds, it overrides `a`",
        "fixed" => "no layer below may override it",
        "waivable" => "`waivable by \"who\"`: who may excuse a record from it",
        "law" => "`law on E`: parameters, rules and definitions are those of the date `E`",
        "due" => "the last day; until then what is not met is pending",
        "presumed" => "what stands for a missing fact, in writing",
        "rounded" => "where cents appear, and how: `rounded half up to cents`",
        "outcomes" => "what can come out, from most to least favourable unless `in any order`",
        "private" => "masked in logs, traces and counterexamples",
        "absent" => "`absent means V`: what an empty cell means",
        "judged" => "`judged by \"who\"`: a human finding, awaited where it is absent",
        "unchangeable" => "a fact that nobody can change: `explain --how` never proposes another value",
        "jurisdiction" => "whose amendments apply to the record",
        "severity" => "`error` or `warning`",
        "needs" => "the facts that are missing, of an `undetermined` result",
        "allow" => "`allow(code) \"reason\"`: one check is silent here, for a reason",
        _ => return None,
    }))
}
