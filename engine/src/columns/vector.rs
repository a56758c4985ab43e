//! A column of one expression over the lanes at hand: the state of each lane, and its value where it is known.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::store::Store;
use crate::evaluate::bounds::Bounds;
use crate::evaluate::found::{Found, Truth};
use crate::value::{Base, Date, Fault, Need, NeedKind, Number, RecordId, State, Value, date};

/// A condition that is no. As codes, `and` is the least and `or` the greatest with unknown and error exchanged.
pub(crate) const NO: u8 = 0;
/// Not known.
pub(crate) const UNKNOWN: u8 = 1;
/// An error.
pub(crate) const ERROR: u8 = 2;
/// A condition that is yes; any other value that is known.
pub(crate) const KNOWN: u8 = 3;
/// Definitely nothing on file.
pub(crate) const MISSING: u8 = 4;

/// What stands for `none` among codes and rows.
pub(crate) const NO_CODE: u32 = u32::MAX;
/// What stands for `not applicable` among codes.
pub(crate) const NOT_APPLICABLE: u32 = u32::MAX - 1;
/// What stands for `never`; it is later than every day.
pub(crate) const NEVER: i32 = i32::MAX;
/// What stands for `none` among days and years.
pub(crate) const NO_DAY: i32 = i32::MIN;

/// What a column holds. Lanes that are not known hold zero or `none`.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// Nothing: no lane is known.
    Void,
    /// Flags: the state says it.
    Flag,
    /// Numbers, times 10 to the scale.
    Num(Vec<i64>, u8),
    /// Quotients of whole numbers, the divisor above zero.
    Ratio(Vec<i64>, Vec<i64>),
    /// Positions in a category.
    Code(Vec<u32>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
    /// School years.
    Year(Vec<i32>),
    /// Rows of a record, or keys that name none.
    Row(RecordId, Vec<u32>),
    /// Whatever else.
    Any(Vec<Value>),
}

/// The lanes of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) state: Vec<u8>,
    pub(crate) data: Data,
    /// Of a bounded expression: the lanes that are not exact, in order. As in the tables of bounds, they are few.
    pub(crate) bounds: Vec<(u32, Arc<Bounds>)>,
}

static SOME_NEED: LazyLock<Arc<[Need]>> = LazyLock::new(|| {
    Arc::from([Need { record: RecordId(u32::MAX), row: None, field: None, kind: NeedKind::Absent }])
});
static SOME_FAULT: LazyLock<Arc<[Fault]>> = LazyLock::new(|| Arc::from([Fault::NotAValue]));

/// What stands in a column for an unknown; which facts it needs, only the explaining evaluator says.
pub(crate) fn some_need() -> Arc<[Need]> {
    Arc::clone(&SOME_NEED)
}

/// A state without a value.
pub(crate) fn open(state: u8) -> Found {
    match state {
        ERROR => Found::error(Arc::clone(&SOME_FAULT)),
        MISSING => Found::missing(some_need()),
        _ => Found::unknown(some_need()),
    }
}

/// The code of a state.
pub(crate) fn code_of(found: &Found) -> u8 {
    match &found.state {
        State::Known(Value::Flag(false)) => NO,
        State::Known(_) => KNOWN,
        State::Missing => MISSING,
        State::Unknown(_) => UNKNOWN,
        State::Error(_) => ERROR,
    }
}

/// A condition by its code.
pub(crate) fn truth_of(code: u8) -> Truth {
    match code {
        NO => Truth::False,
        KNOWN => Truth::True,
        ERROR => Truth::Error,
        _ => Truth::Unknown,
    }
}

impl Vector {
    /// Lanes without a value, all in that state.
    pub(crate) fn open(state: u8, lanes: usize) -> Self {
        Self::of(vec![state; lanes], Data::Void)
    }

    pub(crate) const fn of(state: Vec<u8>, data: Data) -> Self {
        Self { state, data, bounds: Vec::new() }
    }

    pub(crate) fn flags(state: Vec<u8>) -> Self {
        Self::of(state, Data::Flag)
    }

    pub(crate) fn len(&self) -> usize {
        self.state.len()
    }

    /// The same everywhere.
    pub(crate) fn constant(found: &Found, base: Base, lanes: usize, store: &Store<'_>) -> Self {
        let one = Self::from_founds(vec![found.clone()], base, store);
        one.gather(&vec![0; lanes])
    }

