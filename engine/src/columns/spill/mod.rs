//! Records that do not fit in memory: the rows of a record that are only ever read as those of one parent are divided by
//! ranges of their parents while they are read, written to a temporary file as Arrow, and read again range by range.
//!
//! Whoever evaluates sees columns as ever ([`PagedColumn`] stands behind a [`Stored`]); only which rows have which numbers
//! differs. Parents are evaluated in their order, so that each range is read once for each time that all of them are gone
//! through. Duplicate keys are found the same way, by ranges of the keys' hashes.
//!
//! [`Stored`]: super::stored::Stored

mod block;
mod divide;
mod file;
mod memory;
mod page;
mod reach;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use memory::resident;
pub use memory::{Limit, peak};
pub(crate) use page::{Cache, PagedColumn, Pages};
pub(crate) use reach::{Divisible, divisible};

use self::block::Rows;
use self::divide::Divided;
use self::memory::shown;
use super::keys::KeyIndex;
use super::resident::Part;
use super::store::{FIRST_KEY, LAST_KEY};
use crate::data::{DataError, ReadError};
use crate::plan::Symbols;
use crate::table::{Scan, Tables, Texts, Wanted};
use crate::value::{Base, RecordId};

/// Parents of a range are a multiple of so many, so that no batch of them lies in two.
const BATCH: u32 = super::worker::BATCH;
/// Fewer bytes than this are not worth a block.
const LEAST_BLOCK: u64 = 16 << 10;
/// More bytes than this are not gathered for a block.
const MOST_BLOCK: u64 = 256 << 10;
/// So many ranges at most.
const MOST_RANGES: u64 = 2048;
/// What a thread takes to read and to evaluate, beside the columns.
const THREAD: u64 = 6 << 20;
/// What is found of a parent and kept: places in populations and what they are worked out from.
const PARENT: u64 = 24;
/// What remains of the memory for ranges must be at least this.
const LEAST: u64 = 8 << 20;

/// How rows are divided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Division {
    /// So many parents a range has.
    per: u32,
    /// So many bytes a range gathers before it is written.
    block: u64,
    /// So many bytes of ranges are kept in memory.
    pub(crate) cache: u64,
}

impl Division {
    /// How the rows of these records are best divided in the memory that is left; `None`: they fit as they are.
    ///
    /// # Errors
    /// When there is not even room for one range at a time.
    pub(crate) fn of(
        symbols: &Symbols,
        tables: &Tables<'_>,
        wanted: &[&Wanted],
        parents: u32,
        limit: &Limit,
        took: &[(RecordId, u64)],
    ) -> Result<Option<Self>, ReadError> {
        if let Some(ranges) = limit.ranges {
            let per = parents.div_ceil(ranges.max(1)).max(1);
            return Ok(Some(Self { per, block: 0, cache: 0 }));
        }
        let threads = tables.threads() as u64;
        let kept = threads * THREAD + u64::from(parents) * PARENT;
        let left = limit.left().saturating_sub(kept);
        let bytes: u64 = wanted.iter().map(|wanted| estimate(symbols, tables, wanted)).sum();
        // Columns are in memory twice while their parts are put together.
        if bytes.saturating_mul(2) < left {
            return Ok(None);
        }
        if left < LEAST {
            return Err(too_little(symbols, limit, took, kept));
        }
        // While a range is read it is in memory three times.
        let range = (left / (8 * (threads + 1))).max(1 << 18);
        let ranges = (bytes / range).clamp(2, MOST_RANGES);
        let per = u64::from(parents).div_ceil(ranges).next_multiple_of(u64::from(BATCH));
        let waiting = left / 4 / (ranges * 2 * wanted.len() as u64);
        Ok(Some(Self {
            per: u32::try_from(per).unwrap_or(u32::MAX),
            block: waiting.clamp(LEAST_BLOCK, MOST_BLOCK),
            cache: left / 3,
        }))
    }

    fn ranges(self, parents: u32) -> u32 {
        parents.div_ceil(self.per.max(1))
    }
}

