//! `rubric diff`: which records come out otherwise under another version of the policies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use rubric_engine::plan::{Field, FieldKind, Plan, Privacy, ResultId, ResultStatus};
use rubric_engine::value::RecordId;

use super::Outcome;
use super::flips::{Asked, Comparing, Side};
use crate::cli::{DataArgs, DiffArgs, ReportFormat};
use crate::failure::Failure;
use crate::render::{self, ResultDifference, VersionDifference};
use crate::run::key_parts;
use crate::session::{self, Reading, Session};
use crate::terminal::Terminal;

pub(crate) fn diff(args: &DiffArgs, data: &str, terminal: Terminal) -> Result<Outcome, Failure> {
    let of = |path: &Path| DataArgs {
        data: data.to_owned(),
        as_of: args.as_of.clone(),
        set: args.set.clone(),
        project: Some(path.to_path_buf()),
    };
    let unusable = |path: &Path| terminal.say(&format!("`{}` cannot be compared", path.display()));
    let Some(new) = session::prepare(&of(&args.new), &[], Reading::Rows, terminal)? else {
        unusable(&args.new);
        return Ok(Outcome::Findings);
    };
    // Both versions are asked about the same records on the same day, so only the new project says where they are.
    let same = (new.source.clone(), Some(new.as_of));
    let Some(old) = session::prepare_on(&of(&args.old), &[], Reading::Rows, Some(same), terminal)? else {
        unusable(&args.old);
        return Ok(Outcome::Findings);
    };
    let (old, new) = (Version::new(&old), Version::new(&new));
    let changes = changes(&args.fail_on, &old, &new)?;
    known_fields(&args.by, &new)?;
    let threads =
        args.threads.map_or_else(|| thread::available_parallelism().map_or(1, Into::into), usize::from);
    let report = compare(&old, &new, &args.by, threads, terminal);
    terminal.print(&match args.format {
        ReportFormat::Full => render::full_difference(&report, terminal),
        ReportFormat::Json => render::to_json(&report)?,
    })?;
    let fails = if changes.is_empty() {
        report.differs()
    } else {
        let flips = report.results.iter().flat_map(|result| &result.flips);
        flips
            .into_iter()
            .any(|flip| changes.iter().any(|(from, to)| *from == flip.old.result && *to == flip.new.result))
    };
    Ok(Outcome::found(fails))
}

/// One version of the policies, with the records.
struct Version<'s> {
    session: &'s Session,
    questions: Vec<Question>,
}

/// A result that both versions have: its place in the report, and what is asked of it in the old and the new one.
type Pair = (usize, Asked, Asked);

/// A result as it is asked for, and the names by which it is found in the other version.
struct Question {
    name: Name,
    asked: Asked,
    of: RecordId,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    policy: String,
    result: String,
    kind: &'static str,
    record: String,
}

impl<'s> Version<'s> {
    fn new(session: &'s Session) -> Self {
        let symbols = &session.plan.symbols;
        let mut questions = Vec::new();
        for id in session.results() {
            let policy = session.policy_of(id).and_then(|policy| symbols.policy(policy));
            let policy = policy.map(|policy| policy.name.clone()).unwrap_or_default();
            let asked: Vec<(String, &'static str, Asked, Option<RecordId>)> = match id {
                ResultId::Decision(id) => symbols.decision(id).map_or_else(Vec::new, |symbol| {
                    vec![(symbol.name.clone(), "decision", Asked::Decision(id), Some(symbol.of))]
                }),
                ResultId::Amount(id) => symbols.amount(id).map_or_else(Vec::new, |symbol| {
                    vec![(symbol.name.clone(), "amount", Asked::Amount(id), Some(symbol.of))]
                }),
                ResultId::Requirement(id) => {
                    let of = symbols.requirement(id).map(|symbol| symbol.of);
                    let instances = symbols.instances(id).into_iter();
                    instances
                        .map(|it| (symbols.instance_name(it), "requirement", Asked::Requirement(it), of))
                        .collect()
                }
            };
            for (result, kind, asked, of) in asked {
                let Some((of, record)) = of.and_then(|of| Some((of, symbols.record(of)?))) else { continue };
                let name = Name { policy: policy.clone(), result, kind, record: record.name.clone() };
                questions.push(Question { name, asked, of });
            }
        }
        Self { session, questions }
    }

