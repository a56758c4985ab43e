//! Where the reading of an expression could be mistaken, brackets are required.

use pest::iterators::Pair;

use super::Lower;
use super::expression::{Flat, end_of};
use crate::Fix;
use crate::ast::{Expr, ExprKind};
use crate::rules::Rule as R;
use crate::span::Span;

/// The code of these errors.
const CODE: &str = "needs-brackets";

/// The words of a form that takes everything after it, when it stands without brackets.
fn bare_form(expr: &Expr) -> Option<&'static str> {
    match expr.kind.as_ref() {
        ExprKind::Aggregate(_) | ExprKind::Quantity { .. } => Some("an aggregate"),
        ExprKind::PercentRank(_) | ExprKind::Total(_) | ExprKind::InTop(..) => Some("a ranking"),
        ExprKind::If(..) => Some("an `if`"),
        ExprKind::Apportion { .. } => Some("an `apportion`"),
        _ => None,
    }
}

fn is_arithmetic(rule: R) -> bool {
    matches!(rule, R::plus | R::subtract | R::times | R::divide)
}

impl Lower<'_> {
    /// Adding brackets around a span of the item.
    fn bracket_fix(&self, span: Span) -> Fix {
        let span = self.in_file(span);
        Fix {
            title: "add brackets".to_owned(),
            edits: vec![
                (Span::new(span.start, span.start), "(".to_owned()),
                (Span::new(span.end, span.end), ")".to_owned()),
            ],
        }
    }

    /// The operands of an arithmetic operator or a comparison.
    pub(super) fn check_bare(&mut self, left: &Expr, right: &Expr) {
        let whole = left.span.to(right.span);
        for expr in [left, right] {
            if let Some(what) = bare_form(expr) {
                self.needs_brackets(expr, what, whole, None);
            } else if let ExprKind::Elapsed(_, _, end) = expr.kind.as_ref()
                && self.arithmetic_beside(expr)
            {
                let start = Span::new(expr.span.start, end.span.start);
                let rest = Span::new(end.span.start, whole.end);
                let other = (expr.span.end < whole.end).then(|| {
                    format!(
                        "{} ({})",
                        Self::quote(&self.item_text(start)),
                        Self::quote(&self.item_text(rest))
                    )
                });
                self.needs_brackets(expr, "a span of time", whole, other);
            }
        }
    }

    /// An aggregate or another open form beside an operator.
    pub(super) fn check_bare_operand(&mut self, expr: &Expr) {
        if let Some(what) = bare_form(expr) {
            self.needs_brackets(expr, what, expr.span, None);
        }
    }

    /// `whole` is the form with the operator beside it; `other` the second reading.
    fn needs_brackets(&mut self, expr: &Expr, what: &str, whole: Span, other: Option<String>) {
        let text = |from: u32, to: u32| Self::quote(&self.item_text(Span::new(from, to)));
        let spaced = |text: String| if text.is_empty() { text } else { format!("{text} ") };
        let before = spaced(text(whole.start, expr.span.start));
        let after = text(expr.span.end, whole.end);
        let after = if after.is_empty() { after } else { format!(" {after}") };
        let reading = format!("{before}({}){after}", text(expr.span.start, expr.span.end));
        let help = match other {
            Some(other) => format!("write `{reading}` or `{other}`"),
            None => format!("write `{reading}`, or put the brackets around all that it should take in"),
        };
        let fix = self.bracket_fix(expr.span);
        self.damaged = true;
        self.error(
            CODE,
            format!("{what} beside an operator needs brackets"),
            expr.span,
            Some(help),
            Some(fix),
        );
    }

    /// `days between a and b + 1`: is an arithmetic operator next to it?
    fn arithmetic_beside(&self, expr: &Expr) -> bool {
        let after = self.text_after(expr.span.end);
        let before = self.text_before(expr.span.start);
        after.starts_with(['+', '-', '*', '/']) || before.ends_with(['+', '-', '*', '/'])
    }

    /// `not any of …` is `none of …`.
    pub(super) fn check_negated(&mut self, inner: &Expr, not: Span) {
        let Some(what) = bare_form(inner) else { return };
        let source = self.item_text(inner.span);
        match source.strip_prefix("any of") {
            Some(rest) => {
                let message = format!("`not any of` is written `none of{}`", Self::quote_after(rest));
                let fix = Fix {
                    title: "write `none of`".to_owned(),
                    edits: vec![(
                        self.in_file(Span::new(not.start, inner.span.start + 6)),
                        "none of".to_owned(),
                    )],
                };
                self.damaged = true;
                self.error(CODE, message, not.to(inner.span), None, Some(fix));
            }
            None => self.needs_brackets(inner, what, not.to(inner.span), None),
        }
    }

    fn quote_after(rest: &str) -> String {
        let text = Self::quote(rest);
        if text.is_empty() { text } else { format!(" {text}") }
    }

    /// `a < b < c`.
    pub(super) fn check_chained(&mut self, flat: &Flat<'_>, operator: usize, first: Span, whole: Span) {
        let middle_start = flat
            .pairs
            .iter()
            .take(operator)
            .rposition(|pair| matches!(pair.as_rule(), R::comparison))
            .map_or(operator, |index| index + 1);
        let text = |from: usize, to: usize| -> String {
            let start = flat.pairs.get(from).map_or(0, |pair| pair.as_span().start());
            let end = to
                .checked_sub(1)
                .and_then(|last| flat.pairs.get(last))
                .map_or(start, |pair| end_of(pair) as usize);
            self.segment.text.get(start..end).unwrap_or("").to_owned()
        };
        let middle = text(middle_start, operator);
        let rest = text(operator, flat.at);
        let left = self.item_text(first);
        let message = "comparisons do not chain".to_owned();
        let help = if middle.is_empty() {
            format!("write `({}) {}`", Self::quote(&left), Self::quote(&rest))
        } else {
            let first_reading =
                format!("{} and {} {}", Self::quote(&left), Self::quote(&middle), Self::quote(&rest));
            format!("write `{first_reading}` or `({}) {}`", Self::quote(&left), Self::quote(&rest))
        };
        let help = match self.text_before(whole.start).split_whitespace().next_back() {
            // The condition of an aggregate runs on, and took in what was to be compared with the aggregate.
            Some("where") => {
                let rows = format!("(… where {})", Self::quote(&left));
                format!(
                    "write `{rows} {}` if the rows are counted and then compared; else {help}",
                    Self::quote(&rest)
                )
            }
            _ => help,
        };
        self.damaged = true;
        self.error(CODE, message, whole, Some(help), None);
    }

    /// `rounded` and `presumed` follow a name, a call or a bracket, and touch no arithmetic.
    pub(super) fn check_suffix(
        &mut self,
        flat: &Flat<'_>,
        start: usize,
        operand: &Expr,
        suffix: &Pair<'_, R>,
    ) {
        let word = match suffix.as_rule() {
            R::rounded_suffix => "rounded",
            R::presumed_suffix => "presumed",
            _ => {
                self.check_bare_operand(operand);
                return;
            }
        };
        let suffix_span = self.span(suffix);
        let before = start.checked_sub(1).and_then(|index| flat.pairs.get(index)).map(Pair::as_rule);
        let after = flat.pairs.get(flat.at).map(Pair::as_rule);
        let touches_before = before.is_some_and(|rule| is_arithmetic(rule) || rule == R::minus);
        let touches_after = after.is_some_and(is_arithmetic);
        let takes_operand = matches!(
            operand.kind.as_ref(),
            ExprKind::Name(_)
                | ExprKind::Field(..)
                | ExprKind::Call(..)
                | ExprKind::Paren(_)
                | ExprKind::On(..)
                | ExprKind::Presumed(..)
                | ExprKind::Damaged
        );
        if takes_operand && !touches_before && !touches_after {
            return;
        }
        let operand_text = Self::quote(&self.item_text(operand.span));
        let suffix_text = Self::quote(&self.item_text(suffix_span));
        self.damaged = true;
        let whole = operand.span.to(suffix_span);
        if !takes_operand {
            let message = format!("`{word}` follows a name, a call or a bracket");
            let mut help = format!("write `({operand_text}) {suffix_text}`");
            if let ExprKind::PercentOf(_, of) = operand.kind.as_ref() {
                let start = Self::quote(&self.item_text(Span::new(operand.span.start, of.span.start)));
                let of = Self::quote(&self.item_text(of.span));
                help = format!("{help} or `{start} ({of} {suffix_text})`");
            }
            let fix = self.bracket_fix(operand.span);
            self.error(CODE, message, whole, Some(help), Some(fix));
            return;
        }
        let message = format!("`{word}` beside arithmetic needs brackets");
        let help = if touches_before {
            let chain = self.chain_start(flat, start);
            let left = Self::quote(&self.item_text(Span::new(chain, operand.span.start)));
            format!(
                "write `({left} {operand_text}) {suffix_text}` or `{left} ({operand_text} {suffix_text})`"
            )
        } else {
            let end = self.chain_end(flat);
            let right = Self::quote(&self.item_text(Span::new(suffix_span.end, end)));
            format!(
                "write `({operand_text} {suffix_text}) {right}` or `({operand_text} {right}) {suffix_text}`"
            )
        };
        self.error(CODE, message, whole, Some(help), None);
    }

    /// Where the arithmetic that ends before `start` begins.
    fn chain_start(&self, flat: &Flat<'_>, start: usize) -> u32 {
        let mut first = start;
        for index in (0..start).rev() {
            match flat.pairs.get(index).map(Pair::as_rule) {
                Some(R::kw_or | R::kw_and | R::kw_not | R::comparison) | None => break,
                Some(R::is_tail | R::between_tail | R::in_tail | R::text_tail) => break,
                Some(_) => first = index,
            }
        }
        flat.pairs.get(first).map_or(0, |pair| self.span(pair).start)
    }

    /// Where the arithmetic that follows ends.
    fn chain_end(&self, flat: &Flat<'_>) -> u32 {
        let mut end = 0;
        for pair in flat.pairs.iter().skip(flat.at) {
            match pair.as_rule() {
                R::kw_or | R::kw_and | R::kw_not | R::comparison => break,
                R::is_tail | R::between_tail | R::in_tail | R::text_tail => break,
                _ => end = self.span(pair).end,
            }
        }
        end
    }
}
