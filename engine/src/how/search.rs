//! Trying sets of facts, the smallest first, and telling those that do.

use std::cell::Cell as Counter;

use super::changed::{Changed, Edit, Edits};
use super::facts::Dimension;
use super::measure::{Measures, Worth};
use super::value::Constants;
use super::{Asked, Came, Change, How, MOST_EVALUATIONS, MOST_FACTS, MOST_WAYS, Question, Way};
use crate::data::Cell;
use crate::evaluate::{Evaluator, Fact, Verdict};
use crate::plan::{MASK, Privacy, ResultId, ResultStatus, category_value, show_with};
use crate::prove::slice;
use crate::value::{Base, RecordId, Reference, State, Type, Value};

/// Of all evaluations, so many may look for values: the rest is for sets of facts.
const FOR_VALUES: u32 = MOST_EVALUATIONS / 3 * 2;
/// Of a fact that stands for several rows, so many are named.
const MOST_NAMED: usize = 3;

/// What a change can be told by: what comes out, the conditions on the way, and perhaps the derived facts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signature {
    came: Came,
    conditions: Vec<Worth>,
    states: Vec<Worth>,
}

impl Signature {
    pub(super) fn without_states(&self) -> Self {
        Self { states: Vec::new(), ..self.clone() }
    }
}

pub(super) struct Search<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) subject: RecordId,
    pub(super) result: ResultId,
    pub(super) constants: Constants,
    measures: Measures<'a>,
    spent: Counter<u32>,
    limit: Counter<u32>,
    ran_out: Counter<bool>,
}

/// By dimension and option.
type Picked = Vec<(usize, usize)>;

impl<'a> Search<'a> {
    pub(super) fn new(question: &'a Question<'a>) -> Self {
        let symbols = &question.plan.symbols;
        let (subject, result) = match question.result {
            Asked::Decision(id) => (symbols.decision(id).map(|symbol| symbol.of), ResultId::Decision(id)),
            Asked::Requirement(instance) => (
                symbols.requirement(instance.requirement).map(|symbol| symbol.of),
                ResultId::Requirement(instance.requirement),
            ),
        };
        let subject = subject.unwrap_or(RecordId(u32::MAX));
        Self {
            question,
            subject,
            result,
            constants: Constants::of(&slice(question.plan, &[result], &[])),
            measures: Measures::new(question, subject),
            spent: Counter::new(0),
            limit: Counter::new(FOR_VALUES),
            ran_out: Counter::new(false),
        }
    }

    pub(super) fn run(&self) -> How {
        let now = self
            .ask(&[], |evaluator, row| self.came(evaluator, row))
            .unwrap_or(Came::Status(ResultStatus::Error));
        let mut how = How {
            now: self.word(now),
            already: self.is_wanted_already(now),
            ways: Vec::new(),
            all_tried: true,
            evaluations: 0,
        };
        if let (false, Some(base)) = (how.already, self.signature(&[], true)) {
            let dimensions = self.dimensions(&base);
            self.limit.set(MOST_EVALUATIONS);
            let mut found: Vec<(Picked, Came)> = Vec::new();
            for size in 1..=MOST_FACTS {
                self.extend(&dimensions, (0, size), &mut Vec::new(), now, (&mut found, &mut how.ways));
            }
            how.all_tried = !self.ran_out.get() && how.ways.len() < MOST_WAYS;
        }
        how.evaluations = self.spent.get();
        how
    }

    fn is_wanted_already(&self, now: Came) -> bool {
        match (self.question.result, self.question.wanted) {
            (_, Some(wanted)) => now == wanted,
            (Asked::Decision(_), None) => false,
            (Asked::Requirement(_), None) => self.accepts(now, now),
        }
    }

    fn accepts(&self, came: Came, now: Came) -> bool {
        match (self.question.result, self.question.wanted) {
            (_, Some(wanted)) => came == wanted,
            (Asked::Decision(_), None) => matches!(came, Came::Outcome(_)) && came != now,
            (Asked::Requirement(_), None) => {
                matches!(came, Came::Status(ResultStatus::Met | ResultStatus::Excepted))
            }
        }
    }

