//! Records held as columns: only what a plan reads of them, as narrow as it is, and the keys.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::keys::KeyIndex;
use super::parallel::side_by_side;
use super::source::Columnar;
use super::spill::{self, Cache, Divisible, Division, Limit, PagedColumn, Pages};
use super::store::{FIRST_KEY, LAST_KEY, Store};
use super::stored::{Stored, joined_texts};
use super::vector::{MISSING, NO_CODE, UNKNOWN};
use crate::data::dataset::{dangling, duplicate};
use crate::data::{Cell, DataError, Origin, ReadError, Records, Severity};
use crate::plan::{DefineId, Fact, FieldKind, Plan, ResultId, Symbols};
use crate::table::key::KeyCode;
use crate::table::{Batch, Lines, Scan, Tables, Texts, Wanted};
use crate::value::{Base, RecordId, Reference, Value};

/// Records as columns.
pub struct ColumnRecords {
    symbols: Arc<Symbols>,
    codes: BTreeMap<RecordId, KeyCode>,
    tables: Vec<Option<Rows>>,
    loose: Vec<Reference>,
    files: Vec<String>,
    errors: Vec<DataError>,
    /// Of records whose rows are in a temporary file.
    spilled: BTreeMap<RecordId, Arc<Pages>>,
    cache: Option<Arc<Cache>>,
    divisible: Divisible,
}

/// The rows of a record.
#[derive(Default)]
struct Rows {
    count: u32,
    fields: BTreeMap<u32, Arc<Stored>>,
    unreadable: BTreeMap<u32, Vec<u32>>,
    keys: KeyIndex,
    duplicates: Option<Vec<bool>>,
    children: BTreeMap<u32, Collected>,
    places: Vec<Places>,
    /// Fields of which everything that is wrong has been said.
    told: BTreeSet<u32>,
}

/// Rows by parent, once somebody asks for them.
struct Collected {
    parents: u32,
    threads: usize,
    named: Arc<Stored>,
    rows: OnceLock<Children>,
}

/// Rows by parent: those of parent `p` are `rows[starts[p]..starts[p + 1]]`.
#[derive(Default)]
struct Children {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// Where the rows of a batch were read.
pub(super) struct Places {
    pub(super) first: u32,
    pub(super) file: u32,
    pub(super) line: u32,
    /// Absent: each on the line after that of the row before.
    pub(super) lines: Option<Vec<u32>>,
}

/// A batch whose columns are packed.
pub(super) struct Part {
    pub(super) places: Places,
    pub(super) columns: Vec<Stored>,
    pub(super) unreadable: Vec<Vec<u32>>,
    pub(super) key: Texts,
}

/// Asked after a record is read.
type After<'a> = dyn FnMut(&Symbols, RecordId) -> Result<(), ReadError> + 'a;

/// Keys that fields hold and no row has, each with its lane.
#[derive(Default)]
struct Loose {
    lanes: HashMap<(RecordId, Vec<u8>), u32>,
    known: Vec<Reference>,
}

impl ColumnRecords {
    /// Reads what is wanted of each record. Fields that name rows are resolved, and rows collected for the `many` fields of
    /// whoever they name; what is wrong is in [`ColumnRecords::errors`].
    ///
    /// # Errors
    /// What keeps a file from being read.
    pub fn read(symbols: &Arc<Symbols>, tables: &Tables<'_>, wanted: &[Wanted]) -> Result<Self, ReadError> {
        let mut resident = Self::new(symbols, tables);
        let loose = Mutex::default();
        let all: Vec<&Wanted> = wanted.iter().collect();
        resident.read_all(tables, &all, &loose, None)?;
        Ok(resident.completed(wanted, loose, &BTreeMap::new()))
    }

