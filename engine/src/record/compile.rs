//! From the plan to instructions.
//!
//! What has no instruction becomes a slot: the evaluator works it out when records are prepared. That is always right,
//! since an expression means the same wherever it stands; only bounds must not be cut off from the comparison that uses
//! them, so a comparison of something bounded is a slot as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use rubric_grammar::ast::{AggregateKind, PartOf, QuantityKind};

use super::instruction::{
    ERROR, Info, Instruction, KNOWN, Kind, Leaf, MISSING, Members, NEVER, NO, NONE, NOT_APPLICABLE, Quotient,
    Register, Slot, Source, Space, UNKNOWN,
};
use crate::evaluate::Options;
use crate::plan::{
    ArithmeticOp, Code, CompareOp, DefineId, Expr, ExprId, FieldKind, InputId, Op, ParameterId, Plan,
    RowSource, Rows, any_operation,
};
use crate::value::{Base, Date, State, Type, Value, date};

/// There is no instruction for it here; whoever uses it has to be a slot.
pub(super) struct NotHere;

type Compiled<T> = Result<T, NotHere>;

/// Expressions nested deeper than this are left to the evaluator.
const DEEPEST: usize = 150;
/// More instructions than this are not made.
const MOST: usize = 20_000;
/// As many places as a number may have.
const PLACES: u8 = 18;

/// What an expression is compiled to.
#[derive(Clone, Copy)]
enum Found {
    At(Register),
    /// A quotient, which only a comparison can hold: numerator and denominator.
    Quotient(Register, Register),
}

/// In whose code an expression stands, and what its slots are bound to.
#[derive(Clone)]
struct Context {
    source: Source,
    /// Space by slot.
    slots: Vec<Option<usize>>,
    arguments: Vec<Found>,
    depth: usize,
}

impl Context {
    fn bound(&self, slot: u16) -> Option<usize> {
        self.slots.get(usize::from(slot)).copied().flatten()
    }
}

/// What is compiled so far.
pub(super) struct Compiler<'p> {
    plan: &'p Plan,
    as_of: Date,
    law: Date,
    options: &'p Options,
    pub(super) spaces: Vec<Space>,
    pub(super) slots: Vec<Slot>,
    pub(super) texts: Vec<Arc<str>>,
    pub(super) code: Vec<Instruction>,
    pub(super) infos: Vec<Info>,
    known: HashMap<(usize, Instruction), Register>,
    defines: HashMap<(DefineId, Option<usize>), Found>,
}

impl<'p> Compiler<'p> {
    pub(super) fn new(plan: &'p Plan, as_of: Date, options: &'p Options) -> Self {
        Self {
            plan,
            as_of,
            law: as_of,
            options,
            spaces: vec![Space { parent: None, field: 0, rows: None }],
            slots: Vec::new(),
            texts: Vec::new(),
            code: Vec::new(),
            infos: Vec::new(),
            known: HashMap::new(),
            defines: HashMap::new(),
        }
    }

    /// The condition of a rule without one.
    pub(super) fn always(&mut self) -> Compiled<Register> {
        self.constant(Kind::Truth, KNOWN, 0)
    }

    /// A condition of the decision, of its records.
    pub(super) fn condition(&mut self, source: &Source, expr: ExprId) -> Compiled<Register> {
        let context =
            Context { source: source.clone(), slots: vec![Some(0)], arguments: Vec::new(), depth: 0 };
        let at = self.register(&context, expr)?;
        if self.info(at).kind != Kind::Truth {
            return Err(NotHere);
        }
        self.lift(at, 0)
    }

    fn info(&self, at: Register) -> Info {
        let none = Info { space: 0, kind: Kind::Truth, missing: false, constant: None };
        self.infos.get(at).copied().unwrap_or(none)
    }

    /// Adds an instruction, or finds the register that has it.
    fn emit(&mut self, instruction: Instruction, info: Info) -> Compiled<Register> {
        if let Some(at) = self.known.get(&(info.space, instruction.clone())) {
            // Constants of several kinds look alike.
            if self.info(*at).kind == info.kind {
                return Ok(*at);
            }
        }
        if self.code.len() >= MOST {
            return Err(NotHere);
        }
        let at = self.code.len();
        self.known.insert((info.space, instruction.clone()), at);
        self.code.push(instruction);
        self.infos.push(info);
        Ok(at)
    }

    fn constant(&mut self, kind: Kind, state: u8, value: i64) -> Compiled<Register> {
        let info = Info { space: 0, kind, missing: state == MISSING, constant: Some((state, value)) };
        self.emit(Instruction::Constant(state, value), info)
    }

    /// The number that stands for a value.
    fn encode(&mut self, kind: Kind, value: &Value) -> Option<i64> {
        if let (Kind::Text, Value::Text(text)) = (kind, value) {
            let at = self.texts.iter().position(|known| known == text).unwrap_or_else(|| {
                self.texts.push(Arc::clone(text));
                self.texts.len() - 1
            });
            return i64::try_from(at).ok();
        }
        encode(kind, value, &self.texts)
    }