    /// Whether every lane has a value and, of flags, is yes.
    pub(crate) fn all_known(&self) -> bool {
        // No end before the last, so that many are looked at together.
        self.state.iter().fold(true, |all, state| all & (*state == KNOWN))
    }

    /// Whether some lane is in that state.
    pub(crate) fn has_state(&self, wanted: u8) -> bool {
        // No end before the last here either.
        self.state.iter().fold(false, |any, state| any | (*state == wanted))
    }

    /// The first lane, so many times.
    pub(crate) fn repeated(&self, lanes: usize) -> Self {
        fn same<T: Copy + Default>(from: &[T], lanes: usize) -> Vec<T> {
            vec![from.first().copied().unwrap_or_default(); lanes]
        }
        let data = match &self.data {
            Data::Void => Data::Void,
            Data::Flag => Data::Flag,
            Data::Num(values, scale) => Data::Num(same(values, lanes), *scale),
            Data::Code(codes) => Data::Code(same(codes, lanes)),
            Data::Date(days) => Data::Date(same(days, lanes)),
            Data::Year(years) => Data::Year(same(years, lanes)),
            Data::Row(record, rows) => Data::Row(*record, same(rows, lanes)),
            Data::Ratio(..) | Data::Any(_) => return self.gather(&vec![0; lanes]),
        };
        if !self.bounds.is_empty() {
            return self.gather(&vec![0; lanes]);
        }
        Self::of(same(&self.state, lanes), data)
    }

    /// Whether the lane has a value.
    pub(crate) fn is_known(&self, lane: usize) -> bool {
        matches!(self.state.get(lane), Some(&NO | &KNOWN))
    }

    /// The value of a lane; `None` where it is not known.
    pub(crate) fn value(&self, lane: usize, store: &Store<'_>) -> Option<Value> {
        match &self.data {
            Data::Row(record, rows) if self.is_known(lane) => Some(match *rows.get(lane)? {
                NO_CODE => Value::None,
                row => Value::Reference(store.reference(*record, row)),
            }),
            _ => self.plain_value(lane),
        }
    }

    /// The same, but of rows nothing.
    pub(crate) fn plain_value(&self, lane: usize) -> Option<Value> {
        let state = *self.state.get(lane)?;
        if state != NO && state != KNOWN {
            return None;
        }
        Some(match &self.data {
            Data::Void => return None,
            Data::Flag => Value::Flag(state == KNOWN),
            Data::Num(values, scale) => Value::Number(Number::scaled(*values.get(lane)?, *scale)),
            Data::Ratio(n, d) => Value::Number(Number::ratio(*n.get(lane)?, *d.get(lane)?).ok()?),
            Data::Code(codes) => match *codes.get(lane)? {
                NO_CODE => Value::None,
                NOT_APPLICABLE => Value::NotApplicable,
                code => Value::Category(code),
            },
            Data::Date(days) => match *days.get(lane)? {
                NEVER => Value::Never,
                NO_DAY => Value::None,
                day => Value::Date(date::from_ordinal(day)?),
            },
            Data::Year(years) => match *years.get(lane)? {
                NO_DAY => Value::None,
                year => Value::SchoolYear(i16::try_from(year).ok()?),
            },
            Data::Row(..) => return None,
            Data::Any(values) => values.get(lane)?.clone(),
        })
    }

    /// A lane as the evaluator carries it; needs and faults are stood for.
    pub(crate) fn found(&self, lane: usize, store: &Store<'_>) -> Found {
        let plain = match self.value(lane, store) {
            Some(value) => Found::known(value),
            None => open(self.state.get(lane).copied().unwrap_or(ERROR)),
        };
        match self.bounds_of(lane) {
            Some(bounds) => Found { bounds: Some(bounds), ..plain },
            None => plain,
        }
    }

    pub(crate) fn bounds_of(&self, lane: usize) -> Option<Arc<Bounds>> {
        let lane = u32::try_from(lane).ok()?;
        let at = self.bounds.binary_search_by_key(&lane, |(lane, _)| *lane).ok()?;
        self.bounds.get(at).map(|(_, bounds)| Arc::clone(bounds))
    }

