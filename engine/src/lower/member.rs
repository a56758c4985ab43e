//! What belongs to a row: its fields, its defines, its decisions and requirements; and names as values.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ExprKind, Name};

use super::names::{Found, Member, Search, holds_rows};
use super::{Lowering, Target};
use crate::plan::{
    AmountId, CompareOp, DefineId, EachLine, ExprId, FieldKind, Op, ParameterId, ResultId, Symbol,
};
use crate::value::{Base, RecordId, Type, Value};

/// A decision or requirement that an expression asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedResult {
    /// Which.
    pub result: ResultId,
    /// Of which row.
    pub of: ExprId,
    /// Of a requirement `for each`: for which value.
    pub value: Option<ExprId>,
}

impl Lowering<'_> {
    /// A bare name as a value.
    pub(super) fn name(
        &mut self,
        name: &Name,
        dotted: bool,
        expected: Option<Type>,
    ) -> Option<(ExprId, Type)> {
        let found = match self.find(&name.text, dotted) {
            Search::One(found) => match self.hidden_value(name, &found, expected) {
                Some(value) => return value,
                None => found,
            },
            Search::Nothing => {
                if let Some((value, ty)) = self.expected_value(name, expected) {
                    return Some((self.push(Op::Literal(value), ty, name.span), ty));
                }
                self.report_unknown(name, expected);
                return None;
            }
            several => {
                self.report_ambiguous(name, &several);
                return None;
            }
        };
        match found {
            Found::Bound(op, ty) => match self.bound_line(&op, ty, None, name, name.span) {
                Some(line) => line,
                None => Some((self.push(op, ty, name.span), ty)),
            },
            Found::AsOf => {
                let ty = Type::of(Base::Date);
                Some((self.push(Op::AsOf, ty, name.span), ty))
            }
            Found::Row(slot, record) => Some(self.row(slot, record, name.span)),
            Found::Member(slot, record, member) => {
                let (of, ty) = self.row(slot, record, name.span);
                self.member_value(of, ty, record, member, name, None, name.span)
            }
            Found::Symbol(symbol) => self.symbol(symbol, name, None, None, name.span),
        }
    }

    /// The value of the expected category, when the name is also something else: it is the value where the other thing
    /// could not stand, and an error where both could.
    fn hidden_value(
        &mut self,
        name: &Name,
        found: &Found,
        expected: Option<Type>,
    ) -> Option<Option<(ExprId, Type)>> {
        let Base::Category(category) = expected?.base else { return None };
        let position = self.category_value(category, &name.text)?;
        if self.base_of(found) == Some(Base::Category(category)) {
            if matches!(found, Found::Bound(..)) {
                return None;
            }
            let (text, category) =
                (&name.text, super::unit::base_name(self.cx.symbols, Base::Category(category)));
            let message = format!("`{text}` is a value of `{category}` and something else of that type");
            let help = match found {
                Found::Member(..) => {
                    format!("write `{category}.{text}` for the value, `this.{text}` for the other")
                }
                _ => format!("write `{category}.{text}` for the value, or rename one of them"),
            };
            let diagnostic = self.error("ambiguous-name", name.span, message).help(help);
            self.report(diagnostic);
            return Some(None);
        }
        self.mention(name.span, Target::Value(category, position));
        let ty = Type::of(Base::Category(category));
        Some(Some((self.push(Op::Literal(Value::Category(position)), ty, name.span), ty)))
    }

    /// The type of what a name was found to be, where it has one.
    fn base_of(&self, found: &Found) -> Option<Base> {
        let symbols = self.cx.symbols;
        let ty = match found {
            Found::Bound(_, ty) => *ty,
            Found::Row(_, record) => Type::of(Base::Record(*record)),
            Found::AsOf => Type::of(Base::Date),
            Found::Member(_, record, Member::Field(field)) => {
                symbols.record(*record)?.fields.get(*field as usize)?.ty
            }
            Found::Member(_, _, Member::Define(id)) | Found::Symbol(Symbol::Define(id)) => {
                symbols.define(*id)?.ty
            }
            Found::Member(_, _, Member::Decision(id)) => {
                Type::of(Base::Category(symbols.decision(*id)?.outcomes))
            }
            Found::Member(_, _, Member::Amount(id)) => symbols.amount(*id)?.ty,
            Found::Symbol(Symbol::Parameter(id)) => symbols.parameter(*id)?.ty,
            Found::Symbol(Symbol::Input(id)) => symbols.inputs.get(id.0 as usize)?.ty,
            Found::Member(..) | Found::Symbol(_) => return None,
        };
        Some(ty.base)
    }

    /// The row of a slot.
    pub(super) fn row(&mut self, slot: u16, record: RecordId, span: Span) -> (ExprId, Type) {
        let ty = Type::of(Base::Record(record));
        (self.push(Op::Row(slot), ty, span), ty)
    }

    /// A declaration that belongs to no record here. `arguments`: a call; `on`: `p on d`.
    pub(super) fn symbol(
        &mut self,
        symbol: Symbol,
        name: &Name,
        arguments: Option<&[ast::Expr]>,
        on: Option<ExprId>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        self.mention(name.span, Target::Symbol(symbol));
        let symbols = self.cx.symbols;
        let text = &name.text;
        match symbol {
            Symbol::Parameter(id) => self.parameter_value(id, name, arguments.unwrap_or_default(), on, span),
            Symbol::Input(id) => {
                let ty = symbols.inputs.get(id.0 as usize)?.ty;
                if arguments.is_some() {
                    self.takes_no_arguments(name, span);
                    return None;
                }
                Some((self.push(Op::Input(id), ty, span), ty))
            }
            Symbol::Define(id) => {
                let define = symbols.define(id)?;
                match define.of {
                    None => self.call_define(id, None, false, arguments, name, span),
                    Some(record) => {
                        self.belongs_elsewhere(name, "a define", record);
                        None
                    }
                }
            }
            Symbol::Decision(id) => {
                self.belongs_elsewhere(name, "a decision", symbols.decision(id)?.of);
                None
            }
            Symbol::Requirement(id) => {
                self.belongs_elsewhere(name, "a requirement", symbols.requirement(id)?.of);
                None
            }
            Symbol::Record(id) => match arguments {
                Some(arguments) => self.lookup(id, name, arguments, span),
                None => {
                    let message = format!("`{text}` is a record, not a value");
                    let help = format!(
                        "to ask about its rows write an aggregate such as `any of {text} where …`, to look one up `{text}(…)` with its key"
                    );
                    let diagnostic = self.error("type-mismatch", name.span, message).help(help);
                    self.report(diagnostic);
                    None
                }
            },
            Symbol::Category(id) => {
                let first = symbols.category(id).and_then(|category| category.values.first());
                let mut diagnostic =
                    self.error("type-mismatch", name.span, format!("`{text}` is a category, not a value"));
                if let Some(first) = first {
                    diagnostic = diagnostic.help(format!("name one of its values, such as `{}`", first.name));
                }
                self.report(diagnostic);
                None
            }
            Symbol::Amount(id) => {
                self.belongs_elsewhere(name, "an amount", symbols.amount(id)?.of);
                None
            }
        }
    }

    /// The first field of the rows in sight that leads to a row, or to rows (`true`), of the record.
    fn way_to(&self, record: RecordId) -> Option<(&str, bool)> {
        let frames = self.frames.iter().rev().filter_map(|frame| self.cx.symbols.record(frame.record));
        let ways = frames.flat_map(|of| &of.fields).filter_map(|field| match (field.kind, field.ty.base) {
            (FieldKind::Cell, Base::Record(to)) if to == record => Some((field.name.as_str(), false)),
            (FieldKind::Many { record: to, .. }, _) if to == record => Some((field.name.as_str(), true)),
            _ => None,
        });
        ways.min_by_key(|(_, many)| *many)
    }

    fn belongs_elsewhere(&mut self, name: &Name, what: &str, record_id: RecordId) {
        let Some(record) = self.cx.symbols.record(record_id) else {
            self.failed = true;
            return;
        };
        let text = &name.text;
        let message =
            format!("`{text}` is {what} of `{}`, and no `{}` is meant here", record.name, record.name);
        let help = match self.way_to(record_id) {
            Some((field, false)) => format!("say of which: `{field}.{text}`"),
            Some((rows, true)) => {
                format!("say of which: `any of {rows} where {text}`, or another aggregate over `{rows}`")
            }
            None => format!("say of which: it is read of a `{}` by a dot", record.name),
        };
        let diagnostic = self.error("wrong-record", name.span, message).help(help);
        self.report(diagnostic);
    }

    /// `a.b`, `a.b(c)`: a member of a row.
    pub(super) fn member(
        &mut self,
        of: ExprId,
        of_type: Type,
        name: &Name,
        arguments: Option<&[ast::Expr]>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let record = match of_type.base {
            Base::Record(record) => record,
            Base::Damaged => {
                self.failed = true;
                return None;
            }
            other => {
                if let Some(Op::Amount { amount, line: None, .. }) = self.code.get(of).map(|expr| &expr.op) {
                    return self.line_of_amount(of, *amount, name, arguments, span);
                }
                let what = super::unit::base_name(self.cx.symbols, other);
                let diagnostic = self
                    .error("unknown-field", name.span, format!("a `{what}` has no field `{}`", name.text))
                    .help("only a row of a record has fields");
                self.report(diagnostic);
                return None;
            }
        };
        match self.find_member(record, &name.text).as_slice() {
            [] => {
                self.report_unknown_member(record, name);
                None
            }
            [member] => self.member_value(of, of_type, record, *member, name, arguments, span),
            several => {
                let several = several.iter().map(|member| member_symbol(*member)).collect::<Option<Vec<_>>>();
                self.report_ambiguous(name, &Search::Policies(several.unwrap_or_default()));
                None
            }
        }
    }

    /// Mentions a member where it is named.
    pub(super) fn mention_member(&mut self, record: RecordId, member: Member, span: Span) {
        let target = match member {
            Member::Field(field) => Target::Field(record, field),
            other => match member_symbol(other) {
                Some(symbol) => Target::Symbol(symbol),
                None => return,
            },
        };
        self.mention(span, target);
    }

    /// The value of a member.
    #[allow(clippy::too_many_arguments, reason = "each says one thing about the same access")]
    pub(super) fn member_value(
        &mut self,
        of: ExprId,
        of_type: Type,
        record: RecordId,
        member: Member,
        name: &Name,
        arguments: Option<&[ast::Expr]>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        self.mention_member(record, member, name.span);
        let symbols = self.cx.symbols;
        match member {
            Member::Field(field) => {
                let declared = symbols.record(record)?.fields.get(field as usize)?;
                if holds_rows(declared.kind) {
                    self.rows_are_no_value(name);
                    return None;
                }
                if declared.kind == FieldKind::Damaged && declared.ty.base == Base::Damaged {
                    self.failed = true;
                    return None;
                }
                if arguments.is_some() {
                    self.takes_no_arguments(name, span);
                    return None;
                }
                let ty = Type { base: declared.ty.base, optional: declared.ty.optional || of_type.optional };
                Some((self.push(Op::Field { of, field }, ty, span), ty))
            }
            Member::Define(id) => self.call_define(id, Some(of), of_type.optional, arguments, name, span),
            Member::Decision(id) => {
                if arguments.is_some() {
                    self.takes_no_arguments(name, span);
                    return None;
                }
                let ty =
                    Type { base: Base::Category(symbols.decision(id)?.outcomes), optional: of_type.optional };
                Some((self.push(Op::Decision { decision: id, of }, ty, span), ty))
            }
            Member::Amount(id) => {
                if arguments.is_some() {
                    self.takes_no_arguments(name, span);
                    return None;
                }
                let ty = Type { base: symbols.amount(id)?.ty.base, optional: of_type.optional };
                Some((self.push(Op::Amount { amount: id, line: None, of }, ty, span), ty))
            }
            Member::Requirement(_) => {
                let text = &name.text;
                let diagnostic = self
                    .error("type-mismatch", name.span, format!("`{text}` is a requirement, not a value"))
                    .help(format!("ask whether it holds: `{text} is met`"));
                self.report(diagnostic);
                None
            }
        }
    }

    fn rows_are_no_value(&mut self, name: &Name) {
        let text = &name.text;
        let diagnostic = self
            .error("type-mismatch", name.span, format!("`{text}` is many rows, not one value"))
            .help(format!(
                "say what about them: `any of {text} where …`, `count of {text} where …`, `(latest of {text} by …)`"
            ));
        self.report(diagnostic);
    }

    pub(super) fn takes_no_arguments(&mut self, name: &Name, span: Span) {
        let diagnostic = self
            .error("wrong-arguments", span, format!("`{}` takes no arguments", name.text))
            .help(format!("write `{}`", name.text));
        self.report(diagnostic);
    }

    fn call_define(
        &mut self,
        id: DefineId,
        of: Option<ExprId>,
        of_optional: bool,
        arguments: Option<&[ast::Expr]>,
        name: &Name,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let define = self.cx.symbols.define(id)?;
        let arguments = self.arguments(name, &define.params, arguments.unwrap_or_default(), span)?;
        let ty = Type { base: define.ty.base, optional: define.ty.optional || of_optional };
        Some((self.push(Op::Define { define: id, of, arguments }, ty, span), ty))
    }

    /// Arguments in the order of the parameters, each of its type.
    fn arguments(
        &mut self,
        name: &Name,
        params: &[(String, Type)],
        written: &[ast::Expr],
        span: Span,
    ) -> Option<Vec<ExprId>> {
        if params.len() != written.len() {
            let wanted: Vec<String> = params
                .iter()
                .map(|(name, ty)| format!("{name}: {}", super::type_name(self.cx.symbols, *ty)))
                .collect();
            let text = &name.text;
            let message =
                format!("`{text}` takes {}, and {} given", counted(params.len()), were(written.len()));
            let help = match params.is_empty() {
                true => format!("write `{text}`"),
                false => format!("it is `{text}({})`", wanted.join(", ")),
            };
            let diagnostic = self.error("wrong-arguments", span, message).help(help);
            self.report(diagnostic);
            return None;
        }
        let lowered: Vec<Option<ExprId>> =
            params.iter().zip(written).map(|((_, ty), argument)| self.value(argument, *ty)).collect();
        lowered.into_iter().collect()
    }

    fn parameter_value(
        &mut self,
        id: ParameterId,
        name: &Name,
        arguments: &[ast::Expr],
        on: Option<ExprId>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let parameter = self.cx.symbols.parameter(id)?;
        let params: Vec<(String, Type)> = parameter
            .by
            .iter()
            .map(|ty| {
                let name = super::type_name(self.cx.symbols, *ty);
                (super::names::snake_case(&name), *ty)
            })
            .collect();
        let keys = self.arguments(name, &params, arguments, span)?;
        let ty = parameter.ty;
        Some((self.parameter_of_layers(id, &keys, on, ty, span)?, ty))
    }

    fn lookup(
        &mut self,
        id: RecordId,
        name: &Name,
        arguments: &[ast::Expr],
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let record = self.cx.symbols.record(id)?;
        let params: Vec<(String, Type)> =
            record.fields.iter().take(record.keys).map(|field| (field.name.clone(), field.ty)).collect();
        let keys = self.arguments(name, &params, arguments, span)?;
        let ty = Type::of(Base::Record(id));
        Some((self.push(Op::Lookup { record: id, keys }, ty, span), ty))
    }

    /// `lcff.base`, `lcff.base(math)`: `of` is the amount, and becomes the line of it.
    fn line_of_amount(
        &mut self,
        of: ExprId,
        amount: AmountId,
        name: &Name,
        arguments: Option<&[ast::Expr]>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let symbol = self.cx.symbols.amount(amount)?;
        if let Some(each) = symbol.each.iter().find(|each| each.label == name.text) {
            let Op::Amount { of: row, .. } = self.code.get(of)?.op else { return None };
            let ty = self.code.get(of)?.ty;
            return self.line_for_value((amount, row, ty), each, arguments, name, span);
        }
        let Some(line) = symbol.lines.iter().position(|label| *label == name.text) else {
            self.report_unknown_line(amount, name);
            return None;
        };
        if arguments.is_some() {
            self.takes_no_arguments(name, span);
            return None;
        }
        let place = self.place(span);
        let total = self.code.exprs.get_mut(of.0 as usize)?;
        if let Op::Amount { line: of_total, .. } = &mut total.op {
            *of_total = Some(super::lowering::index(line));
        }
        total.place = place;
        Some((of, total.ty))
    }

    /// A name that is bound to the lines `for each` value of a category: the line for the value of the argument.
    pub(super) fn bound_line(
        &mut self,
        op: &Op,
        ty: Type,
        arguments: Option<&[ast::Expr]>,
        name: &Name,
        span: Span,
    ) -> Option<Option<(ExprId, Type)>> {
        let Op::Amount { amount, line: Some(_), of } = *op else { return None };
        let each = self.cx.symbols.amount(amount)?.each.iter().find(|each| each.label == name.text)?;
        Some(self.line_for_value((amount, of, ty), each, arguments, name, span))
    }

    /// The line for the value of the argument; of one that is no constant, a choice among all.
    fn line_for_value(
        &mut self,
        (amount, of, ty): (AmountId, ExprId, Type),
        each: &EachLine,
        arguments: Option<&[ast::Expr]>,
        name: &Name,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let category = self.cx.symbols.category(each.category)?;
        let Some([argument]) = arguments else {
            let first = category.values.first().map_or("…", |value| value.name.as_str());
            let text = &name.text;
            let message = format!("`{text}` is a line for each `{}`", category.name);
            let diagnostic = self.error("wrong-arguments", span, message).help(format!(
                "say for which: `{text}({first})`; for all of them: `sum of {text}(x) over {} as x`",
                category.name
            ));
            self.report(diagnostic);
            return None;
        };
        let of_category = Type::of(Base::Category(each.category));
        let value = self.value(argument, of_category)?;
        let line = |lowering: &mut Self, value: u32| {
            lowering.push(Op::Amount { amount, line: Some(each.first + value), of }, ty, span)
        };
        if let Some(Op::Literal(Value::Category(constant))) = self.code.get(value).map(|expr| &expr.op) {
            let constant = *constant;
            return Some((line(self, constant), ty));
        }
        let mut values = (0..super::lowering::index(category.values.len())).rev();
        let mut chosen = line(self, values.next()?);
        for position in values {
            let this = self.push(Op::Literal(Value::Category(position)), of_category, span);
            let is_this = self.push(Op::Compare(CompareOp::Eq, value, this), Type::of(Base::Flag), span);
            let its_line = line(self, position);
            chosen = self.push(Op::If(is_this, its_line, chosen), ty, span);
        }
        Some((chosen, ty))
    }

    pub(super) fn report_unknown_line(&mut self, amount: AmountId, name: &Name) {
        let Some(symbol) = self.cx.symbols.amount(amount) else { return };
        let message = format!("`{}` has no line `{}`", symbol.name, name.text);
        let diagnostic = self.error("unknown-label", name.span, message);
        let plain = symbol.lines.iter().map(String::as_str).filter(|label| !label.ends_with(')'));
        let labels = plain.chain(symbol.each.iter().map(|each| each.label.as_str()));
        let diagnostic = match crate::names::nearest(&name.text, labels.clone()) {
            Some(near) => super::names::replace(diagnostic, near),
            None if symbol.lines.is_empty() => {
                diagnostic.help(format!("it is one value without lines: write `{}`", symbol.name))
            }
            None => diagnostic.help(format!("its lines are {}", super::unit::one_of(labels))),
        };
        self.report(diagnostic);
    }

    /// The decision, requirement or amount that an expression names, and of which row; `None`, and nothing is reported, when
    /// it names none.
    pub fn result(&mut self, written: &ast::Expr) -> Option<AskedResult> {
        match &*written.kind {
            ExprKind::Paren(inner) => self.result(inner),
            ExprKind::Call(callee, arguments) => {
                let asked = self.result_called(callee)?;
                self.instance(asked, Some(arguments), written.span)
            }
            _ => {
                let asked = self.result_called(written)?;
                self.instance(asked, None, written.span)
            }
        }
    }

    /// A decision, requirement or amount by its name, whatever it is asked for.
    fn result_called(&mut self, written: &ast::Expr) -> Option<(ResultId, ExprId)> {
        let as_result = |member: Member| match member {
            Member::Decision(id) => Some(ResultId::Decision(id)),
            Member::Requirement(id) => Some(ResultId::Requirement(id)),
            Member::Amount(id) => Some(ResultId::Amount(id)),
            _ => None,
        };
        match &*written.kind {
            ExprKind::Name(name) => {
                let Search::One(Found::Member(slot, record, member)) = self.find(&name.text, false) else {
                    return None;
                };
                let result = as_result(member)?;
                self.mention_member(record, member, name.span);
                Some((result, self.row(slot, record, name.span).0))
            }
            ExprKind::Field(base, name) => {
                let declared = self.cx.symbols.policy(self.cx.policy)?.scope.get(&name.text);
                if !declared.iter().any(|symbol| {
                    matches!(symbol, Symbol::Decision(_) | Symbol::Requirement(_) | Symbol::Amount(_))
                }) {
                    return None;
                }
                let (of, ty) = self.dotted(base)?;
                let Base::Record(record) = ty.base else { return None };
                let [member] = *self.find_member(record, &name.text).as_slice() else { return None };
                let result = as_result(member)?;
                self.mention_member(record, member, name.span);
                Some((result, of))
            }
            _ => None,
        }
    }

    /// A requirement `for each` value is asked for one of them, everything else for none; else a report.
    fn instance(
        &mut self,
        (result, of): (ResultId, ExprId),
        arguments: Option<&[ast::Expr]>,
        span: Span,
    ) -> Option<AskedResult> {
        let symbols = self.cx.symbols;
        let name = symbols.name(result)?;
        let each = match result {
            ResultId::Requirement(id) => symbols.requirement(id)?.each,
            ResultId::Decision(_) | ResultId::Amount(_) => None,
        };
        match (each, arguments) {
            (None, None) => Some(AskedResult { result, of, value: None }),
            (None, Some(_)) => {
                let diagnostic = self
                    .error("wrong-arguments", span, format!("`{name}` takes no arguments"))
                    .help(format!("write `{name}`"));
                self.report(diagnostic);
                None
            }
            (Some(category), Some([argument])) => {
                let value = self.value(argument, Type::of(Base::Category(category)))?;
                Some(AskedResult { result, of, value: Some(value) })
            }
            (Some(category), _) => {
                let Some(category) = symbols.category(category) else {
                    self.failed = true;
                    return None;
                };
                let first = category.values.first().map_or("…", |value| value.name.as_str());
                let message = format!("`{name}` is a requirement for each `{}`", category.name);
                let diagnostic = self.error("wrong-arguments", span, message).help(format!(
                    "say for which: `{name}({first})`; for all of them: `all of {} as x satisfy {name}(x) is met`",
                    category.name
                ));
                self.report(diagnostic);
                None
            }
        }
    }

    /// `q is met`.
    pub(super) fn is_met(&mut self, item: &ast::Expr, span: Span) -> Option<(ExprId, Type)> {
        let before = self.diagnostics.len();
        let found = self.result(item);
        if let Some(AskedResult { result: ResultId::Requirement(requirement), of, value }) = found {
            let ty = Type::of(Base::Flag);
            return Some((self.push(Op::IsMet { requirement, value, of }, ty, span), ty));
        }
        if self.diagnostics.len() > before {
            return None;
        }
        if let Some(AskedResult { result: ResultId::Amount(id), .. }) = found {
            let name = &self.cx.symbols.amount(id)?.name;
            let message = format!("`{name}` is an amount, and only a requirement is met");
            let diagnostic = self.error("type-mismatch", item.span, message);
            self.report(diagnostic.help(format!("compare it: `{name} > $0`")));
            return None;
        }
        if let Some(AskedResult { result: ResultId::Decision(id), .. }) = found {
            let decision = self.cx.symbols.decision(id)?;
            let outcomes = self.cx.symbols.category(decision.outcomes)?;
            let name = &decision.name;
            let mut diagnostic = self.error(
                "type-mismatch",
                item.span,
                format!("`{name}` is a decision, and only a requirement is met"),
            );
            if let Some(first) = outcomes.values.first() {
                diagnostic = diagnostic.help(format!("compare its outcome: `{name} = {}`", first.name));
            }
            self.report(diagnostic);
            return None;
        }
        // A name that is not known at all is reported as such.
        self.expr(item, None)?;
        let diagnostic = self
            .error("type-mismatch", item.span, "only a requirement is met")
            .help("name a requirement before `is met`; a flag is a condition by itself");
        self.report(diagnostic);
        None
    }

    /// An expression before a `.`.
    pub(super) fn dotted(&mut self, base: &ast::Expr) -> Option<(ExprId, Type)> {
        match &*base.kind {
            ExprKind::Name(name) => {
                let lowered = self.name(name, true, None);
                self.checked(lowered)
            }
            _ => self.expr(base, None),
        }
    }

    /// `Category.value`, when the name before the `.` is a category.
    pub(super) fn qualified_value(
        &mut self,
        base: &ast::Expr,
        name: &Name,
        span: Span,
    ) -> Option<Option<(ExprId, Type)>> {
        let ExprKind::Name(category_name) = &*base.kind else { return None };
        let Search::One(Found::Symbol(symbol @ Symbol::Category(category))) =
            self.find(&category_name.text, true)
        else {
            return None;
        };
        self.mention(category_name.span, Target::Symbol(symbol));
        let ty = Type::of(Base::Category(category));
        let Some(position) = self.category_value(category, &name.text) else {
            self.report_unknown(name, Some(ty));
            return Some(None);
        };
        self.mention(name.span, Target::Value(category, position));
        Some(Some((self.push(Op::Literal(Value::Category(position)), ty, span), ty)))
    }
}

fn member_symbol(member: Member) -> Option<Symbol> {
    match member {
        Member::Field(_) => None,
        Member::Define(id) => Some(Symbol::Define(id)),
        Member::Decision(id) => Some(Symbol::Decision(id)),
        Member::Requirement(id) => Some(Symbol::Requirement(id)),
        Member::Amount(id) => Some(Symbol::Amount(id)),
    }
}

pub(super) fn counted(arguments: usize) -> String {
    match arguments {
        0 => "no arguments".to_owned(),
        1 => "one argument".to_owned(),
        more => format!("{more} arguments"),
    }
}

fn were(arguments: usize) -> String {
    match arguments {
        0 => "none is".to_owned(),
        1 => "one is".to_owned(),
        more => format!("{more} are"),
    }
}
