//! Rows divided into ranges while they are read, on any number of threads; each range is a number of blocks of a file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::block::Rows;
use super::file::{Block, SpillFile};

/// Rows of several ranges, of which each gathers until it is worth a block.
pub(super) struct Divided {
    file: SpillFile,
    ranges: Vec<Mutex<Range>>,
    /// So many rows are worth a block.
    block: usize,
    failed: Mutex<Option<String>>,
}

#[derive(Default)]
struct Range {
    waiting: Vec<Rows>,
    rows: usize,
    blocks: Vec<Block>,
}

impl Divided {
    pub(super) fn new(folder: &Path, ranges: u32, block: usize) -> Result<Self, String> {
        Ok(Self {
            file: SpillFile::new(folder).map_err(|error| error.to_string())?,
            ranges: (0..ranges).map(|_| Mutex::default()).collect(),
            block,
            failed: Mutex::default(),
        })
    }

    /// Adds rows; `of`: to which range each belongs. Why one could not be written is said at the end.
    pub(super) fn add(&self, rows: Rows, of: &[u32]) {
        let Some(first) = of.first() else { return };
        if of.iter().all(|range| range == first) {
            return self.put(*first, rows);
        }
        // First how many rows each range has, then where they begin; each place moves on as its rows are put there.
        let mut next = vec![0_u32; self.ranges.len() + 1];
        for range in of {
            if let Some(count) = next.get_mut(*range as usize + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for place in &mut next {
            total += *place;
            *place = total;
        }
        let starts = next.clone();
        let mut order = vec![0_u32; of.len()];
        for (row, range) in (0_u32..).zip(of) {
            let Some(place) = next.get_mut(*range as usize) else { continue };
            if let Some(slot) = order.get_mut(*place as usize) {
                *slot = row;
            }
            *place += 1;
        }
        for (range, bounds) in (0_u32..).zip(starts.windows(2)) {
            let [start, end] = bounds else { continue };
            if let Some(which) = order.get(*start as usize..*end as usize).filter(|which| !which.is_empty()) {
                self.put(range, rows.select(which));
            }
        }
    }

    fn put(&self, range: u32, rows: Rows) {
        let Some(range) = self.ranges.get(range as usize) else { return };
        let mut range = range.lock().unwrap_or_else(PoisonError::into_inner);
        range.rows += rows.len();
        range.waiting.push(rows);
        if range.rows >= self.block {
            self.write(&mut range);
        }
    }

    fn write(&self, range: &mut Range) {
        range.rows = 0;
        let rows = Rows::concat(std::mem::take(&mut range.waiting));
        if rows.len() == 0 || self.failure().is_some() {
            return;
        }
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let added =
            rows.encode().and_then(|bytes| self.file.add(&bytes, count).map_err(|error| error.to_string()));
        match added {
            Ok(block) => range.blocks.push(block),
            Err(why) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
        }
    }

    fn failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file, and the blocks of each range.
    pub(super) fn finish(self) -> Result<(SpillFile, Vec<Vec<Block>>), String> {
        let mut all = Vec::with_capacity(self.ranges.len());
        for range in &self.ranges {
            let mut range = range.lock().unwrap_or_else(PoisonError::into_inner);
            self.write(&mut range);
            all.push(std::mem::take(&mut range.blocks));
        }
        match self.failure() {
            Some(why) => Err(why),
            None => Ok((self.file, all)),
        }
    }
}