    /// The same register for the lanes of a space.
    fn lift(&mut self, at: Register, space: usize) -> Compiled<Register> {
        let info = self.info(at);
        if info.space == space {
            return Ok(at);
        }
        let lifted = Info { space, ..info };
        if let Some((state, value)) = info.constant {
            return self.emit(Instruction::Constant(state, value), lifted);
        }
        let parent = self.spaces.get(space).and_then(|space| space.parent).ok_or(NotHere)?;
        let of_parent = self.lift(at, parent)?;
        self.emit(Instruction::Expand(of_parent), lifted)
    }

    /// The deepest of the spaces, and the registers lifted to it.
    fn level<const N: usize>(&mut self, registers: [Register; N]) -> Compiled<(usize, [Register; N])> {
        let depth = |mut space: usize| {
            let mut depth = 0;
            while let Some(parent) = self.spaces.get(space).and_then(|space| space.parent) {
                (space, depth) = (parent, depth + 1);
            }
            depth
        };
        let spaces = registers.iter().map(|at| self.info(*at)).filter(|info| info.constant.is_none());
        let space = spaces.map(|info| info.space).max_by_key(|space| depth(*space)).unwrap_or(0);
        let mut lifted = registers;
        for at in &mut lifted {
            *at = self.lift(*at, space)?;
        }
        Ok((space, lifted))
    }

    /// The expression as one register.
    fn register(&mut self, context: &Context, expr: ExprId) -> Compiled<Register> {
        match self.compile(context, expr)? {
            Found::At(at) => Ok(at),
            Found::Quotient(..) => Err(NotHere),
        }
    }

    fn compile(&mut self, context: &Context, id: ExprId) -> Compiled<Found> {
        let source = context.source.clone();
        let expr = source.code().get(id).ok_or(NotHere)?;
        if context.depth > DEEPEST {
            return self.slot(context, id, expr).map(Found::At);
        }
        let deeper = Context { depth: context.depth + 1, ..context.clone() };
        let mark = (self.code.len(), self.slots.len(), self.spaces.len(), self.texts.len());
        let found = self.operation(&deeper, id, expr);
        let found = match found {
            Ok(found) => found,
            Err(NotHere) => {
                self.roll_back(mark);
                Found::At(self.slot(context, id, expr)?)
            }
        };
        // Only expressions of a type `T?` can be missing; to all others it is unknown.
        match found {
            Found::At(at) if !expr.ty.optional => self.doubted(at).map(Found::At),
            found => Ok(found),
        }
    }

    fn roll_back(&mut self, (code, slots, spaces, texts): (usize, usize, usize, usize)) {
        self.code.truncate(code);
        self.infos.truncate(code);
        self.slots.truncate(slots);
        self.spaces.truncate(spaces);
        self.texts.truncate(texts);
        self.known.retain(|_, at| *at < code);
        self.defines.retain(|_, found| match found {
            Found::At(at) => *at < code,
            Found::Quotient(a, b) => *a < code && *b < code,
        });
    }

    fn doubted(&mut self, at: Register) -> Compiled<Register> {
        let info = self.info(at);
        if !info.missing {
            return Ok(at);
        }
        if let Some((_, value)) = info.constant {
            return self.constant(info.kind, UNKNOWN, value);
        }
        self.emit(Instruction::Doubt(at), Info { missing: false, ..info })
    }

    /// What is read, or asked of the evaluator, when records are prepared.
    fn slot(&mut self, context: &Context, id: ExprId, expr: &Expr) -> Compiled<Register> {
        let kind = kind_of(expr.ty).ok_or(NotHere)?;
        let code = context.source.code();
        let readable = match (&expr.op, kind) {
            (Op::Literal(_) | Op::Argument(_) | Op::Row(_) | Op::TestRow(_), _) => false,
            (_, Kind::Number(_)) => is_decimal(&expr.op),
            _ => true,
        };
        let mut spaces = Vec::new();
        let foreign = any_operation(code, id, |op| {
            if let Op::Row(slot) = op
                && let Some(space) = context.bound(*slot)
            {
                spaces.push((*slot, space));
            }
            matches!(op, Op::Argument(_) | Op::TestRow(_))
        });
        if !readable || foreign {
            return Err(NotHere);
        }
        // Some operations mean the row in slot 0 without naming it.
        spaces.extend(context.bound(0).map(|space| (0, space)));
        spaces.sort_unstable();
        spaces.dedup();
        // Rows of rows come after the rows that they are of.
        let space = spaces.iter().map(|(_, space)| *space).max().unwrap_or(0);
        if !spaces.iter().all(|(_, outer)| self.is_within(space, *outer)) {
            return Err(NotHere);
        }
        let leaf = Leaf { source: context.source.clone(), expr: id, slots: spaces, law: self.law };
        let slot = Slot { leaf, space, kind, ty: expr.ty };
        let at = self.slots.iter().position(|known| self.same_slot(known, &slot)).unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        let info = Info { space, kind, missing: expr.ty.optional, constant: None };
        self.emit(Instruction::Slot(at), info)
    }

    /// Whether the lanes of a space are lanes of the other, or rows of rows of them.
    fn is_within(&self, mut space: usize, outer: usize) -> bool {
        while space != outer {
            match self.spaces.get(space).and_then(|space| space.parent) {
                Some(parent) => space = parent,
                None => return false,
            }
        }
        true
    }

