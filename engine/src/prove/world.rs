//! The record that a question is about, with everything it leads to, as unknowns of the solver.
//!
//! A row has a value for each field that is read. A required field has one; one that may be missing has one or is
//! missing; a finding may be awaited. `many` fields are [`super::collection`]s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_bigint::BigInt;
use rubric_grammar::ast::TextTest;

use super::calendar::{FIRST, LAST, day_number};
use super::cnf::Lit;
use super::collection::{Collection, Source};
use super::form::{Form, Num, Q, whole};
use super::solver::Solver;
use super::sym::{Leaf, Rails, Sym};
use crate::plan::{
    AmountId, DecisionId, DefineId, Fact, FieldKind, InputId, Instance, Interval, ParameterId, Plan,
};
use crate::value::{Base, Date, Number, RecordId, Type, Value};

/// A row of a record.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) record: RecordId,
    /// The fields that were read.
    pub(super) fields: BTreeMap<u32, Sym>,
}

/// A choice among the values of a category; those that matter have a literal.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) values: u32,
    pub(super) picked: BTreeMap<u32, Lit>,
}

/// A text; those that it is compared with have a literal.
#[derive(Debug, Default)]
pub(super) struct TextChoice {
    pub(super) picked: BTreeMap<Arc<str>, Lit>,
    pub(super) tests: Vec<(TextTest, Arc<str>, Lit)>,
}

/// The law under which a body is read: a day on which it is that law, and the day itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Law {
    pub(super) day: Date,
    pub(super) form: Form,
}

/// Everything that a question is about.
pub(super) struct World<'p> {
    pub(super) plan: &'p Plan,
    pub(super) solver: Solver,
    pub(super) rows: Vec<Row>,
    pub(super) choices: Vec<Choice>,
    pub(super) texts: Vec<TextChoice>,
    pub(super) collections: Vec<Collection<'p>>,
    pub(super) inputs: BTreeMap<InputId, Sym>,
    /// The day of deciding.
    pub(super) as_of: Num,
    /// The days among which it is.
    pub(super) segment: Interval,
    pub(super) defines: BTreeMap<(DefineId, Option<usize>, Vec<Sym>, Law), Sym>,
    pub(super) decisions: BTreeMap<(DecisionId, usize), Sym>,
    pub(super) requirements: BTreeMap<(Instance, usize), Sym>,
    pub(super) amounts: BTreeMap<(AmountId, usize), super::amount::Lines>,
    pub(super) row_equality: BTreeMap<(usize, usize), Lit>,
    pub(super) text_equality: BTreeMap<(usize, usize), Lit>,
    pub(super) products: BTreeMap<(Form, Form), Form>,
    /// What could only be taken as anything of its type: each in a few words.
    pub(super) vague: BTreeSet<String>,
    /// What another version reads too.
    pub(super) common: super::common::Common,
    /// Rows that are another row but for one fact of theirs.
    pub(super) twins: BTreeMap<usize, (usize, Fact)>,
    /// Derived facts that are whatever they like.
    pub(super) cuts: BTreeMap<(DefineId, usize), Sym>,
    /// Derived facts that are the same of a twin, whatever the fact in which it differs.
    pub(super) still: BTreeSet<DefineId>,
    /// Where something that was read is missing.
    pub(super) absent: BTreeSet<Lit>,
    /// Parameters that are whatever they like, by what is read of them.
    pub(super) opened: BTreeMap<(ParameterId, Vec<Sym>, Option<Sym>), Sym>,
    /// How a quotient stands to another unknown: less, equal, greater.
    pub(super) orders: BTreeMap<(Leaf, Leaf), [Lit; 3]>,
    /// A parameter that is not as the law has it.
    pub(super) raised: Option<super::raised::Raised>,
    pub(super) depth: u32,
    /// How large everything is that was found.
    pub(super) written: usize,
    /// The steps ran out before it was known whether something can be.
    pub(super) ran_out: bool,
}

/// So much may be found of one question: by far more than of any policy that a person writes.
const MOST_WRITTEN: usize = 200_000;

/// Steps for all questions about one segment of one declaration.
const FUEL: u64 = 20_000;

/// Steps for all questions about one promise: that it is asked of each stretch of law, or of each two, makes it no dearer.
#[derive(Debug)]
pub(super) struct Fuel(u64);

impl Fuel {
    pub(super) fn new() -> Self {
        Self(3 * FUEL)
    }

    /// A world on the days of an interval, that takes its steps from here.
    pub(super) fn world<'p>(&self, plan: &'p Plan, segment: Interval) -> World<'p> {
        World::fuelled(plan, segment, self.0.min(FUEL))
    }

    /// What a world of this has taken is gone.
    pub(super) fn taken(&mut self, world: &World<'_>) {
        self.0 -= self.0.min(FUEL).saturating_sub(world.solver.fuel());
    }
}

