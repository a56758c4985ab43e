//! Policies, records and a day: what `run` and `explain` work on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rubric_engine::check;
use rubric_engine::columns::{self, ColumnRecords, Limit, Source};
use rubric_engine::data::{
    DataError, DataSet, DataSource, Dataset, DateFormat, Format, PresetText, ReadError, Records,
    input_values, inputs, place, read, say_once,
};
use rubric_engine::evaluate::{Evaluator, Options, waivers};
use rubric_engine::plan::{DefineId, Plan, PolicyId, Privacy, ResultId, Symbols};
use rubric_engine::project::shown_path;
use rubric_engine::table::{FileDigest, PassedOver, Tables};
use rubric_engine::value::{Date, RecordId, State};

use crate::cli::DataArgs;
use crate::command::Outcome;
use crate::failure::Failure;
use crate::nearest::nearest;
use crate::project::{self, Project};
use crate::render::{self, Finding, Lookup};
use crate::terminal::{Terminal, counted};

/// What `run` and `explain` work on.
pub(crate) struct Session {
    pub(crate) project: Project,
    pub(crate) plan: Arc<Plan>,
    pub(crate) source: DataSource,
    pub(crate) records: Held,
    /// What was wrong with the records, in the order of files and lines.
    pub(crate) errors: Vec<DataError>,
    pub(crate) as_of: Date,
    /// The policies whose results are asked for.
    pub(crate) policies: BTreeSet<PolicyId>,
    /// Inputs as they were given, by name.
    pub(crate) set: BTreeMap<String, String>,
    /// What evaluators are told beside the records.
    pub(crate) options: Options,
    pub(crate) timings: Timings,
    /// What of their files was not read, because no result looks at it.
    pub(crate) passed_over: BTreeMap<RecordId, PassedOver>,
    /// The digests of files that were taken while they were read.
    pub(crate) digests: BTreeMap<u32, FileDigest>,
}

/// The records of a run, as they are held.
pub(crate) enum Held {
    Rows(Dataset),
    Columns(ColumnRecords),
}

impl Held {
    pub(crate) fn records(&self) -> &dyn Records {
        match self {
            Self::Rows(dataset) => dataset,
            Self::Columns(columns) => columns,
        }
    }

    /// The records that lie in a temporary file.
    pub(crate) fn divided(&self) -> Vec<RecordId> {
        match self {
            Self::Rows(_) => Vec::new(),
            Self::Columns(columns) => columns.divided(),
        }
    }

    /// Why rows could not be read again while they were evaluated.
    pub(crate) fn failure(&self) -> Option<ReadError> {
        match self {
            Self::Rows(_) => None,
            Self::Columns(columns) => columns.failure(),
        }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        match self {
            Self::Rows(dataset) => dataset.into(),
            Self::Columns(columns) => columns.into(),
        }
    }
}

/// How the records are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading<'l> {
    /// All of them, row by row.
    Rows,
    /// What the results read of them, as columns, on so many threads; with `facts`, what derived facts read too. With a
    /// limit, what has no room in it is not in memory.
    Columns { threads: usize, facts: bool, limit: Option<&'l Limit> },
}

/// What an evaluator reads; unlike a session, threads may share it.
#[derive(Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) data: &'a dyn Records,
    pub(crate) as_of: Date,
    pub(crate) options: &'a Options,
}

/// How long it took to get here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timings {
    pub(crate) check: Duration,
    pub(crate) read: Duration,
}

/// A session, or `None` when the policies cannot be run; why has been said.
pub(crate) fn prepare(
    args: &DataArgs,
    wanted: &[String],
    reading: Reading<'_>,
    terminal: Terminal,
) -> Result<Option<Session>, Failure> {
    prepare_on(args, wanted, reading, None, terminal)
}