/// Why a run does not fit: what takes how much, and what would do. `kept`: what threads and results take beside the records.
fn too_little(symbols: &Symbols, limit: &Limit, took: &[(RecordId, u64)], kept: u64) -> ReadError {
    let now = resident().unwrap_or(limit.bytes);
    let of_records: u64 = took.iter().map(|(_, bytes)| bytes).sum();
    let mut all = vec![format!("the program takes {}", shown(now.saturating_sub(of_records)))];
    all.extend(took.iter().filter(|(_, bytes)| *bytes >= 1_000_000).map(|(record, bytes)| {
        let name = symbols.record(*record).map_or("", |record| record.name.as_str());
        format!("the records `{name}` {}", shown(*bytes))
    }));
    all.push(format!("evaluating {}", shown(kept)));
    // What is still to be read is not known, so a quarter more.
    let needed = now.saturating_add(kept).saturating_add(LEAST);
    let needed = needed.saturating_add(needed / 4);
    ReadError::new(format!("the run does not fit in {} of memory: {}", shown(limit.bytes), all.join(", ")))
        .help(format!(
            "allow it {} or more; rows that are read by their parent take none of it",
            shown(needed)
        ))
}

/// Whether the process has no more than it may, while it reads what so many threads evaluate.
pub(crate) fn check(
    limit: &Limit,
    symbols: &Symbols,
    took: &[(RecordId, u64)],
    threads: usize,
) -> Result<(), ReadError> {
    if !limit.is_exceeded() {
        return Ok(());
    }
    Err(too_little(symbols, limit, took, threads as u64 * THREAD))
}

/// How many bytes the columns of a record take, rather too many than too few.
fn estimate(symbols: &Symbols, tables: &Tables<'_>, wanted: &Wanted) -> u64 {
    tables.estimated_rows(wanted.record).saturating_mul(width(symbols, wanted))
}

/// How many bytes a row takes.
fn width(symbols: &Symbols, wanted: &Wanted) -> u64 {
    let Some(declared) = symbols.record(wanted.record) else { return 0 };
    let of_field = |field: &u32| match declared.fields.get(*field as usize).map(|field| field.ty.base) {
        Some(Base::Text) => 24,
        // The rows that it names, and the rows by whom they name.
        Some(Base::Record(_)) => 8,
        Some(Base::Flag) => 1,
        _ => 4,
    };
    let fields: u64 = wanted.fields.iter().map(of_field).sum();
    fields + if wanted.key { 32 + 8 * declared.keys as u64 } else { 0 }
}

/// A field whose key no row has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dangling {
    pub(crate) field: u32,
    pub(crate) row: u32,
    pub(crate) line: u32,
    pub(crate) lane: u32,
}

/// What was read of a record whose rows lie in ranges.
pub(crate) struct Spilled {
    pub(crate) pages: Arc<Pages>,
    /// What was wrong with cells; rows by their new numbers.
    pub(crate) errors: Vec<DataError>,
    /// Rows that share a key, each with the first that has it: its new number, and the lines of both.
    pub(crate) repeated: Vec<(u32, (u32, u32))>,
    /// In the order of fields and rows; rows by their new numbers.
    pub(crate) dangling: Vec<Dangling>,
}

/// A record that is being divided.
struct Spilling {
    by: usize,
    parents: u32,
    division: Division,
    rows: Divided,
    keys: Option<Divided>,
    found: Mutex<Found>,
}

/// What is found while rows are read.
#[derive(Default)]
struct Found {
    scales: Vec<u8>,
    keyless: u64,
    source: Option<u32>,
    sources: bool,
    dangling: Vec<Dangling>,
}

