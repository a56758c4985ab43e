//! Amounts: their lines, and the limits and rounding of their total.

use std::sync::Arc;

use rubric_grammar::ast::{self, RoundingUnit};

use super::lowering::{cites, index};
use super::override_order::Ranked;
use super::unit::{base_name, is_quantity};
use super::{Context, Lowered, Lowering};
use crate::plan::{
    ADJUSTMENT, AmountBody, AmountId, AmountSymbol, ExprId, Interval, LineBody, Op, TotalBody,
};
use crate::value::{Base, Type, Value};

/// Lowers an `amount`; an amendment of one is not an amount of its own.
#[must_use]
pub fn amount(cx: &Context<'_>, id: AmountId, item: &ast::Amount) -> Lowered<AmountBody> {
    let mut lowering = Lowering::new(cx);
    let Some(symbol) = cx.symbols.amount(id).filter(|_| !item.amend) else {
        return lowering.finish(|_| None);
    };
    if let Some(of) = &item.of {
        lowering.mention_declared(of);
    }
    if let Some(ty) = &item.ty {
        lowering.mention_type(ty);
        lowering.amount_type(symbol, ty);
    }
    if cx.symbols.record(symbol.of).is_none() {
        // Its names cannot be found without the record, which is already reported.
        return lowering.finish(|_| None);
    }
    lowering.bind_record(symbol.of);
    lowering.bind_lines(id, symbol, item);
    let condition = item.condition.as_ref().map(|condition| lowering.condition(condition));
    let law_on = item.law_on.as_ref().map(|day| lowering.date_value(day));
    let because = lowering.template(item.because.as_ref());
    let lines = match &item.value {
        Some(value) => lowering.only_line(item, symbol, value),
        None => lowering.lines(item, symbol),
    };
    let total = lowering.whole_amount(item, symbol);
    let cites = cites(&item.cites);
    lowering.grants_reach(crate::plan::Symbol::Amount(id), symbol.of);
    let (condition, law_on) = (condition.flatten(), law_on.flatten());
    let condition = lowering.own_records(symbol.of, condition).or(condition);
    lowering.finish(|code| {
        // No line at all is lost to a syntax error, or reported.
        if lines.is_empty() {
            return None;
        }
        Some(AmountBody { code, condition, law_on, cites, because, lines, total })
    })
}

