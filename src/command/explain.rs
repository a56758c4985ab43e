//! `rubric explain`: why one record has its result.

use std::collections::{BTreeMap, BTreeSet};

use rubric_engine::evaluate::{Evaluator, Explanation, Options};
use rubric_engine::how::{Asked as HowOf, Came, How, Question, how};
use rubric_engine::plan::{DecisionId, Instance, Privacy, ResultId, ResultStatus};
use rubric_engine::value::RecordId;

use super::Outcome;
use crate::cli::{ExplainArgs, ReportFormat};
use crate::failure::Failure;
use crate::nearest::nearest;
use crate::render::{self, Lookup};
use crate::run::key_parts;
use crate::session::{self, Reading, Session};
use crate::terminal::Terminal;

pub(crate) fn explain(args: &ExplainArgs, terminal: Terminal) -> Result<Outcome, Failure> {
    let wanted = std::slice::from_ref(&args.policy);
    let Some(session) = session::prepare(&args.data, wanted, Reading::Rows, terminal)? else {
        return Ok(Outcome::Findings);
    };
    let privacy = if args.reveal { Privacy::Reveal } else { Privacy::Mask };
    let facts = session.facts();
    let evaluator = facts.evaluator(privacy);
    let asked = asked(&session, args.rule.as_deref())?;
    let rows = find(&session, &evaluator, &asked, &args.key)?;
    let text = |place| session.project.database.source(place);
    let wanted = wanted_result(&session, &asked, args.how.as_deref())?;
    let options = Options { privacy, ..session.options.clone() };
    let how_of = |result, row| {
        how(&Question {
            plan: &session.plan,
            data: session.records.records(),
            as_of: session.as_of,
            options: &options,
            text: &text,
            result,
            row,
            wanted: wanted.came(result)?,
        })
        .into()
    };
    let mut explanations: Vec<(Explanation, Option<How>)> = Vec::new();
    for result in &asked.results {
        let of = session.plan.symbols.of(*result);
        for (_, row) in rows.iter().filter(|(record, _)| Some(*record) == of) {
            let explained = match *result {
                ResultId::Decision(id) => {
                    vec![(evaluator.explain_decision(id, *row, &text), how_of(HowOf::Decision(id), *row))]
                }
                ResultId::Requirement(id) => {
                    let instances = session.plan.symbols.instances(id).into_iter().filter(|it| asked.has(it));
                    let told = |it| {
                        (evaluator.explain_requirement(it, *row, &text), how_of(HowOf::Requirement(it), *row))
                    };
                    instances.map(told).collect()
                }
                ResultId::Amount(id) => vec![(evaluator.explain_amount(id, *row, &text), None)],
            };
            explanations.extend(explained.into_iter().map(|(explanation, how)| match &asked.label {
                Some(label) => (only(explanation, label), how),
                None => (explanation, how),
            }));
        }
    }
    let mut lookup = Lookup::new(&session.project.database);
    terminal.print(&match args.format {
        ReportFormat::Json => {
            render::to_json(&render::explain_report(&args.policy, &explanations, &mut lookup))?
        }
        ReportFormat::Full => {
            let trees: Vec<String> = explanations
                .iter()
                .map(|(explanation, how)| {
                    let tree = render::tree(explanation, &mut lookup, terminal);
                    let how = how.as_ref().map(|how| render::how(how, terminal));
                    tree + &how.unwrap_or_default()
                })
                .collect();
            trees.join("\n")
        }
    })?;
    Ok(Outcome::Clean)
}

/// Which result is wanted, where that is asked.
enum WantedResult {
    /// Nothing is asked.
    None,
    /// Another one.
    Any,
    /// That of this name, as each decision has it, or as requirements have it.
    Named(BTreeMap<DecisionId, Came>, Option<Came>),
}

impl WantedResult {
    /// What is wanted of a result, if anything is asked of it.
    fn came(&self, of: HowOf) -> Option<Option<Came>> {
        match (self, of) {
            (Self::None, _) => None,
            (Self::Any, _) => Some(None),
            (Self::Named(outcomes, _), HowOf::Decision(id)) => outcomes.get(&id).map(|came| Some(*came)),
            (Self::Named(_, status), HowOf::Requirement(_)) => status.map(Some),
        }
    }
}