    /// The same of what these results and derived facts read, within a limit of memory: the rows of records that are only
    /// read as those of one parent lie in a temporary file where they have no room. Whoever evaluates must ask
    /// [`ColumnRecords::failure`] at the end.
    ///
    /// # Errors
    /// What keeps a file from being read; that there is too little memory even so.
    pub fn read_within(
        plan: &Plan,
        tables: &Tables<'_>,
        results: &[ResultId],
        facts: &[DefineId],
        limit: &Limit,
    ) -> Result<Self, ReadError> {
        let symbols = &plan.symbols;
        let wanted = super::wanted::wanted(plan, results, facts);
        let mut resident = Self::new(symbols, tables);
        if limit.ranges.is_some() || tables.are_files() {
            resident.divisible = spill::divisible(plan, results, facts, &wanted);
        }
        let loose = Mutex::default();
        let (parted, whole): (Vec<&Wanted>, Vec<&Wanted>) =
            wanted.iter().partition(|wanted| resident.divisible.records.contains_key(&wanted.record));
        let mut took: Vec<(RecordId, u64)> = Vec::new();
        let mut before = spill::resident().unwrap_or(0);
        let mut weigh = |symbols: &Symbols, record| {
            let now = spill::resident().unwrap_or(0);
            took.push((record, now.saturating_sub(std::mem::replace(&mut before, now))));
            spill::check(limit, symbols, &took, tables.threads())
        };
        resident.read_all(tables, &whole, &loose, Some(&mut weigh))?;
        let mut dangling = BTreeMap::new();
        if parted.is_empty() {
            return Ok(resident.completed(&wanted, loose, &dangling));
        }
        let parents = |resident: &Self, wanted: &Wanted| {
            let parent = resident.divisible.records.get(&wanted.record).map(|(_, parent)| *parent);
            parent.and_then(|parent| resident.table(parent)).map_or(0, |table| table.count)
        };
        let most = parted.iter().map(|wanted| parents(&resident, wanted)).max().unwrap_or(0);
        let Some(division) = Division::of(symbols, tables, &parted, most, limit, &took)? else {
            resident.divisible = Divisible::default();
            let mut check =
                |symbols: &Symbols, _: RecordId| spill::check(limit, symbols, &took, tables.threads());
            resident.read_all(tables, &parted, &loose, Some(&mut check))?;
            return Ok(resident.completed(&wanted, loose, &dangling));
        };
        let cache = Arc::new(Cache::new(division.cache, limit));
        resident.cache = Some(Arc::clone(&cache));
        for wanted in parted {
            let Some((by, _)) = resident.divisible.records.get(&wanted.record).copied() else { continue };
            let keys = symbols.record(wanted.record).map_or(0, |record| record.keys);
            let pack = |wanted: &Wanted, batch| resident.pack(wanted, batch, &loose);
            let of = (by, parents(&resident, wanted), keys);
            let Some(read) = spill::read(tables, wanted, of, (division, limit, &cache), &pack)? else {
                continue;
            };
            let source = read.pages.source();
            let place = |row, line: u32| (row, Origin { file: source, line: u64::from(line) });
            let repeated = read.repeated.iter().map(|(row, (there, here))| {
                duplicate(&resident.files, wanted.record, place(*row, *there), place(*row, *here))
            });
            let errors: Vec<DataError> = read.errors.into_iter().chain(repeated).collect();
            resident.errors.extend(errors);
            resident.spilled.insert(wanted.record, read.pages);
            dangling.insert(wanted.record, read.dangling);
            spill::check(limit, symbols, &took, tables.threads())?;
        }
        Ok(resident.completed(&wanted, loose, &dangling))
    }

    fn new(symbols: &Arc<Symbols>, tables: &Tables<'_>) -> Self {
        let codes = (0_u32..).zip(&symbols.records).filter_map(|(position, _)| {
            KeyCode::of(symbols, RecordId(position)).map(|code| (RecordId(position), code))
        });
        Self {
            symbols: Arc::clone(symbols),
            codes: codes.collect(),
            tables: symbols.records.iter().map(|_| None).collect(),
            loose: Vec::new(),
            files: tables.files().to_vec(),
            errors: tables.remarks().to_vec(),
            spilled: BTreeMap::new(),
            cache: None,
            divisible: Divisible::default(),
        }
    }

