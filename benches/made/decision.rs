//! Decisions made for measuring: rules over terms of every kind (numbers, categories, flags, dates, counts of rows, percents of
//! two numbers), each overriding some before it, a parameter with values of two stretches of time.

use std::fmt::Write as _;

/// A decision of so many rules over so many terms; `edit` changes a number of its second rule.
pub(crate) fn decision(rules: usize, terms: usize, edit: usize) -> String {
    let mut text = String::from(
        "policy bench {\n  title \"Bench\"\n  cite \"§ 1\"\n  effective from 2015-07-01\n  school_year starts july 1\n  month_end round down\n}\n\n\
         ordered category Grade { KG, G1, G2, G3, G4, G5 }\ncategory Area { reading, math, science, art }\n\n\
         record Student {\n  key id: text\n",
    );
    for term in 0..terms {
        let field = match term % 6 {
            0 => format!("n{term}: count"),
            1 => format!("f{term}: flag"),
            2 => format!("g{term}: Grade"),
            3 => format!("d{term}: date"),
            4 => format!("x{term}: number"),
            _ => format!("o{term}: count?"),
        };
        writeln!(text, "  {field}").unwrap();
    }
    text.push_str(
        "  results: many Result\n}\n\nrecord Result {\n  key rid: text\n  student: Student\n  score: count\n  area: Area\n}\n\n\
         parameter cut: count {\n  cite \"(p)\"\n  from 2015-07-01: 2\n  from 2020-07-01: 3\n}\n\n\
         decision promotion of Student {\n  outcomes promoted, review, retained\n  cite \"(a)\"\n\n  default retained\n",
    );
    // Whole numbers that look random, the same in every run.
    let mut seed = 7_u64;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % n
    };
    for rule in 0..rules {
        let mut parts = Vec::new();
        for part in 0..2 + below(3) {
            let term = below(terms);
            let k = below(12) + usize::from(rule == 1 && part == 0) * edit;
            parts.push(match term % 6 {
                0 if below(4) == 0 => format!("n{term} >= cut"),
                0 => format!("n{term} >= {k}"),
                1 => format!("f{term}"),
                2 => format!("g{term} >= G{}", 1 + k % 5),
                3 => format!("as_of < d{term} + {} years", 5 + k),
                4 if term >= 4 && below(3) == 0 => {
                    format!("n{} > 0 and x{term} / n{} >= {}%", term - 4, term - 4, 50 + k)
                }
                4 => format!("x{term} < {k}.5"),
                _ if below(3) == 0 => format!("(count of results where score >= {k}) >= 2"),
                _ => format!("o{term} presumed 0 <= {k}"),
            });
        }
        let outcome = ["promoted", "review", "retained"].get(below(3)).unwrap();
        write!(text, "\n  rule r{rule}: {outcome}\n    when {}\n", parts.join(" and ")).unwrap();
        if rule > 0 && below(3) > 0 {
            writeln!(text, "    notwithstanding r{}", below(rule)).unwrap();
        }
    }
    text.push_str("}\n");
    text
}
