//! The rows of a record by the bytes of their keys.

use crate::table::Texts;

const EMPTY: u32 = u32::MAX;

/// Keys of rows, each found by its bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndex {
    /// By row; empty where the key is not known.
    texts: Texts,
    slots: Vec<Slot>,
    mask: usize,
    /// Rows whose key another row has, ascending; the index finds the first of them.
    pub(crate) repeated: Vec<(u32, u32)>,
}

/// A key of at most eight bytes is compared in its slot; of a longer one its hash is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u64,
    row: u32,
}

impl KeyIndex {
    /// Finds the keys of all rows.
    pub(crate) fn new(texts: Texts) -> Self {
        let capacity = (texts.len() * 2).next_power_of_two().max(16);
        let mut index = Self {
            texts: Texts::default(),
            slots: vec![Slot { tag: 0, row: EMPTY }; capacity],
            mask: capacity - 1,
            repeated: Vec::new(),
        };
        for (row, key) in (0_u32..).zip(texts.iter()) {
            if key.is_empty() {
                continue;
            }
            let (mut at, tag) = index.start(key);
            while let Some(slot) = index.slots.get(at).copied() {
                if slot.row == EMPTY {
                    if let Some(place) = index.slots.get_mut(at) {
                        *place = Slot { tag, row };
                    }
                    break;
                }
                if slot.tag == tag && (is_short(key) || texts.get(slot.row as usize) == key) {
                    index.repeated.push((slot.row, row));
                    break;
                }
                at = (at + 1) & index.mask;
            }
        }
        index.texts = texts;
        index
    }

    /// The row with that key, the first of several.
    pub(crate) fn find(&self, key: &[u8]) -> Option<u32> {
        if key.is_empty() {
            return None;
        }
        let (mut at, tag) = self.start(key);
        loop {
            let slot = self.slots.get(at)?;
            if slot.row == EMPTY {
                return None;
            }
            if slot.tag == tag && (is_short(key) || self.texts.get(slot.row as usize) == key) {
                return Some(slot.row);
            }
            at = (at + 1) & self.mask;
        }
    }

    /// The key of a row; empty where it is not known.
    pub(crate) fn key(&self, row: u32) -> &[u8] {
        self.texts.get(row as usize)
    }

    /// Where the search for a key begins, and what its slot holds.
    fn start(&self, key: &[u8]) -> (usize, u64) {
        let tag = tag(key);
        // The upper bits of a product depend on every bit of the tag.
        let mixed = (tag ^ (tag >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        (usize::try_from(mixed >> 32).unwrap_or(0) & self.mask, tag)
    }
}

/// Whether the tag of a key is the key: it has at most seven bytes, or eight whose last is no small number.
fn is_short(key: &[u8]) -> bool {
    key.len() < 8 || (key.len() == 8 && key.last().is_some_and(|last| *last > 8))
}

/// Of a short key its bytes, and where there is room their number; of a longer one a hash.
fn tag(key: &[u8]) -> u64 {
    let mut bytes = [0_u8; 8];
    if let Ok(whole) = <[u8; 8]>::try_from(key)
        && whole.last().is_some_and(|last| *last > 8)
    {
        return u64::from_le_bytes(whole);
    }
    if is_short(key) {
        bytes.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
        if let (Some(last), Ok(length)) = (bytes.last_mut(), u8::try_from(key.len()))
            && length < 8
        {
            *last = length;
        }
        return u64::from_le_bytes(bytes);
    }
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for chunk in key.chunks(8) {
        let mut word = [0_u8; 8];
        word.iter_mut().zip(chunk).for_each(|(place, byte)| *place = *byte);
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }
    // No short key ends in this byte, so that none is taken for a longer one.
    ((hash ^ (key.len() as u64)).wrapping_mul(0x9fb2_1c65_1e98_df25) >> 8) | (8 << 56)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(keys: &[Vec<u8>]) -> Texts {
        let mut texts = Texts::default();
        for key in keys {
            texts.bytes.extend_from_slice(key);
            texts.ends.push(u32::try_from(texts.bytes.len()).unwrap());
        }
        texts
    }

    proptest! {
        #[test]
        fn every_key_is_found_and_no_other(
            keys in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![0_u8, 1, 7, 8, 9, 65]), 0..11), 0..300),
            others in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![0_u8, 1, 7, 8, 9, 65]), 0..11), 0..100),
        ) {
            let index = KeyIndex::new(texts(&keys));
            let first = |key: &Vec<u8>| keys.iter().position(|other| other == key && !key.is_empty());
            for key in keys.iter().chain(&others) {
                prop_assert_eq!(index.find(key).map(|row| row as usize), first(key), "{:?}", key);
            }
            let repeated: Vec<(u32, u32)> = (0_u32..).zip(&keys)
                .filter_map(|(row, key)| Some((u32::try_from(first(key)?).unwrap(), row)))
                .filter(|(first, row)| first != row)
                .collect();
            prop_assert_eq!(index.repeated, repeated);
        }
    }
}
