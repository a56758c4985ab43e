//! Where the cells of a text end, sixty-four bytes at a time.

/// Set in a mark at which a row ends.
pub(crate) const END: u32 = 1 << 31;
/// The longest text whose places leave room for [`END`].
pub(crate) const LONGEST: usize = (END - 1) as usize;

/// The places of all delimiters and ends of lines in a text, row by row, where each row has as many cells; `lines`: how many
/// ends of lines there are. The places are put into `marks`, which stays as long as it became, and it is said how many
/// they are. `None`: some row may have another number of cells. The text has at most [`LONGEST`] bytes.
pub(crate) fn mark_even(
    bytes: &[u8],
    (delimiter, width, lines): (u8, usize, usize),
    marks: &mut Vec<u32>,
) -> Option<usize> {
    let is_open = bytes.last().is_some_and(|last| *last != b'\n');
    let expected = width.checked_mul(lines + usize::from(is_open))?;
    // Room for a chunk in which every byte is one, and for what is written past the last.
    let room = expected + 2 * 64;
    if marks.len() < room {
        marks.resize(room, 0);
    }
    let (chunks, tail) = bytes.as_chunks::<64>();
    let (mut count, mut base) = (0, 0_u32);
    for chunk in chunks {
        count += put(marks.get_mut(count..)?, base, chunk, delimiter)?;
        base = base.wrapping_add(64);
    }
    if !tail.is_empty() {
        count += put(marks.get_mut(count..)?, base, &padded(tail, delimiter), delimiter)?;
    }
    if is_open {
        *marks.get_mut(count)? = u32::try_from(bytes.len()).ok()?;
        count += 1;
    }
    // As many places as there are ends of lines are the last of their row: if each of those is one, no other is.
    let all = marks.get(..count)?;
    let is_end = |mark: &u32| bytes.get(*mark as usize).is_none_or(|byte| *byte == b'\n');
    let are_even = count == expected && all.chunks_exact(width).all(|row| row.last().is_some_and(is_end));
    are_even.then_some(count)
}

/// Puts the places of the delimiters and ends in a chunk into `marks`, and others after them; how many they are, or `None`
/// where there is no room.
#[inline]
fn put(marks: &mut [u32], base: u32, chunk: &[u8; 64], delimiter: u8) -> Option<usize> {
    let (mut all, count) = find(chunk, delimiter);
    // As many as most chunks have at most are found before it is asked whether that was enough.
    let (parts, _) = marks.as_chunks_mut::<6>();
    let mut parts = parts.iter_mut();
    let mut left = count;
    loop {
        for place in parts.next()? {
            *place = base.wrapping_add((all | (1 << 63)).trailing_zeros());
            all &= all.wrapping_sub(1);
        }
        if left <= 6 {
            return Some(count);
        }
        left -= 6;
    }
}

/// What remains after the last chunk, as one; what is no delimiter stands for the bytes that are not there.
fn padded(tail: &[u8], delimiter: u8) -> [u8; 64] {
    let mut chunk = [if delimiter == 0 { 1 } else { 0 }; 64];
    chunk.iter_mut().zip(tail).for_each(|(place, byte)| *place = *byte);
    chunk
}

/// Adds the place of each delimiter and end of line in the text; the latter with [`END`]. A last line without an end
/// ends where the text does. The text has at most [`LONGEST`] bytes.
pub(crate) fn mark(bytes: &[u8], delimiter: u8, marks: &mut Vec<u32>) {
    let (chunks, tail) = bytes.as_chunks::<64>();
    let mut base = 0;
    for chunk in chunks {
        push(marks, base, chunk, delimiter);
        base += 64;
    }
    if !tail.is_empty() {
        push(marks, base, &padded(tail, delimiter), delimiter);
    }
    if let Some(last) = bytes.last()
        && *last != b'\n'
    {
        marks.push(u32::try_from(bytes.len()).unwrap_or(END - 1) | END);
    }
}

/// Adds the places of the delimiters and ends in a chunk.
fn push(marks: &mut Vec<u32>, base: u32, chunk: &[u8; 64], delimiter: u8) {
    let (mut all, _) = find(chunk, delimiter);
    marks.reserve(64);
    while all != 0 {
        let bit = all.trailing_zeros();
        let is_end = chunk.get(bit as usize) == Some(&b'\n');
        marks.push((base + bit) | if is_end { END } else { 0 });
        all &= all - 1;
    }
}