impl Spilling {
    fn new(
        wanted: &Wanted,
        by: u32,
        parents: u32,
        division: Division,
        limit: &Limit,
    ) -> Result<Self, String> {
        let position = wanted.fields.iter().position(|field| *field == by);
        let ranges = division.ranges(parents) + 1;
        // Narrow columns take few bytes; a block has as many rows as fit if each takes so many.
        let block = |row: u64| usize::try_from(division.block / row).unwrap_or(usize::MAX);
        let of_row = 12 + 3 * wanted.fields.len() as u64;
        let new = |row| Divided::new(&limit.folder, ranges, block(row));
        Ok(Self {
            by: position.ok_or("the field that names the parent is not read")?,
            parents,
            division,
            rows: new(of_row + if wanted.key { 24 } else { 0 })?,
            keys: if wanted.key { Some(new(32)?) } else { None },
            found: Mutex::default(),
        })
    }

    fn add(&self, wanted: &Wanted, part: Part) {
        let Part { places, columns, unreadable, key } = part;
        let count = columns.first().map_or(0, |column| column.rows);
        let lines = places.lines.unwrap_or_else(|| (places.line..).take(count as usize).collect());
        {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.sources |= found.source.is_some_and(|source| source != places.file);
            found.source = Some(places.file);
            found.scales.resize(columns.len(), 0);
            for (scale, column) in found.scales.iter_mut().zip(&columns) {
                *scale = (*scale).max(column.scale().unwrap_or(0));
            }
            if wanted.key {
                found.keyless += key.iter().filter(|key| key.is_empty()).count() as u64;
            }
            for (field, column) in wanted.fields.iter().zip(&columns) {
                let named = column.named().unwrap_or_default();
                for ((row, line), lane) in (places.first..).zip(&lines).zip(named.iter()) {
                    if (FIRST_KEY..=LAST_KEY).contains(lane) {
                        found.dangling.push(Dangling { field: *field, row, line: *line, lane: *lane });
                    }
                }
            }
        }
        let rows: Vec<u32> = (places.first..).take(count as usize).collect();
        if let Some(keys) = &self.keys {
            let ranges = u64::from(self.division.ranges(self.parents) + 1);
            let range = |key: &[u8]| {
                let mut hasher = DefaultHasher::new();
                key.hash(&mut hasher);
                u32::try_from(hasher.finish() % ranges).unwrap_or(0)
            };
            let of: Vec<u32> = key.iter().map(range).collect();
            let only_keys =
                Rows { rows: rows.clone(), lines: lines.clone(), key: key.clone(), ..Rows::default() };
            keys.add(only_keys, &of);
        }
        let none = self.division.ranges(self.parents);
        let range = |parent: u32| if parent < self.parents { parent / self.division.per } else { none };
        let of: Vec<u32> = match columns.get(self.by).and_then(super::stored::Stored::named) {
            Some(named) => named.iter().map(|parent| range(*parent)).collect(),
            None => vec![none; count as usize],
        };
        self.rows.add(Rows { rows, lines, key, columns, unreadable }, &of);
    }
}

