//! Semantic tokens: full, of a range, and what changed.

use rubric_engine::diagnostic::FileId;
use rubric_engine::ide::{self, EntityKind, TokenKind};
use rubric_grammar::Span;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

/// The token types, in the order of their numbers.
pub(crate) const TYPES: [lsp::SemanticTokenType; 14] = [
    lsp::SemanticTokenType::KEYWORD,
    lsp::SemanticTokenType::COMMENT,
    lsp::SemanticTokenType::STRING,
    lsp::SemanticTokenType::NUMBER,
    lsp::SemanticTokenType::OPERATOR,
    lsp::SemanticTokenType::TYPE,
    lsp::SemanticTokenType::FUNCTION,
    lsp::SemanticTokenType::NAMESPACE,
    lsp::SemanticTokenType::ENUM,
    lsp::SemanticTokenType::ENUM_MEMBER,
    lsp::SemanticTokenType::STRUCT,
    lsp::SemanticTokenType::PROPERTY,
    lsp::SemanticTokenType::VARIABLE,
    lsp::SemanticTokenType::PARAMETER,
];

/// The modifiers, in the order of their bits.
pub(crate) const MODIFIERS: [lsp::SemanticTokenModifier; 3] = [
    lsp::SemanticTokenModifier::DECLARATION,
    lsp::SemanticTokenModifier::READONLY,
    lsp::SemanticTokenModifier::new("private"),
];

const fn number(kind: TokenKind) -> u32 {
    match kind {
        TokenKind::Keyword => 0,
        TokenKind::Comment => 1,
        TokenKind::Text => 2,
        TokenKind::Number => 3,
        TokenKind::Operator => 4,
        TokenKind::BuiltInType => 5,
        TokenKind::Function => 6,
        TokenKind::Named(named) => match named {
            EntityKind::Policy => 7,
            EntityKind::Category => 8,
            EntityKind::Value | EntityKind::Outcome => 9,
            EntityKind::Record | EntityKind::Group => 10,
            EntityKind::Field => 11,
            EntityKind::Parameter | EntityKind::Input | EntityKind::Row | EntityKind::Fixture => 12,
            EntityKind::Define
            | EntityKind::Decision
            | EntityKind::Requirement
            | EntityKind::Amount
            | EntityKind::Label => 6,
            EntityKind::Local => 13,
        },
    }
}

/// The tokens of a file, or of a stretch of it.
pub(crate) fn tokens(snapshot: &Snapshot, file: FileId, within: Option<Span>) -> Vec<lsp::SemanticToken> {
    let mut found = Vec::new();
    let (mut line, mut column) = (0, 0);
    for token in ide::tokens(&snapshot.database, file) {
        if within.is_some_and(|within| token.span.end < within.start || token.span.start > within.end) {
            continue;
        }
        let range = snapshot.range(file, token.span);
        if range.start.line != range.end.line || range.end.character <= range.start.character {
            continue;
        }
        let delta_line = range.start.line - line;
        let delta_start =
            if delta_line == 0 { range.start.character - column } else { range.start.character };
        let constant = matches!(token.kind, TokenKind::Named(EntityKind::Parameter));
        found.push(lsp::SemanticToken {
            delta_line,
            delta_start,
            length: range.end.character - range.start.character,
            token_type: number(token.kind),
            token_modifiers_bitset: u32::from(token.declaration)
                | u32::from(constant) << 1
                | u32::from(token.private) << 2,
        });
        (line, column) = (range.start.line, range.start.character);
    }
    found
}

/// What must be replaced in the tokens that the client has.
pub(crate) fn difference(
    old: &[lsp::SemanticToken],
    new: &[lsp::SemanticToken],
) -> Vec<lsp::SemanticTokensEdit> {
    if old == new {
        return Vec::new();
    }
    let front = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (old.get(front..).unwrap_or(&[]), new.get(front..).unwrap_or(&[]));
    let back = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let count = |tokens: usize| u32::try_from(tokens * 5).unwrap_or(u32::MAX);
    let inserted = new_rest.get(..new_rest.len() - back).unwrap_or(&[]).to_vec();
    vec![lsp::SemanticTokensEdit {
        start: count(front),
        delete_count: count(old_rest.len() - back),
        data: (!inserted.is_empty()).then_some(inserted),
    }]
}

#[cfg(test)]
mod tests {
    use super::{difference, lsp};

    fn token(length: u32) -> lsp::SemanticToken {
        lsp::SemanticToken { delta_line: 0, delta_start: 1, length, token_type: 0, token_modifiers_bitset: 0 }
    }

    #[test]
    fn a_difference_makes_the_old_tokens_the_new_ones() {
        let cases: [(&[u32], &[u32]); 6] = [
            (&[1, 2, 3], &[1, 2, 3]),
            (&[1, 2, 3], &[1, 9, 3]),
            (&[1, 1], &[1, 1, 1]),
            (&[], &[1]),
            (&[1], &[]),
            (&[1, 2, 1], &[1, 1]),
        ];
        for (old, new) in cases {
            let (old, new): (Vec<_>, Vec<_>) =
                (old.iter().map(|it| token(*it)).collect(), new.iter().map(|it| token(*it)).collect());
            let mut applied = old.clone();
            for edit in difference(&old, &new) {
                let start = edit.start as usize / 5;
                let end = start + edit.delete_count as usize / 5;
                applied.splice(start..end, edit.data.unwrap_or_default());
            }
            assert_eq!(applied, new);
        }
    }
}