    /// Adds facts to those that are picked, and tries the set when it is of the size.
    fn extend(
        &self,
        dimensions: &[Dimension],
        (from, left): (usize, usize),
        picked: &mut Picked,
        now: Came,
        (found, ways): (&mut Vec<(Picked, Came)>, &mut Vec<Way>),
    ) {
        if left == 0 {
            let edits: Vec<Edit> = edits_of(dimensions, picked);
            let Some(came) = self.ask(&edits, |evaluator, row| self.came(evaluator, row)) else { return };
            if !self.accepts(came, now)
                || found.iter().any(|known| known.1 == came && is_beyond(picked, &known.0))
            {
                return;
            }
            found.push((picked.clone(), came));
            if let Some(way) = self.way(dimensions, picked, came)
                && !ways.iter().any(|known| known.says_the_same(&way))
            {
                ways.push(way);
            }
            return;
        }
        for (position, dimension) in dimensions.iter().enumerate().skip(from) {
            for option in 0..dimension.options.len() {
                if ways.len() >= MOST_WAYS || self.ran_out.get() {
                    return;
                }
                picked.push((position, option));
                let is_done = found.iter().any(|(known, _)| known.iter().all(|one| picked.contains(one)));
                if !is_done {
                    self.extend(dimensions, (position + 1, left - 1), picked, now, (&mut *found, &mut *ways));
                }
                picked.pop();
            }
        }
    }

