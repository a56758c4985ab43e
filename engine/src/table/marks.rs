//! Where the cells of a text end, sixty-four bytes at a time.

/// Set in a mark at which a row ends.
pub(crate) const END: u32 = 1 << 31;
/// The longest text whose places leave room for [`END`].
pub(crate) const LONGEST: usize = (END - 1) as usize;

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
        // What is no delimiter stands for the bytes that are not there.
        let filler = if delimiter == 0 { 1 } else { 0 };
        let mut chunk = [filler; 64];
        for (place, byte) in chunk.iter_mut().zip(tail) {
            *place = *byte;
        }
        push(marks, base, &chunk, delimiter);
    }
    if let Some(last) = bytes.last()
        && *last != b'\n'
    {
        marks.push(u32::try_from(bytes.len()).unwrap_or(END - 1) | END);
    }
}

/// Adds the places of the delimiters and ends in a chunk.
fn push(marks: &mut Vec<u32>, base: u32, chunk: &[u8; 64], delimiter: u8) {
    let mut all = find(chunk, delimiter);
    marks.reserve(64);
    while all != 0 {
        let bit = all.trailing_zeros();
        let is_end = chunk.get(bit as usize) == Some(&b'\n');
        marks.push((base + bit) | if is_end { END } else { 0 });
        all &= all - 1;
    }
}

/// Which bytes are delimiters or ends of lines: a bit for each.
#[inline]
fn find(chunk: &[u8; 64], delimiter: u8) -> u64 {
    // Compared byte by byte, which compilers do sixteen at a time; then the lowest bits of eight bytes become one byte.
    let mut found = [0_u8; 64];
    for (place, byte) in found.iter_mut().zip(chunk) {
        *place = u8::from(*byte == delimiter) | u8::from(*byte == b'\n');
    }
    let (words, _) = found.as_chunks::<8>();
    let gathered = |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    words.iter().enumerate().fold(0, |all, (at, word)| all | (gathered(word) << (8 * at)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
