//! Clauses are given to their owners: a `cite` after a `rule` is the rule's, one before the first `rule` the decision's.

use super::clause::{Clause, ClauseKind, damaged};
use crate::SyntaxError;
use crate::ast::{
    Allow, Amount, Decision, DecisionMember, DefaultRule, Except, Line, Must, Part, Policy, Requirement, Rule,
};
use crate::span::Span;

/// Who gets the next clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Declaration,
    Default,
    Part,
    Rule,
    AfterPart,
    Must,
    Except,
    Line,
}

/// Gives clauses to the declaration they stand in.
pub(crate) struct Assembler<'a> {
    errors: &'a mut Vec<SyntaxError>,
    item_start: u32,
    allows: Vec<Allow>,
    /// A clause was lost or stood in the wrong place.
    pub(crate) damaged: bool,
}

impl<'a> Assembler<'a> {
    pub(crate) fn new(errors: &'a mut Vec<SyntaxError>, item_start: u32) -> Self {
        Self { errors, item_start, allows: Vec::new(), damaged: false }
    }

    fn error(&mut self, message: String, span: Span, help: Option<String>) {
        self.damaged = true;
        let span = span.shifted(self.item_start);
        self.errors.push(SyntaxError { code: "syntax", message, span, related: Vec::new(), help, fix: None });
    }

    /// The place has one already.
    fn set<T>(&mut self, place: &mut Option<T>, value: T, words: &str, span: Span) {
        if place.is_some() {
            self.error(format!("a second `{words}`"), span, Some("keep one of them".to_owned()));
        } else {
            *place = Some(value);
        }
    }

    fn late(&mut self, clause: &Clause, declaration: &str, children: &str) {
        let words = clause.kind.words();
        let message = format!("`{words}` of the {declaration} stands after its first {children}");
        let help = format!("move it up, before the first {children}");
        self.error(message, clause.span, Some(help));
    }

    fn misplaced(&mut self, clause: &Clause, owner: &str) {
        let words = clause.kind.words();
        let article = if words.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        let what = if clause.kind.words() == "from" {
            "a date range".to_owned()
        } else {
            format!("{article} `{words}`")
        };
        let help = match (&clause.kind, owner) {
            (ClauseKind::When(_), "decision" | "requirement" | "amount") => {
                Some("write the condition after `where`, before the `{`".to_owned())
            }
            (ClauseKind::SubjectTo(_) | ClauseKind::Notwithstanding(_), "decision") => {
                Some("write it in the rule that it concerns".to_owned())
            }
            _ => None,
        };
        self.error(format!("{what} does not belong to a {owner}"), clause.span, help);
    }

    /// The `allow`s that stood before a declaration or rule.
    fn take_allows(&mut self) -> Vec<Allow> {
        std::mem::take(&mut self.allows)
    }

    /// An `allow` that nothing followed.
    fn finish(&mut self) {
        for allow in self.take_allows() {
            let message = "nothing follows this `allow`".to_owned();
            self.error(message, allow.span, Some("write it before the rule it concerns".to_owned()));
        }
    }

    pub(crate) fn policy(&mut self, policy: &mut Policy, clauses: Vec<Clause>) {
        for clause in clauses {
            let span = clause.span;
            let words = clause.kind.words();
            match clause.kind {
                ClauseKind::Title(text) => self.set(&mut policy.title, text, words, span),
                ClauseKind::Authority(authority) => self.set(&mut policy.authority, authority, words, span),
                ClauseKind::Cite(text) => policy.cites.push(text),
                ClauseKind::Effective(interval) => self.set(&mut policy.effective, interval, words, span),
                ClauseKind::SchoolYear(day) => self.set(&mut policy.school_year, day, words, span),
                ClauseKind::MonthEnd(end) => self.set(&mut policy.month_end, end, words, span),
                _ => self.damaged = true,
            }
        }
    }

