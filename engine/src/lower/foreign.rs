//! Words of other languages and of spreadsheets, and what is written here instead.

/// What is written here instead of a word that other languages have.
pub(super) fn instead_of(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "today" | "now" | "current_date" | "getdate" => "the day of the run is `as_of`",
        "null" | "nil" | "blank" | "empty" | "na" => "that nothing is on file is asked for by `x is missing`",
        "true" => "write `yes`",
        "false" => "write `no`",
        "count" | "countif" | "len" => "rows are counted by `count of results where …`",
        "sum" | "sumif" => "values of rows are added up by `sum of hours over days where …`",
        "avg" | "average" | "mean" => "write `average of score over results where …`",
        "exists" => "write `any of results where …`",
        "round" => "write `(x) rounded half up to cents`, or to `dollars`, `whole`, `2 places`",
        "datediff" => "write `days between a and b` or `months between a and b`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::instead_of;

    #[test]
    fn a_word_of_the_language_is_none_of_another() {
        for word in rubric_grammar::RESERVED {
            assert_eq!(instead_of(word), None, "{word}");
        }
        assert!(instead_of("TODAY").is_some_and(|instead| instead.contains("as_of")));
    }
}
