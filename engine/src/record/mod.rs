//! A decision compiled, for records that are decided one at a time.
//!
//! The answers are those of the explaining evaluator ([`crate::evaluate`]), which is the definition. [`Compiled`] is the plan
//! of one decision as a list of instructions over columns of states and whole numbers; [`Prepared`] is what it reads of
//! records, laid out for them; a [`Decider`] runs the instructions over one record, or over many. What a result costs then
//! is arithmetic on a few dozen numbers: no maps, no texts, no memory.
//!
//! What has no instruction (a population, text patterns, another decision) is worked out by the evaluator when records are
//! prepared; [`Compiled::asked`] says what. Records that leave what the instructions hold (an overflow, a count that is not exact) are
//! decided by the evaluator; [`Decider::replayed`] says how many.
//!
//! ```
//! use rubric_engine::data::{Cell, Dataset, Origin};
//! use rubric_engine::db::Database;
//! use rubric_engine::evaluate::{By, Options, Verdict};
//! use rubric_engine::plan::{DecisionId, ResultStatus};
//! use rubric_engine::record::Compiled;
//! use rubric_engine::value::{Date, Number, RecordId, Value};
//!
//! let mut db = Database::default();
//! db.set_text("p.rubric", Some(r#"policy p {
//!   title "T" authority state "S" cite "1" effective from 2014-07-01
//! }
//! record Student { key id: text  level: count? }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "1"
//!   default retained
//!   rule reads: promoted when level >= 2
//! }"#));
//! let plan = db.plan();
//! let options = Options::default();
//! let compiled = Compiled::of(&plan, DecisionId(0), Date::constant(2024, 6, 1), &options);
//! assert!(compiled.asked().is_empty());
//!
//! let student = RecordId(0);
//! let mut records = Dataset::new(&plan.symbols);
//! for (id, level) in [("ana", Some(3)), ("bo", Some(1)), ("cy", None)] {
//!     let level = level.map_or(Cell::Missing, |n| Cell::Known(Value::Number(Number::from_int(n))));
//!     let row = vec![Cell::Known(Value::Text(id.into())), level];
//!     records.supply(&plan.symbols, student).unwrap().push(row, Origin::default());
//! }
//! records.finish(&plan.symbols);
//!
//! let prepared = compiled.prepare(&records, 0..3);
//! let mut decider = compiled.decider(&records);
//! assert_eq!(decider.decide(&prepared, 0).verdict, Verdict::Outcome(0));
//! assert_eq!(decider.decide(&prepared, 1).by, [By::Default(0)]);
//! // What an undetermined result needs is told when it is asked for.
//! let open = decider.result(&prepared, 2);
//! assert_eq!(open.verdict, Verdict::Status(ResultStatus::Undetermined));
//! assert_eq!(open.needs[0].field, Some(1));
//! ```

mod compile;
mod instruction;
mod kernel;
mod prepare;
mod run;

use std::ops::Range;
use std::sync::Arc;

use compile::Compiler;
use instruction::{Info, Instruction, Register, Slot, Source, Space};

pub use prepare::Prepared;
pub use run::Decider;

use crate::data::Records;
use crate::evaluate::Options;
use crate::plan::{DecisionBody, DecisionId, Op, Plan};
use crate::value::{Date, RecordId};

/// One decision of a plan, under the law of one day, as instructions. Threads may share it.
pub struct Compiled<'p> {
    plan: &'p Plan,
    decision: DecisionId,
    record: RecordId,
    body: Option<&'p DecisionBody>,
    as_of: Date,
    options: Options,
    spaces: Vec<Space>,
    slots: Vec<Slot>,
    texts: Vec<Arc<str>>,
    code: Vec<Instruction>,
    infos: Vec<Info>,
    /// `where`.
    scope: Option<Register>,
    /// By rule; `None`: not in force.
    conditions: Vec<Option<Register>>,
    /// Why every record is left to the evaluator.
    whole: Option<&'static str>,
}

