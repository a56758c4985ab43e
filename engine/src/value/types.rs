//! Static types.

/// A category of the symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CategoryId(pub u32);

/// A record or group of the symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub u32);

/// A type without its `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// `flag`: yes or no.
    Flag,
    /// `count`: 0, 1, 2 …
    Count,
    /// `number`: exact.
    Number,
    /// `percent`: same dimension as `number`.
    Percent,
    /// `money`: US dollars.
    Money,
    /// `text`.
    Text,
    /// `date`.
    Date,
    /// `school_year`.
    SchoolYear,
    /// `days`.
    Days,
    /// `months`: `2 years` is 24 months.
    Months,
    /// A value of a category, or the outcome of a decision.
    Category(CategoryId),
    /// A row of a record or group.
    Record(RecordId),
    /// The rows of a `many` field.
    Many(RecordId),
    /// A set of category values.
    Set(CategoryId),
    /// Not known because of an error already reported; agrees with everything.
    Damaged,
}

/// A type: `optional` values may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// What it is.
    pub base: Base,
    /// `?`.
    pub optional: bool,
}

impl Type {
    /// `T`.
    #[must_use]
    pub const fn of(base: Base) -> Self {
        Self { base, optional: false }
    }

    /// `T?`.
    #[must_use]
    pub const fn maybe(base: Base) -> Self {
        Self { base, optional: true }
    }
}
