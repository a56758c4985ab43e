//! Columns on their way: cells are added one by one, from values or as they were recognised.

use std::sync::Arc;

use super::batch::{
    Coded, Codes, Column, KNOWN, Keys, MISSING, NEVER, NO, NO_CODE, NO_DAY, SharedTexts, Texts, UNKNOWN,
    Values,
};
use super::key::{KeyCode, day_number};
use crate::data::Cell;
use crate::value::{Base, Number, Value};

/// A column on its way.
pub(crate) struct Builder {
    column: Column,
    key: Option<KeyCode>,
    base: Base,
    /// In the place of cells one by one.
    coded: Option<Coded>,
}

/// Places that a number of 18 digits may have.
const MOST_PLACES: u32 = 18;

impl Builder {
    /// An empty column of values of a type; `key`: how the keys that it holds are written.
    pub(crate) fn new(base: Base, key: Option<KeyCode>) -> Self {
        let values = match (base, &key) {
            (_, Some(key)) => {
                Values::Key(Keys { record: key.record(), texts: Texts::default(), which: None, shared: None })
            }
            (Base::Count | Base::Number | Base::Percent | Base::Days | Base::Months, _) => {
                Values::Scaled { value: Vec::new(), scale: 0, wide: Vec::new() }
            }
            (Base::Money, _) => Values::Scaled { value: Vec::new(), scale: 2, wide: Vec::new() },
            (Base::Category(_), _) => Values::Code(Vec::new()),
            (Base::Date, _) => Values::Day(Vec::new()),
            (Base::SchoolYear, _) => Values::Year(Vec::new()),
            (Base::Text, _) => Values::Text(Texts::default()),
            _ => Values::Void,
        };
        let column = Column { state: Vec::new(), unreadable: Vec::new(), values };
        Self { column, key, base, coded: None }
    }

    /// Another one for cells of the same kind; `None` of texts and keys.
    pub(crate) fn of_cells(&self) -> Option<Self> {
        let is_plain = self.key.is_none() && !matches!(self.column.values, Values::Text(_));
        is_plain.then(|| Self::new(self.base, None))
    }

    /// Lets rows share these cells; of an empty column.
    pub(crate) fn code_with(&mut self, cells: Arc<Column>, which: Codes) {
        self.coded = Some(Coded { cells, which });
    }

    /// Makes room for cells, and for bytes of texts.
    pub(crate) fn reserve(&mut self, rows: usize, bytes: usize) {
        self.column.state.reserve(rows);
        match &mut self.column.values {
            Values::Void | Values::Coded(_) => {}
            Values::Scaled { value, .. } => value.reserve(rows),
            Values::Code(codes) => codes.reserve(rows),
            Values::Day(days) | Values::Year(days) => days.reserve(rows),
            Values::Key(Keys { which: Some(which), .. }) => which.reserve(rows),
            Values::Text(texts) | Values::Key(Keys { texts, which: None, .. }) => {
                texts.ends.reserve(rows);
                texts.bytes.reserve(bytes);
            }
        }
    }

    /// The states and values, for whoever adds many cells at a time.
    pub(crate) const fn parts(&mut self) -> (&mut Vec<u8>, &mut Values) {
        (&mut self.column.state, &mut self.column.values)
    }

    /// Lets rows share keys from here on; of a column of keys that is empty.
    pub(crate) fn share_keys(&mut self) {
        if let Values::Key(keys) = &mut self.column.values
            && keys.which.is_none()
            && self.column.state.is_empty()
        {
            // The room that was made for ends of texts.
            keys.which = Some(std::mem::take(&mut keys.texts.ends));
        }
    }

    /// Whether rows share keys.
    pub(crate) const fn shares_keys(&self) -> bool {
        matches!(&self.column.values, Values::Key(Keys { which: Some(_), .. }))
    }

