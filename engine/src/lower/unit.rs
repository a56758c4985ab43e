//! Which types fit together, and what their names are.

use crate::plan::{ArithmeticOp, Symbols};
use crate::value::{Base, Type};

/// A plain number, without `%` or a unit.
pub(super) const fn is_plain(base: Base) -> bool {
    matches!(base, Base::Count | Base::Number)
}

/// A number of dimension one.
pub(super) const fn is_numeric(base: Base) -> bool {
    matches!(base, Base::Count | Base::Number | Base::Percent)
}

/// Something that can be added up.
pub(super) const fn is_quantity(base: Base) -> bool {
    matches!(base, Base::Count | Base::Number | Base::Percent | Base::Money | Base::Days | Base::Months)
}

/// The type of `left op right` on quantities; dates and school years are shifted instead.
pub(super) fn arithmetic(op: ArithmeticOp, left: Base, right: Base) -> Option<Base> {
    match op {
        ArithmeticOp::Add | ArithmeticOp::Sub => match (left, right) {
            (Base::Count, Base::Count) if op == ArithmeticOp::Add => Some(Base::Count),
            (Base::Percent, Base::Percent) => Some(Base::Percent),
            (a, b) if is_numeric(a) && is_numeric(b) => Some(Base::Number),
            (Base::Money | Base::Days | Base::Months, same) if left == same => Some(left),
            _ => None,
        },
        ArithmeticOp::Mul => match (left, right) {
            (Base::Count, Base::Count) => Some(Base::Count),
            (Base::Percent, Base::Percent) => Some(Base::Percent),
            (a, b) if is_numeric(a) && is_numeric(b) => Some(Base::Number),
            (unit @ (Base::Money | Base::Days | Base::Months), factor)
            | (factor, unit @ (Base::Money | Base::Days | Base::Months))
                if is_numeric(factor) =>
            {
                Some(unit)
            }
            _ => None,
        },
        ArithmeticOp::Div => match (left, right) {
            (Base::Percent, by) if is_plain(by) => Some(Base::Percent),
            (a, b) if is_numeric(a) && is_numeric(b) => Some(Base::Number),
            (Base::Money | Base::Days | Base::Months, same) if left == same => Some(Base::Number),
            (Base::Money | Base::Days | Base::Months, by) if is_numeric(by) => Some(left),
            _ => None,
        },
    }
}

/// The type of a value that is either the one or the other; also whether they can be compared.
pub(super) fn unify(left: Base, right: Base) -> Option<Base> {
    if left == right {
        return Some(left);
    }
    (is_numeric(left) && is_numeric(right)).then_some(Base::Number)
}

/// Whether its values have an order that means something.
pub(super) fn is_ordered(symbols: &Symbols, base: Base) -> bool {
    match base {
        Base::Date | Base::SchoolYear => true,
        Base::Category(id) => symbols.category(id).is_some_and(|category| category.ordered),
        other => is_quantity(other),
    }
}

/// Whether two of its values can be equal.
pub(super) const fn has_equality(base: Base) -> bool {
    !matches!(base, Base::Many(_) | Base::Set(_) | Base::Damaged)
}

/// A type as a reader would write it.
#[must_use]
pub fn type_name(symbols: &Symbols, ty: Type) -> String {
    let name = base_name(symbols, ty.base);
    if ty.optional { format!("{name}?") } else { name }
}

/// A type without its `?`, as a reader would write it.
pub(super) fn base_name(symbols: &Symbols, base: Base) -> String {
    let record = |id| symbols.record(id).map_or("record", |record| record.name.as_str());
    let category = |id| symbols.category(id).map_or("category", |category| category.name.as_str());
    match base {
        Base::Flag => "flag".to_owned(),
        Base::Count => "count".to_owned(),
        Base::Number => "number".to_owned(),
        Base::Percent => "percent".to_owned(),
        Base::Money => "money".to_owned(),
        Base::Text => "text".to_owned(),
        Base::Date => "date".to_owned(),
        Base::SchoolYear => "school_year".to_owned(),
        Base::Days => "days".to_owned(),
        Base::Months => "months".to_owned(),
        Base::Category(id) => category(id).to_owned(),
        Base::Record(id) => record(id).to_owned(),
        Base::Many(id) => format!("many {}", record(id)),
        Base::Set(id) => format!("set of {}", category(id)),
        Base::Damaged => "unknown".to_owned(),
    }
}

/// A sorted choice of words: "`a`, `b` or `c`".
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
