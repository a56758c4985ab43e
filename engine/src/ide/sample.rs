//! What policies come to on the records of a sample: how many each rule decides, and which come out otherwise after an edit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::columns::{Amounts, Batches, Columns, Source};
use crate::data::Dataset;
use crate::evaluate::{By, DecisionResult, Evaluator, Options, Verdict, decision_words, requirement_words};
use crate::plan::{
    AmountId, DecisionBody, DecisionId, Instance, MASK, Plan, PolicyId, Privacy, ResultId, ResultStatus,
    Symbols, show_with,
};
use crate::value::{Date, RecordId, State, Value};

/// What an amount can be that is no value.
const OPEN: [ResultStatus; 3] =
    [ResultStatus::NotApplicable, ResultStatus::Undetermined, ResultStatus::Error];

/// Rows that are worked out at a time.
const BATCH: u32 = 2048;

/// What one result came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which result.
    pub result: ResultId,
    /// The name of its policy.
    pub policy: String,
    /// Its own name; of a requirement `for each` value, with the value.
    pub name: String,
    /// The record it is of.
    pub record: RecordId,
    /// The name of the record.
    pub record_name: String,
    /// How many rows were looked at: the first ones.
    pub rows: u32,
    /// How many rows there are.
    pub of: u32,
    /// What came out, each once.
    pub words: Vec<String>,
    /// For each row that was looked at, the position of what came out in `words`.
    pub came: Vec<u32>,
    /// Of a decision, by label of the rule; `default` is the default.
    pub rules: BTreeMap<String, Deciding>,
    /// Its values are private ones under another name, and are masked wherever they are shown.
    pub masked: bool,
}

/// What a rule did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deciding {
    /// For how many rows it decides.
    pub decides: u32,
    /// How many rows are undetermined and may still come to its outcome.
    pub open: u32,
}

impl Counted {
    /// How often each thing came out, the most frequent first.
    #[must_use]
    pub fn tally(&self) -> Vec<(&str, u32)> {
        let mut counts = vec![0_u32; self.words.len()];
        for came in &self.came {
            if let Some(count) = counts.get_mut(*came as usize) {
                *count += 1;
            }
        }
        let mut tally: Vec<(&str, u32)> =
            self.words.iter().map(String::as_str).zip(counts).filter(|(_, count)| *count > 0).collect();
        tally.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        tally
    }

    fn word(&self, row: u32) -> Option<&str> {
        self.words.get(*self.came.get(row as usize)? as usize).map(String::as_str)
    }

    /// What came out, as it may be shown.
    fn shown(&self, word: &str) -> String {
        if self.masked && !OPEN.iter().any(|status| status.word() == word) {
            return MASK.to_owned();
        }
        word.to_owned()
    }
}

/// The rows of one result that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flipped {
    /// The result as it is now.
    pub result: ResultId,
    /// The name of its policy.
    pub policy: String,
    /// Its own name; of a requirement `for each` value, with the value.
    pub name: String,
    /// The record it is of.
    pub record: RecordId,
    /// Row, what came out before, and what comes out now.
    pub rows: Vec<(u32, String, String)>,
}

/// What is counted, and how.
pub struct Sample<'a> {
    /// The policies.
    pub plan: &'a Plan,
    /// The records.
    pub records: Source<'a>,
    /// The day of deciding.
    pub as_of: Date,
    /// What evaluators are told beside the records.
    pub options: &'a Options,
    /// How many rows of a record are looked at, at most.
    pub most: u32,
}

