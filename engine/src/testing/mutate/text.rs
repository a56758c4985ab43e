//! What is written where something is changed, and the values next to one.

use super::written;
use crate::evaluate::SourceText;
use crate::plan::{Code, ExprId, Op, Plan, Symbols, show};
use crate::value::date::add_days;
use crate::value::{Base, Number, Type, Value};

/// Longer than this, only the constant itself is shown.
const LONGEST: usize = 90;
/// Decimal places that a constant is written with at most.
const MOST_PLACES: u32 = 6;

pub(super) struct Texts<'p> {
    plan: &'p Plan,
    text: &'p SourceText<'p>,
}

impl<'p> Texts<'p> {
    pub(super) fn new(plan: &'p Plan, text: &'p SourceText<'p>) -> Self {
        Self { plan, text }
    }

    /// An expression as it is written.
    pub(super) fn of(&self, code: &Code, id: ExprId) -> String {
        let Some(expr) = code.get(id) else { return "…".to_owned() };
        let written = written(self.text, expr.place).filter(|text| text.chars().count() <= LONGEST);
        match (&expr.op, written) {
            (_, Some(written)) => written,
            (Op::Literal(value), None) => show(&self.plan.symbols, value, expr.ty),
            (_, None) => "…".to_owned(),
        }
    }

    /// A constant in what is written around it, and the same with other words in its place.
    pub(super) fn within(
        &self,
        code: &Code,
        id: ExprId,
        parent: Option<ExprId>,
        other: &str,
    ) -> (String, String) {
        let alone = || (self.of(code, id), other.to_owned());
        let (Some(expr), Some(above)) = (code.get(id), parent.and_then(|parent| code.get(parent))) else {
            return alone();
        };
        let (inner, outer) = (expr.place.span, above.place.span);
        if expr.place.item != above.place.item || inner.start < outer.start || outer.end < inner.end {
            return alone();
        }
        let Some(around) = (self.text)(above.place) else { return alone() };
        let (start, end) = ((inner.start - outer.start) as usize, (inner.end - outer.start) as usize);
        let parts = (around.get(..start), around.get(start..end), around.get(end..));
        let (Some(before), Some(here), Some(after)) = parts else { return alone() };
        let line = |words: &str| words.split_whitespace().collect::<Vec<_>>().join(" ");
        let whole = line(&format!("{before}{here}{after}"));
        if whole.chars().count() > LONGEST {
            alone()
        } else {
            (whole, line(&format!("{before}{other}{after}")))
        }
    }
}

/// The values one unit below and above: a unit of the last place that is written, a day, a year, the value of an ordered
/// category before or after. The other one of a flag. None of a text, or of a value that the type cannot have.
pub(super) fn neighbours(symbols: &Symbols, value: &Value, ty: Type) -> Vec<Value> {
    match value {
        Value::Flag(flag) => vec![Value::Flag(!flag)],
        Value::Number(number) => {
            let Some(unit) = unit(number, ty.base) else { return Vec::new() };
            let below =
                number.sub(&unit).ok().filter(|below| !(ty.base == Base::Count && below.is_negative()));
            below.into_iter().chain(number.add(&unit).ok()).map(Value::Number).collect()
        }
        Value::Date(day) => {
            [-1, 1].into_iter().filter_map(|by| add_days(*day, by)).map(Value::Date).collect()
        }
        Value::SchoolYear(year) => {
            [year.checked_sub(1), year.checked_add(1)].into_iter().flatten().map(Value::SchoolYear).collect()
        }
        Value::Category(position) => {
            let Base::Category(category) = ty.base else { return Vec::new() };
            let Some(declared) = symbols.category(category).filter(|category| category.ordered) else {
                return Vec::new();
            };
            [position.checked_sub(1), position.checked_add(1)]
                .into_iter()
                .flatten()
                .filter(|other| (*other as usize) < declared.values.len())
                .map(Value::Category)
                .collect()
        }
        Value::Text(_) | Value::Never | Value::None | Value::Reference(_) | Value::NotApplicable => {
            Vec::new()
        }
    }
}

/// One in the last place in which a number is written; of a percent, in points.
pub(in crate::testing) fn unit(number: &Number, base: Base) -> Option<Number> {
    let hundred = Number::from_int(100);
    let points = if base == Base::Percent { number.mul(&hundred).ok()? } else { number.clone() };
    let places = (0..=MOST_PLACES).find(|places| points.has_places(*places))?;
    let one = Number::of_scaled(1, u8::try_from(places).ok()?);
    if base == Base::Percent { one.div(&hundred).ok() } else { Some(one) }
}
