//! Rows of a column that share at most 256 cells: each cell once, and a byte for each row.

use std::ops::Range;
use std::sync::Arc;

use super::stored::Rows;
use super::vector::{Data, KNOWN, UNKNOWN, Vector};

/// A column of shared cells.
#[derive(Clone, Debug)]
pub(super) struct Coded {
    cells: Arc<Cells>,
    which: Vec<u8>,
}

/// The cells, for every byte one; nobody has those beyond the last.
#[derive(Debug)]
pub(super) struct Cells {
    states: Vec<u8>,
    are_known: bool,
    data: Data,
}

/// Cells that a byte tells apart.
pub(super) const MOST: usize = 256;

impl Cells {
    /// The lanes of a vector; `None` where they are too many, or not as narrow as here.
    pub(super) fn of(cells: Vector) -> Option<Self> {
        if cells.len() > MOST || !cells.bounds.is_empty() {
            return None;
        }
        let are_known = cells.all_known();
        let Vector { mut state, data, .. } = cells;
        fn padded<T: Copy + Default>(mut values: Vec<T>) -> Vec<T> {
            values.resize(MOST, T::default());
            values
        }
        state.resize(MOST, UNKNOWN);
        let data = match data {
            Data::Void => Data::Void,
            Data::Flag => Data::Flag,
            Data::Num(values, scale) => Data::Num(padded(values), scale),
            Data::Code(codes) => Data::Code(padded(codes)),
            Data::Date(days) => Data::Date(padded(days)),
            Data::Year(years) => Data::Year(padded(years)),
            Data::Row(..) | Data::Ratio(..) | Data::Any(_) => return None,
        };
        Some(Self { states: state, are_known, data })
    }

    /// The lanes of bytes.
    pub(super) fn take(&self, which: &[u8]) -> Vector {
        let Self { states, are_known, data } = self;
        let state = if *are_known { vec![KNOWN; which.len()] } else { look_up(states, which) };
        let data = match data {
            Data::Num(values, scale) => Data::Num(look_up(values, which), *scale),
            Data::Code(codes) => Data::Code(look_up(codes, which)),
            Data::Date(days) => Data::Date(look_up(days, which)),
            Data::Year(years) => Data::Year(look_up(years, which)),
            Data::Flag => Data::Flag,
            _ => Data::Void,
        };
        Vector::of(state, data)
    }

    /// All of them.
    pub(super) fn vector(&self) -> Vector {
        Vector::of(self.states.clone(), self.data.clone())
    }
}

impl Coded {
    /// A column of those cells; `None` where they are too many, or not as narrow as here.
    pub(super) fn new(cells: Vector, which: Vec<u8>) -> Option<Self> {
        let count = cells.len();
        let cells = Arc::new(Cells::of(cells)?);
        let has_all = (which.iter().fold(0, |most, code| most.max(*code)) as usize) < count.max(1);
        has_all.then_some(Self { cells, which })
    }

    /// The cells, and which of them some rows have.
    pub(super) fn read(&self, rows: Range<usize>) -> Option<(&Arc<Cells>, &[u8])> {
        Some((&self.cells, self.which.get(rows)?))
    }

    /// How many places its numbers have, where it holds such.
    pub(super) fn scale(&self) -> Option<u8> {
        match self.cells.data {
            Data::Num(_, scale) => Some(scale),
            _ => None,
        }
    }

    /// The cells, and which of them each row has.
    pub(super) fn parts(&self) -> (Vector, Vec<u32>) {
        (self.cells.vector(), self.which.iter().map(|code| u32::from(*code)).collect())
    }

    /// Some rows, as lanes.
    pub(super) fn take(&self, of: &Rows<'_>) -> Vector {
        match of {
            Rows::Range(range) if range.end <= self.which.len() => {
                self.cells.take(self.which.get(range.clone()).unwrap_or_default())
            }
            _ => self.cells.take(&of.take(&self.which, |code| code)),
        }
    }
}

/// The value of each byte.
fn look_up<T: Copy + Default>(values: &[T], which: &[u8]) -> Vec<T> {
    // Every byte is within so many, so that nothing is asked of each.
    let Some(values) = values.first_chunk::<MOST>() else { return vec![T::default(); which.len()] };
    which.iter().map(|code| values.get(usize::from(*code)).copied().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::vector::{MISSING, NO};

    #[test]
    fn rows_have_the_cells_that_their_bytes_say() {
        let cells = Vector::of(vec![KNOWN, KNOWN, MISSING], Data::Num(vec![7, -9, 0], 2));
        let coded = Coded::new(cells.clone(), vec![1, 0, 2, 1]).unwrap();
        assert_eq!(coded.scale(), Some(2));
        for (rows, states, values) in [
            (&[0, 1, 2][..], &[KNOWN, KNOWN, MISSING][..], &[-9, 7, 0][..]),
            (&[3, 2], &[KNOWN, MISSING], &[-9, 0]),
        ] {
            let taken = coded.take(&Rows::of(rows));
            assert_eq!(taken.state, states);
            assert!(matches!(&taken.data, Data::Num(found, 2) if found == values), "{taken:?}");
        }
        assert!(Coded::new(cells, vec![3]).is_none(), "no such cell");
        let flags = Vector::flags(vec![NO, KNOWN]);
        assert_eq!(
            Coded::new(flags, vec![1, 1, 0]).unwrap().take(&Rows::Range(0..3)).state,
            [KNOWN, KNOWN, NO]
        );
    }

    #[test]
    fn a_byte_tells_256_cells_apart() {
        let cells = |count: usize| Vector::of(vec![KNOWN; count], Data::Code((0..count as u32).collect()));
        let coded = Coded::new(cells(256), (0..=255).collect()).unwrap();
        assert!(matches!(coded.take(&Rows::Range(254..256)).data, Data::Code(codes) if codes == [254, 255]));
        assert!(Coded::new(cells(257), vec![0]).is_none());
    }
}
