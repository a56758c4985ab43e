//! Numbers of few bits as Parquet writes them: runs of equal ones, and groups of eight packed one after the other.
//!
//! Whatever is not written as writers write it is `None`.

use parquet::basic::Encoding;
use parquet::column::page::Page;

/// A number of seven bits a byte, the least first.
fn header(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut all = 0_usize;
    for (shift, (at, byte)) in (0_u32..).step_by(7).zip(bytes.iter().enumerate().take(5)) {
        all |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some((all, bytes.get(at + 1..)?));
        }
    }
    None
}

/// Whether runs of one say of so many rows that they have a value.
fn are_all_there(mut levels: &[u8], count: usize) -> bool {
    let mut told = 0;
    while told < count {
        let Some((run, rest)) = header(levels) else { return false };
        match rest.split_first() {
            Some((1, rest)) if run & 1 == 0 && run > 0 => {
                told += run >> 1;
                levels = rest;
            }
            _ => return false,
        }
    }
    true
}

/// What a page of rows holds: how its values are written, which rows have one (absent: all of them), and the values.
pub(super) type Parts<'p> = (Encoding, Option<&'p [u8]>, &'p [u8]);

/// The parts of a page.
pub(super) fn parts(page: &Page, is_optional: bool) -> Option<Parts<'_>> {
    let bytes: &[u8] = page.buffer();
    let count = usize::try_from(page.num_values()).ok()?;
    let (encoding, levels, values) = match page {
        Page::DictionaryPage { .. } => return None,
        Page::DataPage { encoding, def_level_encoding, .. } if is_optional => {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (levels, values) = rest.split_at_checked(length)?;
            (*def_level_encoding == Encoding::RLE).then_some(())?;
            (*encoding, Some(levels), values)
        }
        Page::DataPage { encoding, .. } => (*encoding, None, bytes),
        Page::DataPageV2 { encoding, def_levels_byte_len, rep_levels_byte_len: 0, .. } => {
            let length = usize::try_from(*def_levels_byte_len).ok()?;
            let (levels, values) = bytes.split_at_checked(length)?;
            (*encoding, is_optional.then_some(levels), values)
        }
        Page::DataPageV2 { .. } => return None,
    };
    Some((encoding, levels.filter(|levels| !are_all_there(levels, count)), values))
}

/// What numbers are read into.
pub(super) trait Narrow: Copy + TryFrom<u64> {
    /// How many bits it has room for.
    const BITS: u32;
    /// The largest.
    const MOST: Self;

    /// The number, which has no more bits than it was read with.
    fn of(bits: u64) -> Self {
        Self::try_from(bits).unwrap_or(Self::MOST)
    }

    /// Adds so many numbers of so many bits that lie one after the other.
    fn unpack(packed: &[u8], width: u32, count: usize, all: &mut Vec<Self>) -> Option<()>;
}

impl Narrow for i32 {
    const BITS: u32 = 31;
    const MOST: Self = Self::MAX;

    fn unpack(packed: &[u8], width: u32, count: usize, all: &mut Vec<Self>) -> Option<()> {
        fours(packed, width, count, all)
    }
}

impl Narrow for u16 {
    const BITS: u32 = 16;
    const MOST: Self = Self::MAX;

    fn unpack(packed: &[u8], width: u32, count: usize, all: &mut Vec<Self>) -> Option<()> {
        fours(packed, width, count, all)
    }
}

impl Narrow for u8 {
    const BITS: u32 = 8;
    const MOST: Self = Self::MAX;

    fn unpack(packed: &[u8], width: u32, count: usize, all: &mut Vec<Self>) -> Option<()> {
        match width {
            1 => eights::<1>(packed, count, all),
            2 => eights::<2>(packed, count, all),
            3 => eights::<3>(packed, count, all),
            4 => eights::<4>(packed, count, all),
            5 => eights::<5>(packed, count, all),
            6 => eights::<6>(packed, count, all),
            7 => eights::<7>(packed, count, all),
            8 => {
                all.extend_from_slice(packed.get(..count)?);
                Some(())
            }
            _ => unpack(packed, width, count, all),
        }
    }
}

