//! Did you mean …?

/// The word of `words` that `written` misspells, if there is one.
pub(crate) fn misspelt(written: &str, words: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let length = written.chars().count();
    let allowed = match length {
        0..=1 => return None,
        2..=4 => 1,
        _ => 2,
    };
    let lower = written.to_lowercase();
    words
        .into_iter()
        .filter(|word| word.len() >= 3 && *word != written)
        .map(|word| (strsim::damerau_levenshtein(&lower, word), word))
        .filter(|(distance, word)| {
            let close = *distance <= if word.len() <= 4 { 1 } else { allowed }
                && (length > 2 || word.starts_with(&lower));
            // Two changes in a short word make another word.
            close && (*distance < 2 || length >= 6 || lower.chars().next() == word.chars().next())
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::misspelt;

    #[test]
    fn close_words_are_found_and_others_are_not() {
        let words = ["decision", "when", "rule", "notwithstanding", "record", "cite", "from"];
        let cases = [
            ("desicion", Some("decision")),
            ("Decision", Some("decision")),
            ("wehn", Some("when")),
            ("rul", Some("rule")),
            ("notwitstanding", Some("notwithstanding")),
            ("recrod", Some("record")),
            ("student", None),
            ("form", Some("from")),
            ("a", None),
            ("us", None),
            ("ride", None),
        ];
        for (written, expected) in cases {
            assert_eq!(misspelt(written, words), expected, "{written}");
        }
    }
}
