//! `assert …`: which record it is about, and what it promises.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ExprKind, Name};

use super::names::{Found, Member, Search};
use super::unit::is_ordered;
use super::{Context, Lowered, Lowering, Target};
use crate::check::walk;
use crate::plan::{
    AssertBody, Claim, Code, CompareOp, DecisionId, ExprId, Fact, FieldKind, Op, Promise, Symbol, Symbols,
};
use crate::value::{Base, RecordId, Type};

/// Lowers an `assert`.
#[must_use]
pub fn assertion(cx: &Context<'_>, item: &ast::Assert) -> Lowered<AssertBody> {
    let mut lowering = Lowering::new(cx);
    let place = lowering.place(item.subject.span);
    let claim = match &item.claim {
        ast::Claim::Damaged => None,
        ast::Claim::NeverDepends(facts) => lowering.never_depends(&item.subject, facts),
        ast::Claim::NeverWorsens { of, rises } => lowering.never_worsens(&item.subject, of, *rises),
        ast::Claim::AtLeast(limit) => lowering.limited(&item.subject, limit, CompareOp::Ge),
        ast::Claim::AtMost(limit) => lowering.limited(&item.subject, limit, CompareOp::Le),
        ast::Claim::Implies(conclusion) => lowering.implies(&item.subject, conclusion),
    };
    lowering.failed |= claim.is_none();
    lowering.finish(|code| Some(AssertBody { claim: claim?.with(code), place }))
}

/// A claim whose code is still being made.
enum Draft {
    Ready(Claim),
    Holds {
        of: RecordId,
        subject: Option<Fact>,
        premise: Option<ExprId>,
        holds: ExprId,
        sides: Option<(ExprId, ExprId)>,
    },
}

impl Draft {
    fn with(self, code: Code) -> Claim {
        match self {
            Self::Ready(claim) => claim,
            Self::Holds { of, subject, premise, holds, sides } => {
                Claim::Holds(Promise { code, of, subject, premise, holds, sides })
            }
        }
    }
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
    fn never_depends(&mut self, subject: &ast::Expr, facts: &[ast::Expr]) -> Option<Draft> {
        let subject = self.subject(subject)?;
        if let Some(record) = record_of(self.cx.symbols, subject) {
            self.bind_record(record);
        }
        let mut never = Vec::with_capacity(facts.len());
        for written in facts {
            match self.fact(written) {
                Some(fact) => never.push((fact, self.place(written.span))),
                None => self.failed = true,
            }
        }
        Some(Draft::Ready(Claim::NeverDepends { subject, never }))
    }

    fn never_worsens(&mut self, subject: &ast::Expr, moved: &ast::Expr, rises: bool) -> Option<Draft> {
        let decision = match self.subject(subject)? {
            Fact::Decision(id) => id,
            _ => {
                self.worsens_not(subject.span);
                return None;
            }
        };
        self.has_better_and_worse(decision, subject.span)?;
        let record = self.cx.symbols.decision(decision)?.of;
        self.bind_record(record);
        let fact = self.fact(moved)?;
        let ty = match fact {
            Fact::Field(of, field) if of == record => {
                let declared = self.cx.symbols.record(of)?.fields.get(field as usize)?;
                (declared.kind == FieldKind::Cell).then_some(declared.ty)
            }
            Fact::Define(id) => {
                let define = self.cx.symbols.define(id)?;
                (define.of == Some(record) && define.params.is_empty()).then_some(define.ty)
            }
            _ => None,
        };
        let Some(ty) = ty else {
            let record = self.cx.symbols.record(record).map_or("", |record| record.name.as_str());
            let message = format!("this is no value of a `{record}` that can rise or fall by itself");
            let diagnostic = self
                .error("type-mismatch", moved.span, message)
                .help(format!("name a field of `{record}`, or a define of it without parameters"));
            self.report(diagnostic);
            return None;
        };
        if ty.base == Base::Damaged {
            return None;
        }
        if !is_ordered(self.cx.symbols, ty.base) && ty.base != Base::Flag {
            let what = super::type_name(self.cx.symbols, ty);
            let diagnostic = self
                .error("type-mismatch", moved.span, format!("a `{what}` does not rise or fall"))
                .help("name a number, an amount of money, a date, a flag or a value of an ordered category");
            self.report(diagnostic);
            return None;
        }
        let place = self.place(moved.span);
        Some(Draft::Ready(Claim::NeverWorsens { decision, moved: fact, rises, place }))
    }

    fn worsens_not(&mut self, span: Span) {
        let diagnostic = self
            .error("type-mismatch", span, "only a decision has outcomes that are better and worse")
            .help("of an amount write `is at least …` or `is at most …`, of a flag `… implies …`");
        self.report(diagnostic);
    }