    /// Columns from what the evaluator carries.
    pub(crate) fn from_founds(founds: Vec<Found>, base: Base, store: &Store<'_>) -> Self {
        let mut bounds = Vec::new();
        let mut states = Vec::with_capacity(founds.len());
        let mut values = Vec::with_capacity(founds.len());
        for (lane, found) in (0_u32..).zip(founds) {
            states.push(code_of(&found));
            if let Some(ends) = found.bounds {
                bounds.push((lane, ends));
            }
            values.push(match found.state {
                State::Known(value) => value,
                _ => Value::None,
            });
        }
        Self { bounds, ..Self::from_values(states, values, base, store) }
    }

    /// The narrowest form that holds the values. Lanes that are not known hold `none`.
    pub(crate) fn from_values(mut state: Vec<u8>, values: Vec<Value>, base: Base, store: &Store<'_>) -> Self {
        if !state.iter().any(|state| matches!(*state, NO | KNOWN)) {
            return Self::of(state, Data::Void);
        }
        let known =
            || state.iter().zip(&values).map(|(state, value)| matches!(*state, NO | KNOWN).then_some(value));
        let narrow = match base {
            Base::Flag => {
                if known().flatten().all(|value| matches!(value, Value::Flag(_))) {
                    return Self::flags(state);
                }
                None
            }
            Base::Count | Base::Number | Base::Percent | Base::Money | Base::Days | Base::Months => {
                numbers(known)
            }
            Base::Category(_) => known()
                .map(|value| match value {
                    None | Some(Value::None) => Some(NO_CODE),
                    Some(Value::NotApplicable) => Some(NOT_APPLICABLE),
                    Some(Value::Category(code)) => Some(*code),
                    Some(_) => None,
                })
                .collect::<Option<_>>()
                .map(Data::Code),
            Base::Date => known()
                .map(|value| match value {
                    None | Some(Value::None) => Some(NO_DAY),
                    Some(Value::Never) => Some(NEVER),
                    Some(Value::Date(day)) => i32::try_from(date::ordinal(*day)).ok(),
                    Some(_) => None,
                })
                .collect::<Option<_>>()
                .map(Data::Date),
            Base::SchoolYear => known()
                .map(|value| match value {
                    None | Some(Value::None) => Some(NO_DAY),
                    Some(Value::SchoolYear(year)) => Some(i32::from(*year)),
                    Some(_) => None,
                })
                .collect::<Option<_>>()
                .map(Data::Year),
            Base::Record(record) => known()
                .map(|value| match value {
                    None | Some(Value::None) => Some(NO_CODE),
                    Some(Value::Reference(reference)) if reference.record == record => {
                        Some(store.lane_of(reference))
                    }
                    Some(_) => None,
                })
                .collect::<Option<_>>()
                .map(|rows| Data::Row(record, rows)),
            _ => None,
        };
        for code in state.iter_mut().filter(|code| **code == NO) {
            *code = KNOWN;
        }
        Self::of(state, narrow.unwrap_or(Data::Any(values)))
    }