/// Which bytes are delimiters or ends of lines: a bit for each, and how many.
#[inline]
fn find(chunk: &[u8; 64], delimiter: u8) -> (u64, usize) {
    // Compared byte by byte, which compilers do sixteen at a time; then the lowest bits of eight bytes become one byte.
    let mut found = [0_u8; 64];
    for (place, byte) in found.iter_mut().zip(chunk) {
        *place = u8::from(*byte == delimiter) | u8::from(*byte == b'\n');
    }
    let (words, _) = found.as_chunks::<8>();
    let (mut all, mut sums) = (0, 0_u64);
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        all |= (word.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * at);
        sums = sums.wrapping_add(word);
    }
    (all, (sums.wrapping_mul(u64::MAX / 255) >> 56) as usize)
}

/// Bytes that a text of cells seldom has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) quotes: bool,
    pub(crate) returns: bool,
    pub(crate) zeros: bool,
}

impl Odd {
    /// Which of them there are; nothing is branched on, so that many bytes are looked at together.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        const QUOTE: u8 = 1;
        const RETURN: u8 = 2;
        const ZERO: u8 = 4;
        let code = |byte: u8| {
            (u8::from(byte == b'"') * QUOTE)
                | (u8::from(byte == b'\r') * RETURN)
                | (u8::from(byte == 0) * ZERO)
        };
        let (chunks, tail) = bytes.as_chunks::<64>();
        let mut found = [0_u8; 64];
        for chunk in chunks {
            found.iter_mut().zip(chunk).for_each(|(found, byte)| *found |= code(*byte));
        }
        let all =
            found.into_iter().chain(tail.iter().map(|byte| code(*byte))).fold(0, |all, code| all | code);
        Self { quotes: all & QUOTE != 0, returns: all & RETURN != 0, zeros: all & ZERO != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_bytes_are_found_wherever_they_are() {
        for length in [0, 1, 63, 64, 65, 200] {
            let plain = vec![b'x'; length];
            assert_eq!(Odd::of(&plain), Odd { quotes: false, returns: false, zeros: false });
            for at in 0..length {
                for byte in 0..=255 {
                    let mut bytes = plain.clone();
                    bytes[at] = byte;
                    let expected = Odd { quotes: byte == b'"', returns: byte == b'\r', zeros: byte == 0 };
                    assert_eq!(Odd::of(&bytes), expected, "{byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn marks_are_all_delimiters_and_ends_of_lines() {
        let mut state = 7_u64;
        let mut bytes = Vec::new();
        for length in 0..300_u32 {
            bytes.clear();
            for _ in 0..length {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bytes.push(b",\nab\x80\xAC\x8A-\0\x2D"[(state >> 40) as usize % 10]);
            }
            for delimiter in *b",\0" {
                let mut expected: Vec<u32> = (0..length)
                    .filter_map(|at| match bytes[at as usize] {
                        b'\n' => Some(at | END),
                        byte => (byte == delimiter).then_some(at),
                    })
                    .collect();
                if bytes.last().is_some_and(|last| *last != b'\n') {
                    expected.push(length | END);
                }
                let mut marks = Vec::new();
                mark(&bytes, delimiter, &mut marks);
                assert_eq!(marks, expected, "{bytes:?}");
            }
        }
    }

    #[test]
    fn even_rows_are_those_that_all_have_as_many_cells() {
        let mut state = 7_u64;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as usize % limit
        };
        let mut even = [0; 2];
        let mut found = Vec::new();
        for round in 0..3000 {
            let width = 1 + below(5);
            let longest = [1, 3, 40][round % 3];
            let mut text = String::new();
            for _ in 0..below(40) {
                let cells = if below(300) == 0 { 1 + below(5) } else { width };
                let cells: Vec<String> = (0..cells).map(|_| "x".repeat(below(longest))).collect();
                text.push_str(&cells.join(","));
                text.push('\n');
            }
            if below(2) == 0 {
                text.pop();
            }
            let bytes = text.as_bytes();
            let mut marks = Vec::new();
            mark(bytes, b',', &mut marks);
            let is_even = marks.len() % width == 0
                && marks.chunks(width).all(|row| {
                    row.iter().enumerate().all(|(at, mark)| (mark & END != 0) == (at + 1 == width))
                });
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            let count = mark_even(bytes, (b',', width, lines), &mut found);
            assert_eq!(count.is_some(), is_even, "{text:?}");
            if let Some(count) = count {
                let places: Vec<u32> = marks.iter().map(|mark| mark & !END).collect();
                assert_eq!(found[..count], places, "{text:?}");
            }
            even[usize::from(is_even)] += 1;
        }
        assert!(even.iter().all(|times| *times > 100), "{even:?}");
    }
}
