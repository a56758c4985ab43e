//! Where in a declaration the cursor stands, told from the tokens before it.

use rubric_grammar::{ITEMS, Lexical, LexicalKind, Span, lexical};

use super::super::entity::bare;
use super::super::scope::Visible;
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::plan::{PolicyId, Symbols};

/// What the braces around the cursor hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    File,
    Policy,
    Category,
    Record,
    Parameter,
    Table,
    Define,
    Decision,
    Part,
    Requirement,
    Amount,
    Statements,
    Row,
    Case,
}

/// What can stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// A clause or declaration begins.
    Clause,
    /// An expression goes on, or the next clause begins.
    AfterOperand,
    /// An expression begins.
    Operand,
    /// What follows a dot after these names.
    Member(Vec<String>),
    Type,
    Record,
    Category,
    Policy,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A label of the declaration, but not this one.
    Labels(Option<String>),
    /// A label of this result.
    ResultLabels(String),
    /// An outcome of this decision.
    Outcome(Option<String>),
    Fixture,
    /// The code of a check.
    Check,
    /// A field of a row of this record, but none of these.
    RowField(String, Vec<String>),
    /// The value of a field of a row.
    RowValue(String, String),
    /// A field of this record that names a row.
    ManyBy(String),
    /// What a result of a test is compared with.
    Expected(Vec<String>),
    Nothing,
}

/// Where the cursor stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The part of a word before and after the cursor.
    pub(super) prefix: Span,
    pub(super) block: Block,
    pub(super) want: Want,
    /// The names joined by dots that the operand is compared with.
    pub(super) compared: Option<Vec<String>>,
    /// The declaration.
    pub(super) item: Span,
    /// Whether nothing stands before it in its line.
    pub(super) first: bool,
    /// The declaration with a word at the cursor, and where that word begins.
    patched: (String, u32),
}

impl Place {
    /// What an expression at the cursor sees.
    pub(super) fn visible<'s>(&self, symbols: &'s Symbols, policy: PolicyId) -> Visible<'s> {
        let (text, at) = &self.patched;
        let parse = rubric_grammar::parse(text);
        let holds = |item: &&rubric_grammar::ast::Item| item.span.start <= *at && *at <= item.span.end;
        match parse.file.items.iter().rev().find(holds) {
            Some(item) => Visible::at(symbols, policy, item, *at - item.span.start),
            None => Visible { symbols, policy, rows: Vec::new(), locals: Vec::new() },
        }
    }
}

/// The word that is put in at the cursor; no policy has it.
const FILLER: &str = "zzfillerzz";

/// Where a byte of a file stands; `None` inside a comment or a quoted text, outside of the braces in it.
pub(super) fn find(db: &Database, file: FileId, text: &str, offset: u32) -> Option<Place> {
    let offset = usize::try_from(offset).ok()?.min(text.len());
    let before = text.get(..offset)?;
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let start = before.rfind(|c| !part(c)).map_or(0, |at| at + before.get(at..).map_or(1, first_len));
    let after = text.get(offset..)?;
    let end = offset + after.find(|c| !part(c)).unwrap_or(after.len());
    let prefix = Span::new(u32::try_from(start).ok()?, u32::try_from(end).ok()?);
    if before.get(start..)?.starts_with(|c: char| c.is_numeric()) {
        return None;
    }
    let parsed = db.parsed(file)?;
    let item = item_around(&parsed.parse.file.items, text, prefix.start);
    let head = text.get(item.start as usize..start)?;
    let (tokens, comments) = lexical(head);
    let inside = u32::try_from(head.len()).ok()?;
    let line_start = head.rfind('\n').map_or(0, |at| at + 1);
    // A comment runs to the end of its line, and a text that is not closed does too.
    let commented = comments.iter().any(|it| it.start as usize >= line_start && it.end == inside);
    let quoted = tokens.last().is_some_and(|token| {
        token.kind == LexicalKind::Text
            && !closed(head, token.span)
            && token.span.start as usize >= line_start
    });
    if commented
        || head.get(line_start..)?.contains("//")
            && comments.last().is_some_and(|it| it.start as usize >= line_start)
    {
        return None;
    }
    let tail = text.get(end..item.end as usize).unwrap_or("");
    let reader = Reader { text: head, tokens: &tokens };
    let (block, opened) = reader.block();
    let (mut want, compared) = match tokens.last().filter(|_| quoted) {
        Some(quote) => in_braces(head.get(quote.span.start as usize..)?, block)?,
        None => reader.want(block, opened),
    };
    if let Want::RowField(_, given) = &mut want {
        given.extend(fields_after(tail));
    }
    let first = head.get(line_start..)?.trim().is_empty();
    let patched = (format!("{head}{FILLER}{tail}"), inside);
    Some(Place { prefix, block, want, compared, item, first, patched })
}

