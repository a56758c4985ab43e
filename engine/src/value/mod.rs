//! Values, their types, and the four states in which a value can be.

pub mod date;
pub mod number;
mod state;
mod types;

use std::sync::Arc;

pub use date::Date;
pub use number::Number;
pub use state::{Fault, Need, NeedKind, State};
pub use types::{Base, CategoryId, RecordId, Type};

/// A known value. Its unit and its category are static and stand in its [`Type`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// `yes` or `no`.
    Flag(bool),
    /// `count`, `number`, `percent` (25 % is 1/4), `money` (dollars), `days`, `months`.
    Number(Number),
    /// `text`.
    Text(Arc<str>),
    /// `date`.
    Date(Date),
    /// Later than every date.
    Never,
    /// Equal to nothing; what `absent means none` gives.
    None,
    /// The year in which the school year starts.
    SchoolYear(i16),
    /// Position in its category.
    Category(u32),
    /// A row of a record, or a key that no row has.
    Reference(Reference),
    /// What a decision gives for a record outside its `where`.
    NotApplicable,
}

/// A row, named by its record's key. Equality is equality of keys; of rows whose key is not known, it is that of rows.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The record.
    pub record: RecordId,
    /// The row, or `None` for a dangling key and for a lookup that finds nothing.
    pub row: Option<u32>,
    /// The values of the key fields; empty when one of them is not known.
    pub key: Arc<[Value]>,
}

impl PartialEq for Reference {
    fn eq(&self, other: &Self) -> bool {
        self.record == other.record
            && self.key == other.key
            && (!self.key.is_empty() || self.row == other.row)
    }
}

impl Eq for Reference {}

impl std::hash::Hash for Reference {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.record.hash(hasher);
        self.key.hash(hasher);
        if self.key.is_empty() {
            self.row.hash(hasher);
        }
    }
}