    pub(crate) fn decision(&mut self, decision: &mut Decision, clauses: Vec<Clause>) {
        let mut owner = Owner::Declaration;
        let mut part: Option<Part> = None;
        let mut rule: Option<Rule> = None;
        for clause in clauses {
            let span = clause.span;
            let words = clause.kind.words();
            let starts_child = matches!(
                clause.kind,
                ClauseKind::Rule { .. } | ClauseKind::PartStart(_) | ClauseKind::PartEnd
            );
            if starts_child {
                close_rule(&mut rule, part.as_mut(), decision);
            }
            match clause.kind {
                ClauseKind::Rule { docs, label, fixed, outcome, damaged } => {
                    rule = Some(Rule {
                        docs,
                        allows: self.take_allows(),
                        label,
                        fixed,
                        outcome,
                        when: None,
                        subject_to: Vec::new(),
                        notwithstanding: Vec::new(),
                        interval: None,
                        cites: Vec::new(),
                        because: None,
                        waivable_by: Vec::new(),
                        damaged,
                        span,
                    });
                    self.damaged |= damaged;
                    owner = Owner::Rule;
                }
                ClauseKind::PartStart(label) => {
                    if let Some(open) = part.take() {
                        decision.members.push(DecisionMember::Part(open));
                    }
                    part = Some(Part {
                        label,
                        subject_to: Vec::new(),
                        notwithstanding: Vec::new(),
                        interval: None,
                        cites: Vec::new(),
                        rules: Vec::new(),
                        span,
                    });
                    owner = Owner::Part;
                }
                ClauseKind::PartEnd => {
                    if let Some(mut open) = part.take() {
                        open.span = open.span.to(span);
                        decision.members.push(DecisionMember::Part(open));
                    }
                    owner = Owner::AfterPart;
                }
                ClauseKind::Allow(allow) => self.allows.push(allow),
                ClauseKind::Damaged => {
                    self.damaged = true;
                    match &mut rule {
                        Some(rule) => {
                            rule.damaged = true;
                            rule.span = rule.span.to(span);
                        }
                        None => owner = if owner == Owner::Rule { Owner::AfterPart } else { owner },
                    }
                }
                kind => {
                    let clause = Clause { kind, span };
                    match (owner, &mut rule, &mut part) {
                        (Owner::Rule, Some(rule), _) => self.rule_clause(rule, clause),
                        (Owner::Part, _, Some(part)) => self.part_clause(part, clause),
                        (Owner::Default, ..) if self.default_clause(decision, &clause) => {}
                        (Owner::AfterPart, ..) => self.late(&clause, "decision", "`rule` or `part`"),
                        _ => owner = self.decision_clause(decision, clause, words),
                    }
                }
            }
        }
        close_rule(&mut rule, part.as_mut(), decision);
        if let Some(open) = part.take() {
            decision.members.push(DecisionMember::Part(open));
        }
        self.finish();
    }

    fn decision_clause(&mut self, decision: &mut Decision, clause: Clause, words: &str) -> Owner {
        let span = clause.span;
        match clause.kind {
            ClauseKind::Outcomes(outcomes) => self.set(&mut decision.outcomes, outcomes, words, span),
            ClauseKind::Law(date) => self.set(&mut decision.law_on, date, words, span),
            ClauseKind::Cite(text) => decision.cites.push(text),
            ClauseKind::Default(outcome) => {
                let default = DefaultRule { outcome, cites: Vec::new(), because: None, interval: None, span };
                decision.defaults.push(default);
                return Owner::Default;
            }
            _ => self.misplaced(&clause, "decision"),
        }
        Owner::Declaration
    }

    /// Gives a clause to the last default, if it can have it.
    fn default_clause(&mut self, decision: &mut Decision, clause: &Clause) -> bool {
        let Some(default) = decision.defaults.last_mut() else { return false };
        let span = clause.span;
        match &clause.kind {
            ClauseKind::Cite(text) => default.cites.push(text.clone()),
            ClauseKind::Because(template) => {
                let mut place = default.because.take();
                self.set(&mut place, template.clone(), "because", span);
                default.because = place;
            }
            ClauseKind::Interval(interval) => {
                let mut place = default.interval.take();
                self.set(&mut place, interval.clone(), "from", span);
                default.interval = place;
            }
            ClauseKind::When(_) => {
                let help = Some("a default holds when no rule does; write a `rule`".to_owned());
                self.error("a `default` has no condition".to_owned(), span, help);
                return true;
            }
            _ => return false,
        }
        default.span = default.span.to(span);
        true
    }

