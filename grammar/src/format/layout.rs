//! Where lines begin: which clause, field or row stands on a line of its own, and how far it is indented.

use super::tokens::{Token, Tokens};
use crate::Span;
use crate::ast::*;

const INDENT: usize = 2;

/// Codes of a category are not put in a column when one would stand further than this from its name.
const FURTHEST_CODE: usize = 16;

/// Keywords that start a clause of a declaration, rule or line.
const CLAUSES: &[&str] = &[
    "at",
    "because",
    "cite",
    "due",
    "id",
    "law",
    "notwithstanding",
    "outcomes",
    "rounded",
    "severity",
    "subject",
    "waivable",
    "when",
    "where",
];

/// Keywords that start a clause of a policy's header.
const POLICY_CLAUSES: &[&str] = &["title", "authority", "cite", "effective", "school_year", "month_end"];

/// A line that begins at a token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    /// Of the line.
    pub(super) indent: usize,
    /// Of the comments above it.
    pub(super) comment_indent: usize,
    /// A blank line of the author's is kept before the comments above it, or before it when there are none.
    pub(super) blank_before: bool,
    /// A blank line of the author's is kept below a comment above it.
    pub(super) blank_below_comment: bool,
}

/// When a block may stand on one line.
#[derive(Clone, Copy, PartialEq)]
enum OneLine {
    /// Never.
    Never,
    /// If the author wrote it so and it fits.
    AsWritten,
    /// If it fits.
    IfFits,
}

/// Decides the lines of one item.
pub(super) struct Layout<'t, 's> {
    tokens: &'t mut Tokens<'s>,
    starts: Vec<Option<Start>>,
    /// For each token, whether it is part of an expression.
    in_expression: Vec<bool>,
    /// Index of the item's first token and one past its last.
    range: (usize, usize),
    base: u32,
    width: usize,
}

impl<'t, 's> Layout<'t, 's> {
    /// The lines of `item`, whose tokens are `range`: one entry for each of these tokens.
    pub(super) fn of(
        item: &Item,
        roots: &[&Expr],
        tokens: &'t mut Tokens<'s>,
        range: (usize, usize),
        width: usize,
    ) -> Vec<Option<Start>> {
        let base = item.span.start;
        let length = range.1.saturating_sub(range.0);
        let mut in_expression = vec![false; length];
        for root in roots {
            let (from, to) = (tokens.at(root.span.start + base), tokens.at(root.span.end + base));
            for flag in
                in_expression.iter_mut().take(to.saturating_sub(range.0)).skip(from.saturating_sub(range.0))
            {
                *flag = true;
            }
        }
        let mut layout = Layout { tokens, starts: vec![None; length], in_expression, range, base, width };
        let head = layout.after_allows(range.0, &item.allows, 0);
        layout.item(head, &item.kind);
        layout.starts
    }