/// Counts what these results come to; `None` when `stop` said so in between.
#[must_use]
pub fn count(sample: &Sample<'_>, results: &[ResultId], stop: &dyn Fn() -> bool) -> Option<Vec<Counted>> {
    let columns = Columns::new(sample.plan, sample.records, sample.as_of, sample.options);
    let batches = columns.batches();
    let nothing = Dataset::new(&sample.plan.symbols);
    let evaluator = Evaluator::new(sample.plan, &nothing, sample.as_of, Options::default());
    let mut found = Vec::new();
    for result in results {
        for asked in asked(&sample.plan.symbols, *result) {
            let Some(mut counted) = empty(&sample.plan.symbols, *result, asked) else { continue };
            let Some(of) = batches.rows_of(counted.record) else { continue };
            if let Asked::Amount(id) = asked {
                counted.masked = evaluator.amount_hands_on(id, 0);
            }
            counted.of = of;
            counted.rows = of.min(sample.most);
            let mut words = Words::default();
            let mut start = 0;
            while start < counted.rows {
                if stop() {
                    return None;
                }
                let end = counted.rows.min(start + BATCH);
                of_batch(sample, &batches, asked, start..end, &mut counted, &mut words);
                start = end;
            }
            counted.words = words.all;
            found.push(counted);
        }
    }
    Some(found)
}

/// One thing to ask of each row.
#[derive(Clone, Copy)]
enum Asked {
    Decision(DecisionId),
    Requirement(Instance),
    Amount(AmountId),
}

fn asked(symbols: &Symbols, result: ResultId) -> Vec<Asked> {
    match result {
        ResultId::Decision(id) => vec![Asked::Decision(id)],
        ResultId::Amount(id) => vec![Asked::Amount(id)],
        ResultId::Requirement(id) => symbols.instances(id).into_iter().map(Asked::Requirement).collect(),
    }
}

fn empty(symbols: &Symbols, result: ResultId, asked: Asked) -> Option<Counted> {
    let (policy, name, record): (PolicyId, String, RecordId) = match asked {
        Asked::Decision(id) => {
            let symbol = symbols.decision(id)?;
            (symbol.policy, symbol.name.clone(), symbol.of)
        }
        Asked::Requirement(instance) => {
            let symbol = symbols.requirement(instance.requirement)?;
            (symbol.policy, symbols.instance_name(instance), symbol.of)
        }
        Asked::Amount(id) => {
            let symbol = symbols.amount(id)?;
            (symbol.policy, symbol.name.clone(), symbol.of)
        }
    };
    Some(Counted {
        result,
        policy: symbols.policy(policy)?.name.clone(),
        name,
        record,
        record_name: symbols.record(record)?.name.clone(),
        rows: 0,
        of: 0,
        words: Vec::new(),
        came: Vec::new(),
        rules: BTreeMap::new(),
        masked: false,
    })
}

/// Words, each once.
#[derive(Default)]
struct Words {
    all: Vec<String>,
    known: HashMap<String, u32>,
}

impl Words {
    fn position(&mut self, word: String) -> u32 {
        if let Some(at) = self.known.get(&word) {
            return *at;
        }
        let at = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(word.clone());
        self.known.insert(word, at);
        at
    }
}

fn of_batch(
    sample: &Sample<'_>,
    batches: &Batches<'_>,
    asked: Asked,
    rows: std::ops::Range<u32>,
    counted: &mut Counted,
    words: &mut Words,
) {
    let plan = sample.plan;
    let length = rows.len();
    let batch = batches.batch(counted.record, rows);
    match asked {
        Asked::Decision(id) => {
            let outcomes = batch.decision(id);
            let mut lanes = vec![0_u32; outcomes.distinct.len()];
            for at in &outcomes.of {
                if let Some(count) = lanes.get_mut(*at as usize) {
                    *count += 1;
                }
            }
            let mut positions = Vec::with_capacity(outcomes.distinct.len());
            for (result, lanes) in outcomes.distinct.into_iter().zip(lanes) {
                if let Some(body) = plan.decisions.get(&id.0) {
                    deciding(body, &result, lanes, &mut counted.rules);
                }
                positions.push(words.position(decision_words(plan, id, result).0));
            }
            let came = outcomes.of.iter().map(|at| positions.get(*at as usize).copied().unwrap_or(0));
            counted.came.extend(came);
        }
        Asked::Requirement(instance) => {
            let outcomes = batch.requirement(instance);
            let results = outcomes.distinct.into_iter();
            let positions: Vec<u32> =
                results.map(|result| words.position(requirement_words(plan, instance, result).0)).collect();
            let came = outcomes.of.iter().map(|at| positions.get(*at as usize).copied().unwrap_or(0));
            counted.came.extend(came);
        }
        Asked::Amount(id) => {
            let amounts = batch.amount(id);
            for row in 0..length {
                counted.came.push(words.position(worth(plan, id, &amounts, row)));
            }
        }
    }
}

