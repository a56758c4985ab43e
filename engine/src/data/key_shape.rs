//! The key of a record, down to the fields that stand in files.

use crate::plan::{Field, Symbols};
use crate::value::{Base, RecordId, Reference, Value};

/// A key whose parts that are references are opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyShape {
    pub(crate) record: RecordId,
    pub(crate) parts: Vec<KeyPart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// Position among the leaves.
    Leaf(usize),
    Nested(KeyShape),
}

/// A field that a key comes down to.
#[derive(Clone, Debug)]
pub(crate) struct KeyLeaf<'a> {
    /// The fields on the way to it, and itself.
    pub(crate) path: Vec<&'a str>,
    pub(crate) field: &'a Field,
    /// It or a field on the way to it is private.
    pub(crate) private: bool,
}

/// Keys deeper than this go in a circle.
const DEEPEST: usize = 12;

impl KeyShape {
    /// The shape of a record's key and its leaves in order; `None` when a key contains itself or is damaged.
    pub(crate) fn of(symbols: &Symbols, record: RecordId) -> Option<(Self, Vec<KeyLeaf<'_>>)> {
        let mut leaves = Vec::new();
        let shape = build(symbols, record, &mut Vec::new(), false, &mut leaves)?;
        Some((shape, leaves))
    }

    /// The reference, from the values of the leaves.
    pub(crate) fn reference(&self, leaves: &[Value]) -> Option<Reference> {
        let key: Option<Vec<Value>> = self
            .parts
            .iter()
            .map(|part| match part {
                KeyPart::Leaf(position) => leaves.get(*position).cloned(),
                KeyPart::Nested(shape) => shape.reference(leaves).map(Value::Reference),
            })
            .collect();
        Some(Reference { record: self.record, row: None, key: key?.into() })
    }
}

fn build<'a>(
    symbols: &'a Symbols,
    record: RecordId,
    path: &mut Vec<&'a str>,
    private: bool,
    leaves: &mut Vec<KeyLeaf<'a>>,
) -> Option<KeyShape> {
    let declared = symbols.record(record)?;
    if path.len() > DEEPEST || declared.keys == 0 {
        return None;
    }
    let mut parts = Vec::new();
    for field in declared.fields.iter().take(declared.keys) {
        path.push(&field.name);
        let private = private || field.private;
        parts.push(if let Base::Record(target) = field.ty.base {
            KeyPart::Nested(build(symbols, target, path, private, leaves)?)
        } else {
            leaves.push(KeyLeaf { path: path.clone(), field, private });
            KeyPart::Leaf(leaves.len() - 1)
        });
        path.pop();
    }
    Some(KeyShape { record, parts })
}