impl<'p> Compiled<'p> {
    /// The decision under the law of that day, with the inputs and the waivers of the options. Always possible; what it leaves
    /// to the evaluator stands in [`Compiled::asked`].
    #[must_use]
    pub fn of(plan: &'p Plan, decision: DecisionId, as_of: Date, options: &Options) -> Self {
        let symbol = plan.symbols.decision(decision);
        let body = plan.decisions.get(&decision.0);
        let mut compiled = Self {
            plan,
            decision,
            record: symbol.map_or(RecordId(u32::MAX), |symbol| symbol.of),
            body: body.map(|body| &**body),
            as_of,
            options: options.clone(),
            spaces: Vec::new(),
            slots: Vec::new(),
            texts: Vec::new(),
            code: Vec::new(),
            infos: Vec::new(),
            scope: None,
            conditions: Vec::new(),
            whole: None,
        };
        let givens = &options.givens;
        let policy = symbol.and_then(|symbol| plan.symbols.policy(symbol.policy));
        compiled.whole = match (symbol, body) {
            (Some(_), Some(body)) if body.law_on.is_some() => Some("law on a day of the record"),
            (Some(_), Some(_)) if policy.is_some_and(|policy| !policy.effective.contains(as_of)) => {
                Some("a policy that is not in force")
            }
            _ if !(givens.defines.is_empty() && givens.fields.is_empty() && givens.parameters.is_empty()) => {
                Some("facts that a test fixes")
            }
            (Some(_), Some(body)) => {
                let source = Source::Decision(Arc::clone(body));
                (!compiled.compile(&source, body)).then_some("conditions of more than one record")
            }
            _ => Some("a decision with errors"),
        };
        compiled
    }

    fn compile(&mut self, source: &Source, body: &DecisionBody) -> bool {
        let mut compiler = Compiler::new(self.plan, self.as_of, &self.options);
        if let Some(condition) = body.condition {
            match compiler.condition(source, condition) {
                Ok(at) => self.scope = Some(at),
                Err(_) => return false,
            }
        }
        for rule in &body.rules {
            let condition = match rule.when {
                _ if !rule.interval.contains(self.as_of) => Ok(None),
                None => compiler.always().map(Some),
                Some(when) => compiler.condition(source, when).map(Some),
            };
            match condition {
                Ok(condition) => self.conditions.push(condition),
                Err(_) => return false,
            }
        }
        (self.spaces, self.slots, self.texts) = (compiler.spaces, compiler.slots, compiler.texts);
        (self.code, self.infos) = (compiler.code, compiler.infos);
        true
    }

    /// What the evaluator is asked when records are prepared, beside their fields, one word for each expression; or the reason
    /// for which it decides every record.
    #[must_use]
    pub fn asked(&self) -> Vec<&'static str> {
        if let Some(why) = self.whole {
            return vec![why];
        }
        let operation = |slot: &Slot| match &slot.leaf.source.code().get(slot.leaf.expr)?.op {
            Op::Field { .. } => None,
            op => Some(word(op)),
        };
        self.slots.iter().filter_map(operation).collect()
    }

    /// Lays out the records in that range of rows.
    #[must_use]
    pub fn prepare(&self, records: &dyn Records, rows: Range<u32>) -> Prepared {
        prepare::prepare(self, records, rows)
    }

    /// What one thread decides with. The records are those that [`Prepared`] was made of: the evaluator is asked about them
    /// where a record is replayed.
    #[must_use]
    pub fn decider<'r>(&'r self, records: &'r dyn Records) -> Decider<'r> {
        Decider::new(self, records)
    }
}

/// What an operation is called.
const fn word(op: &Op) -> &'static str {
    match op {
        Op::Define { .. } => "a derived fact",
        Op::Decision { .. } => "a decision",
        Op::IsMet { .. } => "a requirement",
        Op::Amount { .. } | Op::Apportion { .. } => "an amount",
        Op::Parameter { .. } => "a parameter",
        Op::Lookup { .. } => "a row by its key",
        Op::Compare(..) | Op::Between(..) | Op::InList(..) | Op::InSet(..) => "a comparison",
        Op::TextTest(..) | Op::Affix(..) => "a text",
        Op::Case(_) => "a `case`",
        Op::Aggregate { .. } | Op::Quantity(..) => "an aggregate",
        Op::Pick { .. } => "a row of several",
        Op::Population(_) => "a population",
        _ => "an expression",
    }
}