    fn plan(&self) -> &Plan {
        &self.session.plan
    }

    /// The rows by their keys as files hold them; rows that share a key, or have none, in the order of the files.
    fn rows(&self, of: RecordId) -> BTreeMap<Vec<String>, Vec<u32>> {
        let evaluator = self.session.facts().evaluator(Privacy::Mask);
        let mut rows: BTreeMap<Vec<String>, Vec<u32>> = BTreeMap::new();
        for row in 0..evaluator.rows_of(of).unwrap_or(0) {
            let value = evaluator.row(of, row);
            let key = key_parts(&self.plan().symbols, self.session.records.records(), &value, of);
            rows.entry(key).or_default().push(row);
        }
        rows
    }

    /// The fields by which flips of a record are counted: its jurisdiction, and those that were asked for.
    fn groupings(&self, of: RecordId, by: &[String]) -> Vec<(u32, &Field)> {
        let Some(record) = self.plan().symbols.record(of) else { return Vec::new() };
        let counted = |field: &&Field| field.jurisdiction || by.contains(&field.name);
        let fields = (0_u32..).zip(&record.fields);
        fields
            .filter(|(_, field)| counted(field) && field.kind == FieldKind::Cell && !field.private)
            .collect()
    }
}

fn compare(
    old: &Version<'_>,
    new: &Version<'_>,
    by: &[String],
    threads: usize,
    terminal: Terminal,
) -> VersionDifference {
    let names = |version: &Version<'_>| -> BTreeMap<Name, usize> {
        let questions = version.questions.iter().enumerate();
        questions.map(|(position, question)| (question.name.clone(), position)).collect()
    };
    let (in_old, in_new) = (names(old), names(new));
    let only = |version: &Version<'_>, other: &BTreeMap<Name, usize>| -> Vec<String> {
        let names = version.questions.iter().map(|question| &question.name);
        names.filter(|name| !other.contains_key(*name)).map(Name::to_words).collect()
    };
    let mut report = VersionDifference::new(
        new.session.as_of.to_string(),
        (old.session.errors.len(), new.session.errors.len()),
        only(old, &in_new),
        only(new, &in_old),
    );
    // By record: what is asked of it in both versions, and its place in the report.
    let mut asked: BTreeMap<(RecordId, RecordId), Vec<Pair>> = BTreeMap::new();
    for question in &new.questions {
        let position = in_old.get(&question.name);
        if let Some(before) = position.and_then(|position| old.questions.get(*position)) {
            let name = &question.name;
            let place = report.results.len();
            report.results.push(ResultDifference::new(&name.policy, &name.result, name.kind, &name.record));
            let together = asked.entry((before.of, question.of)).or_default();
            together.push((place, before.asked, question.asked));
        }
    }
    let sides = (Side::of(old.session), Side::of(new.session));
    for (records, questions) in asked {
        let paired = Paired::new(old.rows(records.0), new.rows(records.1));
        let progress = terminal.progress("comparing", paired.rows.len() as u64);
        let pairs: Vec<(Asked, Asked)> = questions.iter().map(|(_, a, b)| (*a, *b)).collect();
        let comparing = Comparing {
            old: &sides.0,
            new: &sides.1,
            records,
            questions: &pairs,
            groupings: &new.groupings(records.1, by),
        };
        let flips = comparing.flips(&paired.rows, threads, &progress);
        for ((place, ..), flips) in questions.iter().zip(flips) {
            let Some(found) = report.results.get_mut(*place) else { continue };
            found.records = paired.rows.len();
            (found.only_old, found.only_new) = (paired.only_old, paired.only_new);
            flips.into_iter().for_each(|flip| found.add(flip));
        }
    }
    report
}

