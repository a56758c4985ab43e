//! The thread that counts what the policies come to on the sample records of `rubric.toml`, and what an edit changes.
//!
//! It works when the client is quiet, and holds no snapshot while it counts, so that typing never waits for it. What the
//! policies came to as they are on disk is kept; what comes out otherwise now is what the edit flips.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rubric_engine::columns::{ColumnRecords, wanted};
use rubric_engine::data::{DataSource, ReadError, Records, inputs, key_text, place};
use rubric_engine::evaluate::{Options, waivers};
use rubric_engine::ide::{Counted, Flipped, Sample, count, flipped};
use rubric_engine::plan::{Plan, ResultId, Symbols};
use rubric_engine::table::{Tables, Wanted};
use rubric_engine::value::{Date, State};
use tokio::sync::mpsc::UnboundedSender;

use crate::pool::Ask;
use crate::publish::Message;
use crate::snapshot::Snapshot;
use crate::worker::Event;

/// The data set of a manifest that is the sample.
pub(crate) const NAME: &str = "sample";

/// How long the client must have been quiet.
const QUIET: Duration = Duration::from_millis(300);

/// How many rows of a record are looked at.
const MOST: u32 = 100_000;

/// How many rows of a result that flip are listed.
pub(crate) const LISTED: usize = 100;

/// The sample of a folder.
#[derive(Clone, Debug)]
pub(crate) struct SampleSet {
    /// The folder of the manifest.
    pub(crate) folder: PathBuf,
    /// Where the records are.
    pub(crate) source: DataSource,
    /// The day of deciding.
    pub(crate) as_of: Option<Date>,
}

/// What was counted last, for whoever shows it.
#[derive(Debug, Default)]
pub(crate) struct Board {
    latest: Mutex<Option<Arc<Seen>>>,
    /// The number of the newest state.
    newest: AtomicU64,
}

impl Board {
    pub(crate) fn latest(&self) -> Option<Arc<Seen>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that there is a newer state, which makes counting an older one pointless.
    pub(crate) fn set_newest(&self, number: u64) {
        self.newest.store(number, Ordering::Relaxed);
    }

    /// There are no sample records any more.
    pub(crate) fn clear(&self) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn put(&self, seen: Seen) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(seen));
    }
}

/// What was counted of a state.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The number of the state.
    pub(crate) number: u64,
    pub(crate) folders: Vec<FolderSeen>,
}

/// What was counted in a folder.
#[derive(Debug)]
pub(crate) struct FolderSeen {
    pub(crate) folder: PathBuf,
    /// How the records are called.
    pub(crate) shown: String,
    /// What was counted; else why nothing could be.
    pub(crate) found: Result<Findings, String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Findings {
    pub(crate) as_of: Date,
    pub(crate) counted: Arc<[Counted]>,
    pub(crate) flips: Vec<Flips>,
    /// How many rows and cells could not be read.
    pub(crate) errors: usize,
}

/// What an edit flips of one result.
#[derive(Clone, Debug)]
pub(crate) struct Flips {
    pub(crate) policy: String,
    pub(crate) name: String,
    pub(crate) count: usize,
    /// The first of them.
    pub(crate) listed: Vec<Flip>,
}

/// A record that comes out otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Flip {
    /// Its key, private parts masked.
    pub(crate) key: String,
    /// Its file and line.
    pub(crate) place: String,
    pub(crate) before: String,
    pub(crate) now: String,
}

/// What is taken of a state, so that it need not be held.
struct Taken {
    number: u64,
    /// Every document that the client has open is as it is on disk.
    saved: bool,
    plan: Arc<Plan>,
    folders: Vec<(SampleSet, Vec<ResultId>)>,
}

fn take(snapshot: &Snapshot) -> Taken {
    let plan = snapshot.database.plan();
    let of_folder = |set: &SampleSet| {
        let results = plan.symbols.results.iter().copied();
        results.filter(|result| is_below(snapshot, &plan.symbols, *result, &set.folder)).collect()
    };
    let folders = snapshot.view.samples.iter().map(|set| (set.clone(), of_folder(set))).collect();
    Taken { number: snapshot.number, saved: snapshot.view.is_saved(), plan: Arc::clone(&plan), folders }
}

