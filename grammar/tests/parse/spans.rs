//! Spans lead back to the text.

use rubric_grammar::ast::{DecisionMember, Expr, ExprKind, ItemKind, TemplatePart};
use rubric_grammar::{Span, parse};

fn at(text: &str, item: Span, span: Span) -> &str {
    let span = span.shifted(item.start);
    &text[span.start as usize..span.end as usize]
}

const TEXT: &str = r#"use a.b   // first

/// Which children move up.
allow(missing-citation) "not written yet"
decision promotion of Student where grade = G3 {   // second
  /// Reads well.
  rule reads : promoted
    when level >= 2 // third
         and  not absent
    because "level { level + 1 } of {{4}} “quoted”"
  rule next: retained
}
"#;

#[test]
fn an_item_reaches_from_its_documentation_to_its_end() {
    let parsed = parse(TEXT);
    assert_eq!(parsed.errors, []);
    let item = &parsed.file.items[1];
    let whole = at(TEXT, Span::default(), item.span);
    assert!(whole.starts_with("/// Which") && whole.ends_with("retained\n}"), "{whole}");
    assert_eq!(item.docs.as_deref(), Some("Which children move up."));
    assert_eq!(item.allows[0].code.text, "missing-citation");
    assert_eq!(at(TEXT, Span::default(), parsed.file.items[0].span), "use a.b");
    let comments: Vec<&str> = parsed.comments.iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(comments, ["// first", "// second", "// third"]);
    for comment in &parsed.comments {
        assert_eq!(at(TEXT, Span::default(), comment.span), comment.text);
    }
}

#[test]
fn spans_inside_an_item_are_relative_to_it() {
    let parsed = parse(TEXT);
    let item = &parsed.file.items[1];
    let ItemKind::Decision(decision) = &item.kind else { panic!("a decision") };
    let text = |span| at(TEXT, item.span, span);
    assert_eq!(text(decision.name.span), "promotion");
    assert_eq!(text(decision.condition.as_ref().unwrap().span), "grade = G3");
    let DecisionMember::Rule(rule) = &decision.members[0] else { panic!("a rule") };
    assert_eq!(rule.docs.as_deref(), Some("Reads well."));
    assert!(text(rule.span).starts_with("rule reads") && text(rule.span).ends_with("“quoted”\""));
    let when = rule.when.as_ref().unwrap();
    assert_eq!(text(when.span), "level >= 2 // third\n         and  not absent");
    let because = rule.because.as_ref().unwrap();
    let TemplatePart::Value(value) = &because.parts[1] else { panic!("a value") };
    assert_eq!(text(value.span), "level + 1");
    let ExprKind::Binary(_, left, right) = value.kind.as_ref() else { panic!("a sum") };
    assert_eq!((text(left.span), text(right.span)), ("level", "1"));
}

#[test]
fn an_item_is_equal_wherever_it_stands() {
    let first = parse(TEXT).file.items;
    let moved = parse(&format!("// moved\nuse c.d\n{TEXT}")).file.items;
    assert_eq!(first[1].kind, moved[2].kind);
}

#[test]
fn spans_lead_back_through_replaced_characters() {
    let text = "define x of R: flag =\u{a0}“a” ≠ b && “c” = d\n";
    let parsed = parse(text);
    let item = &parsed.file.items[0];
    let ItemKind::Define(define) = &item.kind else { panic!("a define") };
    let rubric_grammar::ast::DefineBody::Always(value) = &define.body else { panic!("a value") };
    let ExprKind::Binary(_, left, right) = value.kind.as_ref() else { panic!("a condition") };
    let text_of = |expr: &Expr| at(text, item.span, expr.span);
    assert_eq!((text_of(left), text_of(right)), ("“a” ≠ b", "“c” = d"));
}

#[test]
fn documentation_that_documents_nothing_is_a_comment() {
    let text = "/// the decision\ndecision d of R {\n  /// of a clause\n  cite \"x\"\n  /// at the end\n}\n/// last\n";
    let parsed = parse(text);
    assert_eq!(parsed.file.items[0].docs.as_deref(), Some("the decision"));
    let comments: Vec<&str> = parsed.comments.iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(comments, ["/// of a clause", "/// at the end", "/// last"]);
}