/// Numbers of so many bits, in runs and in groups.
pub(super) fn numbers<T: Narrow>(mut bytes: &[u8], width: u32, count: usize, all: &mut Vec<T>) -> Option<()> {
    if width > T::BITS {
        return None;
    }
    let end = all.len() + count;
    while all.len() < end {
        let (run, rest) = header(bytes)?;
        let wanted = end - all.len();
        if run & 1 == 0 {
            let (value, rest) = rest.split_at_checked(width.div_ceil(8) as usize)?;
            let value = value.iter().rev().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
            (run > 1 && value >> T::BITS == 0).then_some(())?;
            all.resize(all.len() + wanted.min(run >> 1), T::of(value));
            bytes = rest;
        } else {
            let groups = run >> 1;
            let length = groups.checked_mul(width as usize)?;
            // The last group may be cut short where no more numbers follow.
            let (packed, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            T::unpack(packed, width, wanted.min(groups.checked_mul(8)?), all)?;
            (groups > 0).then_some(())?;
            bytes = rest;
        }
    }
    Some(())
}

/// Adds so many numbers of `W` bits, eight at a time: these are as many bytes.
fn eights<const W: usize>(packed: &[u8], count: usize, all: &mut Vec<u8>) -> Option<()> {
    let (groups, _) = packed.as_chunks::<W>();
    let whole = groups.get(..count / 8)?;
    all.reserve(count);
    for group in whole {
        let mut eight = [0; 8];
        eight.iter_mut().zip(group).for_each(|(place, byte)| *place = *byte);
        let mut bits = u64::from_le_bytes(eight);
        let numbers: [u8; 8] = std::array::from_fn(|_| {
            let number = bits.to_le_bytes()[0] & mask::<W>();
            bits >>= W;
            number
        });
        all.extend_from_slice(&numbers);
    }
    unpack(packed.get(whole.len() * W..)?, u32::try_from(W).ok()?, count % 8, all)
}

const fn mask<const W: usize>() -> u8 {
    u8::MAX >> (8 - W)
}

/// Adds so many numbers, of nine to sixteen bits eight at a time.
fn fours<T: Narrow + From<u16>>(packed: &[u8], width: u32, count: usize, all: &mut Vec<T>) -> Option<()> {
    match width {
        9 => twice::<9, T>(packed, count, all),
        10 => twice::<10, T>(packed, count, all),
        11 => twice::<11, T>(packed, count, all),
        12 => twice::<12, T>(packed, count, all),
        13 => twice::<13, T>(packed, count, all),
        14 => twice::<14, T>(packed, count, all),
        15 => twice::<15, T>(packed, count, all),
        16 => twice::<16, T>(packed, count, all),
        _ => unpack(packed, width, count, all),
    }
}

/// Adds so many numbers of `W` bits, nine at least: four lie in the first eight of as many bytes, and four in the last.
fn twice<const W: usize, T: Narrow + From<u16>>(packed: &[u8], count: usize, all: &mut Vec<T>) -> Option<()> {
    let (groups, _) = packed.as_chunks::<W>();
    let whole = groups.get(..count / 8)?;
    all.reserve(count);
    let mask = u16::MAX >> (16 - W);
    for group in whole {
        let first = group.first_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight));
        let last = group.last_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight)) >> (64 - 4 * W);
        let number = |bits: u64, at: usize| {
            let [low, high, ..] = (bits >> (at * W)).to_le_bytes();
            T::from(u16::from_le_bytes([low, high]) & mask)
        };
        let numbers: [T; 8] =
            std::array::from_fn(|at| if at < 4 { number(first, at) } else { number(last, at - 4) });
        all.extend_from_slice(&numbers);
    }
    unpack(packed.get(whole.len() * W..)?, u32::try_from(W).ok()?, count % 8, all)
}

