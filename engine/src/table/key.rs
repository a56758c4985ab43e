//! Keys as bytes: the same bytes exactly when the keys are the same.

use std::sync::Arc;

use crate::data::key_shape::{KeyPart, KeyShape};
use crate::plan::{Symbols, written_number};
use crate::value::{Base, Date, Number, RecordId, Reference, Value, date};

/// How the keys of a record are written.
#[derive(Clone, Debug)]
pub(crate) struct KeyCode {
    shape: KeyShape,
    leaves: usize,
    /// The key is one text, which stands for itself.
    is_text: bool,
}

impl KeyCode {
    /// `None` where the key is damaged.
    pub(crate) fn of(symbols: &Symbols, record: RecordId) -> Option<Self> {
        let (shape, leaves) = KeyShape::of(symbols, record)?;
        let is_text = matches!(leaves.as_slice(), [leaf] if leaf.field.ty.base == Base::Text)
            && matches!(shape.parts.as_slice(), [KeyPart::Leaf(_)]);
        Some(Self { leaves: leaves.len(), shape, is_text })
    }

    /// The record.
    pub(crate) const fn record(&self) -> RecordId {
        self.shape.record
    }

    /// Whether the key is one text, which stands for itself.
    pub(crate) const fn is_text(&self) -> bool {
        self.is_text
    }

    /// Writes the values that a key comes down to.
    pub(crate) fn write(&self, leaves: &[Value], bytes: &mut Vec<u8>) {
        match leaves {
            [Value::Text(text)] if self.is_text => bytes.extend_from_slice(text.as_bytes()),
            _ => leaves.iter().for_each(|leaf| write_leaf(leaf, bytes)),
        }
    }

    /// The bytes of a key; `None` where it has not the form of the record's.
    pub(crate) fn bytes(&self, key: &[Value]) -> Option<Vec<u8>> {
        let mut leaves = Vec::with_capacity(self.leaves);
        flatten(&self.shape, key, &mut leaves)?;
        let mut bytes = Vec::new();
        self.write(&leaves, &mut bytes);
        Some(bytes)
    }

    /// The values of a key, references unresolved.
    pub(crate) fn key(&self, bytes: &[u8]) -> Option<Arc<[Value]>> {
        if self.is_text {
            return Some(Arc::from([Value::Text(Arc::from(std::str::from_utf8(bytes).ok()?))]));
        }
        let (mut leaves, mut rest) = (Vec::with_capacity(self.leaves), bytes);
        while !rest.is_empty() {
            let (leaf, after) = read_leaf(rest)?;
            leaves.push(leaf);
            rest = after;
        }
        self.shape.reference(&leaves).map(|reference| reference.key)
    }
}

/// The values that a key comes down to.
fn flatten(shape: &KeyShape, key: &[Value], leaves: &mut Vec<Value>) -> Option<()> {
    if key.len() != shape.parts.len() {
        return None;
    }
    for (part, value) in shape.parts.iter().zip(key) {
        match (part, value) {
            (KeyPart::Leaf(_), value) => leaves.push(value.clone()),
            (KeyPart::Nested(shape), Value::Reference(Reference { key, .. })) => flatten(shape, key, leaves)?,
            (KeyPart::Nested(_), _) => return None,
        }
    }
    Some(())
}

/// Writes a text as a part of a key.
pub(crate) fn write_text(text: &[u8], bytes: &mut Vec<u8>) {
    write_long(b't', text, bytes);
}

fn write_long(kind: u8, text: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(kind);
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(text);
}

pub(crate) fn write_leaf(leaf: &Value, bytes: &mut Vec<u8>) {
    let mut short = |kind: u8, value: [u8; 4]| {
        bytes.push(kind);
        bytes.extend_from_slice(&value);
    };
    match leaf {
        Value::Text(text) => write_text(text.as_bytes(), bytes),
        Value::Number(number) => write_long(b'n', written_number(number).as_bytes(), bytes),
        Value::Date(day) => short(b'd', day_number(*day).to_le_bytes()),
        Value::SchoolYear(year) => short(b'y', i32::from(*year).to_le_bytes()),
        Value::Category(position) => short(b'c', position.to_le_bytes()),
        Value::Flag(flag) => short(b'f', u32::from(*flag).to_le_bytes()),
        Value::Never => short(b'v', [0; 4]),
        Value::None | Value::NotApplicable | Value::Reference(_) => short(b'0', [0; 4]),
    }
}

