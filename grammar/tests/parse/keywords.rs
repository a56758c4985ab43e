//! The lists of words agree with the grammar.

use rubric_grammar::{FORM_WORDS, KEYWORDS, RESERVED};

const GRAMMAR: &str = include_str!("../../src/rubric.pest");

#[test]
fn keywords_are_those_of_the_grammar() {
    let mut rules: Vec<&str> =
        GRAMMAR.lines().filter_map(|line| line.strip_prefix("kw_")?.split(' ').next()).collect();
    rules.sort_unstable();
    assert_eq!(KEYWORDS, rules);
    for word in KEYWORDS {
        assert!(GRAMMAR.contains(&format!("kw_{word} = @{{ \"{word}\" ~ !word_char")), "{word}");
    }
}

#[test]
fn reserved_words_are_those_of_the_grammar() {
    let start = GRAMMAR.find("reserved     = _{").unwrap();
    let end = start + GRAMMAR[start..].find("!word_char").unwrap();
    let mut words: Vec<&str> = GRAMMAR[start..end].split('"').skip(1).step_by(2).collect();
    words.sort_unstable();
    assert_eq!(RESERVED, words);
}

#[test]
fn every_other_keyword_is_a_field_name_too() {
    for word in KEYWORDS.iter().filter(|word| !RESERVED.contains(word)) {
        let text = format!(
            "record R {{ {word}: count? a: flag }}\n\
             define x of R: flag = {word} = 1 and {word} + 2 > a.{word} or ({word}) in (1, {word})\n\
             decision d of R where {word} > 1 {{ rule {word}: {word} when {word} = 2 and {word} }}\n\
             test \"t\" {{ R {word} {{ {word}: 1 a: yes {word}: 2 }} expect {word}.d = {word} }}\n"
        );
        let parsed = rubric_grammar::parse(&text);
        assert!(parsed.errors.is_empty(), "{word}: {:#?}", parsed.errors);
    }
}

#[test]
fn words_of_forms_are_field_names_too() {
    assert!(FORM_WORDS.is_sorted());
    for word in FORM_WORDS {
        let text = format!(
            "record R {{ {word}: count? a: flag }}\n\
             define x of R: flag = {word} = 1 and {word} + 2 > a.{word} or ({word}) in (1, {word})\n\
             decision d of R where {word} > 1 {{ rule {word}: {word} when {word} = 2 and {word} }}\n\
             test \"t\" {{ R {word} {{ {word}: 1 a: yes {word}: 2 }} expect {word}.d = {word} }}\n"
        );
        let parsed = rubric_grammar::parse(&text);
        assert!(parsed.errors.is_empty(), "{word}: {:#?}", parsed.errors);
    }
}