    /// Reads records into memory. `after`: asked after each, which is then read by itself; absent: what can be read side by
    /// side is.
    fn read_all(
        &mut self,
        tables: &Tables<'_>,
        wanted: &[&Wanted],
        loose: &Mutex<Loose>,
        mut after: Option<&mut After<'_>>,
    ) -> Result<(), ReadError> {
        let resident = self;
        let mut pending: Vec<&Wanted> = wanted.to_vec();
        let mut again: Vec<Wanted> = Vec::new();
        while !pending.is_empty() {
            // First those that name no row of what is still to be read; in a circle, the first.
            let is_free = |wanted: &&&Wanted| {
                let open = |target: RecordId| pending.iter().any(|other| other.record == target);
                let mut targets =
                    wanted.fields.iter().filter_map(|field| resident.target(wanted.record, *field));
                targets.all(|target| target == wanted.record || !open(target))
            };
            let most = if after.is_some() { 1 } else { pending.len() };
            let mut free: Vec<RecordId> =
                pending.iter().filter(is_free).map(|wanted| wanted.record).take(most).collect();
            if free.is_empty() {
                free.extend(pending.first().map(|wanted| wanted.record));
            }
            let (next, rest): (Vec<&Wanted>, Vec<&Wanted>) =
                pending.into_iter().partition(|wanted| free.contains(&wanted.record));
            pending = rest;
            let mut now: Vec<Wanted> = Vec::with_capacity(next.len());
            for wanted in &next {
                let open = |target: RecordId| {
                    target == wanted.record || pending.iter().any(|other| other.record == target)
                };
                let (later, fields): (Vec<u32>, Vec<u32>) = wanted
                    .fields
                    .iter()
                    .partition(|field| resident.target(wanted.record, **field).is_some_and(open));
                now.push(Wanted { fields, ..(*wanted).clone() });
                if !later.is_empty() {
                    again.push(Wanted { record: wanted.record, fields: later, key: false });
                }
            }
            resident.read_records(tables, &now, loose)?;
            for wanted in next {
                if let Some(after) = &mut after {
                    after(&resident.symbols, wanted.record)?;
                }
                again.extend(resident.unknown_keys(wanted));
            }
        }
        // What names a row that was not there yet.
        for wanted in again {
            resident.read_records(tables, &[wanted], loose)?;
        }
        for wanted in wanted {
            resident.collect(wanted, tables.threads());
        }
        Ok(())
    }

    /// With what can be said once all is read; `spilled`: fields of rows in a temporary file whose key no row has.
    fn completed(
        self,
        wanted: &[Wanted],
        loose: Mutex<Loose>,
        spilled: &BTreeMap<RecordId, Vec<spill::Dangling>>,
    ) -> Self {
        let mut resident = self;
        resident.loose = loose.into_inner().unwrap_or_else(PoisonError::into_inner).known;
        resident.report_duplicates();
        if !resident.loose.is_empty() {
            for wanted in wanted {
                match spilled.get(&wanted.record) {
                    Some(fields) => resident.report_spilled(wanted.record, fields),
                    None => resident.report_dangling(wanted),
                }
            }
        }
        resident.errors.sort_by_key(|error| (error.file, error.line));
        resident
    }

    /// Records of which the rows lie in a temporary file.
    #[must_use]
    pub fn divided(&self) -> Vec<RecordId> {
        self.spilled.keys().copied().collect()
    }

    /// Why rows could not be read again while they were evaluated: whatever was found then is nothing.
    #[must_use]
    pub fn failure(&self) -> Option<ReadError> {
        self.cache.as_ref().and_then(|cache| cache.failure()).map(ReadError::new)
    }

    /// What was wrong, in the order of files and lines; of cells, those that were wanted.
    #[must_use]
    pub fn errors(&self) -> &[DataError] {
        &self.errors
    }

    fn report_duplicates(&mut self) {
        for (position, table) in (0_u32..).zip(&self.tables) {
            let Some(table) = table else { continue };
            let record = RecordId(position);
            for (first, row) in &table.keys.repeated {
                let place = |row: u32| (row, table.origin(row).unwrap_or_default());
                self.errors.push(duplicate(&self.files, record, place(*first), place(*row)));
            }
        }
    }

    fn report_dangling(&mut self, wanted: &Wanted) {
        let Some(table) = self.table(wanted.record) else { return };
        let mut found = Vec::new();
        for (field, column) in &table.fields {
            let Some(target) =
                self.target(wanted.record, *field).filter(|target| self.table(*target).is_some())
            else {
                continue;
            };
            for (row, lane) in (0_u32..).zip(column.named().unwrap_or_default().iter()) {
                if (FIRST_KEY..=LAST_KEY).contains(lane) {
                    let origin = table.origin(row).unwrap_or_default();
                    found.push(self.dangling(wanted.record, (row, *field), origin, (target, *lane)));
                }
            }
        }
        self.errors.extend(found);
    }