/// A number of a policy.
pub(super) fn exact(number: &Number) -> Q {
    let (n, d) = number.parts();
    Q::new(n, d)
}

impl<'p> World<'p> {
    /// A world on the days of an interval.
    pub(super) fn new(plan: &'p Plan, segment: Interval) -> Self {
        Self::fuelled(plan, segment, FUEL)
    }

    fn fuelled(plan: &'p Plan, segment: Interval, fuel: u64) -> Self {
        let mut solver = Solver::new(fuel);
        let from = segment.from.filter(|from| *from > FIRST).unwrap_or(FIRST);
        let last = segment
            .until
            .filter(|until| *until <= LAST)
            .map_or(day_number(LAST), |until| day_number(until) - 1);
        let as_of = solver.number(true, Some(whole(day_number(from))), Some(whole(last)));
        Self {
            plan,
            solver,
            rows: Vec::new(),
            choices: Vec::new(),
            texts: Vec::new(),
            collections: Vec::new(),
            inputs: BTreeMap::new(),
            as_of,
            segment,
            defines: BTreeMap::new(),
            decisions: BTreeMap::new(),
            requirements: BTreeMap::new(),
            amounts: BTreeMap::new(),
            row_equality: BTreeMap::new(),
            text_equality: BTreeMap::new(),
            products: BTreeMap::new(),
            vague: BTreeSet::new(),
            common: super::common::Common::default(),
            twins: BTreeMap::new(),
            cuts: BTreeMap::new(),
            still: BTreeSet::new(),
            absent: BTreeSet::new(),
            opened: BTreeMap::new(),
            orders: BTreeMap::new(),
            raised: None,
            depth: 0,
            written: 0,
            ran_out: false,
        }
    }