pub(crate) fn read_leaf(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (four, rest) = rest.split_first_chunk::<4>()?;
    let long = |rest: &'_ [u8]| {
        let (text, _) = rest.split_at_checked(u32::from_le_bytes(*four) as usize)?;
        std::str::from_utf8(text).ok().map(str::to_owned)
    };
    let value = match kind {
        b't' => {
            let text = long(rest)?;
            return Some((Value::Text(Arc::from(text.as_str())), rest.get(text.len()..)?));
        }
        b'n' => {
            let text = long(rest)?;
            return Some((Value::Number(read_number(&text)?), rest.get(text.len()..)?));
        }
        b'd' => Value::Date(day_of(i32::from_le_bytes(*four))?),
        b'y' => Value::SchoolYear(i16::try_from(i32::from_le_bytes(*four)).ok()?),
        b'c' => Value::Category(u32::from_le_bytes(*four)),
        b'f' => Value::Flag(u32::from_le_bytes(*four) != 0),
        b'v' => Value::Never,
        _ => Value::None,
    };
    Some((value, rest))
}

fn read_number(text: &str) -> Option<Number> {
    match text.split_once('/') {
        Some((above, below)) => Number::parse_decimal(above)?.div(&Number::parse_decimal(below)?).ok(),
        None => Number::parse_decimal(text),
    }
}

/// Days from 1970-01-01 to a day.
pub(crate) fn day_number(day: Date) -> i32 {
    let epoch = Date::new(1970, 1, 1).unwrap_or(day);
    i32::try_from(date::days_between(epoch, day)).unwrap_or(i32::MIN)
}

/// The day that many days after 1970-01-01.
pub(crate) fn day_of(days: i32) -> Option<Date> {
    date::add_days(Date::new(1970, 1, 1).ok()?, i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::fixtures::symbols;

    #[test]
    fn keys_are_found_again_in_their_bytes() {
        let symbols = symbols();
        let school = |id: &str| {
            Value::Reference(Reference {
                record: RecordId(1),
                row: None,
                key: Arc::from([Value::Text(id.into())]),
            })
        };
        let session =
            |id: &str, year, name: &str| [school(id), Value::SchoolYear(year), Value::Text(name.into())];
        let code = KeyCode::of(&symbols, RecordId(2)).unwrap();
        let keys = [
            session("7", 2024, "Fall"),
            session("7", 2024, "Fa"),
            session("", 2024, "7"),
            session("7F", 2024, "all"),
        ];
        let bytes: Vec<Vec<u8>> = keys.iter().map(|key| code.bytes(key).unwrap()).collect();
        for (key, bytes) in keys.iter().zip(&bytes) {
            assert_eq!(*code.key(bytes).unwrap(), key[..]);
        }
        assert!((1..bytes.len()).all(|at| !bytes[..at].contains(&bytes[at])), "{bytes:?}");
        assert_eq!(code.bytes(&keys[0][..2]), None);
        let code = KeyCode::of(&symbols, RecordId(1)).unwrap();
        assert_eq!(code.bytes(&[Value::Text("Élan".into())]), Some("Élan".as_bytes().to_vec()));
        assert_eq!(*code.key("Élan".as_bytes()).unwrap(), [Value::Text("Élan".into())]);
    }

    #[test]
    fn every_kind_of_value_is_found_again() {
        let values = [
            Value::Text("a".into()),
            Value::Number(Number::ratio(-1, 3).unwrap()),
            Value::Number(Number::ratio(5, 4).unwrap()),
            Value::Date(Date::new(2015, 2, 28).unwrap()),
            Value::Date(Date::new(1900, 1, 1).unwrap()),
            Value::SchoolYear(-5),
            Value::Category(7),
            Value::Flag(true),
            Value::Never,
            Value::None,
        ];
        for value in values {
            let mut bytes = Vec::new();
            write_leaf(&value, &mut bytes);
            let (read, rest) = read_leaf(&bytes).unwrap();
            assert_eq!((read, rest.len()), (value, 0));
        }
    }
}
