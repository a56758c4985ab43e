//! The two sides of a threshold: what is told from the policy only there.

use super::MutantKind;
use super::sites::{Change, Changes, Sites, flipped, sign};
use super::text::{neighbours, unit};
use crate::plan::{ArithmeticOp, Code, CompareOp, Expr, ExprId, Op, ParameterId, show};
use crate::value::{Base, Number, Type, Value};
use rubric_grammar::ast::MonthEnd;

impl Sites<'_> {
    /// Of a comparison by order: the value at the threshold, and the nearest on its other side.
    pub(super) fn border(&self, code: &Code, id: ExprId, changes: &mut Changes) {
        let Some(expr) = code.get(id) else { return };
        let text = |id: ExprId| self.texts.of(code, id);
        let key = |before: String, after: String| (MutantKind::Comparison, expr.place, before, after);
        match &expr.op {
            Op::Compare(op, a, b) => {
                let back = match op {
                    CompareOp::Eq | CompareOp::Ne => return,
                    CompareOp::Ge | CompareOp::Lt => true,
                    CompareOp::Gt | CompareOp::Le => false,
                };
                let before = format!("{} {} {}", text(*a), sign(*op), text(*b));
                let at = format!("{} {} {}", text(*a), sign(flipped(*op)), text(*b));
                let change = changes.entry(key(before.clone(), at)).or_default();
                change.ops.push((id, Op::Compare(flipped(*op), *a, *b)));
                let mut change = Change::default();
                if let Some((moved, words)) = self.moved(code, *b, back, &mut change) {
                    change.ops.push((id, Op::Compare(*op, *a, moved)));
                    let beyond = format!("{} {} {words}", text(*a), sign(*op));
                    changes.entry(key(before, beyond)).or_insert(change);
                }
            }
            Op::Between(of, low, high) => {
                let before = format!("{} between {} and {}", text(*of), text(*low), text(*high));
                for (lower, upper) in [(CompareOp::Lt, CompareOp::Le), (CompareOp::Le, CompareOp::Lt)] {
                    let after = format!(
                        "{} {} {} {} {}",
                        text(*low),
                        sign(lower),
                        text(*of),
                        sign(upper),
                        text(*high)
                    );
                    let change = changes.entry(key(before.clone(), after)).or_default();
                    change.within(code, (id, expr), [*low, *of, *high], (lower, upper));
                }
                for (end, back) in [(low, true), (high, false)] {
                    let mut change = Change::default();
                    let Some((moved, words)) = self.moved(code, *end, back, &mut change) else { continue };
                    let (low, high, after) = if back {
                        (moved, *high, format!("{} between {words} and {}", text(*of), text(*high)))
                    } else {
                        (*low, moved, format!("{} between {} and {words}", text(*of), text(*low)))
                    };
                    change.ops.push((id, Op::Between(*of, low, high)));
                    changes.entry(key(before.clone(), after)).or_insert(change);
                }
            }
            Op::Quantity(kind, count, rows) => {
                for back in [true, false] {
                    let mut change = Change::default();
                    let Some((moved, words)) = self.moved(code, *count, back, &mut change) else { continue };
                    change.ops.push((id, Op::Quantity(*kind, moved, rows.clone())));
                    let before = text(id);
                    let after = format!("{before}, with {words}");
                    changes.entry(key(before, after)).or_insert(change);
                }
            }
            _ => {}
        }
    }

    /// A value one unit less or more, with its words.
    fn moved(&self, code: &Code, id: ExprId, back: bool, change: &mut Change) -> Option<(ExprId, String)> {
        let expr = code.get(id)?;
        let symbols = &self.plan.symbols;
        if let Op::Literal(value) = &expr.op {
            let sides = neighbours(symbols, value, expr.ty);
            let is_less = |other: &Value| match (other, value) {
                (Value::Number(other), Value::Number(value)) => other < value,
                (Value::Date(other), Value::Date(value)) => other < value,
                (Value::SchoolYear(other), Value::SchoolYear(value)) => other < value,
                (Value::Category(other), Value::Category(value)) => other < value,
                _ => false,
            };
            let other = sides.into_iter().find(|other| is_less(other) == back)?;
            let words = show(symbols, &other, expr.ty);
            return Some((change.push(code, Expr { op: Op::Literal(other), ..expr.clone() }), words));
        }
        let literal = |change: &mut Change, number: Number, base: Base| {
            let op = Op::Literal(Value::Number(number));
            change.push(code, Expr { op, ty: Type::of(base), place: expr.place })
        };
        let base = expr.ty.base;
        let (op, ty, by) = match base {
            Base::Count | Base::Number | Base::Percent | Base::Money | Base::Days | Base::Months => {
                let step = self.step(&expr.op, base)?;
                let by = show(symbols, &Value::Number(step.clone()), Type::of(base));
                let step = literal(change, step, base);
                let op = if back { ArithmeticOp::Sub } else { ArithmeticOp::Add };
                // One less than a count may be no count.
                let ty = if base == Base::Count { Type { base: Base::Number, ..expr.ty } } else { expr.ty };
                (Op::Arithmetic(op, id, step), ty, by)
            }
            Base::Date => {
                let by = literal(change, Number::ONE, Base::Days);
                (Op::Shift { start: id, by, back, month_end: MonthEnd::Down }, expr.ty, "1 day".to_owned())
            }
            Base::SchoolYear => {
                let by = literal(change, Number::ONE, Base::Number);
                (Op::Shift { start: id, by, back, month_end: MonthEnd::Down }, expr.ty, "1".to_owned())
            }
            _ => return None,
        };
        let moved = change.push(code, Expr { op, ty, place: expr.place });
        Some((moved, format!("{} {} {by}", self.texts.of(code, id), if back { "-" } else { "+" })))
    }

    /// By how much: of a parameter a unit of the last place of its values, else one.
    fn step(&self, op: &Op, base: Base) -> Option<Number> {
        let values = match op {
            Op::Parameter { parameter: ParameterId(id), .. } => self.plan.parameters.get(id),
            _ => None,
        };
        let cells = values.into_iter().flat_map(|body| &body.rows).flat_map(|row| {
            row.cells.values().flatten().chain(&row.otherwise).filter_map(|value| match value {
                Value::Number(number) => unit(number, base),
                _ => None,
            })
        });
        cells.min().or_else(|| unit(&Number::ONE, base))
    }
}