fn deciding(
    body: &DecisionBody,
    result: &DecisionResult,
    lanes: u32,
    rules: &mut BTreeMap<String, Deciding>,
) {
    let mut add = |label: &str, decides: u32, open: u32| {
        let rule = rules.entry(label.to_owned()).or_default();
        rule.decides += decides;
        rule.open += open;
    };
    match result.verdict {
        Verdict::Outcome(_) => {
            for by in &result.by {
                match by {
                    By::Rule(position) => {
                        if let Some(rule) = body.rules.get(*position as usize) {
                            add(&rule.label, lanes, 0);
                        }
                    }
                    By::Default(_) => add(DEFAULT, lanes, 0),
                }
            }
        }
        Verdict::Status(ResultStatus::Undetermined) => {
            // Versions of one rule share its label, and a row is counted once for it.
            let possible = |outcome: &u32| result.possible.contains(outcome);
            let of_rules = body.rules.iter().filter(|rule| possible(&rule.outcome));
            let labels: BTreeSet<&str> = of_rules.map(|rule| &*rule.label).collect();
            labels.into_iter().for_each(|label| add(label, 0, lanes));
            if body.defaults.iter().any(|default| possible(&default.outcome)) {
                add(DEFAULT, 0, lanes);
            }
        }
        Verdict::Status(_) => {}
    }
}

/// How a default is called among rules.
pub const DEFAULT: &str = "default";

fn worth(plan: &Plan, id: AmountId, amounts: &Amounts<'_>, row: usize) -> String {
    let status = match amounts.total.state(row) {
        State::Known(Value::NotApplicable) => ResultStatus::NotApplicable,
        State::Known(value) => {
            let ty = plan.symbols.amount(id).map(|symbol| symbol.ty);
            return ty.map_or_else(String::new, |ty| show_with(&plan.symbols, &value, ty, Privacy::Mask));
        }
        State::Missing | State::Unknown(_) => ResultStatus::Undetermined,
        State::Error(_) => ResultStatus::Error,
    };
    status.word().to_owned()
}