    /// Lets rows have these keys, and adds which each has; of a column of keys that is empty.
    pub(crate) fn share_with(
        &mut self,
        shared: Arc<SharedTexts>,
        rows: impl Iterator<Item = (u8, u32)>,
    ) -> Option<()> {
        let (states, which) = rows.unzip();
        self.share_all(shared, states, which)
    }

    /// The same of states and positions of keys.
    pub(crate) fn share_all(
        &mut self,
        shared: Arc<SharedTexts>,
        states: Vec<u8>,
        which: Vec<u32>,
    ) -> Option<()> {
        let Values::Key(keys) = &mut self.column.values else { return None };
        if keys.which.is_some() || !self.column.state.is_empty() {
            return None;
        }
        keys.shared = Some(shared);
        keys.which = Some(which);
        self.column.state = states;
        Some(())
    }

    /// Lets rows share keys of another batch from here on, and others; of a column of keys that is empty.
    pub(crate) fn share_known(&mut self, known: &Arc<SharedTexts>) {
        if let Values::Key(keys) = &mut self.column.values
            && self.column.state.is_empty()
        {
            keys.which = Some(std::mem::take(&mut keys.texts.ends));
            keys.texts = Texts::default();
            keys.shared = Some(Arc::clone(known));
        }
    }

    /// The keys that rows share, for other batches, if there are so many of them.
    pub(crate) fn shared_keys(&mut self, count: usize) -> Option<Arc<SharedTexts>> {
        let Values::Key(keys @ Keys { which: Some(_), .. }) = &mut self.column.values else { return None };
        if keys.shared.is_none() && keys.texts.len() == count {
            let texts = std::mem::take(&mut keys.texts);
            keys.shared = Some(Arc::new(SharedTexts { texts, ..SharedTexts::default() }));
        }
        keys.shared.clone().filter(|shared| shared.texts.len() == count)
    }

    /// Adds a key that rows may share, and says which it is.
    pub(crate) fn shared_key(&mut self, key: &[u8]) -> u32 {
        let Values::Key(keys) = &mut self.column.values else { return NO_CODE };
        let texts = own_texts(keys);
        texts.bytes.extend_from_slice(key);
        end(texts);
        u32::try_from(texts.len() - 1).unwrap_or(NO_CODE)
    }

    /// Bytes of its texts.
    pub(crate) fn bytes(&self) -> usize {
        match &self.column.values {
            Values::Text(texts) | Values::Key(Keys { texts, .. }) => texts.bytes.len(),
            _ => 0,
        }
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.column.state.len()
    }

    fn row(&self) -> u32 {
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    /// Takes back all cells from that one on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        let before = u32::try_from(rows).unwrap_or(u32::MAX);
        if rows == 0 {
            self.coded = None;
        }
        self.column.state.truncate(rows);
        if let Values::Key(keys) = &mut self.column.values
            && rows == 0
            && keys.shared.take().is_some()
        {
            keys.which = None;
        }
        while self.column.unreadable.last().is_some_and(|row| *row >= before) {
            self.column.unreadable.pop();
        }
        match &mut self.column.values {
            Values::Void | Values::Coded(_) => {}
            Values::Scaled { value, wide, .. } => {
                value.truncate(rows);
                wide.retain(|(row, _)| *row < before);
            }
            Values::Code(codes) => codes.truncate(rows),
            Values::Day(days) | Values::Year(days) => days.truncate(rows),
            // The keys that rows have shared are kept for others.
            Values::Key(Keys { which: Some(which), .. }) => which.truncate(rows),
            Values::Text(texts) | Values::Key(Keys { texts, which: None, .. }) => {
                texts.ends.truncate(rows);
                texts.bytes.truncate(texts.ends.last().map_or(0, |end| *end as usize));
            }
        }
    }

