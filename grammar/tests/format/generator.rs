//! Random valid policies: each choice takes a byte, and when the bytes run out the first alternative is taken, so that
//! every generated text ends and shrinks with its bytes.

/// A stream of choices.
pub(crate) struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
    /// Numbers labels, so that none recurs.
    counter: usize,
}

const NAMES: &[&str] = &[
    "a",
    "level",
    "date",
    "count",
    "title",
    "year",
    "`of`",
    "student",
    "line",
    "default",
    "reading_level",
    "on_hand",
];
const TYPES: &[&str] = &[
    "flag",
    "count",
    "number",
    "money",
    "text",
    "date?",
    "days",
    "percent",
    "school_year",
    "Subject",
    "many Result",
    "set of State",
    "many Retention by student",
];
const LITERALS: &[&str] = &[
    "1",
    "yes",
    "no",
    "2024-09-01",
    "SY2024-25",
    "$1,000.50",
    "25%",
    "12.5%",
    "2 years",
    "30 days",
    "1,000",
    "\"a // text\"",
    "\"quote \\\" in it\"",
    "$0.42",
];
const DATES: &[&str] = &["2014-07-01", "2024-02-29", "1999-12-31"];
const TEXTS: &[&str] =
    &["\"§ 1008.25(5)(b)\"", "\"1\"", "\"a text with // slashes and spaces\"", "\"{level} of {count + 1}\""];

