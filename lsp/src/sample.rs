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
use rubric_engine::db::Database;
use rubric_engine::diagnostic::FileId;
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
use crate::workspace::View;

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
    /// The policies as they are now.
    plan: Arc<Plan>,
    folders: Vec<(SampleSet, Vec<ResultId>)>,
    /// Counts the changes of what is on disk.
    disk: u64,
    /// The files from which the policies as they are on disk are to be made, where these are not known.
    files: Option<Vec<(String, Stored)>>,
    view: View,
}

/// What is on disk of a file.
enum Stored {
    /// This text.
    Text(Arc<str>),
    /// What is to be read there.
    At(PathBuf),
}

/// Takes what is needed. `known`: for which state of the disk its policies are known.
fn take(snapshot: &Snapshot, known: Option<u64>) -> Taken {
    let (database, view) = (&snapshot.database, &snapshot.view);
    let plan = database.plan();
    let sets = view.samples.iter();
    let folders = sets.map(|set| (set.clone(), results_below(database, view, &plan, &set.folder))).collect();
    let needed = !view.is_saved() && known != Some(view.disk);
    let stored = |file: FileId| {
        let path = database.path(file).to_owned();
        let stored = match view.on_disk(&path).filter(|_| view.is_unsaved(&path)) {
            Some(on_disk) => Stored::At(on_disk),
            None => Stored::Text(database.text(file)),
        };
        (path, stored)
    };
    Taken {
        number: snapshot.number,
        plan,
        folders,
        disk: view.disk,
        files: needed.then(|| database.files().into_iter().map(stored).collect()),
        view: view.clone(),
    }
}

/// The results that are declared in files below a folder.
fn results_below(database: &Database, view: &View, plan: &Plan, folder: &Path) -> Vec<ResultId> {
    let results = plan.symbols.results.iter().copied();
    results.filter(|result| is_below(database, view, &plan.symbols, *result, folder)).collect()
}

/// Whether a result is declared in a file below the folder.
fn is_below(database: &Database, view: &View, symbols: &Symbols, result: ResultId, folder: &Path) -> bool {
    let file = symbols.place(result).map(|place| database.path(place.file));
    file.and_then(|path| view.on_disk(path)).is_some_and(|path| path.starts_with(folder))
}

/// Works until the channel closes; each message says that there is a new state.
pub(crate) fn watch(
    states: &Receiver<()>,
    events: &Sender<Event>,
    messages: &UnboundedSender<Message>,
    board: &Board,
) {
    let mut held: BTreeMap<PathBuf, Held> = BTreeMap::new();
    let mut saved: Option<Saved> = None;
    while states.recv().is_ok() {
        while !held.is_empty() {
            match states.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let known = saved.as_ref().map(|saved| saved.disk);
        let (ask, answer) = Ask::new("sample", move |snapshot| Ok(take(snapshot, known)));
        if events.send(Event::Ask(ask)).is_err() {
            return;
        }
        // None when changes came in between again and again; then there is a newer state.
        let Ok(Ok(taken)) = answer.blocking_recv() else { continue };
        let stop = || board.newest.load(Ordering::Relaxed) != taken.number;
        if taken.view.is_saved() {
            saved =
                Some(Saved { disk: taken.disk, plan: Arc::clone(&taken.plan), folders: of_folders(&taken) });
            held.values_mut().for_each(|held| held.before = None);
        } else if let Some(files) = &taken.files {
            saved = Some(on_disk(files, &taken));
            held.values_mut().for_each(|held| held.before = None);
        }
        held.retain(|folder, _| taken.folders.iter().any(|(set, _)| set.folder == *folder));
        let mut folders = Vec::new();
        for (set, results) in &taken.folders {
            let held = held.entry(set.folder.clone()).or_default();
            let before = saved
                .as_ref()
                .and_then(|saved| Some((&saved.plan, saved.folders.get(&set.folder).map(Vec::as_slice)?)));
            // A defect in an evaluator must not end the thread; what it was looking at may be private.
            let found =
                catch_unwind(AssertUnwindSafe(|| held.count(set, (&taken.plan, results), before, &stop)));
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

/// The policies as they are on disk.
struct Saved {
    disk: u64,
    plan: Arc<Plan>,
    /// The results of each folder with sample records.
    folders: BTreeMap<PathBuf, Vec<ResultId>>,
}

fn of_folders(taken: &Taken) -> BTreeMap<PathBuf, Vec<ResultId>> {
    taken.folders.iter().map(|(set, results)| (set.folder.clone(), results.clone())).collect()
}

/// Makes the policies as they are on disk: they were never seen so, since something was typed before or at once.
fn on_disk(files: &[(String, Stored)], taken: &Taken) -> Saved {
    let mut database = Database::default();
    for (path, stored) in files {
        match stored {
            Stored::Text(text) => drop(database.set_text(path, Some(text))),
            Stored::At(at) => {
                if let Ok(bytes) = fs::read(at) {
                    database.set_bytes(path, &bytes);
                }
            }
        }
    }
    let plan = database.plan();
    let sets = taken.folders.iter().map(|(set, _)| &set.folder);
    let folders = sets.map(|folder| (folder.clone(), results_below(&database, &taken.view, &plan, folder)));
    Saved { disk: taken.disk, folders: folders.collect(), plan }
}

/// What is kept of a folder from one state to the next.
#[derive(Default)]
struct Held {
    records: Option<Read>,
    /// What the policies as they are on disk came to.
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
        (plan, results): (&Arc<Plan>, &[ResultId]),
        saved: Option<(&Arc<Plan>, &[ResultId])>,
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
            && let Some((saved, results)) = saved
        {
            self.before = if Arc::ptr_eq(saved, plan) {
                Some(Arc::clone(&counted))
            } else {
                self.of_plan(set, saved, results, as_of, stop)?.ok()
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
            *self = Self::default();
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