    /// Adds a cell without a value.
    pub(crate) fn open(&mut self, state: u8) {
        self.column.state.push(state);
        match &mut self.column.values {
            Values::Void | Values::Coded(_) => {}
            Values::Scaled { value, .. } => value.push(0),
            Values::Code(codes) => codes.push(NO_CODE),
            Values::Day(days) | Values::Year(days) => days.push(NO_DAY),
            Values::Key(Keys { which: Some(which), .. }) => which.push(NO_CODE),
            Values::Text(texts) | Values::Key(Keys { texts, which: None, .. }) => end(texts),
        }
    }

    /// Adds a flag.
    #[inline]
    pub(crate) fn flag(&mut self, flag: bool) {
        self.column.state.push(if flag { KNOWN } else { NO });
    }

    /// Adds the position of a category's value.
    #[inline]
    pub(crate) fn code(&mut self, code: u32) {
        self.column.state.push(KNOWN);
        if let Values::Code(codes) = &mut self.column.values {
            codes.push(code);
        }
    }

    /// Adds a day or a year.
    #[inline]
    pub(crate) fn day(&mut self, day: i32) {
        self.column.state.push(KNOWN);
        if let Values::Day(days) | Values::Year(days) = &mut self.column.values {
            days.push(day);
        }
    }

    /// Adds the value that a number stands for in a column of its kind: a flag, a position, a day or a year.
    #[inline]
    pub(crate) fn word(&mut self, number: u32) {
        match &mut self.column.values {
            Values::Code(codes) => codes.push(number),
            Values::Day(days) | Values::Year(days) => days.push(number.cast_signed()),
            _ => return self.flag(number != 0),
        }
        self.column.state.push(KNOWN);
    }

    /// Adds one of the keys that rows share.
    #[inline]
    pub(crate) fn share(&mut self, key: u32) {
        self.column.state.push(KNOWN);
        if let Values::Key(Keys { which: Some(which), .. }) = &mut self.column.values {
            which.push(key);
        }
    }

    /// Adds a text of at most eight bytes, or a key by its bytes.
    #[inline]
    pub(crate) fn short_text(&mut self, word: u64, length: usize) {
        match &mut self.column.values {
            Values::Text(texts) | Values::Key(Keys { texts, which: None, .. }) => {
                let start = texts.bytes.len();
                texts.bytes.extend_from_slice(&word.to_le_bytes());
                texts.bytes.truncate(start + length);
                end(texts);
                self.column.state.push(KNOWN);
            }
            _ => {
                let bytes = word.to_le_bytes();
                self.text(bytes.get(..length).unwrap_or_default());
            }
        }
    }

    /// Adds a text, or a key by its bytes.
    #[inline]
    pub(crate) fn text(&mut self, text: &[u8]) {
        self.column.state.push(KNOWN);
        let texts = match &mut self.column.values {
            Values::Text(texts) => texts,
            Values::Key(keys) => own_texts(keys),
            _ => return,
        };
        texts.bytes.extend_from_slice(text);
        end(texts);
        if let Values::Key(Keys { texts, which: Some(which), .. }) = &mut self.column.values {
            which.push(u32::try_from(texts.len() - 1).unwrap_or(NO_CODE));
        }
    }

    /// Adds `mantissa / 10^places`.
    #[inline]
    pub(crate) fn decimal(&mut self, mantissa: i64, places: u8) {
        let row = self.row();
        self.column.state.push(KNOWN);
        let Values::Scaled { value, scale, wide } = &mut self.column.values else { return };
        if places == *scale {
            value.push(mantissa);
            return;
        }
        if places > *scale {
            finer(value, scale, wide, places);
        }
        match times_ten(mantissa, *scale - places) {
            Some(scaled) => value.push(scaled),
            None => {
                wide.push((row, decimal_number(mantissa, places)));
                value.push(0);
            }
        }
    }