    fn report_spilled(&mut self, record: RecordId, fields: &[spill::Dangling]) {
        let file = self.spilled.get(&record).map_or(0, |pages| pages.source());
        let mut found = Vec::new();
        for spill::Dangling { field, row, line, lane } in fields {
            let origin = Origin { file, line: u64::from(*line) };
            let target = self.target(record, *field).filter(|target| self.table(*target).is_some());
            found.extend(target.map(|target| self.dangling(record, (*row, *field), origin, (target, *lane))));
        }
        self.errors.extend(found);
    }

    fn dangling(
        &self,
        record: RecordId,
        (row, field): (u32, u32),
        origin: Origin,
        (target, lane): (RecordId, u32),
    ) -> DataError {
        DataError {
            code: "dangling-key",
            severity: Severity::Warning,
            record: Some(record),
            row: Some(row),
            field: Some(field),
            file: Some(origin.file),
            line: Some(origin.line),
            column: None,
            message: dangling(&self.symbols, Some(record), field, &self.named(target, lane)),
        }
    }

    /// Where some key is not known as a whole, its parts are read by themselves.
    fn unknown_keys(&self, wanted: &Wanted) -> Option<Wanted> {
        let (table, declared) = (self.table(wanted.record)?, self.symbols.record(wanted.record)?);
        if !wanted.key || !(0..table.count).any(|row| table.keys.key(row).is_empty()) {
            return None;
        }
        let keys = 0..u32::try_from(declared.keys).ok()?;
        let fields = keys.filter(|field| !wanted.fields.contains(field)).collect();
        Some(Wanted { record: wanted.record, fields, key: false })
    }

    /// The record of which a field names a row.
    fn target(&self, record: RecordId, field: u32) -> Option<RecordId> {
        match self.symbols.record(record)?.fields.get(field as usize)?.ty.base {
            Base::Record(target) => Some(target),
            _ => None,
        }
    }

    fn table(&self, record: RecordId) -> Option<&Rows> {
        self.tables.get(record.0 as usize)?.as_ref()
    }

    /// Reads some records, of which none names rows of another, side by side.
    fn read_records(
        &mut self,
        tables: &Tables<'_>,
        wanted: &[Wanted],
        loose: &Mutex<Loose>,
    ) -> Result<(), ReadError> {
        let resident = &*self;
        let scans = wanted.iter().map(|wanted| {
            let scan = || {
                let parts: Mutex<Vec<Part>> = Mutex::default();
                let scan = tables.scan(wanted, &|batch| {
                    let part = resident.pack(wanted, batch, loose);
                    parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
                });
                (scan, parts.into_inner().unwrap_or_else(PoisonError::into_inner))
            };
            Box::new(scan) as Box<dyn FnOnce() -> _ + Send>
        });
        for (wanted, (scan, parts)) in wanted.iter().zip(side_by_side(tables.threads(), scans.collect())) {
            if let Some(scan) = scan? {
                self.put_together(wanted, scan, parts, tables.threads())?;
            }
        }
        Ok(())
    }