impl Lowering<'_> {
    /// An amount is something that can be added up, and always there.
    fn amount_type(&mut self, symbol: &AmountSymbol, written: &ast::TypeExpr) {
        if !is_quantity(symbol.ty.base) && symbol.ty.base != Base::Damaged {
            let what = base_name(self.cx.symbols, symbol.ty.base);
            let diagnostic = self
                .error(
                    "type-mismatch",
                    written.span,
                    format!("an amount is added up, and `{what}` cannot be"),
                )
                .help("an amount is `money`, `number`, `count`, `percent`, `days` or `months`");
            self.report(diagnostic);
        } else if symbol.ty.optional {
            let diagnostic = self
                .error("type-mismatch", written.span, "an amount is never missing")
                .help("remove the `?`: where a fact is missing the amount is undetermined");
            self.report(diagnostic);
        }
    }

    /// Inside an amount its lines are known by their labels.
    pub(super) fn bind_lines(&mut self, amount: AmountId, symbol: &AmountSymbol, item: &ast::Amount) {
        let (of, _) = self.row(0, symbol.of, item.name.span);
        for (position, label) in symbol.lines.iter().enumerate() {
            self.bind(label, Op::Amount { amount, line: Some(index(position)), of }, symbol.ty);
        }
        // Which of its lines is meant says the argument.
        for each in &symbol.each {
            self.bind(&each.label, Op::Amount { amount, line: Some(each.first), of }, symbol.ty);
        }
    }

    /// `amount a of R = E`.
    pub(super) fn only_line(
        &mut self,
        item: &ast::Amount,
        symbol: &AmountSymbol,
        value: &ast::Expr,
    ) -> Vec<LineBody> {
        let Some(value) = self.line_value(value, symbol) else { return Vec::new() };
        vec![LineBody {
            label: symbol.name.as_str().into(),
            value,
            when: None,
            subject_to: Vec::new(),
            at_most: None,
            at_least: None,
            interval: crate::plan::Interval::default(),
            cites: cites(&item.cites),
            because: Vec::new(),
            policy: self.cx.policy,
            layers: Vec::new(),
            place: self.place(item.name.span),
        }]
    }

    pub(super) fn lines(&mut self, item: &ast::Amount, symbol: &AmountSymbol) -> Vec<LineBody> {
        if item.lines.is_empty() {
            let message = format!("the amount `{}` has no line", item.name.text);
            let diagnostic = self
                .error("missing-line", item.name.span, message)
                .help("write `line base = …`, or the whole of it as `amount a of R = …`");
            self.report(diagnostic);
        }
        let intervals: Vec<_> = item.lines.iter().map(|line| self.interval(line.interval.as_ref())).collect();
        let ranked: Vec<Ranked<'_>> = item
            .lines
            .iter()
            .zip(&intervals)
            .map(|(line, interval)| Ranked {
                label: &line.label,
                interval: interval.unwrap_or_default(),
                subject_to: line.subject_to.iter().collect(),
                notwithstanding: Vec::new(),
            })
            .collect();
        let subject_to = self.overrides(&ranked, &[], "line");
        // By line of the text: the value that each of its lines is for, none where it is one line.
        let mut values: Vec<Vec<Option<u32>>> = Vec::with_capacity(item.lines.len());
        for line in &item.lines {
            values.push(self.values_of(line, symbol));
        }
        // By line of the text: where its lines begin among all.
        let starts: Vec<usize> = values
            .iter()
            .scan(0, |next, values| Some(std::mem::replace(next, *next + values.len())))
            .collect();
        let mut lowered = Vec::with_capacity(item.lines.len());
        for (position, (line, interval)) in item.lines.iter().zip(intervals).enumerate() {
            self.line_label(line, symbol, item);
            let above = subject_to.get(position).map_or(&[][..], Vec::as_slice);
            self.has_conditions(line, above, item);
            for value in values.get(position).map_or(&[][..], Vec::as_slice) {
                let subject_to = above
                    .iter()
                    .flat_map(|above| same_value(item, position, *above as usize, *value, &values, &starts))
                    .collect();
                lowered.extend(self.line(line, symbol, *value, interval, subject_to));
            }
        }
        lowered
    }

    /// One line, or the one for that value.
    fn line(
        &mut self,
        line: &ast::Line,
        symbol: &AmountSymbol,
        each: Option<u32>,
        interval: Option<Interval>,
        subject_to: Vec<u32>,
    ) -> Option<LineBody> {
        let mark = self.mark();
        let mut label: Arc<str> = line.label.text.as_str().into();
        if let (Some(value), Some(over)) = (each, &line.for_each)
            && let Some(of) = symbol.each.iter().find(|of| of.label == line.label.text)
        {
            let ty = Type::of(Base::Category(of.category));
            let name = match &over.alias {
                Some(alias) => alias.text.clone(),
                None => super::names::snake_case(&over.category.text),
            };
            self.bind(&name, Op::Literal(Value::Category(value)), ty);
            label = symbol.lines.get((of.first + value) as usize)?.as_str().into();
        }
        let value = self.line_value(&line.value, symbol);
        let when = line.when.as_ref().map(|when| self.condition(when));
        let at_most = self.limit(line.limits.at_most.as_ref(), symbol);
        let at_least = self.limit(line.limits.at_least.as_ref(), symbol);
        let because = self.template(line.because.as_ref());
        self.hide(mark);
        Some(LineBody {
            label,
            value: value?,
            when: when.flatten(),
            subject_to,
            at_most,
            at_least,
            interval: interval?,
            cites: cites(&line.cites),
            because,
            policy: self.cx.policy,
            layers: Vec::new(),
            place: self.place(line.label.span),
        })
    }

    /// The values that there is a line for.
    fn values_of(&mut self, line: &ast::Line, symbol: &AmountSymbol) -> Vec<Option<u32>> {
        let declared = symbol.each.iter().find(|each| each.label == line.label.text);
        let Some(each) = &line.for_each else {
            if declared.is_some() {
                self.mixed_versions(line);
            }
            return vec![None];
        };
        self.mention_declared(&each.category);
        let place = self.place(each.category.span);
        let base = crate::names::named_type(
            self.cx.symbols,
            self.cx.policy,
            &each.category,
            place,
            &mut self.diagnostics,
        );
        let Base::Category(category) = base else {
            self.failed = true;
            if base != Base::Damaged {
                let message = format!("`{}` is no category", each.category.text);
                let diagnostic = self
                    .error("type-mismatch", each.category.span, message)
                    .help("`for each` goes over the values of a category");
                self.report(diagnostic);
            }
            return Vec::new();
        };
        if declared.is_none_or(|declared| declared.category != category) {
            self.mixed_versions(line);
            return Vec::new();
        }
        let values = self.cx.symbols.category(category).map_or(0, |category| category.values.len());
        (0..index(values)).map(Some).collect()
    }

    /// Versions of a line are all `for each` value of one category, or none of them is.
    fn mixed_versions(&mut self, line: &ast::Line) {
        let message =
            format!("`{}` is not `for each` value of the same category everywhere", line.label.text);
        let diagnostic = self
            .error("duplicate-label", line.label.span, message)
            .help("give the versions of a line the same `for each`, or the lines different labels");
        self.report(diagnostic);
    }

    fn line_value(&mut self, value: &ast::Expr, symbol: &AmountSymbol) -> Option<ExprId> {
        let id = self.value(value, Type::of(symbol.ty.base));
        self.failed |= id.is_none();
        id
    }

    fn limit(&mut self, limit: Option<&ast::Expr>, symbol: &AmountSymbol) -> Option<ExprId> {
        self.line_value(limit?, symbol)
    }

    /// A label names one thing, and what the generated line and the columns of results are called is taken.
    fn line_label(&mut self, line: &ast::Line, symbol: &AmountSymbol, item: &ast::Amount) {
        let label = line.label.text.as_str();
        let adjusted = item.rounding.is_some() || item.limits != ast::Limits::default();
        let taken = match label {
            ADJUSTMENT if adjusted => "the line that limits or rounding of the total make",
            "needs" => "the column of what is missing",
            _ if label == symbol.name => "the amount itself",
            _ => match self.find_free(label) {
                Some(what) => what,
                None => return,
            },
        };
        let message = format!("`{label}` is also the name of {taken}");
        let diagnostic =
            self.error("duplicate-label", line.label.span, message).help("give the line another label");
        self.report(diagnostic);
    }

    /// What a name stands for that no row has: a line of that name would hide it.
    fn find_free(&self, name: &str) -> Option<&'static str> {
        use crate::plan::Symbol;
        let declared = self.cx.symbols.policy(self.cx.policy)?.scope.get(name);
        declared.iter().find_map(|symbol| match symbol {
            Symbol::Parameter(_) => Some("a parameter"),
            Symbol::Input(_) => Some("an input"),
            Symbol::Define(id) if self.cx.symbols.define(*id)?.of.is_none() => Some("a definition"),
            _ => None,
        })
    }

    /// A line gives way to another where the `when` of that one holds, so that one must have a `when`.
    fn has_conditions(&mut self, line: &ast::Line, above: &[u32], item: &ast::Amount) {
        for other in above.iter().filter_map(|above| item.lines.get(*above as usize)) {
            if other.when.is_some() {
                continue;
            }
            let (label, always) = (&line.label.text, &other.label.text);
            let span =
                line.subject_to.iter().find(|name| name.text == *always).map_or(line.span, |it| it.span);
            let message = format!("`{always}` has no `when`, so `{label}` would never count");
            let diagnostic = self
                .error("missing-when", span, message)
                .label(self.place(other.label.span), "it always applies")
                .help(format!("say when `{always}` applies instead of `{label}`, or remove one of them"));
            self.report(diagnostic);
        }
    }

    fn whole_amount(&mut self, item: &ast::Amount, symbol: &AmountSymbol) -> Option<TotalBody> {
        let at_most = self.limit(item.limits.at_most.as_ref(), symbol);
        let at_least = self.limit(item.limits.at_least.as_ref(), symbol);
        let rounding = item.rounding.map(|rounding| (rounding.mode, rounding.unit));
        if let Some((_, unit)) = rounding {
            let money = matches!(unit, RoundingUnit::Cents | RoundingUnit::Dollars);
            if money != (symbol.ty.base == Base::Money) {
                let what = base_name(self.cx.symbols, symbol.ty.base);
                let diagnostic = self
                    .error("unit-mismatch", item.name.span, format!("`{what}` cannot be rounded to this unit"))
                    .help("money is rounded `to cents` or `to dollars`, other amounts `to whole` or `to 2 places`");
                self.report(diagnostic);
            }
        }
        let changed = at_most.is_some() || at_least.is_some() || rounding.is_some();
        let place = self.place(item.name.span);
        changed.then_some(TotalBody { at_most, at_least, rounding, place })
    }
}

/// The lines that a line of the text which is put aside by another yields to: of lines over one category that for the
/// same value, else all of them.
fn same_value(
    item: &ast::Amount,
    below: usize,
    above: usize,
    value: Option<u32>,
    values: &[Vec<Option<u32>>],
    starts: &[usize],
) -> Vec<u32> {
    let category = |position: usize| {
        item.lines
            .get(position)
            .and_then(|line| line.for_each.as_ref())
            .map(|each| each.category.text.as_str())
    };
    let alike = category(below).is_some() && category(below) == category(above);
    let start = starts.get(above).copied().unwrap_or_default();
    let of_above = values.get(above).map_or(&[][..], Vec::as_slice);
    let matching = of_above.iter().enumerate().filter(|(_, of)| !alike || **of == value);
    matching.map(|(offset, _)| index(start + offset)).collect()
}
