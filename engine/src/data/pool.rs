//! Each distinct cell of a table once, and small numbers in its place.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::Cell;

/// A hash of fixed seed: the same rows always lie in the same places.
pub(super) type Hashing = BuildHasherDefault<DefaultHasher>;

const EMPTY: u32 = u32::MAX;

/// Numbers found by what they stand for, which is kept elsewhere.
#[derive(Clone, Debug, Default)]
pub(super) struct IdTable {
    slots: Vec<u32>,
    filled: usize,
}

impl IdTable {
    /// The number among those of that hash for which `same` holds.
    pub(super) fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let mut slot = self.start(hash)?;
        loop {
            match self.slots.get(slot).copied() {
                None | Some(EMPTY) => return None,
                Some(id) if same(id) => return Some(id),
                Some(_) => slot = (slot + 1) % self.slots.len(),
            }
        }
    }

    /// Adds a number that is not in it; `hash_of` gives the hash of one that is.
    pub(super) fn insert(&mut self, hash: u64, id: u32, hash_of: impl Fn(u32) -> u64) {
        // At most three quarters full, so that a search soon meets an empty slot.
        if (self.filled + 1) * 4 > self.slots.len() * 3 {
            let larger = (self.slots.len() * 2).max(16);
            let old = std::mem::replace(&mut self.slots, vec![EMPTY; larger]);
            for id in old.into_iter().filter(|id| *id != EMPTY) {
                self.place(hash_of(id), id);
            }
        }
        self.place(hash, id);
        self.filled += 1;
    }

    fn place(&mut self, hash: u64, id: u32) {
        let Some(mut slot) = self.start(hash) else { return };
        let length = self.slots.len();
        while self.slots.get(slot).is_some_and(|found| *found != EMPTY) {
            slot = (slot + 1) % length;
        }
        if let Some(place) = self.slots.get_mut(slot) {
            *place = id;
        }
    }

    fn start(&self, hash: u64) -> Option<usize> {
        let length = u64::try_from(self.slots.len()).ok()?;
        usize::try_from(hash.checked_rem(length)?).ok()
    }
}

/// Distinct cells, each with a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    cells: Vec<Cell>,
    ids: IdTable,
}

impl Pool {
    /// The number of a cell, new if it was not there.
    pub(super) fn intern(&mut self, cell: Cell) -> u32 {
        let hash = Hashing::default().hash_one(&cell);
        let cells = &self.cells;
        if let Some(id) = self.ids.find(hash, |id| cells.get(id as usize) == Some(&cell)) {
            return id;
        }
        let id = u32::try_from(self.cells.len()).unwrap_or(EMPTY);
        self.cells.push(cell);
        let cells = &self.cells;
        self.ids.insert(hash, id, |id| {
            cells.get(id as usize).map_or(0, |cell| Hashing::default().hash_one(cell))
        });
        id
    }

    /// The number of a cell that is there.
    pub(super) fn id_of(&self, cell: &Cell) -> Option<u32> {
        self.ids.find(Hashing::default().hash_one(cell), |id| self.cells.get(id as usize) == Some(cell))
    }

    /// The cell of a number.
    pub(super) fn get(&self, id: u32) -> Option<&Cell> {
        self.cells.get(id as usize)
    }

    /// How many distinct cells there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cells, to set in them what does not change which cells are equal.
    pub(super) fn cells_mut(&mut self) -> impl Iterator<Item = &mut Cell> {
        self.cells.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Number, Value};

    #[test]
    fn equal_cells_share_a_number() {
        let mut pool = Pool::default();
        let number = |n: i64| Cell::Known(Value::Number(Number::from_int(n)));
        let first: Vec<u32> = (0..500).map(|n| pool.intern(number(n))).collect();
        let again: Vec<u32> = (0..500).map(|n| pool.intern(number(n))).collect();
        assert_eq!(first, again);
        assert_eq!(pool.len(), 500);
        assert_eq!(pool.id_of(&number(7)), Some(7));
        assert_eq!(pool.id_of(&number(500)), None);
        assert_eq!(pool.get(7), Some(&number(7)));
    }
}
