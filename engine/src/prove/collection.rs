//! Rows that belong to a record, counted by kind.
//!
//! The conditions of all aggregates over one collection are read on one row that stands for any. The ways in which they
//! can turn out for a row are its *kinds*; of each kind there are so many rows, and every count is a sum of these. That
//! is exact where the conditions read the row and constants only, and never proves what is false.

use std::collections::{BTreeMap, BTreeSet};

use rubric_grammar::ast::{AggregateKind, QuantityKind};

use super::cnf::Lit;
use super::encode::Frame;
use super::form::{Form, Num, whole};
use super::solver::{Answer, Model};
use super::sym::{Leaf, Rails, Sym};
use super::world::World;
use crate::plan::{CompareOp, ExprId, FieldKind, Op, RowSource, Rows};
use crate::value::{Base, RecordId, Type};

/// Whose rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Those of a `many` field of a row.
    Many(usize, u32),
    /// All rows of a record.
    All(RecordId),
}

/// A condition on the rows of a collection, so that it can be read on another row.
#[derive(Clone, Debug)]
pub(super) struct Test<'p> {
    frame: Frame<'p>,
    slot: u16,
    filter: Option<ExprId>,
    /// And a second condition, or its opposite.
    also: Option<(ExprId, bool)>,
}

/// A condition, and how many rows it lets in.
#[derive(Debug)]
pub(super) struct Counted<'p> {
    /// Not that of another plan, which cannot be read here.
    test: Option<Test<'p>>,
    pub(super) rails: Rails,
    pub(super) sure: Num,
    pub(super) maybe: Num,
}

/// A row that an aggregate chose.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) row: usize,
    /// Which condition it satisfies, and whether there is one.
    pub(super) counted: usize,
    pub(super) exists: Lit,
    /// By what it was chosen, on the row that stands for any.
    by: Sym,
    kind: AggregateKind,
    /// How the conditions of the collection turn out for it.
    pub(super) turned: BTreeMap<usize, Rails>,
}

/// A sum over the rows that a condition lets in.
#[derive(Debug)]
pub(super) struct Summed {
    pub(super) counted: usize,
    pub(super) operand: Sym,
    kind: AggregateKind,
    pub(super) value: Num,
}

/// A kind of row: how the conditions turn out, and how many there are.
#[derive(Debug)]
pub(super) struct Sort {
    /// For each condition, whether it is yes and whether it is no.
    pub(super) signs: Vec<Lit>,
    pub(super) count: Num,
}

/// The rows of one source.
#[derive(Debug)]
pub(super) struct Collection<'p> {
    pub(super) source: Source,
    /// The row that stands for any.
    pub(super) any: usize,
    pub(super) record: RecordId,
    pub(super) counted: Vec<Counted<'p>>,
    pub(super) chosen: Vec<Chosen>,
    pub(super) summed: Vec<Summed>,
    pub(super) sorts: Vec<Sort>,
    sorted: usize,
}

/// More kinds of rows than this are not told apart.
const MOST_SORTS: usize = 48;

impl<'p> World<'p> {
    pub(super) fn aggregate(&mut self, frame: &Frame<'p>, op: &'p Op, ty: Type) -> Sym {
        match op {
            Op::Quantity(kind, n, rows) => {
                let n = self.value(frame, *n);
                let counted = self.count(frame, rows, None);
                let op = match kind {
                    QuantityKind::AtLeast => CompareOp::Ge,
                    QuantityKind::AtMost => CompareOp::Le,
                    QuantityKind::Exactly => CompareOp::Eq,
                };
                let rails = self.compare(op, &counted, &n);
                Sym::flag(rails.yes, rails.no)
            }
            Op::Aggregate { kind, rows, operand } => {
                if let RowSource::Values(category) = rows.source {
                    let values =
                        self.plan.symbols.category(category).map_or(0, |category| category.values.len());
                    return self.over_values(
                        frame,
                        (*kind, rows, *operand),
                        u32::try_from(values).unwrap_or(u32::MAX),
                        ty,
                    );
                }
                self.over_rows(frame, (*kind, rows, *operand), ty)
            }
            Op::Pick { kind, rows, by, read } => self.pick(frame, *kind, rows, (*by, *read), ty),
            _ => Sym::unknown(),
        }
    }