    /// Takes over what was read of a record.
    fn put_together(
        &mut self,
        wanted: &Wanted,
        scan: Scan,
        mut parts: Vec<Part>,
        threads: usize,
    ) -> Result<(), ReadError> {
        let count = scan.rows;
        let said = self.table(wanted.record).map(|table| table.told.clone());
        self.errors.extend(scan.errors.into_iter().filter(|error| {
            let is_new = |said: &BTreeSet<u32>| {
                error.field.is_some_and(|field| wanted.fields.contains(&field) && !said.contains(&field))
            };
            said.as_ref().is_none_or(is_new)
        }));
        let keys = self.symbols.record(wanted.record).map_or(0, |record| record.keys);
        let keys = if wanted.key { u32::try_from(keys).unwrap_or(0) } else { 0 };
        parts.sort_by_key(|part| part.places.first);
        self.check_size(wanted, &parts)?;
        let Some(slot) = self.tables.get_mut(wanted.record.0 as usize) else { return Ok(()) };
        let rows = slot.get_or_insert_with(Rows::default);
        let is_first = rows.places.is_empty();
        rows.count = count;
        rows.told.extend(wanted.fields.iter().copied().chain(0..keys));
        let mut columns: Vec<Vec<Stored>> =
            wanted.fields.iter().map(|_| Vec::with_capacity(parts.len())).collect();
        let mut keys = Vec::with_capacity(parts.len());
        for part in parts {
            columns.iter_mut().zip(part.columns).for_each(|(all, column)| all.push(column));
            for (field, unreadable) in wanted.fields.iter().zip(part.unreadable) {
                let all = rows.unreadable.entry(*field).or_default();
                all.extend(unreadable.into_iter().map(|row| row.saturating_add(part.places.first)));
            }
            keys.push(part.key);
            if is_first {
                rows.places.push(part.places);
            }
        }
        type Job<'j> = Box<dyn FnOnce() -> (Option<Stored>, Option<KeyIndex>) + Send + 'j>;
        let mut jobs: Vec<Job<'_>> = Vec::with_capacity(columns.len() + 1);
        if wanted.key {
            jobs.push(Box::new(|| (None, Some(KeyIndex::new(joined_texts(&keys))))));
        }
        for column in columns {
            // What nobody names is read in the order in which it is held, which is that of its parts.
            jobs.push(match wanted.key {
                true => Box::new(|| (Some(Stored::concat(column)), None)),
                false => Box::new(|| (Some(Stored::in_parts(column)), None)),
            });
        }
        let mut fields = wanted.fields.iter();
        for (column, keys) in side_by_side(threads, jobs) {
            if let Some(keys) = keys {
                rows.keys = keys;
            }
            if let Some((column, field)) = column.and_then(|column| Some((column, fields.next()?))) {
                rows.fields.insert(*field, Arc::new(column));
            }
        }
        if wanted.key && !rows.keys.repeated.is_empty() {
            let mut duplicates = vec![false; count as usize];
            for row in rows.keys.repeated.iter().flat_map(|(first, row)| [*first, *row]) {
                if let Some(flag) = duplicates.get_mut(row as usize) {
                    *flag = true;
                }
            }
            rows.duplicates = Some(duplicates);
        }
        Ok(())
    }

    /// Texts are found by places of 32 bits: more of them than that are refused, rather than mistaken for each other.
    fn check_size(&self, wanted: &Wanted, parts: &[Part]) -> Result<(), ReadError> {
        let keys: usize = parts.iter().map(|part| part.key.bytes.len()).sum();
        let of_column = |at: usize| -> usize {
            parts.iter().filter_map(|part| part.columns.get(at)).map(Stored::bytes_of_texts).sum()
        };
        let columns = (0..wanted.fields.len()).map(of_column);
        if columns.chain([keys]).all(|bytes| u32::try_from(bytes).is_ok()) {
            return Ok(());
        }
        let record = self.symbols.record(wanted.record).map_or("", |record| record.name.as_str());
        Err(ReadError::new(format!("the texts of one column of `{record}` take more than 4 GB"))
            .help("split the data set, for example by district"))
    }

    /// Packs the columns of a batch; what names rows is looked up.
    fn pack(&self, wanted: &Wanted, batch: Batch, loose: &Mutex<Loose>) -> Part {
        let mut unreadable = Vec::with_capacity(batch.columns.len());
        let columns = batch
            .columns
            .into_iter()
            .zip(&wanted.fields)
            .map(|(mut column, field)| {
                if self.is_finding(wanted.record, *field) {
                    // A finding that nobody has made is awaited, never missing.
                    let states = match &mut column.values {
                        crate::table::Values::Coded(coded) => &mut Arc::make_mut(&mut coded.cells).state,
                        _ => &mut column.state,
                    };
                    let missing = states.iter_mut().filter(|state| **state == MISSING);
                    missing.for_each(|state| *state = UNKNOWN);
                }
                unreadable.push(std::mem::take(&mut column.unreadable));
                let target = match &column.values {
                    crate::table::Values::Key(keys) => keys.record,
                    _ => RecordId(u32::MAX),
                };
                let table = self.table(target);
                let missing = |key: &[u8]| match key {
                    [] => NO_CODE,
                    key => self.loose_lane(target, key, loose),
                };
                Stored::of_batch(column, |keys| match table {
                    Some(table) => table.keys.find_all(keys, missing),
                    None => keys.iter().map(missing).collect(),
                })
            })
            .collect();
        let (line, lines) = match batch.lines {
            Lines::Following { first, .. } => (first, None),
            Lines::Each(lines) => (lines.first().copied().unwrap_or(0), Some(lines)),
        };
        let key = batch.key.map(|column| match column.values {
            crate::table::Values::Key(keys) if keys.which.is_none() => keys.texts,
            _ => Texts::default(),
        });
        let places = Places { first: batch.first, file: batch.file, line, lines };
        Part { places, columns, unreadable, key: key.unwrap_or_default() }
    }

