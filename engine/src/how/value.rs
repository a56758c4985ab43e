//! Values that a fact could have instead.

use rubric_grammar::ast::RoundingMode;

use crate::plan::{Code, Op, Plan, Symbols};
use crate::value::date::{add_days, days_between};
use crate::value::{Base, Date, Number, Type, Value};

/// Values of a category that are tried at most.
const MOST_VALUES: u32 = 80;
/// Doublings of the distance.
const DOUBLINGS: u32 = 14;
/// The smallest unit that values are sought in has so many decimal places.
const MOST_PLACES: u32 = 4;

/// The constants of the law that a result is under.
#[derive(Debug, Default)]
pub(super) struct Constants {
    found: Vec<(Base, Value)>,
}

impl Constants {
    /// Those of a part of a plan.
    pub(super) fn of(part: &Plan) -> Self {
        let mut all = Self::default();
        let codes = (part.defines.values().map(|body| &body.code))
            .chain(part.decisions.values().map(|body| &body.code))
            .chain(part.requirements.values().map(|body| &body.code))
            .chain(part.amounts.values().map(|body| &body.code));
        for code in codes {
            all.read(code);
        }
        for (id, body) in &part.parameters {
            let Some(symbol) = part.symbols.parameter(crate::plan::ParameterId(*id)) else { continue };
            for row in &body.rows {
                for value in row.cells.values().flatten().chain(&row.otherwise) {
                    all.add(symbol.ty.base, value);
                }
            }
        }
        all
    }

    fn read(&mut self, code: &Code) {
        for expr in &code.exprs {
            if let Op::Literal(value) = &expr.op {
                self.add(expr.ty.base, value);
            }
        }
    }

    fn add(&mut self, base: Base, value: &Value) {
        let entry = (dimension(base), value.clone());
        if !self.found.contains(&entry) {
            self.found.push(entry);
        }
    }

    fn like(&self, base: Base) -> impl Iterator<Item = &Value> {
        let base = dimension(base);
        self.found.iter().filter(move |(other, _)| *other == base).map(|(_, value)| value)
    }
}

/// Numbers of every sort can meet.
const fn dimension(base: Base) -> Base {
    match base {
        Base::Count | Base::Percent => Base::Number,
        other => other,
    }
}

/// Values along a line, so many steps of a unit away from where one stands.
pub(super) struct Scale {
    base: Base,
    origin: Value,
    unit: Number,
}

impl Scale {
    /// The scale on which the values of a type lie; none for those that have no distance. `now` is where one stands, if
    /// anywhere.
    pub(super) fn new(ty: Type, now: Option<&Value>, as_of: Date, constants: &Constants) -> Option<Self> {
        let base = ty.base;
        let (origin, unit) = match (base, now) {
            (Base::Date, Some(Value::Date(day))) => (Value::Date(*day), Number::ONE),
            (Base::Date, _) => (Value::Date(as_of), Number::ONE),
            (Base::SchoolYear, Some(Value::SchoolYear(year))) => (Value::SchoolYear(*year), Number::ONE),
            (Base::SchoolYear, _) => (Value::SchoolYear(as_of.year()), Number::ONE),
            (Base::Count | Base::Days | Base::Months, Some(Value::Number(now))) => {
                (Value::Number(now.clone()), Number::ONE)
            }
            (Base::Count | Base::Days | Base::Months, _) => (Value::Number(Number::ZERO), Number::ONE),
            (Base::Number | Base::Percent | Base::Money, now) => {
                let now = match now {
                    Some(Value::Number(now)) => now.clone(),
                    _ => Number::ZERO,
                };
                let numbers = constants.like(base).filter_map(|value| match value {
                    Value::Number(number) => Some(number),
                    _ => None,
                });
                let written = |number: &Number| (0..=MOST_PLACES).find(|places| number.has_places(*places));
                let places = numbers.chain([&now]).filter_map(written).max().unwrap_or(0);
                let least = if base == Base::Percent { 2 } else { 0 };
                let unit = Number::of_scaled(1, u8::try_from(places.max(least)).ok()?);
                (Value::Number(now), unit)
            }
            _ => return None,
        };
        Some(Self { base, origin, unit })
    }

    /// The value so many steps away; none where the type has none.
    pub(super) fn at(&self, steps: i64) -> Option<Value> {
        Some(match &self.origin {
            Value::Date(day) => Value::Date(add_days(*day, steps)?),
            Value::SchoolYear(year) => Value::SchoolYear(i16::try_from(i64::from(*year) + steps).ok()?),
            Value::Number(number) => {
                let moved = number.add(&self.unit.mul(&Number::from_int(steps)).ok()?).ok()?;
                let whole = matches!(self.base, Base::Count | Base::Days | Base::Months);
                let signed = matches!(self.base, Base::Number) || !moved.is_negative();
                let fits = signed && (!whole || moved.is_whole());
                fits.then_some(Value::Number(moved))?
            }
            _ => return None,
        })
    }

    /// How many steps away a value is, rounded toward where one stands.
    fn steps(&self, value: &Value) -> Option<i64> {
        match (&self.origin, value) {
            (Value::Date(from), Value::Date(to)) => Some(days_between(*from, *to)),
            (Value::SchoolYear(from), Value::SchoolYear(to)) => Some(i64::from(*to) - i64::from(*from)),
            (Value::Number(from), Value::Number(to)) => {
                let away = to.sub(from).ok()?.div(&self.unit).ok()?;
                away.rounded(RoundingMode::Down, 0).ok()?.to_i64()
            }
            _ => None,
        }
    }

    /// Steps worth trying, on both sides, the nearest first: those around constants, and ever greater ones.
    pub(super) fn candidates(&self, as_of: Date, constants: &Constants) -> (Vec<i64>, Vec<i64>) {
        let mut all: Vec<i64> = vec![-1, 1];
        for value in constants.like(self.base) {
            if let Some(steps) = self.steps(value) {
                all.extend([steps.saturating_sub(1), steps, steps.saturating_add(1)]);
            }
        }
        let reach = if matches!(self.base, Base::SchoolYear) { 4 } else { DOUBLINGS };
        for power in 0..reach {
            all.extend([1_i64 << power, -(1_i64 << power)]);
        }
        if self.base == Base::Date
            && let Some(today) = self.steps(&Value::Date(as_of))
        {
            all.extend([today - 1, today, today + 1]);
        }
        if let (Value::Number(now), true) = (&self.origin, self.base != Base::Date) {
            let zero = now.negated().ok().and_then(|now| now.div(&self.unit).ok());
            all.extend(zero.and_then(|zero| zero.rounded(RoundingMode::Down, 0).ok()?.to_i64()));
        }
        all.sort_unstable();
        all.dedup();
        let below = all.iter().rev().copied().filter(|steps| *steps < 0).collect();
        let above = all.into_iter().filter(|steps| *steps > 0).collect();
        (below, above)
    }
}

/// Values without an order: those of a category, flags, texts of the law; in the order of the declaration.
pub(super) fn others(symbols: &Symbols, ty: Type, constants: &Constants) -> Vec<Value> {
    match ty.base {
        Base::Flag => vec![Value::Flag(true), Value::Flag(false)],
        Base::Category(category) => {
            let values = symbols.category(category).map_or(0, |category| category.values.len());
            (0..u32::try_from(values).unwrap_or(0).min(MOST_VALUES)).map(Value::Category).collect()
        }
        Base::Text => constants.like(Base::Text).cloned().collect(),
        _ => Vec::new(),
    }
}