    fn rule_clause(&mut self, rule: &mut Rule, clause: Clause) {
        let span = clause.span;
        let words = clause.kind.words();
        match clause.kind {
            ClauseKind::When(condition) => {
                let second = rule.when.is_some();
                if second {
                    let help = Some("join the conditions with `and` or `or`".to_owned());
                    self.error("a second `when` in one rule".to_owned(), span, help);
                    rule.damaged = true;
                } else {
                    rule.damaged |= matches!(condition.kind.as_ref(), crate::ast::ExprKind::Damaged);
                    rule.when = Some(condition);
                }
            }
            ClauseKind::Cite(text) => rule.cites.push(text),
            ClauseKind::Because(template) => self.set(&mut rule.because, template, words, span),
            ClauseKind::SubjectTo(names) => rule.subject_to.extend(names),
            ClauseKind::Notwithstanding(names) => rule.notwithstanding.extend(names),
            ClauseKind::Interval(interval) => self.set(&mut rule.interval, interval, words, span),
            ClauseKind::WaivableBy(text) => rule.waivable_by.push(text),
            ClauseKind::Default(_) | ClauseKind::Outcomes(_) | ClauseKind::Law(_) => {
                self.late(&clause, "decision", "`rule` or `part`");
                return;
            }
            _ => {
                self.misplaced(&clause, "rule");
                return;
            }
        }
        rule.span = rule.span.to(span);
    }

    fn part_clause(&mut self, part: &mut Part, clause: Clause) {
        let span = clause.span;
        match clause.kind {
            ClauseKind::SubjectTo(names) => part.subject_to.extend(names),
            ClauseKind::Notwithstanding(names) => part.notwithstanding.extend(names),
            ClauseKind::Interval(interval) => self.set(&mut part.interval, interval, "from", span),
            ClauseKind::Cite(text) => part.cites.push(text),
            _ => self.misplaced(&clause, "part"),
        }
        part.span = part.span.to(span);
    }

    pub(crate) fn requirement(&mut self, requirement: &mut Requirement, clauses: Vec<Clause>) {
        let mut owner = Owner::Declaration;
        for clause in clauses {
            let span = clause.span;
            let words = clause.kind.words();
            match clause.kind {
                ClauseKind::Must { label, kind } => {
                    let allows = self.take_allows();
                    requirement.musts.push(Must { allows, label, kind, cites: Vec::new(), span });
                    owner = Owner::Must;
                }
                ClauseKind::Except(label) => {
                    let allows = self.take_allows();
                    let place = Span::new(span.end, span.end);
                    requirement.excepts.push(Except {
                        allows,
                        label,
                        when: damaged(place),
                        cites: Vec::new(),
                        interval: None,
                        span,
                    });
                    owner = Owner::Except;
                }
                ClauseKind::Allow(allow) => self.allows.push(allow),
                ClauseKind::Damaged => {
                    self.damaged = true;
                    if owner == Owner::Except
                        && let Some(except) = requirement.excepts.last_mut()
                    {
                        except.span = except.span.to(span);
                    }
                }
                kind => {
                    let clause = Clause { kind, span };
                    match owner {
                        Owner::Must => self.must_clause(requirement, &clause),
                        Owner::Except => self.except_clause(requirement, &clause),
                        _ => self.requirement_clause(requirement, clause, words),
                    }
                }
            }
        }
        self.finish();
        let without: Vec<(String, Span)> = requirement
            .excepts
            .iter()
            .filter(|except| except.when.span.start == except.when.span.end && !self.damaged)
            .map(|except| (except.label.text.clone(), except.span))
            .collect();
        for (label, span) in without {
            let help = Some(format!("write `except {label} when` and a condition"));
            self.error(format!("`except {label}` has no `when`"), span, help);
        }
    }

    fn requirement_clause(&mut self, requirement: &mut Requirement, clause: Clause, words: &str) {
        let span = clause.span;
        match clause.kind {
            ClauseKind::Id(text) => self.set(&mut requirement.id, text, words, span),
            ClauseKind::Severity(name) => self.set(&mut requirement.severity, name, words, span),
            ClauseKind::Cite(text) => requirement.cites.push(text),
            ClauseKind::Because(template) => self.set(&mut requirement.because, template, words, span),
            ClauseKind::Law(date) => self.set(&mut requirement.law_on, date, words, span),
            ClauseKind::Due(due) => self.set(&mut requirement.due, due, words, span),
            ClauseKind::WaivableBy(text) => requirement.waivable_by.push(text),
            ClauseKind::Interval(interval) => self.set(&mut requirement.interval, interval, words, span),
            _ => self.misplaced(&clause, "requirement"),
        }
    }

    fn must_clause(&mut self, requirement: &mut Requirement, clause: &Clause) {
        let Some(must) = requirement.musts.last_mut() else { return };
        match &clause.kind {
            ClauseKind::Cite(text) => {
                must.cites.push(text.clone());
                must.span = must.span.to(clause.span);
            }
            ClauseKind::When(_) => {
                let help =
                    Some("write the condition after `where`, before the `{`, or in an `except`".to_owned());
                self.error("a `must` has no `when`".to_owned(), clause.span, help);
            }
            _ => self.late(clause, "requirement", "`must` or `except`"),
        }
    }

