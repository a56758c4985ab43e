//! The one type in which everything that is wrong, or worth knowing, is said.

use rubric_grammar::Span;

/// A file of the workspace; the database gives its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A place in a text: a span inside an item, so that it stays true when text above the item changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Index of the item in the file; `None`: `span` is relative to the file.
    pub item: Option<u32>,
    /// The bytes, relative to the item.
    pub span: Span,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The policy cannot be run.
    Error,
    /// Probably a mistake.
    Warning,
    /// Worth knowing.
    Information,
}

impl Severity {
    /// The word, as in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }
}

/// A place with a few words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// Why this place matters; may be empty on the first label.
    pub text: String,
}

/// Whether a fix may be applied without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Applicability {
    /// It is what was meant.
    Always,
    /// A person must look at it.
    Maybe,
}

/// Replacements that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// May it be applied unseen.
    pub applicability: Applicability,
    /// Where, and the new text.
    pub edits: Vec<(Place, String)>,
}

/// One message: what was found, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Stable code, such as `unknown-name`; also the name of its manual page.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Lower case, no final stop, user text in backquotes.
    pub message: String,
    /// The first is where it is; the others are the places involved.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// A mend, where one exists.
    pub fix: Option<Fix>,
    /// Mends of which only a person can say which is meant; an editor offers each.
    pub choices: Vec<Fix>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, place, message)
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, place, message)
    }

    fn new(code: &'static str, severity: Severity, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: vec![Label { place, text: String::new() }],
            help: None,
            fix: None,
            choices: Vec::new(),
        }
    }

    /// The same with the first label's words set.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        if let Some(label) = self.labels.first_mut() {
            label.text = text.into();
        }
        self
    }

    /// The same with one more place.
    #[must_use]
    pub fn label(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }

    /// The same with help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with a fix.
    #[must_use]
    pub fn fix(
        mut self,
        title: impl Into<String>,
        applicability: Applicability,
        edits: Vec<(Place, String)>,
    ) -> Self {
        debug_assert!(crate::check::FIXES.contains(&self.code), "`{}` is not listed as fixable", self.code);
        self.fix = Some(Fix { title: title.into(), applicability, edits });
        self
    }

    /// The same with one more of several mends, none of which may be applied unseen.
    #[must_use]
    pub fn choice(mut self, title: impl Into<String>, edits: Vec<(Place, String)>) -> Self {
        debug_assert!(crate::check::FIXES.contains(&self.code), "`{}` is not listed as fixable", self.code);
        self.choices.push(Fix { title: title.into(), applicability: Applicability::Maybe, edits });
        self
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.labels.first().map(|label| label.place)
    }
}
