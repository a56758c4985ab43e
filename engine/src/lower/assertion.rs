//! `assert … never depends on …`.

use rubric_grammar::ast::{self, Claim, ExprKind, Name};

use super::names::{Found, Member, Search};
use super::{Context, Lowered, Lowering, Target};
use crate::plan::{AssertBody, Fact, Symbol, Symbols};
use crate::value::{Base, RecordId};

/// Lowers an `assert`. Other claims than `never depends on` have no body.
#[must_use]
pub fn assertion(cx: &Context<'_>, item: &ast::Assert) -> Lowered<AssertBody> {
    let mut lowering = Lowering::new(cx);
    let Claim::NeverDepends(facts) = &item.claim else { return lowering.finish(|_| None) };
    let Some(subject) = lowering.subject(&item.subject) else {
        lowering.failed = true;
        return lowering.finish(|_| None);
    };
    if let Some(record) = record_of(cx.symbols, subject) {
        lowering.bind_record(record);
    }
    let mut never = Vec::with_capacity(facts.len());
    for written in facts {
        match lowering.fact(written) {
            Some(fact) => never.push((fact, lowering.place(written.span))),
            None => lowering.failed = true,
        }
    }
    lowering.finish(|_| Some(AssertBody { subject, never }))
}

fn record_of(symbols: &Symbols, subject: Fact) -> Option<RecordId> {
    match subject {
        Fact::Decision(id) => Some(symbols.decision(id)?.of),
        Fact::Requirement(id) => Some(symbols.requirement(id)?.of),
        Fact::Amount(id) | Fact::Line(id, _) => Some(symbols.amount(id)?.of),
        Fact::Define(id) => symbols.define(id)?.of,
        _ => None,
    }
}

fn declared(symbol: Symbol) -> Option<Fact> {
    match symbol {
        Symbol::Decision(id) => Some(Fact::Decision(id)),
        Symbol::Requirement(id) => Some(Fact::Requirement(id)),
        Symbol::Amount(id) => Some(Fact::Amount(id)),
        Symbol::Define(id) => Some(Fact::Define(id)),
        Symbol::Parameter(id) => Some(Fact::Parameter(id)),
        Symbol::Input(id) => Some(Fact::Input(id)),
        Symbol::Record(id) => Some(Fact::Rows(id)),
        _ => None,
    }
}

const fn member_fact(record: RecordId, member: Member) -> Fact {
    match member {
        Member::Field(field) => Fact::Field(record, field),
        Member::Define(id) => Fact::Define(id),
        Member::Decision(id) => Fact::Decision(id),
        Member::Requirement(id) => Fact::Requirement(id),
        Member::Amount(id) => Fact::Amount(id),
    }
}

impl Lowering<'_> {
    /// What an assertion is about.
    fn subject(&mut self, written: &ast::Expr) -> Option<Fact> {
        let name = match &*written.kind {
            ExprKind::Name(name) => name,
            ExprKind::Field(amount, line) => return self.line_of(amount, line),
            _ => {
                self.no_subject(written);
                return None;
            }
        };
        match self.find(&name.text, false) {
            Search::One(Found::Symbol(
                symbol @ (Symbol::Decision(_)
                | Symbol::Requirement(_)
                | Symbol::Amount(_)
                | Symbol::Define(_)),
            )) => {
                self.mention(name.span, Target::Symbol(symbol));
                declared(symbol)
            }
            Search::Nothing => {
                self.report_unknown(name, None);
                None
            }
            several @ (Search::Rows(_) | Search::Policies(_)) => {
                self.report_ambiguous(name, &several);
                None
            }
            Search::One(_) => {
                self.no_subject(written);
                None
            }
        }
    }

    /// `lcff.base`.
    fn line_of(&mut self, amount: &ast::Expr, line: &Name) -> Option<Fact> {
        let id = match self.subject(amount)? {
            Fact::Amount(id) => id,
            _ => {
                self.no_subject(amount);
                return None;
            }
        };
        let lines = &self.cx.symbols.amount(id)?.lines;
        let Some(position) = lines.iter().position(|label| *label == line.text) else {
            self.report_unknown_line(id, line);
            return None;
        };
        Some(Fact::Line(id, super::lowering::index(position)))
    }

    fn no_subject(&mut self, written: &ast::Expr) {
        let diagnostic = self
            .error("type-mismatch", written.span, "nothing can be asserted of this")
            .help("name a decision, a requirement, an amount, a line of an amount, or a define");
        self.report(diagnostic);
    }

    /// What something may not hang on: a name as the subject sees it, a record, or `Record.field`.
    fn fact(&mut self, written: &ast::Expr) -> Option<Fact> {
        match &*written.kind {
            ExprKind::Paren(inner) => self.fact(inner),
            ExprKind::Name(name) => self.named_fact(name, written),
            ExprKind::Field(base, name) => {
                let record = self.record_named(base)?;
                match *self.find_member(record, &name.text).as_slice() {
                    [] => {
                        self.report_unknown_member(record, name);
                        None
                    }
                    [member, ..] => {
                        self.mention_member(record, member, name.span);
                        Some(member_fact(record, member))
                    }
                }
            }
            _ => {
                self.no_fact(written);
                None
            }
        }
    }

    fn named_fact(&mut self, name: &Name, written: &ast::Expr) -> Option<Fact> {
        match self.find(&name.text, false) {
            Search::One(Found::Member(_, record, member)) => {
                self.mention_member(record, member, name.span);
                Some(member_fact(record, member))
            }
            Search::One(Found::Symbol(symbol)) if declared(symbol).is_some() => {
                self.mention(name.span, Target::Symbol(symbol));
                declared(symbol)
            }
            Search::Nothing => {
                self.report_unknown(name, None);
                None
            }
            several @ (Search::Rows(_) | Search::Policies(_)) => {
                self.report_ambiguous(name, &several);
                None
            }
            Search::One(_) => {
                self.no_fact(written);
                None
            }
        }
    }

    /// The record before a dot: by its name, or of a row that the subject sees.
    fn record_named(&mut self, base: &ast::Expr) -> Option<RecordId> {
        if let ExprKind::Name(name) = &*base.kind
            && let Search::One(Found::Symbol(symbol @ Symbol::Record(record))) = self.find(&name.text, true)
        {
            self.mention(name.span, Target::Symbol(symbol));
            return Some(record);
        }
        let (_, ty) = self.dotted(base)?;
        match ty.base {
            Base::Record(record) => Some(record),
            _ => {
                self.no_fact(base);
                None
            }
        }
    }

    fn no_fact(&mut self, written: &ast::Expr) {
        let diagnostic = self
            .error("type-mismatch", written.span, "a result cannot depend on this")
            .help("name a field, a record, a define, a parameter or an input: `days_present`, `Attendance`, `Attendance.minutes`");
        self.report(diagnostic);
    }
}
