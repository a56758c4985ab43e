//! Declarations that were read before: after an edit only what changed is read again.
//!
//! The spans of a declaration are relative to it, so that the same text is the same tree wherever it stands. Only what was
//! read without a mistake is kept.

use std::collections::HashMap;
use std::ops::Range;

use crate::ast::Item;
use crate::parse::Reader;
use crate::span::Span;

/// The declarations of one text, for the next reading of it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    items: HashMap<Box<str>, KnownItem>,
}

/// A declaration as it was read.
#[derive(Clone, Debug)]
pub(crate) struct KnownItem {
    /// What the grammar saw of its text, where that is not the text itself.
    blanked: Option<Box<str>>,
    item: Item,
    /// Where the documentation stood that was taken for it, in its bytes.
    docs: Vec<u32>,
}

/// What is known from before, and what was read or found again this time.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    before: Known,
    pub(crate) now: Known,
}

impl Memory {
    pub(crate) fn new(before: Known) -> Self {
        Self { before, ..Self::default() }
    }
}

impl Reader<'_> {
    fn slice(text: &str, span: Span) -> Option<&str> {
        text.get(span.start as usize..span.end as usize)
    }

    /// Whether nothing in these bytes was mended or is wrong.
    fn is_plain(&self, span: Span) -> bool {
        let first = self.edits.partition_point(|edit| edit.span.end < span.start);
        let edited = self.edits.get(first).is_some_and(|edit| edit.span.start <= span.end);
        !edited && !self.has_bad_literal(span)
    }

    /// The item of these tokens, when it was read before.
    pub(crate) fn recall(&mut self, range: &Range<usize>) -> Option<Item> {
        self.memory.as_ref()?;
        let span = self.item_span(range);
        let (source, blanked) = (Self::slice(self.text, span)?, Self::slice(self.blanked, span)?);
        let plain = self.is_plain(span);
        let memory = self.memory.as_mut()?;
        let known = memory.before.items.get(source).or_else(|| memory.now.items.get(source))?;
        let there = known.docs.iter().all(|at| self.docs.contains_key(&(span.start + at)));
        if !plain || known.blanked.as_deref().unwrap_or(source) != blanked || !there {
            return None;
        }
        let item = known.item.at(span);
        for at in &known.docs {
            self.docs.remove(&(span.start + at));
        }
        if let Some((source, known)) = memory.before.items.remove_entry(source) {
            memory.now.items.insert(source, known);
        }
        Some(item)
    }

    /// Where documentation stands in these bytes.
    pub(crate) fn docs_in(&self, span: Span) -> Vec<u32> {
        if self.memory.is_none() {
            return Vec::new();
        }
        self.docs.range(span.start..span.end).map(|(at, _)| *at).collect()
    }

    /// Keeps an item that was read without a mistake. `docs`: where documentation stood in it before.
    pub(crate) fn remember(&mut self, item: &Item, docs: &[u32]) {
        if self.memory.is_none() || item.damaged || !self.is_plain(item.span) {
            return;
        }
        let (Some(source), Some(blanked)) =
            (Self::slice(self.text, item.span), Self::slice(self.blanked, item.span))
        else {
            return;
        };
        let taken = docs.iter().filter(|at| !self.docs.contains_key(*at));
        let docs = taken.map(|at| at - item.span.start).collect();
        let blanked = (blanked != source).then(|| blanked.into());
        if let Some(memory) = self.memory.as_mut() {
            memory.now.items.insert(source.into(), KnownItem { blanked, item: item.clone(), docs });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use crate::{parse, parse_again};

    const TEXT: &str = "/// A policy é😀.
policy a.b { title \"T\" cite \"x\" }

// A remark.
/// Levels.
category Level { low \"l\", high }
allow(unused-definition) \"shown\"
record P {
  /// Inside.
  key id: text
  level: count?
}

decision d of P {
  outcomes up, stay
  default stay cite \"1\"
  rule r: up when level >= 2 /* not a comment */ cite \"2\"
}
define q of P: flag = level = 1
define q of P: flag = level = 1
";

    /// Every edit gives what reading the text from nothing gives, whatever was known before.
    #[test]
    fn what_is_read_again_is_what_is_read_from_nothing() {
        let pieces = [
            "",
            "{",
            "}",
            "\"",
            "// c\n",
            "/// d\n",
            "\u{201c}",
            "é😀",
            "\n",
            " and ",
            "rule s: stay when no",
            "9",
            "defin",
            "(",
        ];
        let mut known = Known::default();
        let mut seed = 7_u64;
        let mut below = |limit: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % limit.max(1)
        };
        let mut text = TEXT.to_owned();
        let mut again = 0;
        for round in 0..600 {
            if round % 9 == 0 {
                text = TEXT.to_owned();
            }
            let at = (0..=below(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
            let end = (at..=text.len())
                .find(|end| *end >= at + below(4) && text.is_char_boundary(*end))
                .unwrap_or(at);
            text.replace_range(at..end, pieces[below(pieces.len())]);
            let before = known.items.len();
            let parsed = parse_again(&text, &mut known);
            assert_eq!(parsed, parse(&text), "{text}");
            again += usize::from(before > 0 && !known.items.is_empty());
        }
        assert!(again > 400, "{again}");
    }
}
