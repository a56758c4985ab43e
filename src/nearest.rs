//! What was probably meant.

/// The name most like the one that was written, if any is like it.
pub(crate) fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for name in names {
        let likeness = strsim::jaro_winkler(&written, &name.to_lowercase());
        if likeness > 0.82 && best.is_none_or(|(of_best, _)| likeness > of_best) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_like_it() {
        let names = ["town.promotion", "town.staffing"];
        assert_eq!(nearest("town.promotoin", names), Some("town.promotion"));
        assert_eq!(nearest("Town.Staffing", names), Some("town.staffing"));
        assert_eq!(nearest("budget", names), None);
    }
}
