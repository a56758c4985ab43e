//! The rows of a record by the bytes of their keys.

use crate::table::Texts;

const EMPTY: u32 = u32::MAX;

/// Keys of rows, each found by its bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyIndex {
    /// By row; empty where the key is not known.
    texts: Texts,
    found: Found,
    /// Rows whose key another row has, ascending; the index finds the first of them.
    pub(crate) repeated: Vec<(u32, u32)>,
}

/// How a key is looked for.
#[derive(Clone, Debug)]
enum Found {
    /// Keys are a number after something that all have in common: the number says where the row is.
    Numbered(Numbered),
    Hashed(Hashed),
}

impl Default for Found {
    fn default() -> Self {
        Self::Hashed(Hashed { slots: Vec::new(), mask: 0 })
    }
}

/// Keys of one length of at most eight bytes: some bytes that all share, then digits.
#[derive(Clone, Debug)]
struct Numbered {
    form: Form,
    least: u32,
    /// By number, from the least on.
    rows: Vec<u32>,
}

/// What such keys have in common, as a word of eight bytes of which the last is the key's last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    length: usize,
    /// The bytes before the digits.
    prefix: u64,
    /// All bits of those bytes.
    covers: u64,
}

/// Bits of the byte that is 0 for digits, and what they are of digits.
const DIGITS: u64 = 0x3030_3030_3030_3030;
const HIGH: u64 = 0xF0F0_F0F0_F0F0_F0F0;

impl Form {
    /// The key with its last byte the highest of the word, so that digits stand at the end whatever its length; `None` for
    /// a key that is longer or empty.
    fn word(key: &[u8]) -> Option<u64> {
        let word = match key.first_chunk::<8>() {
            Some(eight) if key.len() == 8 => u64::from_le_bytes(*eight),
            Some(_) => return None,
            None => {
                let mut eight = [0; 8];
                eight.iter_mut().rev().zip(key.iter().rev()).for_each(|(place, byte)| *place = *byte);
                u64::from_le_bytes(eight)
            }
        };
        (!key.is_empty()).then_some(word)
    }

    /// The number of a key of this form.
    fn number(self, key: &[u8]) -> Option<u32> {
        if key.len() != self.length {
            return None;
        }
        self.number_of(Self::word(key)?)
    }

    #[inline]
    fn number_of(self, word: u64) -> Option<u32> {
        // Where the shared bytes stand, zeros count for nothing.
        let digits = (word & !self.covers) | (DIGITS & self.covers);
        let plain = digits ^ DIGITS;
        let is_number = plain & HIGH == 0 && (plain + 0x0606_0606_0606_0606) & HIGH == 0;
        if !is_number || word & self.covers != self.prefix {
            return None;
        }
        // Pairs of digits, pairs of those, and once more: the first byte counts most.
        let pairs = (plain.wrapping_mul(10)).wrapping_add(plain >> 8) & 0x00FF_00FF_00FF_00FF;
        let fours = (pairs.wrapping_mul(100)).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
        let eight = (fours.wrapping_mul(10_000)).wrapping_add(fours >> 32) & 0xFFFF_FFFF;
        u32::try_from(eight).ok()
    }

    /// The form that a key has.
    fn of(key: &[u8]) -> Option<Self> {
        let digits = key.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        if key.len() > 8 || digits == 0 {
            return None;
        }
        // The bytes before the digits; and those before the key, which are zeros in every word.
        let covers = if digits == 8 { 0 } else { u64::MAX >> (8 * digits) };
        Some(Self { length: key.len(), prefix: Self::word(key)? & covers, covers })
    }
}

/// Keys of one form.
struct Numbers {
    form: Form,
    /// By row; [`EMPTY`] where the key is not known, which no key of eight digits is.
    of: Vec<u32>,
    least: u32,
    most: u32,
}

impl Numbers {
    /// The numbers of all keys, where they have one form.
    fn of(texts: &Texts) -> Option<Self> {
        let form = Form::of(texts.iter().find(|key| !key.is_empty())?)?;
        let of: Option<Vec<u32>> = match words(texts) {
            Some(words) if form.length == 8 => {
                words.iter().map(|key| form.number_of(u64::from_le_bytes(*key))).collect()
            }
            _ => {
                let number = |key: &[u8]| if key.is_empty() { Some(EMPTY) } else { form.number(key) };
                texts.iter().map(number).collect()
            }
        };
        let of = of?;
        let least = of.iter().copied().min()?;
        let most = of.iter().map(|number| if *number == EMPTY { 0 } else { *number }).max()?;
        Some(Self { form, of, least, most })
    }
}

/// Keys by their hashes.
#[derive(Clone, Debug)]
struct Hashed {
    slots: Vec<Slot>,
    mask: usize,
}

