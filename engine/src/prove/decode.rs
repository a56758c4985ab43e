//! From a model to a record: the values that the solver chose, and rows of each kind that it counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calendar::{day_of, integer};
use super::cnf::Lit;
use super::collection::Source;
use super::form::{Form, Q};
use super::solver::{Answer, Model};
use super::sym::{Leaf, Rails, Sym};
use super::witness::{Fact, Row, Witness};
use super::world::{World, passes};
use crate::value::{Base, Date, Number, RecordId, Type, Value};

/// A witness has at most so many rows.
const MOST_ROWS: usize = 240;
/// What is said where none was found and some would have more.
const TOO_MANY_ROWS: &str = "a record of more than 240 rows";

/// A rational as a number of the language.
fn number(q: &Q) -> Option<Number> {
    match q.small() {
        Some((n, d)) => Number::ratio(n, d).ok(),
        None => Number::from_parts(q.numer(), q.denom()).ok(),
    }
}

/// A witness that is being made.
#[derive(Default)]
struct Draft {
    witness: Witness,
    /// By row of the world: its row in the witness.
    placed: BTreeMap<usize, usize>,
    /// How many rows each record has.
    named: BTreeMap<RecordId, usize>,
}

impl World<'_> {
    /// The record that a model describes, the row being what the question is about.
    pub(super) fn decode(&mut self, model: &Model, row: usize) -> Option<Witness> {
        let as_of = day_of(&self.solver.value(model, self.as_of))?;
        let mut draft = Draft { witness: Witness { as_of, ..Witness::default() }, ..Draft::default() };
        self.place(model, row, &mut draft)?;
        for at in 0..self.collections.len() {
            if let Some(Source::All(_)) = self.collections.get(at).map(|collection| collection.source.clone())
            {
                self.fill(model, at, &mut draft)?;
            }
        }
        for (input, sym) in self.inputs.clone() {
            let ty = self.plan.symbols.inputs.get(input.0 as usize).map(|input| input.ty)?;
            if let Some(Fact::Value(value)) = self.fact(model, &sym, ty, &mut draft) {
                draft.witness.inputs.insert(input, value);
            }
        }
        Some(draft.witness)
    }

    /// Places a row and what it leads to.
    fn place(&mut self, model: &Model, row: usize, draft: &mut Draft) -> Option<usize> {
        if let Some(known) = draft.placed.get(&row) {
            return Some(*known);
        }
        let record = self.rows.get(row)?.record;
        let at = self.new_row(record, draft)?;
        draft.placed.insert(row, at);
        let fields: Vec<(u32, Sym)> =
            self.rows.get(row)?.fields.iter().map(|(field, sym)| (*field, sym.clone())).collect();
        for (field, sym) in fields {
            let ty = self.plan.symbols.record(record)?.fields.get(field as usize)?.ty;
            if let Some(fact) = self.fact(model, &sym, ty, draft) {
                draft.witness.rows.get_mut(at)?.facts.insert(field, fact);
            }
        }
        self.complete_key(record, at, draft, 0)?;
        for collection in 0..self.collections.len() {
            let source = self.collections.get(collection).map(|collection| collection.source.clone());
            if matches!(source, Some(Source::Many(owner, _)) if owner == row) {
                self.fill(model, collection, draft)?;
            }
        }
        Some(at)
    }

    fn new_row(&mut self, record: RecordId, draft: &mut Draft) -> Option<usize> {
        if draft.witness.rows.len() >= MOST_ROWS {
            self.vague.insert(TOO_MANY_ROWS.to_owned());
            return None;
        }
        let count = draft.named.entry(record).or_default();
        *count += 1;
        let name = format!("{}_{count}", snake(&self.plan.symbols.record(record)?.name));
        if !draft.witness.supplied.contains(&record) {
            draft.witness.supplied.push(record);
        }
        draft.witness.rows.push(Row { record, name: Arc::from(name), facts: BTreeMap::new() });
        Some(draft.witness.rows.len() - 1)
    }

    /// A key that nobody reads is made up, so that no two rows share it.
    fn complete_key(&mut self, record: RecordId, at: usize, draft: &mut Draft, depth: u32) -> Option<()> {
        let plan = self.plan;
        let declared = plan.symbols.record(record)?;
        let number = i64::try_from(*draft.named.get(&record)?).ok()?;
        for (position, field) in declared.fields.iter().enumerate().take(declared.keys) {
            let position = u32::try_from(position).ok()?;
            if draft.witness.rows.get(at)?.facts.contains_key(&position) {
                continue;
            }
            let fact = match field.ty.base {
                Base::Text => continue,
                Base::SchoolYear => Fact::Value(Value::SchoolYear(2023 + i16::try_from(number).ok()?)),
                Base::Date => Fact::Value(Value::Date(crate::value::date::add_days(
                    Date::constant(2024, 1, 1),
                    number,
                )?)),
                Base::Category(category) => {
                    let values =
                        i64::try_from(self.plan.symbols.category(category)?.values.len()).ok()?.max(1);
                    Fact::Value(Value::Category(u32::try_from((number - 1) % values).ok()?))
                }
                Base::Flag => Fact::Value(Value::Flag(number % 2 == 0)),
                Base::Record(other) if depth < 3 => {
                    let row = self.new_row(other, draft)?;
                    self.complete_key(other, row, draft, depth + 1)?;
                    Fact::Row(row)
                }
                Base::Record(_) | Base::Many(_) | Base::Set(_) | Base::Damaged => continue,
                _ => Fact::Value(Value::Number(Number::from_int(number))),
            };
            draft.witness.rows.get_mut(at)?.facts.insert(position, fact);
        }
        Some(())
    }

    /// What a value that leads to no row comes to in a model.
    pub(super) fn plain_fact(&mut self, model: &Model, sym: &Sym, ty: Type) -> Option<Value> {
        match self.fact(model, sym, ty, &mut Draft::default())? {
            Fact::Value(value) => Some(value),
            Fact::Row(_) | Fact::Missing => None,
        }
    }

    /// What a value comes to in a model; nothing where it is unknown.
    fn fact(&mut self, model: &Model, sym: &Sym, ty: Type, draft: &mut Draft) -> Option<Fact> {
        if model.holds(sym.missing) {
            return Some(Fact::Missing);
        }
        let (_, leaf) = sym.cases.iter().find(|(when, _)| model.holds(*when))?;
        Some(Fact::Value(match leaf {
            Leaf::Flag(flag) => Value::Flag(*flag),
            Leaf::Num(form) => {
                let worth = form.at(|num| self.solver.value(model, num));
                match ty.base {
                    Base::Date => Value::Date(day_of(&worth)?),
                    Base::SchoolYear => Value::SchoolYear(i16::try_from(integer(&worth)?).ok()?),
                    _ => Value::Number(number(&worth)?),
                }
            }
            Leaf::Cat(value) => Value::Category(*value),
            Leaf::CatOf(choice) => Value::Category(self.choice(model, *choice)?),
            Leaf::Text(text) => Value::Text(Arc::clone(text)),
            Leaf::TextOf(text) => Value::Text(self.text(model, *text)?),
            Leaf::Row(row) => return self.place(model, *row, draft).map(Fact::Row),
            // What is absent means this.
            Leaf::Never | Leaf::None => return None,
            Leaf::Ratio(..) | Leaf::Range(..) | Leaf::NotApplicable => return None,
        }))
    }

    /// The value of a choice: the one picked, else the first that is not.
    fn choice(&self, model: &Model, choice: usize) -> Option<u32> {
        let choice = self.choices.get(choice)?;
        let picked = choice.picked.iter().find(|(_, lit)| model.holds(**lit)).map(|(value, _)| *value);
        picked.or_else(|| (0..choice.values).find(|value| !choice.picked.contains_key(value)))
    }

    fn text(&self, model: &Model, text: usize) -> Option<Arc<str>> {
        let known = self.texts.get(text)?;
        if let Some((value, _)) = known.picked.iter().find(|(_, lit)| model.holds(**lit)) {
            return Some(Arc::clone(value));
        }
        let mut tries = vec![format!("x{text}"), "a".to_owned(), "1".to_owned(), "A1".to_owned()];
        let of = |test| {
            known
                .tests
                .iter()
                .filter(move |(kind, _, _)| *kind == test)
                .map(|(_, pattern, _)| pattern.to_string())
        };
        let starts: Vec<String> =
            of(rubric_grammar::ast::TextTest::StartsWith).chain([String::new()]).collect();
        let ends: Vec<String> = of(rubric_grammar::ast::TextTest::EndsWith).chain([String::new()]).collect();
        for start in &starts {
            for end in &ends {
                tries.push(format!("{start}{end}"));
                tries.push(format!("{start}x{end}"));
            }
        }
        let fits = |value: &String| {
            !known.picked.keys().any(|picked| **picked == **value)
                && known
                    .tests
                    .iter()
                    .all(|(test, pattern, lit)| passes(*test, value, pattern) == Some(model.holds(*lit)))
        };
        let found = tries.iter().find(|value| fits(value)).or_else(|| tries.first())?;
        Some(Arc::from(found.as_str()))
    }

    /// The rows of a collection, as many of each kind as the model has.
    fn fill(&mut self, model: &Model, at: usize, draft: &mut Draft) -> Option<()> {
        let collection = self.collections.get(at)?;
        let (record, any) = (collection.record, collection.any);
        if !draft.witness.supplied.contains(&record) {
            draft.witness.supplied.push(record);
        }
        let signs: Vec<Lit> =
            collection.counted.iter().flat_map(|counted| [counted.rails.yes, counted.rails.no]).collect();
        let chosen: Vec<(usize, Lit, usize, BTreeMap<usize, Rails>)> = collection
            .chosen
            .iter()
            .map(|chosen| (chosen.row, chosen.exists, chosen.counted, chosen.turned.clone()))
            .collect();
        let mut counts: Vec<(Vec<Lit>, i64)> = Vec::new();
        for sort in &collection.sorts {
            counts.push((sort.signs.clone(), integer(&self.solver.value(model, sort.count))?));
        }
        let mut made: Vec<(usize, Vec<bool>)> = Vec::new();
        let mut stands_for: BTreeMap<usize, usize> = BTreeMap::new();
        for (row, exists, counted, rails) in chosen {
            let enough = self
                .collections
                .get(at)
                .and_then(|collection| collection.counted.get(counted))
                .map(|counted| counted.sure);
            let enough = enough.is_some_and(|sure| self.solver.value(model, sure) >= super::form::whole(1));
            if !model.holds(exists) || !enough {
                continue;
            }
            let mut turned = Vec::new();
            for position in 0..signs.len() / 2 {
                let rails = rails.get(&position).copied().unwrap_or(Rails::UNKNOWN);
                turned.extend([model.holds(rails.yes), model.holds(rails.no)]);
            }
            let placed = self.place(model, row, draft)?;
            made.push((placed, turned.clone()));
            let fits = |sort: &[Lit]| {
                signs.iter().zip(&turned).all(|(sign, turned)| {
                    sign.var() == 0 || sort.contains(&if *turned { *sign } else { !*sign })
                })
            };
            if let Some((position, (_, count))) =
                counts.iter_mut().enumerate().find(|(_, (sort, _))| fits(sort))
            {
                *count -= 1;
                stands_for.insert(position, row);
            }
        }
        for (position, (sort, count)) in counts.iter().enumerate() {
            if *count <= 0 {
                continue;
            }
            if *count > i64::try_from(MOST_ROWS).ok()? {
                self.vague.insert(TOO_MANY_ROWS.to_owned());
                return None;
            }
            let turned: Vec<bool> =
                signs.iter().map(|sign| sort.contains(sign) || *sign == Lit::YES).collect();
            let (model, row) = match stands_for.get(&position) {
                // One more of what was chosen.
                Some(row) => (model.clone(), *row),
                None => (self.row_model(model, sort)?, any),
            };
            for _ in 0..*count {
                // What the row leads to is its own, not that of the rows before it.
                let before = draft.placed.clone();
                draft.placed.remove(&row);
                let placed = self.place(&model, row, draft)?;
                made.push((placed, turned.clone()));
                draft.placed = before;
            }
        }
        self.share_sums(model, at, &made, draft);
        Some(())
    }

    /// A row of a kind, everything else being as the model has it.
    fn row_model(&mut self, model: &Model, sort: &[Lit]) -> Option<Model> {
        let mut goals: Vec<Lit> = sort.to_vec();
        let mut fixed: Vec<(super::form::Num, Q)> =
            model.values().iter().map(|(num, value)| (*num, value.clone())).collect();
        let as_of = self.as_of;
        if !model.values().contains_key(&as_of) {
            fixed.push((as_of, self.solver.value(model, as_of)));
        }
        for (num, value) in fixed {
            let is = self.solver.equal(&Form::of(num), &Form::constant(value));
            goals.push(is);
        }
        goals.extend(model.leaves.iter().copied());
        match self.solver.solve(&goals, &[], &mut 40) {
            Answer::Model(found) => Some(found),
            Answer::Never(_) => {
                // What the row has with others of the model may be too much: the day of deciding is what counts.
                let value = self.solver.value(model, as_of);
                let is = self.solver.equal(&Form::of(as_of), &Form::constant(value));
                let mut goals = sort.to_vec();
                goals.push(is);
                match self.solver.solve(&goals, &[], &mut 40) {
                    Answer::Model(found) => Some(found),
                    _ => None,
                }
            }
            Answer::Exhausted => None,
        }
    }

    /// Sums are shared out: the first row that counts has it all.
    fn share_sums(&self, model: &Model, at: usize, made: &[(usize, Vec<bool>)], draft: &mut Draft) {
        let Some(collection) = self.collections.get(at) else { return };
        for summed in &collection.summed {
            let Some(any) = self.rows.get(collection.any) else { continue };
            let Some((field, _)) = any.fields.iter().find(|(_, sym)| **sym == summed.operand) else {
                continue;
            };
            let Some(worth) = number(&self.solver.value(model, summed.value)) else { continue };
            let mut rest = worth;
            for (row, turned) in made {
                if turned.get(2 * summed.counted) == Some(&true)
                    && let Some(row) = draft.witness.rows.get_mut(*row)
                {
                    let fact = Fact::Value(Value::Number(std::mem::replace(&mut rest, Number::ZERO)));
                    row.facts.insert(*field, fact);
                }
            }
        }
    }
}

/// `StudentSchool` as `student_school`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}
