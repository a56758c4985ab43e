//! Short pieces of a line as words.

/// Bytes that are copied at a time.
pub(super) const SHORT: usize = 16;
/// The length of a piece that is written by itself.
pub(super) const LONG: u8 = u8::MAX;

/// A short piece with a separator behind it, as a word of which the lowest byte is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) bytes: u128,
    pub(super) length: u8,
}

impl Word {
    pub(super) const NONE: Self = Self { bytes: 0, length: LONG };

    #[inline]
    pub(super) fn of(bytes: &[u8], separator: u8) -> Self {
        let length = bytes.len();
        match u8::try_from(length) {
            Ok(short) if length < SHORT => {
                let separator = u128::from(separator) << (8 * u32::from(short));
                Self { bytes: short_bytes(bytes) | separator, length: short + 1 }
            }
            _ => Self::NONE,
        }
    }

    /// A part of a piece, which has sixteen bytes of it; the separator stands behind the last.
    pub(super) fn of_part(bytes: &[u8], part: usize, separator: u8) -> Self {
        let rest = bytes.get(part.saturating_mul(SHORT)..);
        match rest {
            Some(rest) => match rest.first_chunk::<SHORT>() {
                Some(these) => Self { bytes: u128::from_le_bytes(*these), length: 16 },
                None => Self::of(rest, separator),
            },
            None => Self { bytes: 0, length: 0 },
        }
    }

    /// One or the other, with nothing to branch on.
    #[inline]
    pub(super) fn pick(is_first: bool, first: Self, second: Self) -> Self {
        let mask = 0_u128.wrapping_sub(u128::from(is_first));
        let length = 0_u8.wrapping_sub(u8::from(is_first));
        Self {
            bytes: (first.bytes & mask) | (second.bytes & !mask),
            length: (first.length & length) | (second.length & !length),
        }
    }
}

/// At most fifteen bytes, from their first and last ones, which may be the same.
#[inline]
fn short_bytes(bytes: &[u8]) -> u128 {
    let behind = |last: usize| 8 * bytes.len().saturating_sub(last);
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << behind(8);
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u128::from(u32::from_le_bytes(*first)) | u128::from(u32::from_le_bytes(*last)) << behind(4);
    }
    bytes.iter().rev().fold(0, |all, byte| all << 8 | u128::from(*byte))
}

/// Whether a cell of comma-separated values has to be quoted.
#[inline]
pub(super) fn is_special(text: &str) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    // Every byte is looked at, so that many are looked at together. The highest bit of a byte is set where the byte is the
    // wanted one, or stands above one that is.
    let is_any = |all: u64, wanted: u8| {
        let differs = all ^ EACH.wrapping_mul(u64::from(wanted));
        differs.wrapping_sub(EACH) & !differs
    };
    let of_word = |all: u64| is_any(all, b',') | is_any(all, b'"') | is_any(all, b'\n') | is_any(all, b'\r');
    let found = eights.iter().fold(0, |found, eight| found | of_word(u64::from_le_bytes(*eight)));
    let is_rest = rest.iter().fold(false, |any, byte| any | matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    found & (EACH << 7) != 0 || is_rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_are_words() {
        let text: Vec<u8> = (b'a'..=b'z').collect();
        for length in 0..=text.len() {
            let piece = &text[..length];
            let word = Word::of(piece, b';');
            if length < SHORT {
                let expected = [piece, b";"].concat();
                assert_eq!(usize::from(word.length), expected.len());
                assert_eq!(word.bytes.to_le_bytes()[..expected.len()], expected[..]);
                assert!(word.bytes.to_le_bytes()[expected.len()..].iter().all(|byte| *byte == 0));
            } else {
                assert_eq!(word, Word::NONE);
            }
            let parts = (0..3).map(|part| Word::of_part(piece, part, b';'));
            let whole: Vec<u8> = parts
                .flat_map(|part| part.bytes.to_le_bytes()[..usize::from(part.length)].to_vec())
                .collect();
            assert_eq!(whole, [piece, b";"].concat());
        }
    }

    #[test]
    fn what_has_to_be_quoted_is_found_wherever_it_stands() {
        for length in 0..20 {
            for byte in 0..128_u8 {
                for at in 0..length {
                    let mut text = vec![b'-'; length];
                    text[at] = byte;
                    let expected = matches!(byte, b',' | b'"' | b'\n' | b'\r');
                    assert_eq!(is_special(std::str::from_utf8(&text).unwrap()), expected, "{byte} at {at}");
                }
            }
        }
        assert!(!is_special("äöüßéàèçñ¬¢"));
    }
}