/// A key of at most eight bytes is compared in its slot; of a longer one its hash is.
#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u64,
    row: u32,
}

/// Numbers may leave so many places empty for each that is taken.
const SPARSE: usize = 4;

impl KeyIndex {
    /// Finds the keys of all rows.
    pub(crate) fn new(texts: Texts) -> Self {
        let numbers = Numbers::of(&texts).filter(|numbers| {
            let range = u64::from(numbers.most - numbers.least) + 1;
            usize::try_from(range).is_ok_and(|range| range <= texts.len().saturating_mul(SPARSE))
        });
        match numbers {
            Some(numbers) => Self::numbered(texts, &numbers),
            None => Self::hashed(texts),
        }
    }

    fn numbered(texts: Texts, numbers: &Numbers) -> Self {
        let Numbers { form, of, least, most } = numbers;
        let mut rows = vec![EMPTY; (most - least) as usize + 1];
        let mut repeated = Vec::new();
        for (row, number) in (0_u32..).zip(of) {
            // Where the key is not known, there is no such place.
            let Some(place) = rows.get_mut((number - least) as usize) else { continue };
            if *place == EMPTY {
                *place = row;
            } else {
                repeated.push((*place, row));
            }
        }
        Self { texts, found: Found::Numbered(Numbered { form: *form, least: *least, rows }), repeated }
    }

    fn hashed(texts: Texts) -> Self {
        let capacity = (texts.len() * 2).next_power_of_two().max(16);
        let mut index = Hashed { slots: vec![Slot { tag: 0, row: EMPTY }; capacity], mask: capacity - 1 };
        let mut repeated = Vec::new();
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
                    repeated.push((slot.row, row));
                    break;
                }
                at = (at + 1) & index.mask;
            }
        }
        Self { texts, found: Found::Hashed(index), repeated }
    }

    /// The row with that key, the first of several.
    pub(crate) fn find(&self, key: &[u8]) -> Option<u32> {
        if key.is_empty() {
            return None;
        }
        match &self.found {
            Found::Numbered(numbered) => numbered.find(key),
            Found::Hashed(hashed) => {
                let (at, tag) = hashed.start(key);
                hashed.find(&self.texts, key, at, tag)
            }
        }
    }

    /// The rows of many keys, the first of several; `missing` says what stands for a key that no row has.
    pub(crate) fn find_all(&self, keys: &Texts, mut missing: impl FnMut(&[u8]) -> u32) -> Vec<u32> {
        match &self.found {
            Found::Numbered(numbered) => match words(keys).filter(|_| numbered.form.length == 8) {
                Some(words) => {
                    let mut rows = numbered.find_words(words);
                    if rows.iter().fold(false, |any, row| any | (*row == EMPTY)) {
                        let open = rows.iter_mut().zip(words).filter(|(row, _)| **row == EMPTY);
                        open.for_each(|(row, key)| *row = missing(key));
                    }
                    rows
                }
                None => keys.iter().map(|key| numbered.find(key).unwrap_or_else(|| missing(key))).collect(),
            },
            Found::Hashed(hashed) => {
                // The places of some keys first, so that the memory they lie in is fetched side by side.
                let mut rows = Vec::with_capacity(keys.len());
                let mut starts = [(0, 0, EMPTY); AT_ONCE];
                for from in (0..keys.len()).step_by(AT_ONCE) {
                    let these = from..keys.len().min(from + AT_ONCE);
                    for (place, at) in starts.iter_mut().zip(these.clone()) {
                        let (start, tag) = hashed.start(keys.get(at));
                        let there = hashed.slots.get(start).filter(|slot| slot.tag == tag);
                        *place = (start, tag, there.map_or(EMPTY, |slot| slot.row));
                    }
                    for ((start, tag, likely), at) in starts.iter().zip(these) {
                        let key = keys.get(at);
                        let found = match *likely {
                            _ if key.is_empty() => None,
                            row if row != EMPTY && is_short(key) => Some(row),
                            _ => hashed.find(&self.texts, key, *start, *tag),
                        };
                        rows.push(found.unwrap_or_else(|| missing(key)));
                    }
                }
                rows
            }
        }
    }

    /// The key of a row; empty where it is not known.
    pub(crate) fn key(&self, row: u32) -> &[u8] {
        self.texts.get(row as usize)
    }
}

/// So many keys are looked for side by side.
const AT_ONCE: usize = 32;
/// So many keys that are numbers.
const TOGETHER: usize = 1024;