/// The rows that come out otherwise, result by result; a result that only one of the two has is left out, and so is one
/// whose records are not the same.
#[must_use]
pub fn flipped(before: &[Counted], after: &[Counted]) -> Vec<Flipped> {
    let key = |counted: &'_ Counted| (counted.policy.clone(), counted.name.clone());
    let old: BTreeMap<(String, String), &Counted> = before.iter().map(|it| (key(it), it)).collect();
    let mut found = Vec::new();
    for now in after {
        let Some(was) = old.get(&key(now)) else { continue };
        if was.record_name != now.record_name || was.of != now.of {
            continue;
        }
        let rows: Vec<(u32, String, String)> = (0..now.rows.min(was.rows))
            .filter_map(|row| {
                let (old, new) = (was.word(row)?, now.word(row)?);
                if old == new {
                    return None;
                }
                // What was a private value, or becomes one, is told from neither side.
                let (old, new) = (was.shown(old), now.shown(new));
                let masked = old == MASK || new == MASK;
                Some(if masked { (row, MASK.to_owned(), MASK.to_owned()) } else { (row, old, new) })
            })
            .collect();
        if !rows.is_empty() {
            found.push(Flipped {
                result: now.result,
                policy: now.policy.clone(),
                name: now.name.clone(),
                record: now.record,
                rows,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Cell, Origin};
    use crate::db::Database;
    use crate::value::Number;

    const POLICY: &str = r#"policy p { title "T" cite "1" }
record Student { key id: text private  level: count?  wage: money private }
decision promotion of Student {
  outcomes up, stay
  cite "2"
  default stay
  rule reads: up when level >= 2
  rule held: stay when level = 9 notwithstanding reads
}
requirement tested of Student { cite "3" must level is known }
amount pay of Student { cite "4" line base = wage }
amount bonus of Student { cite "5" line base = if level >= 2 then $10 else $5 }
"#;

    fn counted(policy: &str) -> Vec<Counted> {
        let mut db = Database::default();
        let file = db.set_text("p.rubric", Some(policy));
        assert_eq!(
            db.diagnostics(file)
                .iter()
                .filter(|it| it.severity == crate::diagnostic::Severity::Error)
                .count(),
            0
        );
        let plan = db.plan();
        let mut data = Dataset::new(&plan.symbols);
        let record = RecordId(0);
        for (name, level) in [("a", Some(1)), ("b", Some(2)), ("c", Some(9)), ("d", None)] {
            let level =
                level.map_or(Cell::Missing, |level| Cell::Known(Value::Number(Number::from_int(level))));
            let cells = vec![
                Cell::Known(Value::Text(name.into())),
                level,
                Cell::Known(Value::Number(Number::from_int(7_654))),
            ];
            data.supply(&plan.symbols, record).unwrap().push(cells, Origin::default());
        }
        data.finish(&plan.symbols);
        let options = Options::default();
        let as_of = Date::constant(2024, 6, 1);
        let sample = Sample { plan: &plan, records: (&data).into(), as_of, options: &options, most: 100 };
        count(&sample, &plan.symbols.results, &|| false).unwrap()
    }

    #[test]
    fn rules_are_counted_by_what_they_decide_and_may_decide() {
        let all = counted(POLICY);
        assert_eq!(all[0].tally(), [("stay", 2), ("undetermined", 1), ("up", 1)]);
        let rule = |decides, open| Deciding { decides, open };
        let rules: Vec<(&str, Deciding)> =
            all[0].rules.iter().map(|(label, it)| (label.as_str(), *it)).collect();
        assert_eq!(rules, [("default", rule(1, 1)), ("held", rule(1, 1)), ("reads", rule(1, 1))]);
        assert_eq!(all[1].tally(), [("met", 3), ("violated", 1)]);
    }

    type Rows<'r> = &'r [(u32, String, String)];

    #[test]
    fn what_an_edit_flips() {
        let before = counted(POLICY);
        let after = counted(&POLICY.replace("level >= 2\n", "level >= 1\n").replace("$5", "$6"));
        let flips = flipped(&before, &after);
        let shown: Vec<(&str, Rows<'_>)> =
            flips.iter().map(|flip| (flip.name.as_str(), flip.rows.as_slice())).collect();
        let row = |row, old: &str, new: &str| (row, old.to_owned(), new.to_owned());
        assert_eq!(
            shown,
            [("promotion", &[row(0, "stay", "up")][..]), ("bonus", &[row(0, "$5", "$6")][..]),]
        );
        assert_eq!(flipped(&after, &after), []);
    }

    #[test]
    fn a_private_value_under_another_name_is_masked() {
        let before = counted(POLICY);
        let after = counted(&POLICY.replace("= wage", "= wage * 2"));
        let flips = flipped(&before, &after);
        assert_eq!(flips[0].name, "pay");
        assert!(flips[0].rows.iter().all(|(_, old, new)| old == MASK && new == MASK), "{flips:?}");
    }

    #[test]
    fn counting_stops_when_it_is_told_to() {
        let mut db = Database::default();
        db.set_text("p.rubric", Some(POLICY));
        let plan = db.plan();
        let mut data = Dataset::new(&plan.symbols);
        let cells = vec![Cell::Known(Value::Text("a".into())), Cell::Missing, Cell::Absent];
        data.supply(&plan.symbols, RecordId(0)).unwrap().push(cells, Origin::default());
        data.finish(&plan.symbols);
        let options = Options::default();
        let as_of = Date::constant(2024, 6, 1);
        let sample = Sample { plan: &plan, records: (&data).into(), as_of, options: &options, most: 100 };
        assert_eq!(count(&sample, &plan.symbols.results, &|| true), None);
    }
}