    /// Whether two slots are the same expression, or the same field of the same rows.
    fn same_slot(&self, a: &Slot, b: &Slot) -> bool {
        let path = |slot: &Slot| {
            let (row, fields) = path_of(slot.leaf.source.code(), slot.leaf.expr)?;
            let space = slot.leaf.slots.iter().find(|(bound, _)| *bound == row)?.1;
            Some((space, fields))
        };
        a == b || (a.ty == b.ty && path(a).is_some_and(|found| Some(found) == path(b)))
    }

    fn operation(&mut self, context: &Context, id: ExprId, expr: &Expr) -> Compiled<Found> {
        let at = match &expr.op {
            Op::Literal(value) => {
                let kind = match value {
                    Value::Number(number) => Kind::Number(number.to_scaled().ok_or(NotHere)?.1),
                    _ => kind_of(expr.ty).ok_or(NotHere)?,
                };
                self.literal(kind, value)?
            }
            Op::AsOf => self.literal(Kind::Day, &Value::Date(self.as_of))?,
            Op::Input(input) => self.input(*input, expr.ty)?,
            Op::Argument(position) => {
                return context.arguments.get(usize::from(*position)).copied().ok_or(NotHere);
            }
            Op::Define { define, of, arguments } => {
                return self.define(context, *define, *of, arguments);
            }
            Op::Parameter { parameter, keys, on } => {
                self.parameter(context, *parameter, keys, *on, expr.ty)?
            }
            Op::Not(a) => {
                let a = self.truth(context, *a)?;
                let info = Info { missing: false, constant: None, ..self.info(a) };
                self.emit(Instruction::Not(a), info)?
            }
            Op::And(a, b) | Op::Or(a, b) => {
                let (a, b) = (self.truth(context, *a)?, self.truth(context, *b)?);
                let both = matches!(expr.op, Op::And(..));
                self.join(both, a, b)?
            }
            Op::Compare(op, a, b) => self.comparison(context, *op, *a, *b)?,
            Op::Between(x, low, high) => {
                let from = self.comparison(context, CompareOp::Le, *low, *x)?;
                let to = self.comparison(context, CompareOp::Le, *x, *high)?;
                self.join(true, from, to)?
            }
            Op::InList(x, list) => self.in_list(context, *x, list)?,
            Op::InSet(x, set) => self.in_set(context, *x, *set)?,
            Op::IsKnown(a) => {
                let a = self.register(context, *a)?;
                self.question(a, Instruction::IsKnown(a))?
            }
            Op::IsMissing(a) => {
                let a = self.register(context, *a)?;
                self.question(a, Instruction::IsMissing(a))?
            }
            Op::IsNone(a) => {
                let a = self.register(context, *a)?;
                // Conditions and numbers have no `none` here: records that do are replayed.
                self.question(a, Instruction::IsNone(a))?
            }
            Op::Presumed(a, otherwise) => {
                let (a, otherwise) = (self.register(context, *a)?, self.register(context, *otherwise)?);
                let (a, otherwise) = self.alike(a, otherwise)?;
                if !self.info(a).missing {
                    return Ok(Found::At(a));
                }
                let (space, [a, otherwise]) = self.level([a, otherwise])?;
                let info =
                    Info { space, missing: self.info(otherwise).missing, constant: None, ..self.info(a) };
                self.emit(Instruction::Presumed(a, otherwise), info)?
            }
            Op::If(condition, yes, no) => {
                let condition = self.truth(context, *condition)?;
                let (yes, no) = (self.register(context, *yes)?, self.register(context, *no)?);
                let (yes, no) = self.alike(yes, no)?;
                // Where the condition is unknown the two are compared, and texts that the decision does not name would be one.
                if self.info(yes).kind == Kind::Text {
                    return Err(NotHere);
                }
                let (space, [condition, yes, no]) = self.level([condition, yes, no])?;
                let missing = self.info(yes).missing || self.info(no).missing;
                let info = Info { space, missing, constant: None, ..self.info(yes) };
                self.emit(Instruction::If(condition, yes, no), info)?
            }
            Op::Arithmetic(op, a, b) => return self.arithmetic(context, *op, *a, *b),
            Op::Aggregate { kind, rows, operand } => self.aggregate(context, *kind, rows, *operand)?,
            Op::Quantity(kind, n, rows) => self.quantity(context, *kind, *n, rows)?,
            _ => self.calendar(context, id, expr)?,
        };
        Ok(Found::At(at))
    }