/// Whether a result is declared in a file below the folder.
fn is_below(snapshot: &Snapshot, symbols: &Symbols, result: ResultId, folder: &Path) -> bool {
    let place = match result {
        ResultId::Decision(id) => symbols.decision(id).map(|symbol| symbol.place),
        ResultId::Requirement(id) => symbols.requirement(id).map(|symbol| symbol.place),
        ResultId::Amount(id) => symbols.amount(id).map(|symbol| symbol.place),
    };
    let file = place.map(|place| snapshot.database.path(place.file));
    file.and_then(|path| snapshot.view.on_disk(path)).is_some_and(|path| path.starts_with(folder))
}

/// Works until the channel closes; each message says that there is a new state.
pub(crate) fn watch(
    states: &Receiver<()>,
    events: &Sender<Event>,
    messages: &UnboundedSender<Message>,
    board: &Board,
) {
    let mut held: BTreeMap<PathBuf, Held> = BTreeMap::new();
    while states.recv().is_ok() {
        // The policies as they are on disk are taken before somebody begins to type.
        while !held.is_empty() {
            match states.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let (ask, answer) = Ask::new("sample", |snapshot| Ok(take(snapshot)));
        if events.send(Event::Ask(ask)).is_err() {
            return;
        }
        // None when changes came in between again and again; then there is a newer state.
        let Ok(Ok(taken)) = answer.blocking_recv() else { continue };
        let stop = || board.newest.load(Ordering::Relaxed) != taken.number;
        held.retain(|folder, _| taken.folders.iter().any(|(set, _)| set.folder == *folder));
        let mut folders = Vec::new();
        for (set, results) in &taken.folders {
            let held = held.entry(set.folder.clone()).or_default();
            if taken.saved {
                held.saved = Some((Arc::clone(&taken.plan), results.clone()));
                held.before = None;
            }
            // A defect in an evaluator must not end the thread; what it was looking at may be private.
            let found = catch_unwind(AssertUnwindSafe(|| held.count(set, &taken.plan, results, &stop)));
            let found = found.unwrap_or_else(|_| {
                eprintln!("rubric lsp: counting the sample failed");
                Some(Err("the sample could not be counted because of a defect".to_owned()))
            });
            let Some(found) = found else { break };
            let shown = set.source.shown.clone();
            folders.push(FolderSeen { folder: set.folder.clone(), shown, found });
        }
        if folders.len() < taken.folders.len() {
            continue;
        }
        board.put(Seen { number: taken.number, folders });
        if messages.send(Message::Refresh).is_err() {
            return;
        }
    }
}

/// What is kept of a folder from one state to the next.
#[derive(Default)]
struct Held {
    records: Option<Read>,
    /// The policies as they are on disk.
    saved: Option<(Arc<Plan>, Vec<ResultId>)>,
    /// What they came to.
    before: Option<Arc<[Counted]>>,
    latest: Option<(Arc<Plan>, Arc<[Counted]>)>,
}

/// Records, and what they were read for.
struct Read {
    symbols: Arc<Symbols>,
    wanted: Vec<Wanted>,
    stamps: Vec<Stamp>,
    records: ColumnRecords,
}

/// A file as it was when it was read.
type Stamp = (PathBuf, Option<SystemTime>, u64);

fn stamp(path: PathBuf) -> Stamp {
    let data = fs::metadata(&path).ok();
    let changed = data.as_ref().and_then(|data| data.modified().ok());
    (path, changed, data.map_or(0, |data| data.len()))
}

impl Held {
    /// Counts; `None` when there is a newer state.
    fn count(
        &mut self,
        set: &SampleSet,
        plan: &Arc<Plan>,
        results: &[ResultId],
        stop: &dyn Fn() -> bool,
    ) -> Option<Result<Findings, String>> {
        let Some(as_of) = set.as_of else {
            return Some(Err(format!(
                "the data set `{NAME}` says no day of deciding: add `as_of = 2024-06-01` to it in rubric.toml"
            )));
        };
        self.forget_what_changed();
        let known = self.latest.as_ref().filter(|(of, _)| Arc::ptr_eq(of, plan));
        let counted = match known {
            Some((_, counted)) => Arc::clone(counted),
            None => match self.of_plan(set, plan, results, as_of, stop)? {
                Ok(counted) => counted,
                Err(why) => return Some(Err(why)),
            },
        };
        if self.before.is_none()
            && let Some((saved, results)) = self.saved.clone()
        {
            self.before = if Arc::ptr_eq(&saved, plan) {
                Some(Arc::clone(&counted))
            } else {
                self.of_plan(set, &saved, &results, as_of, stop)?.ok()
            };
        }
        self.latest = Some((Arc::clone(plan), Arc::clone(&counted)));
        let flips = self.before.as_ref().map(|before| flipped(before, &counted)).unwrap_or_default();
        // The keys of what flips are read from the records of these policies.
        if !flips.is_empty()
            && let Err(why) = self.read(set, plan, results)
        {
            return Some(Err(why));
        }
        let records = self.records.as_ref();
        let flips = flips.into_iter().map(|flip| listed(flip, records, &plan.symbols)).collect();
        let errors = records.map_or(0, |read| read.records.errors().len());
        Some(Ok(Findings { as_of, counted, flips, errors }))
    }

    /// Records that changed on disk are read again, and counted again for all policies.
    fn forget_what_changed(&mut self) {
        let same = |read: &Read| read.stamps.iter().all(|old| stamp(old.0.clone()) == *old);
        if !self.records.as_ref().is_some_and(same) {
            *self = Self { saved: self.saved.take(), ..Self::default() };
        }
    }

    fn of_plan(
        &mut self,
        set: &SampleSet,
        plan: &Arc<Plan>,
        results: &[ResultId],
        as_of: Date,
        stop: &dyn Fn() -> bool,
    ) -> Option<Result<Arc<[Counted]>, String>> {
        let read = match self.read(set, plan, results) {
            Ok(read) => read,
            Err(why) => return Some(Err(why)),
        };
        let given = match inputs(&plan.symbols, &set.source.set.set) {
            Ok(given) => given,
            Err(error) => return Some(Err(with_help(error.message, error.help))),
        };
        let inputs = given.into_iter().map(|(id, value)| (id, State::Known(value))).collect();
        let (waivers, _) = waivers(plan, &read.records, as_of);
        let options = Options { inputs, waivers: Arc::new(waivers), ..Options::default() };
        let records = (&read.records).into();
        let sample = Sample { plan, records, as_of, options: &options, most: MOST };
        Some(Ok(count(&sample, results, stop)?.into()))
    }

    /// The records that these results need; they stay while nothing else is needed of them.
    fn read(&mut self, set: &SampleSet, plan: &Plan, results: &[ResultId]) -> Result<&Read, String> {
        let wanted = wanted(plan, results, &[]);
        let fits = |read: &Read| read.wanted == wanted && read.symbols == plan.symbols;
        let read = match self.records.take().filter(fits) {
            Some(read) => read,
            None => {
                let symbols = Arc::clone(&plan.symbols);
                let records = Tables::open(&symbols, &set.source, 1)
                    .and_then(|tables| ColumnRecords::read(&symbols, &tables, &wanted))
                    .map_err(unreadable)?;
                let files = records.files().iter().map(|shown| set.source.on_disk(shown));
                let stamps = files.chain([set.source.path.clone()]).map(stamp).collect();
                Read { symbols, wanted, stamps, records }
            }
        };
        Ok(self.records.insert(read))
    }
}

fn listed(flip: Flipped, read: Option<&Read>, symbols: &Symbols) -> Flips {
    let count = flip.rows.len();
    let of = flip.record;
    let list = |(row, before, now): (u32, String, String)| {
        let records = read.map(|read| &read.records);
        let key = records.and_then(|records| key_text(records, symbols, of, row));
        let origin = records.and_then(|records| {
            let origin = records.origin(of, row)?;
            Some(place(records.files().get(origin.file as usize)?, origin.line))
        });
        Flip { key: key.unwrap_or_default(), place: origin.unwrap_or_default(), before, now }
    };
    let listed = flip.rows.into_iter().take(LISTED).map(list).collect();
    Flips { policy: flip.policy, name: flip.name, count, listed }
}

fn with_help(message: String, help: Option<String>) -> String {
    help.map_or_else(|| message.clone(), |help| format!("{message}: {help}"))
}

fn unreadable(error: ReadError) -> String {
    let place = match (&error.file, error.line) {
        (Some(file), Some(line)) => format!("{}: ", place(file, line)),
        (Some(file), None) => format!("{file}: "),
        _ => String::new(),
    };
    with_help(format!("{place}{}", error.message), error.help)
}