/// Keys that have eight bytes each.
fn words(keys: &Texts) -> Option<&[[u8; 8]]> {
    let (words, rest) = keys.bytes.as_chunks::<8>();
    let each = (8_u32..).step_by(8).zip(&keys.ends);
    // No end before the last, so that many are looked at together.
    let is_even = each.fold(true, |all, (expected, end)| all & (expected == *end));
    (is_even && rest.is_empty() && words.len() == keys.len()).then_some(words)
}

impl Numbered {
    /// The rows of keys of eight bytes, which is the length of all; [`EMPTY`] where none has the key.
    fn find_words(&self, keys: &[[u8; 8]]) -> Vec<u32> {
        let mut rows = Vec::with_capacity(keys.len());
        let mut places = [0; TOGETHER];
        for keys in keys.chunks(TOGETHER) {
            // The places of many keys first: then there is so little to do for each that the memory they lie in is fetched for
            // many at a time.
            for (place, key) in places.iter_mut().zip(keys) {
                let number = self.form.number_of(u64::from_le_bytes(*key));
                *place = number.map_or(EMPTY, |number| number.wrapping_sub(self.least));
            }
            let row = |place: &u32| self.rows.get(*place as usize).copied().unwrap_or(EMPTY);
            rows.extend(places.iter().take(keys.len()).map(row));
        }
        rows
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let at = self.form.number(key)?.checked_sub(self.least)?;
        self.rows.get(at as usize).copied().filter(|row| *row != EMPTY)
    }
}

impl Hashed {
    fn find(&self, texts: &Texts, key: &[u8], mut at: usize, tag: u64) -> Option<u32> {
        loop {
            let slot = self.slots.get(at)?;
            if slot.row == EMPTY {
                return None;
            }
            if slot.tag == tag && (is_short(key) || texts.get(slot.row as usize) == key) {
                return Some(slot.row);
            }
            at = (at + 1) & self.mask;
        }
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
            let all = texts(&keys);
            for index in [KeyIndex::new(all.clone()), KeyIndex::hashed(all)] {
                check(&index, &keys, &others)?;
            }
        }

        #[test]
        fn numbers_are_found_and_no_other(
            keys in prop::collection::vec("(S0?[0-9]{1,2}|)", 1..120),
            others in prop::collection::vec("(S|T|)[0-9:/]{1,7}|S[0-9]{8}", 0..60),
            length in 2..5_usize,
        ) {
            let of_length = |key: &&String| key.is_empty() || key.len() == length;
            let bytes = |keys: &mut dyn Iterator<Item = &String>| -> Vec<Vec<u8>> {
                keys.map(|key| key.as_bytes().to_vec()).collect()
            };
            let same = bytes(&mut keys.iter().filter(of_length));
            let (all, others) = (bytes(&mut keys.iter()), bytes(&mut others.iter().chain(&keys)));
            for keys in [same, all] {
                check(&KeyIndex::new(texts(&keys)), &keys, &others)?;
            }
        }
    }

    #[test]
    fn keys_of_one_form_are_numbered() {
        let index = |keys: &[&str]| {
            KeyIndex::new(texts(&keys.iter().map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>()))
        };
        let is_numbered = |keys: &[&str]| matches!(index(keys).found, Found::Numbered(_));
        for keys in
            [&["P0000007", "P0000009", ""][..], &["12345678", "12345679"], &["7", "5"], &["A-1", "A-2"]]
        {
            assert!(is_numbered(keys), "{keys:?}");
        }
        for keys in
            [&["P1", "Q2"][..], &["P1", "P10"], &["P1000", "P9000"], &["abc"], &["", ""], &[], &["123456789"]]
        {
            assert!(!is_numbered(keys), "{keys:?}");
        }
        assert_eq!(index(&["12345678", "12345679"]).find(b"12345679"), Some(1));
    }

    fn check(index: &KeyIndex, keys: &[Vec<u8>], others: &[Vec<u8>]) -> Result<(), TestCaseError> {
        let first = |key: &Vec<u8>| keys.iter().position(|other| other == key && !key.is_empty());
        for key in keys.iter().chain(others) {
            prop_assert_eq!(index.find(key).map(|row| row as usize), first(key), "{:?}", key);
        }
        let asked: Vec<Vec<u8>> = keys.iter().chain(others).cloned().collect();
        let rows = index.find_all(&texts(&asked), |_| EMPTY);
        let expected: Vec<u32> = asked.iter().map(|key| index.find(key).unwrap_or(EMPTY)).collect();
        prop_assert_eq!(rows, expected);
        let repeated: Vec<(u32, u32)> = (0_u32..)
            .zip(keys)
            .filter_map(|(row, key)| Some((u32::try_from(first(key)?).unwrap(), row)))
            .filter(|(first, row)| first != row)
            .collect();
        prop_assert_eq!(&index.repeated, &repeated);
        Ok(())
    }
}
