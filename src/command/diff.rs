//! `rubric diff`: which records come out otherwise under another version of the policies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rubric_engine::data::Cell;
use rubric_engine::evaluate::{Evaluator, Worth, decision_words, requirement_words};
use rubric_engine::plan::{
    AmountId, DecisionId, Field, FieldKind, Instance, Plan, Privacy, RecordKind, ResultId, ResultStatus,
    show, show_with,
};
use rubric_engine::value::{Base, RecordId, Type, Value};

use super::Outcome;
use crate::cli::{DataArgs, DiffArgs, ReportFormat};
use crate::failure::Failure;
use crate::render::{self, Flip, ResultDifference, Side, VersionDifference};
use crate::run::key_parts;
use crate::session::{self, Reading, Session};
use crate::terminal::Terminal;

/// Where the value by which records are grouped is not on file.
const NOT_KNOWN: &str = "not known";

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
    let report = compare(&old, &new, &args.by, terminal);
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
    evaluator: Evaluator<'s>,
    questions: Vec<Question>,
}

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

#[derive(Clone, Copy)]
enum Asked {
    Decision(DecisionId),
    Requirement(Instance),
    Amount(AmountId),
}

/// What a result is, and of an amount its lines.
struct Answer {
    result: String,
    by: Vec<String>,
    lines: BTreeMap<String, String>,
}

impl<'s> Version<'s> {
    fn new(session: &'s Session) -> Self {
        let evaluator = session.facts().evaluator(Privacy::Mask);
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
        Self { session, evaluator, questions }
    }

    fn plan(&self) -> &Plan {
        &self.session.plan
    }

    /// The rows by their keys as files hold them; rows that share a key, or have none, in the order of the files.
    fn rows(&self, of: RecordId) -> BTreeMap<Vec<String>, Vec<u32>> {
        let mut rows: BTreeMap<Vec<String>, Vec<u32>> = BTreeMap::new();
        for row in 0..self.evaluator.rows_of(of).unwrap_or(0) {
            let value = self.evaluator.row(of, row);
            let key = key_parts(&self.plan().symbols, self.session.records.records(), &value, of);
            rows.entry(key).or_default().push(row);
        }
        rows
    }

    fn answer(&self, asked: Asked, row: u32) -> Answer {
        let plan = self.plan();
        let plain = |(result, by, _)| Answer { result, by, lines: BTreeMap::new() };
        match asked {
            Asked::Decision(id) => plain(decision_words(plan, id, self.evaluator.decision(id, row))),
            Asked::Requirement(it) => plain(requirement_words(plan, it, self.evaluator.requirement(it, row))),
            Asked::Amount(id) => {
                let result = self.evaluator.amount(id, row);
                let lines = result.lines.iter().map(|line| (line.label.clone(), self.worth(id, &line.worth)));
                Answer { result: self.worth(id, &result.total), by: Vec::new(), lines: lines.collect() }
            }
        }
    }

    fn worth(&self, id: AmountId, worth: &Worth) -> String {
        let symbols = &self.plan().symbols;
        match (worth, symbols.amount(id)) {
            (Worth::Known(number), Some(symbol)) => {
                show_with(symbols, &Value::Number(number.clone()), symbol.ty, Privacy::Mask)
            }
            (other, _) => other.status().map_or("", ResultStatus::word).to_owned(),
        }
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

    fn group(&self, of: RecordId, row: u32, position: u32, field: &Field) -> String {
        let symbols = &self.plan().symbols;
        let value = match symbols.record(of).map(|record| record.kind) {
            Some(RecordKind::Group { .. }) => match self.evaluator.row(of, row) {
                Value::Reference(reference) => reference.key.get(position as usize).cloned(),
                _ => None,
            },
            _ => match &*self.session.records.records().cell(of, row, position) {
                Cell::Known(value) => Some(value.clone()),
                _ => None,
            },
        };
        value.map_or_else(|| NOT_KNOWN.to_owned(), |value| show(symbols, &value, field.ty))
    }
}

fn compare(old: &Version<'_>, new: &Version<'_>, by: &[String], terminal: Terminal) -> VersionDifference {
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
    let progress = terminal.progress("comparing", new.questions.len() as u64);
    let mut rows: BTreeMap<(RecordId, RecordId), Paired> = BTreeMap::new();
    for question in &new.questions {
        let position = in_old.get(&question.name);
        if let Some(before) = position.and_then(|position| old.questions.get(*position)) {
            let paired = rows
                .entry((before.of, question.of))
                .or_insert_with(|| Paired::new(old.rows(before.of), new.rows(question.of)));
            report.results.push(difference(old, new, before, question, paired, by));
        }
        progress.advance(1);
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

fn difference(
    old: &Version<'_>,
    new: &Version<'_>,
    before: &Question,
    after: &Question,
    paired: &Paired,
    by: &[String],
) -> ResultDifference {
    let name = &after.name;
    let symbols = &new.plan().symbols;
    let ty = Type::of(Base::Record(after.of));
    let groupings = new.groupings(after.of, by);
    let mut found = ResultDifference::new(&name.policy, &name.result, name.kind, &name.record);
    found.records = paired.rows.len();
    (found.only_old, found.only_new) = (paired.only_old, paired.only_new);
    for (row_before, row_after) in &paired.rows {
        let mut a = old.answer(before.asked, *row_before);
        let mut b = new.answer(after.asked, *row_after);
        if a.result == b.result && a.lines == b.lines {
            continue;
        }
        let labels: BTreeSet<String> = a.lines.keys().chain(b.lines.keys()).cloned().collect();
        for label in labels {
            let (x, y) = (a.lines.get(&label), b.lines.get(&label));
            if x != y {
                a.by.extend(x.map(|worth| format!("{label} = {worth}")));
                b.by.extend(y.map(|worth| format!("{label} = {worth}")));
            }
        }
        let groups = groupings
            .iter()
            .map(|(position, field)| (field.name.clone(), new.group(after.of, *row_after, *position, field)))
            .collect();
        found.add(Flip {
            key: show(symbols, &new.evaluator.row(after.of, *row_after), ty),
            old: Side { result: a.result, by: a.by },
            new: Side { result: b.result, by: b.by },
            groups,
        });
    }
    found
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
