//! Whole policies.

use std::collections::BTreeMap;

use crate::expression::{Maker, Row, Scope};
use crate::program::{File, Item, Program};
use crate::random::Random;
use crate::tree::{Kind, Node};

/// The policy that the others use.
const VOCABULARY: &str = include_str!("vocabulary.rubric");

/// What may stand in a program.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Records may go wrong: division, arms that disagree, rules that conflict, limits that cross.
    pub errors: bool,
    /// What a new fact may turn round: `is known`, `must be unique` (which compares known keys), `then violated`.
    pub known: bool,
    /// How deep expressions nest.
    pub depth: usize,
    /// Every construct of the language, also what has no place in what the others are for: waivers, `case`s that leave
    /// something undecided.
    pub all: bool,
}

/// What has been declared so far and may be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    /// By row and type: how defines are called.
    defines: BTreeMap<(Row, Kind), Vec<String>>,
    /// By row: conditions on decisions, requirements and amounts.
    results: BTreeMap<Row, Vec<String>>,
    /// What the policy above the districts lets them amend.
    open: Vec<Open>,
}

/// Something that a district may amend.
#[derive(Clone, Debug)]
enum Open {
    /// A decision: its name, its record, its outcomes, how many rules it has.
    Decision(String, Row, Vec<String>, usize),
    /// A requirement, whether it is `for each` subject, and how many labelled `must`s it has.
    Requirement(String, bool, usize),
    /// An amount with the lines of [`Writer::amount`].
    Amount(String),
}

impl Shared {
    pub(crate) fn defines_of(&self, row: Row, kind: Kind) -> Vec<String> {
        let mut found = self.defines.get(&(row, kind)).cloned().unwrap_or_default();
        if row == Row::Item {
            let of_owner = self.defines.get(&(Row::Child, kind)).into_iter().flatten();
            found.extend(of_owner.map(|name| format!("owner.{name}")));
        }
        found
    }

    pub(crate) fn results(&self, row: Row) -> Vec<String> {
        self.results.get(&row).cloned().unwrap_or_default()
    }

    fn result(&mut self, row: Row, conditions: &[String]) {
        self.results.entry(row).or_default().extend_from_slice(conditions);
    }
}

const HEADER: &str = "policy NAME {
  title \"T\"
  authority AUTHORITY
  cite \"c\"
  effective from 2000-01-01
  school_year starts july 1
  month_end round up
}
";

/// Policies that the checker accepts.
#[must_use]
pub fn program(random: &mut Random, settings: &Settings) -> Program {
    let mut shared = Shared::default();
    let mut files =
        vec![File { path: "v.rubric".to_owned(), head: VOCABULARY.to_owned(), items: Vec::new() }];
    let mut names = 0;
    for (name, uses) in [("p", "use v\n"), ("q", "use v\nuse p\n")] {
        let mut items = Vec::new();
        let rounds = 1 + random.below(2);
        for round in 0..rounds {
            let mut writer =
                Writer { random, settings, shared: &mut shared, names: &mut names, policy: name };
            for _ in 0..=writer.random.below(3) {
                items.push(writer.define());
            }
            items.push(writer.called());
            if writer.random.percent(70) {
                items.push(writer.decision(round));
            }
            if writer.random.percent(50) {
                items.push(writer.requirement(round));
            }
            if writer.random.percent(50) {
                items.push(writer.amount(round));
            }
            // Where the weights that are not known prove to be nothing, nobody can share.
            if settings.errors && writer.random.percent(40) {
                items.push(writer.share(round));
            }
        }
        let head = HEADER.replace("NAME", name).replace("AUTHORITY", "state \"S\" under v") + uses;
        files.push(File { path: format!("{name}.rubric"), head, items });
    }
    // What reads a declaration cannot be read where that is amended, so that amendments read fields alone.
    let mut bare = Shared { open: shared.open, ..Shared::default() };
    for (name, district) in [("y", "D0"), ("z", "D1")] {
        if random.percent(45) {
            let mut writer = Writer { random, settings, shared: &mut bare, names: &mut names, policy: name };
            let items = writer.amendments();
            let authority = format!("district \"{district}\" under p");
            let head = HEADER.replace("NAME", name).replace("AUTHORITY", &authority) + "use v\n";
            files.push(File { path: format!("{name}.rubric"), head, items });
        }
    }
    Program { files }
}

struct Writer<'a> {
    random: &'a mut Random,
    settings: &'a Settings,
    shared: &'a mut Shared,
    names: &'a mut usize,
    policy: &'static str,
}