    fn except_clause(&mut self, requirement: &mut Requirement, clause: &Clause) {
        let Some(except) = requirement.excepts.last_mut() else { return };
        let span = clause.span;
        match &clause.kind {
            ClauseKind::Cite(text) => except.cites.push(text.clone()),
            ClauseKind::When(condition) => {
                if except.when.span.start == except.when.span.end {
                    except.when = condition.clone();
                } else {
                    let help = Some("join the conditions with `and` or `or`".to_owned());
                    self.error("a second `when` in one `except`".to_owned(), span, help);
                    return;
                }
            }
            ClauseKind::Interval(interval) => {
                let mut place = except.interval.take();
                self.set(&mut place, interval.clone(), "from", span);
                if let Some(except) = requirement.excepts.last_mut() {
                    except.interval = place;
                }
            }
            _ => {
                self.late(clause, "requirement", "`must` or `except`");
                return;
            }
        }
        if let Some(except) = requirement.excepts.last_mut() {
            except.span = except.span.to(span);
        }
    }

    pub(crate) fn amount(&mut self, amount: &mut Amount, clauses: Vec<Clause>) {
        let mut owner = Owner::Declaration;
        for clause in clauses {
            let span = clause.span;
            let words = clause.kind.words();
            match clause.kind {
                ClauseKind::Line { docs, label, for_each, value } => {
                    amount.lines.push(Line {
                        docs,
                        allows: self.take_allows(),
                        label,
                        for_each,
                        value,
                        when: None,
                        subject_to: Vec::new(),
                        limits: crate::ast::Limits::default(),
                        interval: None,
                        cites: Vec::new(),
                        because: None,
                        span,
                    });
                    owner = Owner::Line;
                }
                ClauseKind::Allow(allow) => self.allows.push(allow),
                ClauseKind::Damaged => {
                    self.damaged = true;
                    if let Some(line) = amount.lines.last_mut() {
                        line.span = line.span.to(span);
                    }
                }
                kind => {
                    let clause = Clause { kind, span };
                    match (owner, amount.lines.last_mut()) {
                        (Owner::Line, Some(line)) => self.line_clause(line, clause),
                        _ => self.amount_clause(amount, clause, words),
                    }
                }
            }
        }
        self.finish();
    }

    fn amount_clause(&mut self, amount: &mut Amount, clause: Clause, words: &str) {
        let span = clause.span;
        match clause.kind {
            ClauseKind::Law(date) => self.set(&mut amount.law_on, date, words, span),
            ClauseKind::Cite(text) => amount.cites.push(text),
            ClauseKind::Because(template) => self.set(&mut amount.because, template, words, span),
            ClauseKind::Rounded(rounding) => self.set(&mut amount.rounding, rounding, words, span),
            ClauseKind::Limit { most: true, value } => {
                self.set(&mut amount.limits.at_most, value, words, span)
            }
            ClauseKind::Limit { most: false, value } => {
                self.set(&mut amount.limits.at_least, value, words, span)
            }
            _ => self.misplaced(&clause, "amount"),
        }
    }

    fn line_clause(&mut self, line: &mut Line, clause: Clause) {
        let span = clause.span;
        let words = clause.kind.words();
        match clause.kind {
            ClauseKind::When(condition) => self.set(&mut line.when, condition, words, span),
            ClauseKind::SubjectTo(names) => line.subject_to.extend(names),
            ClauseKind::Limit { most: true, value } => self.set(&mut line.limits.at_most, value, words, span),
            ClauseKind::Limit { most: false, value } => {
                self.set(&mut line.limits.at_least, value, words, span)
            }
            ClauseKind::Interval(interval) => self.set(&mut line.interval, interval, words, span),
            ClauseKind::Cite(text) => line.cites.push(text),
            ClauseKind::Because(template) => self.set(&mut line.because, template, words, span),
            _ => {
                self.late(&clause, "amount", "`line`");
                return;
            }
        }
        line.span = line.span.to(span);
    }
}

/// Puts the open rule where it belongs.
fn close_rule(rule: &mut Option<Rule>, part: Option<&mut Part>, decision: &mut Decision) {
    let Some(rule) = rule.take() else { return };
    match part {
        Some(part) => {
            part.span = part.span.to(rule.span);
            part.rules.push(rule);
        }
        None => decision.members.push(DecisionMember::Rule(rule)),
    }
}
