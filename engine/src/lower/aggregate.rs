//! Aggregates: where their rows come from, and what is asked of them.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, AggregateKind, ExprKind, Name, QuantityKind};

use super::lowering::{Bound, Frame};
use super::names::{Found, Member, Search, holds_rows};
use super::unit::{base_name, has_equality, is_ordered, is_quantity};
use super::{Lowering, Target};
use crate::plan::{CompareOp, ExprId, FieldKind, Op, RowSource, Rows, Symbol};
use crate::value::{Base, CategoryId, RecordId, Type};

/// What the rows of a source are.
#[derive(Clone, Copy, Debug)]
enum Element {
    Row(RecordId),
    Value(CategoryId),
}

/// What a path that may lead to rows has reached.
enum Reached {
    /// One row (or a value that is none).
    One(ExprId, Type),
    /// Rows; `back` as in [`Frame`].
    Rows { source: RowSource, element: Element, back: Option<(u32, u16)> },
    /// One row for each of some rows.
    Each { outer: Rows, of: ExprId, ty: Type },
}

/// What follows a picked row.
enum Access<'e> {
    Member(&'e Name, Span),
    Call(&'e Name, &'e [ast::Expr], Span),
}

impl Lowering<'_> {
    /// `count of S where P` and its kin.
    pub(super) fn aggregate(&mut self, written: &ast::Aggregate, span: Span) -> Option<(ExprId, Type)> {
        if is_pick(written.kind) {
            return self.pick(written, &[], span);
        }
        let mark = self.mark();
        let entered = self.enter(&written.rows);
        let lowered = entered.and_then(|(rows, element)| self.ask(written, rows, element, span));
        self.leave(mark);
        lowered
    }

    /// `at least 3 of S where P`.
    pub(super) fn quantity(
        &mut self,
        kind: QuantityKind,
        count: &ast::Expr,
        rows: &ast::Rows,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let count = self.value(count, Type::of(Base::Count));
        let mark = self.mark();
        let entered = self.enter(rows);
        let filtered = entered.and_then(|(entered, _)| self.filtered(rows, entered));
        self.leave(mark);
        let (count, rows) = count.zip(filtered)?;
        Some(self.flag(Op::Quantity(kind, count, rows), false, span))
    }

    /// Binds the rows to a slot; the caller leaves.
    fn enter(&mut self, written: &ast::Rows) -> Option<(Rows, Element)> {
        let Some(Reached::Rows { source, element, back }) = self.rows_of(&written.source) else {
            self.failed = true;
            return None;
        };
        let slot = self.new_slot();
        let alias = written.alias.as_ref().map(|alias| alias.text.clone());
        let ty = Type::of(match element {
            Element::Row(record) => Base::Record(record),
            Element::Value(category) => Base::Category(category),
        });
        if let Some(alias) = &alias {
            self.bound.push(Bound { name: alias.clone(), op: Op::Row(slot), ty });
        }
        if let Element::Row(record) = element {
            self.frames.push(Frame { slot, record, alias, back });
        }
        Some((Rows { source, slot, filter: None }, element))
    }

    /// Binds the rows as [`Lowering::enter`] does, and hides all else: what is written of them is read of each row alone.
    /// Also what was visible, to return to.
    pub(super) fn shared_rows(&mut self, written: &ast::Rows) -> (Option<Rows>, (Vec<Frame>, Vec<Bound>)) {
        let visible = (self.frames.clone(), self.bound.clone());
        let entered = self.enter(written).map(|(rows, _)| rows);
        self.frames.drain(..visible.0.len().min(self.frames.len()));
        self.bound.drain(..visible.1.len().min(self.bound.len()));
        (entered, visible)
    }

    /// Adds the filter; a whole record kind needs an equality in it.
    pub(super) fn filtered(&mut self, written: &ast::Rows, mut rows: Rows) -> Option<Rows> {
        if let Some(filter) = &written.filter {
            rows.filter = Some(self.condition(filter)?);
        }
        let mut slots = vec![rows.slot];
        let mut source = &rows.source;
        let whole = loop {
            match source {
                RowSource::Flatten { outer, .. } => {
                    slots.push(outer.slot);
                    source = &outer.source;
                }
                RowSource::All(record) => break Some(*record),
                _ => break None,
            }
        };
        if let Some(record) = whole
            && !self.has_equality_on(rows.filter, &slots)
        {
            self.report_no_tie(written, record);
            return None;
        }
        Some(rows)
    }

    /// Whether every row that passes the filter must have an equality.
    fn has_equality_on(&self, filter: Option<ExprId>, slots: &[u16]) -> bool {
        let mut open: Vec<ExprId> = filter.into_iter().collect();
        while let Some(id) = open.pop() {
            match self.code.get(id).map(|expr| &expr.op) {
                Some(Op::And(a, b)) => open.extend([*a, *b]),
                Some(Op::Compare(CompareOp::Eq, ..) | Op::InList(..)) => {
                    let reads = |op: &Op| matches!(op, Op::Row(slot) if slots.contains(slot));
                    if crate::plan::any_operation(&self.code, id, reads) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn report_no_tie(&mut self, written: &ast::Rows, record: RecordId) {
        let symbols = self.cx.symbols;
        let name = symbols.record(record).map_or("record", |record| record.name.as_str());
        let enclosing = self.frames.first().map(|frame| frame.record).filter(|_| self.frames.len() > 1);
        let tie = symbols.record(record).and_then(|record| {
            let field =
                record.fields.iter().find(|field| Some(field.ty.base) == enclosing.map(Base::Record))?;
            Some(format!("`{name} as x where x.{} = this`", field.name))
        });
        let help = match tie {
            Some(tie) => format!("tie the rows to this one, such as {tie}, or use a `many` field"),
            None => "add an equality such as `where year = …`, or use a `many` field".to_owned(),
        };
        let message = format!("this would look at every `{name}` there is");
        let diagnostic = self.error("unbounded-rows", written.source.span, message).help(help);
        self.report(diagnostic);
    }

    /// Where rows come from, else a report.
    fn rows_of(&mut self, written: &ast::Expr) -> Option<Reached> {
        match self.reach(written)? {
            rows @ Reached::Rows { .. } => Some(rows),
            Reached::One(_, ty) | Reached::Each { ty, .. } => {
                let what = base_name(self.cx.symbols, ty.base);
                let diagnostic = self
                    .error("type-mismatch", written.span, format!("an aggregate looks at rows, and this is `{what}`"))
                    .help("rows are a `many` field, `members`, a category, or a record with an equality in `where`");
                self.report(diagnostic);
                None
            }
        }
    }

    fn reach(&mut self, written: &ast::Expr) -> Option<Reached> {
        match &*written.kind {
            ExprKind::Paren(inner) => self.reach(inner),
            ExprKind::Name(name) => self.reach_name(name, false),
            ExprKind::Field(base, name) => {
                let before = match &*base.kind {
                    ExprKind::Name(name) => self.reach_name(name, true)?,
                    _ if ends_in_pick(base) => {
                        let (id, ty) = self.expr(base, None)?;
                        Reached::One(id, ty)
                    }
                    _ => self.reach(base)?,
                };
                self.step(before, name, written.span)
            }
            _ => self.expr(written, None).map(|(id, ty)| Reached::One(id, ty)),
        }
    }

    fn reach_name(&mut self, name: &Name, dotted: bool) -> Option<Reached> {
        match self.find(&name.text, dotted) {
            Search::One(Found::Member(slot, record, Member::Field(field))) => {
                let kind = self.cx.symbols.record(record)?.fields.get(field as usize)?.kind;
                if !holds_rows(kind) {
                    return self.name(name, dotted, None).map(|(id, ty)| Reached::One(id, ty));
                }
                self.mention_member(record, Member::Field(field), name.span);
                let (of, _) = self.row(slot, record, name.span);
                self.many(of, record, field)
            }
            Search::One(Found::Symbol(symbol @ Symbol::Record(record))) => {
                self.mention(name.span, Target::Symbol(symbol));
                Some(Reached::Rows {
                    source: RowSource::All(record),
                    element: Element::Row(record),
                    back: None,
                })
            }
            Search::One(Found::Symbol(symbol @ Symbol::Category(category))) => {
                self.mention(name.span, Target::Symbol(symbol));
                let source = RowSource::Values(category);
                Some(Reached::Rows { source, element: Element::Value(category), back: None })
            }
            _ => {
                let lowered = self.name(name, dotted, None);
                self.checked(lowered).map(|(id, ty)| Reached::One(id, ty))
            }
        }
    }

    /// The rows of a `many` field, or the members of a group.
    fn many(&self, of: ExprId, record: RecordId, field: u32) -> Option<Reached> {
        let symbols = self.cx.symbols;
        let declared = symbols.record(record)?;
        let owner = match self.code.get(of)?.op {
            Op::Row(slot) => Some(slot),
            _ => None,
        };
        let (element, back) = match declared.fields.get(field as usize)?.kind {
            FieldKind::Many { record, by } => (record, owner.map(|slot| (by, slot))),
            FieldKind::Members => match declared.kind {
                crate::plan::RecordKind::Group { of } => (of, None),
                crate::plan::RecordKind::Record => return None,
            },
            FieldKind::Cell | FieldKind::Damaged => return None,
        };
        Some(Reached::Rows { source: RowSource::Many { of, field }, element: Element::Row(element), back })
    }

    fn step(&mut self, before: Reached, name: &Name, span: Span) -> Option<Reached> {
        let (outer, of, ty) = match before {
            Reached::One(of, ty) => (None, of, ty),
            Reached::Each { outer, of, ty } => (Some(outer), of, ty),
            Reached::Rows { source, element, .. } => {
                let slot = self.new_slot();
                let ty = Type::of(match element {
                    Element::Row(record) => Base::Record(record),
                    Element::Value(category) => Base::Category(category),
                });
                let of = self.push(Op::Row(slot), ty, span);
                (Some(Rows { source, slot, filter: None }), of, ty)
            }
        };
        if let Base::Record(record) = ty.base
            && let [Member::Field(field)] = *self.find_member(record, &name.text).as_slice()
            && self
                .cx
                .symbols
                .record(record)?
                .fields
                .get(field as usize)
                .is_some_and(|field| holds_rows(field.kind))
        {
            self.mention_member(record, Member::Field(field), name.span);
            let many = self.many(of, record, field)?;
            return Some(match (many, outer) {
                (Reached::Rows { source, element, back }, Some(outer)) => {
                    let source = RowSource::Flatten { outer: Box::new(outer), inner: Box::new(source) };
                    Reached::Rows { source, element, back }
                }
                (many, _) => many,
            });
        }
        let (id, ty) = self.member(of, ty, name, None, span)?;
        Some(match outer {
            Some(outer) => Reached::Each { outer, of: id, ty },
            None => Reached::One(id, ty),
        })
    }

    /// The filter, the operand and the type of everything but picks.
    fn ask(
        &mut self,
        written: &ast::Aggregate,
        rows: Rows,
        element: Element,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let rows = self.filtered(&written.rows, rows);
        let (operand, ty) = match written.kind {
            AggregateKind::Count => (None, Type::of(Base::Count)),
            AggregateKind::Any | AggregateKind::None => (None, Type::of(Base::Flag)),
            AggregateKind::All | AggregateKind::SomeAndAll => {
                let Some(satisfy) = &written.satisfy else {
                    let diagnostic = self
                        .error("missing-satisfy", span, "`all of` does not say what all of them satisfy")
                        .help("write `all of rows where … satisfy …`");
                    self.report(diagnostic);
                    return None;
                };
                (Some(self.condition(satisfy)?), Type::of(Base::Flag))
            }
            kind => {
                let Some(operand) = &written.operand else {
                    self.failed = true;
                    return None;
                };
                let (id, ty) = self.operand(operand, element)?;
                (Some(id), self.type_of_aggregate(kind, operand, ty)?)
            }
        };
        let rows = rows?;
        Some((self.push(Op::Aggregate { kind: written.kind, rows, operand }, ty, span), ty))
    }

    fn operand(&mut self, operand: &ast::Expr, element: Element) -> Option<(ExprId, Type)> {
        let expected = match element {
            Element::Value(category) => Some(Type::of(Base::Category(category))),
            Element::Row(_) => None,
        };
        self.expr(operand, expected)
    }

    fn type_of_aggregate(&mut self, kind: AggregateKind, operand: &ast::Expr, ty: Type) -> Option<Type> {
        let symbols = self.cx.symbols;
        let (fits, result, wanted) = match kind {
            AggregateKind::CountDistinct => {
                (has_equality(ty.base), Type::of(Base::Count), "values that can be compared")
            }
            AggregateKind::Sum => {
                (is_quantity(ty.base), Type::of(ty.base), "numbers, percents, money or durations")
            }
            AggregateKind::Average => {
                let base = if ty.base == Base::Count { Base::Number } else { ty.base };
                (is_quantity(ty.base), Type::maybe(base), "numbers, percents, money or durations")
            }
            _ => (is_ordered(symbols, ty.base), Type::maybe(ty.base), "values that have an order"),
        };
        if !fits {
            let what = base_name(symbols, ty.base);
            let word = match kind {
                AggregateKind::Sum => "sum",
                AggregateKind::Average => "average",
                AggregateKind::Highest => "highest",
                AggregateKind::Lowest => "lowest",
                _ => "count of distinct",
            };
            let diagnostic = self
                .error("type-mismatch", operand.span, format!("`{word}` cannot be taken of `{what}`"))
                .help(format!("it takes {wanted}"));
            self.report(diagnostic);
            return None;
        }
        Some(result)
    }

    /// `latest of S by E where P`, and what is read of the row it picks.
    fn pick(&mut self, written: &ast::Aggregate, path: &[Access<'_>], span: Span) -> Option<(ExprId, Type)> {
        let mark = self.mark();
        let lowered = match self.enter(&written.rows) {
            Some((rows, element)) => {
                let slot = rows.slot;
                let rows = self.filtered(&written.rows, rows);
                let by = self.pick_by(written, element, span);
                self.hide(mark);
                let read = self.pick_read(slot, element, path, written.rows.source.span, span);
                rows.zip(by).zip(read).map(|((rows, by), (read, ty))| {
                    let ty = Type::maybe(ty.base);
                    (self.push(Op::Pick { kind: written.kind, rows, by, read }, ty, span), ty)
                })
            }
            None => None,
        };
        self.leave(mark);
        self.checked(lowered)
    }

    fn pick_by(&mut self, written: &ast::Aggregate, element: Element, span: Span) -> Option<Option<ExprId>> {
        if written.kind == AggregateKind::Only {
            return Some(None);
        }
        let word = if written.kind == AggregateKind::Latest { "latest" } else { "earliest" };
        let Some(by) = &written.operand else {
            let diagnostic = self
                .error("missing-by", span, format!("`{word} of` does not say by what"))
                .help(format!("write `{word} of rows by date_field where …`"));
            self.report(diagnostic);
            return None;
        };
        let (id, ty) = self.operand(by, element)?;
        if !is_ordered(self.cx.symbols, ty.base) {
            let what = base_name(self.cx.symbols, ty.base);
            let diagnostic = self
                .error("type-mismatch", by.span, format!("`{word}` is by a date, and this is `{what}`"))
                .help("name a date, a school year or another value that has an order");
            self.report(diagnostic);
            return None;
        }
        Some(Some(id))
    }

    fn pick_read(
        &mut self,
        slot: u16,
        element: Element,
        path: &[Access<'_>],
        source: Span,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let (mut read, mut ty) = match element {
            Element::Row(record) => self.row(slot, record, source),
            Element::Value(category) => {
                let ty = Type::of(Base::Category(category));
                (self.push(Op::Row(slot), ty, span), ty)
            }
        };
        for access in path {
            let next = match access {
                Access::Member(name, span) => self.member(read, ty, name, None, *span),
                Access::Call(name, arguments, span) => self.member(read, ty, name, Some(arguments), *span),
            };
            (read, ty) = self.checked(next)?;
        }
        Some((read, ty))
    }

    /// `(latest of S by E where P).path`, read as one; `None` when the expression is something else.
    pub(super) fn pick_chain(&mut self, written: &ast::Expr) -> Option<Option<(ExprId, Type)>> {
        let mut path = Vec::new();
        let mut at = written;
        loop {
            match &*at.kind {
                ExprKind::Paren(inner) => at = inner,
                ExprKind::Field(base, name) => {
                    path.push(Access::Member(name, at.span));
                    at = base;
                }
                ExprKind::Call(callee, arguments) => {
                    let ExprKind::Field(base, name) = &*callee.kind else { return None };
                    path.push(Access::Call(name, arguments, at.span));
                    at = base;
                }
                ExprKind::Aggregate(aggregate) if is_pick(aggregate.kind) => {
                    path.reverse();
                    return Some(self.pick(aggregate, &path, written.span));
                }
                _ => return None,
            }
        }
    }
}

const fn is_pick(kind: AggregateKind) -> bool {
    matches!(kind, AggregateKind::Latest | AggregateKind::Earliest | AggregateKind::Only)
}

/// Whether a path begins with a picked row.
fn ends_in_pick(written: &ast::Expr) -> bool {
    let mut at = written;
    loop {
        match &*at.kind {
            ExprKind::Paren(inner) | ExprKind::Field(inner, _) | ExprKind::Call(inner, _) => at = inner,
            ExprKind::Aggregate(aggregate) => return is_pick(aggregate.kind),
            _ => return false,
        }
    }
}