    /// Strict operations, most of them on days.
    fn calendar(&mut self, context: &Context, id: ExprId, expr: &Expr) -> Compiled<Register> {
        let whole = Kind::Number(0);
        match &expr.op {
            Op::Field { .. } => self.slot(context, id, expr),
            Op::Negate(a) => {
                let a = self.number(context, *a)?;
                let kind = self.info(a).kind;
                self.unary(a, kind, Instruction::Negate(a))
            }
            Op::ToCount(a) => {
                let a = self.number(context, *a)?;
                if self.info(a).kind != whole {
                    return Err(NotHere);
                }
                self.unary(a, whole, Instruction::ToCount(a))
            }
            Op::Min(list) | Op::Max(list) => {
                let greater = matches!(expr.op, Op::Max(_));
                let mut best: Option<Register> = None;
                for item in list {
                    let item = self.register(context, *item)?;
                    best = Some(match best {
                        None => item,
                        Some(best) => {
                            let (a, b) = self.alike(best, item)?;
                            let kind = self.info(a).kind;
                            if matches!(kind, Kind::Text | Kind::Truth) {
                                return Err(NotHere);
                            }
                            self.binary(kind, a, b, |a, b| Instruction::Extreme(greater, a, b))?
                        }
                    });
                }
                best.ok_or(NotHere)
            }
            Op::Shift { start, by, back, month_end } => {
                let unit = context.source.code().get(*by).map(|by| by.ty.base);
                let (start, by) = (self.register(context, *start)?, self.number(context, *by)?);
                if self.info(by).kind != whole {
                    return Err(NotHere);
                }
                let (back, month_end) = (*back, *month_end);
                match (self.info(start).kind, unit) {
                    (Kind::Day, Some(Base::Months)) => self
                        .binary(Kind::Day, start, by, |a, b| Instruction::ShiftMonths(a, b, back, month_end)),
                    (Kind::Day, _) => {
                        self.binary(Kind::Day, start, by, |a, b| Instruction::ShiftDays(a, b, back))
                    }
                    (Kind::Year, _) => {
                        self.binary(Kind::Year, start, by, |a, b| Instruction::ShiftYears(a, b, back))
                    }
                    _ => Err(NotHere),
                }
            }
            Op::Elapsed(unit, a, b, month_end) => {
                let (a, b) = (self.day(context, *a)?, self.day(context, *b)?);
                let (unit, month_end) = (*unit, *month_end);
                self.binary(whole, a, b, |a, b| Instruction::Elapsed(unit, a, b, month_end))
            }
            Op::Age(birth, on, month_end) => {
                let (a, b) = (self.day(context, *birth)?, self.day(context, *on)?);
                let month_end = *month_end;
                self.binary(whole, a, b, |a, b| Instruction::Age(a, b, month_end))
            }
            Op::Part(part @ (PartOf::Year | PartOf::Month | PartOf::Day), a, _) => {
                let a = self.day(context, *a)?;
                self.unary(a, whole, Instruction::Part(*part, a))
            }
            Op::SchoolYearOf(day, start) => {
                let day = self.day(context, *day)?;
                self.unary(day, Kind::Year, Instruction::SchoolYear(day, *start))
            }
            _ => Err(NotHere),
        }
    }

    fn literal(&mut self, kind: Kind, value: &Value) -> Compiled<Register> {
        if let (Kind::Truth, Value::Flag(flag)) = (kind, value) {
            return self.constant(kind, if *flag { KNOWN } else { NO }, 0);
        }
        match self.encode(kind, value) {
            Some(NONE | NOT_APPLICABLE) | None => Err(NotHere),
            Some(value) => self.constant(kind, KNOWN, value),
        }
    }

    fn input(&mut self, input: InputId, ty: Type) -> Compiled<Register> {
        let kind = kind_of(ty).ok_or(NotHere)?;
        match self.options.inputs.get(&input) {
            Some(State::Known(value)) => {
                let kind = match value {
                    Value::Number(number) => Kind::Number(number.to_scaled().ok_or(NotHere)?.1),
                    _ => kind,
                };
                self.literal(kind, value)
            }
            Some(State::Missing) => self.constant(kind, MISSING, 0),
            Some(State::Unknown(_)) => self.constant(kind, UNKNOWN, 0),
            Some(State::Error(_)) => self.constant(kind, ERROR, 0),
            None if ty.optional => self.constant(kind, MISSING, 0),
            None => self.constant(kind, UNKNOWN, 0),
        }
    }

    fn truth(&mut self, context: &Context, expr: ExprId) -> Compiled<Register> {
        let at = self.register(context, expr)?;
        if self.info(at).kind == Kind::Truth { self.doubted(at) } else { Err(NotHere) }
    }

    fn number(&mut self, context: &Context, expr: ExprId) -> Compiled<Register> {
        let at = self.register(context, expr)?;
        if matches!(self.info(at).kind, Kind::Number(_)) { Ok(at) } else { Err(NotHere) }
    }

    fn day(&mut self, context: &Context, expr: ExprId) -> Compiled<Register> {
        let at = self.register(context, expr)?;
        if self.info(at).kind == Kind::Day { Ok(at) } else { Err(NotHere) }
    }

    fn join(&mut self, both: bool, a: Register, b: Register) -> Compiled<Register> {
        self.binary(
            Kind::Truth,
            a,
            b,
            |a, b| {
                if both { Instruction::And(a, b) } else { Instruction::Or(a, b) }
            },
        )
    }

    fn question(&mut self, a: Register, instruction: Instruction) -> Compiled<Register> {
        self.unary(a, Kind::Truth, instruction)
    }

    fn unary(&mut self, a: Register, kind: Kind, instruction: Instruction) -> Compiled<Register> {
        let space = self.info(a).space;
        self.emit(instruction, Info { space, kind, missing: false, constant: None })
    }

    fn binary(
        &mut self,
        kind: Kind,
        a: Register,
        b: Register,
        instruction: impl FnOnce(Register, Register) -> Instruction,
    ) -> Compiled<Register> {
        let (space, [a, b]) = self.level([a, b])?;
        self.emit(instruction(a, b), Info { space, kind, missing: false, constant: None })
    }