/// What a requirement can be made to be by other facts.
const STATUSES: [ResultStatus; 3] = [ResultStatus::Met, ResultStatus::Excepted, ResultStatus::Violated];

fn wanted_result(session: &Session, asked: &Asked, name: Option<&str>) -> Result<WantedResult, Failure> {
    let Some(name) = name else { return Ok(WantedResult::None) };
    if asked.results.iter().all(|result| matches!(result, ResultId::Amount(_))) {
        return Err(Failure::new("an amount has no outcome to get to")
            .help("`--how` is for decisions and requirements; name one of them"));
    }
    if name.is_empty() {
        return Ok(WantedResult::Any);
    }
    let symbols = &session.plan.symbols;
    let mut outcomes = BTreeMap::new();
    let mut status = None;
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for result in &asked.results {
        match result {
            ResultId::Decision(id) => {
                let category = symbols.decision(*id).and_then(|symbol| symbols.category(symbol.outcomes));
                for (position, value) in (0_u32..).zip(category.into_iter().flat_map(|it| &it.values)) {
                    known.insert(&value.name);
                    if value.name == name {
                        outcomes.insert(*id, Came::Outcome(position));
                    }
                }
            }
            ResultId::Requirement(_) => {
                known.extend(STATUSES.iter().map(|status| status.word()));
                status = STATUSES.iter().find(|status| status.word() == name).copied().map(Came::Status);
            }
            ResultId::Amount(_) => {}
        }
    }
    if outcomes.is_empty() && status.is_none() {
        let failure = Failure::new(format!("no result that is asked for can be `{name}`"));
        return Err(match nearest(name, known.iter().copied()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help(format!(
                "they can be {}",
                known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            )),
        });
    }
    Ok(WantedResult::Named(outcomes, status))
}

/// Which results are asked for, and which rule of them.
struct Asked {
    results: Vec<ResultId>,
    label: Option<String>,
    /// Of a requirement `for each` value only this instance.
    instance: Option<Instance>,
}

impl Asked {
    fn has(&self, instance: &Instance) -> bool {
        self.instance.is_none_or(|only| only == *instance)
    }
}

/// All results of the policy; those of that name; or those that have a rule, `must` or `except` of that name.
fn asked(session: &Session, rule: Option<&str>) -> Result<Asked, Failure> {
    let all: Vec<ResultId> = session.results().collect();
    let Some(rule) = rule else {
        return if all.is_empty() {
            Err(Failure::new(
                "this policy has no decision, requirement or amount, so there is nothing to explain",
            ))
        } else {
            Ok(Asked { results: all, label: None, instance: None })
        };
    };
    let named: Vec<ResultId> = all.iter().copied().filter(|id| name_of(session, *id) == rule).collect();
    if !named.is_empty() {
        return Ok(Asked { results: named, label: None, instance: None });
    }
    let symbols = &session.plan.symbols;
    for id in &all {
        let ResultId::Requirement(requirement) = *id else { continue };
        let mut instances = symbols.instances(requirement).into_iter();
        if let Some(instance) = instances.find(|it| symbols.instance_name(*it) == rule) {
            return Ok(Asked { results: vec![*id], label: None, instance: Some(instance) });
        }
    }
    let with_label: Vec<ResultId> =
        all.iter().copied().filter(|id| labels_of(session, *id).iter().any(|label| label == rule)).collect();
    if !with_label.is_empty() {
        return Ok(Asked { results: with_label, label: Some(rule.to_owned()), instance: None });
    }
    let names: BTreeSet<String> = all
        .iter()
        .flat_map(|id| std::iter::once(name_of(session, *id)).chain(labels_of(session, *id)))
        .collect();
    let failure = Failure::new(format!("this policy has no result and no rule `{rule}`"));
    Err(match nearest(rule, names.iter().map(String::as_str)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!(
            "it has {}",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        )),
    })
}

fn name_of(session: &Session, id: ResultId) -> String {
    session.plan.symbols.name(id).unwrap_or_default().to_owned()
}

fn labels_of(session: &Session, id: ResultId) -> Vec<String> {
    match id {
        ResultId::Decision(id) => {
            let body = session.plan.decisions.get(&id.0);
            body.into_iter().flat_map(|body| &body.rules).map(|rule| rule.label.to_string()).collect()
        }
        ResultId::Amount(id) => {
            session.plan.symbols.amount(id).map(|symbol| symbol.lines.clone()).unwrap_or_default()
        }
        ResultId::Requirement(id) => {
            let Some(body) = session.plan.requirements.get(&id.0) else { return Vec::new() };
            let musts = body.musts.iter().filter_map(|must| must.label.as_ref());
            musts.chain(body.excepts.iter().map(|except| &except.label)).map(ToString::to_string).collect()
        }
    }
}