    fn token(&self, index: usize) -> Option<&Token<'s>> {
        if (self.range.0..self.range.1).contains(&index) { self.tokens.list.get(index) } else { None }
    }

    fn at(&self, span: Span) -> usize {
        self.tokens.at(span.start + self.base)
    }

    fn after(&self, span: Span) -> usize {
        self.tokens.at(span.end + self.base)
    }

    fn is_expression(&self, index: usize) -> bool {
        index.checked_sub(self.range.0).and_then(|at| self.in_expression.get(at)).copied().unwrap_or(false)
    }

    fn is_word(&self, index: usize, words: &[&str]) -> bool {
        !self.is_expression(index) && self.token(index).is_some_and(|token| token.is_word(words))
    }

    fn is_symbol(&self, index: usize, symbol: &str) -> bool {
        !self.is_expression(index) && self.token(index).is_some_and(|token| token.is_symbol(symbol))
    }

    fn start(&mut self, index: usize, start: Start) {
        if let Some(slot) = index.checked_sub(self.range.0).and_then(|at| self.starts.get_mut(at)) {
            *slot = Some(start);
        }
    }

    /// A clause of what is above it.
    fn start_clause(&mut self, index: usize, indent: usize) {
        self.start(
            index,
            Start { indent, comment_indent: indent, blank_before: false, blank_below_comment: false },
        );
    }

    /// One of several things in braces.
    fn start_member(&mut self, index: usize, indent: usize, is_first: bool) {
        self.start(
            index,
            Start { indent, comment_indent: indent, blank_before: !is_first, blank_below_comment: true },
        );
    }

    /// The brace that closes what stands at `indent`.
    fn start_close(&mut self, index: usize, indent: usize) {
        let commented =
            self.token(index).is_some_and(|token| token.trivia.iter().any(|trivia| !trivia.trailing));
        self.start(
            index,
            Start {
                indent,
                comment_indent: indent + INDENT,
                blank_before: commented,
                blank_below_comment: false,
            },
        );
    }

    /// Each `allow` on its line; returns the token behind them, which starts another.
    fn after_allows(&mut self, first: usize, allows: &[Allow], indent: usize) -> usize {
        let mut head = first;
        for allow in allows {
            head = self.after(allow.span);
            self.start_clause(head, indent);
        }
        head
    }

    /// The first token in `from..to` outside expressions that is `symbol`.
    fn find(&self, from: usize, to: usize, symbol: &str) -> Option<usize> {
        (from..to).find(|index| self.is_symbol(*index, symbol))
    }

    /// The braces behind `from`: the first `{` and its `}`.
    fn braces(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        let open = self.find(from, to, "{")?;
        let mut depth = 0_usize;
        for index in open..to {
            if self.is_symbol(index, "{") {
                depth += 1;
            } else if self.is_symbol(index, "}") {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some((open, index));
                }
            }
        }
        None
    }

    /// The width of the tokens `from..=to` on one line.
    fn flat_width(&self, from: usize, to: usize) -> usize {
        let tokens = self.tokens.list.get(from..=to).unwrap_or_default();
        let blanks: usize = tokens.iter().skip(1).map(|token| token.space).sum();
        blanks + tokens.iter().map(Token::width).sum::<usize>()
    }

    /// No comment stands between the tokens `from` and `to`, and they fit on a line.
    fn fits(&self, from: usize, to: usize, indent: usize) -> bool {
        let tokens = self.tokens.list.get(from + 1..=to).unwrap_or_default();
        tokens.iter().all(|token| token.trivia.is_empty()) && indent + self.flat_width(from, to) <= self.width
    }

    fn written_on_one_line(&self, from: usize, to: usize) -> bool {
        let tokens = self.tokens.list.get(from + 1..=to).unwrap_or_default();
        !tokens.iter().any(|token| token.newline_before)
    }

    /// Starts a line for each member in braces and for the closing brace, unless all of it stays on the line of `head`.
    /// Returns whether the block is broken.
    fn block(
        &mut self,
        head: usize,
        (open, close): (usize, usize),
        members: &[usize],
        indent: usize,
        one_line: OneLine,
    ) -> bool {
        if members.is_empty() && self.fits(open, close, 0) {
            return false;
        }
        let may = match one_line {
            OneLine::Never => false,
            OneLine::AsWritten => self.written_on_one_line(open, close),
            OneLine::IfFits => true,
        };
        if may {
            for member in members.iter().skip(1) {
                self.space_member(*member);
            }
            if self.fits(head, close, indent) {
                return false;
            }
        }
        for (index, member) in members.iter().enumerate() {
            self.start_member(*member, indent + INDENT, index == 0);
        }
        self.start_close(close, indent);
        true
    }

    /// Two blanks between members that share a line, one where a comma parts them.
    fn space_member(&mut self, member: usize) {
        let comma = member.checked_sub(1).is_some_and(|before| self.is_symbol(before, ","));
        if let Some(token) = self.tokens.list.get_mut(member) {
            token.space = if comma { 1 } else { 2 };
        }
    }

    /// The tokens in `from..to` that start a clause.
    fn clauses(&self, from: usize, to: usize, words: &[&str]) -> Vec<usize> {
        let mut clauses = Vec::new();
        let mut depth = 0_usize;
        for index in from..to {
            if self.is_symbol(index, "{") {
                depth += 1;
            } else if self.is_symbol(index, "}") {
                depth = depth.saturating_sub(1);
            }
            let ends_interval = self.is_word(index, &["until", "through"])
                && !index.checked_sub(2).is_some_and(|from| self.is_word(from, &["from"]));
            if depth == 0 && (self.is_word(index, words) || self.is_word(index, &["from"]) || ends_interval) {
                clauses.push(index);
            }
        }
        clauses
    }

    /// Each clause of `head..end` on its line, unless they stay on the line of `head` as the author had it.
    fn break_clauses(&mut self, head: usize, end: usize, indent: usize, one_line: OneLine) {
        let last = end.saturating_sub(1);
        if one_line == OneLine::AsWritten
            && self.written_on_one_line(head, last)
            && self.fits(head, last, indent)
        {
            return;
        }
        for clause in self.clauses(head + 1, end, CLAUSES) {
            self.start_clause(clause, indent + INDENT);
        }
    }

    /// Members in `open..close`: clauses of the whole, and `others`.
    fn with_clauses(
        &self,
        (open, close): (usize, usize),
        others: &[(usize, usize)],
        words: &[&str],
    ) -> Vec<usize> {
        let mut others = others.to_vec();
        others.sort_unstable();
        let is_of_other = |clause: usize| {
            let before = others.partition_point(|(from, _)| *from <= clause).checked_sub(1);
            before.and_then(|before| others.get(before)).is_some_and(|(_, to)| clause < *to)
        };
        let mut members = self.clauses(open + 1, close, words);
        members.retain(|clause| !is_of_other(*clause));
        members.extend(others.iter().map(|(from, _)| *from));
        members.sort_unstable();
        members
    }

    /// The tokens of a member, from its first `allow` on.
    fn member(&self, allows: &[Allow], span: Span) -> (usize, usize) {
        let first = allows.iter().map(|allow| self.at(allow.span)).min();
        (first.unwrap_or(usize::MAX).min(self.at(span)), self.after(span))
    }

    fn item(&mut self, head: usize, kind: &ItemKind) {
        let end = self.range.1;
        match kind {
            ItemKind::Policy(_) => self.policy(head),
            ItemKind::Category(category) => {
                let values: Vec<usize> =
                    category.values.iter().map(|value| self.at(value.name.span)).collect();
                if let Some(braces) = self.braces(head, end)
                    && self.block(head, braces, &values, 0, OneLine::AsWritten)
                {
                    self.fill(braces, &values, INDENT);
                    self.align_codes(category);
                }
            }
            ItemKind::Record(record) => self.record(head, record),
            ItemKind::Parameter(parameter) => self.parameter(head, parameter),
            ItemKind::Define(define) => self.define(head, define),
            ItemKind::Decision(decision) => self.decision(head, decision),
            ItemKind::Requirement(requirement) => self.requirement(head, requirement),
            ItemKind::Amount(amount) => self.amount(head, amount),
            ItemKind::Fixture(Fixture { statements, .. }) | ItemKind::Test(Test { statements, .. }) => {
                self.statements(head, statements);
            }
            ItemKind::Waiver(row) => self.row(head, end, row, 0),
            ItemKind::Use(_)
            | ItemKind::Group(_)
            | ItemKind::Input(_)
            | ItemKind::Assert(_)
            | ItemKind::Junk => {}
        }
    }

    /// The codes of a category in one column, where each value has a line and the names are of like length.
    fn align_codes(&mut self, category: &Category) {
        let values = &category.values;
        let starts = |value: &CategoryValue| {
            let first = self.at(value.name.span).checked_sub(self.range.0);
            first.and_then(|first| self.starts.get(first)).is_some_and(Option::is_some)
        };
        let width = |value: &CategoryValue| self.token(self.at(value.name.span)).map_or(0, Token::width);
        let widths: Vec<usize> = values.iter().map(width).collect();
        let (widest, narrowest) =
            (widths.iter().max().copied().unwrap_or(0), widths.iter().min().copied().unwrap_or(0));
        if widest - narrowest > FURTHEST_CODE || !values.iter().all(starts) {
            return;
        }
        for (value, width) in values.iter().zip(widths) {
            let code = value.codes.first().map(|code| self.at(code.span));
            if let Some(token) = code.and_then(|code| self.tokens.list.get_mut(code)) {
                token.space = widest + 1 - width;
            }
        }
    }

    fn policy(&mut self, head: usize) {
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let clauses: Vec<usize> =
            (braces.0..braces.1).filter(|index| self.is_word(*index, POLICY_CLAUSES)).collect();
        if !self.block(head, braces, &clauses, 0, OneLine::AsWritten) {
            return;
        }
        let width = |token: Option<&Token<'_>>| token.map_or(0, Token::width);
        let widest = clauses.iter().map(|clause| width(self.token(*clause))).max().unwrap_or(0);
        for clause in clauses {
            let space = widest + 1 - width(self.token(clause));
            if let Some(value) = self.tokens.list.get_mut(clause + 1) {
                value.space = space;
            }
        }
    }

    fn record(&mut self, head: usize, record: &Record) {
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let mut fields = Vec::new();
        let mut at = braces.0;
        let mut bracket = None;
        for field in &record.fields {
            let name = self.at(field.name.span);
            for index in at..name {
                if self.is_symbol(index, "(") {
                    bracket = Some(index);
                } else if self.is_symbol(index, ")") {
                    bracket = None;
                }
            }
            at = name;
            // `key (a: text, b: text)` is one member, which starts at its keyword.
            let key = bracket.unwrap_or(name).checked_sub(1).filter(|before| self.is_word(*before, &["key"]));
            fields.push(key.unwrap_or(name));
        }
        fields.dedup();
        self.block(head, braces, &fields, 0, OneLine::AsWritten);
    }

    fn parameter(&mut self, head: usize, parameter: &Parameter) {
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let entries: Vec<(usize, usize)> =
            parameter.entries.iter().map(|entry| (self.at(entry.span), self.after(entry.span))).collect();
        let members = self.with_clauses(braces, &entries, &["cite"]);
        if !self.block(head, braces, &members, 0, OneLine::AsWritten) {
            return;
        }
        for (entry, (from, to)) in parameter.entries.iter().zip(entries) {
            if let ParameterValue::Table(table) = &entry.value {
                self.table(from, to, table, INDENT);
            }
        }
    }

    /// A table in columns: each as wide as its widest cell.
    fn table(&mut self, head: usize, end: usize, table: &Table, indent: usize) {
        let Some(braces) = self.braces(head, end) else { return };
        let first_of_row = |row: &TableRow| row.labels.first().map_or(row.span, |label| label.span);
        let mut lines: Vec<usize> = table.header.first().iter().map(|name| self.at(name.span)).collect();
        lines.extend(table.rows.iter().map(|row| self.at(first_of_row(row))));
        if !self.block(head, braces, &lines, indent, OneLine::AsWritten) {
            return;
        }
        let cells = |row: &TableRow| {
            row.cells.iter().map(|cell| (self.at(cell.span), self.after(cell.span))).collect()
        };
        let mut rows: Vec<Vec<(usize, usize)>> = Vec::new();
        let has_header = !table.header.is_empty();
        if has_header {
            rows.push(table.header.iter().map(|name| (self.at(name.span), self.after(name.span))).collect());
        }
        rows.extend(table.rows.iter().map(cells));
        // The label of each row ends with its colon, before its first cell.
        let labels: Vec<usize> = lines
            .iter()
            .zip(&rows)
            .enumerate()
            .map(|(index, (line, cells))| match cells.first() {
                Some((first, _)) if *first > *line && !(has_header && index == 0) => {
                    self.flat_width(*line, first - 1)
                }
                _ => 0,
            })
            .collect();
        let label_width = labels.iter().copied().max().unwrap_or(0);
        let widths: Vec<Vec<usize>> = rows
            .iter()
            .map(|cells| {
                cells.iter().map(|(from, to)| self.flat_width(*from, to.saturating_sub(1))).collect()
            })
            .collect();
        let columns = widths.iter().map(Vec::len).max().unwrap_or(0);
        let column_widths: Vec<usize> = (0..columns)
            .map(|column| widths.iter().filter_map(|row| row.get(column).copied()).max().unwrap_or(0))
            .collect();
        let total =
            indent + INDENT + label_width + column_widths.iter().map(|width| width + 2).sum::<usize>();
        let aligned = total <= self.width;
        for (index, (cells, label)) in rows.iter().zip(labels).enumerate() {
            let mut missing = label_width.saturating_sub(label);
            for (column, (from, _)) in cells.iter().enumerate() {
                let space = if aligned { missing + 2 } else { 2 };
                if has_header && index == 0 && column == 0 {
                    // A line cannot begin with a gap: the header's is part of its indentation.
                    let extra = if aligned { label_width + 2 } else { 0 };
                    self.indent_further(*from, extra);
                } else if let Some(token) = self.tokens.list.get_mut(*from) {
                    token.space = space;
                }
                let width = widths.get(index).and_then(|row| row.get(column)).copied().unwrap_or(0);
                missing = column_widths.get(column).copied().unwrap_or(0).saturating_sub(width);
            }
        }
    }

    fn indent_further(&mut self, index: usize, by: usize) {
        if let Some(Some(start)) = index.checked_sub(self.range.0).and_then(|at| self.starts.get_mut(at)) {
            start.indent += by;
        }
    }

    fn define(&mut self, head: usize, define: &Define) {
        let bracket = self.after(define.name.span);
        if self.is_symbol(bracket, "(") {
            self.tokens.glue(bracket);
        }
        match &define.body {
            DefineBody::Always(_) => self.value(head),
            DefineBody::Dated(entries) => {
                let Some(braces) = self.braces(head, self.range.1) else { return };
                let entries: Vec<(usize, usize)> =
                    entries.iter().map(|entry| (self.at(entry.span), self.after(entry.span))).collect();
                let members = self.with_clauses(braces, &entries, &["cite"]);
                self.block(head, braces, &members, 0, OneLine::AsWritten);
            }
            DefineBody::Damaged => {}
        }
    }

    /// `… = E` and the clauses behind it, all on one line if they fit.
    fn value(&mut self, head: usize) {
        let end = self.range.1;
        if !self.fits(head, end.saturating_sub(1), 0)
            && let Some(equals) = self.find(head, end, "=")
        {
            for clause in self.clauses(equals + 1, end, CLAUSES) {
                self.start_clause(clause, INDENT);
            }
        }
    }

    fn decision(&mut self, head: usize, decision: &Decision) {
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let mut others: Vec<(usize, usize)> =
            decision.defaults.iter().map(|default| self.member(&[], default.span)).collect();
        others.extend(decision.members.iter().map(|member| match member {
            DecisionMember::Rule(rule) => self.member(&rule.allows, rule.span),
            DecisionMember::Part(part) => self.member(&[], part.span),
        }));
        let members = self.with_clauses(braces, &others, CLAUSES);
        self.block(head, braces, &members, 0, OneLine::Never);
        for default in &decision.defaults {
            let (from, to) = self.member(&[], default.span);
            self.break_clauses(from, to, INDENT, OneLine::AsWritten);
        }
        for member in &decision.members {
            match member {
                DecisionMember::Rule(rule) => self.rule(rule, INDENT),
                DecisionMember::Part(part) => self.part(part),
            }
        }
    }

    fn rule(&mut self, rule: &Rule, indent: usize) {
        let (first, end) = self.member(&rule.allows, rule.span);
        let head = self.after_allows(first, &rule.allows, indent);
        self.break_clauses(head, end, indent, OneLine::Never);
    }

    fn part(&mut self, part: &Part) {
        let (head, end) = self.member(&[], part.span);
        let Some(braces) = self.braces(head, end) else { return };
        let rules: Vec<usize> =
            part.rules.iter().map(|rule| self.member(&rule.allows, rule.span).0).collect();
        self.block(head, braces, &rules, INDENT, OneLine::Never);
        if !self.fits(head, braces.0, INDENT) {
            for clause in self.clauses(head + 1, braces.0, CLAUSES) {
                self.start_clause(clause, 3 * INDENT);
            }
        }
        for rule in &part.rules {
            self.rule(rule, 2 * INDENT);
        }
    }

    fn requirement(&mut self, head: usize, requirement: &Requirement) {
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let mut parts: Vec<(&[Allow], Span)> =
            requirement.musts.iter().map(|must| (must.allows.as_slice(), must.span)).collect();
        parts.extend(requirement.excepts.iter().map(|except| (except.allows.as_slice(), except.span)));
        let others: Vec<(usize, usize)> =
            parts.iter().map(|(allows, span)| self.member(allows, *span)).collect();
        let members = self.with_clauses(braces, &others, CLAUSES);
        if self.block(head, braces, &members, 0, OneLine::AsWritten) {
            for (allows, span) in parts {
                let (first, end) = self.member(allows, span);
                let head = self.after_allows(first, allows, INDENT);
                self.break_clauses(head, end, INDENT, OneLine::AsWritten);
            }
        }
    }

    fn amount(&mut self, head: usize, amount: &Amount) {
        if amount.value.is_some() {
            self.value(head);
            return;
        }
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let others: Vec<(usize, usize)> =
            amount.lines.iter().map(|line| self.member(&line.allows, line.span)).collect();
        let members = self.with_clauses(braces, &others, CLAUSES);
        if self.block(head, braces, &members, 0, OneLine::AsWritten) {
            for line in &amount.lines {
                let (first, end) = self.member(&line.allows, line.span);
                let head = self.after_allows(first, &line.allows, INDENT);
                self.break_clauses(head, end, INDENT, OneLine::AsWritten);
            }
        }
    }

    fn statements(&mut self, head: usize, statements: &[Statement]) {
        let Some(braces) = self.braces(head, self.range.1) else { return };
        let first = |statement: &Statement| match statement {
            // `as of`
            Statement::AsOf(date) => self.at(date.span).saturating_sub(2),
            // `no`
            Statement::No(record) => self.at(record.span).saturating_sub(1),
            Statement::Row(row) | Statement::Waiver(row) => self.at(row.span),
            Statement::Given(given) => self.at(given.span),
            Statement::Expect(expect) => self.at(expect.span),
        };
        let members: Vec<usize> = statements.iter().map(first).collect();
        self.block(head, braces, &members, 0, OneLine::Never);
        for statement in statements {
            if let Statement::Row(row) | Statement::Waiver(row) = statement {
                let (from, to) = self.member(&[], row.span);
                self.row(from, to, row, INDENT);
            }
        }
    }

    fn row(&mut self, head: usize, end: usize, row: &Row, indent: usize) {
        let Some(braces) = self.braces(head, end) else { return };
        let fields: Vec<usize> = row.fields.iter().map(|field| self.at(field.name.span)).collect();
        if self.block(head, braces, &fields, indent, OneLine::IfFits) {
            self.fill(braces, &fields, indent + INDENT);
        }
    }

    /// Joins short members of a broken block again where the author had them on one line and they fit.
    fn fill(&mut self, braces: (usize, usize), members: &[usize], indent: usize) {
        let mut line = braces.0;
        for (index, member) in members.iter().copied().enumerate() {
            let next = members.get(index + 1).copied().unwrap_or(braces.1);
            let joined = index > 0
                && self.token(member).is_some_and(|token| !token.newline_before && token.trivia.is_empty())
                && {
                    self.space_member(member);
                    self.fits(line, next.saturating_sub(1), indent)
                };
            if !joined {
                line = member;
            } else if let Some(slot) = member.checked_sub(self.range.0).and_then(|at| self.starts.get_mut(at))
            {
                *slot = None;
            }
        }
    }
}