    /// Both of one kind and, if numbers, of one scale.
    fn alike(&mut self, a: Register, b: Register) -> Compiled<(Register, Register)> {
        match (self.info(a).kind, self.info(b).kind) {
            (Kind::Number(left), Kind::Number(right)) => {
                let scale = left.max(right);
                Ok((self.rescaled(a, scale)?, self.rescaled(b, scale)?))
            }
            // Texts that the decision does not name are told apart by nothing.
            (left, right) if left == right => Ok((a, b)),
            _ => Err(NotHere),
        }
    }

    fn rescaled(&mut self, at: Register, scale: u8) -> Compiled<Register> {
        let info = self.info(at);
        let Kind::Number(own) = info.kind else { return Err(NotHere) };
        if own == scale {
            return Ok(at);
        }
        let factor = power(scale.checked_sub(own).ok_or(NotHere)?)?;
        let kind = Kind::Number(scale);
        if let Some((state, value)) = info.constant {
            return self.constant(kind, state, value.checked_mul(factor).ok_or(NotHere)?);
        }
        self.emit(Instruction::Rescale(at, factor), Info { kind, ..info })
    }

    fn define(
        &mut self,
        context: &Context,
        define: DefineId,
        of: Option<ExprId>,
        arguments: &[ExprId],
    ) -> Compiled<Found> {
        let plan = self.plan;
        let code = context.source.code();
        let space = match of {
            None => None,
            Some(of) => match code.get(of).map(|of| &of.op) {
                Some(Op::Row(slot)) => Some(context.bound(*slot).ok_or(NotHere)?),
                _ => return Err(NotHere),
            },
        };
        if arguments.is_empty()
            && let Some(found) = self.defines.get(&(define, space))
        {
            return Ok(*found);
        }
        let symbol = plan.symbols.define(define).ok_or(NotHere)?;
        let body = plan.defines.get(&define.0).ok_or(NotHere)?;
        let arm = body.arms.iter().find(|arm| arm.interval.contains(self.law)).ok_or(NotHere)?;
        let mut given = Vec::with_capacity(arguments.len());
        for (argument, (_, ty)) in arguments.iter().zip(&symbol.params) {
            let at = self.register(context, *argument)?;
            given.push(Found::At(if ty.optional { at } else { self.doubted(at)? }));
        }
        let inner = Context {
            source: Source::Define(Arc::clone(body)),
            slots: space.map(|space| vec![Some(space)]).unwrap_or_default(),
            arguments: given,
            depth: context.depth,
        };
        let found = match self.compile(&inner, arm.value)? {
            Found::At(at) if !symbol.ty.optional => Found::At(self.doubted(at)?),
            found => found,
        };
        if arguments.is_empty() {
            self.defines.insert((define, space), found);
        }
        Ok(found)
    }

    /// The row of a parameter in force, where that is the same for all records.
    fn parameter(
        &mut self,
        context: &Context,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
        ty: Type,
    ) -> Compiled<Register> {
        let plan = self.plan;
        let kind = kind_of(ty).ok_or(NotHere)?;
        if on.is_some() {
            return Err(NotHere);
        }
        let body = plan.parameters.get(&parameter.0).ok_or(NotHere)?;
        let row = body.row_at(self.law).ok_or(NotHere)?;
        let single = |values: &Vec<Value>| match values.as_slice() {
            [value] => Some(value.clone()),
            _ => None,
        };
        let as_literal = |compiler: &mut Self, value: &Value| {
            let kind = match value {
                Value::Number(number) => Kind::Number(number.to_scaled().ok_or(NotHere)?.1),
                _ => kind,
            };
            compiler.literal(kind, value)
        };
        match keys {
            [] => {
                let value = match row.cells.get(&Vec::new()) {
                    Some(values) => single(values),
                    None => row.otherwise.clone(),
                };
                as_literal(self, &value.ok_or(NotHere)?)
            }
            [key] => {
                let key = self.register(context, *key)?;
                let info = self.info(key);
                if !matches!(info.kind, Kind::Code | Kind::Year) || kind == Kind::Truth {
                    return Err(NotHere);
                }
                if let Some((KNOWN, code)) = info.constant {
                    let value = match row.cells.get(&vec![code]) {
                        Some(values) => single(values),
                        None => row.otherwise.clone(),
                    };
                    return as_literal(self, &value.ok_or(NotHere)?);
                }
                let mut table = Vec::with_capacity(row.cells.len());
                for (key, values) in &row.cells {
                    let ([key], Some(value)) = (key.as_slice(), single(values)) else { return Err(NotHere) };
                    let value = self.plain(kind, &value)?;
                    table.push((*key, value));
                }
                let otherwise = match &row.otherwise {
                    Some(value) => Some(self.plain(kind, value)?),
                    None => None,
                };
                self.unary(key, kind, Instruction::Table(key, table.into(), otherwise))
            }
            _ => Err(NotHere),
        }
    }

    /// The number that stands for a value which is neither `none` nor not applicable.
    fn plain(&mut self, kind: Kind, value: &Value) -> Compiled<i64> {
        self.encode(kind, value).filter(|value| *value > NOT_APPLICABLE).ok_or(NotHere)
    }

