//! A column as it was read, batch after batch; put together only when somebody asks for what no batch holds by itself.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::coded::Cells;
use super::stored::{Rows, Stored};
use super::vector::Vector;

/// Parts of a column, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The row after the last of each.
    ends: Vec<u32>,
    parts: Vec<Stored>,
    whole: OnceLock<Box<Stored>>,
}

impl Parts {
    pub(crate) fn of(parts: Vec<Stored>) -> Self {
        let mut end = 0_u32;
        let ends = parts.iter().map(|part| {
            end = end.saturating_add(part.rows);
            end
        });
        Self { ends: ends.collect(), parts, whole: OnceLock::new() }
    }

    /// The column in one piece.
    pub(crate) fn whole(&self) -> &Stored {
        self.whole.get_or_init(|| Box::new(Stored::concat(self.parts.clone())))
    }

    /// Where the parts are.
    pub(crate) fn ranges(&self) -> Vec<Range<u32>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| start..*end).collect()
    }

    /// The part that holds all of these rows, and where in it they are.
    fn within(&self, rows: &Range<u32>) -> Option<(&Stored, Range<u32>)> {
        let at = self.ends.partition_point(|end| *end <= rows.start);
        let (part, end) = (self.parts.get(at)?, self.ends.get(at)?);
        let start = end - part.rows;
        (rows.end <= *end).then(|| (part, rows.start - start..rows.end - start))
    }

    /// The rows of a range that a column of rows names.
    pub(crate) fn named_in(&self, rows: &Range<u32>) -> Option<Cow<'_, [u32]>> {
        match self.within(rows) {
            Some((part, within)) => part.named_in(within),
            None => self.whole().named_in(rows.clone()),
        }
    }

    /// The cells that a range of rows shares, and which of them each has.
    pub(super) fn shared(&self, rows: &Range<u32>) -> Option<(&Arc<Cells>, &[u8])> {
        let (part, within) = self.within(rows)?;
        part.shared(&within)
    }

    /// Some rows, as lanes.
    pub(super) fn take(&self, of: &Rows<'_>) -> Vector {
        if let Rows::Range(range) = of
            && let (Ok(start), Ok(end)) = (u32::try_from(range.start), u32::try_from(range.end))
            && let Some((part, within)) = self.within(&(start..end))
        {
            return part.take(&Rows::Range(within.start as usize..within.end as usize));
        }
        self.whole().take(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::vector::{Data, KNOWN, MISSING, NO_CODE};
    use crate::value::RecordId;

    #[test]
    fn what_one_part_holds_is_read_from_it_and_the_rest_from_the_whole() {
        let part =
            |rows: Vec<u32>, state: Vec<u8>| Stored::pack(Vector::of(state, Data::Row(RecordId(1), rows)));
        let parts = Stored::in_parts(vec![
            part(vec![7, 8, 9], vec![KNOWN; 3]),
            part(vec![NO_CODE, 11], vec![MISSING, KNOWN]),
        ]);
        assert_eq!(parts.ranges(), [0..3, 3..5]);
        assert_eq!(parts.named_in(1..3), Some([8, 9][..].into()));
        assert_eq!(parts.named_in(2..4), Some([9, NO_CODE][..].into()));
        assert_eq!(parts.named(), Some([7, 8, 9, NO_CODE, 11][..].into()));
        for rows in [&[3, 4][..], &[1, 2], &[2, 3, 4], &[4, 0], &[], &[9]] {
            let gathered = parts.gather(rows);
            let at = |row: &u32| [7, 8, 9, NO_CODE, 11].get(*row as usize).copied().unwrap_or(0);
            let expected: Vec<u32> = rows.iter().map(at).collect();
            assert_eq!(gathered.data.rows(), Some((RecordId(1), expected.as_slice())), "{rows:?}");
        }
    }
}