/// A session on records that were found already, with the day of their data set; else on those that are named.
pub(crate) fn prepare_on(
    args: &DataArgs,
    wanted: &[String],
    reading: Reading<'_>,
    records: Option<(DataSource, Option<Date>)>,
    terminal: Terminal,
) -> Result<Option<Session>, Failure> {
    let start = Instant::now();
    let paths: Vec<PathBuf> = args.project.iter().cloned().collect();
    let project = project::locate(&paths)?.load(wanted)?;
    let (source, as_of_of_data) = match records {
        Some(found) => found,
        None => locate_data(&project, &args.data)?,
    };
    let as_of = day(args.as_of.as_deref(), as_of_of_data)?;
    let plan = project.database.plan();
    let policies = select(&plan.symbols, &project, wanted)?;
    let mut obstacles = project.errors();
    if obstacles.is_empty() {
        let mut lookup = Lookup::new(&project.database);
        obstacles =
            check::parameter_gaps(&plan, as_of, &policies).iter().map(|gap| lookup.finding(gap)).collect();
    }
    if !obstacles.is_empty() {
        show_obstacles(&obstacles, "nothing was run", terminal)?;
        return Ok(None);
    }
    let set = given_inputs(&args.set, &source.set)?;
    let options = options(&plan, &policies, &set)?;
    let check = start.elapsed();
    let start = Instant::now();
    terminal.detail(&format!("reading {}", source.shown));
    let (mut passed_over, mut digests) = (BTreeMap::new(), BTreeMap::new());
    let (records, mut errors) = match reading {
        Reading::Rows => {
            let mut data = read(&plan.symbols, &source).map_err(|error| unreadable(&error))?;
            let errors = std::mem::take(&mut data.errors);
            (Held::Rows(data), errors)
        }
        Reading::Columns { threads, facts, limit } => {
            let results: Vec<ResultId> = results_of(&plan.symbols, &policies).collect();
            let facts = if facts { facts_of(&plan.symbols, &results) } else { Vec::new() };
            let tables = Tables::open(&plan.symbols, &source, threads).map_err(|error| unreadable(&error))?;
            let tables = tables.only_where(columns::conditions(&plan, &results, &facts, as_of)).digested();
            let columns = match limit {
                Some(limit) => ColumnRecords::read_within(&plan, &tables, &results, &facts, limit),
                None => {
                    ColumnRecords::read(&plan.symbols, &tables, &columns::wanted(&plan, &results, &facts))
                }
            };
            let columns = columns.map_err(|error| unreadable(&error))?;
            let errors = columns.errors().to_vec();
            passed_over = tables.passed_over();
            digests = tables.digests();
            (Held::Columns(columns), errors)
        }
    };
    let (counted, of_waivers) = waivers(&plan, records.records(), as_of);
    errors.extend(of_waivers);
    errors.sort_by_key(|error| (error.file, error.line));
    say_once(&mut errors, records.records().files(), source.set.format);
    let options = Options { waivers: Arc::new(counted), ..options };
    let timings = Timings { check, read: start.elapsed() };
    Ok(Some(Session {
        project,
        plan,
        source,
        records,
        errors,
        as_of,
        policies,
        set,
        options,
        timings,
        passed_over,
        digests,
    }))
}

/// How many obstacles are shown with the text around them.
const SHOWN_OBSTACLES: usize = 5;

/// Shows why policies cannot be run: the first errors, and how many more there are.
pub(crate) fn show_obstacles(
    obstacles: &[Finding],
    what: &str,
    terminal: Terminal,
) -> Result<Outcome, Failure> {
    let shown = obstacles.iter().take(SHOWN_OBSTACLES).map(|finding| render::full(finding, terminal));
    terminal.print(&shown.collect::<String>())?;
    let found = counted(obstacles.len(), "error");
    let all = if obstacles.len() > SHOWN_OBSTACLES { "; `rubric check` shows all of them" } else { "" };
    terminal.say(&format!("{what}: the policies have {found}{all}"));
    Ok(Outcome::Findings)
}

impl<'a> Facts<'a> {
    /// An evaluator; each thread has its own.
    pub(crate) fn evaluator(&self, privacy: Privacy) -> Evaluator<'a> {
        let options = Options { privacy, ..self.options.clone() };
        Evaluator::new(self.plan, self.data, self.as_of, options)
    }
}

impl Session {
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts { plan: &self.plan, data: self.records.records(), as_of: self.as_of, options: &self.options }
    }

    /// The decisions, requirements and amounts that are asked for, in the order of files and text.
    pub(crate) fn results(&self) -> impl Iterator<Item = ResultId> {
        results_of(&self.plan.symbols, &self.policies)
    }

    pub(crate) fn policy_of(&self, id: ResultId) -> Option<PolicyId> {
        self.plan.symbols.owner(id)
    }
}

/// The derived facts that are written beside results: those without parameters, of the same records.
pub(crate) fn facts_of(symbols: &Symbols, results: &[ResultId]) -> Vec<DefineId> {
    let of_results: BTreeSet<RecordId> = results.iter().filter_map(|result| symbols.of(*result)).collect();
    let facts = (0_u32..).zip(&symbols.defines).filter(|(_, define)| {
        define.params.is_empty() && define.of.is_some_and(|of| of_results.contains(&of))
    });
    facts.map(|(position, _)| DefineId(position)).collect()
}

fn results_of<'a>(
    symbols: &'a Symbols,
    policies: &'a BTreeSet<PolicyId>,
) -> impl Iterator<Item = ResultId> + 'a {
    // Of a policy that amends another it is what comes of that.
    let amended: BTreeSet<ResultId> =
        policies.iter().flat_map(|policy| symbols.amended_results(*policy)).collect();
    let own = |id: &ResultId| symbols.owner(*id).is_some_and(|policy| policies.contains(&policy));
    symbols.results.iter().copied().filter(move |id| own(id) || amended.contains(id))
}

/// The inputs of the data set, and those of the command in their place.
fn given_inputs(written: &[String], of_data: &DataSet) -> Result<BTreeMap<String, String>, Failure> {
    let mut by_command: BTreeMap<String, String> = BTreeMap::new();
    for written in written {
        let Some((name, value)) = written.split_once('=') else {
            return Err(Failure::new(format!("`--set {written}` gives no value"))
                .help(format!("write `--set {written}=VALUE`")));
        };
        if by_command.insert(name.trim().to_owned(), value.to_owned()).is_some() {
            return Err(
                Failure::new(format!("`--set {}` is given twice", name.trim())).help("remove one of them")
            );
        }
    }
    let mut all = of_data.set.clone();
    all.extend(by_command);
    Ok(all)
}

