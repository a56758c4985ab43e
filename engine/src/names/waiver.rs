//! The record that waivers are read as, which the language brings.

use std::sync::Arc;

use crate::diagnostic::Place;
use crate::plan::{Absent, Field, FieldKind, PolicyId, Record, RecordKind, Symbols};
use crate::value::{Base, RecordId, Type, Value};

/// The name of the record, also that of its file.
pub const WAIVER: &str = "Waiver";

/// Positions of the fields of the record.
pub mod field {
    /// What is waived: `promotion.reads_at_level`.
    pub const TARGET: u32 = 0;
    /// The key of the row for which it is waived, its parts joined by `/`.
    pub const KEY: u32 = 1;
    /// Who waives.
    pub const AUTHORITY: u32 = 2;
    /// First day.
    pub const FROM: u32 = 3;
    /// First day after.
    pub const UNTIL: u32 = 4;
    /// Why.
    pub const REASON: u32 = 5;
}

/// Declares the record. It is in no policy's scope: expressions cannot read it.
pub(super) fn declare(symbols: &mut Symbols, policy: PolicyId, place: Place) {
    let field = |name: &str, base: Base| Field {
        name: name.to_owned(),
        ty: Type::of(base),
        kind: FieldKind::Cell,
        private: name == "key",
        jurisdiction: false,
        unchangeable: false,
        absent: (name == "until").then_some(Absent { value: Value::Never }),
        judged_by: None,
        docs: None,
        place,
    };
    let fields = vec![
        field("target", Base::Text),
        field("key", Base::Text),
        field("authority", Base::Text),
        field("from", Base::Date),
        field("until", Base::Date),
        field("reason", Base::Text),
    ];
    let id = RecordId(u32::try_from(symbols.records.len()).unwrap_or(u32::MAX));
    symbols.records.push(Record {
        name: WAIVER.to_owned(),
        kind: RecordKind::Record,
        fields,
        keys: 4,
        docs: Some("A waiver of a requirement or a rule for one row.".to_owned()),
        policy,
        place,
    });
    symbols.waivers = Some(id);
}

/// Whether two names of authorities are the same.
#[must_use]
pub fn same_authority(a: &str, named: &[Arc<str>]) -> bool {
    named.iter().any(|named| named.trim().to_lowercase() == a.trim().to_lowercase())
}
