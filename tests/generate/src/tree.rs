//! Policies as trees of text, so that parts can be replaced, left out and put in another order.

use std::fmt;

/// The type of a part that can stand for others of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are called as in the language")]
pub enum Kind {
    Flag,
    Count,
    Number,
    Percent,
    Money,
    Date,
    Year,
    Text,
    Days,
    Months,
    Subject,
    Grade,
    /// No expression: a rule, a line, a declaration.
    Clause,
}

impl Kind {
    /// The simplest expression of the type.
    #[must_use]
    pub const fn simplest(self) -> Option<&'static [&'static str]> {
        Some(match self {
            Self::Flag => &["yes", "no"],
            Self::Count | Self::Number => &["0", "1"],
            Self::Percent => &["50%"],
            Self::Money => &["$0", "$1"],
            Self::Date => &["2024-01-31"],
            Self::Year => &["SY2023-24"],
            Self::Text => &["\"ab\""],
            Self::Days => &["3 days"],
            Self::Months => &["2 months"],
            Self::Subject => &["math"],
            Self::Grade => &["middle"],
            Self::Clause => return None,
        })
    }

    /// Its name in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Count => "count",
            Self::Number => "number",
            Self::Percent => "percent",
            Self::Money => "money",
            Self::Date => "date",
            Self::Year => "school_year",
            Self::Text => "text",
            Self::Days => "days",
            Self::Months => "months",
            Self::Subject => "Subject",
            Self::Grade => "Grade",
            Self::Clause => "",
        }
    }
}

/// A piece of text with others in it.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it can stand for.
    pub kind: Kind,
    /// Its text, with holes for the parts: one more piece than there are parts.
    pub text: Vec<String>,
    /// Its parts.
    pub parts: Vec<Node>,
}

impl Node {
    /// `{}` in the text stands for a part each; braces of the language are written `⟨` and `⟩`.
    #[must_use]
    pub fn new(kind: Kind, text: &str, parts: Vec<Self>) -> Self {
        let braces = |text: &str| text.replace('⟨', "{").replace('⟩', "}");
        let text: Vec<String> = text.split("{}").map(braces).collect();
        debug_assert_eq!(text.len(), parts.len() + 1, "{text:?}");
        Self { kind, text, parts }
    }

    /// Text alone.
    #[must_use]
    pub fn leaf(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: vec![text.into()], parts: Vec::new() }
    }

    /// How many nodes it has, itself included.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + self.parts.iter().map(Self::size).sum::<usize>()
    }

    /// Its nodes in the order of the text, itself first.
    fn nodes(&self) -> Vec<&Self> {
        let mut found = vec![self];
        found.extend(self.parts.iter().flat_map(Self::nodes));
        found
    }

    /// The node at that position, to be changed.
    fn node_mut(&mut self, mut position: usize) -> Option<&mut Self> {
        if position == 0 {
            return Some(self);
        }
        position -= 1;
        for part in &mut self.parts {
            let size = part.size();
            if position < size {
                return part.node_mut(position);
            }
            position -= size;
        }
        None
    }

    /// Smaller trees, each with one node replaced by something simpler of its type.
    #[must_use]
    pub fn simpler(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for (position, node) in self.nodes().into_iter().enumerate() {
            let inside = node.nodes().into_iter().skip(1).filter(|part| part.kind == node.kind).cloned();
            let leaves = node.kind.simplest().unwrap_or_default();
            let leaves =
                leaves.iter().filter(|_| !node.parts.is_empty()).map(|text| Self::leaf(node.kind, *text));
            let replacements: Vec<Self> = leaves.chain(inside).collect();
            for replacement in replacements {
                if node.kind == Kind::Clause {
                    continue;
                }
                let mut copy = self.clone();
                if let Some(at) = copy.node_mut(position) {
                    *at = replacement;
                    found.push(copy);
                }
            }
        }
        found
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, text) in self.text.iter().enumerate() {
            f.write_str(text)?;
            if let Some(part) = self.parts.get(position) {
                write!(f, "{part}")?;
            }
        }
        Ok(())
    }
}