/// Reads a record and divides its rows; `pack`: how a batch becomes columns. With no whole keys, its keys are read again part
/// by part.
pub(crate) fn read(
    tables: &Tables<'_>,
    wanted: &Wanted,
    (by, parents, keys): (u32, u32, usize),
    (division, limit, cache): (Division, &Limit, &Arc<Cache>),
    pack: &(dyn Fn(&Wanted, crate::table::Batch) -> Part + Sync),
) -> Result<Option<Spilled>, ReadError> {
    let unwritable = |why: String| {
        ReadError::new(format!("a temporary file cannot be written in `{}`: {why}", limit.folder.display()))
            .help("make room there, or allow the run more memory with `--memory`")
    };
    let mut wanted = wanted.clone();
    let (scan, spilling) = loop {
        let spilling = Spilling::new(&wanted, by, parents, division, limit).map_err(unwritable)?;
        let scanned = tables.scan(&wanted, &|batch| spilling.add(&wanted, pack(&wanted, batch)))?;
        let Some(scan) = scanned else { return Ok(None) };
        let parts = (0..u32::try_from(keys).unwrap_or(0)).filter(|part| !wanted.fields.contains(part));
        let parts: Vec<u32> = parts.collect();
        let keyless = spilling.found.lock().unwrap_or_else(PoisonError::into_inner).keyless;
        if !wanted.key || keyless == 0 || parts.is_empty() {
            break (scan, spilling);
        }
        // Of a key that is not known as a whole, its parts are asked for.
        wanted.fields.extend(parts);
        wanted.fields.sort_unstable();
    };
    let found = spilling.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if found.sources {
        return Err(ReadError::new("rows of one record come from several files"));
    }
    let repeated = spilling.keys.map_or_else(|| Ok(Vec::new()), repeated).map_err(unwritable)?;
    let (file, blocks) = spilling.rows.finish().map_err(unwritable)?;
    let mut bases = vec![0_u32];
    for blocks in &blocks {
        let rows: u32 = blocks.iter().map(|block| block.rows).sum();
        bases.push(bases.last().copied().unwrap_or(0).saturating_add(rows));
    }
    let mut shared: Vec<u32> = repeated.iter().flat_map(|(first, row)| [first.0, row.0]).collect();
    shared.sort_unstable();
    shared.dedup();
    let pages = Pages {
        record: wanted.record,
        by: (spilling.by, by),
        fields: wanted.fields,
        per: division.per.max(1),
        parents,
        bases,
        blocks,
        file,
        scales: found.scales,
        repeated: shared,
        keyless: found.keyless,
        source: found.source.unwrap_or(0),
        cache: Arc::clone(cache),
    };
    Ok(Some(renumbered(pages, scan, &repeated, found.dangling)))
}

/// A row that shares its key with an earlier one: number and line of that, and of the row.
type Repeated = ((u32, u32), (u32, u32));

/// Rows by their numbers in their file become rows by their new numbers.
fn renumbered(pages: Pages, scan: Scan, repeated: &[Repeated], mut dangling: Vec<Dangling>) -> Spilled {
    let mut errors = scan.errors;
    let mut named: BTreeSet<u32> = errors.iter().filter_map(|error| error.row).collect();
    named.extend(repeated.iter().map(|(_, (row, _))| *row));
    named.extend(dangling.iter().map(|dangling| dangling.row));
    let renumbered = pages.renumbered(&named);
    let new = |row: u32| renumbered.get(&row).copied();
    for error in &mut errors {
        error.row = error.row.and_then(new);
    }
    dangling.sort_by_key(|dangling| (dangling.field, dangling.row));
    for dangling in &mut dangling {
        dangling.row = new(dangling.row).unwrap_or(u32::MAX);
    }
    let repeated = repeated
        .iter()
        .map(|((_, there), (row, here))| (new(*row).unwrap_or(u32::MAX), (*there, *here)))
        .collect();
    Spilled { pages: Arc::new(pages), errors, repeated, dangling }
}

/// Rows that share a key, found range by range.
fn repeated(keys: Divided) -> Result<Vec<Repeated>, String> {
    let (file, ranges) = keys.finish()?;
    let mut all = Vec::new();
    for blocks in ranges {
        let mut parts = Vec::with_capacity(blocks.len());
        for block in blocks {
            let bytes = file.read(block).map_err(|error| error.to_string())?;
            parts.push(Rows::decode(bytes, &[])?);
        }
        let rows = Rows::concat(parts);
        let mut order: Vec<u32> = (0..u32::try_from(rows.len()).unwrap_or(u32::MAX)).collect();
        let number = |at: &u32| rows.rows.get(*at as usize).copied().unwrap_or(0);
        order.sort_unstable_by_key(number);
        let texts: Texts = block::select_texts(&rows.key, &order);
        let place = |at: u32| {
            let at = order.get(at as usize).copied().unwrap_or(0);
            (number(&at), rows.lines.get(at as usize).copied().unwrap_or(0))
        };
        let index = KeyIndex::new(texts);
        all.extend(index.repeated.iter().map(|(first, row)| (place(*first), place(*row))));
    }
    all.sort_unstable_by_key(|(_, (row, _))| *row);
    Ok(all)
}
