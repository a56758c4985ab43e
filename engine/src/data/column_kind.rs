//! What the columns of a file hold, where the file says it, and which fields they can be read into.

use crate::value::Base;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Texts, to be read as those of a CSV file.
    Text,
    /// Yes or no.
    Flag,
    /// Whole numbers.
    Whole,
    /// Decimals.
    Decimal,
    /// Binary fractions, which are decimals only up to some digits.
    Float,
    /// Days.
    Day,
    /// Moments of no time zone, which are days where all are at midnight.
    Moment,
    /// Anything else: what it is, and what to do.
    Other(&'static str, &'static str),
}

impl ColumnKind {
    /// Whether how its cells are written is for the manifest to say.
    pub(crate) const fn has_format(&self) -> bool {
        matches!(self, Self::Text | Self::Whole)
    }

    /// Why it cannot be read into a field of that type: what it holds, and what to do. `dates`: the manifest says how
    /// days are written.
    pub(crate) fn misfit(&self, base: Base, dates: bool) -> Option<(&'static str, &'static str)> {
        let is_name = matches!(base, Base::Text | Base::Category(_) | Base::SchoolYear);
        let is_number = matches!(
            base,
            Base::Count | Base::Number | Base::Days | Base::Months | Base::Money | Base::Percent
        );
        let (fits, what, help) = match self {
            Self::Text => return None,
            Self::Other(what, help) => (false, *what, *help),
            Self::Flag => {
                (base == Base::Flag, "yes and no", "export what the field is, or name the right column")
            }
            Self::Whole if base == Base::Date => (
                dates,
                "whole numbers",
                "export it as DATE, or say `dates = \"%Y%m%d\"` in the manifest if a day is 20240601",
            ),
            Self::Whole => {
                (is_name || is_number || base == Base::Flag, "whole numbers", "name the right column")
            }
            Self::Decimal | Self::Float => (
                is_name || is_number || base == Base::Flag,
                "numbers",
                "export it as DATE, or name the right column",
            ),
            Self::Day | Self::Moment => (base == Base::Date, "days", "name the right column"),
        };
        if fits || base == Base::Damaged { None } else { Some((what, help)) }
    }
}