    fn arithmetic(&mut self, context: &Context, op: ArithmeticOp, a: ExprId, b: ExprId) -> Compiled<Found> {
        let (a, b) = (self.number(context, a)?, self.number(context, b)?);
        let at = match op {
            ArithmeticOp::Add | ArithmeticOp::Sub => {
                let (a, b) = self.alike(a, b)?;
                let kind = self.info(a).kind;
                let add = op == ArithmeticOp::Add;
                self.binary(kind, a, b, |a, b| {
                    if add { Instruction::Add(a, b) } else { Instruction::Subtract(a, b) }
                })?
            }
            ArithmeticOp::Mul => {
                let (Kind::Number(left), Kind::Number(right)) = (self.info(a).kind, self.info(b).kind) else {
                    return Err(NotHere);
                };
                if left + right > PLACES {
                    return Err(NotHere);
                }
                self.binary(Kind::Number(left + right), a, b, Instruction::Multiply)?
            }
            ArithmeticOp::Div => return Ok(Found::Quotient(a, b)),
        };
        Ok(Found::At(at))
    }

    /// Whether a value may come with bounds, which a comparison has to see.
    fn is_bounded(&self, context: &Context, id: ExprId) -> bool {
        match context.source.code().get(id).map(|expr| &expr.op) {
            Some(Op::Aggregate { kind, .. }) => matches!(
                kind,
                AggregateKind::Count
                    | AggregateKind::CountDistinct
                    | AggregateKind::Sum
                    | AggregateKind::Highest
                    | AggregateKind::Lowest
            ),
            Some(Op::Define { define, .. }) => self.define_is_bounded(*define, 0),
            _ => false,
        }
    }

    fn define_is_bounded(&self, define: DefineId, depth: usize) -> bool {
        let Some(body) = self.plan.defines.get(&define.0).filter(|_| depth < DEEPEST) else { return true };
        let Some(arm) = body.arms.iter().find(|arm| arm.interval.contains(self.law)) else { return false };
        match body.code.get(arm.value).map(|expr| &expr.op) {
            Some(Op::Aggregate { .. }) => true,
            Some(Op::Define { define, .. }) => self.define_is_bounded(*define, depth + 1),
            _ => false,
        }
    }

    /// A side of a comparison. Aggregates that are compiled are exact, since records where they are not are replayed; one
    /// that became a slot has lost its bounds.
    fn side(&mut self, context: &Context, id: ExprId) -> Compiled<Found> {
        let found = self.compile(context, id)?;
        if self.is_bounded(context, id)
            && let Found::At(at) = found
            && self.is_slot(at)
        {
            return Err(NotHere);
        }
        Ok(found)
    }

    fn is_slot(&self, at: Register) -> bool {
        match self.code.get(at) {
            Some(Instruction::Slot(_)) => true,
            Some(Instruction::Doubt(at) | Instruction::Expand(at) | Instruction::Rescale(at, _)) => {
                self.is_slot(*at)
            }
            _ => false,
        }
    }

    fn comparison(&mut self, context: &Context, op: CompareOp, a: ExprId, b: ExprId) -> Compiled<Register> {
        let (a, b) = (self.side(context, a)?, self.side(context, b)?);
        match (a, b) {
            (Found::At(a), Found::At(b)) => self.compared(op, a, b),
            (Found::Quotient(of, by), Found::At(other)) => self.quotient(op, of, by, other),
            (Found::At(other), Found::Quotient(of, by)) => self.quotient(op.turned(), of, by, other),
            (Found::Quotient(..), Found::Quotient(..)) => Err(NotHere),
        }
    }

    fn compared(&mut self, op: CompareOp, a: Register, b: Register) -> Compiled<Register> {
        let (left, right) = (self.info(a), self.info(b));
        if (left.kind, right.kind) == (Kind::Truth, Kind::Truth) {
            let alike = match op {
                CompareOp::Eq => true,
                CompareOp::Ne => false,
                _ => return Err(NotHere),
            };
            return self.binary(Kind::Truth, a, b, |a, b| Instruction::Alike(alike, a, b));
        }
        if left.constant.is_some() && right.constant.is_none() {
            return self.compared(op.turned(), b, a);
        }
        if left.kind == Kind::Text
            && (right.constant.is_none() || !matches!(op, CompareOp::Eq | CompareOp::Ne))
        {
            return Err(NotHere);
        }
        if let Some((KNOWN, value)) = right.constant
            && let Some((op, value)) = threshold(op, left.kind, right.kind, value)
        {
            return self.unary(a, Kind::Truth, Instruction::CompareConstant(op, a, value));
        }
        let (a, b) = self.alike(a, b)?;
        self.binary(Kind::Truth, a, b, |a, b| Instruction::Compare(op, a, b))
    }

    /// A comparison of a quotient, cross-multiplied.
    fn quotient(&mut self, op: CompareOp, of: Register, by: Register, other: Register) -> Compiled<Register> {
        let scale = |at: Register| match self.info(at).kind {
            Kind::Number(scale) => Ok(u32::from(scale)),
            _ => Err(NotHere),
        };
        let (n, d, c) = (scale(of)?, scale(by)?, scale(other)?);
        // n / 10^N against c · d / 10^(C + D).
        let (left, right) = ((c + d).saturating_sub(n), n.saturating_sub(c + d));
        let places = |places: u32| u8::try_from(places).map_err(|_| NotHere).and_then(power);
        let (factor, divisor) = (places(left)?, places(right)?);
        let (space, [of, by, other]) = self.level([of, by, other])?;
        let quotient = Quotient { of, by, factor, divisor };
        let info = Info { space, kind: Kind::Truth, missing: false, constant: None };
        self.emit(Instruction::CompareQuotient(op, quotient, other), info)
    }