    /// The same unknown records under another law: a plan of the same symbols.
    pub(super) fn under<'q>(self, plan: &'q Plan) -> World<'q> {
        let same = |source: &Source| Some(source.clone());
        World {
            plan,
            collections: World::adopted(self.collections, same, Some),
            solver: self.solver,
            rows: self.rows,
            choices: self.choices,
            texts: self.texts,
            inputs: self.inputs,
            as_of: self.as_of,
            segment: self.segment,
            defines: BTreeMap::new(),
            decisions: BTreeMap::new(),
            requirements: BTreeMap::new(),
            amounts: BTreeMap::new(),
            row_equality: self.row_equality,
            text_equality: self.text_equality,
            products: self.products,
            vague: self.vague,
            common: self.common,
            twins: self.twins,
            cuts: self.cuts,
            still: self.still,
            absent: self.absent,
            opened: self.opened,
            orders: self.orders,
            raised: self.raised,
            depth: 0,
            written: self.written,
            ran_out: self.ran_out,
        }
    }

    /// Whether it is so large that nothing more should be followed.
    pub(super) fn is_large(&self) -> bool {
        self.written > MOST_WRITTEN || self.solver.cnf.is_large()
    }

    /// The law of the day of deciding.
    pub(super) fn law(&self) -> Law {
        let day = self.segment.from.or_else(|| self.segment.until.and_then(|until| until.yesterday().ok()));
        Law { day: day.unwrap_or(FIRST), form: Form::of(self.as_of) }
    }

    /// A new row.
    pub(super) fn row(&mut self, record: RecordId) -> usize {
        self.rows.push(Row { record, fields: BTreeMap::new() });
        self.rows.len() - 1
    }

    /// A second row that is the first but for one fact.
    pub(super) fn twin(&mut self, first: usize, but: Fact) -> Option<usize> {
        let record = self.rows.get(first)?.record;
        let twin = self.row(record);
        self.twins.insert(twin, (first, but));
        Some(twin)
    }

    /// The row itself, of a twin the first of the two.
    pub(super) fn first_of(&self, row: usize) -> usize {
        self.twins.get(&row).map_or(row, |(first, _)| *first)
    }

    /// All of these.
    pub(super) fn all(&mut self, lits: impl IntoIterator<Item = Lit>) -> Lit {
        self.solver.cnf.all(lits)
    }

    /// Some of these.
    pub(super) fn any(&mut self, lits: impl IntoIterator<Item = Lit>) -> Lit {
        self.solver.cnf.any(lits)
    }

    pub(super) fn both(&mut self, a: Rails, b: Rails) -> Rails {
        Rails { yes: self.all([a.yes, b.yes]), no: self.any([a.no, b.no]) }
    }

    pub(super) fn either(&mut self, a: Rails, b: Rails) -> Rails {
        Rails { yes: self.any([a.yes, b.yes]), no: self.all([a.no, b.no]) }
    }

    /// When a condition is yes and when no: what is known and not `yes` is no.
    pub(super) fn rails(&mut self, sym: &Sym) -> Rails {
        let yes = |leaf: &Leaf| *leaf == Leaf::Flag(true);
        let on: Vec<Lit> = sym.cases.iter().filter(|(_, leaf)| yes(leaf)).map(|(when, _)| *when).collect();
        let off: Vec<Lit> = sym.cases.iter().filter(|(_, leaf)| !yes(leaf)).map(|(when, _)| *when).collect();
        Rails { yes: self.any(on), no: self.any(off) }
    }

    /// The value of a field of a row.
    pub(super) fn field(&mut self, row: usize, field: u32) -> Sym {
        let Some(known) = self.rows.get(row) else { return Sym::unknown() };
        if let Some(sym) = known.fields.get(&field) {
            return sym.clone();
        }
        if let Some((first, but)) = self.twins.get(&row).copied()
            && but != Fact::Field(known.record, field)
        {
            return self.field(first, field);
        }
        let symbols = &self.plan.symbols;
        let declared = symbols.record(known.record).and_then(|record| record.fields.get(field as usize));
        let Some(declared) = declared.filter(|field| field.kind == FieldKind::Cell) else {
            return Sym::unknown();
        };
        let mut sym = self.any_of(declared.ty);
        if declared.judged_by.is_some() && sym.missing == Lit::NO {
            let made = self.solver.cnf.free();
            self.guard(&mut sym, made);
        }
        if declared.judged_by.is_some() {
            // A finding that is not made is awaited, never missing.
            sym.missing = Lit::NO;
        }
        if let Some(absent) =
            declared.absent.as_ref().filter(|absent| matches!(absent.value, Value::Never | Value::None))
        {
            let absent = if absent.value == Value::Never { Leaf::Never } else { Leaf::None };
            let is_absent = self.solver.cnf.free();
            self.guard(&mut sym, !is_absent);
            sym.cases.push((is_absent, absent));
        }
        if let Some(row) = self.rows.get_mut(row) {
            row.fields.insert(field, sym.clone());
        }
        sym
    }

    /// The cases of a value hold only where this does.
    pub(super) fn guard(&mut self, sym: &mut Sym, when: Lit) {
        for (case, _) in &mut sym.cases {
            *case = self.solver.cnf.all([*case, when]);
        }
        sym.missing = self.solver.cnf.all([sym.missing, when]);
    }

    /// Anything of a type.
    pub(super) fn any_of(&mut self, ty: Type) -> Sym {
        let whole_from = |low: Option<i64>, high: Option<i64>| (true, low.map(whole), high.map(whole));
        let number = |world: &mut Self, (is_whole, low, high): (bool, Option<Q>, Option<Q>)| {
            Leaf::Num(Form::of(world.solver.number(is_whole, low, high)))
        };
        let mut sym = match ty.base {
            Base::Flag => {
                let yes = self.solver.cnf.free();
                Sym::flag(yes, !yes)
            }
            Base::Count => Sym::of(number(self, whole_from(Some(0), None))),
            Base::Number | Base::Percent => Sym::of(number(self, (false, None, None))),
            Base::Money => {
                // Money on file is whole cents.
                let cents = self.solver.number(true, None, None);
                Sym::of(Leaf::Num(Form::of(cents).scaled(&Q::new(BigInt::from(1), BigInt::from(100)))))
            }
            Base::Date => Sym::of(number(self, whole_from(Some(day_number(FIRST)), Some(day_number(LAST))))),
            Base::SchoolYear => Sym::of(number(self, whole_from(Some(1900), Some(2198)))),
            Base::Days | Base::Months => Sym::of(number(self, whole_from(None, None))),
            Base::Category(category) => {
                let values = self.plan.symbols.category(category).map_or(0, |category| category.values.len());
                self.choices.push(Choice {
                    values: u32::try_from(values).unwrap_or(u32::MAX),
                    picked: BTreeMap::new(),
                });
                Sym::of(Leaf::CatOf(self.choices.len() - 1))
            }
            Base::Text => {
                self.texts.push(TextChoice::default());
                Sym::of(Leaf::TextOf(self.texts.len() - 1))
            }
            Base::Record(record) => Sym::of(Leaf::Row(self.row(record))),
            Base::Many(_) | Base::Set(_) | Base::Damaged => Sym::unknown(),
        };
        if ty.optional {
            let missing = self.solver.cnf.free();
            self.guard(&mut sym, !missing);
            sym.missing = missing;
        }
        sym
    }

    /// What cannot be followed: anything of its type, perhaps unknown.
    pub(super) fn opaque(&mut self, ty: Type, why: impl Into<String>) -> Sym {
        self.vague.insert(why.into());
        self.anything(ty)
    }

    /// Anything of its type, perhaps unknown.
    pub(super) fn anything(&mut self, ty: Type) -> Sym {
        let mut sym = self.any_of(ty);
        let known = self.solver.cnf.free();
        self.guard(&mut sym, known);
        sym
    }

    /// A condition that cannot be followed.
    pub(super) fn opaque_rails(&mut self, why: impl Into<String>) -> Rails {
        self.vague.insert(why.into());
        let (yes, no) = (self.solver.cnf.free(), self.solver.cnf.free());
        self.solver.cnf.clause(&[!yes, !no]);
        Rails { yes, no }
    }

    /// The choice is that value.
    pub(super) fn picks(&mut self, choice: usize, value: u32) -> Lit {
        let Some(known) = self.choices.get(choice) else { return Lit::NO };
        if value >= known.values {
            return Lit::NO;
        }
        if known.values == 1 {
            return Lit::YES;
        }
        if let Some(lit) = known.picked.get(&value) {
            return *lit;
        }
        let others: Vec<Lit> = known.picked.values().copied().collect();
        // The last of all values is the one that the others are not.
        if others.len() + 1 == known.values as usize {
            let last = self.all(others.iter().map(|other| !*other));
            if let Some(known) = self.choices.get_mut(choice) {
                known.picked.insert(value, last);
            }
            return last;
        }
        let lit = self.solver.cnf.free();
        for other in others {
            self.solver.cnf.clause(&[!lit, !other]);
        }
        if let Some(known) = self.choices.get_mut(choice) {
            known.picked.insert(value, lit);
        }
        lit
    }

    /// The text is that one.
    pub(super) fn reads(&mut self, text: usize, value: &Arc<str>) -> Lit {
        let Some(known) = self.texts.get(text) else { return Lit::NO };
        if let Some(lit) = known.picked.get(value) {
            return *lit;
        }
        let others: Vec<Lit> = known.picked.values().copied().collect();
        let tests = known.tests.clone();
        let lit = self.solver.cnf.free();
        for other in others {
            self.solver.cnf.clause(&[!lit, !other]);
        }
        for (test, pattern, holds) in tests {
            if let Some(passes) = passes(test, value, &pattern) {
                self.solver.cnf.clause(&[!lit, if passes { holds } else { !holds }]);
            }
        }
        if let Some(known) = self.texts.get_mut(text) {
            known.picked.insert(Arc::clone(value), lit);
        }
        lit
    }

    /// The text passes a test.
    pub(super) fn text_passes(&mut self, text: usize, test: TextTest, pattern: &Arc<str>) -> Lit {
        let Some(known) = self.texts.get(text) else { return Lit::NO };
        if let Some((_, _, lit)) = known.tests.iter().find(|(kind, of, _)| *kind == test && of == pattern) {
            return *lit;
        }
        let picked: Vec<(Arc<str>, Lit)> =
            known.picked.iter().map(|(value, lit)| (Arc::clone(value), *lit)).collect();
        let holds = self.solver.cnf.free();
        for (value, lit) in picked {
            if let Some(passes) = passes(test, &value, pattern) {
                self.solver.cnf.clause(&[!lit, if passes { holds } else { !holds }]);
            }
        }
        if let Some(known) = self.texts.get_mut(text) {
            known.tests.push((test, Arc::clone(pattern), holds));
        }
        holds
    }

    /// A number that is the form where its case holds: several cases as one unknown, and when it is known.
    pub(super) fn joined(&mut self, cases: &[(Lit, Form)]) -> (Lit, Form) {
        if let [(when, form)] = cases {
            return (*when, form.clone());
        }
        let is_whole = cases.iter().all(|(_, form)| self.solver.is_whole_form(form));
        let num = self.solver.number(is_whole, None, None);
        let value = Form::of(num);
        for (when, form) in cases {
            for side in [self.solver.less(&value, form, true), self.solver.less(form, &value, true)] {
                self.solver.axiom(num, vec![!*when, side]);
            }
        }
        (self.any(cases.iter().map(|(when, _)| *when)), value)
    }
}

/// Whether a text passes a test; nothing where the pattern does not compile.
pub(super) fn passes(test: TextTest, text: &str, pattern: &str) -> Option<bool> {
    Some(match test {
        TextTest::StartsWith => text.starts_with(pattern),
        TextTest::EndsWith => text.ends_with(pattern),
        TextTest::Matches => regex::Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?.is_match(text),
    })
}
