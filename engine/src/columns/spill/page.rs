//! The rows of a range of parents, in the order of their parents, and which of them are in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::block::Rows;
use super::file::{Block, SpillFile};
use super::memory::Limit;
use crate::columns::stored::Stored;
use crate::columns::vector::{Data, UNKNOWN, Vector};
use crate::value::{RecordId, Reference, Value};

/// The rows of one range.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// By parent of the range: where its rows begin, and at the end where the last one's end.
    starts: Vec<u32>,
    rows: Rows,
    /// Whether each shares its key; absent where none does.
    duplicates: Option<Vec<bool>>,
}

/// A record whose rows lie in ranges of a temporary file. Its rows have new numbers: in the order of their parents, and those
/// of one parent in the order of their file; last come those of no parent.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(super) record: RecordId,
    /// The fields that were read.
    pub(super) fields: Vec<u32>,
    /// At which of them the parent stands, and which field that is.
    pub(super) by: (usize, u32),
    /// So many parents a range has.
    pub(super) per: u32,
    /// How many parents there are.
    pub(super) parents: u32,
    /// The first row of each range, and at the end how many there are in all.
    pub(super) bases: Vec<u32>,
    pub(super) blocks: Vec<Vec<Block>>,
    pub(super) file: SpillFile,
    /// Of each field that is a number: the places that all ranges have in common.
    pub(super) scales: Vec<u8>,
    /// Numbers of rows in their file whose key another row has, ascending.
    pub(super) repeated: Vec<u32>,
    /// How many rows have no whole key.
    pub(super) keyless: u64,
    /// Which file the rows are of.
    pub(super) source: u32,
    pub(super) cache: Arc<Cache>,
}

