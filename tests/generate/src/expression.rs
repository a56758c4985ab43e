//! Expressions of each type, over the rows in sight.

use crate::make::{Settings, Shared};
use crate::random::Random;
use crate::tree::{Kind, Node};

use Kind::{Clause, Count, Date, Days, Flag, Grade, Money, Months, Number, Percent, Subject, Text, Year};

/// Whose fields can be named bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    District,
    School,
    Child,
    Item,
    Fee,
}

impl Row {
    pub(crate) const ALL: [Self; 4] = [Self::District, Self::School, Self::Child, Self::Item];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::District => "District",
            Self::School => "School",
            Self::Child => "Child",
            Self::Item => "Item",
            Self::Fee => "Fee",
        }
    }
}

/// What can be named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// The record first, then the elements of the aggregates around.
    pub(crate) rows: Vec<Row>,
    /// Names bound to values: arguments and values of categories.
    pub(crate) bound: Vec<(String, Kind)>,
    /// Only the member of a population is visible.
    pub(crate) alone: bool,
}

impl Scope {
    pub(crate) fn of(row: Row) -> Self {
        Self { rows: vec![row], ..Self::default() }
    }

    fn within(&self, row: Row) -> Self {
        let mut inner = self.clone();
        inner.rows.push(row);
        inner
    }

    fn binding(&self, name: &str, kind: Kind) -> Self {
        let mut inner = self.clone();
        inner.bound.push((name.to_owned(), kind));
        inner
    }
}

/// Fields and short paths that always have a value (or are an error, with `never` and `none`, which no comparison is).
fn plain(row: Row, kind: Kind) -> &'static [&'static str] {
    match (row, kind) {
        (Row::District, Flag) => &["large presumed no"],
        (Row::District, Money) => &["rate"],
        (Row::District, Percent) => &["share"],
        (Row::School, Flag) => &["charter", "district.large presumed yes"],
        (Row::School, Count) => &["seats"],
        (Row::School, Money) => &["district.rate"],
        (Row::School, Percent) => &["district.share"],
        (Row::School, Year) => &["opened"],
        (Row::Child, Flag) => {
            &["a", "(b presumed yes)", "school.charter", "(friend.a presumed no)", "(friend is missing)"]
        }
        (Row::Child, Count) => &["n", "quota", "school.seats"],
        (Row::Child, Number) => &["(m presumed 1.5)", "weight(math, grade)"],
        (Row::Child, Percent) => &["part", "school.district.share"],
        (Row::Child, Money) => &["fund", "(gift presumed $2)"],
        (Row::Child, Date) => &["day", "as_of"],
        (Row::Child, Year) => &["year"],
        (Row::Child, Text) => &["id", "(note presumed \"ab\")"],
        (Row::Child, Days) => &["wait"],
        (Row::Child, Months) => &["span"],
        (Row::Child, Grade) => &["grade"],
        (Row::Child, Subject) => &["term"],
        (Row::Item, Flag) => &["p", "(q presumed no)", "owner.a", "(owner.found presumed yes)"],
        (Row::Item, Count) => &["x", "owner.n"],
        (Row::Item, Number) => &["(y presumed 0.5)"],
        (Row::Item, Money) => &["cost", "price(subject)", "owner.fund"],
        (Row::Item, Date) => &["taken"],
        (Row::Item, Text) => &["label", "item_id"],
        (Row::Item, Subject) => &["subject"],
        (Row::Item, Grade) => &["owner.grade"],
        (Row::Fee, Money) => &["paid"],
        (Row::Fee, Flag) => &["(late presumed no)", "payer.a"],
        (Row::Fee, Subject) => &["of_subject"],
        _ => &[],
    }
}

/// Fields that may be missing.
fn optional(row: Row, kind: Kind) -> &'static [&'static str] {
    match (row, kind) {
        (Row::District, Flag) => &["large"],
        (Row::Child, Flag) => &["b", "found", "friend.a", "friend.b"],
        (Row::Child, Count) => &["friend.n"],
        (Row::Child, Number) => &["m", "friend.m", "limit"],
        (Row::Child, Money) => &["gift"],
        (Row::Child, Text) => &["note"],
        (Row::Item, Flag) => &["q"],
        (Row::Item, Number) => &["y"],
        (Row::Fee, Flag) => &["late"],
        _ => &[],
    }
}

