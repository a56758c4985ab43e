//! Links: policies after `use`, and citations that have an address.

use rubric_engine::ide::{self, Entity, Role};
use rubric_grammar::{LexicalKind, Span, lexical};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

pub(crate) fn links(
    snapshot: &Snapshot,
    params: &lsp::DocumentLinkParams,
) -> Result<Option<Vec<lsp::DocumentLink>>> {
    let Some(file) = snapshot.file(&params.text_document.uri) else { return Ok(None) };
    let mut found = Vec::new();
    for name in snapshot.database.occurrences(file).iter() {
        if !matches!(name.entity, Entity::Policy(_)) || name.role != Role::Use {
            continue;
        }
        let declared = ide::definition(&snapshot.database, &name.entity);
        let target = declared.first().and_then(|place| snapshot.uri(place.file));
        if let Some(target) = target {
            let tooltip = ide::name_of(&snapshot.database, &name.entity);
            found.push(link(snapshot.range(file, name.span), target, tooltip));
        }
    }
    let text = snapshot.database.text(file);
    let (tokens, _) = lexical(&text);
    let mut cited = false;
    for token in tokens {
        let written = text.get(token.span.start as usize..token.span.end as usize).unwrap_or("");
        match token.kind {
            LexicalKind::Text if cited => {
                let inside = written.trim_matches('"');
                if let Some((address, place)) = address(inside) {
                    let start = token.span.start + 1 + u32::try_from(place.start).unwrap_or(0);
                    let end = token.span.start + 1 + u32::try_from(place.end).unwrap_or(0);
                    if let Ok(target) = address.parse::<lsp::Uri>() {
                        let range = snapshot.range(file, Span::new(start, end));
                        found.push(link(range, target, Some(inside.to_owned())));
                    }
                }
            }
            LexicalKind::Word => cited = written == "cite",
            _ => cited = false,
        }
    }
    Ok(Some(found))
}

const fn link(range: lsp::Range, target: lsp::Uri, tooltip: Option<String>) -> lsp::DocumentLink {
    lsp::DocumentLink { range, target: Some(target), tooltip, data: None }
}

/// Where a citation can be read: the address it states, else that of a federal source by its standard form.
fn address(cite: &str) -> Option<(String, std::ops::Range<usize>)> {
    if let Some(start) = cite.find("https://").or_else(|| cite.find("http://")) {
        let rest = cite.get(start..)?;
        let end = rest.find(|c: char| c.is_whitespace() || ")>,;".contains(c)).unwrap_or(rest.len());
        return Some((rest.get(..end)?.to_owned(), start..start + end));
    }
    let words: Vec<&str> = cite.split_whitespace().collect();
    for (at, name) in words.iter().enumerate() {
        let (Some(title), Some(section)) =
            (at.checked_sub(1).and_then(|at| words.get(at)), words.get(at + 1))
        else {
            continue;
        };
        let section =
            if matches!(*section, "§" | "§§" | "Part" | "part") { words.get(at + 2)? } else { section };
        if title.is_empty() || !title.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let number: String = section.chars().take_while(|c| plain(*c)).collect();
        let number = number.trim_end_matches('.');
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        match *name {
            "CFR" | "C.F.R." => {
                let kind = if number.contains('.') { "section" } else { "part" };
                return Some((
                    format!("https://www.ecfr.gov/current/title-{title}/{kind}-{number}"),
                    0..cite.len(),
                ));
            }
            "USC" | "U.S.C." => {
                return Some((
                    format!(
                        "https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title{title}-section{number}"
                    ),
                    0..cite.len(),
                ));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn citations_with_a_known_address() {
        for (cite, expected) in [
            ("34 CFR 200.58", Some("https://www.ecfr.gov/current/title-34/section-200.58")),
            ("34 C.F.R. § 300.8(c)(1)", Some("https://www.ecfr.gov/current/title-34/section-300.8")),
            ("34 CFR Part 99", Some("https://www.ecfr.gov/current/title-34/part-99")),
            (
                "20 U.S.C. § 6311(b)",
                Some("https://uscode.house.gov/view.xhtml?req=granuleid:USC-prelim-title20-section6311"),
            ),
            ("see https://example.org/a?b=c, page 3", Some("https://example.org/a?b=c")),
            ("Fla. Stat. § 1008.25", None),
            ("(6)(b)2", None),
            ("CFR", None),
        ] {
            assert_eq!(address(cite).map(|(address, _)| address).as_deref(), expected, "{cite}");
        }
    }
}
