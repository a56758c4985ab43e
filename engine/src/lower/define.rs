//! Defines.

use rubric_grammar::ast;

use super::lowering::cites;
use super::{Context, Lowered, Lowering};
use crate::diagnostic::Applicability;
use crate::plan::{DefineArm, DefineBody, DefineId, ExprId, Interval, Op};
use crate::value::{Base, Type};

/// Lowers a `define`.
#[must_use]
pub fn define(cx: &Context<'_>, id: DefineId, item: &ast::Define) -> Lowered<DefineBody> {
    let mut lowering = Lowering::new(cx);
    let Some(symbol) = cx.symbols.define(id) else { return lowering.finish(|_| None) };
    if let Some(of) = &item.of {
        lowering.mention_declared(of);
        match symbol.of {
            Some(record) => lowering.bind_record(record),
            None => lowering.failed = true,
        }
    }
    lowering.mention_type(&item.ty);
    lowering.no_set(symbol.ty, item.ty.span);
    for (position, (name, ty)) in symbol.params.iter().enumerate() {
        lowering.bind(name, Op::Argument(u16::try_from(position).unwrap_or(u16::MAX)), *ty);
    }
    for (param, (_, ty)) in item.params.iter().zip(&symbol.params) {
        lowering.mention_type(&param.ty);
        lowering.no_set(*ty, param.ty.span);
    }
    if symbol.of.is_none() && item.of.is_some() {
        // Its names cannot be found without the record, which is already reported.
        return lowering.finish(|_| None);
    }
    let arms = match &item.body {
        ast::DefineBody::Damaged => {
            lowering.failed = true;
            Vec::new()
        }
        ast::DefineBody::Always(value) => lowering
            .body_value(value, symbol.ty, item)
            .map(|id| DefineArm {
                interval: Interval::default(),
                cites: Vec::new(),
                value: id,
                place: cx.place(value.span),
            })
            .into_iter()
            .collect(),
        ast::DefineBody::Dated(entries) => {
            let mut arms = Vec::with_capacity(entries.len());
            for entry in entries {
                let interval = lowering.interval(Some(&entry.interval));
                let value = lowering.body_value(&entry.value, symbol.ty, item);
                if let Some((interval, value)) = interval.zip(value) {
                    let place = cx.place(entry.span);
                    arms.push(DefineArm { interval, cites: cites(&entry.cites), value, place });
                }
            }
            disjoint(arms)
        }
    };
    let cites = cites(&item.cites);
    lowering.finish(|code| (!arms.is_empty()).then_some(DefineBody { code, arms, cites }))
}

impl Lowering<'_> {
    /// A set is looked into where it stands; it is never a value.
    fn no_set(&mut self, ty: Type, span: rubric_grammar::Span) {
        if matches!(ty.base, Base::Set(_)) {
            let diagnostic = self
                .error("type-mismatch", span, "only a parameter holds a set")
                .help("declare a `flag` that asks whether a value is in the set: `x in s`");
            self.report(diagnostic);
        }
    }

    /// A value of a define's type; one that may be missing needs the type to say so.
    fn body_value(&mut self, written: &ast::Expr, wanted: Type, item: &ast::Define) -> Option<ExprId> {
        let (id, found) = self.value_with_type(written, wanted)?;
        if found.optional && !wanted.optional {
            let ty = super::type_name(self.cx.symbols, wanted);
            let end = self.place(rubric_grammar::Span::new(item.ty.span.end, item.ty.span.end));
            let diagnostic = self
                .error("may-be-missing", written.span, format!("this may be missing, and `{ty}` may not"))
                .label(self.place(item.ty.span), "the type of the define")
                .help(format!("write `{ty}?`, or say what is meant where there is no value: `presumed …`"))
                .fix(format!("write `{ty}?`"), Applicability::Maybe, vec![(end, "?".to_owned())]);
            self.report(diagnostic);
            return None;
        }
        Some(id)
    }
}

/// Open arms last until the next open arm begins; a closed arm lies over the open ones while it lasts. Overlaps of
/// other kinds are reported by the check of dates.
fn disjoint(arms: Vec<DefineArm>) -> Vec<DefineArm> {
    let (closed, mut open): (Vec<DefineArm>, Vec<DefineArm>) =
        arms.into_iter().partition(|arm| arm.interval.until.is_some());
    open.sort_by_key(|arm| arm.interval.from);
    let starts: Vec<_> = open.iter().skip(1).map(|arm| arm.interval.from).chain([None]).collect();
    let mut out = Vec::with_capacity(closed.len() + open.len());
    for (mut arm, next) in open.into_iter().zip(starts) {
        arm.interval.until = next;
        let mut pieces = vec![arm];
        for over in &closed {
            pieces = pieces.into_iter().flat_map(|piece| without(piece, over.interval)).collect();
        }
        out.extend(pieces);
    }
    out.extend(closed);
    out.retain(|arm| arm.interval.from.zip(arm.interval.until).is_none_or(|(from, until)| from < until));
    out.sort_by_key(|arm| arm.interval.from);
    out
}

/// The parts of an arm that lie outside an interval.
fn without(arm: DefineArm, hole: Interval) -> Vec<DefineArm> {
    if !arm.interval.overlaps(&hole) {
        return vec![arm];
    }
    let mut pieces = Vec::new();
    if let Some(start) = hole.from
        && arm.interval.from.is_none_or(|from| from < start)
    {
        let mut before = arm.clone();
        before.interval.until = Some(start);
        pieces.push(before);
    }
    if let Some(end) = hole.until
        && arm.interval.until.is_none_or(|until| end < until)
    {
        let mut after = arm;
        after.interval.from = Some(end);
        pieces.push(after);
    }
    pieces
}