    /// The outcomes of the decision have an order.
    fn has_better_and_worse(&mut self, decision: DecisionId, span: Span) -> Option<()> {
        let symbol = self.cx.symbols.decision(decision)?;
        if !symbol.any_order {
            return Some(());
        }
        let message = format!("the outcomes of `{}` are `in any order`, so none is worse", symbol.name);
        let diagnostic = self
            .error("type-mismatch", span, message)
            .label(symbol.place, "this decision")
            .help("list them from most to least favourable, without `in any order`");
        self.report(diagnostic);
        None
    }

    /// `a is at least E`.
    fn limited(&mut self, subject: &ast::Expr, limit: &ast::Expr, op: CompareOp) -> Option<Draft> {
        let of = self.about(&[subject])?;
        let fact = self.promised(subject);
        self.bind_record(of);
        let before = self.diagnostics.len();
        let value = self.expr(subject, None);
        if value.is_none() && self.diagnostics.len() == before {
            self.failed = true;
        }
        let (value, ty) = value?;
        if !is_ordered(self.cx.symbols, ty.base) {
            let what = super::type_name(self.cx.symbols, ty);
            let diagnostic = self
                .error("type-mismatch", subject.span, format!("a `{what}` is not more or less than another"))
                .help("name an amount, a line of one, or a define that is a number; of a decision write `never worsens as … rises`");
            self.report(diagnostic);
            return None;
        }
        let (bound, bound_type) = self.expr(limit, Some(Type::of(ty.base)))?;
        self.agree(subject, ty, limit, bound_type)?;
        if !is_ordered(self.cx.symbols, bound_type.base) {
            let what = super::type_name(self.cx.symbols, bound_type);
            let diagnostic = self.error(
                "type-mismatch",
                limit.span,
                format!("a `{what}` is not more or less than another"),
            );
            self.report(diagnostic);
            return None;
        }
        let span = subject.span.to(limit.span);
        let holds = self.push(Op::Compare(op, value, bound), Type::of(Base::Flag), span);
        Some(Draft::Holds { of, subject: fact, premise: None, holds, sides: Some((value, bound)) })
    }

    /// `D implies E`.
    fn implies(&mut self, premise: &ast::Expr, conclusion: &ast::Expr) -> Option<Draft> {
        let of = self.about(&[premise, conclusion])?;
        let subject = self.promised(premise);
        self.bind_record(of);
        let premise = self.condition(premise);
        let holds = self.condition(conclusion);
        Some(Draft::Holds { of, subject, premise: Some(premise?), holds: holds?, sides: None })
    }

    /// The record that an assertion is about: of the first result or define that it names.
    fn about(&mut self, written: &[&ast::Expr]) -> Option<RecordId> {
        let mut unknown = None;
        for expr in written {
            let mut found = None;
            let mut open = vec![*expr];
            while let Some(expr) = open.pop() {
                if let ExprKind::Name(name) = &*expr.kind {
                    match self.find(&name.text, false) {
                        Search::One(Found::Symbol(symbol)) => {
                            if let Some(record) =
                                declared(symbol).and_then(|fact| record_of(self.cx.symbols, fact))
                            {
                                found = Some(record);
                                break;
                            }
                        }
                        several @ Search::Policies(_) => {
                            self.report_ambiguous(name, &several);
                            return None;
                        }
                        Search::Nothing => unknown = unknown.or(Some(name)),
                        _ => {}
                    }
                }
                open.extend(walk::children(expr).into_iter().rev());
            }
            if found.is_some() {
                return found;
            }
        }
        match (written, unknown) {
            ([only], Some(name)) if matches!(&*only.kind, ExprKind::Name(_) | ExprKind::Field(..)) => {
                self.report_unknown(name, None);
            }
            _ => {
                let span = written.first().map_or_else(Span::default, |first| first.span);
                let diagnostic = self
                    .error("type-mismatch", span, "of which record this is promised cannot be told")
                    .help("name a decision, a requirement, an amount or a define of a record: a field alone is not enough, since several records may have it");
                self.report(diagnostic);
            }
        }
        None
    }

    /// What is promised of, where it is a name.
    fn promised(&self, written: &ast::Expr) -> Option<Fact> {
        match &*written.kind {
            ExprKind::Paren(inner) => self.promised(inner),
            ExprKind::Name(name) => match self.find(&name.text, false) {
                Search::One(Found::Symbol(symbol)) => declared(symbol),
                _ => None,
            },
            ExprKind::Field(amount, line) => match self.promised(amount)? {
                Fact::Amount(id) => {
                    let lines = &self.cx.symbols.amount(id)?.lines;
                    let position = lines.iter().position(|label| *label == line.text)?;
                    Some(Fact::Line(id, super::lowering::index(position)))
                }
                _ => None,
            },
            _ => None,
        }
    }

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