/// What can stand at the end of a text that is not closed; `None` outside of the braces whose expression is filled in.
fn in_braces(quoted: &str, block: Block) -> Option<(Want, Option<Vec<String>>)> {
    let expression = quoted.get(quoted.rfind('{')? + 1..)?;
    if expression.contains('}') {
        return None;
    }
    let (tokens, _) = lexical(expression);
    let (want, compared) = Reader { text: expression, tokens: &tokens }.want(block, None);
    let want = match want {
        _ if tokens.is_empty() => Want::Operand,
        Want::Clause | Want::AfterOperand => Want::Words(super::keywords::AFTER_OPERAND),
        want => want,
    };
    Some((want, compared))
}

/// The fields that a row is given behind the cursor.
fn fields_after(tail: &str) -> Vec<String> {
    let row = tail.split(['}', '{']).next().unwrap_or_default();
    let (tokens, _) = lexical(row);
    Reader { text: row, tokens: &tokens }.fields(0)
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

fn closed(text: &str, span: Span) -> bool {
    let written = text.get(span.start as usize..span.end as usize).unwrap_or("");
    written.len() > 1 && written.ends_with(['"', '\u{201d}', '\''])
}

/// The declaration around a byte: the last that begins before it, to where the next one begins.
fn item_around(items: &[rubric_grammar::ast::Item], text: &str, at: u32) -> Span {
    let whole = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let after = items.partition_point(|item| item.span.start <= at);
    let next = items.get(after).map_or(whole, |item| item.span.start);
    let before = after.checked_sub(1).and_then(|it| items.get(it));
    match before {
        // After a declaration that is closed, a new one begins.
        Some(item) if item.span.end < at && !item.damaged => Span::new(item.span.end, next),
        Some(item) => Span::new(item.span.start, next.max(item.span.end)),
        None => Span::new(0, next),
    }
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Lexical],
}

/// Words after which an expression begins.
const BEFORE_OPERAND: [&str; 29] = [
    "when",
    "where",
    "and",
    "or",
    "not",
    "if",
    "then",
    "else",
    "satisfy",
    "presumed",
    "between",
    "in",
    "on",
    "per",
    "among",
    "over",
    "of",
    "expect",
    "given",
    "due",
    "needs",
    "implies",
    "rises",
    "least",
    "most",
    "distinct",
    "must",
    "assert",
    "otherwise",
];