/// A `many` field, the rows it gives.
fn sources(row: Row) -> &'static [(&'static str, Row)] {
    match row {
        Row::District => {
            &[("schools", Row::School), ("schools.pupils", Row::Child), ("schools.pupils.items", Row::Item)]
        }
        Row::School => &[("pupils", Row::Child), ("pupils.items", Row::Item)],
        Row::Child => &[("items", Row::Item)],
        Row::Item | Row::Fee => &[],
    }
}

pub(crate) struct Maker<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) settings: &'a Settings,
    pub(crate) shared: &'a Shared,
    /// Names of bound values, each once.
    pub(crate) names: usize,
}

impl Maker<'_> {
    pub(crate) fn one(&mut self, kind: Kind, texts: &[&str]) -> Node {
        Node::leaf(kind, self.random.pick(texts).copied().unwrap_or_default())
    }

    fn literal(&mut self, kind: Kind) -> Node {
        match kind {
            Flag => self.one(kind, &["yes", "no"]),
            Count => self.one(kind, &["0", "1", "2", "3", "1,000"]),
            Number => self.one(kind, &["0.5", "1", "1.25", "3"]),
            Percent => self.one(kind, &["25%", "50%", "33.5%", "100%"]),
            Money => self.one(kind, &["$1", "$2.50", "$0", "$1,000"]),
            Date => self.one(kind, &["2024-01-31", "2024-02-29", "2023-07-01"]),
            Year => self.one(kind, &["SY2023-24", "SY2022-23"]),
            Text => self.one(kind, &["\"ab\"", "\"a1\""]),
            Days => self.one(kind, &["2 days", "30 days"]),
            Months => self.one(kind, &["1 month", "2 years"]),
            Subject => self.one(kind, &["reading", "math", "science"]),
            Grade => self.one(kind, &["low", "middle", "high"]),
            Clause => Node::leaf(kind, ""),
        }
    }

    /// Names in sight of a type.
    fn leaf(&mut self, scope: &Scope, kind: Kind) -> Node {
        if self.random.percent(25) {
            return self.literal(kind);
        }
        let rows =
            if scope.alone { scope.rows.last().copied().into_iter().collect() } else { scope.rows.clone() };
        let mut names: Vec<String> = Vec::new();
        for row in &rows {
            names.extend(plain(*row, kind).iter().map(|name| (*name).to_owned()));
            if kind == Flag {
                names.extend(optional(*row, kind).iter().map(|name| (*name).to_owned()));
            }
            names.extend(self.shared.defines_of(*row, kind));
        }
        names.extend(scope.bound.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name.clone()));
        match self.random.pick(&names).cloned() {
            Some(name) => Node::leaf(
                kind,
                if name.contains(" presumed ") && !name.starts_with('(') {
                    format!("({name})")
                } else {
                    name
                },
            ),
            None => self.literal(kind),
        }
    }

    /// A name that may be missing, with its type.
    fn missing(&mut self, scope: &Scope, kinds: &[Kind]) -> Option<Node> {
        let rows =
            if scope.alone { scope.rows.last().copied().into_iter().collect() } else { scope.rows.clone() };
        let mut names = Vec::new();
        for row in rows {
            for kind in kinds {
                names.extend(optional(row, *kind).iter().map(|name| Node::leaf(*kind, *name)));
            }
        }
        self.random.pick(&names).cloned()
    }

    /// An expression of the type.
    pub(crate) fn expr(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Node {
        if depth == 0 || self.random.percent(15) {
            return self.leaf(scope, kind);
        }
        let made = match self.random.below(4) {
            0 => self.choice(scope, kind, depth),
            1 => self.over_rows(scope, kind, depth).unwrap_or_else(|| self.operation(scope, kind, depth)),
            _ => self.operation(scope, kind, depth),
        };
        if made.parts.is_empty() { made } else { bracketed(made) }
    }

    /// `if`, `case`, `presumed`.
    fn choice(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Node {
        let next = depth - 1;
        match self.random.below(4) {
            0 | 1 => {
                let parts = vec![
                    self.expr(scope, Flag, next),
                    self.expr(scope, kind, next),
                    self.expr(scope, kind, next),
                ];
                Node::new(kind, "if {} then {} else {}", parts)
            }
            2 => {
                let value = self.expr(scope, kind, next);
                // Arms that hold must agree: of two, the same value.
                let other = if self.settings.errors { self.expr(scope, kind, next) } else { value.clone() };
                let parts = vec![
                    self.expr(scope, Flag, next),
                    value,
                    self.expr(scope, Flag, next),
                    other,
                    self.expr(scope, kind, next),
                ];
                if self.settings.all && self.random.percent(25) {
                    let parts = parts.into_iter().take(4).collect();
                    return Node::new(kind, "case ⟨ when {} then {} when {} then {} ⟩", parts);
                }
                Node::new(kind, "case ⟨ when {} then {} when {} then {} otherwise {} ⟩", parts)
            }
            _ => match self.missing(scope, &[kind]) {
                Some(name) => {
                    let otherwise = self.literal(kind);
                    Node::new(kind, "{} presumed {}", vec![name, otherwise])
                }
                None => self.leaf(scope, kind),
            },
        }
    }

    fn pair(&mut self, scope: &Scope, a: Kind, b: Kind, depth: usize) -> Vec<Node> {
        vec![self.expr(scope, a, depth), self.expr(scope, b, depth)]
    }

    fn operation(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Node {
        let next = depth - 1;
        match kind {
            Flag => self.condition(scope, depth),
            Count => match self.random.below(6) {
                0 => Node::new(kind, "{} + {}", self.pair(scope, Count, Count, next)),
                1 => Node::new(kind, "{} * {}", self.pair(scope, Count, Count, next)),
                2 => Node::new(kind, "max({} - {}, 0)", self.pair(scope, Count, Count, next)),
                3 => Node::new(kind, "min({}, {})", self.pair(scope, Count, Count, next)),
                4 => Node::new(kind, "length of {}", vec![self.tight(scope, Text, next)]),
                _ => Node::new(kind, "max({}, {})", self.pair(scope, Count, Count, next)),
            },
            Number if self.settings.all && self.random.percent(10) => {
                let part = self.random.pick(&["month", "day", "year"]).copied().unwrap_or("day");
                Node::new(kind, &format!("{part} of {{}}"), vec![self.tight(scope, Date, next)])
            }
            Number => match self.random.below(9) {
                0 => Node::new(kind, "{} + {}", self.pair(scope, Number, Count, next)),
                1 => Node::new(kind, "{} - {}", self.pair(scope, Number, Number, next)),
                2 => Node::new(kind, "{} * {}", self.pair(scope, Number, Number, next)),
                3 if self.settings.errors => {
                    Node::new(kind, "{} / {}", self.pair(scope, Number, Number, next))
                }
                3 => Node::new(kind, "{} / 4", vec![self.expr(scope, Number, next)]),
                4 => Node::new(kind, "-{}", vec![self.expr(scope, Number, next)]),
                5 => {
                    let mode = self
                        .random
                        .pick(&["", "up ", "down ", "half up ", "half even "])
                        .copied()
                        .unwrap_or("");
                    let unit =
                        self.random.pick(&["whole", "1 places", "2 places"]).copied().unwrap_or("whole");
                    let inner = self.expr(scope, Number, next);
                    Node::new(kind, &format!("{{}} rounded {mode}to {unit}"), vec![bracketed(inner)])
                }
                6 => Node::new(kind, "20% of {}", vec![self.tight(scope, Number, next)]),
                7 => Node::new(
                    kind,
                    "years between {} and {}",
                    vec![self.tight(scope, Date, next), self.tight(scope, Date, next)],
                ),
                _ => Node::new(kind, "age({}, {})", self.pair(scope, Date, Date, next)),
            },
            Percent => match self.random.below(3) {
                0 => Node::new(kind, "{} * {}", self.pair(scope, Percent, Percent, next)),
                1 => Node::new(kind, "min({}, {})", self.pair(scope, Percent, Percent, next)),
                _ => Node::new(kind, "{} + {}", self.pair(scope, Percent, Percent, next)),
            },
            Money => match self.random.below(6) {
                0 => Node::new(kind, "{} + {}", self.pair(scope, Money, Money, next)),
                1 => Node::new(kind, "{} - {}", self.pair(scope, Money, Money, next)),
                2 => Node::new(kind, "{} * {}", self.pair(scope, Money, Count, next)),
                3 => Node::new(kind, "{} * {}", self.pair(scope, Number, Money, next)),
                4 => {
                    let mode = self.random.pick(&["", "up ", "down ", "half even "]).copied().unwrap_or("");
                    let unit = self.random.pick(&["cents", "dollars"]).copied().unwrap_or("cents");
                    let inner = self.expr(scope, Money, next);
                    Node::new(kind, &format!("{{}} rounded {mode}to {unit}"), vec![bracketed(inner)])
                }
                _ => Node::new(kind, "max({}, {})", self.pair(scope, Money, Money, next)),
            },
            Date => match self.random.below(7) {
                0 => Node::new(kind, "{} + {}", self.pair(scope, Date, Months, next)),
                1 => Node::new(kind, "{} + {}", self.pair(scope, Date, Days, next)),
                2 => Node::new(kind, "{} - {}", self.pair(scope, Date, Days, next)),
                3 => Node::new(kind, "first_day of {}", vec![self.tight(scope, Year, next)]),
                4 => Node::new(kind, "last_day of {}", vec![self.tight(scope, Year, next)]),
                5 => Node::new(
                    kind,
                    "nth_weekday(1, wednesday, october, year of {})",
                    vec![self.tight(scope, Date, next)],
                ),
                _ => Node::new(kind, "date(2024, min({} + 1, 12), 28)", vec![self.expr(scope, Count, next)]),
            },
            Year => match self.random.below(2) {
                0 => Node::new(kind, "{} + 1", vec![self.expr(scope, Year, next)]),
                _ => Node::new(kind, "school_year({})", vec![self.expr(scope, Date, next)]),
            },
            Text => match self.random.below(2) {
                0 => Node::new(kind, "first 1 of {}", vec![self.tight(scope, Text, next)]),
                _ => Node::new(kind, "last 2 of {}", vec![self.tight(scope, Text, next)]),
            },
            Days => match self.random.below(2) {
                0 => Node::new(
                    kind,
                    "days between {} and {}",
                    vec![self.tight(scope, Date, next), self.tight(scope, Date, next)],
                ),
                _ => Node::new(kind, "{} + {}", self.pair(scope, Days, Days, next)),
            },
            Months => match self.random.below(2) {
                0 => Node::new(
                    kind,
                    "months between {} and {}",
                    vec![self.tight(scope, Date, next), self.tight(scope, Date, next)],
                ),
                _ => Node::new(kind, "{} * {}", self.pair(scope, Months, Count, next)),
            },
            Subject | Grade | Clause => self.leaf(scope, kind),
        }
    }

    /// A name, literal or bracket.
    fn tight(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Node {
        let made = self.expr(scope, kind, depth);
        let text = made.to_string();
        if text.starts_with('(') || text.chars().all(|c| c.is_alphanumeric() || "_.\"-".contains(c)) {
            made
        } else {
            bracketed(made)
        }
    }

    fn condition(&mut self, scope: &Scope, depth: usize) -> Node {
        let next = depth - 1;
        let member = scope.rows.last().copied();
        match self.random.below(20) {
            0 => Node::new(Flag, "not {}", vec![self.expr(scope, Flag, next)]),
            1 | 2 => Node::new(Flag, "{} and {}", self.pair(scope, Flag, Flag, next)),
            3 | 4 => Node::new(Flag, "{} or {}", self.pair(scope, Flag, Flag, next)),
            5..=8 => {
                let kinds = [Count, Number, Percent, Money, Date, Year, Days, Months, Grade];
                let kind = self.random.pick(&kinds).copied().unwrap_or(Count);
                let op = self.random.pick(&["=", "!=", "<", "<=", ">", ">="]).copied().unwrap_or("=");
                Node::new(Flag, &format!("{{}} {op} {{}}"), self.pair_named_first(scope, kind, next))
            }
            9 => {
                let kind = self.random.pick(&[Subject, Text]).copied().unwrap_or(Text);
                let op = self.random.pick(&["=", "!="]).copied().unwrap_or("=");
                Node::new(Flag, &format!("{{}} {op} {{}}"), self.pair_named_first(scope, kind, next))
            }
            10 => {
                let kind = self.random.pick(&[Count, Money, Date]).copied().unwrap_or(Count);
                let not = self.random.pick(&["", "not "]).copied().unwrap_or("");
                let parts = vec![
                    self.expr(scope, kind, next),
                    self.expr(scope, kind, next),
                    self.expr(scope, kind, next),
                ];
                Node::new(Flag, &format!("{{}} {not}between {{}} and {{}}"), parts)
            }
            11 => {
                let kind = self.random.pick(&[Count, Grade, Subject]).copied().unwrap_or(Count);
                let parts = vec![self.named(scope, kind, next), self.literal(kind), self.literal(kind)];
                Node::new(Flag, "{} in ({}, {})", parts)
            }
            12 => Node::new(Flag, "{} in core", vec![self.named(scope, Subject, next)]),
            13 => {
                let kinds = [Flag, Number, Money, Text];
                let word = if self.settings.known && self.random.percent(50) { "known" } else { "missing" };
                match self.missing(scope, &kinds) {
                    Some(name) => Node::new(Flag, &format!("{{}} is {word}"), vec![name]),
                    None => self.leaf(scope, Flag),
                }
            }
            14 => {
                let text = self.named(scope, Text, next);
                match self.random.below(4) {
                    0 => Node::new(Flag, "{} starts with \"a\"", vec![text]),
                    1 => Node::new(Flag, "{} ends with \"b\"", vec![text]),
                    2 => Node::new(Flag, "{} matches \"[a-c]+[0-9]?\"", vec![text]),
                    _ => Node::new(Flag, "{} is valid", vec![text]),
                }
            }
            15 if member == Some(Row::Child) => {
                let texts = [
                    "code is none",
                    "code = math",
                    "code in core",
                    "leaves > 2024-02-01",
                    "day < leaves",
                    "friend = this",
                    "friend.friend.a",
                    "as_of >= day + span",
                    "quota on day = 2",
                    "limit > n",
                ];
                let texts: Vec<&str> = texts
                    .iter()
                    .copied()
                    .filter(|text| scope.rows.len() == 1 && !scope.alone || !text.contains("this"))
                    .collect();
                self.one(Flag, &texts)
            }
            15 | 16 => self.settled(scope).unwrap_or_else(|| self.leaf(scope, Flag)),
            17 if scope.rows == [Row::Child] && !scope.alone => self.ranked(scope, depth),
            17 | 18 => {
                let name = self.fresh("s");
                let inner = scope.binding(&name, Subject);
                let condition = self.expr(&inner, Flag, next);
                let word = self.random.pick(&["any", "none"]).copied().unwrap_or("any");
                Node::new(
                    Flag,
                    &format!("{word} of Subject as {name} where {name} in core and {{}}"),
                    vec![condition],
                )
            }
            _ => self.leaf(scope, Flag),
        }
    }

    /// The first of the two says which category is meant.
    fn pair_named_first(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Vec<Node> {
        vec![self.named(scope, kind, depth), self.expr(scope, kind, depth)]
    }

    /// An expression that is no bare value of a category.
    fn named(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Node {
        if !matches!(kind, Subject | Grade) {
            return self.expr(scope, kind, depth);
        }
        let found = self.leaf(scope, kind);
        if kind.simplest().is_some_and(|_| {
            ["reading", "math", "science", "low", "middle", "high"].contains(&found.to_string().as_str())
        }) {
            return Node::leaf(kind, format!("{}.{found}", kind.name()));
        }
        found
    }

    /// What a decision, a requirement or an amount says of the row.
    fn settled(&mut self, scope: &Scope) -> Option<Node> {
        let row = scope.rows.last().copied()?;
        let name = self.random.pick(&self.shared.results(row)).cloned()?;
        Some(Node::leaf(Flag, name))
    }

    /// A condition on the row among others of its record.
    fn ranked(&mut self, scope: &Scope, depth: usize) -> Node {
        let member = Scope { rows: vec![Row::Child], bound: Vec::new(), alone: true };
        let next = depth.saturating_sub(2);
        let of = self.expr(&member, Number, next);
        let filter = self.expr(&member, Flag, next);
        let per =
            self.random.pick(&["", " per grade", " per (grade, a)", " per school"]).copied().unwrap_or("");
        debug_assert!(!scope.alone);
        match self.random.below(3) {
            0 => {
                Node::new(Flag, &format!("in top 25% of {{}} among Child where {{}}{per}"), vec![of, filter])
            }
            1 => {
                let rank = format!("((percent_rank of {{}} among Child where {{}}{per}) presumed 0%) > 40%");
                Node::new(Flag, &rank, vec![of, filter])
            }
            _ => {
                Node::new(Flag, &format!("(total of {{}} among Child where {{}}{per}) > 2"), vec![of, filter])
            }
        }
    }

    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Aggregates, picks and quantities.
    fn over_rows(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Option<Node> {
        let outer = scope.rows.last().copied()?;
        if scope.alone && scope.rows.len() > 1 {
            return None;
        }
        let mut all: Vec<(&str, Row)> = sources(outer).to_vec();
        if scope.rows == [Row::Child] && !scope.alone {
            all.push(("Fee where payer = this and", Row::Fee));
            all.push(("Bundle(this, math).members", Row::Item));
            all.push(("Item where owner = this and", Row::Item));
        }
        let (source, row) = *self.random.pick(&all)?;
        let inner = scope.within(row);
        let next = depth - 1;
        let filter = self.expr(&inner, Flag, next);
        let (source, joined) = match source.split_once(" where ") {
            Some((source, join)) => (source, format!("where {join} {{}}")),
            None => (source, "where {}".to_owned()),
        };
        Some(match kind {
            Flag => match self.random.below(9) {
                0 => Node::new(kind, &format!("any of {source} {joined}"), vec![filter]),
                1 => Node::new(kind, &format!("none of {source} {joined}"), vec![filter]),
                2 | 3 => {
                    let word = self.random.pick(&["all", "some and all"]).copied().unwrap_or("all");
                    let holds = self.expr(&inner, Flag, next);
                    Node::new(kind, &format!("{word} of {source} {joined} satisfy {{}}"), vec![filter, holds])
                }
                4 => {
                    let word =
                        self.random.pick(&["at least", "at most", "exactly"]).copied().unwrap_or("exactly");
                    Node::new(kind, &format!("{word} 2 of {source} {joined}"), vec![filter])
                }
                5 | 6 => {
                    let op =
                        self.random.pick(&["=", "!=", "<", ">=", "between 1 and"]).copied().unwrap_or("=");
                    let other = self.expr(scope, Count, 0);
                    Node::new(kind, &format!("(count of {source} {joined}) {op} {{}}"), vec![filter, other])
                }
                7 => {
                    let of = self.expr(&inner, Count, next);
                    let word = self
                        .random
                        .pick(&["sum of", "highest of", "lowest of", "count of distinct"])
                        .copied()?;
                    let op = self.random.pick(&["=", "<", ">="]).copied()?;
                    Node::new(kind, &format!("({word} {{}} over {source} {joined}) {op} 2"), vec![of, filter])
                }
                _ if row == Row::Item => {
                    let word = self.random.pick(&["latest", "earliest"]).copied()?;
                    let read = self
                        .random
                        .pick(&["x = 2", "p", "q is missing", "subject = math", "owner.a"])
                        .copied()?;
                    Node::new(kind, &format!("({word} of {source} by taken {joined}).{read}"), vec![filter])
                }
                _ => Node::new(kind, &format!("any of {source} {joined}"), vec![filter]),
            },
            Count => match self.random.below(3) {
                0 => Node::new(kind, &format!("count of {source} {joined}"), vec![filter]),
                1 => {
                    let of = self.expr(&inner, Count, next);
                    Node::new(kind, &format!("sum of {{}} over {source} {joined}"), vec![of, filter])
                }
                _ => {
                    let of_kind = self.random.pick(&[Count, Money, Subject, Text, Grade]).copied()?;
                    let of = self.named(&inner, of_kind, next);
                    Node::new(
                        kind,
                        &format!("count of distinct {{}} over {source} {joined}"),
                        vec![of, filter],
                    )
                }
            },
            Number | Money | Date => {
                let word = self.random.pick(&["sum of", "highest of", "lowest of", "average of"]).copied()?;
                let of = self.expr(&inner, kind, next);
                let otherwise = self.literal(kind);
                match (word, kind) {
                    ("sum of" | "average of", Date) => return None,
                    ("sum of", _) => {
                        Node::new(kind, &format!("sum of {{}} over {source} {joined}"), vec![of, filter])
                    }
                    _ => Node::new(
                        kind,
                        &format!("({word} {{}} over {source} {joined}) presumed {{}}"),
                        vec![of, filter, otherwise],
                    ),
                }
            }
            Subject | Text if row == Row::Item => {
                let word = self.random.pick(&["latest", "earliest", "only"]).copied()?;
                let by = if word == "only" { "" } else { "by taken " };
                let field = if kind == Subject { "subject" } else { "label" };
                let otherwise = self.literal(kind);
                Node::new(
                    kind,
                    &format!("({word} of {source} {by}{joined}).{field} presumed {{}}"),
                    vec![filter, otherwise],
                )
            }
            _ => return None,
        })
    }
}

/// The expression in brackets.
pub(crate) fn bracketed(node: Node) -> Node {
    Node::new(node.kind, "({})", vec![node])
}