    /// The lanes as conditions: no, unknown, error or yes. What is known but no flag is not yes.
    pub(crate) fn truths(&self) -> Cow<'_, [u8]> {
        let settled = |state: u8| if state == MISSING { UNKNOWN } else { state };
        match &self.data {
            Data::Flag | Data::Void if !self.has_state(MISSING) => Cow::Borrowed(&self.state),
            Data::Flag | Data::Void => Cow::Owned(self.state.iter().map(|state| settled(*state)).collect()),
            Data::Any(values) => Cow::Owned(
                self.state
                    .iter()
                    .zip(values)
                    .map(|(state, value)| match *state {
                        NO | KNOWN if *value == Value::Flag(true) => KNOWN,
                        NO | KNOWN => NO,
                        state => settled(state),
                    })
                    .collect(),
            ),
            _ => Cow::Owned(
                self.state.iter().map(|state| if *state == KNOWN { NO } else { settled(*state) }).collect(),
            ),
        }
    }

    /// What is missing is unknown to whoever knows nothing of the missing.
    pub(crate) fn doubted(mut self) -> Self {
        for state in self.state.iter_mut().filter(|state| **state == MISSING) {
            *state = UNKNOWN;
        }
        self
    }

    /// The same without bounds.
    pub(crate) fn plain(&self) -> Self {
        Self::of(self.state.clone(), self.data.clone())
    }

    /// The states of some of the lanes.
    pub(crate) fn gather_states(&self, lanes: &[u32]) -> Vec<u8> {
        lanes.iter().map(|lane| self.state.get(*lane as usize).copied().unwrap_or(ERROR)).collect()
    }

    /// Some of the lanes, in that order.
    pub(crate) fn gather(&self, lanes: &[u32]) -> Self {
        fn take<T: Copy + Default>(from: &[T], lanes: &[u32]) -> Vec<T> {
            lanes.iter().map(|lane| from.get(*lane as usize).copied().unwrap_or_default()).collect()
        }
        let data = match &self.data {
            Data::Void => Data::Void,
            Data::Flag => Data::Flag,
            Data::Num(values, scale) => Data::Num(take(values, lanes), *scale),
            Data::Ratio(n, d) => Data::Ratio(take(n, lanes), take(d, lanes)),
            Data::Code(codes) => Data::Code(take(codes, lanes)),
            Data::Date(days) => Data::Date(take(days, lanes)),
            Data::Year(years) => Data::Year(take(years, lanes)),
            Data::Row(record, rows) => Data::Row(*record, take(rows, lanes)),
            Data::Any(values) => Data::Any(
                lanes.iter().map(|lane| values.get(*lane as usize).cloned().unwrap_or(Value::None)).collect(),
            ),
        };
        let mut gathered = Self::of(take(&self.state, lanes), data);
        if !self.bounds.is_empty() {
            let bounds =
                (0_u32..).zip(lanes).filter_map(|(at, lane)| Some((at, self.bounds_of(*lane as usize)?)));
            gathered.bounds = bounds.collect();
        }
        gathered
    }

    /// Lanes put together from parts: each part says which lanes its own are. Bounds are dropped, unless `bounded`.
    pub(crate) fn assemble(
        lanes: usize,
        parts: &[(Vec<u32>, Cow<'_, Self>)],
        bounded: bool,
        store: &Store<'_>,
    ) -> Self {
        if let [(own, part)] = parts
            && own.len() == lanes
            && (bounded || part.bounds.is_empty())
        {
            return part.clone().into_owned();
        }
        let mut state = vec![UNKNOWN; lanes];
        for (own, part) in parts {
            for (lane, code) in own.iter().zip(&part.state) {
                if let Some(place) = state.get_mut(*lane as usize) {
                    *place = *code;
                }
            }
        }
        let data = blend(lanes, parts, store);
        // A flag that stands among other values is told by its value.
        if matches!(data, Data::Any(_)) {
            state.iter_mut().filter(|code| **code == NO).for_each(|code| *code = KNOWN);
        }
        let mut all = Self::of(state, data);
        if bounded {
            for (own, part) in parts {
                let of_part = part
                    .bounds
                    .iter()
                    .filter_map(|(lane, ends)| Some((*own.get(*lane as usize)?, Arc::clone(ends))));
                all.bounds.extend(of_part);
            }
            all.bounds.sort_by_key(|(lane, _)| *lane);
        }
        all
    }

    /// Several vectors, one after the other.
    pub(crate) fn concat(parts: &[Self], store: &Store<'_>) -> Self {
        let mut from = 0_u32;
        let mut placed = Vec::with_capacity(parts.len());
        for part in parts {
            let to = from + u32::try_from(part.len()).unwrap_or(0);
            placed.push(((from..to).collect(), Cow::Borrowed(part)));
            from = to;
        }
        Self::assemble(from as usize, &placed, true, store)
    }
}

/// Numbers as scaled whole numbers, where all of them fit.
fn numbers<'v, I: Iterator<Item = Option<&'v Value>>>(known: impl Fn() -> I) -> Option<Data> {
    let mut scale = 0;
    let mut parts = Vec::new();
    for value in known() {
        match value {
            None => parts.push((0, 0)),
            Some(Value::Number(number)) => {
                let (value, own) = number.to_scaled()?;
                scale = scale.max(own);
                parts.push((value, own));
            }
            Some(_) => return None,
        }
    }
    let scaled = parts.into_iter().map(|(value, own)| value.checked_mul(power(scale - own)?));
    Some(Data::Num(scaled.collect::<Option<_>>()?, scale))
}

/// A power of ten.
pub(crate) fn power(exponent: u8) -> Option<i64> {
    10_i64.checked_pow(u32::from(exponent))
}

fn blend(lanes: usize, parts: &[(Vec<u32>, Cow<'_, Vector>)], store: &Store<'_>) -> Data {
    fn spread<'p, T: Copy + 'p>(
        lanes: usize,
        blank: T,
        parts: impl Iterator<Item = (&'p [u32], Cow<'p, [T]>)>,
    ) -> Vec<T> {
        let mut all = vec![blank; lanes];
        for (own, values) in parts {
            for (lane, value) in own.iter().zip(values.iter()) {
                if let Some(place) = all.get_mut(*lane as usize) {
                    *place = *value;
                }
            }
        }
        all
    }
    let kinds: Vec<&(Vec<u32>, Cow<'_, Vector>)> =
        parts.iter().filter(|(_, part)| !matches!(part.data, Data::Void)).collect();
    let Some((_, first)) = kinds.first() else { return Data::Void };
    macro_rules! all_of {
        ($kind:ident, $blank:expr) => {{
            let own = |part: &Data| matches!(part, Data::$kind(_));
            if kinds.iter().all(|(_, part)| own(&part.data)) {
                let values = kinds.iter().filter_map(|(lanes, part)| match &part.data {
                    Data::$kind(values) => Some((lanes.as_slice(), Cow::Borrowed(values.as_slice()))),
                    _ => None,
                });
                return Data::$kind(spread(lanes, $blank, values));
            }
        }};
    }
    match &first.data {
        Data::Flag if kinds.iter().all(|(_, part)| matches!(part.data, Data::Flag)) => return Data::Flag,
        Data::Code(_) => all_of!(Code, NO_CODE),
        Data::Date(_) => all_of!(Date, NO_DAY),
        Data::Year(_) => all_of!(Year, NO_DAY),
        Data::Row(record, _) => {
            let own = |part: &Data| matches!(part, Data::Row(other, _) if other == record);
            if kinds.iter().all(|(_, part)| own(&part.data)) {
                let values = kinds.iter().filter_map(|(lanes, part)| match &part.data {
                    Data::Row(_, rows) => Some((lanes.as_slice(), Cow::Borrowed(rows.as_slice()))),
                    _ => None,
                });
                return Data::Row(*record, spread(lanes, NO_CODE, values));
            }
        }
        Data::Num(..) => {
            let scales = kinds.iter().map(|(_, part)| match &part.data {
                Data::Num(_, scale) => Some(*scale),
                _ => None,
            });
            if let Some(scale) = scales.collect::<Option<Vec<u8>>>().and_then(|all| all.into_iter().max()) {
                let rescaled: Option<Vec<_>> = kinds
                    .iter()
                    .map(|(lanes, part)| Some((lanes.as_slice(), part.scaled_to(scale)?)))
                    .collect();
                if let Some(rescaled) = rescaled {
                    return Data::Num(spread(lanes, 0, rescaled.into_iter()), scale);
                }
            }
        }
        _ => {}
    }
    let mut values = vec![Value::None; lanes];
    for (own, part) in kinds {
        for (at, lane) in own.iter().enumerate() {
            if let (Some(place), Some(value)) = (values.get_mut(*lane as usize), part.value(at, store)) {
                *place = value;
            }
        }
    }
    Data::Any(values)
}

impl Vector {
    /// Numbers at that scale, where all of them fit.
    pub(crate) fn scaled_to(&self, scale: u8) -> Option<Cow<'_, [i64]>> {
        let Data::Num(values, own) = &self.data else { return None };
        if *own == scale {
            return Some(Cow::Borrowed(values));
        }
        let by = power(scale.checked_sub(*own)?)?;
        let scaled: Option<Vec<i64>> = values.iter().map(|value| value.checked_mul(by)).collect();
        scaled.map(Cow::Owned)
    }
}

/// The day of the calendar that a number of days stands for; `never` is its last.
pub(crate) fn law_of(day: i32) -> Option<Date> {
    if day == NEVER { Some(Date::MAX) } else { date::from_ordinal(day) }
}