/// The explanation with only the steps of one rule.
fn only(mut explanation: Explanation, label: &str) -> Explanation {
    let is_it = |text: &str| {
        text.split(|letter: char| letter.is_whitespace() || letter == ':').any(|word| word == label)
    };
    explanation.steps.retain(|step| is_it(&step.text));
    explanation
}

/// The rows with that key, by record.
fn find(
    session: &Session,
    evaluator: &Evaluator<'_>,
    asked: &Asked,
    key: &str,
) -> Result<Vec<(RecordId, u32)>, Failure> {
    let records: BTreeSet<RecordId> =
        asked.results.iter().filter_map(|id| session.plan.symbols.of(*id)).collect();
    let mut found = Vec::new();
    for record in &records {
        for row in 0..evaluator.rows_of(*record).unwrap_or(0) {
            if same_key(&text_of(session, evaluator, *record, row), key) {
                found.push((*record, row));
            }
        }
    }
    if found.is_empty() { Err(not_found(session, evaluator, &records, key)) } else { Ok(found) }
}

fn text_of(session: &Session, evaluator: &Evaluator<'_>, record: RecordId, row: u32) -> String {
    parts_of(session, evaluator, record, row).join("/")
}

fn parts_of(session: &Session, evaluator: &Evaluator<'_>, record: RecordId, row: u32) -> Vec<String> {
    key_parts(&session.plan.symbols, session.records.records(), &evaluator.row(record, row), record)
}

/// Whether two keys are the same; school years may be written without `SY`.
fn same_key(known: &str, written: &str) -> bool {
    let plain = |key: &str| {
        let parts = key.split('/').map(|part| part.trim().trim_start_matches("SY").to_owned());
        parts.collect::<Vec<_>>().join("/")
    };
    known == written || plain(known) == plain(written)
}

/// Says what the key should look like, and which keys are near where that tells nothing private: a private part is
/// shown only when it is exactly what was asked for.
fn not_found(
    session: &Session,
    evaluator: &Evaluator<'_>,
    records: &BTreeSet<RecordId>,
    key: &str,
) -> Failure {
    let symbols = &session.plan.symbols;
    let mut names = Vec::new();
    let mut shapes = Vec::new();
    let mut near: BTreeMap<String, f64> = BTreeMap::new();
    for record in records {
        let Some(declared) = symbols.record(*record) else { continue };
        let rows = evaluator.rows_of(*record);
        names.push(match rows {
            Some(rows) => format!("{} ({rows} read)", declared.name),
            None => format!("{} (none supplied)", declared.name),
        });
        let fields: Vec<&str> =
            declared.fields.iter().take(declared.keys).map(|field| field.name.as_str()).collect();
        shapes.push(format!("`{}`", fields.join("/")));
        let asked: Vec<&str> = key.split('/').collect();
        for row in 0..rows.unwrap_or(0) {
            let parts = parts_of(session, evaluator, *record, row);
            let may_be_shown =
                declared.fields.iter().zip(&parts).enumerate().all(|(position, (field, part))| {
                    !field.private || asked.get(position).is_some_and(|asked| asked == part)
                });
            let text = parts.join("/");
            let likeness = strsim::jaro_winkler(&text, key);
            if may_be_shown && likeness > 0.8 {
                near.insert(text, likeness);
            }
        }
    }
    let mut near: Vec<(String, f64)> = near.into_iter().collect();
    near.sort_by(|(a, likeness_of_a), (b, likeness_of_b)| {
        likeness_of_b.total_cmp(likeness_of_a).then_with(|| a.cmp(b))
    });
    let shape = format!("keys are written {}", shapes.join(" or "));
    let help = if near.is_empty() {
        shape
    } else {
        let near: Vec<String> = near.iter().take(3).map(|(key, _)| format!("`{key}`")).collect();
        format!("{shape}; near it: {}", near.join(", "))
    };
    Failure::new(format!("no {} has the key `{key}`", names.join(" and no "))).help(help)
}