    fn number(&mut self, number: &Number) {
        let digits = number.to_decimal(MOST_PLACES);
        let parts = digits.and_then(|digits| {
            let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
            Some((format!("{whole}{fraction}").parse().ok()?, u8::try_from(fraction.len()).ok()?))
        });
        if let Some((mantissa, places)) = parts {
            return self.decimal(mantissa, places);
        }
        let row = self.row();
        self.column.state.push(KNOWN);
        if let Values::Scaled { value, wide, .. } = &mut self.column.values {
            value.push(0);
            wide.push((row, number.clone()));
        }
    }

    /// Adds a value.
    pub(crate) fn value(&mut self, found: &Value) {
        match found {
            Value::Flag(flag) if self.base == Base::Flag => self.flag(*flag),
            Value::Number(number) => self.number(number),
            Value::Text(text) => self.text(text.as_bytes()),
            Value::Date(day) => self.day(day_number(*day)),
            Value::Never => self.day(NEVER),
            Value::SchoolYear(year) => self.day(i32::from(*year)),
            Value::Category(position) => self.code(*position),
            Value::Reference(reference) => {
                let bytes = self.key.as_ref().and_then(|code| code.bytes(&reference.key));
                match bytes {
                    Some(bytes) => self.text(&bytes),
                    None => self.open(UNKNOWN),
                }
            }
            Value::None => {
                self.open(KNOWN);
            }
            Value::Flag(_) | Value::NotApplicable => self.open(UNKNOWN),
        }
    }

    /// Adds a cell.
    pub(crate) fn cell(&mut self, cell: &Cell) {
        match cell {
            Cell::Known(value) => self.value(value),
            Cell::Missing => self.open(MISSING),
            Cell::Unreadable => {
                let row = self.row();
                self.column.unreadable.push(row);
                self.open(UNKNOWN);
            }
            Cell::Absent | Cell::Assumed => self.open(UNKNOWN),
        }
    }

    /// Adds the key of a row from its cells.
    pub(crate) fn own_key<'c>(&mut self, cells: impl Iterator<Item = &'c Cell>) {
        let mut key = Vec::new();
        for cell in cells {
            match cell {
                Cell::Known(value) => key.push(value.clone()),
                _ => return self.open(UNKNOWN),
            }
        }
        match self.key.as_ref().and_then(|code| code.bytes(&key)) {
            Some(bytes) => self.text(&bytes),
            None => self.open(UNKNOWN),
        }
    }

    /// The column.
    pub(crate) fn finish(mut self) -> Column {
        if let Values::Scaled { wide, .. } = &mut self.column.values {
            wide.sort_by_key(|(row, _)| *row);
        }
        if let Some(coded) = self.coded {
            return Column { state: Vec::new(), unreadable: Vec::new(), values: Values::Coded(coded) };
        }
        self.column
    }
}

/// The texts of keys, to be added to.
#[inline]
fn own_texts(keys: &mut Keys) -> &mut Texts {
    if let Some(shared) = keys.shared.take() {
        keys.texts = shared.texts.clone();
    }
    &mut keys.texts
}

fn end(texts: &mut Texts) {
    texts.ends.push(u32::try_from(texts.bytes.len()).unwrap_or(u32::MAX));
}

/// Gives numbers more places.
pub(super) fn finer(values: &mut [i64], scale: &mut u8, wide: &mut Vec<(u32, Number)>, places: u8) {
    let more = places.saturating_sub(*scale);
    for (row, value) in (0_u32..).zip(values) {
        match times_ten(*value, more) {
            Some(larger) => *value = larger,
            None => {
                wide.push((row, decimal_number(*value, *scale)));
                *value = 0;
            }
        }
    }
    *scale = places;
}

fn times_ten(value: i64, times: u8) -> Option<i64> {
    value.checked_mul(10_i64.checked_pow(u32::from(times))?)
}

pub(crate) fn decimal_number(mantissa: i64, places: u8) -> Number {
    let mut number = Number::from_int(mantissa);
    for _ in 0..places {
        number = number.div(&Number::from_int(10)).unwrap_or(number);
    }
    number
}