/// Adds so many numbers that lie one after the other.
fn unpack<T: Narrow>(packed: &[u8], width: u32, count: usize, all: &mut Vec<T>) -> Option<()> {
    let bits = width as usize;
    if packed.len() < (count * bits).div_ceil(8) {
        return None;
    }
    let mask = (1_u64 << width) - 1;
    let number = |eight: u64, bit: usize| T::of((eight >> (bit % 8)) & mask);
    // As long as eight bytes can be read at once.
    let at_once = (packed.len().saturating_sub(7) * 8).checked_div(bits);
    let whole = at_once.map_or(count, |at_once| count.min(at_once));
    let first = |at: usize| packed.get(at..).and_then(<[u8]>::first_chunk::<8>);
    all.extend((0..whole).map(|at| {
        let bit = at * bits;
        number(first(bit / 8).map_or(0, |eight| u64::from_le_bytes(*eight)), bit)
    }));
    all.extend((whole..count).map(|at| {
        let bit = at * bits;
        let mut eight = [0; 8];
        let rest = packed.get(bit / 8..).unwrap_or_default();
        eight.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
        number(u64::from_le_bytes(eight), bit)
    }));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs numbers as writers do.
    fn packed(numbers: &[u64], width: u32) -> Vec<u8> {
        let mut bytes = vec![0_u8; (numbers.len() * width as usize).div_ceil(8)];
        for (at, number) in numbers.iter().enumerate() {
            for bit in 0..width as usize {
                if (number >> bit) & 1 == 1 {
                    let place = at * width as usize + bit;
                    bytes[place / 8] |= 1 << (place % 8);
                }
            }
        }
        bytes
    }

    fn check<T: Narrow + PartialEq + std::fmt::Debug>() {
        for width in 1..=T::BITS {
            let most = (1_u64 << width) - 1;
            let number = |at: u64| (at * 2_654_435_761) & most;
            let group: Vec<u64> = (0..24).map(number).collect();
            let mut bytes = vec![(3 << 1) | 1];
            bytes.extend(packed(&group, width));
            bytes.push(5 << 1);
            bytes.extend(&number(7).to_le_bytes()[..width.div_ceil(8) as usize]);
            bytes.push((1 << 1) | 1);
            bytes.extend(packed(&group[..8], width));
            let mut expected = group.clone();
            expected.extend([number(7); 5]);
            expected.extend(&group[..8]);
            let expected: Vec<T> = expected.into_iter().map(T::of).collect();
            // Also where the last group is not wanted as a whole.
            for count in [37, 33, 30, 29, 24, 3, 0] {
                let mut all = Vec::new();
                assert!(numbers::<T>(&bytes, width, count, &mut all).is_some(), "{width} {count}");
                assert_eq!(all, expected[..count], "{width} {count}");
            }
            assert!(numbers::<T>(&bytes, width, 38, &mut Vec::new()).is_none());
            assert!(numbers::<T>(&bytes[..bytes.len() - 1], width, 37, &mut Vec::new()).is_none());
        }
        assert!(numbers::<T>(&[], 0, 1, &mut Vec::new()).is_none());
        assert!(numbers::<T>(&[0, 0], 1, 1, &mut Vec::new()).is_none());
        assert!(numbers::<T>(&[1], 1, 1, &mut Vec::new()).is_none());
        assert!(numbers::<T>(&[2, 0, 0, 0, 0, 0], T::BITS + 1, 1, &mut Vec::new()).is_none());
        // A dictionary of one value has numbers without bits.
        let mut all = Vec::new();
        assert!(numbers::<T>(&[3 << 1], 0, 3, &mut all).is_some());
        assert_eq!(all, [T::of(0); 3]);
    }

    #[test]
    fn numbers_of_any_width_are_read_from_runs_and_groups() {
        check::<i32>();
        check::<u16>();
        check::<u8>();
    }

    #[test]
    fn a_run_of_more_bits_than_there_is_room_for_is_none() {
        // Seven bits take a byte, of which the eighth has to be zero; sixteen take all of two.
        assert!(numbers::<i32>(&[2, 0xFF, 0xFF, 0xFF, 0xFF], 31, 1, &mut Vec::new()).is_none());
        assert!(numbers::<u16>(&[2, 0xFF, 0xFF], 16, 1, &mut Vec::new()).is_some());
    }

    #[test]
    fn bits_are_read_from_the_lowest_on() {
        let mut all = Vec::new();
        assert!(u8::unpack(&[0b1010_0101, 0b0000_0110], 1, 11, &mut all).is_some());
        assert_eq!(all, [1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1]);
        assert!(u8::unpack(&[0xFF], 1, 9, &mut Vec::new()).is_none());
    }

    #[test]
    fn a_row_without_a_text_is_seen() {
        assert!(are_all_there(&[10 << 1, 1], 10));
        assert!(are_all_there(&[4 << 1, 1, 6 << 1, 1], 10));
        assert!(are_all_there(&[0x80 | 0x10, 0x02, 1], 136));
        for levels in
            [&[9 << 1, 1][..], &[10 << 1, 0], &[4 << 1, 1, 6 << 1, 0], &[3, 0xFF, 0xFF], &[], &[0, 1]]
        {
            assert!(!are_all_there(levels, 10), "{levels:?}");
        }
    }
}