    fn is_finding(&self, record: RecordId, field: u32) -> bool {
        let declared = self.symbols.record(record).and_then(|record| record.fields.get(field as usize));
        declared.is_some_and(|field| field.judged_by.is_some())
    }

    fn loose_lane(&self, record: RecordId, key: &[u8], loose: &Mutex<Loose>) -> u32 {
        let mut loose = loose.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = loose.lanes.get(&(record, key.to_vec())) {
            return *lane;
        }
        let next = u32::try_from(loose.known.len()).ok().and_then(|known| FIRST_KEY.checked_add(known));
        let lane = next.filter(|lane| *lane <= LAST_KEY).unwrap_or(LAST_KEY);
        let values = self.key(record, key).unwrap_or_default();
        loose.known.push(Reference { record, row: None, key: values });
        loose.lanes.insert((record, key.to_vec()), lane);
        lane
    }

    /// Lets the rows of a record be collected for the `many` fields that they belong to.
    fn collect(&mut self, wanted: &Wanted, threads: usize) {
        let collecting = self.symbols.records.iter().enumerate().flat_map(|(parent, record)| {
            record.fields.iter().filter_map(move |field| match field.kind {
                FieldKind::Many { record, by } if record == wanted.record => Some((parent, by)),
                _ => None,
            })
        });
        let by_parent: BTreeMap<u32, usize> = collecting.map(|(parent, by)| (by, parent)).collect();
        for (by, parent) in by_parent {
            let parents = self.tables.get(parent).and_then(Option::as_ref).map_or(0, |table| table.count);
            let Some(Some(rows)) = self.tables.get_mut(wanted.record.0 as usize) else { return };
            let Some(column) = rows.fields.get(&by) else { continue };
            let named = Arc::clone(column);
            rows.children.insert(by, Collected { parents, threads, named, rows: OnceLock::new() });
        }
    }
}

/// Fewer parents are not worth a thread.
const LEAST_PARENTS: usize = 1 << 14;

impl Collected {
    fn rows(&self) -> &Children {
        self.rows
            .get_or_init(|| Children::of(&self.named.named().unwrap_or_default(), self.parents, self.threads))
    }
}

impl Children {
    /// Each thread collects the rows of a part of the parents.
    fn of(named: &[u32], parents: u32, threads: usize) -> Self {
        let each = (parents as usize).div_ceil(threads.max(1)).max(LEAST_PARENTS);
        let firsts = (0..parents as usize).step_by(each);
        let jobs = firsts.map(|first| {
            let last = (first + each).min(parents as usize);
            let own = move |parent: u32| (parent as usize).checked_sub(first).filter(|at| *at < last - first);
            let job = move || {
                // First how many rows each has, then where they begin; each place moves on as its rows are put there.
                let mut next = vec![0_u32; last - first];
                for parent in named {
                    if let Some(count) = own(*parent).and_then(|at| next.get_mut(at)) {
                        *count += 1;
                    }
                }
                let mut total = 0;
                for place in &mut next {
                    total += std::mem::replace(place, total);
                }
                let mut rows = vec![0_u32; total as usize];
                for (row, parent) in (0_u32..).zip(named) {
                    if let Some(place) = own(*parent).and_then(|at| next.get_mut(at)) {
                        if let Some(slot) = rows.get_mut(*place as usize) {
                            *slot = row;
                        }
                        *place += 1;
                    }
                }
                // Now each place is where the rows of its parent end.
                (next, rows)
            };
            Box::new(job) as Box<dyn FnOnce() -> (Vec<u32>, Vec<u32>) + Send>
        });
        let parts = side_by_side(threads, jobs.collect());
        let mut all = Self { starts: Vec::with_capacity(parents as usize + 1), rows: Vec::new() };
        all.starts.push(0);
        for (ends, rows) in parts {
            let before = u32::try_from(all.rows.len()).unwrap_or(u32::MAX);
            all.starts.extend(ends.into_iter().map(|end| end.saturating_add(before)));
            if all.rows.is_empty() {
                all.rows = rows;
            } else {
                all.rows.extend(rows);
            }
        }
        all
    }