    fn in_list(&mut self, context: &Context, x: ExprId, list: &[ExprId]) -> Compiled<Register> {
        let mut any: Option<Register> = None;
        for item in list {
            let equal = self.comparison(context, CompareOp::Eq, x, *item)?;
            any = Some(match any {
                None => equal,
                Some(any) => self.join(false, any, equal)?,
            });
        }
        any.ok_or(NotHere)
    }

    fn in_set(&mut self, context: &Context, x: ExprId, set: ExprId) -> Compiled<Register> {
        let plan = self.plan;
        let Some(Op::Parameter { parameter, keys, on: None }) =
            context.source.code().get(set).map(|set| &set.op)
        else {
            return Err(NotHere);
        };
        let row = plan.parameters.get(&parameter.0).and_then(|body| body.row_at(self.law)).ok_or(NotHere)?;
        if !keys.is_empty() {
            return Err(NotHere);
        }
        let values = match (row.cells.get(&Vec::new()), &row.otherwise) {
            (Some(values), _) => values.clone(),
            (None, Some(value)) => vec![value.clone()],
            (None, None) => return Err(NotHere),
        };
        let x = self.register(context, x)?;
        let kind = self.info(x).kind;
        if !matches!(kind, Kind::Code | Kind::Year | Kind::Text) {
            return Err(NotHere);
        }
        let mut numbers = Vec::with_capacity(values.len());
        for value in &values {
            numbers.push(self.plain(kind, value)?);
        }
        self.unary(x, Kind::Truth, Instruction::InConstants(x, numbers.into()))
    }

    /// The rows of a `many` field of rows at hand, and those that count.
    fn members(&mut self, context: &Context, rows: &Rows) -> Compiled<(Members, Context)> {
        let RowSource::Many { of, field } = &rows.source else { return Err(NotHere) };
        let code = context.source.code();
        let Some(Op::Row(slot)) = code.get(*of).map(|of| &of.op) else { return Err(NotHere) };
        let parent = context.bound(*slot).ok_or(NotHere)?;
        let Some(Base::Record(owner)) = code.get(*of).map(|of| of.ty.base) else { return Err(NotHere) };
        let declared = self.plan.symbols.record(owner).and_then(|owner| owner.fields.get(*field as usize));
        if !matches!(declared.map(|field| field.kind), Some(FieldKind::Many { .. })) {
            return Err(NotHere);
        }
        let known =
            self.spaces.iter().position(|space| (space.parent, space.field) == (Some(parent), *field));
        let space = known.unwrap_or_else(|| {
            let source = context.source.clone();
            let leaf = Leaf { source, expr: *of, slots: vec![(*slot, parent)], law: self.law };
            self.spaces.push(Space { parent: Some(parent), field: *field, rows: Some((leaf, *slot)) });
            self.spaces.len() - 1
        });
        let mut inner = context.clone();
        let slot = usize::from(rows.slot);
        if inner.slots.len() <= slot {
            inner.slots.resize(slot + 1, None);
        }
        if let Some(place) = inner.slots.get_mut(slot) {
            *place = Some(space);
        }
        let filter = match rows.filter {
            Some(filter) => {
                let filter = self.truth(&inner, filter)?;
                Some(self.lift(filter, space)?)
            }
            None => None,
        };
        Ok((Members { space, filter }, inner))
    }

    fn of_parent(&mut self, members: Members, kind: Kind, instruction: Instruction) -> Compiled<Register> {
        let space = self.spaces.get(members.space).and_then(|space| space.parent).ok_or(NotHere)?;
        let missing = matches!(instruction, Instruction::Best(..));
        self.emit(instruction, Info { space, kind, missing, constant: None })
    }

    fn aggregate(
        &mut self,
        context: &Context,
        kind: AggregateKind,
        rows: &Rows,
        operand: Option<ExprId>,
    ) -> Compiled<Register> {
        let (members, inner) = self.members(context, rows)?;
        let any = Instruction::Fold(true, members.space, members.filter);
        match kind {
            AggregateKind::Any => self.of_parent(members, Kind::Truth, any),
            AggregateKind::None => {
                let any = self.of_parent(members, Kind::Truth, any)?;
                self.unary(any, Kind::Truth, Instruction::Not(any))
            }
            AggregateKind::All | AggregateKind::SomeAndAll => {
                let satisfy = self.truth(&inner, operand.ok_or(NotHere)?)?;
                let mut satisfied = self.lift(satisfy, members.space)?;
                if let Some(filter) = members.filter {
                    let out = self.unary(filter, Kind::Truth, Instruction::Not(filter))?;
                    satisfied = self.join(false, out, satisfied)?;
                }
                let satisfied = self.lift(satisfied, members.space)?;
                let fold = Instruction::Fold(false, members.space, Some(satisfied));
                let all = self.of_parent(members, Kind::Truth, fold)?;
                if kind == AggregateKind::All {
                    return Ok(all);
                }
                let any = self.of_parent(members, Kind::Truth, any)?;
                self.join(true, any, all)
            }
            AggregateKind::Count => self.of_parent(members, Kind::Number(0), Instruction::Count(members)),
            AggregateKind::Sum | AggregateKind::Highest | AggregateKind::Lowest => {
                let operand = self.register(&inner, operand.ok_or(NotHere)?)?;
                let operand = self.lift(operand, members.space)?;
                let of = self.info(operand).kind;
                match (kind, of) {
                    (AggregateKind::Sum, Kind::Number(_)) => {
                        self.of_parent(members, of, Instruction::Sum(members, operand))
                    }
                    (AggregateKind::Highest | AggregateKind::Lowest, Kind::Number(_) | Kind::Day) => {
                        let highest = kind == AggregateKind::Highest;
                        self.of_parent(members, of, Instruction::Best(highest, members, operand))
                    }
                    _ => Err(NotHere),
                }
            }
            _ => Err(NotHere),
        }
    }

