//! Which document a request is about.

use tower_lsp::ls_types as lsp;

use crate::router::Aim;

/// What a client asks.
pub(crate) trait About {
    /// Whom to ask.
    fn aim(&self) -> Aim;
}

macro_rules! about_a_document {
    ($($params:ident: $($part:ident).+;)+) => {
        $(impl About for lsp::$params {
            fn aim(&self) -> Aim {
                Aim::Document(self.$($part).+.clone())
            }
        })+
    };
}

about_a_document! {
    TextDocumentPositionParams: text_document.uri;
    HoverParams: text_document_position_params.text_document.uri;
    SignatureHelpParams: text_document_position_params.text_document.uri;
    CompletionParams: text_document_position.text_document.uri;
    ReferenceParams: text_document_position.text_document.uri;
    DocumentHighlightParams: text_document_position_params.text_document.uri;
    DocumentSymbolParams: text_document.uri;
    CallHierarchyPrepareParams: text_document_position_params.text_document.uri;
    CallHierarchyIncomingCallsParams: item.uri;
    CallHierarchyOutgoingCallsParams: item.uri;
    CodeActionParams: text_document.uri;
    CodeLensParams: text_document.uri;
    DocumentFormattingParams: text_document.uri;
    DocumentRangeFormattingParams: text_document.uri;
    RenameParams: text_document_position.text_document.uri;
    DocumentLinkParams: text_document.uri;
    FoldingRangeParams: text_document.uri;
    SelectionRangeParams: text_document.uri;
    InlayHintParams: text_document.uri;
    SemanticTokensRangeParams: text_document.uri;
    DocumentDiagnosticParams: text_document.uri;
}

impl About for lsp::Uri {
    fn aim(&self) -> Aim {
        Aim::Document(self.clone())
    }
}

impl About for lsp::CompletionItem {
    /// The project in which it was proposed.
    fn aim(&self) -> Aim {
        crate::features::completion::project(self).map_or(Aim::Any, Aim::Project)
    }
}

impl About for lsp::ExecuteCommandParams {
    /// The document that the command names first.
    fn aim(&self) -> Aim {
        let named = self.arguments.first().and_then(|argument| argument.as_str()?.parse::<lsp::Uri>().ok());
        named.map_or(Aim::Any, Aim::Document)
    }
}
