//! The four states of a value: known, missing, unknown, error.

use std::sync::Arc;

use super::{RecordId, Value};

/// What evaluating an expression gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The value.
    Known(Value),
    /// Definitely no value on file; only for types `T?`.
    Missing,
    /// Some fact would settle it; sorted, no fact twice.
    Unknown(Arc<[Need]>),
    /// No fact helps; sorted, no fault twice.
    Error(Arc<[Fault]>),
}

/// A fact that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Need {
    /// The record of the row.
    pub record: RecordId,
    /// The row; `None` when it is the whole record kind, or a row that does not exist.
    pub row: Option<u32>,
    /// Position of the field in its record; `None` for a whole row or record kind.
    pub field: Option<u32>,
    /// Why it is not there.
    pub kind: NeedKind,
}

/// Why a fact is not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NeedKind {
    /// The cell is empty.
    Absent,
    /// The cell could not be read; the data errors say why.
    Unreadable,
    /// A finding that a person has to make.
    Finding(Arc<str>),
    /// Several rows are latest, earliest or only.
    Tie,
    /// The key names no row.
    Dangling,
    /// No data was supplied for this record.
    NotSupplied,
    /// A test says `unknown`.
    Assumed(Arc<str>),
    /// A value for the whole run that was not given; its name.
    Input(Arc<str>),
    /// A decision in which nothing matched, or a requirement that is pending; its name.
    Undecided(Arc<str>),
}

/// Why no fact helps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A number grew past 10^76.
    Overflow,
    /// Division by zero.
    DivisionByZero,
    /// A count would be negative or not whole.
    NotACount,
    /// A decision that this value reads is in conflict; its name.
    Conflict(Arc<str>),
    /// Two rows share the key.
    DuplicateKey {
        /// The record.
        record: RecordId,
        /// One of the rows.
        row: u32,
    },
    /// The parameter has no value at that date; its name.
    NoParameterValue(Arc<str>),
    /// `case` arms that hold disagree.
    CaseDisagrees,
    /// There is no such day.
    NoSuchDate,
    /// A dated definition has no arm at the legal date; its name.
    NotInForce(Arc<str>),
    /// `never`, `none` or what is not applicable where a number or a day is needed.
    NotAValue,
    /// `at least` is above `at most`; the amount or line.
    LimitsCross(Arc<str>),
    /// `apportion` has no weights to share by, or the wrong ones: why.
    BadApportionment(Arc<str>),
    /// The plan cannot be followed: a declaration with errors, or nested too deeply.
    Broken(Arc<str>),
}