    fn get(&self, parent: u32) -> &[u32] {
        let bound = |index: usize| self.starts.get(index).map(|start| *start as usize);
        let parent = parent as usize;
        let (Some(start), Some(end)) = (bound(parent), bound(parent + 1)) else { return &[] };
        self.rows.get(start..end).unwrap_or(&[])
    }
}

impl Records for ColumnRecords {
    fn rows(&self, record: RecordId) -> Option<u32> {
        if let Some(pages) = self.spilled.get(&record) {
            return Some(pages.count());
        }
        Some(self.table(record)?.count)
    }

    fn cell(&self, record: RecordId, row: u32, field: u32) -> Cow<'_, Cell> {
        Cow::Owned(self.cell_of(record, row, field))
    }

    fn is_duplicate(&self, record: RecordId, row: u32) -> bool {
        if let Some(pages) = self.spilled.get(&record) {
            return pages.is_duplicate(row);
        }
        let duplicates = self.table(record).and_then(|table| table.duplicates.as_ref());
        duplicates.is_some_and(|duplicates| duplicates.get(row as usize) == Some(&true))
    }

    fn find(&self, record: RecordId, key: &[Value]) -> Option<u32> {
        let bytes = self.codes.get(&record)?.bytes(key)?;
        self.table(record)?.keys.find(&bytes)
    }

    fn children(&self, record: RecordId, field: u32, parent: u32) -> Cow<'_, [u32]> {
        if let Some(pages) = self.spilled.get(&record).filter(|pages| pages.by() == field) {
            return Cow::Owned(pages.children(parent));
        }
        let children = self.table(record).and_then(|table| table.children.get(&field));
        Cow::Borrowed(children.map_or(&[][..], |children| children.rows().get(parent)))
    }

    fn number_in_file(&self, record: RecordId, row: u32) -> u32 {
        self.spilled.get(&record).and_then(|pages| pages.number_in_file(row)).unwrap_or(row)
    }

    fn origin(&self, record: RecordId, row: u32) -> Option<Origin> {
        if let Some(pages) = self.spilled.get(&record) {
            return Some(Origin { file: pages.source(), line: u64::from(pages.line(row)?) });
        }
        self.table(record)?.origin(row)
    }

    fn files(&self) -> &[String] {
        &self.files
    }
}

impl Rows {
    fn origin(&self, row: u32) -> Option<Origin> {
        let after = self.places.partition_point(|places| places.first <= row);
        let places = self.places.get(after.checked_sub(1)?)?;
        let within = row - places.first;
        let line = match &places.lines {
            Some(lines) => *lines.get(within as usize)?,
            None => places.line.saturating_add(within),
        };
        Some(Origin { file: places.file, line: u64::from(line) })
    }
}

impl ColumnRecords {
    /// The values of a key, from its bytes.
    fn key(&self, record: RecordId, bytes: &[u8]) -> Option<Arc<[Value]>> {
        self.codes.get(&record)?.key(bytes)
    }

