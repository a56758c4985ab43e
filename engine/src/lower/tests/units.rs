//! Units and dimensions.

use super::support::{type_of, wrong};

#[test]
fn arithmetic_has_the_type_of_its_dimension() {
    let cases = [
        ("present + enrolled", "count"),
        ("present - enrolled", "number"),
        ("present * enrolled", "count"),
        ("present / enrolled", "number"),
        ("max(present - enrolled, 0)", "count"),
        ("max(present - gpa, 0)", "number"),
        ("present + gpa", "number"),
        ("attendance + attendance", "percent"),
        ("attendance * attendance", "percent"),
        ("attendance * present", "number"),
        ("attendance / present", "percent"),
        ("attendance / attendance", "number"),
        ("aid * gpa", "money"),
        ("gpa * aid", "money"),
        ("aid * attendance", "money"),
        ("aid / present", "money"),
        ("aid / aid", "number"),
        ("aid + aid", "money"),
        ("20% of aid", "money"),
        ("20% of present", "number"),
        ("-present", "number"),
        ("suspended + suspended", "days"),
        ("suspended / suspended", "number"),
        ("suspended * 2", "days"),
        ("residence - residence", "months"),
        ("birth_date + suspended", "date"),
        ("birth_date + residence", "date"),
        ("year + 1", "school_year"),
        ("hours", "number"),
        ("sum of level over results", "count"),
        ("sum of amount over results", "money"),
        ("average of level over results", "number"),
        ("highest of taken_on over results", "date"),
        ("count of distinct subject over results", "count"),
        ("years between birth_date and as_of", "number"),
    ];
    for (body, expected) in cases {
        assert_eq!(type_of(body), expected, "{body}");
    }
}

#[test]
fn mistakes_in_units() {
    let cases = [
        ("money", "aid + 5"),
        ("money", "aid + gpa"),
        ("money", "gpa - aid"),
        ("money", "aid * aid"),
        ("number", "gpa / aid"),
        ("flag", "aid > 5"),
        ("flag", "aid > 0"),
        ("flag", "aid > gpa"),
        ("money", "5"),
        ("flag", "attendance > 55"),
        ("flag", "attendance > 0.9"),
        ("flag", "attendance between 10 and 90%"),
        ("flag", "attendance in (10%, 20)"),
        ("percent", "55"),
        ("percent", "if yes then 55 else 20%"),
        ("percent", "max(attendance, 5)"),
        ("percent", "attendance + 5"),
        ("count", "attendance"),
        ("flag", "suspended > 10"),
        ("flag", "suspended > residence"),
        ("days", "suspended + residence"),
        ("flag", "days between birth_date and as_of >= 30"),
        ("days", "as_of - birth_date"),
        ("date", "birth_date + 30"),
        ("date", "birth_date + birth_date"),
        ("number", "year - year"),
        ("school_year", "year + 2 years"),
        ("number", "grade + 1"),
        ("flag", "age(birth_date, as_of) >= 18 years"),
        ("flag", "birth_date < 2 years"),
        ("flag", "residence > us_entry"),
        ("money", "aid rounded to whole"),
        ("number", "gpa rounded to cents"),
        ("percent", "attendance rounded to whole"),
        ("number", "sum of subject over results"),
        ("number", "highest of subject over results"),
    ];
    let mut all = String::new();
    for (ty, body) in cases {
        let report = wrong(ty, body);
        assert_ne!(report, "", "{body}");
        all.push_str(&format!("{ty} = {body}\n{report}\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn zero_needs_no_percent_sign() {
    for body in ["attendance > 0", "attendance = 0", "attendance between 0 and 50%"] {
        assert_eq!(wrong("flag", body), "", "{body}");
    }
}