impl Pages {
    /// Whose rows they are.
    pub(crate) const fn record(&self) -> RecordId {
        self.record
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> u32 {
        self.bases.last().copied().unwrap_or(0)
    }

    /// The field by which the rows are divided.
    pub(crate) const fn by(&self) -> u32 {
        self.by.1
    }

    /// Whether parents lie in more than two ranges, so that to read their rows is to read much for little.
    pub(crate) fn are_scattered(&self, parents: &[u32]) -> bool {
        let range = |parent: u32| if parent < self.parents { Some(parent / self.per) } else { None };
        let (least, most) = parents
            .iter()
            .filter_map(|parent| range(*parent))
            .fold((u32::MAX, 0), |(least, most), range| (least.min(range), most.max(range)));
        least < most && most - least > 1
    }

    fn range_of(&self, row: u32) -> Option<u32> {
        let after = self.bases.partition_point(|base| *base <= row);
        u32::try_from(after.checked_sub(1)?).ok().filter(|_| row < self.count())
    }

    fn base(&self, range: u32) -> u32 {
        self.bases.get(range as usize).copied().unwrap_or(0)
    }

    /// The rows of a range, read if they are not in memory.
    pub(crate) fn page(&self, range: u32) -> Arc<Page> {
        let blocks = self.blocks.get(range as usize).map_or(&[][..], Vec::as_slice);
        let bytes = blocks.iter().map(|block| block.bytes()).sum();
        self.cache.get((self.record, range), bytes, || match self.load(range, blocks) {
            Ok(page) => page,
            Err(why) => {
                self.cache.fail(format!("a temporary file cannot be read again: {why}"));
                Page::default()
            }
        })
    }

    fn load(&self, range: u32, blocks: &[Block]) -> Result<Page, String> {
        let mut parts = Vec::with_capacity(blocks.len());
        for block in blocks {
            let bytes = self.file.read(*block).map_err(|error| error.to_string())?;
            parts.push(Rows::decode(bytes, &self.scales)?);
        }
        let rows = Rows::concat(parts);
        let first = range.saturating_mul(self.per);
        let parents = self.parents.saturating_sub(first).min(self.per);
        let named = rows.columns.get(self.by.0).and_then(Stored::named).unwrap_or_default();
        let own = |row: usize| named.get(row).map_or(u32::MAX, |parent| parent.wrapping_sub(first));
        // By parent, and the rows of a parent as they stood in the file.
        let mut order: Vec<(u64, u32)> = (0_u32..)
            .zip(&rows.rows)
            .map(|(at, row)| (u64::from(own(at as usize)) << 32 | u64::from(*row), at))
            .collect();
        if !order.is_sorted() {
            order.sort_unstable();
        }
        let mut starts = vec![0_u32; parents as usize + 1];
        for (key, _) in &order {
            let parent = usize::try_from(key >> 32).unwrap_or(usize::MAX);
            if let Some(count) = parent.checked_add(1).and_then(|after| starts.get_mut(after)) {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let order: Vec<u32> = order.into_iter().map(|(_, at)| at).collect();
        let rows = rows.select(&order);
        let duplicates = (!self.repeated.is_empty())
            .then(|| rows.rows.iter().map(|row| self.repeated.binary_search(row).is_ok()).collect());
        Ok(Page { starts, rows, duplicates })
    }

    /// The rows of a parent.
    pub(crate) fn children(&self, parent: u32) -> Vec<u32> {
        if parent >= self.parents {
            return Vec::new();
        }
        let (range, within) = (parent / self.per, (parent % self.per) as usize);
        let (page, base) = (self.page(range), self.base(range));
        match (page.starts.get(within), page.starts.get(within + 1)) {
            (Some(start), Some(end)) => (base + start..base + end).collect(),
            _ => Vec::new(),
        }
    }

    /// The page of a row, and its place in it.
    fn at(&self, row: u32) -> Option<(Arc<Page>, u32)> {
        let range = self.range_of(row)?;
        Some((self.page(range), row - self.base(range)))
    }

    /// Where a row begins.
    pub(crate) fn line(&self, row: u32) -> Option<u32> {
        let (page, at) = self.at(row)?;
        page.rows.lines.get(at as usize).copied()
    }

    /// The number that a row has in its file.
    pub(crate) fn number_in_file(&self, row: u32) -> Option<u32> {
        let (page, at) = self.at(row)?;
        page.rows.rows.get(at as usize).copied()
    }

    /// Which file the rows are of.
    pub(crate) const fn source(&self) -> u32 {
        self.source
    }

    /// The bytes of a row's key; empty where it is not known.
    pub(crate) fn key(&self, row: u32) -> Vec<u8> {
        self.at(row).map(|(page, at)| page.rows.key.get(at as usize).to_vec()).unwrap_or_default()
    }

    pub(crate) const fn has_duplicates(&self) -> bool {
        !self.repeated.is_empty()
    }

    pub(crate) fn is_duplicate(&self, row: u32) -> bool {
        self.has_duplicates()
            && self.at(row).is_some_and(|(page, at)| {
                page.duplicates.as_ref().is_some_and(|all| all.get(at as usize) == Some(&true))
            })
    }

    /// Of the rows, whether a part of their key is not known; `None` where all are.
    pub(crate) fn keyless(&self) -> Option<Vec<bool>> {
        if self.keyless == 0 {
            return None;
        }
        let ranges = 0..u32::try_from(self.blocks.len()).unwrap_or(0);
        let of_range = |range| {
            let page = self.page(range);
            (0..page.rows.len()).map(|at| page.rows.key.get(at).is_empty()).collect::<Vec<bool>>()
        };
        Some(ranges.flat_map(of_range).collect())
    }

    /// The position of a field among those that were read.
    pub(crate) fn position(&self, field: u32) -> Option<usize> {
        self.fields.iter().position(|own| *own == field)
    }

    /// The value of a cell, or its state and whether something stands there that cannot be read.
    pub(crate) fn cell(
        &self,
        row: u32,
        position: usize,
        name: impl FnOnce(RecordId, u32) -> Reference,
    ) -> Result<Value, (u8, bool)> {
        let (page, at) = self.at(row).ok_or((UNKNOWN, false))?;
        let column = page.rows.columns.get(position).ok_or((UNKNOWN, false))?;
        column.value(at, name).map_err(|state| {
            let unreadable = page.rows.unreadable.get(position);
            (state, unreadable.is_some_and(|rows| rows.binary_search(&at).is_ok()))
        })
    }

    /// The new numbers of rows by the numbers that they have in their file.
    pub(super) fn renumbered(&self, wanted: &BTreeSet<u32>) -> HashMap<u32, u32> {
        let mut found = HashMap::with_capacity(wanted.len());
        if wanted.is_empty() {
            return found;
        }
        for range in 0..u32::try_from(self.blocks.len()).unwrap_or(0) {
            let (page, base) = (self.page(range), self.base(range));
            for (at, row) in (base..).zip(&page.rows.rows) {
                if wanted.contains(row) {
                    found.insert(*row, at);
                }
            }
        }
        found
    }

    /// Some rows of a field, as lanes.
    fn gather(&self, position: usize, rows: &[u32]) -> Vector {
        let Some(first) = rows.first() else { return Vector::of(Vec::new(), Data::Void) };
        let bounds = |range: u32| self.base(range)..self.base(range.saturating_add(1));
        if let Some(range) = self.range_of(*first) {
            let own = bounds(range);
            if rows.iter().fold(true, |all, row| all & own.contains(row)) {
                let within: Vec<u32> = rows.iter().map(|row| row - own.start).collect();
                return self.page(range).column(position, rows.len(), |column| column.gather(&within));
            }
        }
        // Range by range, then as they were asked for.
        let mut order: Vec<(u32, u32)> = rows.iter().copied().zip(0_u32..).collect();
        order.sort_unstable();
        let mut places = vec![0_u32; rows.len()];
        for ((_, lane), at) in order.iter().zip(0_u32..) {
            if let Some(place) = places.get_mut(*lane as usize) {
                *place = at;
            }
        }
        let mut parts = Vec::new();
        let mut rest = order.as_slice();
        while let Some((row, _)) = rest.first() {
            let Some(range) = self.range_of(*row) else {
                parts.push(Stored::unknown(u32::try_from(rest.len()).unwrap_or(u32::MAX)));
                break;
            };
            let own = bounds(range);
            let (these, others) = rest.split_at(rest.partition_point(|(row, _)| *row < own.end));
            let within: Vec<u32> = these.iter().map(|(row, _)| row - own.start).collect();
            parts.push(self.page(range).column(position, these.len(), |column| column.select(&within)));
            rest = others;
        }
        Stored::concat(parts).gather(&places)
    }
}

impl Page {
    /// What is read of a column; one that could not be read is not known.
    fn column<T>(&self, position: usize, rows: usize, read: impl FnOnce(&Stored) -> T) -> T {
        match self.rows.columns.get(position) {
            Some(column) => read(column),
            None => read(&Stored::unknown(u32::try_from(rows).unwrap_or(u32::MAX))),
        }
    }
}

/// A field of rows that lie in ranges.
#[derive(Clone, Debug)]
pub(crate) struct PagedColumn {
    pages: Arc<Pages>,
    position: usize,
}

impl PagedColumn {
    pub(crate) fn new(pages: &Arc<Pages>, position: usize) -> Self {
        Self { pages: Arc::clone(pages), position }
    }

    /// Some rows, as lanes.
    pub(crate) fn gather(&self, rows: &[u32]) -> Vector {
        self.pages.gather(self.position, rows)
    }

    /// The value of a row, or its state where it has none.
    pub(crate) fn value(&self, row: u32, name: impl FnOnce(RecordId, u32) -> Reference) -> Result<Value, u8> {
        self.pages.cell(row, self.position, name).map_err(|(state, _)| state)
    }
}

/// The ranges that are in memory, of all records; those that nobody asked for the longest give way.
#[derive(Debug)]
pub(crate) struct Cache {
    held: Mutex<Held>,
    /// Bytes that they may take.
    budget: u64,
    limit: Limit,
    failed: Mutex<Option<String>>,
}

type Key = (RecordId, u32);

#[derive(Debug, Default)]
struct Held {
    slots: HashMap<Key, Slot>,
    asked: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Slot {
    page: Arc<OnceLock<Arc<Page>>>,
    last: u64,
    bytes: u64,
}

impl Cache {
    pub(crate) fn new(budget: u64, limit: &Limit) -> Self {
        Self { held: Mutex::default(), budget, limit: limit.clone(), failed: Mutex::default() }
    }

    fn get(&self, key: Key, bytes: u64, load: impl FnOnce() -> Page) -> Arc<Page> {
        let page = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.asked += 1;
            let asked = held.asked;
            if let Some(slot) = held.slots.get_mut(&key) {
                slot.last = asked;
                Arc::clone(&slot.page)
            } else {
                held.make_room(self.budget.saturating_sub(bytes));
                let page = Arc::default();
                held.slots.insert(key, Slot { page: Arc::clone(&page), last: asked, bytes });
                held.bytes += bytes;
                page
            }
        };
        if let Some(known) = page.get() {
            return Arc::clone(known);
        }
        let found = Arc::clone(page.get_or_init(|| Arc::new(load())));
        if self.limit.is_exceeded() {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).make_room(bytes);
        }
        found
    }

    pub(super) fn fail(&self, why: String) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    /// Why some range could not be read; whatever came of it is nothing then.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Held {
    /// Lets go of ranges until no more than so many bytes are held.
    fn make_room(&mut self, most: u64) {
        while self.bytes > most {
            let Some((key, bytes)) =
                self.slots.iter().min_by_key(|(_, slot)| slot.last).map(|(key, slot)| (*key, slot.bytes))
            else {
                return;
            };
            self.slots.remove(&key);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }
}