    /// Over the values of a category: each by itself.
    fn over_values(
        &mut self,
        frame: &Frame<'p>,
        (kind, rows, operand): (AggregateKind, &'p Rows, Option<ExprId>),
        values: u32,
        ty: Type,
    ) -> Sym {
        let mut lets_in = Vec::new();
        for value in 0..values.min(200) {
            let inner = frame.with(rows.slot, Leaf::Cat(value));
            let filter = rows.filter.map_or(Rails::YES, |filter| self.condition(&inner, filter));
            let satisfies = match (kind, operand) {
                (AggregateKind::All | AggregateKind::SomeAndAll, Some(operand)) => {
                    let satisfies = self.condition(&inner, operand);
                    self.either(filter.not(), satisfies)
                }
                _ => filter,
            };
            lets_in.push((filter, satisfies));
        }
        let any = Rails {
            yes: self.any(lets_in.iter().map(|(filter, _)| filter.yes)),
            no: self.all(lets_in.iter().map(|(filter, _)| filter.no)),
        };
        let all = Rails {
            yes: self.all(lets_in.iter().map(|(_, satisfies)| satisfies.yes)),
            no: self.any(lets_in.iter().map(|(_, satisfies)| satisfies.no)),
        };
        let rails = match kind {
            AggregateKind::Any => any,
            AggregateKind::None => any.not(),
            AggregateKind::All => all,
            AggregateKind::SomeAndAll => self.both(any, all),
            AggregateKind::Count => {
                let (mut low, mut high) = (Form::default(), Form::default());
                for (filter, _) in &lets_in {
                    low = low.plus(&self.as_number(filter.yes));
                    high = high.plus(&self.as_number(!filter.no));
                }
                return Sym::of(if low == high { Leaf::Num(low) } else { Leaf::Range(low, high) });
            }
            _ => return self.opaque(ty, "an aggregate over the values of a category"),
        };
        Sym::flag(rails.yes, rails.no)
    }

    /// One where it holds, else nothing.
    fn as_number(&mut self, when: Lit) -> Form {
        match when {
            Lit::YES => Form::whole(1),
            Lit::NO => Form::default(),
            when => {
                let num = self.solver.number(true, Some(whole(0)), Some(whole(1)));
                let is_one = self.solver.less(&Form::whole(1), &Form::of(num), true);
                self.solver.axiom(num, vec![!when, is_one]);
                self.solver.axiom(num, vec![when, !is_one]);
                Form::of(num)
            }
        }
    }

    fn over_rows(
        &mut self,
        frame: &Frame<'p>,
        (kind, rows, operand): (AggregateKind, &'p Rows, Option<ExprId>),
        ty: Type,
    ) -> Sym {
        let zero = Sym::of(Leaf::Num(Form::default()));
        match kind {
            AggregateKind::Count => self.count(frame, rows, None),
            AggregateKind::Any | AggregateKind::None => {
                let counted = self.count(frame, rows, None);
                let op = if kind == AggregateKind::Any { CompareOp::Gt } else { CompareOp::Eq };
                let rails = self.compare(op, &counted, &zero);
                Sym::flag(rails.yes, rails.no)
            }
            AggregateKind::All | AggregateKind::SomeAndAll => {
                let Some(satisfy) = operand else { return Sym::unknown() };
                let failing = self.count(frame, rows, Some((satisfy, false)));
                let mut rails = self.compare(CompareOp::Eq, &failing, &zero);
                if kind == AggregateKind::SomeAndAll {
                    let counted = self.count(frame, rows, None);
                    let some = self.compare(CompareOp::Gt, &counted, &zero);
                    rails = self.both(rails, some);
                }
                Sym::flag(rails.yes, rails.no)
            }
            AggregateKind::Highest | AggregateKind::Lowest | AggregateKind::Average => {
                let Some(operand) = operand else { return Sym::unknown() };
                self.pick(frame, kind, rows, (Some(operand), operand), ty)
            }
            AggregateKind::Sum | AggregateKind::CountDistinct => {
                let Some(operand) = operand else { return Sym::unknown() };
                self.sum(frame, kind, rows, operand, ty)
            }
            AggregateKind::Latest | AggregateKind::Earliest | AggregateKind::Only => Sym::unknown(),
        }
    }

    /// The collection that rows come from, and when there is one.
    fn collection(&mut self, frame: &Frame<'p>, source: &'p RowSource) -> Option<(Lit, usize)> {
        let (when, source, record) = match source {
            RowSource::Many { of, field } => {
                let owner = self.plain(frame, *of);
                let [(when, Leaf::Row(row))] = *owner.cases.as_slice() else { return None };
                let record = self.rows.get(row)?.record;
                match self.plan.symbols.record(record)?.fields.get(*field as usize)?.kind {
                    FieldKind::Many { record, .. } => {
                        (when, Source::Many(self.first_of(row), *field), record)
                    }
                    _ => return None,
                }
            }
            RowSource::All(record) => (Lit::YES, Source::All(*record), *record),
            RowSource::Values(_) | RowSource::Flatten { .. } => return None,
        };
        if self.plan.symbols.record(record)?.kind != crate::plan::RecordKind::Record {
            return None;
        }
        if let Some(known) = self.collections.iter().position(|collection| collection.source == source) {
            return Some((when, known));
        }
        let any = self.row(record);
        self.belongs(any, &source);
        self.collections.push(Collection {
            source,
            any,
            record,
            counted: Vec::new(),
            chosen: Vec::new(),
            summed: Vec::new(),
            sorts: Vec::new(),
            sorted: 0,
        });
        Some((when, self.collections.len() - 1))
    }

    /// A row of a `many` field names its owner.
    fn belongs(&mut self, row: usize, source: &Source) {
        let Source::Many(owner, field) = source else { return };
        let by = self.rows.get(*owner).and_then(|owner| {
            match self.plan.symbols.record(owner.record)?.fields.get(*field as usize)?.kind {
                FieldKind::Many { by, .. } => Some(by),
                _ => None,
            }
        });
        if let (Some(by), Some(row)) = (by, self.rows.get_mut(row)) {
            row.fields.insert(by, Sym::of(Leaf::Row(*owner)));
        }
    }

    /// A condition on a row.
    fn holds(&mut self, test: &Test<'p>, row: usize) -> Rails {
        let inner = test.frame.with(test.slot, Leaf::Row(row));
        let filter = test.filter.map_or(Rails::YES, |filter| self.condition(&inner, filter));
        match test.also {
            None => filter,
            Some((also, positive)) => {
                let also = self.condition(&inner, also);
                self.both(filter, if positive { also } else { also.not() })
            }
        }
    }

    /// The condition of an aggregate among those of its collection.
    fn counted(
        &mut self,
        frame: &Frame<'p>,
        rows: &'p Rows,
        also: Option<(ExprId, bool)>,
    ) -> Option<(Lit, usize, usize)> {
        let (when, at) = self.collection(frame, &rows.source)?;
        let any = self.collections.get(at)?.any;
        let test = Test { frame: frame.clone(), slot: rows.slot, filter: rows.filter, also };
        let rails = self.holds(&test, any);
        if let Some(known) =
            self.collections.get(at)?.counted.iter().position(|counted| counted.rails == rails)
        {
            return Some((when, at, known));
        }
        let sure = self.solver.number(true, Some(whole(0)), None);
        let maybe =
            if rails.no == !rails.yes { sure } else { self.solver.number(true, Some(whole(0)), None) };
        if maybe != sure {
            let ordered = self.solver.less(&Form::of(sure), &Form::of(maybe), true);
            self.solver.axiom(sure, vec![ordered]);
            self.solver.axiom(maybe, vec![ordered]);
        }
        let chosen: Vec<(usize, Lit)> =
            self.collections.get(at)?.chosen.iter().map(|chosen| (chosen.row, chosen.exists)).collect();
        let position = self.collections.get(at)?.counted.len();
        for (number, (row, exists)) in chosen.into_iter().enumerate() {
            let turned = self.is_counted(&test, (row, exists), sure);
            if let Some(chosen) = self.collections.get_mut(at)?.chosen.get_mut(number) {
                chosen.turned.insert(position, turned);
            }
        }
        let counted = &mut self.collections.get_mut(at)?.counted;
        counted.push(Counted { test: Some(test), rails, sure, maybe });
        Some((when, at, position))
    }

    /// A chosen row that a condition lets in is one of those it lets in.
    fn is_counted(&mut self, test: &Test<'p>, (row, exists): (usize, Lit), sure: Num) -> Rails {
        let rails = self.holds(test, row);
        let some = self.solver.less(&Form::whole(1), &Form::of(sure), true);
        self.solver.axiom(sure, vec![!exists, !rails.yes, some]);
        rails
    }

    /// How many rows a condition lets in.
    fn count(&mut self, frame: &Frame<'p>, rows: &'p Rows, also: Option<(ExprId, bool)>) -> Sym {
        let Some((when, at, counted)) = self.counted(frame, rows, also) else {
            // Between nothing and more than nothing, told apart only by a number of its own.
            self.vague.insert("rows of rows, of a group or of a row that may be missing".to_owned());
            let low = self.solver.number(true, Some(whole(0)), None);
            let high = self.solver.number(true, Some(whole(0)), None);
            let ordered = self.solver.less(&Form::of(low), &Form::of(high), true);
            self.solver.axiom(low, vec![ordered]);
            self.solver.axiom(high, vec![ordered]);
            let known = self.solver.cnf.free();
            return Sym {
                cases: vec![(known, Leaf::Range(Form::of(low), Form::of(high)))],
                missing: Lit::NO,
            };
        };
        let Some((sure, maybe)) = self.numbers_of(at, counted) else { return Sym::unknown() };
        let leaf = if sure == maybe {
            Leaf::Num(Form::of(sure))
        } else {
            Leaf::Range(Form::of(sure), Form::of(maybe))
        };
        Sym { cases: vec![(when, leaf)], missing: Lit::NO }
    }

    fn numbers_of(&self, at: usize, counted: usize) -> Option<(Num, Num)> {
        let counted = self.collections.get(at)?.counted.get(counted)?;
        Some((counted.sure, counted.maybe))
    }

    /// A row that is chosen, and what is read of it: the latest, the highest, the only one.
    fn pick(
        &mut self,
        frame: &Frame<'p>,
        kind: AggregateKind,
        rows: &'p Rows,
        (by, read): (Option<ExprId>, ExprId),
        ty: Type,
    ) -> Sym {
        let Some((when, at, counted)) = self.counted(frame, rows, None) else {
            return self.opaque(ty, "a row chosen among rows of rows or of a group");
        };
        let Some((sure, maybe)) = self.numbers_of(at, counted) else { return Sym::unknown() };
        let Some(any) = self.collections.get(at).map(|collection| collection.any) else {
            return Sym::unknown();
        };
        let on_any = frame.with(rows.slot, Leaf::Row(any));
        let by = by.map_or_else(Sym::unknown, |by| self.plain(&on_any, by));
        let exists = match kind {
            // One that is sure, and no other that may be.
            AggregateKind::Only => {
                let one = self.solver.less(&Form::whole(1), &Form::of(sure), true);
                let no_more = self.solver.less(&Form::of(maybe), &Form::whole(1), true);
                self.all([when, one, no_more])
            }
            _ => {
                let some = self.solver.less(&Form::whole(1), &Form::of(sure), true);
                self.all([when, some])
            }
        };
        let empty = self.solver.less(&Form::of(maybe), &Form::default(), true);
        let empty = self.all([when, empty]);
        let known = self.collections.get(at).and_then(|collection| {
            let same = |chosen: &&Chosen| chosen.counted == counted && chosen.by == by && chosen.kind == kind;
            collection.chosen.iter().find(same).map(|chosen| chosen.row)
        });
        let row = match known {
            Some(row) => row,
            None => {
                self.choose_row(at, Chosen { row: 0, counted, exists, by, kind, turned: BTreeMap::new() })
            }
        };
        let mut value = self.plain(&frame.with(rows.slot, Leaf::Row(row)), read);
        self.guard(&mut value, exists);
        value.missing = self.any([value.missing, empty]);
        value
    }

    fn choose_row(&mut self, at: usize, chosen: Chosen) -> usize {
        let Some(collection) = self.collections.get(at) else { return 0 };
        let (record, source) = (collection.record, collection.source.clone());
        let tests: Vec<(Option<Test<'p>>, Num)> =
            collection.counted.iter().map(|counted| (counted.test.clone(), counted.sure)).collect();
        let row = self.row(record);
        self.belongs(row, &source);
        let mut turned = BTreeMap::new();
        for (position, (test, sure)) in tests.iter().enumerate() {
            let Some(test) = test else { continue };
            let rails = if position == chosen.counted {
                let rails = self.holds(test, row);
                self.solver.cnf.clause(&[!chosen.exists, rails.yes]);
                rails
            } else {
                self.is_counted(test, (row, chosen.exists), *sure)
            };
            turned.insert(position, rails);
        }
        if let Some(collection) = self.collections.get_mut(at) {
            collection.chosen.push(Chosen { row, turned, ..chosen });
        }
        row
    }

    /// A sum, or a count of distinct values: a number that the rows allow.
    fn sum(
        &mut self,
        frame: &Frame<'p>,
        kind: AggregateKind,
        rows: &'p Rows,
        operand: ExprId,
        ty: Type,
    ) -> Sym {
        let Some((when, at, counted)) = self.counted(frame, rows, None) else {
            return self.opaque(ty, "a sum over rows of rows or of a group");
        };
        let Some((sure, maybe)) = self.numbers_of(at, counted) else { return Sym::unknown() };
        let Some(any) = self.collections.get(at).map(|collection| collection.any) else {
            return Sym::unknown();
        };
        let counts = frame.code.get(operand).is_some_and(|expr| expr.ty.base == Base::Count);
        let operand = self.plain(&frame.with(rows.slot, Leaf::Row(any)), operand);
        let known = self.collections.get(at).and_then(|collection| {
            let same = |summed: &&Summed| {
                summed.counted == counted && summed.operand == operand && summed.kind == kind
            };
            collection.summed.iter().find(same).map(|summed| summed.value)
        });
        let value = match known {
            Some(value) => value,
            None => {
                let distinct = kind == AggregateKind::CountDistinct;
                let is_whole = distinct
                    || operand
                        .cases
                        .iter()
                        .all(|(_, leaf)| matches!(leaf, Leaf::Num(form) if self.solver.is_whole_form(form)));
                let value = self.solver.number(is_whole, (counts || distinct).then(|| whole(0)), None);
                let form = Form::of(value);
                let empty = self.solver.less(&Form::of(maybe), &Form::default(), true);
                let nothing = self.solver.equal(&form, &Form::default());
                self.solver.axiom(value, vec![!empty, nothing]);
                if distinct {
                    let at_most = self.solver.less(&form, &Form::of(sure), true);
                    self.solver.axiom(value, vec![at_most]);
                    let some = self.solver.less(&Form::whole(1), &Form::of(sure), true);
                    let one = self.solver.less(&Form::whole(1), &form, true);
                    self.solver.axiom(value, vec![!some, one]);
                    self.vague.insert("a count of distinct values".to_owned());
                }
                if let Some(collection) = self.collections.get_mut(at) {
                    collection.summed.push(Summed { counted, operand: operand.clone(), kind, value });
                }
                value
            }
        };
        // Exact only where it is known which rows count.
        let exact =
            if sure == maybe { Lit::YES } else { self.solver.less(&Form::of(maybe), &Form::of(sure), true) };
        let known = if operand.cases.iter().any(|(when, _)| *when == Lit::YES) {
            Lit::YES
        } else {
            self.solver.cnf.free()
        };
        Sym { cases: vec![(self.all([when, exact, known]), Leaf::Num(Form::of(value)))], missing: Lit::NO }
    }

    /// The collections in the terms of another plan; their conditions cannot be read again there.
    pub(super) fn adopted<'q>(
        collections: Vec<Collection<'p>>,
        source: impl Fn(&Source) -> Option<Source>,
        record: impl Fn(RecordId) -> Option<RecordId>,
    ) -> Vec<Collection<'q>> {
        let adopt = |collection: Collection<'p>| -> Option<Collection<'q>> {
            let counted = collection.counted.into_iter().map(|counted| Counted {
                test: None,
                rails: counted.rails,
                sure: counted.sure,
                maybe: counted.maybe,
            });
            Some(Collection {
                source: source(&collection.source)?,
                record: record(collection.record)?,
                any: collection.any,
                counted: counted.collect(),
                chosen: collection.chosen,
                summed: collection.summed,
                sorts: collection.sorts,
                sorted: collection.sorted,
            })
        };
        collections.into_iter().filter_map(adopt).collect()
    }

    /// Finds the kinds of rows of every collection whose conditions have changed since.
    pub(super) fn sort_rows(&mut self) {
        for at in 0..self.collections.len() {
            let Some(collection) = self.collections.get(at) else { continue };
            if collection.sorted == collection.counted.len() {
                continue;
            }
            let signs: Vec<Lit> =
                collection.counted.iter().flat_map(|counted| [counted.rails.yes, counted.rails.no]).collect();
            let sums: Vec<(Num, Num)> =
                collection.counted.iter().map(|counted| (counted.sure, counted.maybe)).collect();
            let sorts = self.sorts(&signs);
            if let Some(sorts) = &sorts {
                for (position, (sure, maybe)) in sums.iter().enumerate() {
                    let yes = |sort: &&Sort| {
                        signs
                            .get(2 * position)
                            .is_some_and(|sign| sort.signs.contains(sign) || *sign == Lit::YES)
                    };
                    let not_no = |sort: &&Sort| {
                        signs
                            .get(2 * position + 1)
                            .is_some_and(|sign| sort.signs.contains(&!*sign) || *sign == Lit::NO)
                    };
                    let total = |sorts: &mut dyn Iterator<Item = &Sort>| {
                        sorts.fold(Form::default(), |sum, sort| sum.plus(&Form::of(sort.count)))
                    };
                    self.solver.define(*sure, total(&mut sorts.iter().filter(yes)));
                    if maybe != sure {
                        self.solver.define(*maybe, total(&mut sorts.iter().filter(not_no)));
                    }
                }
            } else {
                self.vague.insert("too many kinds of rows".to_owned());
            }
            if let Some(collection) = self.collections.get_mut(at) {
                collection.sorted = collection.counted.len();
                collection.sorts = sorts.unwrap_or_default();
            }
        }
    }

    fn sorts(&mut self, signs: &[Lit]) -> Option<Vec<Sort>> {
        let searching = self.solver.cnf.free();
        let mut found = Vec::new();
        loop {
            let model: Model = match self.solver.solve(&[searching], signs, &mut 4) {
                Answer::Never(_) => return Some(found),
                Answer::Exhausted => return None,
                Answer::Model(model) => model,
            };
            let turned: Vec<Lit> =
                signs.iter().map(|sign| if model.holds(*sign) { *sign } else { !*sign }).collect();
            let distinct: BTreeSet<Lit> = turned.iter().copied().filter(|sign| sign.var() != 0).collect();
            let turned: Vec<Lit> = distinct.iter().copied().collect();
            let mut others: Vec<Lit> = turned.iter().map(|sign| !*sign).collect();
            others.push(!searching);
            self.solver.cnf.clause(&others);
            if found.len() >= MOST_SORTS {
                return None;
            }
            let count = self.solver.number(true, Some(whole(0)), None);
            found.push(Sort { signs: turned, count });
        }
    }
}
