//! Byte ranges of source text.

/// A half-open range of bytes, `start..end`.
///
/// Inside an [`Item`](crate::ast::Item) every span is relative to the first byte of the item, so that an item whose
/// text did not change has an equal tree wherever it stands in the file. `Item::span` itself, comments and syntax
/// errors are relative to the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The range moved `by` bytes to the right: from item offsets to file offsets.
    #[must_use]
    pub const fn shifted(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}
