//! Batches and what their columns hold.

use std::sync::{Arc, OnceLock};

use super::lines::Lines;
pub use crate::data::parquet_codes::Codes;
use crate::value::{Number, RecordId};

/// A flag that is no.
pub const NO: u8 = 0;
/// Not known: absent, awaited or unreadable.
pub const UNKNOWN: u8 = 1;
/// A flag that is yes; any other value that is known.
pub const KNOWN: u8 = 3;
/// Definitely nothing on file, in a field `T?`.
pub const MISSING: u8 = 4;

/// What stands for `none` among codes.
pub const NO_CODE: u32 = u32::MAX;
/// What stands for `never` among days.
pub const NEVER: i32 = i32::MAX;
/// What stands for `none` among days and years.
pub const NO_DAY: i32 = i32::MIN;

/// What is to be read of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The record.
    pub record: RecordId,
    /// Positions of its fields, ascending; those that are no cells give columns that are not known.
    pub fields: Vec<u32>,
    /// Whether the keys of its rows are wanted too.
    pub key: bool,
}

/// Some rows of a record, in the order of their file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Position of the file in [`super::Tables::files`].
    pub file: u32,
    /// Number of the first row in the record, from 0; the rows of a batch follow each other.
    pub first: u32,
    /// Where each row begins: its line, or its number in a file without lines.
    pub lines: Lines,
    /// For each of [`Wanted::fields`].
    pub columns: Vec<Column>,
    /// The keys of the rows, where they were asked for.
    pub key: Option<Column>,
}

/// The cells of one field, for each row of the batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// [`KNOWN`], [`MISSING`], [`UNKNOWN`] or, for flags, [`NO`]; empty where few cells are shared ([`Values::Coded`]), whose
    /// states they are then.
    pub state: Vec<u8>,
    /// Rows of the batch whose cell is [`UNKNOWN`] because something stands there that cannot be read, ascending.
    pub unreadable: Vec<u32>,
    /// What is known.
    pub values: Values,
}

/// The values of a column; where the state is not [`KNOWN`], anything may stand in their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Values {
    /// None: no cell is known, or the cells are flags, which their states say.
    #[default]
    Void,
    /// Numbers, money in dollars, percents (25 % is 0.25), days and months: `value[i] / 10^scale`.
    Scaled {
        /// By row.
        value: Vec<i64>,
        /// The same for all rows of this batch; another batch may have another.
        scale: u8,
        /// Rows whose number does not fit, ascending; `value` is 0 there.
        wide: Vec<(u32, Number)>,
    },
    /// Positions in the category of the field, or [`NO_CODE`].
    Code(Vec<u32>),
    /// Days since 1970-01-01, or [`NEVER`] or [`NO_DAY`].
    Day(Vec<i32>),
    /// The year in which a school year starts, or [`NO_DAY`].
    Year(Vec<i32>),
    /// Texts.
    Text(Texts),
    /// Keys of rows of another record, or of the record itself.
    Key(Keys),
    /// Cells that rows share.
    Coded(Coded),
}

/// Cells that repeat: each distinct one once, and for each row which it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Coded {
    /// The cells; their values are neither coded again, nor texts or keys, and all numbers fit.
    pub cells: Arc<Column>,
    /// By row: the position of its cell.
    pub which: Codes,
}

/// Texts one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// All of them.
    pub bytes: Vec<u8>,
    /// Where each ends.
    pub ends: Vec<u32>,
}

/// Keys. The bytes of two keys of one record are the same exactly when the keys are. A key that is one text is that text in
/// UTF-8; any other is written so that `decode_key` finds its values again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The record that they name a row of.
    pub record: RecordId,
    /// By row, or where many rows share a key each of those that occur; empty where the key is not known.
    pub texts: Texts,
    /// Where many rows share a key: which of the texts each row has; [`NO_CODE`] where the key is not known.
    pub which: Option<Vec<u32>>,
    /// In the place of `texts`, where other batches have the same.
    pub shared: Option<Arc<SharedTexts>>,
}

/// Texts that several batches share.
#[derive(Debug, Default)]
pub struct SharedTexts {
    /// The texts.
    pub texts: Texts,
    /// What was found for each, kept by whoever looks for them.
    pub(crate) found: OnceLock<Vec<u32>>,
}

impl PartialEq for SharedTexts {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for SharedTexts {}

impl Keys {
    /// The key of a row; empty where it is not known.
    #[must_use]
    pub fn get(&self, row: usize) -> &[u8] {
        match &self.which {
            None => self.texts.get(row),
            Some(which) => {
                let texts = self.shared.as_ref().map_or(&self.texts, |shared| &shared.texts);
                which.get(row).map_or(&[][..], |at| texts.get(*at as usize))
            }
        }
    }
}

impl Column {
    /// How many rows it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.values {
            Values::Coded(coded) => coded.which.len(),
            _ => self.state.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Batch {
    /// How many rows it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl Texts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of one; empty outside.
    #[must_use]
    pub fn get(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let (Some(start), Some(end)) = (start, self.ends.get(row)) else { return &[] };
        self.bytes.get(start as usize..*end as usize).unwrap_or(&[])
    }

    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let text = self.bytes.get(start..*end as usize).unwrap_or(&[]);
            start = *end as usize;
            text
        })
    }
}