/// Inputs by type; an input that results read and that nobody gave refuses the run.
fn options(
    plan: &Plan,
    policies: &BTreeSet<PolicyId>,
    set: &BTreeMap<String, String>,
) -> Result<Options, Failure> {
    let symbols = &plan.symbols;
    let given = inputs(symbols, set).map_err(|error| {
        let failure = Failure::new(error.message);
        match error.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    for (id, _) in check::inputs_read(plan, results_of(symbols, policies)) {
        let Some(input) = symbols.inputs.get(id.0 as usize).filter(|input| !input.ty.optional) else {
            continue;
        };
        if !given.contains_key(&id) {
            let name = &input.name;
            return Err(Failure::new(format!("the input `{name}` is not given")).help(format!(
                "add `--set {name}=VALUE`, or `set = {{ {name} = \"VALUE\" }}` to the data set in rubric.toml; it is {}",
                input_values(symbols, id)
            )));
        }
    }
    let inputs = given.into_iter().map(|(id, value)| (id, State::Known(value))).collect();
    Ok(Options { inputs, ..Options::default() })
}

pub(crate) fn unreadable(error: &ReadError) -> Failure {
    let place = match (&error.file, error.line) {
        (Some(file), Some(line)) => format!("{}: ", place(file, line)),
        (Some(file), None) => format!("{file}: "),
        _ => String::new(),
    };
    let failure = Failure::new(format!("{place}{}", error.message));
    match &error.help {
        Some(help) => failure.help(help.clone()),
        None => failure,
    }
}

/// The data set of that name in the manifest, else the folder or file of that name.
pub(crate) fn locate_data(project: &Project, name: &str) -> Result<(DataSource, Option<Date>), Failure> {
    let sets = project.manifest.as_ref().map(|manifest| &manifest.data);
    if let Some(set) = sets.and_then(|sets| sets.get(name)) {
        let path = project.root.join(&set.path);
        let shown = shown_path(&project.root, &path);
        let preset = preset(set, &project.root)?;
        return Ok((DataSource { path, shown, set: set.clone(), preset }, set.as_of));
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let names: Vec<String> = sets.into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
        let help = match names.as_slice() {
            [] => "name a folder of records, or add `[data.NAME]` to rubric.toml".to_owned(),
            _ => format!("the data sets of rubric.toml: {}", names.join(", ")),
        };
        return Err(Failure::new(format!("there is no data set and no folder `{name}`")).help(help));
    }
    let format = Format::of_path(&path);
    let set = DataSet { path: name.to_owned(), format, ..DataSet::default() };
    let preset = preset(&set, &project.root)?;
    let shown = name.trim_start_matches("./").trim_end_matches('/').to_owned();
    Ok((DataSource { path, shown, set, preset }, None))
}

fn preset(set: &DataSet, root: &Path) -> Result<Option<PresetText>, Failure> {
    if let Some(name) = &set.preset {
        let path = root.join(name);
        let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", Path::new(name), &error))?;
        return Ok(Some(PresetText { name: name.clone(), text }));
    }
    if !set.format.needs_preset() {
        return Ok(None);
    }
    let path = format!("presets/{}.toml", set.format.name());
    let shipped = rubric_policies::PRESETS.iter().find(|(shipped, _)| *shipped == path);
    Ok(shipped.map(|(path, text)| PresetText { name: format!("<shipped>/{path}"), text: (*text).to_owned() }))
}

pub(crate) fn day(written: Option<&str>, of_data: Option<Date>) -> Result<Date, Failure> {
    match written {
        Some(written) => DateFormat::iso().read(written).ok_or_else(|| {
            Failure::new(format!("`{written}` is no date")).help("write the day of the run as 2024-06-01")
        }),
        None => of_data.ok_or_else(|| {
            Failure::new("the day of the run is not given, and the clock is never asked")
                .help("add `--as-of 2024-06-01`, or `as_of = 2024-06-01` to the data set in rubric.toml")
        }),
    }
}

/// The policies of those names; those of the project when none is named.
fn select(symbols: &Symbols, project: &Project, wanted: &[String]) -> Result<BTreeSet<PolicyId>, Failure> {
    let id = |position: usize| u32::try_from(position).ok().map(PolicyId);
    if wanted.is_empty() {
        let own = symbols
            .policies
            .iter()
            .enumerate()
            .filter(|(_, policy)| project.own_policies.contains(&policy.name));
        return Ok(own.filter_map(|(position, _)| id(position)).collect());
    }
    let mut found = BTreeSet::new();
    for name in wanted {
        let position = symbols.policies.iter().position(|policy| policy.name == *name).and_then(id);
        let Some(policy) = position else {
            let failure = Failure::new(format!("there is no policy `{name}`"));
            let names = symbols.policies.iter().map(|policy| policy.name.as_str());
            return Err(match nearest(name, names) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help("the name stands after `policy` at the start of its file"),
            });
        };
        found.insert(policy);
    }
    Ok(found)
}