    fn quantity(
        &mut self,
        context: &Context,
        kind: QuantityKind,
        n: ExprId,
        rows: &Rows,
    ) -> Compiled<Register> {
        let wanted = self.side(context, n)?;
        let Found::At(wanted) = wanted else { return Err(NotHere) };
        let (members, _) = self.members(context, rows)?;
        let count = self.of_parent(members, Kind::Number(0), Instruction::Count(members))?;
        let op = match kind {
            QuantityKind::AtLeast => CompareOp::Ge,
            QuantityKind::AtMost => CompareOp::Le,
            QuantityKind::Exactly => CompareOp::Eq,
        };
        self.compared(op, count, wanted)
    }
}

/// What the values of a type are held as; numbers with as many places as data has, mostly.
fn kind_of(ty: Type) -> Option<Kind> {
    Some(match ty.base {
        Base::Flag => Kind::Truth,
        Base::Count | Base::Days | Base::Months => Kind::Number(0),
        Base::Money => Kind::Number(2),
        Base::Number | Base::Percent => Kind::Number(6),
        Base::Text => Kind::Text,
        Base::Date => Kind::Day,
        Base::SchoolYear => Kind::Year,
        Base::Category(_) => Kind::Code,
        Base::Record(_) | Base::Many(_) | Base::Set(_) | Base::Damaged => return None,
    })
}

/// Whether a number of that operation mostly has few places, as what is on file.
const fn is_decimal(op: &Op) -> bool {
    match op {
        Op::Field { .. }
        | Op::Parameter { .. }
        | Op::Pick { .. }
        | Op::Amount { .. }
        | Op::Rounded(..)
        | Op::Part(..)
        | Op::Elapsed(..)
        | Op::Age(..)
        | Op::ToCount(_) => true,
        Op::Aggregate { kind, .. } => !matches!(kind, AggregateKind::Average),
        _ => false,
    }
}

/// The number that stands for a value; texts that are not named are all -1.
pub(super) fn encode(kind: Kind, value: &Value, texts: &[Arc<str>]) -> Option<i64> {
    match (kind, value) {
        (Kind::Number(scale), Value::Number(number)) => {
            let (value, own) = number.to_scaled()?;
            value.checked_mul(power(scale.checked_sub(own)?).ok()?).filter(|value| *value > NOT_APPLICABLE)
        }
        (Kind::Day, Value::Date(day)) => Some(date::ordinal(*day)),
        (Kind::Day, Value::Never) => Some(NEVER),
        (Kind::Year, Value::SchoolYear(year)) => Some(i64::from(*year)),
        (Kind::Code, Value::Category(code)) => Some(i64::from(*code)),
        (Kind::Code, Value::NotApplicable) => Some(NOT_APPLICABLE),
        (Kind::Text, Value::Text(text)) => {
            let at = texts.iter().position(|known| known == text);
            Some(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
        }
        (Kind::Day | Kind::Year | Kind::Code | Kind::Text, Value::None) => Some(NONE),
        _ => None,
    }
}

fn power(places: u8) -> Compiled<i64> {
    10_i64.checked_pow(u32::from(places)).ok_or(NotHere)
}

/// A comparison with a constant as one of whole numbers of the register's own scale.
fn threshold(op: CompareOp, kind: Kind, of: Kind, value: i64) -> Option<(CompareOp, i64)> {
    match (kind, of) {
        (Kind::Number(own), Kind::Number(scale)) if own >= scale => {
            Some((op, value.checked_mul(power(own - scale).ok()?)?))
        }
        (Kind::Number(own), Kind::Number(scale)) => {
            let by = power(scale - own).ok()?;
            let (whole, rest) = (value.div_euclid(by), value.rem_euclid(by));
            match op {
                _ if rest == 0 => Some((op, whole)),
                CompareOp::Lt | CompareOp::Le => Some((CompareOp::Le, whole)),
                CompareOp::Gt | CompareOp::Ge => Some((CompareOp::Gt, whole)),
                CompareOp::Eq | CompareOp::Ne => None,
            }
        }
        (kind, of) if kind == of => Some((op, value)),
        _ => None,
    }
}

/// A field of the row in a slot, by the positions of the fields that lead to it.
pub(super) fn path_of(code: &Code, id: ExprId) -> Option<(u16, Vec<u32>)> {
    match code.get(id)?.op {
        Op::Row(slot) => Some((slot, Vec::new())),
        Op::Field { of, field } => {
            let (slot, mut path) = path_of(code, of)?;
            path.push(field);
            Some((slot, path))
        }
        _ => None,
    }
}