/// The rows of both versions that are the same record.
struct Paired {
    rows: Vec<(u32, u32)>,
    only_old: usize,
    only_new: usize,
}

impl Paired {
    fn new(mut old: BTreeMap<Vec<String>, Vec<u32>>, new: BTreeMap<Vec<String>, Vec<u32>>) -> Self {
        let mut paired = Self { rows: Vec::new(), only_old: 0, only_new: 0 };
        for (key, after) in new {
            let before = old.remove(&key).unwrap_or_default();
            paired.only_old += before.len().saturating_sub(after.len());
            paired.only_new += after.len().saturating_sub(before.len());
            paired.rows.extend(before.into_iter().zip(after));
        }
        paired.only_old += old.values().map(Vec::len).sum::<usize>();
        // In the order of the files, as everywhere.
        paired.rows.sort_by_key(|(_, after)| *after);
        paired
    }
}

impl Name {
    fn to_words(&self) -> String {
        format!("{} {}.{} of {}", self.kind, self.policy, self.result, self.record)
    }
}

/// The changes that `--fail-on` names; a word that no result can have would never fail, and is refused.
fn changes(
    written: &[String],
    old: &Version<'_>,
    new: &Version<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    let mut changes = Vec::new();
    for change in written {
        let Some((from, to)) = change.split_once("->") else {
            return Err(Failure::new(format!("`--fail-on {change}` is no change"))
                .help("write it as 'promoted->retained': a result before, and one after"));
        };
        for (word, version, which) in [(from.trim(), old, "old"), (to.trim(), new, "new")] {
            let words = version.words();
            if !words.contains(word) {
                let known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                return Err(Failure::new(format!("no result of the {which} version can be `{word}`"))
                    .help(format!("it can be {}", known.join(", "))));
            }
        }
        changes.push((from.trim().to_owned(), to.trim().to_owned()));
    }
    Ok(changes)
}

impl Version<'_> {
    /// What decisions, requirements and amounts can come out as, but for the values of amounts.
    fn words(&self) -> BTreeSet<&str> {
        use ResultStatus::{
            Conflict, Error, Excepted, Met, NotApplicable, Pending, Undetermined, Violated, Waived,
        };
        let symbols = &self.plan().symbols;
        let mut words: BTreeSet<&str> = BTreeSet::new();
        for question in &self.questions {
            let statuses: &[ResultStatus] = match question.asked {
                Asked::Decision(id) => {
                    let category = symbols.decision(id).and_then(|symbol| symbols.category(symbol.outcomes));
                    let values = category.map_or(&[][..], |category| &category.values);
                    words.extend(values.iter().map(|value| value.name.as_str()));
                    &[NotApplicable, Undetermined, Conflict, Error]
                }
                Asked::Requirement(_) => {
                    &[Met, Violated, Excepted, Waived, Pending, NotApplicable, Undetermined, Error]
                }
                Asked::Amount(_) => &[NotApplicable, Undetermined, Error],
            };
            words.extend(statuses.iter().map(|status| status.word()));
        }
        words
    }
}

/// Refuses a field of `--by` that no record has, or that is private.
fn known_fields(by: &[String], new: &Version<'_>) -> Result<(), Failure> {
    let records: BTreeSet<RecordId> = new.questions.iter().map(|question| question.of).collect();
    let records = records.into_iter().filter_map(|of| new.plan().symbols.record(of));
    let fields: Vec<&Field> = records.flat_map(|record| &record.fields).collect();
    for name in by {
        let mut named = fields.iter().filter(|field| field.name == *name && field.kind == FieldKind::Cell);
        if named.clone().any(|field| field.private) {
            return Err(Failure::new(format!("`--by {name}` names a private field"))
                .help("flips can be counted by fields that are not private"));
        }
        if named.next().is_none() {
            let failure = Failure::new(format!("no record that is compared has a field `{name}`"));
            let near = crate::nearest::nearest(name, fields.iter().map(|field| field.name.as_str()));
            return Err(match near {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help("name a field of the records that the decisions are of"),
            });
        }
    }
    Ok(())
}