impl<'a> Reader<'a> {
    fn word(&self, at: usize) -> &'a str {
        let Some(token) = self.tokens.get(at) else { return "" };
        let written = self.text.get(token.span.start as usize..token.span.end as usize).unwrap_or("");
        if token.kind == LexicalKind::Word { bare(written) } else { "" }
    }

    fn symbol(&self, at: usize) -> Option<char> {
        match self.tokens.get(at)?.kind {
            LexicalKind::Symbol(c) => Some(c),
            _ => None,
        }
    }

    fn back(&self, steps: usize) -> Option<usize> {
        self.tokens.len().checked_sub(steps)
    }

    fn last_word(&self, steps: usize) -> &'a str {
        self.back(steps).map_or("", |at| self.word(at))
    }

    fn last_symbol(&self, steps: usize) -> Option<char> {
        self.symbol(self.back(steps)?)
    }

    /// What the innermost open brace holds, and the position of that brace.
    fn block(&self) -> (Block, Option<usize>) {
        let mut open: Vec<(Block, usize)> = Vec::new();
        let mut head = "";
        for at in 0..self.tokens.len() {
            match self.symbol(at) {
                Some('{') => {
                    let outer = open.last().map_or(Block::File, |(block, _)| *block);
                    let before = at.checked_sub(1).map_or("", |at| self.word(at));
                    let block = match outer {
                        _ if before == "case" => Block::Case,
                        Block::File => of_head(head),
                        Block::Decision => Block::Part,
                        Block::Parameter => Block::Table,
                        Block::Statements => Block::Row,
                        other => other,
                    };
                    open.push((block, at));
                }
                Some('}') => {
                    open.pop();
                    if open.is_empty() {
                        head = "";
                    }
                }
                None if open.is_empty() => {
                    let word = self.word(at);
                    let continues = matches!(head, "amend" | "extend" | "ordered");
                    if ITEMS.contains(&word) && (head.is_empty() || continues) {
                        head = word;
                    }
                }
                _ => {}
            }
        }
        match open.last() {
            Some((block, at)) => (*block, Some(*at)),
            None => (Block::File, None),
        }
    }

    /// The keyword of the declaration.
    fn head(&self) -> &'a str {
        let mut head = "";
        for at in 0..self.tokens.len() {
            let word = self.word(at);
            if ITEMS.contains(&word) {
                head = word;
                if !matches!(word, "amend" | "extend" | "ordered") {
                    break;
                }
            }
        }
        head
    }

    /// The name after the keyword of the declaration.
    fn name(&self) -> Option<String> {
        let head = self.head();
        let at = (0..self.tokens.len()).find(|at| self.word(*at) == head)?;
        let name = self.word(at + 1);
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// Names joined by dots that end `steps` tokens before the cursor.
    fn chain(&self, steps: usize) -> Vec<String> {
        let mut found = Vec::new();
        let Some(mut at) = self.back(steps) else { return found };
        loop {
            // The call or index before a dot is left out: what it is of decides.
            if let Some(close @ (')' | ']')) = self.symbol(at) {
                let open = if close == ')' { '(' } else { '[' };
                let Some(before) = self.opening(at, open, close) else { return Vec::new() };
                let Some(before) = before.checked_sub(1) else { return Vec::new() };
                at = before;
            }
            let word = self.word(at);
            if word.is_empty() {
                return Vec::new();
            }
            found.push(word.to_owned());
            match at
                .checked_sub(1)
                .filter(|at| self.symbol(*at) == Some('.'))
                .and_then(|at| at.checked_sub(1))
            {
                Some(before) => at = before,
                None => break,
            }
        }
        found.reverse();
        found
    }

    fn opening(&self, close_at: usize, open: char, close: char) -> Option<usize> {
        let mut depth = 0_usize;
        for at in (0..=close_at).rev() {
            match self.symbol(at) {
                Some(c) if c == close => depth += 1,
                Some(c) if c == open => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The position of the last of these words since the last brace.
    fn since_brace(&self, words: &[&str]) -> Option<usize> {
        for at in (0..self.tokens.len()).rev() {
            if matches!(self.symbol(at), Some('{' | '}')) {
                return None;
            }
            if words.contains(&self.word(at)) {
                return Some(at);
            }
        }
        None
    }

    fn want(&self, block: Block, opened: Option<usize>) -> (Want, Option<Vec<String>>) {
        let plain = |want| (want, None);
        let (word, symbol) = (self.last_word(1), self.last_symbol(1));
        if symbol == Some('.') {
            let chain = self.chain(2);
            let paths = self.since_brace(&["use", "under", "policy"]);
            let path = matches!(block, Block::File | Block::Policy)
                && paths.is_some_and(|at| self.tokens.len() - at <= 2 * (chain.len() + 1));
            return plain(if path || chain.is_empty() { Want::Nothing } else { Want::Member(chain) });
        }
        if symbol == Some('(') && self.last_word(2) == "allow" {
            return plain(Want::Check);
        }
        match block {
            Block::File => return self.in_head(),
            Block::Policy => return plain(self.in_policy(word)),
            Block::Category | Block::Table => return plain(Want::Nothing),
            Block::Record => return plain(self.in_record(word, symbol)),
            Block::Row => return self.in_row(opened),
            _ => {}
        }
        match (word, symbol) {
            ("to", _) if self.last_word(2) == "subject" => return plain(Want::Labels(self.own_label())),
            ("notwithstanding", _) => return plain(Want::Labels(self.own_label())),
            ("default" | "outcomes", _) => return plain(Want::Outcome(self.name())),
            ("cite" | "because" | "id" | "reason", _) => return plain(Want::Nothing),
            ("waivable" | "judged", _) => return plain(Want::Words(&["by"])),
            ("severity", _) => return plain(Want::Words(&["error", "warning"])),
            ("subject", _) => return plain(Want::Words(&["to"])),
            ("law", _) => return plain(Want::Words(&["on"])),
            ("is", _) => return plain(Want::Words(super::keywords::IS)),
            ("rounded", _) => return plain(Want::Words(super::keywords::ROUNDED)),
            ("half", _) => return plain(Want::Words(&["up", "even"])),
            ("up" | "down" | "even", _) if self.since_brace(&["rounded"]).is_some() => {
                return plain(Want::Words(&["to"]));
            }
            ("to", _) if self.since_brace(&["rounded", "apportion"]).is_some() => {
                return plain(Want::Words(super::keywords::ROUNDING));
            }
            ("as", _) if block == Block::Statements => return plain(Want::Words(&["of"])),
            ("of", _) if block == Block::Statements && self.last_word(2) == "as" => {
                return plain(Want::Nothing);
            }
            ("no", _) if block == Block::Statements => return plain(Want::Record),
            ("from" | "until" | "through" | "as" | "like", _) => return plain(Want::Nothing),
            ("by", _) if block == Block::Statements => {
                let expect = self.since_expect();
                return plain(expect.map_or(Want::Nothing, Want::ResultLabels));
            }
            ("rule" | "part" | "line" | "except", _) => return plain(Want::Nothing),
            _ => {}
        }
        if let Some(labels) = self.in_labels() {
            return plain(labels);
        }
        if symbol == Some(':') && matches!(block, Block::Decision | Block::Part) {
            return plain(Want::Outcome(self.name()));
        }
        if block == Block::Statements && symbol == Some('=') && self.in_expect() {
            let steps = if self.last_symbol(2) == Some('!') { 3 } else { 2 };
            return plain(Want::Expected(self.chain(steps)));
        }
        if BEFORE_OPERAND.contains(&word) || word == "by" || word == "case" {
            return plain(Want::Operand);
        }
        match symbol {
            Some('=' | '<' | '>') => {
                let steps = if matches!(self.last_symbol(2), Some('!' | '<' | '>')) { 3 } else { 2 };
                (Want::Operand, Some(self.chain(steps)).filter(|chain| !chain.is_empty()))
            }
            Some('(' | ',') => {
                let compared = self.in_list();
                (Want::Operand, compared)
            }
            Some('+' | '-' | '*' | '/' | ':' | '%') => plain(Want::Operand),
            Some('{') => {
                plain(if block == Block::Case { Want::Words(&["when", "otherwise"]) } else { Want::Clause })
            }
            Some('}') => plain(Want::Clause),
            _ if self.tokens.is_empty() => plain(Want::Clause),
            _ => plain(Want::AfterOperand),
        }
    }

    /// Outside every brace: the head of a declaration, or the start of one.
    fn in_head(&self) -> (Want, Option<Vec<String>>) {
        let plain = |want| (want, None);
        let (word, symbol) = (self.last_word(1), self.last_symbol(1));
        let head = self.head();
        let at_head = (0..self.tokens.len()).find(|at| self.word(*at) == head);
        match (head, word, symbol) {
            ("", ..) => plain(Want::Clause),
            ("use", "use", _) => plain(Want::Policy),
            ("use", ..) => plain(Want::Clause),
            ("ordered", ..) => plain(Want::Words(&["category"])),
            ("extend", "extend", _) => plain(Want::Words(&["record"])),
            ("amend", "amend", _) => plain(Want::Words(&["parameter", "decision", "requirement", "amount"])),
            ("record", "record", _) if at_head.is_some_and(|at| at > 0 && self.word(at - 1) == "extend") => {
                plain(Want::Record)
            }
            ("assert", ..) => match word {
                "assert" | "as" | "least" | "most" | "on" | "implies" => plain(Want::Operand),
                "never" => plain(Want::Words(&["depends", "worsens"])),
                "is" => plain(Want::Words(&["at"])),
                "at" => plain(Want::Words(&["least", "most"])),
                _ => plain(Want::Words(&[
                    "never", "is", "implies", "depends", "on", "worsens", "as", "rises", "falls",
                ])),
            },
            ("test", "from", _) | ("fixture", "from", _) => plain(Want::Fixture),
            ("test", ..) if self.tokens.len() >= 2 => plain(Want::Words(&["from"])),
            ("parameter", "by", _) | ("parameter", _, Some(',')) => plain(Want::Category),
            ("decision" | "requirement" | "amount" | "define" | "group", "of", _) if self.before_body() => {
                plain(Want::Record)
            }
            ("requirement", "each", _) => plain(Want::Category),
            ("define" | "parameter" | "input" | "amount", _, Some(':')) if self.before_body() => {
                plain(Want::Type)
            }
            ("parameter", "of", _) => plain(Want::Category),
            (
                "policy" | "category" | "record" | "group" | "input" | "parameter" | "define" | "decision"
                | "requirement" | "amount" | "fixture",
                word,
                _,
            ) if word == head => plain(Want::Nothing),
            ("group", "by", _) | ("group", _, Some(',')) => plain(Want::Operand),
            ("define", ..) | ("amount", ..) | ("decision", ..) | ("requirement", ..) | ("group", ..) => {
                match symbol {
                    Some('=' | '<' | '>') if self.before_body() && self.is_body_start() => {
                        plain(Want::Operand)
                    }
                    Some('=' | '<' | '>') => {
                        let steps = if matches!(self.last_symbol(2), Some('!' | '<' | '>')) { 3 } else { 2 };
                        (Want::Operand, Some(self.chain(steps)).filter(|chain| !chain.is_empty()))
                    }
                    Some('(' | ',') => (Want::Operand, self.in_list()),
                    Some('+' | '-' | '*' | '/') => plain(Want::Operand),
                    _ if word == "is" => plain(Want::Words(super::keywords::IS)),
                    _ if word == "rounded" => plain(Want::Words(super::keywords::ROUNDED)),
                    _ if BEFORE_OPERAND.contains(&word) || word == "by" => plain(Want::Operand),
                    _ if self.before_body() => plain(Want::Words(super::keywords::HEAD)),
                    _ => plain(Want::AfterOperand),
                }
            }
            _ => plain(Want::Clause),
        }
    }

    /// No `=` and no `where` yet, that is the body or a condition has not begun.
    fn before_body(&self) -> bool {
        let end = self.tokens.len() - usize::from(self.is_body_start());
        (0..end).all(|at| self.symbol(at) != Some('=') && self.word(at) != "where")
    }

    fn is_body_start(&self) -> bool {
        self.last_symbol(1) == Some('=')
    }

    fn in_policy(&self, word: &str) -> Want {
        match word {
            "authority" => Want::Words(&["federal", "state", "district", "school"]),
            "under" => Want::Policy,
            "month_end" => Want::Words(&["round"]),
            "round" => Want::Words(&["down", "up"]),
            "school_year" => Want::Words(&["starts"]),
            "starts" => Want::Words(super::keywords::MONTHS),
            "effective" => Want::Words(&["from"]),
            "title" | "cite" | "from" | "until" | "through" => Want::Nothing,
            _ => Want::Clause,
        }
    }

    fn in_record(&self, word: &str, symbol: Option<char>) -> Want {
        match (word, symbol) {
            (_, Some(':')) => Want::Type,
            ("many" | "of", _) => {
                if word == "many" {
                    Want::Record
                } else {
                    Want::Category
                }
            }
            ("by", _) if self.last_word(2) == "judged" => Want::Nothing,
            ("by", _) => Want::ManyBy(self.last_word(2).to_owned()),
            ("means", _) => Want::Words(&["none", "never", "yes", "no"]),
            ("absent", _) => Want::Words(&["means"]),
            ("judged", _) => Want::Words(&["by"]),
            ("key", _) | (_, Some('(' | ',')) => Want::Nothing,
            _ => Want::Clause,
        }
    }

    /// Inside the braces of a row of a test.
    fn in_row(&self, opened: Option<usize>) -> (Want, Option<Vec<String>>) {
        let Some(opened) = opened else { return (Want::Nothing, None) };
        let record = self.row_record(opened);
        if self.last_symbol(1) == Some(':') {
            return (Want::RowValue(record, self.last_word(2).to_owned()), None);
        }
        if self.last_symbol(1) == Some('-') {
            return (Want::Nothing, None);
        }
        (Want::RowField(record, self.fields(opened)), None)
    }

    /// The words before a colon from a token on.
    fn fields(&self, from: usize) -> Vec<String> {
        let named = (from + 1..self.tokens.len()).filter(|at| self.symbol(*at) == Some(':'));
        named.map(|at| self.word(at - 1).to_owned()).filter(|word| !word.is_empty()).collect()
    }

    /// The record before the brace of a row: `Student maria like b {`, `Day d[1..31] {`, `Student {`.
    fn row_record(&self, opened: usize) -> String {
        let mut at = opened;
        let mut words: Vec<&str> = Vec::new();
        while let Some(before) = at.checked_sub(1) {
            at = before;
            if self.symbol(at) == Some(']') {
                at = self.opening(at, '[', ']').unwrap_or(0);
                continue;
            }
            let word = self.word(at);
            if word.is_empty() {
                break;
            }
            words.push(word);
            let upper = word.starts_with(char::is_uppercase) || word == "waiver";
            if upper && (words.len() < 2 || !words.contains(&"like") || words.last() == Some(&word)) {
                let previous = at.checked_sub(1).map_or("", |at| self.word(at));
                // A row may have a name that begins with a capital letter.
                if previous.is_empty() || previous.starts_with(char::is_lowercase) {
                    return word.to_owned();
                }
            }
            if words.len() > 4 {
                break;
            }
        }
        words.last().map_or_else(String::new, |word| (*word).to_owned())
    }

    fn own_label(&self) -> Option<String> {
        let at = self.since_brace(&["rule", "part", "line"])?;
        let label = self.word(at + 1);
        (!label.is_empty()).then(|| label.to_owned())
    }

    /// In a list of labels after `subject to a,`, of outcomes after `outcomes a,`.
    fn in_labels(&self) -> Option<Want> {
        if self.last_symbol(1) != Some(',') {
            return None;
        }
        let mut at = self.tokens.len() - 1;
        // `name , name ,` back to the word that begins the list.
        while self.symbol(at) == Some(',') {
            at = at.checked_sub(2)?;
        }
        match self.word(at) {
            "to" if at > 0 && self.word(at - 1) == "subject" => Some(Want::Labels(self.own_label())),
            "notwithstanding" => Some(Want::Labels(self.own_label())),
            "outcomes" => Some(Want::Nothing),
            _ => None,
        }
    }

    fn in_expect(&self) -> bool {
        self.since_brace(&["expect", "given", "as", "no"]).is_some_and(|at| self.word(at) == "expect")
    }

    /// The result that the last expectation asks for.
    fn since_expect(&self) -> Option<String> {
        let at = self.since_brace(&["expect"])?;
        let equals = (at..self.tokens.len()).find(|at| self.symbol(*at) == Some('='))?;
        let name = equals.checked_sub(1).map_or("", |at| self.word(at));
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// In `x in (a, b`: the names before `in`; in a call or group nothing.
    fn in_list(&self) -> Option<Vec<String>> {
        let mut depth = 0_usize;
        for at in (0..self.tokens.len()).rev() {
            match self.symbol(at) {
                Some(')') => depth += 1,
                Some('(') if depth == 0 => {
                    let before = at.checked_sub(1)?;
                    if self.word(before) != "in" {
                        return None;
                    }
                    let not = before.checked_sub(1).is_some_and(|at| self.word(at) == "not");
                    let end = before - usize::from(not);
                    let chain = self.chain(self.tokens.len() - end.checked_sub(1)?);
                    return (!chain.is_empty()).then_some(chain);
                }
                Some('(') => depth -= 1,
                Some('{' | '}') => return None,
                _ => {}
            }
        }
        None
    }
}

fn of_head(head: &str) -> Block {
    match head {
        "policy" => Block::Policy,
        "category" => Block::Category,
        "record" => Block::Record,
        "parameter" => Block::Parameter,
        "define" => Block::Define,
        "decision" => Block::Decision,
        "requirement" => Block::Requirement,
        "amount" => Block::Amount,
        "fixture" | "test" => Block::Statements,
        "waiver" => Block::Row,
        _ => Block::File,
    }
}
