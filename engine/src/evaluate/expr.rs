//! The value of an expression: what is strict is computed, what is not follows its table.

use std::sync::Arc;

use super::bounds::{compare, order, same};
use super::evaluator::{Call, Evaluator, Frame, Subject, Task};
use super::found::{Found, Truth, and, faults_of, needs_of, not, or, strict};
use super::operate;
use crate::plan::{
    Case, Code, CompareOp, DecisionId, DefineId, Expr, ExprId, Instance, Op, ParameterId, RequirementId,
    ResultStatus,
};
use crate::value::{Date, Fault, Need, NeedKind, Number, RecordId, Reference, State, Value};

impl Evaluator<'_> {
    /// What an expression is in a frame.
    pub(crate) fn eval(&self, frame: &mut Frame<'_>, id: ExprId) -> Found {
        let code = frame.code;
        let Some(expr) = code.get(id) else { return Found::broken("an expression that does not exist") };
        if self.gives_up() {
            return postponed();
        }
        if !self.enter() {
            return Found::fault(Fault::Broken(Arc::from("nested too deeply")));
        }
        let found = self.op(frame, expr, id);
        self.leave();
        // Only expressions of a type `T?` can be missing; to all others it is unknown.
        if expr.ty.optional { found } else { found.doubted() }
    }

    /// The operand without bounds, as every operator but a comparison sees it.
    fn plain(&self, frame: &mut Frame<'_>, id: ExprId) -> Found {
        self.eval(frame, id).plain()
    }

    fn op(&self, frame: &mut Frame<'_>, expr: &Expr, id: ExprId) -> Found {
        match &expr.op {
            Op::Literal(Value::Reference(reference)) => {
                Found::known(Value::Reference(self.located(reference)))
            }
            Op::Literal(value) => Found::known(value.clone()),
            Op::AsOf => Found::known(Value::Date(self.as_of)),
            Op::Input(_) | Op::Row(_) | Op::Argument(_) | Op::TestRow(_) => self.bound(frame, &expr.op),
            Op::Field { of, field } => self.read_field(frame, *of, *field),
            Op::Define { define, of, arguments } => self.read_define(frame, *define, *of, arguments),
            Op::Decision { decision, of } => self.read_decision(frame, *decision, *of),
            Op::IsMet { requirement, value, of } => self.read_requirement(frame, *requirement, *value, *of),
            Op::Amount { amount, line, of } => match self.owner(frame, *of) {
                Ok(owner) => self.amount_of(*amount, *line, &owner),
                Err(found) => found,
            },
            Op::Apportion { total, rows, by, unit } => self.apportion(frame, *total, rows, *by, *unit),
            Op::Parameter { parameter, keys, on } => self.read_parameter(frame, *parameter, keys, *on),
            Op::Lookup { record, keys } => self.lookup(frame, *record, keys),
            Op::Not(a) => not(&self.eval(frame, *a)),
            Op::And(..) => self.join(frame, id, Truth::False),
            Op::Or(..) => self.join(frame, id, Truth::True),
            Op::Compare(..) | Op::Between(..) | Op::InList(..) | Op::InSet(..) => {
                self.comparison(frame, &expr.op)
            }
            Op::IsKnown(_) | Op::IsMissing(_) | Op::IsNone(_) | Op::Presumed(..) => {
                self.absence(frame, &expr.op)
            }
            Op::If(condition, yes, no) => self.choose(frame, *condition, *yes, *no),
            Op::Case(case) => self.case(frame, case),
            Op::Aggregate { kind, rows, operand } => self.aggregate(frame, *kind, rows, *operand),
            Op::Pick { kind, rows, by, read } => self.pick(frame, *kind, rows, *by, *read),
            Op::Quantity(kind, n, rows) => self.quantity(frame, *kind, *n, rows),
            Op::Population(population) => self.population(frame, population, expr.place),
            Op::Arithmetic(..) => self.arithmetic(frame, id),
            _ => self.compute(frame, expr),
        }
    }

    /// The operators that ask whether there is a value.
    fn absence(&self, frame: &mut Frame<'_>, op: &Op) -> Found {
        match op {
            Op::IsKnown(a) => match self.plain(frame, *a) {
                Found { state: State::Known(_), .. } => Found::flag(true),
                Found { state: State::Missing | State::Unknown(_), .. } => Found::flag(false),
                error => error,
            },
            Op::IsMissing(a) => match self.plain(frame, *a) {
                Found { state: State::Known(_), .. } => Found::flag(false),
                Found { state: State::Missing, .. } => Found::flag(true),
                other => other,
            },
            Op::IsNone(a) => match self.plain(frame, *a).doubted() {
                Found { state: State::Known(value), .. } => Found::flag(value == Value::None),
                other => other,
            },
            Op::Presumed(a, otherwise) => match self.plain(frame, *a) {
                Found { state: State::Missing, .. } => self.plain(frame, *otherwise),
                other => other,
            },
            _ => Found::broken("a question about absence that is none"),
        }
    }

    /// What a name is bound to.
    fn bound(&self, frame: &Frame<'_>, op: &Op) -> Found {
        let value = match op {
            Op::Row(slot) => frame.slot(*slot),
            Op::TestRow(row) => frame.tests.get(*row as usize),
            Op::Argument(position) => {
                return match frame.arguments.get(usize::from(*position)) {
                    Some(argument) => argument.clone(),
                    None => Found::broken("an argument that was not given"),
                };
            }
            Op::Input(input) => {
                let symbol = self.symbols().inputs.get(input.0 as usize);
                let kind = NeedKind::Input(Arc::from(symbol.map_or("", |symbol| symbol.name.as_str())));
                let need = Need { record: RecordId(u32::MAX), row: None, field: None, kind };
                return match self.options.inputs.get(input) {
                    Some(state) => self.given(state, need),
                    // What may be missing and is not given is missing.
                    None if symbol.is_some_and(|symbol| symbol.ty.optional) => {
                        Found::missing(Arc::from([need]))
                    }
                    None => Found::need(need),
                };
            }
            _ => None,
        };
        value.map_or_else(|| Found::broken("a row that is not bound"), |value| Found::known(value.clone()))
    }

    /// The row that an operand names; else what the operand gives for what is read of it.
    pub(super) fn owner(&self, frame: &mut Frame<'_>, of: ExprId) -> Result<Reference, Found> {
        if let Some(reference) = self.row_at_hand(frame, of) {
            return Ok(reference.clone());
        }
        let owner = self.plain(frame, of);
        match owner.state {
            State::Known(Value::Reference(reference)) => Ok(self.located(&reference)),
            State::Known(Value::None) => Err(Found::fault(Fault::NotAValue)),
            State::Known(_) => Err(Found::broken("something that is no row is read as one")),
            _ => Err(owner),
        }
    }

    fn read_field(&self, frame: &mut Frame<'_>, of: ExprId, field: u32) -> Found {
        if let Some(reference) = self.row_at_hand(frame, of) {
            return self.field(reference, field);
        }
        let owner = match self.owner(frame, of) {
            Ok(owner) => owner,
            Err(found) => return found,
        };
        let found = self.field(&owner, field);
        if owner.row.is_some() || self.is_group(owner.record) || self.data.rows(owner.record).is_none() {
            return found;
        }
        // The key that names no row stands in a field: that is the fact to mend.
        let Some(Op::Field { of: holder, field: holding }) = frame.code.get(of).map(|expr| &expr.op) else {
            return found;
        };
        match self.owner(frame, *holder) {
            Ok(Reference { record, row: Some(row), .. }) => {
                Found::need(Need { record, row: Some(row), field: Some(*holding), kind: NeedKind::Dangling })
            }
            _ => found,
        }
    }

    fn read_define(
        &self,
        frame: &mut Frame<'_>,
        define: DefineId,
        of: Option<ExprId>,
        arguments: &[ExprId],
    ) -> Found {
        let owner = match of.map(|of| self.owner(frame, of)).transpose() {
            Ok(owner) => owner,
            Err(found) => return found,
        };
        let arguments = arguments.iter().map(|&argument| self.plain(frame, argument)).collect();
        self.call(define, owner.as_ref(), arguments, frame.law)
    }

    /// A derived fact under the law of a day.
    pub(super) fn call(
        &self,
        define: DefineId,
        of: Option<&Reference>,
        mut arguments: Vec<Found>,
        law: Date,
    ) -> Found {
        let Some(symbol) = self.symbols().define(define) else {
            return Found::broken("an unknown definition");
        };
        let given = self.options.givens.defines.get(&(define, of.and_then(|of| of.row)));
        if let Some(state) = given.filter(|_| of.is_none_or(|of| of.row.is_some())) {
            let kind = NeedKind::Assumed(Arc::from(symbol.name.as_str()));
            let record = symbol.of.unwrap_or(RecordId(u32::MAX));
            let found = self.given(state, Need { record, row: of.and_then(|of| of.row), field: None, kind });
            return if symbol.ty.optional { found } else { found.doubted() };
        }
        for (argument, (_, ty)) in arguments.iter_mut().zip(&symbol.params) {
            if !ty.optional {
                *argument = argument.clone().doubted();
            }
        }
        let call = Call { define, of: of.map(Subject::from), arguments: arguments.clone(), law };
        if self.postpones(|| Task::Call(call.clone())) {
            return postponed();
        }
        let found = self
            .memory
            .calls
            .once(call, &self.memory.postponed, || self.work_out(define, of, &arguments, law));
        let found = found.unwrap_or_else(|| Found::broken(&format!("`{}` depends on itself", symbol.name)));
        if symbol.ty.optional { found } else { found.doubted() }
    }

    fn work_out(&self, define: DefineId, of: Option<&Reference>, arguments: &[Found], law: Date) -> Found {
        let name = self.symbols().define(define).map_or("", |define| define.name.as_str());
        let Some(body) = self.plan.defines.get(&define.0) else {
            return Found::broken(&format!("`{name}` has errors"));
        };
        let Some(arm) = body.arms.iter().find(|arm| arm.interval.contains(law)) else {
            return Found::fault(Fault::NotInForce(Arc::from(name)));
        };
        let mut frame = Frame::new(&body.code, arguments, law);
        if let Some(of) = of {
            frame.bind(0, Some(Value::Reference(of.clone())));
        }
        self.eval(&mut frame, arm.value)
    }

    fn read_decision(&self, frame: &mut Frame<'_>, decision: DecisionId, of: ExprId) -> Found {
        match self.owner(frame, of) {
            Ok(owner) => self.decided(decision, &owner),
            Err(found) => found,
        }
    }

    fn read_requirement(
        &self,
        frame: &mut Frame<'_>,
        requirement: RequirementId,
        value: Option<ExprId>,
        of: ExprId,
    ) -> Found {
        let owner = match self.owner(frame, of) {
            Ok(owner) => owner,
            Err(found) => return found,
        };
        let instance = match self.instance(frame, requirement, value) {
            Ok(instance) => instance,
            Err(found) => return found,
        };
        let result = &self.inquiry(instance, &owner).result;
        match result.status {
            ResultStatus::Met | ResultStatus::Excepted | ResultStatus::Waived => Found::flag(true),
            // A requirement that did not apply is not met.
            ResultStatus::Violated | ResultStatus::NotApplicable => Found::flag(false),
            ResultStatus::Error | ResultStatus::Conflict => Found::error(result.faults.clone()),
            _ if result.needs.is_empty() => {
                let name = self.symbols().requirement(requirement).map_or("", |symbol| symbol.name.as_str());
                Found::need(Need {
                    record: owner.record,
                    row: owner.row,
                    field: None,
                    kind: NeedKind::Undecided(Arc::from(name)),
                })
            }
            _ => Found::unknown(result.needs.clone()),
        }
    }

    /// The instance of a requirement for a value; of a value that is none of its category, what asking for it gives.
    pub(super) fn instance(
        &self,
        frame: &mut Frame<'_>,
        requirement: RequirementId,
        value: Option<ExprId>,
    ) -> Result<Instance, Found> {
        let Some(value) = value else { return Ok(requirement.into()) };
        let found = self.plain(frame, value).doubted();
        match found.value() {
            Some(Value::Category(value)) => Ok(Instance { requirement, value: Some(*value) }),
            Some(_) => Err(Found::fault(Fault::NotAValue)),
            None => Err(found),
        }
    }

    /// The values of a parameter under the law, or on a day.
    pub(super) fn parameter_values(
        &self,
        frame: &mut Frame<'_>,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
    ) -> Result<Vec<Value>, Found> {
        let mut operands: Vec<Found> = keys.iter().map(|&key| self.plain(frame, key)).collect();
        operands.extend(on.map(|on| self.plain(frame, on)));
        self.parameter_at(parameter, &strict(&operands)?, on.is_some(), frame.law)
    }

    /// The values of a parameter by its key, under a law; the day is the last of the values where one is stated.
    pub(crate) fn parameter_at(
        &self,
        parameter: ParameterId,
        values: &[&Value],
        on: bool,
        law: Date,
    ) -> Result<Vec<Value>, Found> {
        let symbol = self.symbols().parameter(parameter);
        let name = symbol.map_or("", |parameter| parameter.name.as_str());
        let keys = values.len().saturating_sub(usize::from(on));
        let no_value = || Found::fault(Fault::NoParameterValue(Arc::from(name)));
        let day = match (on, values.last()) {
            (false, _) => law,
            (true, Some(Value::Date(day))) => *day,
            // Every open row has begun by then.
            (true, Some(Value::Never)) => Date::MAX,
            _ => return Err(no_value()),
        };
        let key: Option<Vec<i64>> = values.iter().take(keys).map(|value| table_key(value)).collect();
        let key = key.ok_or_else(no_value)?;
        let givens = &self.options.givens.parameters;
        // What a test fixes is fixed for everybody.
        let declared = symbol.and_then(|symbol| symbol.version).map_or(parameter, |version| version.of);
        if let Some(given) =
            givens.get(&(declared, key.clone())).or_else(|| givens.get(&(declared, Vec::new())))
        {
            let kind = NeedKind::Assumed(Arc::from(name));
            let found = self
                .given(given, Need { record: RecordId(u32::MAX), row: None, field: None, kind })
                .doubted();
            return match found.state {
                State::Known(value) => Ok(vec![value]),
                _ => Err(found),
            };
        }
        let Some(body) = self.plan.parameters.get(&parameter.0) else {
            return Err(Found::broken(&format!("`{name}` has errors")));
        };
        let row = body.row_at(day).ok_or_else(no_value)?;
        match (row.cells.get(&key), &row.otherwise) {
            (Some(values), _) => Ok(values.clone()),
            (None, Some(value)) => Ok(vec![value.clone()]),
            (None, None) => Err(no_value()),
        }
    }

    fn read_parameter(
        &self,
        frame: &mut Frame<'_>,
        parameter: ParameterId,
        keys: &[ExprId],
        on: Option<ExprId>,
    ) -> Found {
        match self.parameter_values(frame, parameter, keys, on) {
            Ok(values) => match values.as_slice() {
                [value] => Found::known(value.clone()),
                _ => Found::broken("a set is used as a value"),
            },
            Err(found) => found,
        }
    }

    fn lookup(&self, frame: &mut Frame<'_>, record: RecordId, keys: &[ExprId]) -> Found {
        let operands: Vec<Found> = keys.iter().map(|&key| self.key_of(self.plain(frame, key))).collect();
        let key: Arc<[Value]> = match strict(&operands) {
            Ok(values) => values.into_iter().cloned().collect(),
            Err(found) => return found,
        };
        // What is equal to nothing is the key of no row.
        let row = if key.contains(&Value::None) {
            None
        } else if self.is_group(record) {
            match self.group_table(record) {
                Ok(table) => table.find(&key),
                // The key is known all the same; its members are not.
                Err(_) => None,
            }
        } else {
            self.data.find(record, &key)
        };
        Found::known(Value::Reference(Reference { record, row, key }))
    }

    /// A row as a key: unknown where a part of its own key is.
    pub(crate) fn key_of(&self, found: Found) -> Found {
        match &found.state {
            State::Known(Value::Reference(reference)) => {
                self.key_needs(reference).map_or(found, Found::unknown)
            }
            _ => found,
        }
    }

    /// A conjunction or disjunction, however long.
    fn join(&self, frame: &mut Frame<'_>, id: ExprId, absorbing: Truth) -> Found {
        let code = frame.code;
        let mut joined = Found::flag(absorbing != Truth::True);
        let sides = |id: ExprId| match (code.get(id).map(|expr| &expr.op), absorbing) {
            (Some(Op::And(a, b)), Truth::False) | (Some(Op::Or(a, b)), Truth::True) => Some((*a, *b)),
            _ => None,
        };
        if let Some((a, b)) = sides(id)
            && sides(a).is_none()
            && sides(b).is_none()
        {
            // Most have two sides, which need no list.
            for side in [a, b] {
                let part = self.condition(frame, side);
                if part.truth() == absorbing {
                    return Found::flag(absorbing == Truth::True);
                }
                joined = if absorbing == Truth::True { or(&joined, &part) } else { and(&joined, &part) };
            }
            return joined;
        }
        let mut pending = vec![id];
        while let Some(next) = pending.pop() {
            if let Some((a, b)) = sides(next) {
                pending.extend([b, a]);
                continue;
            }
            let part = self.condition(frame, next);
            if part.truth() == absorbing {
                return Found::flag(absorbing == Truth::True);
            }
            joined = if absorbing == Truth::True { or(&joined, &part) } else { and(&joined, &part) };
        }
        joined
    }

    /// A chain of arithmetic, from its first operand on.
    fn arithmetic(&self, frame: &mut Frame<'_>, id: ExprId) -> Found {
        let code = frame.code;
        let mut chain = Vec::new();
        let mut first = id;
        while let Some(Op::Arithmetic(op, a, b)) = code.get(first).map(|expr| &expr.op) {
            chain.push((*op, *b));
            first = *a;
        }
        let mut value = self.plain(frame, first);
        for (op, operand) in chain.into_iter().rev() {
            let operands = [value, self.plain(frame, operand)];
            if let [Found { state: State::Known(a), .. }, Found { state: State::Known(b), .. }] = &operands {
                value = operate::arithmetic(op, a, b).map_or_else(Found::fault, Found::known);
                continue;
            }
            value = match strict(&operands).as_deref() {
                Ok([a, b]) => operate::arithmetic(op, a, b).map_or_else(Found::fault, Found::known),
                Ok(_) => Found::broken("arithmetic without two sides"),
                Err(found) => found.clone(),
            };
        }
        value
    }

    fn comparison(&self, frame: &mut Frame<'_>, op: &Op) -> Found {
        match op {
            Op::Compare(op, a, b) => {
                if let Some(holds) = self.compared_at_hand(frame, *op, *a, *b) {
                    return Found::flag(holds);
                }
                let (a, b) = (self.eval(frame, *a), self.eval(frame, *b));
                self.compared(*op, a, b)
            }
            Op::Between(x, low, high) => {
                let (x, low, high) = (self.eval(frame, *x), self.eval(frame, *low), self.eval(frame, *high));
                let from = self.compared(CompareOp::Le, low, x.clone());
                let to = self.compared(CompareOp::Le, x, high);
                and(&from, &to)
            }
            Op::InList(x, list) => {
                let x = self.eval(frame, *x);
                list.iter().fold(Found::flag(false), |any, &item| {
                    let item = self.eval(frame, item);
                    or(&any, &self.compared(CompareOp::Eq, x.clone(), item))
                })
            }
            Op::InSet(x, set) => {
                let x = self.plain(frame, *x);
                let values = self.set(frame, *set);
                match (&x.state, values) {
                    (State::Known(value), Ok(values)) => {
                        Found::flag(values.iter().any(|item| same(value, item)))
                    }
                    (_, Ok(_)) => x.doubted(),
                    (_, Err(found)) => match strict(&[x, found]) {
                        Ok(_) => Found::broken("a set that is none"),
                        Err(found) => found,
                    },
                }
            }
            _ => Found::broken("a comparison that is none"),
        }
    }

    fn compared(&self, op: CompareOp, a: Found, b: Found) -> Found {
        if let (Some(Value::Reference(left)), Some(Value::Reference(right))) = (a.value(), b.value())
            && left.record == right.record
            && left.row.is_some()
            && left.row == right.row
        {
            return Found::flag(!matches!(op, CompareOp::Ne | CompareOp::Lt | CompareOp::Gt));
        }
        compare(op, &self.key_of(a), &self.key_of(b))
    }

    /// The values of a set; a set of several values is never a state.
    fn set(&self, frame: &mut Frame<'_>, id: ExprId) -> Result<Vec<Value>, Found> {
        let code = frame.code;
        match code.get(id).map(|expr| &expr.op) {
            Some(Op::Parameter { parameter, keys, on }) => {
                self.parameter_values(frame, *parameter, keys, *on)
            }
            _ => Err(Found::broken("a set that is not a parameter")),
        }
    }

    fn choose(&self, frame: &mut Frame<'_>, condition: ExprId, yes: ExprId, no: ExprId) -> Found {
        let condition = self.condition(frame, condition).doubted();
        match condition.truth() {
            Truth::True => self.plain(frame, yes),
            Truth::False => self.plain(frame, no),
            Truth::Error => condition.plain(),
            Truth::Unknown => {
                let (yes, no) = (self.plain(frame, yes), self.plain(frame, no));
                match (&yes.state, &no.state) {
                    (State::Known(a), State::Known(b)) if a == b => yes,
                    (State::Missing, State::Missing) => Found::missing(needs_of([&yes, &no])),
                    (State::Error(_), State::Error(_)) => Found::error(faults_of([&yes, &no])),
                    _ => Found::unknown(needs_of(
                        [&condition, &yes, &no].into_iter().filter(|part| part.state != State::Missing),
                    )),
                }
            }
        }
    }

    /// Unordered: arms that hold must agree.
    fn case(&self, frame: &mut Frame<'_>, case: &Case) -> Found {
        let mut arms: Vec<(Found, Found)> = Vec::new();
        for &(condition, value) in &case.arms {
            let condition = self.condition(frame, condition).doubted();
            if condition.truth() != Truth::False {
                arms.push((condition, self.plain(frame, value)));
            }
        }
        let undecided = self.undecided(frame, "case");
        let otherwise = case.otherwise;
        settle_case(arms, || otherwise.map(|otherwise| self.plain(frame, otherwise)), undecided)
    }

    fn undecided(&self, frame: &Frame<'_>, name: &str) -> Need {
        let kind = NeedKind::Undecided(Arc::from(name));
        match frame.slot(0) {
            Some(Value::Reference(reference)) => {
                Need { record: reference.record, row: reference.row, field: None, kind }
            }
            _ => Need { record: RecordId(u32::MAX), row: None, field: None, kind },
        }
    }

    /// Strict operations.
    fn compute(&self, frame: &mut Frame<'_>, expr: &Expr) -> Found {
        let operands: Vec<Found> =
            crate::plan::operands(&expr.op).into_iter().map(|operand| self.plain(frame, operand)).collect();
        match strict(&operands) {
            Ok(values) => self.operate(frame.code, &expr.op, &values).map_or_else(Found::fault, Found::known),
            Err(found) => found,
        }
    }

    /// A strict operation on known values.
    pub(crate) fn operate(&self, code: &Code, op: &Op, values: &[&Value]) -> Result<Value, Fault> {
        match (op, values) {
            (Op::Negate(_), [a]) => operate::negate(a),
            (Op::Shift { by, back, month_end, .. }, [start, amount]) => {
                let unit = code.get(*by).map(|by| by.ty.base);
                operate::shift(start, amount, unit, *back, *month_end)
            }
            (Op::TextTest(test, ..), [text, pattern]) => self.text_test(*test, text, pattern),
            (Op::Rounded(_, mode, unit), [a]) => operate::round(a, *mode, *unit),
            (Op::Part(part, _, start), [a]) => operate::part(*part, a, *start),
            (Op::Affix(first, ..), [n, text]) => operate::affix(*first, n, text),
            (Op::Elapsed(unit, _, _, month_end), [a, b]) => operate::elapsed(*unit, a, b, *month_end),
            (Op::Min(_), values) => extreme(values, std::cmp::Ordering::Less),
            (Op::Max(_), values) => extreme(values, std::cmp::Ordering::Greater),
            (Op::Age(_, _, month_end), [birth, on]) => operate::age(birth, on, *month_end),
            (Op::MakeDate(..), [year, month, day]) => operate::make_date(year, month, day),
            (Op::NthWeekday(_, weekday, month, _), [n, year]) => {
                operate::nth_weekday(n, *weekday, *month, year)
            }
            (Op::SchoolYearOf(_, start), [day]) => operate::school_year_of(day, *start),
            (Op::ToCount(_), [a]) => operate::to_count(a),
            _ => Err(Fault::Broken(Arc::from("an operation with other operands than it takes"))),
        }
    }

    fn text_test(
        &self,
        test: rubric_grammar::ast::TextTest,
        text: &Value,
        pattern: &Value,
    ) -> Result<Value, Fault> {
        use rubric_grammar::ast::TextTest;
        let (text, pattern) = match (text, pattern) {
            (Value::Text(text), Value::Text(pattern)) => (text, pattern),
            // What is equal to nothing begins and ends with nothing.
            (Value::None, _) | (_, Value::None) => return Ok(Value::Flag(false)),
            _ => return Err(Fault::NotAValue),
        };
        Ok(Value::Flag(match test {
            TextTest::StartsWith => text.starts_with(&**pattern),
            TextTest::EndsWith => text.ends_with(&**pattern),
            TextTest::Matches => {
                let compile = || operate::pattern(pattern);
                let compiled =
                    self.memory.patterns.once(Arc::clone(pattern), &self.memory.postponed, compile).flatten();
                let broken = || Fault::Broken(Arc::from("a pattern that does not compile"));
                compiled.ok_or_else(broken)?.is_match(text)
            }
        }))
    }
}

