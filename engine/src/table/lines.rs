//! The lines of rows: mostly each is on the line after that of the row before.

/// The line of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Line after line.
    Following {
        /// The line of the first row.
        first: u32,
        /// How many rows there are.
        rows: usize,
    },
    /// Any lines.
    Each(Vec<u32>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Following { first: 0, rows: 0 }
    }
}

impl Lines {
    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Following { rows, .. } => *rows,
            Self::Each(lines) => lines.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The line of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<u32> {
        match self {
            Self::Following { first, rows } => {
                let within = u32::try_from(row).ok().filter(|_| row < *rows)?;
                Some(first.saturating_add(within))
            }
            Self::Each(lines) => lines.get(row).copied(),
        }
    }

    /// Adds rows on one line after the other, as far as there are such lines.
    pub(crate) fn follow(&mut self, line: u32, more: usize) {
        if more == 0 {
            return;
        }
        let last = usize::try_from(u32::MAX - line).unwrap_or(usize::MAX);
        if more - 1 <= last {
            match self {
                Self::Following { first, rows } if *rows == 0 => {
                    (*first, *rows) = (line, more);
                    return;
                }
                Self::Following { first, rows }
                    if u32::try_from(*rows).is_ok_and(|rows| first.checked_add(rows) == Some(line)) =>
                {
                    *rows += more;
                    return;
                }
                _ => {}
            }
        }
        let mut each = match std::mem::take(self) {
            Self::Each(lines) => lines,
            Self::Following { first, rows } => (first..=u32::MAX).take(rows).collect(),
        };
        each.extend((line..=u32::MAX).chain(std::iter::repeat(u32::MAX)).take(more));
        *self = Self::Each(each);
    }

    /// Keeps the first rows.
    pub(crate) fn truncate(&mut self, to: usize) {
        match self {
            Self::Following { rows, .. } => *rows = to.min(*rows),
            Self::Each(lines) => lines.truncate(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(lines: &Lines) -> Vec<u32> {
        (0..lines.len()).map(|row| lines.get(row).unwrap()).collect()
    }

    #[test]
    fn lines_follow_each_other_until_one_does_not() {
        let mut lines = Lines::default();
        assert!(lines.is_empty() && lines.get(0).is_none());
        lines.follow(7, 2);
        lines.follow(9, 1);
        lines.follow(9, 0);
        assert_eq!(lines, Lines::Following { first: 7, rows: 3 });
        assert_eq!((each(&lines), lines.get(3)), (vec![7, 8, 9], None));
        lines.truncate(1);
        lines.follow(8, 1);
        assert_eq!(lines, Lines::Following { first: 7, rows: 2 });
        lines.follow(12, 2);
        lines.follow(3, 1);
        assert_eq!(each(&lines), [7, 8, 12, 13, 3]);
        lines.truncate(3);
        assert_eq!((each(&lines), lines.get(3)), (vec![7, 8, 12], None));
        lines.truncate(0);
        lines.follow(5, 1);
        assert_eq!(each(&lines), [5]);
    }

    #[test]
    fn there_are_no_lines_after_the_last() {
        let mut lines = Lines::default();
        lines.follow(u32::MAX - 1, 2);
        assert_eq!(each(&lines), [u32::MAX - 1, u32::MAX]);
        lines.follow(u32::MAX, 1);
        assert_eq!(each(&lines), [u32::MAX - 1, u32::MAX, u32::MAX]);
        let mut lines = Lines::default();
        lines.follow(u32::MAX, 2);
        assert_eq!(each(&lines), [u32::MAX; 2]);
    }
}
