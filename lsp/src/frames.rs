//! What the client sends, before the protocol's library reads it: what is nearly right is mended, and what cannot be read
//! is passed over, since the library ends with the first message that it cannot read.
//!
//! A `%` in the name of a file is `%25` in its URI. Eglot leaves it as it is, and a message with such a URI would be dropped
//! as a whole, so that its document would never be opened. An editor whose texts are UTF-16 can cut a 😀 in two and then
//! sends half of it, which is no text in UTF-8; it becomes one `\u{fffd}`, which counts as much in every encoding.

use std::io;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tower_lsp::jsonrpc::{Request, Response};

/// The longest message that is taken; where one that says it is longer ends, nobody knows.
const MOST: usize = 1 << 30;

/// Hands on messages until the client goes away.
///
/// # Errors
/// One of the two ends fails.
pub(crate) async fn hand_on(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    let mut length: Option<usize> = None;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if let Some(said) = length_of(&line) {
            length = Some(said);
        } else if line.trim_ascii().is_empty() {
            let Some(said) = length.take() else { continue };
            if said > MOST {
                return Err(io::Error::other("a message that is too long"));
            }
            let mut body = vec![0; said];
            input.read_exact(&mut body).await?;
            let body = mended(body);
            if !is_message(&body) {
                eprintln!("rubric lsp: a message of {said} bytes cannot be read and is passed over");
                continue;
            }
            output.write_all(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes()).await?;
            output.write_all(&body).await?;
        }
    }
}

/// Whether the library can read it.
fn is_message(body: &[u8]) -> bool {
    serde_json::from_slice::<Request>(body).is_ok() || serde_json::from_slice::<Response>(body).is_ok()
}

fn length_of(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, value) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
}

/// The message as the client means it.
fn mended(body: Vec<u8>) -> Vec<u8> {
    let body = match String::from_utf8(body) {
        Ok(text) => text.into_bytes(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes(),
    };
    with_whole_uris(with_whole_letters(body))
}

/// The message with each half of a character of two UTF-16 units, written `\ud83d`, as `\ufffd`.
fn with_whole_letters(mut body: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    while let Some(found) = body.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += found;
        let Some(unit) = unit(&body, at) else {
            // The escaped character may be a backslash.
            at += 2;
            continue;
        };
        let whole = match unit {
            0xd800..=0xdbff => unit_is_low(&body, at + 6),
            0xdc00..=0xdfff => false,
            _ => {
                at += 6;
                continue;
            }
        };
        if whole {
            at += 12;
            continue;
        }
        if let Some(digits) = body.get_mut(at + 2..at + 6) {
            digits.copy_from_slice(b"fffd");
        }
        at += 6;
    }
    body
}

/// The UTF-16 unit that an escape at a place writes.
fn unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u16::from_str_radix(digits, 16).ok()
}

fn unit_is_low(body: &[u8], at: usize) -> bool {
    unit(body, at).is_some_and(|unit| (0xdc00..=0xdfff).contains(&unit))
}

/// The message with each bare `%` of the URI of a file written as `%25`.
fn with_whole_uris(body: Vec<u8>) -> Vec<u8> {
    const START: &[u8] = b"\"file:";
    let mut out: Vec<u8> = Vec::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) =
        body.get(at..).and_then(|rest| rest.windows(START.len()).position(|it| it == START))
    {
        let start = at + found;
        at = start + START.len();
        // Within the text of a document the quote is escaped.
        if start > 0 && body.get(start - 1) == Some(&b'\\') {
            continue;
        }
        while let Some(byte) = body.get(at).filter(|byte| **byte != b'"') {
            let hex = |ahead: usize| body.get(at + ahead).is_some_and(u8::is_ascii_hexdigit);
            if *byte == b'%' && !(hex(1) && hex(2)) {
                out.extend_from_slice(body.get(copied..=at).unwrap_or_default());
                out.extend_from_slice(b"25");
                copied = at + 1;
            }
            at += 1;
        }
    }
    if copied == 0 {
        return body;
    }
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::{hand_on, mended};

    #[test]
    fn half_a_character_is_one_that_counts_as_much() {
        for (body, expected) in [
            (r#"{"t":"\ud83d"}"#, r#"{"t":"\ufffd"}"#),
            (r#"{"t":"\uDE00x"}"#, r#"{"t":"\ufffdx"}"#),
            (r#"{"t":"\ud83d\ude00"}"#, r#"{"t":"\ud83d\ude00"}"#),
            (r#"{"t":"\ud83d\ud83d\ude00"}"#, r#"{"t":"\ufffd\ud83d\ude00"}"#),
            (r#"{"t":"\ud83d\u0041"}"#, r#"{"t":"\ufffd\u0041"}"#),
            (r#"{"t":"\\ud83d \\\ud83d é😀"}"#, r#"{"t":"\\ud83d \\\ufffd é😀"}"#),
            (r#"{"t":"\ud83"}"#, r#"{"t":"\ud83"}"#),
        ] {
            assert_eq!(String::from_utf8(mended(body.as_bytes().to_vec())).unwrap(), expected);
        }
        assert_eq!(mended(b"\"\xff\"".to_vec()), "\"\u{fffd}\"".as_bytes());
    }

    #[test]
    fn a_bare_percent_is_mended_in_names_of_files_alone() {
        for (body, expected) in [
            (r#"{"uri":"file:///a/100%%20x"}"#, r#"{"uri":"file:///a/100%25%20x"}"#),
            (r#"{"uri":"file:///a/100%"}"#, r#"{"uri":"file:///a/100%25"}"#),
            (r#"{"uri":"file:///a/%C3%A9%zz%2"}"#, r#"{"uri":"file:///a/%C3%A9%25zz%252"}"#),
            (
                r#"{"uri":"file:///a/b","text":"50% of \"file:///100%\""}"#,
                r#"{"uri":"file:///a/b","text":"50% of \"file:///100%\""}"#,
            ),
            (r#"["file:///a%","file:///b%"]"#, r#"["file:///a%25","file:///b%25"]"#),
        ] {
            assert_eq!(String::from_utf8(mended(body.as_bytes().to_vec())).unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn messages_are_handed_on_one_by_one_and_those_that_nobody_can_read_are_not() {
        let good = |method: &str| format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#);
        let said = |head: &str, body: &str| {
            format!("{head}: {}\r\nContent-Type: x\r\nA: b\r\n\r\n{body}", body.len())
        };
        let deep =
            format!(r#"{{"jsonrpc":"2.0","method":"m","params":{}{}}}"#, "[".repeat(500), "]".repeat(500));
        let input = [
            said("Content-Length", &good("a")),
            said("content-length", r#"{"jsonrpc":"2.0","id":7,"result":null}"#),
            "nonsense\r\n\r\n".to_owned(),
            said("Content-Length", "{nonsense"),
            said("Content-Length", "[]"),
            said("Content-Length", "null"),
            said("Content-Length", ""),
            said("Content-Length", &deep),
            said("Content-Length", &good("z")),
        ];
        let mut output = Vec::new();
        hand_on(input.concat().as_bytes(), &mut output).await.unwrap();
        let output = String::from_utf8(output).unwrap();
        let bodies: Vec<&str> = output.split("Content-Length: ").skip(1).collect();
        let whole = |body: &str| format!("{}\r\n\r\n{body}", body.len());
        assert_eq!(
            bodies,
            [whole(&good("a")), whole(r#"{"jsonrpc":"2.0","id":7,"result":null}"#), whole(&good("z"))]
        );
    }
}
