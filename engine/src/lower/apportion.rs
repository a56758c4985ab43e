//! `apportion T over S by w to u`: the current row's part of a sum that the rows share.
//!
//! The parts add up to the whole only if every row shares the same sum among the same rows. So the rows are reached by a
//! path that leads from the current row to what it belongs to and back, and the sum is read of what it belongs to.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, RoundingUnit};

use super::Lowering;
use super::unit::{base_name, is_quantity};
use crate::plan::{ExprId, FieldKind, Op, RowSource, Rows};
use crate::value::{Base, RecordId, Type};

impl Lowering<'_> {
    pub(super) fn apportion(
        &mut self,
        total: &ast::Expr,
        rows: &ast::Rows,
        by: &ast::Expr,
        unit: RoundingUnit,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let current = match self.frames.as_slice() {
            [only] => only.record,
            _ => {
                let diagnostic = self
                    .error(
                        "wrong-record",
                        span,
                        "`apportion` gives the part of one row, and none is meant here",
                    )
                    .help("declare it as an amount of its own: `amount share of Enrollment = apportion …`");
                self.report(diagnostic);
                return None;
            }
        };
        let sum = self.expr(total, None);
        let mark = self.mark();
        let (outer, bound) = self.shared_rows(rows);
        // Every row weighs for itself: what is written here is read of each row, not of the current one.
        let shared = outer.and_then(|outer| {
            let shared = self.filtered(rows, outer);
            let weight = self.expr(by, None);
            shared.zip(weight)
        });
        self.frames = bound.0;
        self.bound = bound.1;
        self.leave(mark);
        let ((sum, sum_type), (shared, (weight, weight_type))) = sum.zip(shared)?;
        if !is_quantity(weight_type.base) {
            let what = base_name(self.cx.symbols, weight_type.base);
            let diagnostic = self
                .error("type-mismatch", by.span, format!("a sum is shared by numbers, and this is `{what}`"))
                .help("name a number, a percent or money of each row");
            self.report(diagnostic);
            return None;
        }
        self.fits_unit(total, sum_type, unit)?;
        self.same_for_all(total, sum, rows, &shared, current)?;
        let ty = Type::of(sum_type.base);
        Some((self.push(Op::Apportion { total: sum, rows: shared, by: weight, unit }, ty, span), ty))
    }

    fn fits_unit(&mut self, total: &ast::Expr, ty: Type, unit: RoundingUnit) -> Option<()> {
        let money = matches!(unit, RoundingUnit::Cents | RoundingUnit::Dollars);
        if is_quantity(ty.base) && money == (ty.base == Base::Money) {
            return Some(());
        }
        let what = base_name(self.cx.symbols, ty.base);
        let diagnostic = self
            .error("unit-mismatch", total.span, format!("`{what}` cannot be shared in this unit"))
            .help("money is shared `to cents` or `to dollars`, numbers `to whole` or `to 2 places`");
        self.report(diagnostic);
        None
    }

    /// Whether the sum and the rows are the same for each of the rows, and the current row is one of them; else a report.
    fn same_for_all(
        &mut self,
        total: &ast::Expr,
        sum: ExprId,
        written: &ast::Rows,
        rows: &Rows,
        current: RecordId,
    ) -> Option<()> {
        let way = match self.way_back(&rows.source, current) {
            Some(way) => way,
            None => {
                let name = self.cx.symbols.record(current).map_or("row", |record| record.name.as_str());
                let message = format!("the `{name}` whose part this is need not be one of these rows");
                let help = "the rows are a `many` field of what it belongs to, such as `student.enrollments` for an \
                            enrollment of a student";
                let diagnostic = self.error("wrong-record", written.source.span, message).help(help);
                self.report(diagnostic);
                return None;
            }
        };
        if self.reads_only_beyond(sum, &way) {
            return Some(());
        }
        let diagnostic = self
            .error("wrong-record", total.span, "each row would share a sum of its own")
            .help("what is shared is read of what the rows belong to, such as `student.entitlement`");
        self.report(diagnostic);
        None
    }

    /// The fields that lead from the current row to the row of which the source goes out, when the source leads back by
    /// the same fields.
    fn way_back(&self, source: &RowSource, current: RecordId) -> Option<Vec<u32>> {
        let symbols = self.cx.symbols;
        let mut way = Vec::new();
        let mut of_rows = source;
        loop {
            let (step, outer) = match of_rows {
                RowSource::Flatten { outer, inner } => (&**inner, Some(&**outer)),
                other => (other, None),
            };
            let RowSource::Many { of, field } = step else { return None };
            let Base::Record(owner) = self.type_of(*of).base else { return None };
            let FieldKind::Many { record, by } = symbols.record(owner)?.fields.get(*field as usize)?.kind
            else {
                return None;
            };
            if way.is_empty() && record != current {
                return None;
            }
            way.push(by);
            match outer {
                Some(outer) => {
                    if self.code.get(*of)?.op != Op::Row(outer.slot) {
                        return None;
                    }
                    of_rows = &outer.source;
                }
                None => return self.is_way(*of, &way).then_some(way),
            }
        }
    }

    /// Whether an expression follows these fields from the current row.
    fn is_way(&self, id: ExprId, way: &[u32]) -> bool {
        match (self.code.get(id).map(|expr| &expr.op), way.split_last()) {
            (Some(Op::Row(0)), None) => true,
            (Some(Op::Field { of, field }), Some((last, before))) => {
                field == last && self.is_way(*of, before)
            }
            _ => false,
        }
    }

    /// Whether nothing of the current row is read but what the way leads to.
    fn reads_only_beyond(&self, root: ExprId, way: &[u32]) -> bool {
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            if self.is_way(id, way) {
                continue;
            }
            match self.code.get(id).map(|expr| &expr.op) {
                Some(Op::Row(0)) | None => return false,
                Some(op) => open.extend(crate::plan::operands(op)),
            }
        }
        true
    }
}