impl Writer<'_> {
    fn expr(&mut self, scope: &Scope, kind: Kind, depth: usize) -> Node {
        let mut maker =
            Maker { random: self.random, settings: self.settings, shared: self.shared, names: *self.names };
        let made = maker.expr(scope, kind, depth);
        *self.names = maker.names;
        made
    }

    fn fresh(&mut self, prefix: &str) -> String {
        *self.names += 1;
        format!("{prefix}_{}{}", self.policy, self.names)
    }

    fn row(&mut self) -> Row {
        if self.random.percent(50) {
            return Row::Child;
        }
        self.random.pick(&Row::ALL).copied().unwrap_or(Row::Child)
    }

    fn define(&mut self) -> Item {
        let kinds = [
            Kind::Flag,
            Kind::Flag,
            Kind::Count,
            Kind::Number,
            Kind::Percent,
            Kind::Money,
            Kind::Date,
            Kind::Year,
            Kind::Text,
            Kind::Days,
            Kind::Months,
            Kind::Subject,
            Kind::Grade,
        ];
        let kind = self.random.pick(&kinds).copied().unwrap_or(Kind::Flag);
        let row = self.row();
        let name = self.fresh("f");
        let scope = Scope::of(row);
        // A flag may be one that is missing.
        let mark = if kind == Kind::Flag { "?" } else { "" };
        let head = format!("define {name} of {}: {}{mark}", row.name(), kind.name());
        let depth = self.settings.depth;
        let item = if self.random.percent(20) {
            let parts = vec![self.expr(&scope, kind, depth), self.expr(&scope, kind, depth)];
            let text = format!("{head} ⟨\n  cite \"c\"\n  from 1900-01-01: {{}}\n  from 2024-01-01: {{}}\n⟩");
            Item::whole(Node::new(Kind::Clause, &text, parts))
        } else {
            let value = self.expr(&scope, kind, depth);
            Item::whole(Node::new(Kind::Clause, &format!("{head} = {{}}"), vec![value]))
        };
        self.shared.defines.entry((row, kind)).or_default().push(name);
        item
    }

    /// A define with parameters, and how it may be called.
    fn called(&mut self) -> Item {
        let name = self.fresh("g");
        let mut scope = Scope::of(Row::Child);
        scope.bound = vec![("about".to_owned(), Kind::Subject), ("least".to_owned(), Kind::Count)];
        let value = self.expr(&scope, Kind::Flag, self.settings.depth);
        let text = format!("define {name}(about: Subject, least: count) of Child: flag? = {{}}");
        let calls = [format!("{name}(math, quota)"), format!("{name}(term, quota - 1)")];
        self.shared.defines.entry((Row::Child, Kind::Flag)).or_default().extend(calls);
        Item::whole(Node::new(Kind::Clause, &text, vec![value]))
    }

    /// A condition that stands alone: `when` and the like.
    fn when(&mut self, scope: &Scope, kind: &str) -> Node {
        let condition = self.expr(scope, Kind::Flag, self.settings.depth);
        Node::new(Kind::Clause, &format!("{kind} {{}}"), vec![condition])
    }

    fn waivable(&mut self) -> &'static str {
        if self.settings.all && self.random.percent(30) { " waivable by \"board\"" } else { "" }
    }

    fn decision(&mut self, round: usize) -> Item {
        let row = if self.random.percent(80) { Row::Child } else { Row::School };
        let scope = Scope::of(row);
        let name = format!("d_{}{round}", self.policy);
        let outcomes = ["first", "second", "third"].map(|outcome| format!("{outcome}_{name}"));
        // Where records may not go wrong, every rule overrides all before it and a default takes the rest.
        let tame = !self.settings.errors;
        let condition = if self.random.percent(40) { Some(self.when(&scope, "where")) } else { None };
        let law = if row == Row::Child && self.random.percent(30) { " law on day" } else { "" };
        let default = if tame || self.random.percent(60) {
            format!("default {} cite \"c\"", self.random.pick(&outcomes).cloned().unwrap_or_default())
        } else {
            String::new()
        };
        let text = format!(
            "decision {name} of {}{{}}{law}, districts may replace ⟨ outcomes {} cite \"c\" {default}",
            row.name(),
            outcomes.join(", ")
        );
        let condition = match condition {
            Some(condition) => Node::new(Kind::Clause, " {}", vec![condition]),
            None => Node::leaf(Kind::Clause, ""),
        };
        let head = Node::new(Kind::Clause, &text, vec![condition]);
        let mut members = Vec::new();
        let rules = 1 + self.random.below(4);
        if self.policy == "p" {
            self.shared.open.push(Open::Decision(name.clone(), row, outcomes.to_vec(), rules));
        }
        for rule in 0..rules {
            let when = self.when(&scope, "when");
            let mut over: Vec<String> = Vec::new();
            for below in 0..rule {
                if tame || self.random.percent(35) {
                    over.push(format!("r{below}"));
                }
            }
            let over =
                if over.is_empty() { String::new() } else { format!(" notwithstanding {}", over.join(", ")) };
            let dated = if !tame && self.random.percent(15) { " from 2024-03-01" } else { "" };
            let outcome = self.random.pick(&outcomes).cloned().unwrap_or_default();
            let waivable = self.waivable();
            members.push(Node::new(
                Kind::Clause,
                &format!("rule r{rule}: {outcome} {{}}{over}{dated}{waivable} cite \"c\""),
                vec![when],
            ));
        }
        let conditions: Vec<String> = outcomes
            .iter()
            .map(|outcome| format!("({name} = {outcome})"))
            .chain([
                format!("({name} in ({}, {}))", outcomes[0], outcomes[2]),
                format!("({name} != {})", outcomes[1]),
            ])
            .collect();
        self.shared.result(row, &conditions);
        Item { head, members, tail: "}".to_owned() }
    }

    fn requirement(&mut self, round: usize) -> Item {
        let name = format!("q_{}{round}", self.policy);
        let each = self.random.percent(40);
        let mut scope = Scope::of(Row::Child);
        let over = if each {
            scope.bound.push(("about".to_owned(), Kind::Subject));
            " for each Subject as about"
        } else {
            ""
        };
        let condition = self.when(&scope, "where");
        let due = [" due day then violated", "", " due day + 30 days"];
        let due: Vec<&str> =
            due.into_iter().filter(|due| self.settings.known || !due.contains("then")).collect();
        let due = self.random.pick(&due).copied().unwrap_or("");
        let waivable = self.waivable();
        let text = format!(
            "requirement {name} of Child{over} {{}}, districts may replace ⟨ cite \"c\"{waivable}{due}"
        );
        let head = Node::new(Kind::Clause, &text, vec![condition]);
        let mut members = Vec::new();
        let musts = 1 + self.random.below(2);
        if self.policy == "p" {
            self.shared.open.push(Open::Requirement(name.clone(), each, musts));
        }
        for must in 0..musts {
            members.push(self.when(&scope, &format!("must m{must}:")));
        }
        if self.settings.known && self.random.percent(20) {
            members.push(Node::leaf(Kind::Clause, "must be unique by n, grade"));
        }
        if self.random.percent(50) {
            members.push(self.when(&scope, "except e when"));
        }
        let conditions = if each {
            vec![
                format!("({name}(math) is met)"),
                format!("(all of Subject as z{round} satisfy {name}(z{round}) is met)"),
            ]
        } else {
            vec![format!("({name} is met)")]
        };
        self.shared.result(Row::Child, &conditions);
        Item { head, members, tail: "}".to_owned() }
    }

    fn amount(&mut self, round: usize) -> Item {
        let name = format!("pay_{}{round}", self.policy);
        let scope = Scope::of(Row::Child);
        let depth = self.settings.depth.saturating_sub(1);
        // What does not apply is an error in arithmetic.
        let condition = if self.settings.errors && self.random.percent(40) {
            Node::new(Kind::Clause, " {}", vec![self.when(&scope, "where")])
        } else {
            Node::leaf(Kind::Clause, "")
        };
        let total = self.random.pick(&[
            "",
            "rounded half up to whole at most 7",
            "at least 1",
            "rounded to 2 places",
        ]);
        let text = format!(
            "amount {name} of Child: number{{}}, districts may replace ⟨ cite \"c\" {}",
            total.copied().unwrap_or("")
        );
        let head = Node::new(Kind::Clause, &text, vec![condition]);
        if self.policy == "p" {
            self.shared.open.push(Open::Amount(name.clone()));
        }
        let value = self.expr(&scope, Kind::Number, depth);
        let first = self.when(&scope, "when");
        let second = self.expr(&scope, Kind::Number, depth);
        let limit = self
            .random
            .pick(&["", " at most 3", " at least 1", " at most 4 at least 1"])
            .copied()
            .unwrap_or("");
        let third = self.when(&scope, "when");
        let mut each_scope = scope.clone();
        each_scope.bound.push(("about".to_owned(), Kind::Subject));
        let each = self.expr(&each_scope, Kind::Number, depth);
        let each_when = self.when(&each_scope, "when");
        let members = vec![
            Node::new(Kind::Clause, "line base = {} {}", vec![value, first]),
            Node::new(
                Kind::Clause,
                &format!("line more = ({{}} + base){limit} subject to rare"),
                vec![second],
            ),
            Node::new(Kind::Clause, "line rare = 1 {}", vec![third]),
            Node::new(Kind::Clause, "line each for each Subject as about = {} {}", vec![each, each_when]),
            Node::leaf(Kind::Clause, "line both = each(reading) + (sum of each(z) over Subject as z)"),
        ];
        self.shared.result(
            Row::Child,
            &[
                format!("({name} > 2)"),
                format!("({name}.base >= 1)"),
                format!("({name}.each(math) = {name}.each(term))"),
            ],
        );
        Item { head, members, tail: "}".to_owned() }
    }

    /// What a district amends: some parameters, and some of what is open to it.
    fn amendments(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        let rows = [
            "amend parameter quota { cite \"c\" from 2024-01-15: 3 from 2024-06-01: 1 }",
            "amend parameter price { cite \"c\" from 2023-01-01 until 2025-01-01 { math: $0.50 } }",
            "amend parameter core { cite \"c\" from 2024-02-01: science }",
        ];
        for row in rows {
            if self.random.percent(50) {
                items.push(Item::whole(Node::leaf(Kind::Clause, row)));
            }
        }
        for open in self.shared.open.clone() {
            if self.random.percent(60) {
                items.push(match open {
                    Open::Decision(name, row, outcomes, rules) => {
                        self.amend_decision(&name, row, &outcomes, rules)
                    }
                    Open::Requirement(name, each, musts) => self.amend_requirement(&name, each, musts),
                    Open::Amount(name) => self.amend_amount(&name),
                });
            }
        }
        items
    }

    fn amend_decision(&mut self, name: &str, row: Row, outcomes: &[String], rules: usize) -> Item {
        let scope = Scope::of(row);
        let tame = !self.settings.errors;
        let default = if self.random.percent(40) {
            format!("default {} cite \"c\"", self.random.pick(outcomes).cloned().unwrap_or_default())
        } else {
            String::new()
        };
        let head =
            Node::new(Kind::Clause, &format!("amend decision {name} ⟨ cite \"c\" {default}"), Vec::new());
        let mut members = Vec::new();
        for rule in 0..1 + self.random.below(2) {
            let when = self.when(&scope, "when");
            let known =
                (0..rules).map(|known| format!("r{known}")).chain((0..rule).map(|own| format!("a{own}")));
            let over: Vec<String> = known.filter(|_| tame || self.random.percent(35)).collect();
            let over =
                if over.is_empty() { String::new() } else { format!(" notwithstanding {}", over.join(", ")) };
            let dated =
                if !tame && self.random.percent(25) { " from 2024-02-01 until 2024-08-01" } else { "" };
            let outcome = self.random.pick(outcomes).cloned().unwrap_or_default();
            members.push(Node::new(
                Kind::Clause,
                &format!("rule a{rule}: {outcome} {{}}{over}{dated} cite \"c\""),
                vec![when],
            ));
        }
        Item { head, members, tail: "}".to_owned() }
    }

    fn amend_requirement(&mut self, name: &str, each: bool, musts: usize) -> Item {
        let mut scope = Scope::of(Row::Child);
        if each {
            scope.bound.push(("about".to_owned(), Kind::Subject));
        }
        let dated = if self.random.percent(30) { " from 2024-02-15" } else { "" };
        let head =
            Node::new(Kind::Clause, &format!("amend requirement {name} ⟨ cite \"c\"{dated}"), Vec::new());
        let label = if self.random.percent(50) {
            format!("m{}", self.random.below(musts))
        } else {
            "more".to_owned()
        };
        let mut members = vec![self.when(&scope, &format!("must {label}:"))];
        if self.random.percent(50) {
            // Where the requirement has an `except` of that label it is replaced.
            let label = if self.settings.all && self.random.percent(60) { "e" } else { "excused" };
            members.push(self.when(&scope, &format!("except {label} when")));
        }
        Item { head, members, tail: "}".to_owned() }
    }

    fn amend_amount(&mut self, name: &str) -> Item {
        let scope = Scope::of(Row::Child);
        let depth = self.settings.depth.saturating_sub(1);
        let head = Node::new(Kind::Clause, &format!("amend amount {name} ⟨ cite \"c\""), Vec::new());
        let base = self.expr(&scope, Kind::Number, depth);
        let extra = self.expr(&scope, Kind::Number, depth);
        let when = self.when(&scope, "when");
        let dated = if self.random.percent(30) { " from 2024-02-15" } else { "" };
        let members = vec![
            Node::new(Kind::Clause, &format!("line base = {{}}{dated}"), vec![base]),
            Node::new(Kind::Clause, "line extra = {} {}", vec![extra, when]),
        ];
        Item { head, members, tail: "}".to_owned() }
    }

    fn share(&mut self, round: usize) -> Item {
        let name = format!("part_{}{round}", self.policy);
        let condition =
            self.expr(&Scope { rows: vec![Row::Item], bound: Vec::new(), alone: true }, Kind::Flag, 1);
        let text = format!(
            "amount {name} of Item: number = apportion owner.n over owner.items where {{}} by x to whole"
        );
        self.shared.result(Row::Child, &[format!("((sum of {name} over items) = n)")]);
        Item::whole(Node::new(Kind::Clause, &text, vec![condition]))
    }
}