    /// Asks something about the record with the changes; nothing when the evaluations have run out.
    fn ask<T>(&self, edits: &[Edit], question: impl FnOnce(&Evaluator<'_>, u32) -> T) -> Option<T> {
        if self.spent.get() >= self.limit.get() {
            self.ran_out.set(true);
            return None;
        }
        self.spent.set(self.spent.get() + 1);
        let asked = self.question;
        let data = Changed { base: asked.data, symbols: &asked.plan.symbols, edits: Edits::of(edits) };
        let row = data.now(self.subject, asked.row)?;
        let evaluator = Evaluator::new(asked.plan, &data, asked.as_of, asked.options.clone());
        Some(question(&evaluator, row))
    }

    fn came(&self, evaluator: &Evaluator<'_>, row: u32) -> Came {
        match self.question.result {
            Asked::Decision(id) => match evaluator.decision(id, row).verdict {
                Verdict::Outcome(outcome) => Came::Outcome(outcome),
                Verdict::Status(status) => Came::Status(status),
            },
            Asked::Requirement(instance) => Came::Status(evaluator.requirement(instance, row).status),
        }
    }

    /// What comes out of changes, and what it is told by.
    pub(super) fn signature(&self, edits: &[Edit], with_states: bool) -> Option<Signature> {
        self.ask(edits, |evaluator, row| Signature {
            came: self.came(evaluator, row),
            conditions: self.measures.conditions(evaluator, row),
            states: if with_states {
                self.measures.states(evaluator, row).iter().map(Worth::from).collect()
            } else {
                Vec::new()
            },
        })
    }

    fn word(&self, came: Came) -> String {
        match (came, self.question.result) {
            (Came::Outcome(outcome), Asked::Decision(id)) => {
                let symbols = &self.question.plan.symbols;
                let category = symbols.decision(id).map(|symbol| symbol.outcomes);
                let name = category.and_then(|category| category_value(symbols, category, outcome));
                name.unwrap_or_default().to_owned()
            }
            (Came::Outcome(outcome), Asked::Requirement(_)) => format!("#{outcome}"),
            (Came::Status(status), _) => status.word().to_owned(),
        }
    }

    /// A set of facts in words.
    fn way(&self, dimensions: &[Dimension], picked: &Picked, came: Came) -> Option<Way> {
        let asked = self.question;
        // Telling is not trying: it must not fail because the evaluations have just run out.
        let (spent, limit) = (self.spent.get(), self.limit.replace(u32::MAX));
        let states = |edits: &[Edit]| self.ask(edits, |evaluator, row| self.measures.states(evaluator, row));
        let before = states(&[]);
        let after = states(&edits_of(dimensions, picked));
        let alone: Vec<Option<Vec<State>>> =
            picked.iter().map(|one| states(&edits_of(dimensions, std::slice::from_ref(one)))).collect();
        self.spent.set(spent);
        self.limit.set(limit);
        let (before, after) = (before?, after?);
        let evaluator = Evaluator::new(asked.plan, asked.data, asked.as_of, asked.options.clone());
        let mut changes: Vec<Change> = Vec::new();
        let mut derived: Vec<(usize, Vec<String>)> = Vec::new();
        for ((dimension, option), alone) in picked.iter().zip(alone) {
            let edits = dimensions.get(*dimension)?.options.get(*option)?;
            if dimensions.get(*dimension)?.own {
                changes.extend(edits.iter().filter_map(|edit| self.fact(edit, true)));
                continue;
            }
            let told = self.measures.telling(&before, &alone?);
            let words = self.words(edits);
            if told.is_empty() {
                changes.extend(self.rows(edits));
            }
            for at in told {
                match derived.iter_mut().find(|(known, _)| *known == at) {
                    Some((_, by)) => by.extend(words.iter().cloned()),
                    None => derived.push((at, words.clone())),
                }
            }
        }
        for (at, by) in derived {
            let show =
                |states: &[State]| states.get(at).map(|state| self.measures.show(&evaluator, at, state));
            let fact = self.measures.all.get(at)?.name.clone();
            changes.push(Change { fact, now: show(&before)?, needs: show(&after)?, by, source: None });
        }
        Some(Way { result: self.word(came), changes })
    }

    /// A change of a cell; of a row other than the record, with the row.
    fn fact(&self, edit: &Edit, own: bool) -> Option<Change> {
        let Edit::Cell(record, row, field, cell) = edit else { return None };
        let asked = self.question;
        let declared = asked.plan.symbols.record(*record)?;
        let written = declared.fields.get(*field as usize)?;
        let masked = written.private && asked.options.privacy == Privacy::Mask;
        let show = |cell: &Cell| match cell {
            Cell::Known(_) if masked => MASK.to_owned(),
            Cell::Known(value) => show_with(&asked.plan.symbols, value, written.ty, asked.options.privacy),
            Cell::Missing | Cell::Absent => "missing".to_owned(),
            Cell::Unreadable => "unreadable".to_owned(),
            Cell::Assumed => "unknown".to_owned(),
        };
        let fact = if own {
            written.name.clone()
        } else {
            format!("{} of {}", written.name, self.row_name(*record, *row))
        };
        let source = asked.data.origin(*record, *row).and_then(|origin| {
            let file = asked.data.files().get(origin.file as usize)?.clone();
            Some(Fact { file: file.into(), line: origin.line })
        });
        let now = show(&asked.data.cell(*record, *row, *field));
        Some(Change { fact, now, needs: show(cell), by: Vec::new(), source })
    }

    fn row_name(&self, record: RecordId, row: u32) -> String {
        let asked = self.question;
        let evaluator = Evaluator::new(asked.plan, asked.data, asked.as_of, asked.options.clone());
        let value = evaluator.row(record, row);
        let name = asked.plan.symbols.record(record).map_or("", |record| record.name.as_str());
        match &value {
            Value::Reference(Reference { key, .. }) if !key.is_empty() => {
                let ty = Type::of(Base::Record(record));
                format!("{name} {}", show_with(&asked.plan.symbols, &value, ty, asked.options.privacy))
            }
            _ => name.to_owned(),
        }
    }

    /// Changes of rows in words: what was done to get there.
    fn words(&self, edits: &[Edit]) -> Vec<String> {
        let mut words: Vec<String> = edits
            .iter()
            .filter_map(|edit| self.fact(edit, false))
            .map(|change| format!("{}: {}, needs {}", change.fact, change.now, change.needs))
            .collect();
        if words.len() > MOST_NAMED {
            let more = words.len() - MOST_NAMED;
            words.truncate(MOST_NAMED);
            words.push(format!("and {more} more"));
        }
        if let Some((record, by)) = self.more_or_fewer(edits) {
            let name = self.question.plan.symbols.record(record).map_or("", |record| record.name.as_str());
            words.push(if by > 0 { format!("{by} more {name}") } else { format!("{} fewer {name}", -by) });
        }
        words
    }

    fn more_or_fewer(&self, edits: &[Edit]) -> Option<(RecordId, i64)> {
        let mut all = edits.iter().filter_map(|edit| match edit {
            Edit::Add(record, _) => Some((*record, 1)),
            Edit::Remove(record, _) => Some((*record, -1)),
            Edit::Cell(..) => None,
        });
        let (record, first) = all.next()?;
        Some((record, first + all.map(|(_, by)| by).sum::<i64>()))
    }

    /// Changes of rows as facts, where no derived fact tells them.
    fn rows(&self, edits: &[Edit]) -> Vec<Change> {
        let mut changes: Vec<Change> = edits.iter().filter_map(|edit| self.fact(edit, false)).collect();
        if let Some((record, by)) = self.more_or_fewer(edits) {
            let name = self.question.plan.symbols.record(record).map_or("", |record| record.name.as_str());
            let needs = if by > 0 { format!("{by} more") } else { format!("{} fewer", -by) };
            let fact = format!("rows of {name}");
            changes.push(Change { fact, now: "as they are".to_owned(), needs, by: Vec::new(), source: None });
        }
        changes
    }
}

fn edits_of(dimensions: &[Dimension], picked: &[(usize, usize)]) -> Vec<Edit> {
    let options =
        picked.iter().filter_map(|(dimension, option)| dimensions.get(*dimension)?.options.get(*option));
    options.flatten().cloned().collect()
}

/// Whether every fact of a known set is in this one, changed as far or farther.
fn is_beyond(picked: &Picked, known: &Picked) -> bool {
    known.iter().all(|(dimension, option)| {
        picked.iter().any(|(other, farther)| other == dimension && farther >= option)
    })
}