impl<'b> Choices<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes: bytes.iter(), counter: 0 }
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % count
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 1
    }

    fn of(&mut self, list: &[&str]) -> String {
        list[self.below(list.len())].to_owned()
    }

    fn name(&mut self) -> String {
        self.of(NAMES)
    }

    fn text(&mut self) -> String {
        self.of(TEXTS)
    }

    fn label(&mut self) -> String {
        self.counter += 1;
        format!("label_{}", self.counter)
    }

    fn maybe(&mut self, make: impl FnOnce(&mut Self) -> String) -> String {
        if self.flip() { make(self) } else { String::new() }
    }

    fn some(
        &mut self,
        from: usize,
        to: usize,
        separator: &str,
        mut make: impl FnMut(&mut Self) -> String,
    ) -> String {
        let count = from + self.below(to - from + 1);
        (0..count).map(|_| make(self)).collect::<Vec<_>>().join(separator)
    }

    fn path(&mut self) -> String {
        self.some(1, 3, ".", Self::name)
    }

    /// What may stand beside any operator.
    fn operand(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 3 } else { 8 }) {
            0 => self.path(),
            1 | 2 => self.of(LITERALS),
            3 => format!("{}({})", self.path(), self.some(0, 3, ", ", |g| g.condition(depth - 1))),
            4 => format!("({})", self.condition(depth - 1)),
            5 => format!("({}).{}", self.form(depth - 1), self.name()),
            6 => format!("({})", self.form(depth - 1)),
            _ => format!("-{}", self.path()),
        }
    }

    fn arithmetic(&mut self, depth: usize) -> String {
        let mut text = self.operand(depth);
        for _ in 0..self.below(4) {
            let op = self.of(&["+", "-", "*", "/"]);
            text = format!("{text} {op} {}", self.operand(depth));
        }
        text
    }

    fn comparison(&mut self, depth: usize) -> String {
        let left = self.arithmetic(depth);
        match self.below(8) {
            0 => left,
            1..=3 => {
                format!("{left} {} {}", self.of(&["=", "!=", "<", "<=", ">", ">="]), self.arithmetic(depth))
            }
            4 => {
                format!("{left} {} ({})", self.of(&["in", "not in"]), self.some(1, 5, ", ", |g| g.operand(0)))
            }
            5 => {
                format!("{left} {} {} and {}", self.of(&["between", "not between"]), self.path(), self.path())
            }
            6 => format!(
                "{left} is {}{}",
                self.of(&["", "not "]),
                self.of(&["known", "missing", "none", "met"])
            ),
            _ => format!(
                "{} {} {}",
                self.path(),
                self.of(&["starts with", "ends with", "matches"]),
                self.text()
            ),
        }
    }

    /// What may follow `when` or `where`.
    fn condition(&mut self, depth: usize) -> String {
        let mut text = self.comparison(depth);
        for _ in 0..self.below(5) {
            let not = self.of(&["", "", "not "]);
            text = format!("{text} {} {not}{}", self.of(&["and", "or"]), self.comparison(depth));
        }
        text
    }

    fn rows(&mut self, depth: usize) -> String {
        let alias = self.maybe(|g| format!(" as {}", g.name()));
        format!("{}{alias}{}", self.path(), self.maybe(|g| format!(" where {}", g.condition(depth))))
    }

    /// Expressions that are bracketed beside an operator.
    fn form(&mut self, depth: usize) -> String {
        let inner = depth.saturating_sub(1);
        match self.below(if depth == 0 { 3 } else { 19 }) {
            0 => format!("count of {}", self.rows(inner)),
            1 => self.condition(inner),
            2 => format!(
                "{} rounded {}to {}",
                self.path(),
                self.of(&["", "half up ", "down "]),
                self.of(&["cents", "whole", "2 places"])
            ),
            3 => format!("sum of {} over {}", self.arithmetic(inner), self.rows(inner)),
            4 => format!("all of {} satisfy {}", self.rows(inner), self.condition(inner)),
            5 => format!("latest of {} by {} where {}", self.path(), self.path(), self.condition(inner)),
            6 => format!("at least {} of {}", self.below(9), self.rows(inner)),
            7 => {
                let then = self.arithmetic(inner);
                let others = self
                    .some(0, 2, " ", |g| format!("else if {} then {}", g.condition(inner), g.operand(inner)));
                format!("if {} then {then} {others} else {}", self.condition(inner), self.operand(inner))
            }
            8 => {
                let arms = self
                    .some(1, 3, " ", |g| format!("when {} then {}", g.condition(inner), g.operand(inner)));
                let line = self.of(&[" ", "\n"]);
                format!(
                    "case {{{line}{arms} {}{line}}}",
                    self.maybe(|g| format!("otherwise {}", g.operand(inner)))
                )
            }
            9 => format!(
                "percent_rank of {} among {} per ({}, {})",
                self.path(),
                self.rows(inner),
                self.path(),
                self.path()
            ),
            10 => format!(
                "in top 25% of {} among Student where {} per {}",
                self.path(),
                self.condition(inner),
                self.path()
            ),
            11 => format!("days between {} and {}", self.path(), self.path()),
            12 => format!("{} presumed 0", self.path()),
            13 => format!("year of {}", self.path()),
            14 => format!("total of {} among {}", self.path(), self.rows(inner)),
            15 => format!("exactly {} of {}", self.below(9), self.rows(inner)),
            16 => format!("apportion {} over {} by {} to cents", self.path(), self.path(), self.path()),
            17 => format!("count of distinct {} over {}", self.arithmetic(inner), self.rows(inner)),
            _ => format!("first 2 of {}", self.path()),
        }
    }

    fn expression(&mut self) -> String {
        if self.flip() { self.form(2) } else { self.condition(2) }
    }

    fn cites(&mut self) -> String {
        self.some(0, 2, " ", |g| format!("cite {}", g.text()))
    }

    fn interval(&mut self) -> String {
        format!(
            "from {}{}",
            self.of(DATES),
            self.maybe(|g| format!(" {} {}", g.of(&["until", "through"]), g.of(DATES)))
        )
    }

    fn allow(&mut self) -> String {
        self.maybe(|g| format!("allow(missing-citation) {}\n", g.text()))
    }

    fn docs(&mut self) -> String {
        self.maybe(|g| g.some(1, 2, "", |_| "\n/// A line of documentation.\n".to_owned()))
    }

    fn grants(&mut self) -> String {
        self.maybe(|_| ", districts may tighten".to_owned())
    }

    fn rule(&mut self) -> String {
        let mut clauses = vec![format!("when {}", self.expression())];
        clauses.push(self.maybe(|g| format!("subject to {}", g.some(1, 3, ", ", Self::label))));
        clauses.push(self.maybe(|g| format!("notwithstanding {}", g.some(1, 3, ", ", Self::label))));
        clauses.push(self.cites());
        clauses.push(self.maybe(|g| format!("because {}", g.text())));
        clauses.push(self.maybe(Self::interval));
        let turn = self.below(clauses.len());
        clauses.rotate_left(turn);
        let (docs, allow, label, fixed) = (self.docs(), self.allow(), self.label(), self.of(&["", " fixed"]));
        format!("{docs}{allow}rule {label}{fixed}: retained {}\n", clauses.join(" "))
    }

    fn row_fields(&mut self) -> String {
        let separator = self.of(&[" ", "  ", "\n"]);
        self.some(0, 7, &separator, |g| format!("{}: {}", g.name(), g.of(LITERALS)))
    }

    fn statement(&mut self) -> String {
        match self.below(6) {
            0 => format!("as of {}", self.of(DATES)),
            1 => format!("no {}", self.of(&["Retention", "Result"])),
            2 => format!("Student {} {{ {} }}", self.label(), self.row_fields()),
            3 => format!("Day {}[1..31] like maria {{ {} }}", self.label(), self.row_fields()),
            4 => format!("given maria.{} = {}", self.name(), self.arithmetic(1)),
            _ => {
                let by = self.maybe(|g| format!(" by {}", g.some(1, 3, ", ", Self::label)));
                format!(
                    "expect maria.promotion = {}{by}{}",
                    self.name(),
                    self.maybe(|g| format!(" needs {}", g.path()))
                )
            }
        }
    }

    fn parameter(&mut self) -> String {
        let name = self.label();
        let entry = |g: &mut Self| match g.below(3) {
            0 => format!("{}: {}", g.interval(), g.of(LITERALS)),
            1 => format!("{}: {}", g.interval(), g.some(2, 12, ", ", Self::name)),
            _ => {
                let header = g.some(0, 4, " ", |g| g.of(&["paid", "reduced", "free"]));
                let rows = g.some(1, 4, "\n", |g| {
                    let labels = g.some(1, 2, ", ", |g| g.of(&["contiguous", "alaska"]));
                    format!("{labels}: {}", g.some(1, 4, " ", |g| g.of(LITERALS)))
                });
                let cites = g.cites();
                format!("{} {cites} {{ {header} {rows} }}", g.interval())
            }
        };
        let separator = self.of(&[" ", "\n", "\n\n"]);
        let by = self.maybe(|_| " by Area, Tier".to_owned());
        let (ty, grants, cites) = (self.of(TYPES), self.grants(), self.cites());
        format!("parameter {name}{by}: {ty}{grants} {{ {cites} {} }}", self.some(1, 3, &separator, entry))
    }

    fn requirement(&mut self) -> String {
        let head = self.maybe(|g| format!(" where {}", g.condition(1)));
        let id = self.maybe(|_| "id \"STAFF-0117\" ".to_owned());
        let due = self.maybe(|_| "due first_day of year + 30 days then violated ".to_owned());
        let must = |g: &mut Self| {
            let label = g.maybe(|g| format!("{}: ", g.label()));
            format!("{}must {label}{} {}", g.allow(), g.expression(), g.cites())
        };
        let except = |g: &mut Self| format!("except {} when {} {}", g.label(), g.expression(), g.cites());
        let line = self.of(&[" ", "\n", "\n\n"]);
        let (name, grants, cites) = (self.label(), self.grants(), self.cites());
        let (musts, excepts) = (self.some(1, 3, &line, must), self.some(0, 2, &line, except));
        format!(
            "requirement {name} of Section{head}{grants} {{{line}{id}{due}{cites} {musts} {excepts}{line}}}"
        )
    }

    fn item(&mut self) -> String {
        let line = self.of(&[" ", "\n", "\n\n"]);
        let name = self.label();
        match self.below(21) {
            0 => format!("use k12.{name}"),
            1 => {
                let comma = self.of(&[", ", " ", ",\n"]);
                let values = self.some(1, 9, &comma, |g| {
                    format!("{}{}", g.label(), g.some(0, 2, "", |_| " \"ELA\"".to_owned()))
                });
                format!("{}category {name} {{{line}{values}{line}}}", self.of(&["", "ordered "]))
            }
            2 => {
                let field = |g: &mut Self| {
                    let docs = g.docs();
                    let absent = g.of(&["", "", " absent means none", " judged by \"principal\""]);
                    format!(
                        "{docs}{}{}: {}{}{absent}",
                        g.of(&["", "key "]),
                        g.label(),
                        g.of(TYPES),
                        g.of(&["", " private", " unchangeable", " private unchangeable"])
                    )
                };
                let fields = self.some(1, 5, &line, field);
                format!("record {name} {{ key (id: text private, year: school_year){line}{fields} }}")
            }
            3 => format!("group {name} of SubstituteDay by substitute, year = school_year({})", self.path()),
            4 => format!("input {name}: {}", self.of(TYPES)),
            5 => self.parameter(),
            6 => {
                let params = self.maybe(|_| "(subject: Subject, year: school_year)".to_owned());
                format!(
                    "define {name}{params} of Student: {} = {} {}",
                    self.of(TYPES),
                    self.expression(),
                    self.cites()
                )
            }
            7 => {
                let entries =
                    self.some(1, 3, &line, |g| format!("{} {}: {}", g.interval(), g.cites(), g.expression()));
                format!("define {name} of Student: flag {{{line}{}{line}{entries} }}", self.cites())
            }
            8 | 9 => {
                let members = self.some(1, 3, &line, |g| {
                    if g.flip() {
                        let rules = g.some(1, 2, "\n", Self::rule);
                        format!("part {} subject to {} {} {{ {rules} }}\n", g.label(), g.label(), g.cites())
                    } else {
                        g.rule()
                    }
                });
                let head = self.maybe(|g| format!(" where {}", g.condition(1)));
                let default = self.maybe(|g| format!("default retained {} because {}", g.cites(), g.text()));
                format!(
                    "decision {name} of Student{head}{} {{ outcomes promoted, retained{line}{default}{line}{members} }}",
                    self.grants()
                )
            }
            10 => self.requirement(),
            11 => {
                let lines = self.some(1, 3, &line, |g| {
                    let clauses =
                        format!("{} {}", g.maybe(|g| format!("when {}", g.condition(1))), g.cites());
                    format!("line {} = {} {clauses}", g.label(), g.expression())
                });
                format!(
                    "amount {name} of District law on first_day of year {{ {}{line}{lines} }}",
                    self.cites()
                )
            }
            12 => {
                let claim = self.of(&[
                    "never worsens as score rises",
                    "is at least $0",
                    "never depends on a.b, c, days_present",
                ]);
                format!("assert {name}.total {claim}")
            }
            13 => format!("fixture {name} {{ {} }}", self.some(1, 6, &line, Self::statement)),
            14 => format!(
                "amount {name} of R: number = {} {} {}",
                self.expression(),
                self.cites(),
                self.of(&["", "at most $5", "at least $1 at most $2"])
            ),
            15 => format!("waiver {name} {{ {} }}", self.row_fields()),
            16 => format!("amend parameter {name} {{ from 2014-07-01: {} }}", self.of(LITERALS)),
            17 => format!("amend decision {name} {{ {} {} }}", self.rule(), self.rule()),
            18 => format!("extend record {name} {{{line}a: flag?{line}b: text judged by \"principal\"}}"),
            19 => {
                let lines = self.some(1, 2, &line, |g| {
                    let (label, value, most) = (g.label(), g.operand(1), g.operand(1));
                    format!("line {label} for each Area as a = {value} subject to x at most {most}")
                });
                let rounded = self.of(&["", "rounded half up to cents", "rounded to dollars at most $5"]);
                format!("amount {name} of District where {} {{ {rounded}{line}{lines} }}", self.condition(1))
            }
            _ => {
                format!("test \"{name}\" from third_grader {{ {} }}", self.some(1, 6, &line, Self::statement))
            }
        }
    }

    /// A policy and some declarations.
    pub(crate) fn policy(&mut self) -> String {
        let line = self.of(&[" ", "\n", "\n\n"]);
        let mut text = format!(
            "policy a.b {{ title \"T\"{line}authority state \"Florida\" cite \"x\"\neffective from 2014-07-01{line}school_year starts july 1 month_end round down }}\n"
        );
        for _ in 0..1 + self.below(5) {
            let separator = self.of(&["\n", "\n\n", "\n\n\n"]);
            let (docs, allow) = (self.docs(), self.allow());
            text = format!("{text}{separator}{docs}{allow}{}\n", self.item());
        }
        text
    }
}

/// Puts numbered comments where blanks are, outside quoted texts; `choices` says where and of which kind.
pub(crate) fn with_comments(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().copied();
    let mut out = String::new();
    let mut number = 0;
    let mut quoted = false;
    let mut before = ' ';
    let mut in_line_of_docs = false;
    for (at, c) in text.char_indices() {
        let ends_docs = in_line_of_docs && c == '\n';
        in_line_of_docs = (in_line_of_docs && !ends_docs) || text[at..].starts_with("///");
        quoted ^= c == '"' && before != '\\';
        if (c == ' ' || c == '\n') && !quoted && !in_line_of_docs && !ends_docs {
            match choices.next().unwrap_or(0) {
                1..=4 => {
                    number += 1;
                    out.push_str(&format!(" // trailing {number}\n"));
                }
                5..=8 => {
                    number += 1;
                    out.push_str(&format!("\n   // own {number}  \n"));
                }
                9 => {
                    number += 1;
                    out.push_str(&format!("\n\n\n//own {number}\n\n\n"));
                }
                10..=14 => out.push('\n'),
                15..=18 => out.push_str("   \t"),
                19 => out.push_str("\r\n"),
                _ => out.push(c),
            }
        } else {
            out.push(c);
        }
        before = c;
    }
    out
}
