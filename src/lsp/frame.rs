//! Frames of the protocol, read so that nothing malformed ends the conversation.

use std::io::{BufRead, Read};

use lsp_server::{ErrorCode, Message};

/// The largest message that is read; a larger one is passed over.
const MOST_BYTES: u64 = 64 << 20;

/// The longest line of a header.
const HEADER_BYTES: u64 = 4 << 10;

/// What was read.
pub enum Frame {
    /// A message.
    Message(Message),
    /// Something else, and what is wrong with it.
    Malformed(ErrorCode, String),
    /// The end of the input.
    End,
}

/// Reads one frame.
pub fn read(input: &mut impl BufRead) -> Frame {
    let length = match header(input) {
        Ok(Some(length)) => length,
        Ok(None) => return Frame::Malformed(ErrorCode::ParseError, "a frame needs `Content-Length`".into()),
        Err(()) => return Frame::End,
    };
    if length > MOST_BYTES {
        let mut rest = input.take(length);
        return match std::io::copy(&mut rest, &mut std::io::sink()) {
            Ok(_) => Frame::Malformed(ErrorCode::InvalidRequest, format!("a message has at most {MOST_BYTES} bytes")),
            Err(_) => Frame::End,
        };
    }
    let mut bytes = Vec::new();
    match input.take(length).read_to_end(&mut bytes) {
        Ok(read) if u64::try_from(read) == Ok(length) => message(&bytes),
        _ => Frame::End,
    }
}

/// The length that a header gives, up to the empty line that ends it; `Err` at the end of the input.
fn header(input: &mut impl BufRead) -> Result<Option<u64>, ()> {
    let mut length = None;
    let mut any = false;
    loop {
        let mut line = Vec::new();
        let read = input.take(HEADER_BYTES).read_until(b'\n', &mut line).map_err(|_| ())?;
        if read == 0 {
            return Err(());
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            // Empty lines between frames are no frames.
            if any {
                return Ok(length);
            }
            continue;
        }
        any = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}

fn message(bytes: &[u8]) -> Frame {
    let json: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(json) => json,
        Err(error) => return Frame::Malformed(ErrorCode::ParseError, format!("a message is JSON: {error}")),
    };
    match serde_json::from_value(json) {
        Ok(message) => Frame::Message(message),
        Err(_) => Frame::Malformed(ErrorCode::InvalidRequest, "this is no request, notification or response".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut input = bytes;
        let mut out = Vec::new();
        loop {
            match read(&mut input) {
                Frame::End => return out,
                Frame::Message(Message::Notification(told)) => out.push(told.method),
                Frame::Message(_) => out.push("other".into()),
                Frame::Malformed(code, _) => out.push(format!("{code:?}")),
            }
        }
    }

    #[test]
    fn what_is_malformed_is_told_and_passed_over() {
        let good = r#"{"jsonrpc":"2.0","method":"m","params":null}"#;
        let framed = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
        let text = [
            framed(good),
            framed("{nonsense"),
            framed("[]"),
            framed("\"text\""),
            "Content-Type: x\r\n\r\n".into(),
            "no header at all\n\n".into(),
            "content-length: many\n\n".into(),
            framed(good),
        ];
        let wanted =
            ["m", "ParseError", "InvalidRequest", "InvalidRequest", "ParseError", "ParseError", "ParseError", "m"];
        assert_eq!(all(text.concat().as_bytes()), wanted);
    }

    #[test]
    fn an_input_that_stops_halfway_is_the_end() {
        assert_eq!(all(b"Content-Length: 100\r\n\r\n{"), Vec::<String>::new());
        assert_eq!(all(b"Content-Le"), Vec::<String>::new());
        assert_eq!(all(&[0xFF, 0xFE, b'\n']), Vec::<String>::new());
    }
}
