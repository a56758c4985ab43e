//! What the client sends, before the protocol's library reads it: URIs of files with a bare `%` are mended.
//!
//! A `%` in the name of a file is `%25` in its URI. Eglot leaves it as it is, and a message with such a URI would be dropped
//! as a whole, so that its document would never be opened.

use std::io;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};

/// The longest message that is mended; one that says it is longer is handed on as it comes.
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
    let mut head: Vec<u8> = Vec::new();
    let mut length: Option<usize> = None;
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return output.write_all(&head).await;
        }
        if let Some(said) = length_of(&line) {
            length = Some(said);
        } else if !line.trim_ascii().is_empty() {
            head.extend_from_slice(&line);
        } else if let Some(said) = length.take().filter(|said| *said <= MOST) {
            let mut body = vec![0; said];
            input.read_exact(&mut body).await?;
            let body = mended(body);
            output.write_all(format!("Content-Length: {}\r\n", body.len()).as_bytes()).await?;
            output.write_all(&head).await?;
            output.write_all(b"\r\n").await?;
            output.write_all(&body).await?;
            head.clear();
        } else {
            // Not a message; the library says so.
            head.extend_from_slice(&line);
            output.write_all(&head).await?;
            head.clear();
        }
    }
}

fn length_of(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?;
    let (name, value) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok()).flatten()
}

/// The message with each bare `%` of the URI of a file written as `%25`.
fn mended(body: Vec<u8>) -> Vec<u8> {
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
    async fn messages_are_handed_on_one_by_one_whatever_their_heads_say() {
        let input = b"Content-Length: 18\r\nContent-Type: x\r\n\r\n{\"u\":\"file:///a%\"}content-length: 2\r\n\r\n{}nonsense\r\n\r\n";
        let mut output = Vec::new();
        hand_on(&input[..], &mut output).await.unwrap();
        let expected = "Content-Length: 20\r\nContent-Type: x\r\n\r\n{\"u\":\"file:///a%25\"}Content-Length: 2\r\n\r\n{}nonsense\r\n\r\n";
        assert_eq!(String::from_utf8(output).unwrap(), expected);
    }
}