/// What a `case` gives, from the arms that hold or may hold and, where none surely does, its `otherwise`. As a decision
/// without overriding, its outcomes being the states of the arms.
pub(crate) fn settle_case(
    arms: Vec<(Found, Found)>,
    otherwise: impl FnOnce() -> Option<Found>,
    undecided: Need,
) -> Found {
    let (mut sure, mut perhaps): (Vec<Found>, Vec<(Found, Found)>) = (Vec::new(), Vec::new());
    for (condition, value) in arms {
        match condition.truth() {
            Truth::False => {}
            Truth::True => sure.push(value),
            Truth::Unknown | Truth::Error => perhaps.push((condition, value)),
        }
    }
    let definite = |found: &Found| matches!(found.state, State::Known(_) | State::Missing);
    let disagree = |a: &Found, b: &Found| definite(a) && definite(b) && a.state != b.state;
    if sure.iter().any(|a| sure.iter().any(|b| disagree(a, b))) {
        return Found::fault(Fault::CaseDisagrees);
    }
    let errors: Vec<&Found> = sure.iter().filter(|found| found.truth() == Truth::Error).collect();
    if !errors.is_empty() {
        return Found::error(faults_of(errors));
    }
    let mut possible: Vec<Found> =
        sure.iter().chain(perhaps.iter().map(|(_, value)| value)).cloned().collect();
    let mut nothing = false;
    if sure.is_empty() {
        match otherwise() {
            Some(otherwise) => possible.push(otherwise),
            None => nothing = true,
        }
    }
    let Some(first) = possible.first() else { return Found::need(undecided) };
    if !nothing && definite(first) && possible.iter().all(|found| found.state == first.state) {
        return if first.state == State::Missing {
            Found::missing(needs_of(&possible))
        } else {
            first.clone()
        };
    }
    let conditions: Vec<&Found> = perhaps.iter().map(|(condition, _)| condition).collect();
    let open = possible.iter().filter(|found| found.state != State::Missing).chain(conditions);
    let (doubts, failures): (Vec<&Found>, Vec<&Found>) =
        open.filter(|found| found.value().is_none()).partition(|found| found.truth() == Truth::Unknown);
    if doubts.is_empty() { Found::error(faults_of(failures)) } else { Found::unknown(needs_of(doubts)) }
}

/// What stands for a value that nobody will see, because the work is given up for now.
pub(super) fn postponed() -> Found {
    Found::broken("postponed")
}

/// A key of a parameter's table.
pub(super) fn table_key(value: &Value) -> Option<i64> {
    match value {
        Value::Category(position) => Some(i64::from(*position)),
        Value::SchoolYear(year) => Some(i64::from(*year)),
        Value::Number(number) => number.to_i64(),
        Value::Flag(flag) => Some(i64::from(*flag)),
        _ => None,
    }
}

fn extreme(values: &[&Value], side: std::cmp::Ordering) -> Result<Value, Fault> {
    let mut best: Option<&Value> = None;
    for &value in values {
        order(value, value).ok_or(Fault::NotAValue)?;
        if best.is_none_or(|best| order(value, best) == Some(side)) {
            best = Some(value);
        }
    }
    best.cloned().ok_or(Fault::NotAValue)
}

/// A whole number as a value.
pub(super) fn whole(number: i64) -> Value {
    Value::Number(Number::from_int(number))
}