    fn cell_of(&self, record: RecordId, row: u32, field: u32) -> Cell {
        if let Some(pages) = self.spilled.get(&record) {
            return self.spilled_cell(pages, (record, row, field));
        }
        let Some(table) = self.table(record) else { return Cell::Absent };
        let declared = self.symbols.record(record);
        let Some(column) = table.fields.get(&field) else {
            // A part of the key that is in no column of its own.
            let is_key = declared.is_some_and(|declared| (field as usize) < declared.keys);
            let key = table.keys.key(row);
            let values = if is_key && !key.is_empty() { self.key(record, key) } else { None };
            return values
                .and_then(|values| values.get(field as usize).cloned())
                .map_or(Cell::Absent, Cell::Known);
        };
        if row >= table.count {
            return Cell::Absent;
        }
        match column.value(row, |target, lane| self.named(target, lane)) {
            Ok(value) => Cell::Known(value),
            Err(MISSING) => Cell::Missing,
            Err(UNKNOWN)
                if table.unreadable.get(&field).is_some_and(|rows| rows.binary_search(&row).is_ok()) =>
            {
                Cell::Unreadable
            }
            Err(_) => Cell::Absent,
        }
    }

    fn spilled_cell(&self, pages: &Pages, (record, row, field): (RecordId, u32, u32)) -> Cell {
        let Some(position) = pages.position(field) else {
            let is_key = self.symbols.record(record).is_some_and(|record| (field as usize) < record.keys);
            let key = if is_key { pages.key(row) } else { Vec::new() };
            let values = if key.is_empty() { None } else { self.key(record, &key) };
            let value = values.and_then(|values| values.get(field as usize).cloned());
            return value.map_or(Cell::Absent, Cell::Known);
        };
        match pages.cell(row, position, |target, lane| self.named(target, lane)) {
            Ok(value) => Cell::Known(value),
            Err((MISSING, _)) => Cell::Missing,
            Err((UNKNOWN, true)) => Cell::Unreadable,
            Err(_) => Cell::Absent,
        }
    }

    fn named(&self, record: RecordId, lane: u32) -> Reference {
        if lane >= FIRST_KEY {
            let known = self.loose.get((lane - FIRST_KEY) as usize).cloned();
            return known.unwrap_or(Reference { record, row: None, key: Arc::default() });
        }
        let bytes = self.table(record).map_or(&[][..], |table| table.keys.key(lane));
        let key = if bytes.is_empty() { None } else { self.key(record, bytes) };
        Reference { record, row: Some(lane), key: key.unwrap_or_default() }
    }
}

impl Columnar for ColumnRecords {
    fn column(&self, record: RecordId, field: u32, _: &Store<'_>) -> Option<Arc<Stored>> {
        if let Some(pages) = self.spilled.get(&record) {
            let column = PagedColumn::new(pages, pages.position(field)?);
            return Some(Arc::new(Stored::paged(pages.count(), column)));
        }
        self.table(record)?.fields.get(&field).cloned()
    }

    fn named_rows(&self, record: RecordId, field: u32) -> Option<Arc<Stored>> {
        self.table(record)?.fields.get(&field).cloned()
    }

    fn keyless(&self, record: RecordId, _: &Store<'_>) -> Option<Vec<bool>> {
        if let Some(pages) = self.spilled.get(&record) {
            return pages.keyless();
        }
        let table = self.table(record)?;
        let has_key = self.symbols.record(record).is_some_and(|record| record.keys > 0);
        Some((0..table.count).map(|row| has_key && table.keys.key(row).is_empty()).collect())
    }

    fn has_duplicates(&self, record: RecordId) -> bool {
        if let Some(pages) = self.spilled.get(&record) {
            return pages.has_duplicates();
        }
        self.table(record).is_some_and(|table| table.duplicates.is_some())
    }

    fn text_key(&self, record: RecordId, row: u32) -> Option<&str> {
        if !self.codes.get(&record)?.is_text() {
            return None;
        }
        let key = self.table(record)?.keys.key(row);
        if key.is_empty() { None } else { std::str::from_utf8(key).ok() }
    }

    fn loose_keys(&self) -> &[Reference] {
        &self.loose
    }

    fn renumbers(&self) -> bool {
        !self.spilled.is_empty()
    }

    fn is_scattered(&self, record: RecordId, fact: Fact, rows: &[u32]) -> bool {
        let of = |pages: &Arc<Pages>| {
            let parent = self.divisible.records.get(&pages.record()).map(|(_, parent)| *parent);
            parent == Some(record) && pages.are_scattered(rows)
        };
        self.divisible.deep.contains(&fact) && self.spilled.values().any(of)
    }
}
