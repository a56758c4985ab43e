//! Lines of output: comments above them and behind them, and blank lines between them.

use super::layout::Start;
use super::tokens::Tokens;

/// Comments on consecutive lines share a column unless one would move further than this.
const FURTHEST_COMMENT: usize = 40;

/// Stands before a comment behind a line of text that is given to [`Writer::lines`].
pub(super) const COMMENT_MARK: &str = "\0";

/// One line of output.
#[derive(Debug, Default)]
struct OutLine {
    text: String,
    indent: usize,
    /// Behind the text.
    comment: Option<String>,
}

/// Collects lines.
#[derive(Debug, Default)]
pub(super) struct Writer {
    lines: Vec<OutLine>,
}

impl Writer {
    /// Text of one or more lines, the first already indented.
    pub(super) fn lines(&mut self, text: &str, indent: usize) {
        for line in text.split('\n') {
            let (text, comment) = match line.split_once(COMMENT_MARK) {
                Some((text, comment)) => (text, Some(comment.to_owned())),
                None => (line, None),
            };
            self.lines.push(OutLine { text: text.to_owned(), indent, comment });
        }
    }

    /// Text that is written as it stands.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.lines.push(OutLine { text: text.to_owned(), indent: 0, comment: None });
    }

    fn blank(&mut self) {
        self.lines.push(OutLine::default());
    }

    /// What stands before the first token of an item. `below`: something stands above it; `part`: a blank line must
    /// part the two.
    pub(super) fn open_item(&mut self, tokens: &Tokens<'_>, index: usize, below: bool, part: bool) {
        let Some(token) = tokens.list.get(index) else { return };
        let parted =
            token.blank_before || token.trivia.iter().any(|trivia| trivia.blank_before && !trivia.trailing);
        let force = part && !parted;
        self.open(
            tokens,
            index,
            Start { blank_before: below, blank_below_comment: true, ..Start::default() },
            force,
        );
    }

    /// What stands before the first token of a line.
    pub(super) fn open_line(&mut self, tokens: &Tokens<'_>, index: usize, start: Start) {
        self.open(tokens, index, start, false);
    }

    /// Comments at the end of the text.
    pub(super) fn close(&mut self, tokens: &Tokens<'_>, below: bool) {
        let Some(last) = tokens.list.len().checked_sub(1) else { return };
        let start = Start { blank_before: below, blank_below_comment: true, ..Start::default() };
        self.open(tokens, last, start, false);
        while self.lines.last().is_some_and(|line| line.text.is_empty() && line.comment.is_none()) {
            self.lines.pop();
        }
    }

    fn open(&mut self, tokens: &Tokens<'_>, index: usize, start: Start, force: bool) {
        let Some(token) = tokens.list.get(index) else { return };
        let mut force = force;
        let mut below_comment = false;
        let may_part = |below_comment: bool, between_comments: bool| match (below_comment, between_comments) {
            (false, _) => start.blank_before,
            (true, true) => start.blank_before || start.blank_below_comment,
            (true, false) => start.blank_below_comment,
        };
        for trivia in &token.trivia {
            if trivia.trailing
                && let Some(line) = self.lines.last_mut()
            {
                line.comment = Some(trivia.text.to_owned());
                continue;
            }
            if force || (trivia.blank_before && may_part(below_comment, true)) {
                self.blank();
            }
            force = false;
            let text = format!("{}{}", " ".repeat(start.comment_indent), trivia.text);
            self.lines(&text, start.comment_indent);
            below_comment = true;
        }
        if force || (token.blank_before && may_part(below_comment, false)) {
            self.blank();
        }
    }

    /// The text: comments behind consecutive lines stand in one column.
    pub(super) fn finish(self) -> String {
        let mut text = String::new();
        let mut rest = self.lines.as_slice();
        while let Some(first) = rest.first() {
            let length = rest
                .iter()
                .take_while(|line| {
                    line.comment.is_some() && first.comment.is_some() && line.indent == first.indent
                })
                .count()
                .max(1);
            let (run, others) = rest.split_at(length.min(rest.len()));
            rest = others;
            let widths = || run.iter().map(|line| line.text.chars().count());
            let widest = widths().max().unwrap_or(0);
            let spread = widest - widths().min().unwrap_or(0);
            for line in run {
                text.push_str(&line.text);
                if let Some(comment) = &line.comment {
                    let missing =
                        if spread > FURTHEST_COMMENT { 0 } else { widest - line.text.chars().count() };
                    text.push_str(&" ".repeat(missing + 2));
                    text.push_str(comment);
                }
                text.push('\n');
            }
        }
        text
    }
}
